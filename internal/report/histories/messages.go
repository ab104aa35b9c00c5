package histories

import (
	"slices"

	historypb "go.temporal.io/api/history/v1"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/workflows/api"
)

// undeliveredOf are the messages of a campaign that did not arrive for certain: those
// whose activity says so, and those that the campaign did not start to send.
func undeliveredOf(campaign []history, ended bool) (all []report.Undelivered) {
	started := map[[2]string]bool{}
	for i, h := range campaign {
		for _, m := range messagesIn(h) {
			started[[2]string{m.Event, m.Channel}] = true
			if m.State == fleet.NoticeSending && (ended || i < len(campaign)-1) {
				m.State, m.Why = fleet.NoticeUnknown, "the campaign did not wait for its answer"
			}
			if m.State.Lost() {
				all = append(all, m)
			}
		}
	}
	for _, n := range remembered(campaign) {
		if key := [2]string{n.ID, n.Channel}; n.State.Lost() && !started[key] {
			started[key] = true
			all = append(all, report.Undelivered{At: n.At.UTC(), Channel: n.Channel, Event: n.ID, State: n.State, Why: n.Why})
		}
	}
	slices.SortStableFunc(all, func(a, b report.Undelivered) int { return a.At.Compare(b.At) })
	return all
}

// messagesIn are the messages that a run of a campaign started to send, in their
// order.
func messagesIn(h history) (all []report.Undelivered) {
	at := map[int64]int{} // places by the event of their scheduling
	for _, e := range h.events {
		if m, ok := messageOf(e); ok {
			at[e.GetEventId()], all = len(all), append(all, m)
		}
		if id, state, why := answerOf(e); id != 0 {
			if i, ok := at[id]; ok {
				all[i].State, all[i].Why = state, why
			}
		}
	}
	return all
}

// messageOf is a message that is about to be sent.
func messageOf(e *historypb.HistoryEvent) (report.Undelivered, bool) {
	scheduled := e.GetActivityTaskScheduledEventAttributes()
	if scheduled.GetActivityType().GetName() != activities.NotifyName {
		return report.Undelivered{}, false
	}
	in, ok := decode[activities.NotifyInput](scheduled.GetInput())
	return report.Undelivered{
		At: at(e), Channel: in.Channel, Event: in.Event, Title: in.Message.Title, State: fleet.NoticeSending,
	}, ok
}

// answerOf is what became of an activity, by the event of its scheduling; 0: the
// event is about none.
func answerOf(e *historypb.HistoryEvent) (id int64, state fleet.NoticeState, why string) {
	if done := e.GetActivityTaskCompletedEventAttributes(); done != nil {
		return done.GetScheduledEventId(), fleet.NoticeSent, ""
	}
	if late := e.GetActivityTaskTimedOutEventAttributes(); late != nil {
		return late.GetScheduledEventId(), fleet.NoticeUnknown, "timed out"
	}
	failed := e.GetActivityTaskFailedEventAttributes()
	if failed.GetFailure().GetApplicationFailureInfo().GetType() == names.TypeUnknownOutcome {
		return failed.GetScheduledEventId(), fleet.NoticeUnknown, failed.GetFailure().GetMessage()
	}
	return failed.GetScheduledEventId(), fleet.NoticeFailed, failed.GetFailure().GetMessage()
}

// remembered are the messages that a campaign itself remembers, as it left off.
func remembered(campaign []history) (all []fleet.Notice) {
	for _, h := range campaign {
		if in, ok := decode[api.CampaignInput](h.started().GetInput()); ok && in.Carried != nil {
			all = append(all, in.Carried.Notified.Notices...)
		}
	}
	_, payloads := campaign[len(campaign)-1].ended()
	result, _ := decode[fleet.Result](payloads)
	return append(all, result.Undelivered...)
}
