package histories

import (
	"slices"

	historypb "go.temporal.io/api/history/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/report"
)

// watchBake is the activity by which a batch asks the health checks of its targets while their wave bakes.
const watchBake = "WatchBake"

// bakeAsked is as much of its input as names the targets, and bakeAnswered of its output, which has their order.
type bakeAsked struct {
	Targets []struct {
		Subject struct {
			Gateway maintenance.GatewayRef `json:"gateway"`
		} `json:"subject"`
	} `json:"targets"`
}

type bakeAnswered struct {
	States []struct {
		Records []maintenance.CheckRecord `json:"records"`
	} `json:"states"`
}

// bakeEvents tells the events of such activities from others: those of a history have to come in their order.
type bakeEvents map[int64]bool

func (b bakeEvents) wants(e *historypb.HistoryEvent) bool {
	if scheduled := e.GetActivityTaskScheduledEventAttributes(); scheduled.GetActivityType().GetName() == watchBake {
		b[e.GetEventId()] = true
		return true
	}
	return b[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()]
}

// bakes are the records of the checks while a batch's targets baked, by gateway's ARN. Each activity goes on with the
// records of the one before it.
func (p page) bakes() map[string][]maintenance.CheckRecord {
	asked, records := map[int64]bakeAsked{}, map[string][]maintenance.CheckRecord{}
	for _, e := range p.history.events {
		if scheduled := e.GetActivityTaskScheduledEventAttributes(); scheduled.GetActivityType().GetName() == watchBake {
			asked[e.GetEventId()], _ = decode[bakeAsked](scheduled.GetInput())
		}
		completed := e.GetActivityTaskCompletedEventAttributes()
		in, is := asked[completed.GetScheduledEventId()]
		if !is {
			continue
		}
		out, _ := decode[bakeAnswered](completed.GetResult())
		for i := range min(len(in.Targets), len(out.States)) {
			records[in.Targets[i].Subject.Gateway.ARN] = out.States[i].Records
		}
	}
	return records
}

// withBake adds the records of its bake to the last run of a target that left a record.
func withBake(runs []report.Run, records []maintenance.CheckRecord) {
	for i := len(runs) - 1; i >= 0 && len(records) > 0; i-- {
		if runs[i].Result == nil {
			continue
		}
		result := *runs[i].Result
		result.Checks = append(slices.Clip(result.Checks), records...)
		runs[i].Result = &result
		return
	}
}
