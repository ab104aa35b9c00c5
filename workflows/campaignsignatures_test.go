package workflows_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the SDK's environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// leads is a group of signers. Its signatures are words: who has signed what. The real ones, and every reason for which
// one of them does not count, are internal/signers' and test/e2e's.
type leads struct {
	demand signing.Demand // of every account
	away   func() bool    // whether nobody can be asked now
}

var errAway = errors.New("the file of signers cannot be read")

func (l leads) Demand(string) (signing.Demand, error) {
	if l.away != nil && l.away() {
		return signing.Demand{}, errAway
	}
	return l.demand, nil
}

// aliases are keys of one person under another name.
var aliases = map[string]string{"robert": "bob"}

func (l leads) Check(
	group string, given signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
) (found signing.Verified, err error) {
	if l.away != nil && l.away() {
		return found, errAway
	}
	statement, err := signing.Parse([]byte(given.Statement))
	if err != nil {
		return found, err
	}
	who, over, _ := strings.Cut(given.Armored, " has signed:\n")
	key := who
	if alias := aliases[who]; alias != "" {
		key = alias
	}
	switch who {
	case "for-git":
		return found, signing.Refuse(signing.WrongNamespace, "git")
	case "expired":
		return found, signing.Refuse(signing.Expired, who)
	case "revoked":
		return found, signing.Refuse(signing.Revoked, who)
	case "alice", "bob", "carol", "dave", "robert":
	default:
		return found, signing.Refuse(signing.NotASigner, who)
	}
	if over != given.Statement {
		return found, signing.Refuse(signing.Altered, who)
	}
	if err := errors.Join(statement.Match(wanted), statement.Fresh(at, maxAge)); err != nil {
		return found, err
	}
	return signing.Verified{Principal: who, Key: "SHA256:" + key, KeyType: "ssh-ed25519", Group: group, Files: "sha256:f", At: at}, nil
}

// sign is a signature by somebody.
func sign(t *testing.T, who string, s signing.Statement) *signing.Signature {
	t.Helper()
	text, err := s.Text()
	require.NoError(t, err)
	return &signing.Signature{Statement: string(text), Armored: who + " has signed:\n" + string(text)}
}

// toStart is what is signed to start a campaign of the plan.
func toStart(t *testing.T, p plan.Plan, at time.Time) signing.Statement {
	t.Helper()
	digest, err := p.WithDefaults().Digest()
	require.NoError(t, err)
	return signing.Statement{Namespace: testNamespace, Campaign: p.Name, Action: "run", Plan: digest, At: at}
}

// signed sends an action at a time with what somebody signs then; alter changes what is signed.
func (e environment) signed(
	t *testing.T, when time.Time, update, who string, in api.CampaignAction, alter func(*signing.Statement),
) *answer {
	t.Helper()
	a := &answer{at: e.Now}
	if in.By == "" {
		in.By, in.Why = "root", "typed"
	}
	e.at(when, func() {
		status := campaignStatus(t, e)
		s := signing.Statement{
			Namespace: testNamespace, Campaign: status.Name, Run: status.Plan.FirstRun, Plan: status.Plan.Digest, Action: update,
			Target: in.Target, Check: in.Check, MaxConcurrent: in.MaxConcurrent, NotBefore: in.NotBefore, Why: "CHG-1", At: e.Now(),
		}
		if update == api.ApproveUpdate && status.Approval != nil {
			s.Wave = status.Approval.Wave
		}
		if alter != nil {
			alter(&s)
		}
		in.Signature = sign(t, who, s)
		e.UpdateWorkflow(update, fmt.Sprintf("%s-%s-%s", update, who, when), a, in)
	})
	return a
}

// signedPlan is a campaign of one target, whose plan asks for signatures, a day before its window.
func signedPlan(t *testing.T, count int) (*sky, plan.Plan, environment) {
	t.Helper()
	s := newSky(1)
	s.signers = leads{}
	p := s.plan()
	p.Approvals = maintenance.Approvals{Count: count, Signers: "leads"}
	return s, p, under(t, noon.AddDate(0, 0, -1), s)
}

