package campaign

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// actionRun is the action of a statement that starts a campaign.
const actionRun = "run"

// askDemands asks, once, what the worker's configuration demands for the plan's accounts. Without an answer the
// campaign waits: nobody knows then that nothing is demanded.
func (c *campaign) askDemands(ctx workflow.Context) error {
	demands := []signing.Demand{ownDemand(c.in.Plan.Approvals)}
	c.Signing.Rule = signing.Strictest(demands...) // the plan's own signers count at once
	var accounts []string
	for _, a := range c.in.Plan.Accounts.AWS {
		accounts = append(accounts, a.Name)
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Await(ctx, func() bool { return c.Life.Stopped() != "" }) == nil {
			cancel()
		}
	})
	c.show(ctx, "asking the worker which signatures the accounts demand")
	options := call.PollWithin(call.AttemptOf(c.in.Plan.Policy), call.WatchLimit,
		"ask which signatures the accounts demand")
	options.RetryPolicy.BackoffCoefficient = 2
	found, err := call.Do(ctx, options, call.Signatures.Demands, signatures.DemandsInput{Accounts: accounts})
	if c.Life.Stopped() != "" {
		return nil // nothing starts any more
	}
	if err != nil {
		return err
	}
	for _, demanded := range found.Demands {
		c.Signing.Demanded = append(c.Signing.Demanded, demanded.Account)
		demands = append(demands, demanded.Demand)
	}
	c.Signing.Rule, c.discovery.demands = signing.Strictest(demands...), demandsKnown
	return nil
}

// verifyStart verifies the signature of who has started the campaign, where signatures are needed: then that person is
// the submitter. An unsigned start is no fault, and costs one approval more.
func (c *campaign) verifyStart(ctx workflow.Context) error {
	if c.in.Signature == nil || len(c.Signing.Rule) == 0 || c.Signing.Plan == "" {
		return nil
	}
	c.show(ctx, "verifying the signature of the start")
	wanted := signing.Statement{
		Namespace: workflow.GetInfo(ctx).Namespace, Campaign: c.in.Plan.Name, Action: actionRun, Plan: c.Signing.Plan,
	}
	signed, err := call.VerifySignature(ctx, call.WatchLimit, c.Signing.Rule.Groups(), call.InOne, *c.in.Signature, wanted,
		workflow.GetInfo(ctx).WorkflowStartTime)
	if err != nil {
		return temporal.NewNonRetryableApplicationError("the signature of the start: "+call.Explain(err).Error(),
			names.TypeRefused, nil)
	}
	c.Signing.Start, c.in.Submitter = signed, signed.Person().Principal
	return nil
}

// ownDemand is what the plan itself asks for.
func ownDemand(a maintenance.Approvals) signing.Demand {
	a = a.WithDefaults()
	return signing.Demand{Signers: a.Signers, Count: a.Count, Commands: a.Commands}
}

// stops is true for the commands that only let less happen, which need no signature.
func (o command) stops() bool { return o.name == api.PauseUpdate || o.name == api.AbortUpdate }

// groups are those of which one person has to sign an action, for an approval of any, else of all; none: it needs no
// signature. A pause and an abort never do: whoever sees that something goes wrong can stop it.
func (c *campaign) groups(o command) []string {
	switch {
	case o.stops():
		return nil
	case o.name == api.ApproveUpdate:
		return c.Signing.Rule.Groups()
	}
	return c.Signing.Rule.CommandGroups()
}

