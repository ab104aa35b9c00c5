package target

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// verifyLimit is how long an operator's command waits for the verification of its signature: less than the campaign
// that passes it on waits for the answer.
const verifyLimit = 10 * time.Second

// hasToBeSigned is true for an action that counts only with a signature.
func (r *run) hasToBeSigned(what string) bool { return r.in.Signed != nil && what != api.AbortUpdate }

// mayCount refuses an action that has to be signed and is not, or is signed twice, also for an earlier run of the
// target. Whether the signature is good is found out later.
func (r *run) mayCount(what string, given *signing.Signature) error {
	if !r.hasToBeSigned(what) {
		return nil
	}
	_, err := r.signedFor(what, given)
	return err
}

// signedFor is the statement of a signature that may count for an action which has to be signed.
func (r *run) signedFor(what string, given *signing.Signature) (s signing.Statement, err error) {
	if given == nil {
		return s, signing.Refuse(signing.Unsigned, fmt.Sprintf("give the command to the campaign: tidegate %s %s %s",
			what, r.in.Signed.Campaign, r.in.Target.Gateway.ID()))
	}
	used := func(d maintenance.Decision) bool { return d.Proof.Statement == given.Statement }
	if slices.ContainsFunc(r.status.Decisions, used) {
		return s, signing.Refuse(signing.Replayed, what)
	}
	if s, err = signing.Parse([]byte(given.Statement)); err != nil {
		return s, err
	}
	return s, s.SignedSince(r.start)
}

// signedBy is the decision with who has signed it, and why: that counts instead of what was typed. The campaign has
// verified it before, but an update by the campaign cannot be told from one by somebody else.
func (r *run) signedBy(
	ctx workflow.Context, d maintenance.Decision, given *signing.Signature,
) (maintenance.Decision, error) {
	if !r.hasToBeSigned(d.What) {
		return d, nil
	}
	signed, why, err := r.verifySignature(ctx, d, given)
	if err == nil {
		err = r.mayCount(d.What, given) // again: another may have been recorded meanwhile
	}
	if err != nil {
		return d, temporal.NewNonRetryableApplicationError(err.Error(), names.TypeRefused, nil)
	}
	d.By, d.Why, d.Proof = signed.Person().Principal, why, signed.Proof()
	return d, nil
}

// verifySignature verifies the signature of an action on this run. The target may be named either way, and the
// campaign's first run stands for its plan.
func (r *run) verifySignature(
	ctx workflow.Context, d maintenance.Decision, given *signing.Signature,
) (signed *signing.Signed, why string, err error) {
	statement, err := r.signedFor(d.What, given)
	if err != nil {
		return nil, "", err
	}
	wanted := signing.Statement{
		Namespace: workflow.GetInfo(ctx).Namespace, Campaign: r.in.Signed.Campaign, Run: r.in.Signed.Run,
		Plan: statement.Plan, Action: d.What, Check: d.Check, Target: r.in.Target.Name,
	}
	if strings.EqualFold(statement.Target, r.in.Target.Gateway.ID()) {
		wanted.Target = statement.Target
	}
	if r.status.Held && d.Check == "" {
		wanted.Step = r.status.Step
	}
	signed, err = call.VerifySignature(ctx, verifyLimit, r.in.Signed.Signers, call.InEach, *given, wanted,
		workflow.Now(ctx))
	return signed, statement.Why, err
}
