package operate

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/workflows/api"
)

// Build is one of a worker deployment; the zero value stands for workers without a
// version.
type Build struct{ Deployment, ID string }

// String is the build for people.
func (b Build) String() string {
	if b == (Build{}) {
		return "workers without a version"
	}
	return "build " + b.Deployment + " " + b.ID
}

// Worker is one of the build, for people.
func (b Build) Worker() string {
	if b == (Build{}) {
		return "worker without a version"
	}
	return "worker of " + b.String()
}

// Command is how a worker of the build is started.
func (b Build) Command(queue string) string {
	text := "tidegate-worker --accounts FILE" + QueueFlag(queue)
	if b != (Build{}) {
		text += " --deployment " + b.Deployment + " --build-id " + b.ID
	}
	return text
}

// pollFresh is how old a worker's last poll may be: a long poll lasts a minute.
const pollFresh = 2 * time.Minute

// QueueFlag is the flag that names a task queue in a command that is advised; empty for the default one.
func QueueFlag(queue string) string {
	if queue == api.TaskQueue {
		return ""
	}
	return " --task-queue " + queue
}

// CurrentOf is the build to which Temporal gives the tasks of a queue, where a run is
// not pinned to another one.
func CurrentOf(described *workflowservice.DescribeTaskQueueResponse) Build {
	v := described.GetVersioningInfo().GetCurrentDeploymentVersion()
	return Build{v.GetDeploymentName(), v.GetBuildId()}
}

// PollersOf are the workers of a build that polled lately, and the others, each with its
// build.
func PollersOf(described *workflowservice.DescribeTaskQueueResponse, want Build) (found, others []string) {
	for _, p := range described.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) > pollFresh {
			continue
		}
		var has Build
		if o := p.GetDeploymentOptions(); o.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED {
			has = Build{o.GetDeploymentName(), o.GetBuildId()}
		}
		if has == want {
			found = append(found, Worker(p.GetIdentity()))
		} else {
			others = append(others, fmt.Sprintf("%s (%s)", Worker(p.GetIdentity()), has))
		}
	}
	return found, others
}

// usualIdentity is how the Temporal SDKs name a worker that was given no name: its process,
// its host, and maybe its task queue.
var usualIdentity = regexp.MustCompile(`^(\d+)@([^@]+)@`)

// Worker names a worker for people, from its identity in Temporal: a name that it was given
// stays as it is.
func Worker(identity string) string {
	if m := usualIdentity.FindStringSubmatch(identity); m != nil {
		return "process " + m[1] + " on " + m[2]
	}
	return identity
}

// TakeUpTimeout is how long a worker may take to start on a workflow that nobody
// follows. One that has something to do besides takes seconds, another milliseconds.
const TakeUpTimeout = 10 * time.Second

// untaken are the events of a workflow that no worker has started on: its start, and
// its first task.
const untaken = 2

// TakenUp is true once a worker has started on a workflow.
func TakenUp(ctx context.Context, c Session, run client.WorkflowRun) (bool, error) {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for start := time.Now(); ; {
		described, err := c.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
		if err != nil {
			return false, fmt.Errorf("%s is started; check whether a worker picks it up: %w", run.GetID(), err)
		}
		info := described.GetWorkflowExecutionInfo()
		if info.GetHistoryLength() > untaken || info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return true, nil
		}
		if time.Since(start) > TakeUpTimeout {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("%s is started; interrupted before a worker picked it up", run.GetID())
		case <-again.C:
		}
	}
}

// PolledBy says who polls a task queue for workflows, as Temporal lists it.
func PolledBy(ctx context.Context, c Session, queue string) string {
	described, err := c.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return ""
	}
	want := CurrentOf(described)
	found, others := PollersOf(described, want)
	switch {
	case len(found) > 0:
		return fmt.Sprintf(", although %s polled task queue %s recently", strings.Join(found, ", "), queue)
	case len(others) > 0:
		return fmt.Sprintf("; it waits for %s, and task queue %s is polled only by %s", want, queue,
			strings.Join(others, ", "))
	}
	return "; no worker polls task queue " + queue
}
