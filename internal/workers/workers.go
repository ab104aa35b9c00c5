// Package workers starts what carries out maintenances: a worker for the workflows, and one
// for the activities in each cloud account, on a task queue of its own with a rate of its own.
// The worker process, the demo and the tests all start them here. It reads no configuration.
// Start at Start and Options.
package workers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/export"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/slots"
	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/sources"
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
	// Servers are the monitoring servers that health checks ask; nil: none.
	Servers *servers.Servers
	// Signers are the groups of people who may sign; nil: none.
	Signers *signers.Groups
	// WebUI is where people find Temporal's Web UI; empty: messages do not link to it.
	WebUI string
	// Now is the clock of this worker; nil: the machine's.
	Now activities.Clock
	// Requested is told each request to a cloud that has ended; nil: nobody.
	Requested func(context.Context, calltrace.Request)
	// Recorder writes the exchanges of activities with clouds; nil: nobody does.
	Recorder *recorder.Recorder
	// State shows the state of campaigns, by one worker of all at a time; nil: this one does not.
	State export.State
	// Each is what the workers have in common: identity, patience, interceptors.
	Each worker.Options
}

// taskPatience is how long a piece of a workflow may compute until the SDK takes it for a deadlock; its own default is
// a second. A campaign of ten thousand targets takes a tenth of one to decide and to carry its state on, and on a
// machine that is overloaded ten times that. Its task would fail then, and be retried into the same. Temporal itself
// gives a task ten seconds.
const taskPatience = 5 * time.Second

// Start starts the workers of the accounts, and of the workflows. The function
// that it returns stops them, and waits for what is under way as long as
// Each.WorkerStopTimeout says.
func Start(c client.Client, known *accounts.Accounts, o Options) (stop func(), err error) {
	o.Queue = cmp.Or(o.Queue, api.TaskQueue)
	o.Each.DeadlockDetectionTimeout = cmp.Or(o.Each.DeadlockDetectionTimeout, taskPatience)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Version != (Version{}) {
		// No default behaviour: a workflow that does not say its own is not to be registered.
		o.Each.DeploymentOptions = worker.DeploymentOptions{UseVersioning: true, Version: o.Version}
	}
	onAWS, onHuawei := known.Rates()
	rates := map[string]float64{}
	for account, rate := range onAWS {
		rates[names.AWSQueue(o.Queue, account)] = rate
	}
	for account, rate := range onHuawei {
		rates[names.HuaweiQueue(o.Queue, account)] = rate
	}
	if o.Servers == nil {
		o.Servers = &servers.Servers{}
	}
	if o.Signers == nil {
		o.Signers = signers.NewGroups(nil)
	}
	asked := sources.New(known, o.Servers, o.Now)
	p := activities.Providers{
		AWS: known, Huawei: known, Known: known, Runs: c, Now: o.Now, Channels: o.Channels, Servers: o.Servers,
		Asker: asked, Muter: asked, WebUI: o.WebUI, Beats: c, Turns: &slots.Turns{}, Ahead: activities.ArmAhead,
		Signers: signersOf{o.Signers, known}, Temporal: c,
		Durations: durations.New(c, o.Queue, rates, o.Now), Workflows: o.Queue,
	}
	o.Each.Interceptors = append(slices.Clone(o.Each.Interceptors),
		&observed{requested: o.Requested, recorder: o.Recorder}, &logged{})
	p.Slots = &slots.SendSlots{Client: c, Queue: o.Queue, Rates: onAWS}
	temporal := worker.New(c, o.Queue, o.Each)
	workflows.Register(temporal)
	activities.RegisterShared(temporal, p)
	temporal.RegisterActivity(&export.Exporter{State: o.State, Beats: c, Now: o.Now})

	var all []worker.Worker
	for account, rate := range onAWS {
		options := o.activities(rate)
		options.Interceptors = append(slices.Clone(options.Interceptors), p.Turns.Of(account, rate))
		w := worker.New(c, names.AWSQueue(o.Queue, account), options)
		w.RegisterActivity(p.StorageGateway())
		all = append(all, w)
	}
	for account, rate := range onHuawei {
		w := worker.New(c, names.HuaweiQueue(o.Queue, account), o.activities(rate))
		w.RegisterActivity(p.TaurusDB())
		all = append(all, w)
	}
	stop, err = start(append(all, temporal))
	if err != nil || o.State == nil {
		return stop, err
	}
	return alsoExport(c, o.Queue, stop), nil
}

// signersOf are the groups of signers of one configuration, and what its accounts demand.
type signersOf struct {
	*signers.Groups
	known *accounts.Accounts
}

// Demand is what an account demands.
func (s signersOf) Demand(account string) (signing.Demand, error) { return s.known.Demand(account) }

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
