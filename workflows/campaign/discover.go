package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/target"
	"github.com/tidegate/tidegate/workflows/webui"
)

// pagesLimit is how long the rest of a plan may take to arrive.
const pagesLimit = 15 * time.Minute

// firstPatience is how long a campaign waits in vain for one more target to be read
// before it decides with those that it knows.
const firstPatience = maintenance.Duration(20 * time.Second)

// discoveredLine is what is known of a target while the fleet is discovered.
type discoveredLine struct {
	entry fleet.Entry
	heard bool // its batch has tried to read it
	drop  bool // the selector does not match it
}

// discover brings the fleet together: the plan's pages, what its selectors find, and
// what the clouds say of each gateway. What does not answer is left as it is: being read.
func (c *campaign) discover(ctx workflow.Context) error {
	if err := c.checkPlan(ctx); err != nil {
		return err
	}
	if err := c.takePages(ctx); err != nil {
		return err
	}
	named := len(c.Batches)
	var selected []int // by batch: the selector that found it
	for i, s := range c.in.Plan.Selectors {
		if err := c.discoverGateways(ctx, s); err != nil {
			return fmt.Errorf("discover the gateways of selectors[%d]: %w", i, err)
		}
		for len(selected) < len(c.Batches)-named {
			selected = append(selected, i)
		}
	}
	if err := c.awaitReadings(ctx); err != nil {
		return err
	}
	c.assemble(named, selected)
	return c.mayCarry()
}

// awaitReadings waits until every batch has tried to read its targets, as long as one
// more is read every now and then.
func (c *campaign) awaitReadings(ctx workflow.Context) error {
	patience := cmp.Or(c.in.Patience, firstPatience)
	for c.missing > 0 && c.Stopped == "" {
		read := c.read
		c.doing = "reading the clouds: " + c.awaited()
		c.publish(ctx)
		going, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      patience.Std(),
			TimerOptions: workflow.TimerOptions{Summary: "decide without the targets that were not read"},
		}, func() bool { return c.read != read || c.missing == 0 || c.Stopped != "" || c.unheard != "" })
		if err != nil || !going {
			return err
		}
		if c.unheard != "" && c.Stopped == "" {
			return temporal.NewNonRetryableApplicationError(
				c.unheard+" has ended before it had read its targets: find out who ended it, and run the plan again", names.TypeInvalid, nil)
		}
	}
	return nil
}

// awaited says how many targets are to be read yet, and names the first.
func (c *campaign) awaited() string {
	var names []string
	for _, lines := range c.discovered {
		for _, l := range lines {
			if !l.heard && len(names) < mostAwaited {
				names = append(names, l.entry.Name)
			}
		}
	}
	text := fmt.Sprintf("%d targets to go: %s", c.missing, strings.Join(names, ", "))
	if more := c.missing - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// mostAwaited is how many of the targets that are being read are named.
const mostAwaited = 5

// seeEnd notices a batch that ends before it has read its targets.
func (c *campaign) seeEnd(ctx workflow.Context, number int, batch workflow.Future) {
	if err := workflow.Await(ctx, batch.IsReady); err != nil {
		return
	}
	if number < len(c.discovered) && slices.ContainsFunc(c.discovered[number], func(l discoveredLine) bool { return !l.heard }) {
		c.unheard = c.Batches[number]
	}
}

// checkPlan has the worker judge the plan, and takes its defaults.
func (c *campaign) checkPlan(ctx workflow.Context) error {
	asked := c.in.Plan
	asked.Targets, asked.Selectors = nil, nil
	checked, err := call.Do(ctx, c.reading("is the plan in order, and are these the worker's accounts?"),
		call.Engine.CheckPlan, activities.CheckPlanInput{Plan: asked})
	if err != nil {
		return err
	}
	checked.Targets, checked.Selectors = c.in.Plan.Targets, c.in.Plan.Selectors
	c.in.Plan = checked
	return nil
}

func (c *campaign) reading(summary string) workflow.ActivityOptions {
	return call.PollWithin(call.AttemptOf(c.in.Plan.Policy), target.AssessLimit, summary)
}

// takePages hands the plan's targets to batches as they arrive.
func (c *campaign) takePages(ctx workflow.Context) error {
	total := len(c.in.Plan.Targets) + c.in.More
	if len(c.in.Plan.Targets) > 0 {
		c.pages = append([]api.AddTargets{{Targets: c.in.Plan.Targets}}, c.pages...)
	}
	for {
		for len(c.pages) > 0 {
			page := c.pages[0]
			c.pages = c.pages[1:]
			if err := c.enroll(ctx, api.BatchInput{Targets: page.Targets}, len(page.Targets)); err != nil {
				return err
			}
		}
		if c.received >= total || c.Stopped != "" {
			return nil
		}
		c.doing = "waiting for the rest of the plan: " + maintenance.CountedOf(c.received, total, "target", "targets")
		c.publish(ctx)
		arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: pagesLimit, TimerOptions: workflow.TimerOptions{Summary: c.doing},
		}, func() bool { return len(c.pages) > 0 || c.Stopped != "" })
		if err != nil {
			return err
		}
		if !arrived {
			return temporal.NewNonRetryableApplicationError(
				maintenance.CountedOf(total-c.received, total, "target", "targets")+" of the plan never came: run the plan again",
				names.TypeInvalid, nil)
		}
	}
}

