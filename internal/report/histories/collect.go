package histories

import (
	"context"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/workflows/api"
)

// atOnce is how many histories are fetched side by side.
const atOnce = 8

// evidence are the histories of a campaign: what its report is made of.
type evidence struct {
	campaign []history // its runs, the oldest first
	batches  []page    // by number
	later    bool      // there are events later than those that were asked for
}

// page is a batch with the maintenances that it started.
type page struct {
	id      string
	history history
	runs    []maintained // in the order in which they started
}

// maintained is what a report needs of one maintenance, and no more: there may be ten
// thousands.
type maintained struct {
	first     string // id of its first run
	run       report.Run
	decisions []report.Decision
	links     []report.Link // its runs
	latest    time.Time
}

// maintainedOf is a maintenance by its runs.
func maintainedOf(chain []history) maintained {
	m := maintained{first: chain[0].RunID, run: runOf(chain)}
	for _, h := range chain {
		m.decisions, m.links = append(m.decisions, h.decisions()...), append(m.links, h.Link)
		m.latest = later(m.latest, h.latest)
	}
	return m
}

// links are the histories in the order of the chain.
func (e evidence) links() (list []report.Link) {
	for _, h := range e.campaign {
		list = append(list, h.Link)
	}
	for _, p := range e.batches {
		if p.history.first != nil || p.history.Gone {
			list = append(list, p.history.Link)
		}
	}
	for _, p := range e.batches {
		for _, m := range p.runs {
			list = append(list, m.links...)
		}
	}
	return list
}

// asOf is when the last of all events took place.
func (e evidence) asOf() (latest time.Time) {
	for _, h := range e.campaign {
		latest = later(latest, h.latest)
	}
	for _, p := range e.batches {
		latest = later(latest, p.history.latest)
		for _, m := range p.runs {
			latest = later(latest, m.latest)
		}
	}
	return latest
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// open is true where something may still be added to one of the histories.
func (e evidence) open() bool {
	if how, _ := e.campaign[len(e.campaign)-1].ended(); how == report.RunRunning {
		return true
	}
	return slices.ContainsFunc(e.batches, func(p page) bool {
		how, _ := p.history.ended()
		return how == report.RunRunning ||
			slices.ContainsFunc(p.runs, func(m maintained) bool { return m.run.Ended == report.RunRunning })
	})
}

// collect fetches the histories of a campaign, of its batches, and of the
// maintenances that those started, as they are.
func collect(ctx context.Context, r Reader, workflowID, runID string) (evidence, error) {
	return (&reading{from: r}).collect(ctx, workflowID, runID, nil)
}

// again reads the same once more, as it was at the last event that has been read.
// Maintenances that have ended stay as they were read.
func (e evidence) again(ctx context.Context, r Reader) (evidence, error) {
	over := map[string]maintained{}
	for _, p := range e.batches {
		for _, m := range p.runs {
			if m.run.Ended != report.RunRunning && m.run.Ended != report.RunGone {
				over[m.first] = m
			}
		}
	}
	last := e.campaign[len(e.campaign)-1]
	return (&reading{from: r, until: e.asOf()}).collect(ctx, last.WorkflowID, last.RunID, over)
}

// collect fetches a campaign's histories but for the maintenances that are over,
// by their first runs.
func (r *reading) collect(
	ctx context.Context, workflowID, runID string, over map[string]maintained,
) (e evidence, err error) {
	if e.campaign, err = r.runs(ctx, workflowID, runID); err != nil {
		return e, err
	}
	ids, runIDs := batchesOf(e.campaign)
	e.batches = make([]page, len(ids))
	if err := side(ctx, len(ids), func(ctx context.Context, i int) (err error) {
		e.batches[i].id = ids[i]
		e.batches[i].history, err = r.fetch(ctx, ids[i], runIDs[ids[i]], ofBatches)
		return err
	}); err != nil {
		return e, err
	}
	err = r.collectMaintenances(ctx, e.batches, over)
	e.later = r.later.Load()
	return e, err
}

// runs are those of a campaign: the one that is asked for, those that it has
// continued as, and those before it.
func (r *reading) runs(ctx context.Context, workflowID, runID string) ([]history, error) {
	chain, err := r.forward(ctx, workflowID, runID, ofCampaigns)
	switch {
	case err != nil:
		return nil, err
	case len(chain) == 0:
		return nil, fmt.Errorf("the campaign %s, run %s, started later than %s", workflowID, runID,
			r.until.UTC().Format(time.RFC3339))
	case chain[len(chain)-1].Gone:
		last := chain[len(chain)-1]
		return nil, fmt.Errorf("%w: Temporal keeps nothing of the campaign %s, run %s", ErrGone, last.WorkflowID, last.RunID)
	}
	for {
		before := chain[0].started().GetContinuedExecutionRunId()
		if before == "" {
			return chain, nil
		}
		h, err := r.fetch(ctx, workflowID, before, ofCampaigns)
		if err != nil {
			return nil, err
		}
		chain = append([]history{h}, chain...)
	}
}

// ofCampaigns are the events of a campaign that say something.
func ofCampaigns(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_TIMER_CANCELED:
		return false
	}
	return true
}

