package target

import (
	"maps"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/slots"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

// slotsIdle is how long the slots of an account are kept when none is asked for. It is longer than a trigger is armed
// before its time, apart from those that have to be sent within the minute.
const slotsIdle = 20 * time.Minute

// slotsKept is how long ago a slot may be, so that a trigger whose answer was lost gets the same one.
const slotsKept = time.Minute

// SendSlots allots the times of the triggers in one AWS account: the account's rate holds over all workers, campaigns
// and single runs. A worker starts it with the first trigger that it arms. It ends when nobody has asked for a
// while: a slot that is past matters to nobody.
func SendSlots(ctx workflow.Context, given maintenance.SendSlots) error {
	asked := 0
	allot := func(ctx workflow.Context, in slots.Allot) ([]time.Time, error) {
		asked++
		given.Forget(workflow.Now(ctx).Add(-slotsKept))
		times := make([]time.Time, 0, len(in.Triggers))
		for _, t := range in.Triggers {
			times = append(times, given.Allot(t.Key, t.From, in.Distance))
		}
		return times, nil
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, names.AllotUpdate, allot, workflow.UpdateHandlerOptions{
		Description: "Allot times to triggers, so that the account's rate holds. Workers send it.",
	}); err != nil {
		return err
	}
	long := func() bool { return workflow.GetInfo(ctx).GetContinueAsNewSuggested() }
	for before := -1; asked != before || lastOf(given).After(workflow.Now(ctx)); {
		before = asked
		full, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: slotsIdle, TimerOptions: workflow.TimerOptions{Summary: "end if no trigger needs a time"},
		}, long)
		if err != nil {
			return err
		}
		if full {
			return workflow.NewContinueAsNewError(ctx, names.SendSlotsName, given)
		}
	}
	return nil
}

func lastOf(given maintenance.SendSlots) time.Time {
	if len(given) == 0 {
		return time.Time{}
	}
	return given[len(given)-1].At
}

// Durations keeps how long changes took in a cloud account, for the polls of later runs. It runs as long as the
// namespace; without it, polls start from nothing again.
func Durations(ctx workflow.Context, in polling.Memory) error {
	known := polling.Memory{}
	known.Add(in)
	memory := func() (polling.Memory, error) { return maps.Clone(known), nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, durations.Query, memory,
		workflow.QueryHandlerOptions{Description: "How long changes took lately, by their kind."}); err != nil {
		return err
	}
	seen := workflow.GetSignalChannelWithOptions(ctx, durations.SeenSignal,
		workflow.SignalChannelOptions{Description: "Changes that have ended; workers send it."})
	for !workflow.GetInfo(ctx).GetContinueAsNewSuggested() || seen.Len() > 0 {
		if err := workflow.Await(ctx, func() bool { return seen.Len() > 0 }); err != nil {
			return err
		}
		var more polling.Memory
		for seen.ReceiveAsync(&more) {
			known.Add(more)
			more = nil
		}
	}
	return workflow.NewContinueAsNewError(ctx, durations.WorkflowName, known)
}
