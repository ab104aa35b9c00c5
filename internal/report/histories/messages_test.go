package histories_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
)

// messages are events of messages, one a channel, each with its answer; nil: none.
func messages(t *testing.T, from int64, when time.Time, answers map[string]func(id int64) *historypb.HistoryEvent) (events []*historypb.HistoryEvent) {
	t.Helper()
	for channel, answer := range answers {
		in, err := converter.GetDefaultDataConverter().ToPayloads(activities.NotifyInput{Channel: channel, Event: "ended", Message: activities.Message{Title: "long has ended"}})
		require.NoError(t, err)
		from++
		events = append(events, &historypb.HistoryEvent{
			EventId: from, EventTime: timestamppb.New(when),
			Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityType: &commonpb.ActivityType{Name: activities.NotifyName}, Input: in,
			}},
		})
		if answer != nil {
			events = append(events, answer(from))
		}
	}
	return events
}

func refused(kind, says string) func(id int64) *historypb.HistoryEvent {
	return func(id int64) *historypb.HistoryEvent {
		return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
			ScheduledEventId: id,
			Failure: &failurepb.Failure{Message: says, FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
				ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: kind},
			}},
		}}}
	}
}

func TestMessagesThatDidNotArriveAreReported(t *testing.T) {
	t.Parallel()
	r := load(t)
	require.Empty(t, r.make(t).Undelivered)
	events := r[campaignID+"@"]
	last := events[len(events)-1]
	added := messages(t, 10_000, last.GetEventTime().AsTime(), map[string]func(int64) *historypb.HistoryEvent{
		"arrived": func(id int64) *historypb.HistoryEvent {
			return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
				ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{ScheduledEventId: id},
			}}
		},
		"late": func(id int64) *historypb.HistoryEvent {
			return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
				ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{ScheduledEventId: id},
			}}
		},
		"refused": refused("other", "not sent: 403 Forbidden"), "doubtful": refused(names.TypeUnknownOutcome, "no answer"), "left": nil,
	})
	r[campaignID+"@"] = append(append(events[:len(events)-1:len(events)-1], added...), last)
	d := r.make(t)
	got := map[string]report.Undelivered{}
	for _, u := range d.Undelivered {
		require.Equal(t, "long has ended", u.Title)
		require.False(t, u.At.IsZero())
		got[u.Channel] = report.Undelivered{State: u.State, Why: u.Why}
	}
	require.Equal(t, map[string]report.Undelivered{
		"refused":  {State: fleet.NoticeFailed, Why: "not sent: 403 Forbidden"},
		"doubtful": {State: fleet.NoticeUnknown, Why: "no answer"},
		"late":     {State: fleet.NoticeUnknown, Why: "timed out"},
		"left":     {State: fleet.NoticeUnknown, Why: "the campaign did not wait for its answer"},
	}, got)
	require.Contains(t, markdown(t, d), "| refused | long has ended | failed | not sent: 403 Forbidden |")
}

func markdown(t *testing.T, d report.Document) string {
	t.Helper()
	text, err := report.Render(d, report.Markdown)
	require.NoError(t, err)
	return string(text)
}
