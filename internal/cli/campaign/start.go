// Package campaign has the commands for campaigns: validate and plan, the start of a campaign, and
// following it, in lines or full screen. Printing is in internal/cli/render, and most reading from
// Temporal in internal/operate; commands for one gateway are in internal/cli/target. Start at Start and Status.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// deliveryTimeout is how long a plan's further pages are tried to be handed over
// while the connection to Temporal is cut.
const deliveryTimeout = 2 * time.Minute

// StartOptions are how a campaign's workflow is started, no matter by whom.
func StartOptions(f PlanFile, workflowID, queue string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       workflowID,
		TaskQueue:                queue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// Without it the SDK would give the open run for the one that was asked for.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    webui.CampaignAttributes(f.Plan.Name),
		StaticSummary:                            render.CampaignSummary(f.Plan),
		StaticDetails:                            render.CampaignDetails(f.Plan, f.digest),
	}
}

// Input is what a campaign's workflow is started with: the first page of
// the plan. deliver hands over the others.
func Input(f PlanFile, submitter string) api.CampaignInput {
	in := api.CampaignInput{Plan: f.Plan, Submitter: submitter, Digest: f.digest}
	first := api.Page(f.Plan.Targets)
	in.Plan.Targets, in.More = f.Plan.Targets[:first], len(f.Plan.Targets)-first
	return in
}

// launch starts a campaign, and hands it the whole plan over. Where that
// fails half-way the campaign is cancelled: it has started nothing.
func launch(
	ctx context.Context, c operate.Session, f PlanFile, in api.CampaignInput, o client.StartWorkflowOptions,
) (client.WorkflowRun, error) {
	run, err := c.ExecuteWorkflow(ctx, o, api.CampaignName, in)
	if err != nil {
		return nil, failure(c.Namespace, f.Plan.Name, o.ID, err)
	}
	if err := deliver(ctx, c, run, f.Plan); err != nil {
		err = fmt.Errorf("hand the plan over to %s: %w", o.ID, err)
		if undo := cancel(ctx, c, run); undo != nil {
			return nil, fmt.Errorf("%s has started nothing and waits for its targets; to end it: tidegate abort %[1]s --why TEXT: %[2]w", o.ID, errors.Join(err, undo))
		}
		return nil, fmt.Errorf("the campaign was cancelled and has started nothing; run it again: %w", err)
	}
	return run, nil
}

// deliver gives a campaign the pages of its plan after the first.
func deliver(ctx context.Context, c operate.Session, run client.WorkflowRun, p plan.Plan) error {
	for from := api.Page(p.Targets); from < len(p.Targets); {
		size := api.Page(p.Targets[from:])
		page := api.AddTargets{From: from, Targets: p.Targets[from : from+size]}
		if err := deliverPage(ctx, c, run, page); err != nil {
			return fmt.Errorf("its targets from number %d on: %w", from+1, err)
		}
		from += size
	}
	return nil
}

// deliverPage sends one page, again and again while nothing answers: by the
// update's id Temporal knows one that has arrived already.
func deliverPage(ctx context.Context, c operate.Session, run client.WorkflowRun, page api.AddTargets) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	again := time.NewTicker(operate.PollEvery)
	defer again.Stop()
	for {
		update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			UpdateID:     fmt.Sprintf("targets-%d", page.From),
			WorkflowID:   run.GetID(),
			UpdateName:   api.AddTargetsUpdate,
			WaitForStage: client.WorkflowUpdateStageCompleted,
			Args:         []any{page},
		})
		if err == nil {
			err = update.Get(ctx, nil)
		}
		if err == nil || !operate.Cut(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return operate.Unanswered("no answer", ctx.Err())
		case <-again.C:
		}
	}
}

// cancel ends a campaign that has started nothing, also when nobody waits
// for it any more.
func cancel(ctx context.Context, c operate.Session, run client.WorkflowRun) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), operate.AnswerTimeout)
	defer cancel()
	err := c.CancelWorkflow(ctx, run.GetID(), "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancel %s: %w", run.GetID(), err)
	}
	return nil
}

func failure(namespace, name, workflowID string, err error) error {
	if open, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return fmt.Errorf("the campaign %s is already running, workflow %s, run %s; nothing was started; see tidegate status %s",
			name, workflowID, open.RunId, name)
	}
	return shell.NotStarted("the campaign "+name, namespace, err)
}

// signStart signs the start of a campaign: who signs it is the submitter, and may not approve it. Where no flag asks
// for that, and no key is at hand, the start is not signed, and one approval more is needed.
func signStart(cmd *cobra.Command, c operate.Session, p plan.Plan, signs *shell.SignFlags) (*signing.Signature, error) {
	digest, err := p.Digest()
	if err != nil {
		return nil, fmt.Errorf("sign the start: %w", err)
	}
	signature, err := signs.Sign(cmd)(cmd.Context(), signing.Statement{
		Namespace: c.Namespace, Campaign: p.Name, Action: "run", Plan: digest,
	})
	switch {
	case err == nil:
		return &signature, nil
	case signs.Given():
		return nil, err
	}
	cmd.PrintErrf("Nobody signs the start, so one approval more is needed than was asked for: %v\n", err)
	return nil, nil //nolint:nilnil // a start need not be signed
}

// Start starts the campaign of a plan file, unless there are faults, and
// follows it where that is wanted.
func Start(
	cmd *cobra.Command, a *shell.App, file, by, queue string, signs *shell.SignFlags, detach bool, faults []error,
) error {
	p, err := ReadPlan(cmd, file, time.Now())
	if !cmd.Flags().Changed("by") {
		by = operate.LoginName()
	}
	if strings.TrimSpace(by) == "" {
		faults = append(faults, maintenance.Invalid("--by", by, "your name"))
	}
	faults = append(faults, err, shell.WrongQueue(queue), a.CheckOutput())
	c, err := a.Dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer c.Close()
	name := p.Plan.Name
	in := Input(p, by)
	if p.Plan.Approvals.Signed() || signs.Given() {
		if in.Signature, err = signStart(cmd, c, p.Plan, signs); err != nil {
			return err
		}
	}
	run, err := launch(cmd.Context(), c, p, in, StartOptions(p, api.CampaignWorkflowID(name), queue))
	if err != nil {
		return err
	}
	cmd.PrintErrf("Started the campaign %s (%s) as workflow %s, run %s.\n", name, p.Plan.Summary(), run.GetID(),
		run.GetRunID())
	PrintWarnings(cmd, p.Plan)
	g := operate.Started(name, run)
	if !detach {
		return Attend(a, cmd, c, g)
	}
	return shell.Detached(cmd, c, run, queue, name, func() error {
		return render.PrintCampaign(a.Printer(cmd), record.Campaign{
			Campaign: name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: record.Running,
		})
	})
}
