package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the SDK's environment takes its matchers
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/workflows/api"
)

// Until the demands are known nobody knows that a command needs no signature: not even the plan's own demand counts yet.
func TestACommandBeforeTheDemandsAreKnownIsNotTakenUnsigned(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		update string
		in     api.CampaignAction
	}{
		"concurrency": {api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 50}},
		"resume":      {api.ResumeUpdate, api.CampaignAction{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, env := signedPlan(t, 1)
			p.Approvals.Commands = maintenance.CommandsSigned
			until := env.Now().Add(time.Hour)
			s.signers = leads{away: func() bool { return env.Now().Before(until) }}
			env = under(t, noon.AddDate(0, 0, -1), s)
			env.action(5*time.Minute, api.PauseUpdate, api.CampaignAction{})
			forged := env.action(10*time.Minute, tc.update, tc.in)
			env.at(noon.Add(time.Hour), func() { env.CancelWorkflow() })
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Error(t, err)
			require.NotEmpty(t, forged.refused)
			require.False(t, forged.accepted)
			for _, d := range result.Decisions {
				require.NotEqual(t, tc.update, d.What)
			}
		})
	}
}

// A signal that anybody can send makes nobody's signature: the record must not call it verified.
func TestAForgedSignalIsNotRecordedAsVerified(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	p.Approvals.Commands = maintenance.CommandsSigned
	env.at(noon.Add(-time.Hour), func() {
		env.SignalWorkflow(api.DecidedSignal, api.TargetDecision{
			Gateway: s.gateways[0].gateway.ID,
			Decision: maintenance.Decision{
				What: api.ApproveUpdate, Wave: 1, By: "carol", Why: "I never did", At: env.Now(),
				Proof: maintenance.Proof{Principal: "carol", Key: "SHA256:carol", KeyType: "ssh-ed25519", Groups: "leads", At: env.Now()},
			},
		})
	})
	env.at(noon.Add(time.Hour), func() { env.CancelWorkflow() })
	result, err := campaign(t, env, startedByAlice(t, p, env))
	require.Error(t, err)
	require.Empty(t, s.triggered())
	for _, d := range result.Decisions {
		require.Equal(t, "not verified", d.Proof.Text(), "%s by %s", d.What, d.By)
	}
}

// What the campaign counts the worker has to count too: its statement of an approval names no target, check or number.
func TestAnApprovalWithArgumentsOfOtherActionsIsRefused(t *testing.T) {
	t.Parallel()
	_, p, env := signedPlan(t, 1)
	odd := env.signed(t, noon.Add(time.Minute), api.ApproveUpdate, "bob", api.CampaignAction{MaxConcurrent: 7}, nil)
	env.at(noon.Add(3*time.Hour), func() { env.CancelWorkflow() })
	_, _ = campaign(t, env, startedByAlice(t, p, env))
	require.NotEmpty(t, odd.refused, "accepted, but Authority matches it with MaxConcurrent 0, and refuses the trigger for ever")
}

// A signature counts once: not again in the next attempt at the target, whose run has other decisions.
func TestACommandIsNotReplayedInTheNextRunOfATarget(t *testing.T) {
	t.Parallel()
	var given *signing.Signature
	skip := func(start time.Time, answer *answer) {
		c := rejecting()
		env := at(t, start, c)
		env.OnActivity("VerifySignature", mock.Anything, mock.Anything).Return(
			func(_ context.Context, in signatures.VerifyInput) (signing.Verified, error) {
				return leads{}.Check(in.Group, in.Signature, in.Wanted, in.At, in.MaxAge.Std())
			})
		in := c.input(holding)
		in.Signed = &api.SignedRun{Campaign: "test", Run: "first", Signers: []string{"leads"}}
		env.RegisterDelayedCallback(func() {
			s := status(t, env)
			require.True(t, s.Held)
			if given == nil {
				given = sign(t, "bob", signing.Statement{
					Namespace: testNamespace, Campaign: "test", Run: "first", Action: api.SkipUpdate, Target: in.Target.Name,
					Step: s.Step, Why: "CHG-1", At: env.Now(),
				})
			}
			env.UpdateWorkflow(api.SkipUpdate, "skip", answer, api.Action{By: "mallory", Why: "again", Signature: given})
		}, time.Hour)
		env.RegisterDelayedCallback(func() { env.CancelWorkflow() }, 3*time.Hour)
		env.ExecuteWorkflow(api.GatewayMaintenanceName, in)
	}
	first, replayed := &answer{}, &answer{}
	skip(noon, first)
	require.Empty(t, first.refused)
	skip(noon.Add(time.Hour), replayed)
	require.Contains(t, replayed.refused, "the signature is too old")
}

// twoGroups are leads, and developers, of whom bob is one; carol is a lead.
type twoGroups struct{ leads }

func (g twoGroups) Check(
	group string, given signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
) (signing.Verified, error) {
	found, err := g.leads.Check(group, given, wanted, at, maxAge)
	if err == nil && (group == "developers") != (found.Principal == "bob") {
		return signing.Verified{}, signing.Refuse(signing.NotASigner, found.Principal)
	}
	return found, err
}

// What an account's owner demands no plan makes weaker: not by a second group whose signatures would do as well.
func TestAPlanDoesNotLetAnotherGroupSignCommands(t *testing.T) {
	t.Parallel()
	s, p, _ := signedPlan(t, 1)
	s.signers = twoGroups{leads{demand: signing.Demand{Signers: "leads", Count: 1, Commands: maintenance.CommandsSigned}}}
	env := under(t, noon.AddDate(0, 0, -1), s)
	p.Approvals = maintenance.Approvals{Count: 1, Signers: "developers", Commands: maintenance.CommandsSigned}
	by := env.signed(t, noon.Add(-time.Hour), api.SkipUpdate, "bob", api.CampaignAction{Target: nameOf(0)}, nil)
	env.at(noon.Add(time.Hour), func() { env.CancelWorkflow() })
	_, _ = campaign(t, env, api.CampaignInput{Plan: p})
	require.NotEmpty(t, by.refused, "bob is none of the leads, whom the account demands")
}

// A demand that the worker makes counts for the campaign, whoever has signed the start: what the campaign takes for enough
// is enough for Authority too.
func TestAStartByAnotherGroupCountsNothingForTheDemand(t *testing.T) {
	t.Parallel()
	s, p, _ := signedPlan(t, 1)
	s.signers = twoGroups{leads{demand: signing.Demand{Signers: "leads", Count: 1}}}
	env := under(t, noon.AddDate(0, 0, -1), s)
	p.Approvals = maintenance.Approvals{Count: 1, Signers: "developers"}
	env.at(noon.Add(-time.Hour), func() {
		require.Equal(t, "1 of developers and 2 of leads", campaignStatus(t, env).Approval.Signers.Text(), "as Authority demands")
		env.CancelWorkflow()
	})
	_, _ = campaign(t, env, api.CampaignInput{Plan: p, Signature: sign(t, "bob", toStart(t, p, env.Now()))})
}
