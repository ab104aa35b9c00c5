// Package export has the workflow that keeps one worker at a time showing the state of campaigns in its metrics.
package export

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/export"
	"github.com/tidegate/tidegate/workflows/call"
)

var exporter *export.Exporter //nolint:gochecknoglobals // never set: a name for method values

// State runs for as long as the namespace: its one activity goes from worker to worker, and costs no history. Each
// worker starts it where it does not run.
func State(ctx workflow.Context) error {
	_, err := call.Do(ctx, workflow.ActivityOptions{
		Summary:             "show the state of campaigns in a worker's metrics",
		StartToCloseTimeout: call.WatchLimit,
		HeartbeatTimeout:    export.Lease,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1, MaximumInterval: time.Second,
		},
	}, exporter.ExportState, export.Input{})
	return err
}
