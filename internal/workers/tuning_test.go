package workers_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The SDK itself counts what a tuned worker has: pollers and slots of each kind and task queue.
func TestAWorkerHasWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	w := &watched{newStage(t, freeAddress(t)), map[string]func(){}}
	w.hire("--workflow-pollers", "8", "--activity-pollers", "3", "--workflow-slots", "70", "--activity-slots", "9")
	pollers := func(queue, kind string) float64 {
		return w.sum(fmt.Sprintf(`temporal_num_pollers{activity_type="none",client_name="temporal_go",namespace="default",poller_type=%q,task_queue=%q`, kind, queue))
	}
	slots := func(queue, kind string) float64 {
		return w.sum(fmt.Sprintf(`temporal_worker_task_slots_available{activity_type="none",client_name="temporal_go",namespace="default",task_queue=%q,worker_type=%q`, queue, kind))
	}
	want := []float64{8, 3, 3, 70, 9}
	var got []float64
	require.Eventually(t, func() bool {
		got = []float64{
			pollers("tidegate", "workflow_task") + pollers("tidegate", "workflow_sticky_task"),
			pollers("tidegate", "activity_task"), pollers("tidegate-aws-sim", "activity_task"),
			slots("tidegate", "WorkflowWorker"), slots("tidegate-aws-sim", "ActivityWorker"),
		}
		return slices.Equal(want, got)
	}, time.Minute, 200*time.Millisecond, "%v %v", got, w.logs.String())
}
