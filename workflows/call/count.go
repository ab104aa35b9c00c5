package call

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Count counts what a workflow has done, under a name of package metric. While the workflow is replayed it counts
// nothing.
func Count(ctx workflow.Context, name string, labels map[string]string) {
	workflow.GetMetricsHandler(ctx).WithTags(labels).Counter(name).Inc(1)
}

// Measure is Count for how long something took.
func Measure(ctx workflow.Context, name string, took time.Duration, labels map[string]string) {
	workflow.GetMetricsHandler(ctx).WithTags(labels).Timer(name).Record(took)
}