// startedByAlice is the input of a campaign whose start alice has signed.
func startedByAlice(t *testing.T, p plan.Plan, env environment) api.CampaignInput {
	t.Helper()
	return api.CampaignInput{Plan: p, Submitter: "somebody", Signature: sign(t, "alice", toStart(t, p, env.Now()))}
}

// Two people have to sign, and neither is the one who started it. What was typed does not count, and what is recorded is
// who has signed.
func TestNothingStartsBeforeTheSecondSignature(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 2)
	first := env.signed(t, noon.Add(-time.Hour), api.ApproveUpdate, "bob", api.CampaignAction{}, nil)
	env.at(noon.Add(9*time.Minute), func() {
		require.Empty(t, s.triggered())
		status := campaignStatus(t, env)
		require.Equal(t, signing.Rule{{Signers: "leads", Count: 2}}, status.Approval.Signers)
		require.Equal(t, "verified: bob (SHA256:bob)", status.Approval.Given[0].Verdict())
		require.Equal(t, "verified: alice (SHA256:alice)", status.Plan.Started.Text())
		require.Equal(t, "alice", status.Approval.MayNot)
	})
	second := env.signed(t, noon.Add(10*time.Minute), api.ApproveUpdate, "carol", api.CampaignAction{}, nil)
	result, err := campaign(t, env, startedByAlice(t, p, env))
	require.NoError(t, err)
	require.Empty(t, first.refused+second.refused)
	require.WithinRange(t, s.triggered()[0], noon.Add(10*time.Minute), noon.Add(12*time.Minute))
	require.Equal(t, "alice", result.Submitter)
	require.Len(t, result.Decisions, 2)
	for i, who := range []string{"bob", "carol"} {
		d := result.Decisions[i]
		require.Equal(t, who+": CHG-1", d.By+": "+d.Why)
		require.Equal(t, "verified: "+who+" (SHA256:"+who+")", d.Proof.Text())
		require.Equal(t, "leads sha256:f", d.Proof.Groups+" "+d.Proof.Files)
		require.True(t, strings.HasSuffix(d.Proof.Signature, d.Proof.Statement))
		require.Equal(t, d.At, d.Proof.At)
	}
}

// Each refusal has its reason, and none of them lets anything start.
func TestASignatureThatDoesNotCountIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	const who = "bob"
	for name, tc := range map[string]struct {
		who     string
		alter   func(*signing.Statement)
		action  string // that is signed and sent; default approve
		refused string
	}{
		"the wrong namespace": {who: "for-git", refused: "the signature was made for another purpose"},
		"an expired key":      {who: "expired", refused: "the key has expired"},
		"a revoked key":       {who: "revoked", refused: "the key was revoked"},
		"not a signer":        {who: "mallory", refused: "the key may not sign here"},
		"by the submitter":    {who: "alice", refused: "the person who started the campaign may not approve it"},
		"another campaign": {
			alter: func(s *signing.Statement) { s.Campaign = "other" }, refused: "campaign: signed for \"other\", wanted \"test\"",
		},
		"another run of that name": {
			alter: func(s *signing.Statement) { s.Run = "earlier" }, refused: "first run: signed for \"earlier\"",
		},
		"another Temporal namespace": {alter: func(s *signing.Statement) { s.Namespace = "staging" }, refused: "namespace: signed for \"staging\""},
		"an altered plan": {
			alter:   func(s *signing.Statement) { s.Plan = "sha256:" + strings.Repeat("0", 64) },
			refused: "plan: signed for \"sha256:0000",
		},
		"another wave":   {alter: func(s *signing.Statement) { s.Wave = 2 }, refused: "wave: signed for \"2\", wanted \"1\""},
		"another action": {alter: func(s *signing.Statement) { s.Action = "skip" }, refused: "action: signed for \"skip\", wanted \"approve\""},
		"stale": {
			alter: func(s *signing.Statement) { s.At = s.At.Add(-signing.MaxAge - time.Second) }, refused: "the signature is too old",
		},
		"from the future": {
			alter: func(s *signing.Statement) { s.At = s.At.Add(signing.MaxSkew + time.Second) }, refused: "the signature is from the future",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, env := signedPlan(t, 1)
			by := who
			if tc.who != "" {
				by = tc.who
			}
			bad := env.signed(t, noon.Add(time.Minute), api.ApproveUpdate, by, api.CampaignAction{}, tc.alter)
			env.at(noon.Add(9*time.Minute), func() {
				require.Empty(t, s.triggered())
				require.Empty(t, campaignStatus(t, env).Decisions)
			})
			good := env.signed(t, noon.Add(10*time.Minute), api.ApproveUpdate, "carol", api.CampaignAction{}, nil)
			_, err := campaign(t, env, startedByAlice(t, p, env))
			require.NoError(t, err)
			require.Contains(t, bad.refused, tc.refused)
			require.Empty(t, good.refused)
			require.Len(t, s.triggered(), 1)
		})
	}
}

