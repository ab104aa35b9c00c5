// Package workers starts what carries out maintenances: a worker for the workflows, and one
// for the activities in each cloud account, on a task queue of its own with a rate of its own.
// The worker process, the demo and the tests all start them here. It reads no configuration.
// Start at Start and Options.
package workers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
)

// Options say how to work. The zero value polls workflows.TaskQueue.
type Options struct {
	// Queue is the workflows' task queue; the accounts' are named after it.
	Queue string
	// Version is which build this is. All its workers poll as that build, those of
	// the activities too, so that what is pinned to a build has its activities there
	// as well. The zero value is unversioned.
	Version Version
	// Channels are those that campaigns may notify; nil: none.
	Channels activities.Channels
	// WebUI is where people find Temporal's Web UI; empty: messages do not link to it.
	WebUI string
	// Each is what the workers have in common: identity, patience, interceptors.
	Each worker.Options
}

// Start starts the workers of the accounts, and of the workflows. The function
// that it returns stops them, and waits for what is under way as long as
// Each.WorkerStopTimeout says.
func Start(c client.Client, known *accounts.Accounts, o Options) (stop func(), err error) {
	o.Queue = cmp.Or(o.Queue, api.TaskQueue)
	if o.Version != (Version{}) {
		// No default behaviour: a workflow that does not say its own is not to be registered.
		o.Each.DeploymentOptions = worker.DeploymentOptions{UseVersioning: true, Version: o.Version}
	}
	p := activities.Providers{
		AWS: known, Huawei: known, Known: known, Runs: c, Now: time.Now, Channels: o.Channels, WebUI: o.WebUI,
	}
	temporal := worker.New(c, o.Queue, o.Each)
	workflows.Register(temporal)
	temporal.RegisterActivity(p.Engine())

	var all []worker.Worker
	onAWS, onHuawei := known.Rates()
	for account, rate := range onAWS {
		w := worker.New(c, names.AWSQueue(o.Queue, account), o.activities(rate))
		w.RegisterActivity(p.StorageGateway())
		all = append(all, w)
	}
	for account, rate := range onHuawei {
		w := worker.New(c, names.HuaweiQueue(o.Queue, account), o.activities(rate))
		w.RegisterActivity(p.TaurusDB())
		all = append(all, w)
	}
	return start(append(all, temporal))
}

func start(all []worker.Worker) (stop func(), err error) {
	var running []worker.Worker
	stop = func() {
		var stopping sync.WaitGroup
		for _, w := range running { // all at once: each has the whole patience
			stopping.Go(w.Stop)
		}
		stopping.Wait()
	}
	for _, w := range all {
		if err := w.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("poll the task queues: %w", err)
		}
		running = append(running, w)
	}
	return stop, nil
}

func (o Options) activities(perSecond float64) worker.Options {
	each := o.Each
	each.DisableWorkflowWorker = true
	each.TaskQueueActivitiesPerSecond = perSecond
	return each
}

// Queues are the task queues that Start polls for activities: the workflows',
// then the accounts'.
func Queues(workflows string, known *accounts.Accounts) []string {
	queues := []string{workflows}
	onAWS, onHuawei := known.Rates()
	for _, account := range slices.Sorted(maps.Keys(onAWS)) {
		queues = append(queues, names.AWSQueue(workflows, account))
	}
	for _, account := range slices.Sorted(maps.Keys(onHuawei)) {
		queues = append(queues, names.HuaweiQueue(workflows, account))
	}
	return queues
}