// ofBatches are the events of a batch that say what it read and started.
func ofBatches(t enumspb.EventType) bool {
	return t == enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED ||
		t == enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
}

// ofMaintenances are the events of a maintenance, besides its end, that say what
// a person decided, and what its campaign received.
func ofMaintenances(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
		enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
		return true
	}
	return false
}

// side does something for each of n things, some of them side by side.
func side(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait() //nolint:wrapcheck // the error says at what
}

// batchesOf are the batches of a campaign by number, with their run ids as far as
// its histories say them.
func batchesOf(campaign []history) (ids []string, runIDs map[string]string) {
	runIDs = map[string]string{}
	for _, h := range campaign {
		if in, ok := decode[api.CampaignInput](h.started().GetInput()); ok && in.Carried != nil {
			ids = in.Carried.Batches
		}
		for _, e := range h.events {
			started := e.GetChildWorkflowExecutionStartedEventAttributes()
			if started.GetWorkflowType().GetName() != api.BatchName {
				continue
			}
			id := started.GetWorkflowExecution().GetWorkflowId()
			ids, runIDs[id] = append(ids, id), started.GetWorkflowExecution().GetRunId()
		}
	}
	return ids, runIDs
}

// collectMaintenances fetches those that the batches started.
func (r *reading) collectMaintenances(ctx context.Context, batches []page, over map[string]maintained) error {
	type start struct {
		batch int
		run   *commonpb.WorkflowExecution
	}
	var started []start
	for i, p := range batches {
		for _, event := range p.history.events {
			child := event.GetChildWorkflowExecutionStartedEventAttributes()
			if child.GetWorkflowType().GetName() == api.GatewayMaintenanceName {
				started = append(started, start{i, child.GetWorkflowExecution()})
			}
		}
	}
	found := make([]maintained, len(started))
	if err := side(ctx, len(started), func(ctx context.Context, i int) error {
		run := started[i].run
		if known, ok := over[run.GetRunId()]; ok {
			found[i] = known
			return nil
		}
		chain, err := r.forward(ctx, run.GetWorkflowId(), run.GetRunId(), ofMaintenances)
		if len(chain) > 0 {
			found[i] = maintainedOf(chain)
		}
		return err
	}); err != nil {
		return err
	}
	for i, b := range started {
		if found[i].links != nil {
			batches[b.batch].runs = append(batches[b.batch].runs, found[i])
		}
	}
	return nil
}

// forward are a run and those that it has continued as, but for such as had not
// started.
func (r *reading) forward(
	ctx context.Context, workflowID, runID string, wants func(enumspb.EventType) bool,
) (chain []history, err error) {
	for {
		h, err := r.fetch(ctx, workflowID, runID, wants)
		if err != nil || (h.first == nil && !h.Gone) {
			return chain, err
		}
		chain = append(chain, h)
		if runID = h.next(); runID == "" {
			return chain, nil
		}
	}
}
