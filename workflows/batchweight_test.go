package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// A batch that is as heavy as batches get is read five times, then all of its targets are
// maintained: its history stays below 5,000 events, a tenth of what Temporal allows.
func TestTheHistoryOfABatchIsBoundedByTheWeightOfItsTargets(t *testing.T) {
	t.Parallel()
	for name, instances := range map[string]int{"no proxies": 0, "ten proxies of three instances": 3, "ten instances": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(api.PageSize)
			in := s.page()
			for i := range in.Targets {
				for p := range min(10, 10*instances) {
					in.Targets[i].Proxies = append(in.Targets[i].Proxies, maintenance.ProxyRef{
						Account: "prod", InstanceID: fmt.Sprintf("%d-%d", i, p*instances/10), ProxyID: fmt.Sprintf("%d-%d", i, p),
					})
				}
			}
			in.Targets = in.Targets[:api.FirstBatch(in.Targets)]
			require.Len(t, in.Targets, api.BatchWeight/(1+instances))

			env := under(t, noon.Add(-time.Hour), s)
			env.meter.alone = true
			env.RegisterActivityWithOptions(proxiesAsNamed, activity.RegisterOptions{Name: "SurveyProxies", DisableAlreadyRegisteredCheck: true})
			maintained := 0
			env.RegisterWorkflowWithOptions(func(workflow.Context, api.MaintenanceInput) (maintenance.Result, error) {
				maintained++
				return maintenance.Result{State: maintenance.StateCompleted}, nil
			}, workflow.RegisterOptions{Name: api.GatewayMaintenanceName, DisableAlreadyRegisteredCheck: true})
			instruct := func(after time.Duration, in api.Instructions) {
				env.RegisterDelayedCallback(func() { env.SignalWorkflow(api.InstructionsSignal, in) }, after)
			}
			var read, start api.Instructions
			for i := range in.Targets {
				read.Read = append(read.Read, i)
				start.Start = append(start.Start, api.Attempt{Line: i, Attempt: 1})
			}
			for again := range 4 {
				instruct(time.Duration(again+1)*time.Minute, read)
			}
			instruct(10*time.Minute, start)
			instruct(20*time.Minute, api.Instructions{Close: true})
			env.ExecuteWorkflow(api.BatchName, in)
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, len(in.Targets), maintained)
			require.Less(t, env.meter.events, 5_000)
			t.Logf("%d targets: %d events", len(in.Targets), env.meter.events)
		})
	}
}

// proxiesAsNamed are proxies that run the newest version.
func proxiesAsNamed(_ context.Context, in activities.SurveyProxiesInput) (all []activities.SurveyedProxy, _ error) {
	for _, ref := range in.Proxies {
		all = append(all, activities.SurveyedProxy{Ref: ref, ReadProxyOutput: activities.ReadProxyOutput{
			ProxyState: activities.ProxyState{Done: true, Goal: "2.26.06.000", Kernel: maintenance.ProxyKernel{Current: "2.26.06.000"}},
		}})
	}
	return all, nil
}
