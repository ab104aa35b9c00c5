package workers

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Tuning is how much a worker process does at a time. docs/performance.md has what each number was measured to change.
type Tuning struct {
	WorkflowPollers int // requests for workflow tasks that wait at the server
	ActivityPollers int // requests for activities that wait at the server, of each task queue
	WorkflowSlots   int // workflow tasks at a time
	ActivitySlots   int // activities at a time, of each task queue
	CachedWorkflows int // workflows whose state stays in memory between their tasks; the process has one cache
}

// usualTuning has more pollers than the SDK's two: two take two tasks in a round trip to Temporal, and a campaign on a
// Temporal 40 ms away took 2.8 times as long. The rest is the SDK's own.
func usualTuning() Tuning {
	return Tuning{
		WorkflowPollers: 10, ActivityPollers: 5, WorkflowSlots: 1000, ActivitySlots: 1000, CachedWorkflows: 10_000,
	}
}

// bound is a field of Tuning with its flag and the range of its values.
type bound struct {
	flag        string
	value       *int
	usage       string
	least, most int
}

func (t *Tuning) bounds() []bound {
	return []bound{
		// The SDK panics at 1: workflow pollers and slots take turns between the worker's own queue and the shared one.
		{"workflow-pollers", &t.WorkflowPollers, "requests for workflow tasks that wait at the server", 2, 1000},
		{"activity-pollers", &t.ActivityPollers, "requests for activities that wait at the server, of each task queue", 1, 1000},
		{"workflow-slots", &t.WorkflowSlots, "workflow tasks at a time", 2, 100_000},
		{"activity-slots", &t.ActivitySlots, "activities at a time, of each task queue; an armed trigger has one", 1, 100_000},
		{"cached-workflows", &t.CachedWorkflows, "workflows whose state stays in memory between their tasks", 0, 1_000_000},
	}
}

func (t *Tuning) register(flags *pflag.FlagSet) {
	*t = usualTuning()
	for _, b := range t.bounds() {
		flags.IntVar(b.value, b.flag, *b.value, b.usage)
	}
}

func (t *Tuning) check() error {
	var errs []error
	for _, b := range t.bounds() {
		if *b.value < b.least || *b.value > b.most {
			errs = append(errs, maintenance.Invalid("--"+b.flag, fmt.Sprint(*b.value), fmt.Sprintf("%d to %d", b.least, b.most)))
		}
	}
	return errors.Join(errs...)
}

// apply sets what each worker of the process has of it.
func (t *Tuning) apply(o *worker.Options) {
	o.MaxConcurrentWorkflowTaskPollers, o.MaxConcurrentActivityTaskPollers = t.WorkflowPollers, t.ActivityPollers
	o.MaxConcurrentWorkflowTaskExecutionSize, o.MaxConcurrentActivityExecutionSize = t.WorkflowSlots, t.ActivitySlots
}
