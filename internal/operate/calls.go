package operate

import (
	"context"
	"slices"
	"sync"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// respond adds to the calls that a run says it makes what only Temporal knows: the
// attempt, and the last response.
func respond(calls []maintenance.Call, pending []*workflowpb.PendingActivityInfo) {
	for i := range calls {
		at := slices.IndexFunc(pending, func(p *workflowpb.PendingActivityInfo) bool {
			return p.GetActivityId() == calls[i].ID
		})
		if at >= 0 {
			known := callOf(pending[at])
			known.What = calls[i].What
			calls[i] = known
		}
	}
}

// callsOf are the calls of a run that does not answer itself, called by their
// activities' names.
func callsOf(pending []*workflowpb.PendingActivityInfo) (calls []maintenance.Call) {
	for _, p := range pending {
		calls = append(calls, callOf(p))
	}
	return calls
}

func callOf(p *workflowpb.PendingActivityInfo) maintenance.Call {
	c := maintenance.Call{
		ID: p.GetActivityId(), What: p.GetActivityType().GetName(), Since: p.GetScheduledTime().AsTime(),
		Attempt:      int(p.GetAttempt()),
		LastResponse: responseOf(p.GetLastFailure()),
	}
	if end := p.GetExpirationTime(); end.IsValid() {
		c.Until = end.AsTime()
	}
	if last := p.GetLastAttemptCompleteTime(); c.LastResponse != "" && last.IsValid() {
		c.LastAt = last.AsTime()
	}
	return c
}

// responseOf is how an attempt failed, in the words of what answered it.
func responseOf(f *failurepb.Failure) string {
	switch t := f.GetTimeoutFailureInfo(); {
	case f == nil:
		return ""
	case t.GetTimeoutType() == enumspb.TIMEOUT_TYPE_START_TO_CLOSE:
		return "none: the attempt exceeded limits.attempt, or its worker is gone"
	case t.GetTimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT:
		return "none: its worker is gone"
	}
	return f.GetMessage()
}

// mostCalls is for how many of a campaign's running targets the calls are read.
const mostCalls = 20

// CallsOf are the calls in progress of a campaign's running targets of which an attempt
// has failed, the targets in their order. A run that does not answer is left out.
func CallsOf(ctx context.Context, c Session, running []fleet.Row) (calls []maintenance.Call) {
	running = slices.DeleteFunc(slices.Clone(running), func(r fleet.Row) bool { return r.State == fleet.Held })
	running = running[:min(len(running), mostCalls)]
	found := make([][]maintenance.Call, len(running))
	var asked sync.WaitGroup
	for i, r := range running {
		asked.Go(func() {
			if status, err := ReadStatus(ctx, c, api.GatewayWorkflowID(r.Gateway), ""); err == nil {
				found[i] = status.Calls
			}
		})
	}
	asked.Wait()
	for i, r := range running {
		for _, call := range found[i] {
			if call.Retried() {
				call.Target = r.Name
				calls = append(calls, call)
			}
		}
	}
	return calls
}