// An update that anybody who reaches Temporal can send, under any name, approves nothing.
func TestAnUnsignedApprovalOfASignedCampaignIsRefused(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	forged := env.approve(noon.Add(time.Minute), "bob")
	garbled := env.action(25*time.Hour, api.ApproveUpdate, api.CampaignAction{
		Action: api.Action{By: "bob", Signature: &signing.Signature{Statement: "Tidegate statement, version 2\n", Armored: "bob"}},
	})
	env.at(noon.Add(90*time.Minute), func() { env.CancelWorkflow() })
	_, err := campaign(t, env, startedByAlice(t, p, env))
	require.Error(t, err)
	require.Contains(t, forged.refused, "a signature is required (approve: 1 of leads)")
	require.Contains(t, garbled.refused, "the signature cannot be read")
	require.Empty(t, s.triggered())
}

// A signature counts once, and one person once, under however many names.
func TestASignatureAndAPersonCountOnce(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 3)
	var first *signing.Signature
	env.signed(t, noon.Add(time.Minute), api.ApproveUpdate, "bob", api.CampaignAction{}, func(st *signing.Statement) {
		first = sign(t, "bob", *st)
	})
	replayed := &answer{at: env.Now}
	env.at(noon.Add(2*time.Minute), func() {
		env.UpdateWorkflow(api.ApproveUpdate, "replayed", replayed, api.CampaignAction{Action: api.Action{By: "dave", Signature: first}})
	})
	again := env.signed(t, noon.Add(3*time.Minute), api.ApproveUpdate, "robert", api.CampaignAction{}, nil)
	env.signed(t, noon.Add(4*time.Minute), api.ApproveUpdate, "carol", api.CampaignAction{}, nil)
	env.at(noon.Add(9*time.Minute), func() { require.Empty(t, s.triggered()) })
	env.signed(t, noon.Add(10*time.Minute), api.ApproveUpdate, "dave", api.CampaignAction{}, nil)
	result, err := campaign(t, env, startedByAlice(t, p, env))
	require.NoError(t, err)
	require.Contains(t, replayed.refused, "the signature was used already")
	require.Contains(t, again.refused, "the person has approved already (robert, at")
	require.Len(t, result.Decisions, 3)
	require.Len(t, s.triggered(), 1)
}

