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

// firstPatience is how long a campaign waits without any progress in reading targets
// before it continues with those that it has read.
const firstPatience = maintenance.Duration(20 * time.Second)

// discovery is what a campaign knows until its fleet is complete. Its methods need no Temporal.
type discovery struct {
	total    int              // targets that the plan lists
	received int              // of those, in pages that have arrived
	pages    []api.AddTargets // arrived, and not with a batch yet
	batches  []discoveredBatch
	listed   int       // targets that were given to batches
	awaited  int       // those whose batch has not tried to read them
	progress int       // grows whenever a target is read
	reading  time.Time // since when nothing else is waited for; until then other things take time too
	before   int       // targets that were still to be read then
	broken   string    // a batch that ended before it had tried to read all of its targets
	doing    string    // for the status
	demands  demandsState
}

// demandsState says whether the worker has answered which signatures the accounts demand. Until it has, no command is
// known to need none.
type demandsState int

const (
	demandsUnknown demandsState = iota
	demandsKnown
)

// discoveredBatch is a batch that reads its targets for the first time.
type discoveredBatch struct {
	rank  int // of its targets in the fleet: 0 for those that the plan lists, else 1 + the selector's index
	lines []discoveredLine
}

// discoveredLine is what is known of one target.
type discoveredLine struct {
	entry   fleet.Entry
	account string // of its gateway
	state   lineState
}

// lineState is how far the first reading of a target is.
type lineState int

const (
	lineAwaited   lineState = iota // its batch has not tried to read it
	lineTried                      // it was read, or could not be
	lineUnmatched                  // its selector does not match it
)

func newDiscovery(in api.CampaignInput) *discovery {
	d := &discovery{total: len(in.Plan.Targets) + in.More, received: len(in.Plan.Targets)}
	if d.received > 0 {
		d.pages = []api.AddTargets{{Targets: in.Plan.Targets}}
	}
	return d
}

// mayAdd refuses a page that is not the next one of the plan.
func (d *discovery) mayAdd(in api.AddTargets) error {
	switch {
	case d == nil || d.received == d.total:
		return errors.New("the plan is complete: no further targets are expected")
	case in.From != d.received:
		return fmt.Errorf("invalid value %d for from: must be %d, the number of targets so far", in.From, d.received)
	case len(in.Targets) == 0 || len(in.Targets) > api.PageSize || in.From+len(in.Targets) > d.total:
		return fmt.Errorf("%s: must be 1 to %d, and at most the %d that are missing",
			maintenance.Counted(len(in.Targets), "target", "targets"), api.PageSize, d.total-in.From)
	}
	return nil
}

// add takes in a page of the plan, and returns how many targets have arrived.
func (d *discovery) add(in api.AddTargets) int {
	d.pages = append(d.pages, in)
	d.received += len(in.Targets)
	return d.received
}

// record takes in what a batch reports of a target. The last report counts.
func (d *discovery) record(batch int, e fleet.Event) {
	if batch >= len(d.batches) || e.Line >= len(d.batches[batch].lines) {
		return
	}
	l := &d.batches[batch].lines[e.Line]
	if l.state == lineAwaited {
		d.awaited--
	}
	l.state = lineTried
	if e.Kind == fleet.KindNotFound {
		l.state = lineUnmatched
	}
	if e.Entry != nil {
		l.entry = *e.Entry
	}
	if l.state == lineUnmatched || l.entry.UnreadSince.IsZero() {
		d.progress++
	}
}

// ended notices a batch that has ended before it had tried to read all of its targets.
func (d *discovery) ended(batch int, id string) {
	if slices.ContainsFunc(d.batches[batch].lines, func(l discoveredLine) bool { return l.state == lineAwaited }) {
		d.broken = id
	}
}

