package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/slots"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// The rate holds over everybody who asks. The workflow ends when nobody asks any more, and no slot is ahead.
func TestSendSlotsKeepTheRateOfAnAccount(t *testing.T) {
	t.Parallel()
	env := started(t, noon.Add(-2*time.Minute))
	workflows.Register(env)
	given := map[time.Time]bool{}
	ask := func(id string, keys ...string) {
		in := slots.Allot{Distance: 50 * time.Millisecond}
		for _, key := range keys {
			in.Triggers = append(in.Triggers, slots.For{Key: key, From: noon})
		}
		env.UpdateWorkflow(names.AllotUpdate, id, &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(t, err) },
			OnComplete: func(out any, err error) {
				require.NoError(t, err)
				times, ok := out.([]time.Time)
				require.True(t, ok)
				require.Len(t, times, len(keys))
				for _, at := range times {
					given[at.UTC()] = true
				}
			},
		}, in)
	}
	env.RegisterDelayedCallback(func() { ask("first", "a", "b") }, time.Second)
	env.RegisterDelayedCallback(func() { ask("second", "c", "a") }, time.Minute)
	env.ExecuteWorkflow(names.SendSlotsName, maintenance.SendSlots(nil))
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	for i := range 3 {
		require.True(t, given[noon.Add(time.Duration(i)*50*time.Millisecond)], fmt.Sprint(given))
	}
	require.Len(t, given, 3, "a trigger keeps its slot")
}