// What was used stays so when the campaign continues as new.
func TestAReplayIsRefusedAfterContinuingAsNew(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 2)
	in := carried(p, fleet.Entry{Name: nameOf(0), Gateway: "sgw-00000001", State: fleet.Waiting, Work: fleet.Work{Update: true}, Schedule: sundayNoon()})
	in.Carried.Signing = signing.Book{Plan: "sha256:" + strings.Repeat("1", 64), Rule: signing.Rule{{Signers: "leads", Count: 2}}}
	statement := signing.Statement{
		Namespace: testNamespace, Campaign: "test", Action: api.ApproveUpdate, Wave: 1, Plan: in.Carried.Signing.Plan, At: env.Now(),
	}
	used := sign(t, "bob", statement)
	require.NoError(t, in.Carried.Signing.Accept(signing.Signed{
		Signature: *used, Verified: []signing.Verified{{Principal: "bob", Key: "SHA256:bob"}},
	}, env.Now()))
	var next api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(nextRun(t, under(t, env.Now(), s), in), &next))
	require.Equal(t, in.Carried.Signing, next.Carried.Signing)
	a := &answer{at: env.Now}
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil)
	env.at(env.Now().Add(time.Minute), func() {
		env.UpdateWorkflow(api.ApproveUpdate, "again", a, api.CampaignAction{Action: api.Action{By: "bob", Signature: used}})
	})
	env.at(env.Now().Add(time.Hour), func() { env.CancelWorkflow() })
	_, err := campaign(t, env, in)
	require.Error(t, err)
	require.Contains(t, a.refused, "the signature was used already")
}

// Whoever started it may be one of those who approve it, where nobody has signed the start: one more is needed.
func TestAnUnsignedStartNeedsOneApprovalMore(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	env.signed(t, noon.Add(time.Minute), api.ApproveUpdate, "alice", api.CampaignAction{}, nil)
	env.at(noon.Add(9*time.Minute), func() {
		require.Empty(t, s.triggered())
		require.Contains(t, campaignStatus(t, env).Approval.Line(), "1 of 2 given (alice); to be signed by 2 of leads, one more than asked for")
		require.Equal(t, "not verified", campaignStatus(t, env).Plan.Started.Text())
	})
	env.signed(t, noon.Add(10*time.Minute), api.ApproveUpdate, "bob", api.CampaignAction{}, nil)
	_, err := campaign(t, env, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(t, err)
	require.WithinRange(t, s.triggered()[0], noon.Add(10*time.Minute), noon.Add(12*time.Minute))
}

// A start that is signed wrongly starts nothing.
func TestAStartThatIsSignedForAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	in := startedByAlice(t, p, env)
	in.Plan.Rollout.MaxConcurrent = 100
	env.ExecuteWorkflow(api.CampaignName, in)
	require.ErrorContains(t, env.GetWorkflowError(), "the signature of the start: the signature is for something else (plan: signed for")
	require.Empty(t, s.triggered())
}

// What an account's owner demands counts, though the plan asks for nothing, or lets the submitter approve.
func TestADemandCountsWhateverThePlanSays(t *testing.T) {
	t.Parallel()
	for name, approvals := range map[string]maintenance.Approvals{
		"nothing": {}, "the submitter may": {Count: 1, SubmitterMayApprove: true}, "fewer, unsigned": {Count: 1},
		"fewer": {Count: 1, Signers: "leads", SubmitterMayApprove: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, _ := signedPlan(t, 1)
			s.signers = leads{demand: signing.Demand{Signers: "leads", Count: 2}}
			env := under(t, noon.AddDate(0, 0, -1), s)
			p.Approvals = approvals
			unsigned := env.approve(noon.Add(time.Minute), "bob")
			own := env.signed(t, noon.Add(2*time.Minute), api.ApproveUpdate, "alice", api.CampaignAction{}, nil)
			env.signed(t, noon.Add(3*time.Minute), api.ApproveUpdate, "bob", api.CampaignAction{}, nil)
			env.at(noon.Add(30*time.Minute), func() {
				status := campaignStatus(t, env)
				require.Equal(t, map[maintenance.Blocker]int{maintenance.BlockedByApproval: 1}, status.Blockers)
				require.Equal(t, []string{"prod"}, status.Plan.Demanded)
				require.Equal(t, "1 of leads", status.Approval.Missing.Text())
				env.CancelWorkflow()
			})
			_, err := campaign(t, env, startedByAlice(t, p, env))
			require.Error(t, err)
			require.Contains(t, unsigned.refused, "a signature is required")
			require.Contains(t, own.refused, "the person who started the campaign may not approve it")
			require.Empty(t, s.triggered())
		})
	}
}