// awaitedNames says how many targets are to be read yet, in which accounts and about how long it takes, and names the
// first of them.
func (d *discovery) awaitedNames(now time.Time) string {
	var names, accounts []string
	left := map[string]int{}
	for _, b := range d.batches {
		for _, l := range b.lines {
			if l.state != lineAwaited {
				continue
			}
			if len(names) < mostAwaited {
				names = append(names, l.entry.Name)
			}
			if left[l.account]++; left[l.account] == 1 {
				accounts = append(accounts, l.account)
			}
		}
	}
	for i, account := range accounts {
		accounts[i] = fmt.Sprintf("%d in %s", left[account], account)
	}
	text := fmt.Sprintf("%d targets to go%s (%s): %s", d.awaited, d.estimate(now), strings.Join(accounts, ", "),
		strings.Join(names, ", "))
	if more := d.awaited - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// estimate says about how long the rest takes at the pace so far, once that tells something.
func (d *discovery) estimate(now time.Time) string {
	took, read := now.Sub(d.reading), d.before-d.awaited
	if read < fewestRead || took < time.Second {
		return ""
	}
	left := time.Duration(float64(took) / float64(read) * float64(d.awaited))
	return ", about " + maintenance.Duration(max(time.Second, left.Round(time.Second))).String()
}

// fewestRead is how many targets must have been read for an estimate of the rest.
const fewestRead = 20

// mostAwaited is how many of the targets that are being read are named.
const mostAwaited = 5

// entries are the fleet that was discovered, each gateway once: the plan's own targets in its
// order, then those that each selector found, by name.
func (d *discovery) entries() (all []fleet.Entry) {
	seen := map[string]bool{}
	for number, b := range d.batches {
		for at, l := range b.lines {
			entry := l.entry
			if l.state == lineUnmatched || seen[entry.Gateway] {
				continue
			}
			seen[entry.Gateway] = true
			entry.Ref = api.RefOf(number, at)
			all = append(all, entry)
		}
	}
	rank := func(e fleet.Entry) int { return d.batches[e.Ref/api.LineSpace].rank }
	slices.SortStableFunc(all, func(a, b fleet.Entry) int {
		if by := cmp.Compare(rank(a), rank(b)); by != 0 || rank(a) == 0 {
			return by
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Gateway, b.Gateway))
	})
	return all
}

// discover makes the fleet of the plan's pages, of what its selectors find, and of what the clouds
// say of each gateway. A target that does not answer in time stays unavailable, as being read.
func (c *campaign) discover(ctx workflow.Context) error {
	if err := c.checkPlan(ctx); err != nil {
		return err
	}
	if err := c.askDemands(ctx); err != nil {
		return err
	}
	if err := c.takePages(ctx); err != nil {
		return err
	}
	if err := c.verifyStart(ctx); err != nil {
		return err
	}
	for i, s := range c.in.Plan.Selectors {
		if err := c.discoverGateways(ctx, i, s); err != nil {
			return fmt.Errorf("discover the gateways of selectors[%d]: %w", i, err)
		}
	}
	if err := c.awaitReadings(ctx); err != nil {
		return err
	}
	c.Entries = c.discovery.entries()
	for i, wave := range c.in.Plan.Rollout.WaveOf(len(c.Entries)) {
		c.Entries[i].Wave = wave
	}
	c.shareKeys()
	c.index()
	if err := c.mayCarry(); err != nil {
		return err
	}
	life, err := c.Life.Discovered(c.in.PlanOnly)
	if err != nil {
		return err
	}
	c.Life, c.discovery = life, nil
	return nil
}

// show publishes what discovery does now.
func (c *campaign) show(ctx workflow.Context, doing string) {
	c.discovery.doing = doing
	c.publish(ctx)
}

// awaitReadings waits until the batches have tried to read their targets, for as long as there is
// progress.
func (c *campaign) awaitReadings(ctx workflow.Context) error {
	d, patience := c.discovery, cmp.Or(c.in.Patience, firstPatience)
	d.reading, d.before = workflow.Now(ctx), d.awaited
	for d.awaited > 0 && c.Life.Stopped() == "" {
		before := d.progress
		c.show(ctx, "reading the clouds: "+d.awaitedNames(workflow.Now(ctx)))
		progress, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      patience.Std(),
			TimerOptions: workflow.TimerOptions{Summary: "decide without the targets that were not read"},
		}, func() bool {
			return d.progress != before || d.awaited == 0 || c.Life.Stopped() != "" || d.broken != ""
		})
		if err != nil || !progress {
			return err
		}
		if d.broken != "" && c.Life.Stopped() == "" {
			return temporal.NewNonRetryableApplicationError(
				d.broken+" has ended before it had read its targets: find out who ended it, and run the plan again",
				names.TypeInvalid, nil)
		}
	}
	return nil
}

// checkPlan lets the worker check the plan, and fill in its defaults.
func (c *campaign) checkPlan(ctx workflow.Context) error {
	asked := c.in.Plan
	asked.Targets, asked.Selectors = nil, nil
	checked, err := call.Do(ctx, c.reading("check the plan and the worker's accounts"),
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
	digest, err := plan.NewDigester(c.in.Plan)
	if err != nil {
		return err
	}
	for d := c.discovery; ; {
		for len(d.pages) > 0 {
			page := d.pages[0].Targets
			d.pages = d.pages[1:]
			if err := digest.Add(page); err != nil {
				return err
			}
			for len(page) > 0 {
				n := api.FirstBatch(page)
				if err := c.enroll(ctx, api.BatchInput{Targets: page[:n]}, 0); err != nil {
					return err
				}
				page = page[n:]
			}
		}
		if d.received >= d.total {
			c.Signing.Plan = digest.Digest()
			return nil
		}
		if c.Life.Stopped() != "" {
			return nil
		}
		c.show(ctx, "waiting for the rest of the plan: "+maintenance.CountedOf(d.received, d.total, "target", "targets"))
		arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: pagesLimit, TimerOptions: workflow.TimerOptions{Summary: d.doing},
		}, func() bool { return len(d.pages) > 0 || c.Life.Stopped() != "" })
		if err != nil {
			return err
		}
		if !arrived {
			missing := maintenance.CountedOf(d.total-d.received, d.total, "target", "targets")
			return temporal.NewNonRetryableApplicationError(
				missing+" of the plan did not arrive: run the plan again", names.TypeInvalid, nil)
		}
	}
}

