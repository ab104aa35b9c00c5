package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// Version is a build of the worker among those of its deployment.
type Version = worker.WorkerDeploymentVersion

// ErrReplaced says that a build was current once and another one took its place.
// Only a person takes that back: a build that starts again must not.
var ErrReplaced = errors.New("this build was current before, and another one was put in its place")

// promotePace is how often Promote tries: Temporal learns within seconds what
// polls.
const promotePace = 500 * time.Millisecond

// Promote makes a version the current one of its deployment, once Temporal has
// seen it poll the workflows' queue and every queue of activities. It tries until
// ctx is done, and then says what was in the way; ErrReplaced ends it at once.
func Promote(ctx context.Context, c client.Client, v Version, queues []string) error {
	deployment := c.WorkerDeploymentClient().GetHandle(v.DeploymentName)
	tick := time.NewTicker(promotePace)
	defer tick.Stop()
	var last error
	for {
		err := promote(ctx, deployment, v, queues)
		if err == nil || errors.Is(err, ErrReplaced) {
			return err
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("make build %s the current one of deployment %s: %w: %w", v.BuildID, v.DeploymentName,
				cmp.Or(context.Cause(ctx), ctx.Err()), last)
		case <-tick.C:
		}
	}
}

func promote(ctx context.Context, deployment client.WorkerDeploymentHandle, v Version, queues []string) error {
	described, err := deployment.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: v.BuildID})
	if err != nil {
		return fmt.Errorf("read what Temporal knows of it: %w", err)
	}
	info := described.Info
	switch {
	case !info.CurrentSinceTime.IsZero():
		return nil
	case info.DrainageInfo != nil:
		return ErrReplaced
	}
	wanted := []client.WorkerDeploymentTaskQueueInfo{{Name: queues[0], Type: client.TaskQueueTypeWorkflow}}
	for _, queue := range queues {
		wanted = append(wanted, client.WorkerDeploymentTaskQueueInfo{Name: queue, Type: client.TaskQueueTypeActivity})
	}
	for _, queue := range wanted {
		if !slices.Contains(info.TaskQueuesInfos, queue) {
			return fmt.Errorf("Temporal has not seen it poll %s yet", queue.Name) //nolint:staticcheck // a name starts it
		}
	}
	_, err = deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: v.BuildID})
	return err
}
