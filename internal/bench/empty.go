package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	emptyQueue    = "empty"
	emptyWorkflow = "EmptyMaintenance"
	emptyStep     = "Nothing"
	// emptyUsually is how many activities it has where Tidegate has not run before it.
	emptyUsually = 6
)

// emptyMaintenance is what the engine itself costs: activities that do nothing, one after the other.
func emptyMaintenance(ctx workflow.Context, activities int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	for range activities {
		if err := workflow.ExecuteActivity(ctx, emptyStep).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func nothing(context.Context) error { return nil }

// registerEmpty has a worker do nothing.
func registerEmpty(w worker.Registry) {
	w.RegisterWorkflowWithOptions(emptyMaintenance, workflow.RegisterOptions{Name: emptyWorkflow})
	w.RegisterActivityWithOptions(nothing, activity.RegisterOptions{Name: emptyStep})
}

// emptily runs an empty workflow for each target, as many at a time as a campaign may.
func (r *run) emptily(ctx context.Context, c client.Client) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maintenance.MostConcurrent)
	for _, t := range r.job.Targets {
		group.Go(func() error {
			one, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: t.Name, TaskQueue: emptyQueue},
				emptyWorkflow, r.empties)
			if err == nil {
				err = one.Get(ctx, nil)
			}
			if err != nil {
				return fmt.Errorf("the empty workflow of %s: %w", t.Name, err)
			}
			return nil
		})
	}
	return group.Wait() //nolint:wrapcheck // the target is named already
}