// discoverGateways lists an account's gateways page by page, and gives each page to batches. What
// a gateway's reading weighs follows from the selector, since its tags are not known yet.
func (c *campaign) discoverGateways(ctx workflow.Context, selector int, s plan.Selector) error {
	for marker := ""; c.Life.Stopped() == ""; {
		c.show(ctx, "looking for gateways in "+s.Account)
		found, err := c.list(ctx, s, marker)
		switch {
		case c.Life.Stopped() != "":
			return nil
		case err != nil:
			return unanswered(err)
		}
		for batch := range slices.Chunk(found.Gateways, max(1, api.BatchWeight/(1+len(s.Proxies)))) {
			if err := c.enroll(ctx, api.BatchInput{Selector: &s, Found: batch}, 1+selector); err != nil {
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

// list returns a page of an account's gateways. While it retries, the status shows the first
// answer: people want to know at once that an endpoint is wrong. A campaign that only plans does
// not retry for longer than its patience, and a stop ends the call.
func (c *campaign) list(
	ctx workflow.Context, s plan.Selector, marker string,
) (found activities.ListGatewaysOutput, err error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Await(ctx, func() bool { return c.Life.Stopped() != "" }) == nil {
			cancel()
		}
	})
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
	c.show(ctx, fmt.Sprintf("looking for gateways in %s, again after: %s", s.Account, unanswered(err)))
	options = c.reading("list the gateways of " + s.Account + " again")
	options.ScheduleToCloseTimeout = left
	err = call.Start(ctx, options, call.Gateways.ListGateways, in).Get(ctx, &found)
	return found, err
}

// enroll starts a batch, whose targets have that rank in the fleet.
func (c *campaign) enroll(ctx workflow.Context, in api.BatchInput, rank int) error {
	info := workflow.GetInfo(ctx)
	in.Campaign, in.First, in.Number, in.PlanOnly = info.WorkflowExecution.ID, info.FirstRunID, len(c.Batches),
		c.in.PlanOnly
	in.Plan = c.in.Plan
	in.Plan.Targets, in.Plan.Selectors = nil, nil
	in.Signers = c.Signing.Rule.CommandGroups()
	id := api.BatchWorkflowID(info.WorkflowExecution.ID, info.FirstRunID, in.Number)
	lines := c.unreadLines(in)
	c.discovery.awaited += len(lines)
	if c.discovery.listed += len(lines); c.discovery.listed > plan.MaxTargets {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("more than %d targets: split the plan", plan.MaxTargets), names.TypeInvalid, nil)
	}
	c.Batches = append(c.Batches, id)
	c.discovery.batches = append(c.discovery.batches, discoveredBatch{rank: rank, lines: lines})
	closePolicy := enumspb.PARENT_CLOSE_POLICY_ABANDON
	if c.in.PlanOnly { // it only reads: nothing is cut off half-way
		closePolicy = enumspb.PARENT_CLOSE_POLICY_TERMINATE
	}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: closePolicy,
		TypedSearchAttributes: webui.CampaignAttributes(c.in.Plan.Name),
		StaticSummary:         fmt.Sprintf("Page %d of %s, targets: %d", in.Number+1, info.WorkflowExecution.ID, len(lines)),
	}), api.BatchName, in)
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Await(ctx, child.IsReady) == nil && c.discovery != nil {
			c.discovery.ended(in.Number, id)
		}
	})
	return child.GetChildWorkflowExecution().Get(ctx, nil)
}

// unreadLines are a batch's targets before they are read. Of one that a selector found
// neither the name nor the keys are known.
func (c *campaign) unreadLines(in api.BatchInput) (lines []discoveredLine) {
	add := func(account string, e fleet.Entry) {
		e.State, e.Bar, e.Unavailable = fleet.Waiting, maintenance.BlockedByReading, fleet.Reading
		lines = append(lines, discoveredLine{entry: e, account: account})
	}
	for _, t := range in.Targets {
		id := t.Gateway.ID()
		add(t.Gateway.Account, fleet.Entry{Name: cmp.Or(t.Name, id), Gateway: id, Keys: c.in.Plan.Keys(t)})
	}
	for _, found := range in.Found {
		add(found.Account, fleet.Entry{Name: found.ID(), Gateway: found.ID()})
	}
	return lines
}

// shareKeys drops the keys that only one target has: they constrain nothing, and ten thousand of
// them would have to travel. While the keys of one target are unknown, it might share any of them.
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
