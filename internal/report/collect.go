package report

import (
	"context"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/workflows"
)

// atOnce is how many histories are fetched side by side.
const atOnce = 8

// evidence are the histories of a campaign: what its report is made of.
type evidence struct {
	campaign []history // its runs, the oldest first
	rosters  []page    // by number
}

// page is a roster with the maintenances that it began.
type page struct {
	id      string
	history history
	runs    [][]history // by maintenance, in the order in which they began; each in its own runs
}

// all are the histories in the order of the chain.
func (e evidence) all() []history {
	list := slices.Clone(e.campaign)
	for _, p := range e.rosters {
		list = append(list, p.history)
	}
	for _, p := range e.rosters {
		list = append(list, slices.Concat(p.runs...)...)
	}
	return list
}

// collect fetches the histories of a campaign, of its rosters, and of the
// maintenances that those began.
func collect(ctx context.Context, r Reader, workflowID, runID string) (e evidence, err error) {
	for next := &runID; next != nil; {
		h, err := fetch(ctx, r, workflowID, *next)
		if err != nil {
			return e, err
		}
		if h.gone && len(e.campaign) == 0 {
			return e, fmt.Errorf("%w: Temporal keeps nothing of the campaign %s, run %s", ErrGone, workflowID, runID)
		}
		e.campaign = append([]history{h}, e.campaign...)
		next = nil
		if before := h.started().GetContinuedExecutionRunId(); before != "" {
			next = &before
		}
	}
	ids, runIDs := rostersOf(e.campaign)
	e.rosters = make([]page, len(ids))
	if err := side(ctx, len(ids), func(ctx context.Context, i int) (err error) {
		e.rosters[i].id = ids[i]
		e.rosters[i].history, err = fetch(ctx, r, ids[i], runIDs[ids[i]])
		return err
	}); err != nil {
		return e, err
	}
	return e, e.collectRuns(ctx, r)
}

// side does something for each of n things, some of them side by side.
func side(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait() //nolint:wrapcheck // whoever failed has said at what
}

// rostersOf are the rosters of a campaign by number, with their run ids as far as
// its histories say them.
func rostersOf(campaign []history) (ids []string, runIDs map[string]string) {
	runIDs = map[string]string{}
	for _, h := range campaign {
		if in, ok := decode[workflows.CampaignInput](h.started().GetInput()); ok && in.Carried != nil {
			ids = in.Carried.Rosters
		}
		for _, e := range h.events {
			started := e.GetChildWorkflowExecutionStartedEventAttributes()
			if started.GetWorkflowType().GetName() != workflows.RosterName {
				continue
			}
			id := started.GetWorkflowExecution().GetWorkflowId()
			ids, runIDs[id] = append(ids, id), started.GetWorkflowExecution().GetRunId()
		}
	}
	return ids, runIDs
}

// collectRuns fetches the maintenances that the rosters began.
func (e evidence) collectRuns(ctx context.Context, r Reader) error {
	type place struct{ roster, run int }
	var places []place
	var begun []*commonpb.WorkflowExecution
	for i, p := range e.rosters {
		for _, event := range p.history.events {
			started := event.GetChildWorkflowExecutionStartedEventAttributes()
			if started.GetWorkflowType().GetName() == workflows.GatewayMaintenanceName {
				places = append(places, place{i, len(e.rosters[i].runs)})
				e.rosters[i].runs = append(e.rosters[i].runs, nil)
				begun = append(begun, started.GetWorkflowExecution())
			}
		}
	}
	return side(ctx, len(begun), func(ctx context.Context, i int) (err error) {
		at := places[i]
		e.rosters[at.roster].runs[at.run], err = forward(ctx, r, begun[i].GetWorkflowId(), begun[i].GetRunId())
		return err
	})
}

// forward are a run and those that it has continued as.
func forward(ctx context.Context, r Reader, workflowID, runID string) (chain []history, err error) {
	for runID != "" {
		h, err := fetch(ctx, r, workflowID, runID)
		if err != nil {
			return chain, err
		}
		chain, runID = append(chain, h), h.next()
	}
	return chain, nil
}
