package examine

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// lostAfter is how long a worker may be silent before another one asks.
const lostAfter = 30 * time.Second

// TryChecks asks health checks once, for a person who waits.
func TryChecks(ctx workflow.Context, in api.TryChecksInput) (asked []health.Asked, err error) {
	err = call.Start(ctx, workflow.ActivityOptions{
		Summary:                "ask the health checks now",
		StartToCloseTimeout:    api.TryChecksLimit,
		ScheduleToCloseTimeout: api.TryChecksLimit,
		HeartbeatTimeout:       lostAfter,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: call.FirstRetry, BackoffCoefficient: 2, MaximumInterval: call.LongestRetry,
		},
	}, call.Watcher.TryChecks, checks.TryChecksInput{
		Checks: in.Checks, Targets: in.Targets, Campaign: in.Campaign,
	}).Get(ctx, &asked)
	return asked, err
}