// mayAdd judges a further page.
func (c *campaign) mayAdd(in api.AddTargets) error {
	total := len(c.in.Plan.Targets) + c.in.More
	switch {
	case c.phase != fleet.Discovering || total == c.received:
		return errors.New("the plan is complete: it has " + maintenance.Counted(total, "target", "targets"))
	case in.From != c.received:
		return fmt.Errorf("from is %d: want %d, the number of targets so far", in.From, c.received)
	case len(in.Targets) == 0 || len(in.Targets) > api.PageSize || in.From+len(in.Targets) > total:
		return fmt.Errorf("%s: want 1 to %d, and no more than the %d that are missing",
			maintenance.Counted(len(in.Targets), "target", "targets"), api.PageSize, total-in.From)
	}
	return nil
}

// discoverGateways lists an account's gateways page by page, and gives each page to a
// batch.
func (c *campaign) discoverGateways(ctx workflow.Context, s plan.Selector) error {
	for marker := ""; c.Stopped == ""; {
		c.doing = "looking for gateways in " + s.Account
		c.publish(ctx)
		found, err := c.list(ctx, s, marker)
		if err != nil {
			return unanswered(err)
		}
		if len(found.Gateways) > 0 {
			if err := c.enroll(ctx, api.BatchInput{Selector: &s, Found: found.Gateways}, len(found.Gateways)); err != nil {
				return err
			}
		}
		if found.Next == "" {
			return nil
		}
		marker = found.Next
	}
	return nil
}

// list gives a page of an account's gateways. The first answer that may pass is shown
// while it is asked again: of a wrong endpoint people want to know at once. One that only
// plans does not ask for longer than its patience.
func (c *campaign) list(
	ctx workflow.Context, s plan.Selector, marker string,
) (found activities.ListGatewaysOutput, err error) {
	in := activities.ListGatewaysInput{Selector: s, Marker: marker, Pace: c.in.Plan.Policy.Pace}
	options := soon(c.reading("list the gateways of " + s.Account))
	limit := target.AssessLimit
	if c.in.PlanOnly {
		limit = cmp.Or(c.in.Patience, firstPatience).Std()
		options.ScheduleToCloseTimeout = limit
	}
	started := workflow.Now(ctx)
	err = call.Start(ctx, options, call.Gateways.ListGateways, in).Get(ctx, &found)
	left := limit - workflow.Now(ctx).Sub(started)
	if !mayPass(err) || left < time.Second {
		return found, err
	}
	c.doing = fmt.Sprintf("looking for gateways in %s, again after: %s", s.Account, unanswered(err))
	c.publish(ctx)
	options = c.reading("list the gateways of " + s.Account + " again")
	options.ScheduleToCloseTimeout = left
	err = call.Start(ctx, options, call.Gateways.ListGateways, in).Get(ctx, &found)
	return found, err
}

