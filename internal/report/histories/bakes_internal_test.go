package histories

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/report"
)

// What was seen while a target baked stands in the record of its last run.
func TestTheValuesOfABakeAreReported(t *testing.T) {
	t.Parallel()
	encoded := func(value any) *commonpb.Payloads {
		payloads, err := converter.GetDefaultDataConverter().ToPayloads(value)
		require.NoError(t, err)
		return payloads
	}
	target := func(arn string) checks.BakeTarget {
		return checks.BakeTarget{Subject: health.Subject{Target: maintenance.Target{Gateway: maintenance.GatewayRef{Account: "prod", ARN: arn}}}}
	}
	scheduled := func(id int64, name string, in any) *historypb.HistoryEvent {
		return &historypb.HistoryEvent{EventId: id, Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{ActivityType: &commonpb.ActivityType{Name: name}, Input: encoded(in)},
		}}
	}
	completed := func(id, of int64, out any) *historypb.HistoryEvent {
		return &historypb.HistoryEvent{EventId: id, Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{ScheduledEventId: of, Result: encoded(out)},
		}}
	}
	state := func(s string) checks.BakeState {
		return checks.BakeState{Records: []maintenance.CheckRecord{{Check: "error rate", Moment: "bake", State: s}}}
	}
	in := checks.BakeInput{Targets: []checks.BakeTarget{target("a"), target("b")}}
	all := []*historypb.HistoryEvent{
		scheduled(5, watchBake, in), scheduled(6, "SurveyGateway", struct{}{}), completed(7, 6, struct{}{}),
		completed(8, 5, checks.BakeOutput{States: []checks.BakeState{state("failed"), state("passing")}}),
		scheduled(9, watchBake, in), // which has not ended
	}
	kept := bakeEvents{}
	var p page
	for _, e := range all {
		if kept.wants(e) {
			p.history.events = append(p.history.events, e)
		}
	}
	require.Len(t, p.history.events, 3)
	found := p.bakes()
	require.Equal(t, "failed", found["a"][0].State)
	require.Equal(t, "passing", found["b"][0].State)

	before := &maintenance.Result{Checks: []maintenance.CheckRecord{{Check: "clean"}}}
	runs := []report.Run{{}, {Result: before}, {}}
	withBake(runs, found["a"])
	require.Len(t, runs[1].Result.Checks, 2)
	require.Len(t, before.Checks, 1)
	withBake(runs, nil)
	require.Len(t, runs[1].Result.Checks, 2)
}
