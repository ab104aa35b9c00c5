// Package workers starts what carries out maintenances: a worker for the
// workflows, and one for the activities of each cloud on a task queue of its own
// with a rate of its own. The worker process, the demo and the tests all start
// them here.
package workers

import (
	"fmt"
	"sync"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/workflows"
)

// Options say how to work. The zero value polls workflows.TaskQueue without
// limits.
type Options struct {
	// Queue is the workflows' task queue; the clouds' are named after it.
	Queue string
	// AWSPerSecond and HuaweiPerSecond bound the activities that the server gives
	// out to all workers together; 0 does not.
	AWSPerSecond, HuaweiPerSecond float64
	// Each is what the workers have in common: identity, patience, interceptors.
	Each worker.Options
}

// Start starts the workers. The function that it returns stops them, and waits
// for what is under way as long as Each.WorkerStopTimeout says.
func Start(c client.Client, p activities.Providers, o Options) (stop func(), err error) {
	if o.Queue == "" {
		o.Queue = workflows.TaskQueue
	}
	temporal := worker.New(c, o.Queue, o.Each)
	workflows.Register(temporal)
	temporal.RegisterActivity(p.Engine())

	aws := worker.New(c, activities.OnAWS.Queue(o.Queue), o.activities(o.AWSPerSecond))
	aws.RegisterActivity(p.StorageGateway())

	huawei := worker.New(c, activities.OnHuawei.Queue(o.Queue), o.activities(o.HuaweiPerSecond))
	huawei.RegisterActivity(p.TaurusDB())

	var running []worker.Worker
	stop = func() {
		var stopping sync.WaitGroup
		for _, w := range running { // all at once: each has the whole patience
			stopping.Go(w.Stop)
		}
		stopping.Wait()
	}
	for _, w := range []worker.Worker{aws, huawei, temporal} {
		if err := w.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("poll task queue %s: %w", o.Queue, err)
		}
		running = append(running, w)
	}
	return stop, nil
}

// Queues are the task queues that Start polls: the workflows' first, then those
// of activities only.
func Queues(workflows string) (queue string, ofActivities []string) {
	return workflows, []string{activities.OnAWS.Queue(workflows), activities.OnHuawei.Queue(workflows)}
}

func (o Options) activities(perSecond float64) worker.Options {
	each := o.Each
	each.DisableWorkflowWorker = true
	each.TaskQueueActivitiesPerSecond = perSecond
	return each
}