// enroll starts a batch of so many lines.
func (c *campaign) enroll(ctx workflow.Context, in api.BatchInput, lines int) error {
	info := workflow.GetInfo(ctx)
	in.Campaign, in.First, in.Number, in.PlanOnly = info.WorkflowExecution.ID, info.FirstRunID, len(c.Batches),
		c.in.PlanOnly
	in.Plan = c.in.Plan
	in.Plan.Targets, in.Plan.Selectors = nil, nil
	id := api.BatchWorkflowID(info.WorkflowExecution.ID, info.FirstRunID, in.Number)
	c.missing += lines
	if c.missing > plan.MaxTargets {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("more than %d targets: split the plan", plan.MaxTargets), names.TypeInvalid, nil)
	}
	c.Batches = append(c.Batches, id)
	c.discovered = append(c.discovered, c.unreadLines(in))
	afterwards := enumspb.PARENT_CLOSE_POLICY_ABANDON
	if c.in.PlanOnly { // what only reads need not end what it does
		afterwards = enumspb.PARENT_CLOSE_POLICY_TERMINATE
	}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: afterwards,
		TypedSearchAttributes: webui.CampaignAttributes(c.in.Plan.Name),
		StaticSummary:         fmt.Sprintf("Page %d of %s, targets: %d", in.Number+1, info.WorkflowExecution.ID, lines),
	}), api.BatchName, in)
	workflow.Go(ctx, func(ctx workflow.Context) { c.seeEnd(ctx, in.Number, child) })
	return child.GetChildWorkflowExecution().Get(ctx, nil)
}

// unreadLines are a batch's targets before they are read. Of one that a selector found
// neither the name nor the keys are known.
func (c *campaign) unreadLines(in api.BatchInput) (lines []discoveredLine) {
	add := func(e fleet.Entry) {
		e.State, e.Bar, e.Unavailable = fleet.Waiting, maintenance.BlockedByReading, fleet.Reading
		lines = append(lines, discoveredLine{entry: e})
	}
	for _, t := range in.Targets {
		add(fleet.Entry{Name: cmp.Or(t.Name, t.Gateway.ID()), Gateway: t.Gateway.ID(), Keys: c.in.Plan.Keys(t)})
	}
	for _, found := range in.Found {
		add(fleet.Entry{Name: found.ID(), Gateway: found.ID()})
	}
	return lines
}

// assemble makes the fleet of what was discovered: the named targets as they are
// listed, then those that each selector found, by name; each gateway once.
func (c *campaign) assemble(named int, selected []int) {
	seen := map[string]bool{}
	for number, lines := range c.discovered {
		for at, l := range lines {
			entry := l.entry
			if l.drop || seen[entry.Gateway] {
				continue
			}
			seen[entry.Gateway] = true
			entry.Ref = api.RefOf(number, at)
			c.Entries = append(c.Entries, entry)
		}
	}
	selector := func(e fleet.Entry) int {
		if number := e.Ref / api.LineSpace; number >= named {
			return 1 + selected[number-named]
		}
		return 0
	}
	slices.SortStableFunc(c.Entries, func(a, b fleet.Entry) int {
		if by := cmp.Compare(selector(a), selector(b)); by != 0 || selector(a) == 0 {
			return by
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Gateway, b.Gateway))
	})
	for i, wave := range c.in.Plan.Rollout.WaveOf(len(c.Entries)) {
		c.Entries[i].Wave = wave
	}
	c.discovered = nil
	c.shareKeys()
	c.index()
}

// shareKeys keeps of the targets' keys those that more than one has: the others
// bind nobody, and ten thousand of them would have to travel. While there is one
// whose keys are not known, any may yet bind it.
func (c *campaign) shareKeys() {
	if slices.ContainsFunc(c.Entries, func(e fleet.Entry) bool { return e.Unnamed() }) {
		return
	}
	count := map[string]int{}
	for _, e := range c.Entries {
		for _, key := range e.Keys {
			count[key]++
		}
	}
	for i := range c.Entries {
		c.Entries[i].Keys = slices.DeleteFunc(slices.Clone(c.Entries[i].Keys), func(key string) bool {
			return count[key] < 2
		})
	}
}
