package call

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Calls are the activities that a workflow has started, for people: what each is for,
// and its deadline. Which response an attempt had stands in Temporal's pending
// activities, under the same id. None of it costs an event.
type Calls struct {
	of      string // in the activities' ids
	started int
	open    []openCall
	changed func(workflow.Context)
}

type openCall struct {
	maintenance.Call
	future workflow.Future
}

// callsKey is under which a context has its workflow's calls.
type callsKey struct{}

// Follow has the activities that are started under the context noted. Their ids start with
// what the workflow is of: the SDK's test environment tells the activities of all
// workflows apart by their ids alone. (The workflow's own id would not do: a replay may
// have another.)
func (c *Calls) Follow(ctx workflow.Context, of string, changed func(workflow.Context)) workflow.Context {
	c.of, c.changed = of, changed
	return workflow.WithValue(ctx, callsKey{}, c)
}

// execute starts an activity, and notes it where its workflow follows them. What only
// watches for as long as the run waits is not noted: the run says for what it waits.
func execute(ctx workflow.Context, options workflow.ActivityOptions, activity, in any) workflow.Future {
	c, followed := ctx.Value(callsKey{}).(*Calls)
	if followed {
		c.started++
		options.ActivityID = fmt.Sprintf("%s/%d", c.of, c.started)
	}
	future := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, in)
	if followed && options.ScheduleToCloseTimeout < WatchLimit {
		now := workflow.Now(ctx)
		call := maintenance.Call{
			ID: options.ActivityID, What: options.Summary, Since: now, Until: now.Add(options.ScheduleToCloseTimeout),
		}
		c.open = append(c.current(), openCall{call, future})
		c.changed(ctx)
	}
	return future
}

// current are those that have not ended.
func (c *Calls) current() []openCall {
	var open []openCall
	for _, one := range c.open {
		if !one.future.IsReady() {
			open = append(open, one)
		}
	}
	return open
}

// List are the same, for people.
func (c *Calls) List() (list []maintenance.Call) {
	for _, one := range c.current() {
		list = append(list, one.Call)
	}
	return list
}