// Where nobody can tell what is demanded, the campaign waits and says so: that is no demand of none.
func TestACampaignWaitsUntilTheDemandsAreKnown(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	until := noon.Add(-time.Hour)
	s.signers = leads{away: func() bool { return env.Now().Before(until) }, demand: signing.Demand{Signers: "leads", Count: 1}}
	env = under(t, noon.AddDate(0, 0, -1), s)
	env.at(until.Add(-time.Minute), func() {
		status := campaignStatus(t, env)
		require.Equal(t, fleet.Discovering, status.Phase)
		require.Equal(t, "asking the worker which signatures the accounts demand", status.Doing)
	})
	env.at(noon.Add(time.Hour), func() {
		require.Equal(t, []string{"prod"}, campaignStatus(t, env).Plan.Demanded)
		env.CancelWorkflow()
	})
	p.Approvals = maintenance.Approvals{}
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Empty(t, s.triggered())
}

// With signed commands every action needs a signature over all of its arguments, but pause and abort, which are recorded
// as not verified.
func TestSignedCommands(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.signers = leads{}
	p := s.plan()
	p.Approvals = maintenance.Approvals{Count: 1, Signers: "leads", Commands: maintenance.CommandsSigned}
	env := under(t, noon.AddDate(0, 0, -1), s)
	minute := func(n int) time.Time { return noon.Add(-time.Hour).Add(time.Duration(n) * time.Minute) }
	action := func(n int, update string, in api.CampaignAction) *answer {
		return env.action(minute(n).Sub(env.Now()), update, in)
	}
	unsigned := []*answer{
		action(1, api.SkipUpdate, api.CampaignAction{Target: nameOf(0)}),
		action(1, api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 50}),
		action(1, api.RescheduleUpdate, api.CampaignAction{Target: nameOf(0), NotBefore: noon.AddDate(0, 0, 1)}),
	}
	action(2, api.PauseUpdate, api.CampaignAction{})
	unsigned = append(unsigned, action(3, api.ResumeUpdate, api.CampaignAction{}))
	env.signed(t, minute(4), api.ResumeUpdate, "bob", api.CampaignAction{}, nil)
	more := env.signed(t, minute(5), api.ConcurrencyUpdate, "bob", api.CampaignAction{MaxConcurrent: 50}, func(st *signing.Statement) {
		st.MaxConcurrent = 2
	})
	env.signed(t, minute(6), api.SkipUpdate, "carol", api.CampaignAction{Target: nameOf(0)}, nil)
	env.signed(t, minute(7), api.ApproveUpdate, "carol", api.CampaignAction{}, nil)
	result, err := campaign(t, env, startedByAlice(t, p, env))
	require.Error(t, err) // PARTIAL: one was skipped
	for _, a := range unsigned {
		require.Contains(t, a.refused, "a signature is required")
	}
	require.Contains(t, more.refused, `max concurrent: signed for "2", wanted "50"`)
	require.Len(t, s.triggered(), 1)
	var said []string
	for _, d := range result.Decisions {
		said = append(said, d.What+" "+d.Proof.Text())
	}
	require.Equal(t, []string{
		"pause not verified", "resume verified: bob (SHA256:bob)", "skip verified: carol (SHA256:carol)", "approve verified: carol (SHA256:carol)",
	}, said)
}

// A campaign takes its own state from its own earlier run only: nobody starts one that claims to be approved.
func TestACampaignThatIsStartedWithAStateIsRefused(t *testing.T) {
	t.Parallel()
	s, p, env := signedPlan(t, 1)
	env.SetContinuedExecutionRunID("")
	env.ExecuteWorkflow(api.CampaignName, carried(p, fleet.Entry{Name: nameOf(0), Gateway: "sgw-00000001", State: fleet.Waiting, Work: fleet.Work{Update: true}, Schedule: sundayNoon()}))
	require.ErrorContains(t, env.GetWorkflowError(), "carried is for a campaign that continues as new")
	require.Empty(t, s.triggered())
}
