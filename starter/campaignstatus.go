package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// pageOfRows is how many targets are asked for at once.
const pageOfRows = 1000

// statusFlags say which of a campaign's targets are to be shown.
type statusFlags struct {
	all    bool
	states []string
}

func (f *statusFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "list every target of the campaign")
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "list the campaign's targets in these states, such as waiting,failed")
}

// page is what the flags ask for, with what is wrong with them.
func (f *statusFlags) page() (fleet.Page, error) {
	page := fleet.Page{Count: pageOfRows}
	var errs []error
	for _, text := range f.states {
		state := fleet.State(strings.TrimSpace(text))
		switch state {
		case fleet.Waiting, fleet.Running, fleet.Succeeded, fleet.Failed, fleet.Skipped, fleet.Current:
			page.States = append(page.States, state)
		default:
			errs = append(errs, wrong("--state", text, "waiting, running, succeeded, failed, skipped or current"))
		}
	}
	return page, errors.Join(errs...)
}

func (f *statusFlags) lists() bool { return f.all || len(f.states) > 0 }

// question is what is to be shown of a campaign.
type question struct {
	name   string // of the campaign, or its workflow's id
	target string
	list   bool // the targets that page asks for
	page   fleet.Page
}

// campaignStatus shows a campaign, some of its targets, or one.
func (a *app) campaignStatus(cmd *cobra.Command, c session, q question) error {
	g, err := findCampaign(cmd.Context(), c, q.name)
	if err != nil {
		return err
	}
	var r campaignRecord
	switch {
	case q.target != "":
		r, err = targetOf(cmd.Context(), c, g, q.target)
	case q.list:
		r = listing(g)
		r.Targets, err = allRows(cmd.Context(), c, g, q.page)
	default:
		r, err = readCampaign(cmd.Context(), c, g)
	}
	if r.Status == nil && r.Result == nil && !r.lists {
		return err
	}
	return errors.Join(err, printer{out: cmd.OutOrStdout(), form: a.output}.campaign(r))
}

// listing is the record of a campaign of which only targets are to be printed.
func listing(g campaign) campaignRecord {
	return campaignRecord{Campaign: g.name, WorkflowID: g.workflowID, RunID: g.runID, Execution: g.execution.String(), lists: true}
}

// allRows are the targets of a campaign that a page asks for, page after page.
func allRows(ctx context.Context, c session, g campaign, page fleet.Page) ([]fleet.Row, error) {
	all := []fleet.Row{}
	for {
		var rows []fleet.Row
		if err := g.ask(ctx, c, workflows.TargetsQuery, &rows, page); err != nil {
			return all, err
		}
		all = append(all, rows...)
		if len(rows) < page.Count {
			return all, nil
		}
		page.From += len(rows)
	}
}

// targetOf is one target of a campaign, with the record of its maintenance where
// that belongs to this campaign.
func targetOf(ctx context.Context, c session, g campaign, target string) (campaignRecord, error) {
	r := listing(g)
	if err := g.ask(ctx, c, workflows.TargetsQuery, &r.Targets, fleet.Page{Count: 1, Target: target}); err != nil {
		return campaignRecord{}, err
	}
	if len(r.Targets) == 0 {
		return campaignRecord{}, fmt.Errorf("there is no target %s in the campaign %s; see tidegate status %s --all", target, g.name, g.name)
	}
	runID, err := runOf(ctx, c, g, r.Targets[0])
	if err != nil || runID == "" {
		return r, err
	}
	run, err := find(ctx, c, r.Targets[0].Gateway, runID)
	r.Run = &run
	return r, err
}

// skew is by how much the clocks may differ by which a target's begin and its
// run's start were told.
const skew = time.Minute

// runOf is the run of a target's last maintenance in this campaign: the gateway's
// last one, unless another campaign or a person has begun one since. Empty: there
// is none.
func runOf(ctx context.Context, c session, g campaign, r fleet.Row) (string, error) {
	if r.Begun.IsZero() {
		return "", nil
	}
	id := workflows.GatewayWorkflowID(r.Gateway)
	ours := func(info *workflowpb.WorkflowExecutionInfo) bool {
		return attributeOf(info, campaignAttribute) == g.attribute && !info.GetStartTime().AsTime().Before(r.Begun.Add(-skew))
	}
	described, err := c.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the run %s: %w", id, err)
	}
	if last := described.GetWorkflowExecutionInfo(); ours(last) {
		return last.GetExecution().GetRunId(), nil
	}
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("WorkflowId = '%s'", id)})
	if err != nil {
		return "", fmt.Errorf("look for the runs %s: %w", id, err)
	}
	for _, info := range list.GetExecutions() {
		if ours(info) {
			return info.GetExecution().GetRunId(), nil
		}
	}
	return "", nil
}