// wanted is the statement that an action has to be signed with, as the campaign knows it: nothing in it is taken from
// the signature.
func (c *campaign) wanted(o command, in api.CampaignAction, now time.Time) (signing.Statement, error) {
	s := signing.Statement{
		Campaign: c.in.Plan.Name, Run: c.run1, Plan: c.Signing.Plan, Namespace: c.namespace,
		Action: o.name, Target: in.Target, Check: in.Check, NotBefore: in.NotBefore, MaxConcurrent: in.MaxConcurrent,
	}
	if o.name == api.ApproveUpdate {
		f := c.fleet()
		needed := f.Approval(now)
		if needed == nil {
			_, err := f.Consent(in.By, in.Why, nil, now)
			return s, err
		}
		s.Wave = needed.Wave
	}
	if e, err := c.find(in.Target); err == nil && e.State == fleet.Held && in.Check == "" {
		s.Step = e.Hold.Step
	}
	return s, nil
}

// mayCount refuses an action that has to be signed and is not, or whose statement is for something else. Whether the
// signature is good is found out later.
func (c *campaign) mayCount(o command, in api.CampaignAction, now time.Time) error {
	if d := c.discovery; d != nil && d.demands == demandsUnknown && !o.stops() {
		return errors.New("it is not known yet which signatures the accounts demand: pause and abort can be given now; " +
			"for the others see its status, and send the command again once it says so no longer")
	}
	if len(c.groups(o)) == 0 {
		return nil
	}
	given := in.Signature
	if in.Verified != nil {
		given = &in.Verified.Signature
	}
	if given == nil {
		return signing.Refuse(signing.Unsigned, o.name+": "+c.Signing.Rule.Text())
	}
	wanted, err := c.wanted(o, in, now)
	if err != nil {
		return err
	}
	statement, err := signing.Parse([]byte(given.Statement))
	if err != nil {
		return err
	}
	return statement.Match(wanted)
}

// takeSignature verifies the signature of an action that has to be signed. Who acts, and why, is then what was
// signed. Of one that needs no signature, none is recorded.
func (c *campaign) takeSignature(ctx workflow.Context, o command, in api.CampaignAction) (api.CampaignAction, error) {
	given, groups, now := in.Signature, c.groups(o), workflow.Now(ctx)
	if len(groups) == 0 || given == nil {
		in.Signature = nil
		return in, nil // prepare refuses one that is missing
	}
	wanted, err := c.wanted(o, in, now)
	if err != nil {
		return in, err
	}
	counts := call.InEach
	if o.name == api.ApproveUpdate {
		counts = call.InOne
	}
	signed, err := call.VerifySignature(ctx, askLimit, groups, counts, *given, wanted, now)
	if err != nil {
		return in, refuse(err)
	}
	statement, err := signing.Parse([]byte(given.Statement))
	if err != nil {
		return in, err
	}
	if err := c.Signing.Accept(*signed, now); err != nil {
		return in, refuse(err)
	}
	in.Verified, in.Signature, in.By, in.Why = signed, nil, signed.Person().Principal, statement.Why
	return in, nil
}

// signatureOf is the signature that a target's run verifies again: an update of the run that comes from its campaign
// cannot be told from another.
func signatureOf(in api.CampaignAction) *signing.Signature {
	if in.Verified == nil {
		return nil
	}
	return &in.Verified.Signature
}

// refuse is the answer to an action that is refused after its validator.
func refuse(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), names.TypeRefused, nil)
}

// plan is the plan as the campaign runs it.
func (c *campaign) plan() fleet.PlanRun {
	p := fleet.PlanRun{
		Digest: c.Signing.Plan, AsOf: c.in.Plan.AsOf, FirstRun: c.run1, Signers: c.Signing.Rule, Demanded: c.Signing.Demanded,
	}
	if c.Signing.Start != nil {
		p.Started = c.Signing.Start.Proof()
	}
	return p
}

// authorization answers the worker that is about to change a gateway.
func (c *campaign) authorization(gateway string) (signing.Authorization, error) {
	a, approved := c.fleet().Authorization(gateway)
	if !approved {
		return a, errors.New("the campaign does not let " + gateway +
			" be changed now: it is not in progress, or not approved")
	}
	a.Campaign, a.Run, a.Batches = c.in.Plan.Name, c.run1, c.Batches
	return a, nil
}
