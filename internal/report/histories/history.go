// Package histories makes the report of a campaign from its histories in Temporal alone, and
// verifies one against them later. What a report says, and what it looks like, is package
// report's. Start at Make.
package histories

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/report"
)

// ErrGone says that Temporal does not keep a history any more, or never had it.
var ErrGone = errors.New("the history is gone")

// Reader fetches histories.
type Reader interface {
	// History are all events of a run, or of the workflow's last run where runID is
	// empty. ErrGone wraps what says that there is none.
	History(ctx context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error)
}

// Temporal reads histories from a namespace.
type Temporal struct {
	Client client.Client
}

// History fetches a run's events, page by page.
func (t Temporal) History(ctx context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	pages := t.Client.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		e, err := pages.Next()
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
			return nil, fmt.Errorf("%w: %s, run %s: %w", ErrGone, workflowID, runID, err)
		}
		if err != nil {
			return nil, fmt.Errorf("read the history of %s, run %s: %w", workflowID, runID, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// history is one run as it was read: its link, and of its events those that the
// report is made of.
type history struct {
	report.Link

	first, last *historypb.HistoryEvent // of those that count; nil: none does
	latest      time.Time               // of their times, which are not in order: some events are written late
	events      []*historypb.HistoryEvent
}

// reading reads histories as they had come at a time.
type reading struct {
	from  Reader
	until time.Time // zero: as they are
	later atomic.Bool
}

// fetch reads a run, takes the digest of the events that count, and keeps those
// that someone wants.
func (r *reading) fetch(
	ctx context.Context, workflowID, runID string, wants func(enumspb.EventType) bool,
) (history, error) {
	h := history{Link: report.Link{WorkflowID: workflowID, RunID: runID}}
	events, err := r.from.History(ctx, workflowID, runID)
	if errors.Is(err, ErrGone) || (err == nil && len(events) == 0) {
		h.Gone = true
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.RunID = cmp.Or(runID, events[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId())
	counted := r.counted(events)
	if len(counted) == 0 {
		return h, nil
	}
	h.Events, h.first, h.last = len(counted), counted[0], counted[len(counted)-1]
	bakes := bakeEvents{}
	for _, e := range counted {
		if at(e).After(h.latest) {
			h.latest = at(e)
		}
		if wants(e.GetEventType()) || bakes.wants(e) {
			h.events = append(h.events, e)
		}
	}
	if h.SHA256, err = digestOf(counted); err != nil {
		return h, fmt.Errorf("take the digest of %s, run %s: %w", h.WorkflowID, h.RunID, err)
	}
	return h, nil
}

// counted are the events before the first that is later than the time. At the
// end what is being tried does not count: Temporal writes it when it has been, with
// the time of its starting, and so between events that were there already.
func (r *reading) counted(events []*historypb.HistoryEvent) []*historypb.HistoryEvent {
	if !r.until.IsZero() {
		if n := slices.IndexFunc(events, func(e *historypb.HistoryEvent) bool { return at(e).After(r.until) }); n >= 0 {
			events = events[:n]
			r.later.Store(true)
		}
	}
	for len(events) > 1 && isTrial(events[len(events)-1]) {
		events = events[:len(events)-1]
	}
	return events
}

func isTrial(e *historypb.HistoryEvent) bool {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return true
	}
	return false
}

func (h history) started() *historypb.WorkflowExecutionStartedEventAttributes {
	return h.first.GetWorkflowExecutionStartedEventAttributes()
}

// next is the run after this one; empty: there is none.
func (h history) next() string {
	return h.last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
}

// ended is how the run ended, in a word, with the payloads that hold its record.
func (h history) ended() (how string, record *commonpb.Payloads) {
	switch e := h.last; e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		return "completed", e.GetWorkflowExecutionCompletedEventAttributes().GetResult()
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		return "failed", e.GetWorkflowExecutionFailedEventAttributes().GetFailure().GetApplicationFailureInfo().GetDetails()
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		return "cancelled", e.GetWorkflowExecutionCanceledEventAttributes().GetDetails()
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		return "terminated", nil
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		return "timed out", nil
	}
	if h.Gone {
		return report.RunGone, nil
	}
	return report.RunRunning, nil
}

// failure is what Temporal says of a run that failed.
func (h history) failure() string {
	return h.last.GetWorkflowExecutionFailedEventAttributes().GetFailure().GetMessage()
}

func (h history) start() time.Time {
	if h.first == nil {
		return time.Time{}
	}
	return at(h.first)
}

func at(e *historypb.HistoryEvent) time.Time { return e.GetEventTime().AsTime().UTC() }

// decode reads the first of some payloads; false where there is none, or of
// another form.
func decode[T any](payloads *commonpb.Payloads) (value T, ok bool) {
	if len(payloads.GetPayloads()) == 0 {
		return value, false
	}
	err := converter.GetDefaultDataConverter().FromPayload(payloads.GetPayloads()[0], &value)
	return value, err == nil
}

// decisionOf is what an operator's update did; false for another event or update.
func decisionOf(e *historypb.HistoryEvent) (d maintenance.Decision, acceptedID int64, ok bool) {
	completed := e.GetWorkflowExecutionUpdateCompletedEventAttributes()
	d, ok = decode[maintenance.Decision](completed.GetOutcome().GetSuccess())
	return d, completed.GetAcceptedEventId(), ok && d.What != "" && d.By != ""
}

// nameless is how a Temporal SDK calls its client where nobody has named it: process,
// machine, and a task queue where it is a worker.
var nameless = regexp.MustCompile(`^(\d+)@([^@]*)@`)

// sender is the client that sent an update, as it calls itself. One that has no name
// of its own is called what it is: nobody must take a process for a person.
func sender(identity string) string {
	if parts := nameless.FindStringSubmatch(identity); parts != nil {
		return fmt.Sprintf("a Temporal client (process %s on %s)", parts[1], parts[2])
	}
	return identity
}

// decisions are those of the updates in a history.
func (h history) decisions() (all []report.Decision) {
	via := map[int64]string{}
	for _, e := range h.events {
		if accepted := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); accepted != nil {
			via[e.GetEventId()] = sender(accepted.GetAcceptedRequest().GetMeta().GetIdentity())
		}
		if d, accepted, ok := decisionOf(e); ok {
			all = append(all, report.Decision{Decision: d, Via: via[accepted]})
		}
	}
	return all
}
