package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/workers"
)

// A run that is cancelled while its policy is on the way to AWS waits for the answer: else
// it would remove the mark first, and the policy would stay. The SDK's test environment
// does not wait for a cancelled activity; the server does.
func TestCancelledBetweenAMarkAndItsPolicy(t *testing.T) {
	t.Parallel()
	l := newLab(t, fleet())
	var first sync.Once
	underWay, goOn := make(chan struct{}), make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".UpdateMaintenanceStartTime") {
			first.Do(func() {
				close(underWay)
				<-goOn
			})
		}
		l.sim.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	answer := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(answer)
	l.queue += "-slow"
	stop, err := workers.Start(l.client, cloudsAt(t, front.URL), workers.Options{Queue: l.queue})
	require.NoError(t, err)
	t.Cleanup(stop)
	before := l.sim.AWS().State().Gateways[0]

	in := input(0)
	in.Policy.AutomaticUpdates = maintenance.AutomaticUpdatesHold
	run := l.start(in)
	<-underWay
	require.Contains(t, l.sim.AWS().State().Gateways[0].Tags, maintenance.AutomaticUpdatesTag)
	require.NoError(t, l.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.Eventually(t, func() bool {
		return has(l.history(run), enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
	}, time.Minute, 10*time.Millisecond, "the run has heard it")
	started := sent(l.history(run))
	require.Equal(t, "HoldAutomaticUpdates", started[len(started)-1], "it starts nothing before the answer is there")
	answer()

	result, _ := l.end(run)
	require.Equal(t, maintenance.StateCompensated, result.State, result.Summary)
	after := l.sim.AWS().State().Gateways[0]
	require.Equal(t, before.AutomaticUpdatePolicy, after.AutomaticUpdatePolicy)
	require.Equal(t, before.Tags, after.Tags)
	require.Equal(t, map[string]int{
		"storagegateway:AddTagsToResource " + gatewayID:          1,
		"storagegateway:UpdateMaintenanceStartTime " + gatewayID: 2,
		"storagegateway:RemoveTagsFromResource " + gatewayID:     1,
	}, count(l.effects()))
}

func has(events []*historypb.HistoryEvent, kind enumspb.EventType) bool {
	for _, e := range events {
		if e.GetEventType() == kind {
			return true
		}
	}
	return false
}

// sent are the activities that a history has started, in their order.
func sent(events []*historypb.HistoryEvent) (all []string) {
	for _, e := range events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			all = append(all, a.GetActivityType().GetName())
		}
	}
	return all
}
