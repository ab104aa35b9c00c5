package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	naiveQueue    = "naive"
	naiveWorkflow = "NaiveMaintenance"
	naiveStep     = "Step"
)

// naiveInput is what the naive workflow and its activity are told. Neither travels with the whole
// fleet.
type naiveInput struct {
	Opening  time.Time     `json:"opening"`
	Poll     time.Duration `json:"poll"`
	Target   target        `json:"target"`
	Progress progress      `json:"progress"`
}

// naiveMaintenance is what the samples suggest: a timer until the window opens, then an activity and
// a timer a poll.
func naiveMaintenance(ctx workflow.Context, in naiveInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	if err := workflow.Sleep(ctx, in.Opening.Sub(workflow.Now(ctx))); err != nil {
		return err
	}
	timing := job{Poll: in.Poll}
	for in.Progress.Stage != finished {
		var next progress
		if err := workflow.ExecuteActivity(ctx, naiveStep, in).Get(ctx, &next); err != nil {
			return err
		}
		if d := timing.pause(in.Progress, next); d > 0 {
			if err := workflow.Sleep(ctx, d); err != nil {
				return err
			}
		}
		in.Progress = next
	}
	return nil
}

// Step is the naive workflow's only activity.
func (h *hands) Step(ctx context.Context, in naiveInput) (progress, error) {
	return h.step(ctx, in.Target, in.Progress)
}

// workNaively is the naive workflow's worker, until ctx ends.
func workNaively(ctx context.Context, j job) error {
	h, err := open(ctx, j)
	if err != nil {
		return err
	}
	return work(ctx, j, naiveQueue, func(w worker.Registry) {
		w.RegisterWorkflowWithOptions(naiveMaintenance, workflow.RegisterOptions{Name: naiveWorkflow})
		w.RegisterActivity(h.Step)
	})
}

// work is a worker of a peer with the SDK's defaults, until ctx ends.
func work(ctx context.Context, j job, queue string, register func(worker.Registry)) error {
	c, err := connect(ctx, j.Temporal)
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer c.Close()
	w := worker.New(c, queue, worker.Options{})
	register(w)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	<-ctx.Done()
	w.Stop()
	return nil
}

// naively starts a naive workflow for each target and waits for all of them.
func (r *run) naively(ctx context.Context, c client.Client) error {
	var started []client.WorkflowRun
	for _, t := range r.job.Targets {
		one, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: t.Name, TaskQueue: naiveQueue}, naiveWorkflow,
			naiveInput{Opening: r.job.Opening, Poll: r.job.Poll, Target: t})
		if err != nil {
			return fmt.Errorf("start the workflow of %s: %w", t.Name, err)
		}
		started = append(started, one)
	}
	for _, one := range started {
		if err := one.Get(ctx, nil); err != nil {
			return fmt.Errorf("the naive workflow of %s: %w", one.GetID(), err)
		}
	}
	return nil
}
