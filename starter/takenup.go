package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
)

// takeUpTimeout is how long a worker may take to start on a workflow that nobody
// follows. One that has something to do besides takes seconds, another milliseconds.
const takeUpTimeout = 10 * time.Second

// untaken are the events of a workflow that no worker has started on: its start, and
// its first task.
const untaken = 2

// detached prints what has been started and is not followed. It is a heldError where no
// worker has taken it up: it is there, and nothing happens until a person starts one.
func detached(cmd *cobra.Command, c operate.Session, run client.WorkflowRun, queue, name string, record func() error) error {
	taken, err := takenUp(cmd.Context(), c, run)
	if err != nil {
		return err
	}
	if taken {
		cmd.PrintErrf("Follow it with: tidegate watch %s\n", name)
		return record()
	}
	if err := record(); err != nil {
		return err
	}
	return heldError{fmt.Errorf("%s is started, and nothing happens yet: no worker took it up within %s%s. Start a worker (worker --accounts FILE%s): it goes on by itself; "+
		"tidegate doctor says what is missing. Then follow it with: tidegate watch %s", name, maintenance.Duration(takeUpTimeout), polledBy(cmd.Context(), c, queue), queueFlag(queue), name)}
}

// takenUp is true once a worker has started on a workflow.
func takenUp(ctx context.Context, c operate.Session, run client.WorkflowRun) (bool, error) {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for start := time.Now(); ; {
		described, err := c.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
		if err != nil {
			return false, fmt.Errorf("%s is started; look whether a worker takes it up: %w", run.GetID(), err)
		}
		info := described.GetWorkflowExecutionInfo()
		if info.GetHistoryLength() > untaken || info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return true, nil
		}
		if time.Since(start) > takeUpTimeout {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("%s is started; interrupted before a worker took it up", run.GetID())
		case <-again.C:
		}
	}
}

// polledBy says who polls a task queue for workflows, as Temporal lists it.
func polledBy(ctx context.Context, c operate.Session, queue string) string {
	described, err := c.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return ""
	}
	want := currentOf(described)
	found, others := pollersOf(described, want)
	switch {
	case len(found) > 0:
		return fmt.Sprintf(", though %s polled task queue %s lately", strings.Join(found, ", "), queue)
	case len(others) > 0:
		return fmt.Sprintf("; it waits for %s, and task queue %s is polled only by %s", want, queue, strings.Join(others, ", "))
	}
	return "; nobody polls task queue " + queue
}
