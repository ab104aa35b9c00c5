package campaign_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// seedEnv repeats a run with the same throttled reads.
const seedEnv = "CAMPAIGN_SEED"

func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedEnv)
	}
	t.Logf("repeat it: %s=%d", seedEnv, seed)
	return seed
}

// Two hundred targets meet all that may befall a campaign at once, while it
// continues as new every few seconds.
func TestTwoHundredTargets(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes two hundred targets through their maintenance in real time: two minutes")
	}
	start := time.Now()
	c := &played{lab: newLab(t, twoHundred(seedOf(t))), limits: []limit{{most: 25}}}
	c.run = c.launch(api.CampaignInput{Plan: thePlan(), EventsPerRun: 100}, 100, 60, 10)
	first := c.run.GetRunID() // it becomes the last one's
	t.Cleanup(c.explain)
	pester := c.pester()
	c.canary()
	c.secondWave()
	c.lastWave()
	c.straggler(pester)

	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	t.Logf("%s in %s", result.Summary, time.Since(start).Round(time.Second))
	require.Equal(t, fleet.Partial, result.State)
	require.Equal(t, fleet.Counts{Total: hundreds, Succeeded: 178, UpToDate: 8, Skipped: 1, Failed: 13}, result.Counts)
	c.requireAnswered(result, pester)
	campaign := c.chain(c.run.GetID(), first)
	t.Logf("the campaign: %+v", campaign)
	require.GreaterOrEqual(t, campaign.runs, 10)
	c.requireExactLedger()
	c.requireAction(start)
}

// played is a campaign and what was done to it.
type played struct {
	*lab
	run    client.WorkflowRun
	limits []limit // of maxConcurrent
	orders []string
	wished time.Time // before which the postponed target may not start
}

// limit is how many targets may run at a time, from a time on.
type limit struct {
	from time.Time
	most int
}

// until waits for the campaign to say so. It may be between two runs or two
// workers, and say nothing.
func (c *played) until(what string, holds func(fleet.Status) bool) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		s, err := c.status(c.run)
		return err == nil && holds(s)
	}, 2*time.Minute, 100*time.Millisecond, what)
}

// explain shows what a run that has failed left behind.
func (c *played) explain() {
	if !c.t.Failed() {
		return
	}
	ctx := context.WithoutCancel(c.t.Context())
	if value, err := c.client.QueryWorkflow(ctx, c.run.GetID(), "", api.StatusQuery); err == nil {
		var s fleet.Status
		if value.Get(&s) == nil {
			s.Decisions = nil
			c.t.Logf("the campaign: %+v", s)
		}
	}
	for _, e := range c.executions("ExecutionStatus = 'Running' AND WorkflowType = 'GatewayMaintenance'") {
		found, err := c.client.DescribeWorkflowExecution(ctx, e.GetExecution().GetWorkflowId(), "")
		if err == nil {
			c.t.Logf("still open: %s: %v", e.GetExecution().GetWorkflowId(), found.GetPendingActivities())
		}
	}
}

func (c *played) rowOf(i int, holds func(fleet.Row) bool) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		r, err := c.row(c.run, nameOf(i))
		return err == nil && holds(r)
	}, 2*time.Minute, 100*time.Millisecond, nameOf(i))
}

// say gives an order that must be accepted.
func (c *played) say(name string, o api.CampaignAction) {
	c.t.Helper()
	o.By, o.Why = "bob", fmt.Sprintf("order %d", len(c.orders))
	c.order(c.run, name, o)
	c.orders = append(c.orders, o.Why)
}

func (c *played) approve() {
	c.t.Helper()
	c.until("asks for an approval", func(s fleet.Status) bool { return s.Asks() })
	c.say(api.ApproveUpdate, api.CampaignAction{})
}

// canary is the first wave, of one.
func (c *played) canary() {
	c.t.Helper()
	c.until("has its fleet", func(s fleet.Status) bool { return s.Phase == fleet.InProgress })
	c.say(api.RescheduleUpdate, api.CampaignAction{Target: nameOf(patient), NotBefore: time.Now().Add(time.Hour)})
	c.approve()
}

// secondWave changes the worker, and leaves targets out or for later.
func (c *played) secondWave() {
	c.t.Helper()
	c.approve()
	c.until("the second wave is in progress", func(s fleet.Status) bool { return s.Counts.Running+s.Counts.Succeeded > 5 })
	c.dismissed()
	c.hire()
	c.say(api.SkipUpdate, api.CampaignAction{Target: nameOf(leftOut)})
	c.wished = time.Now().Add(40 * time.Second)
	c.say(api.RescheduleUpdate, api.CampaignAction{Target: gatewayOf(postponed), NotBefore: c.wished})
}

// lastWave loses a run and a page of targets, is paused and narrowed down, and
// tries again what has failed.
func (c *played) lastWave() {
	c.t.Helper()
	c.approve()
	c.rowOf(slow, func(r fleet.Row) bool { return r.State == fleet.Running })
	c.untilTriggered(slow)
	require.NoError(c.t, c.client.TerminateWorkflow(c.t.Context(), api.GatewayWorkflowID(gatewayOf(slow)), "", "for the test"))
	c.rowOf(slow, func(r fleet.Row) bool { return r.State == fleet.Failed })

	c.until("is well under way", func(s fleet.Status) bool { return s.Counts.Succeeded >= 45 })
	c.say(api.PauseUpdate, api.CampaignAction{})
	c.until("nothing runs any more", func(s fleet.Status) bool { return s.Counts.Running == 0 })
	c.requireBlockers()
	c.say(api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 8})
	c.limits = append(c.limits, limit{time.Now(), 8})
	require.NoError(c.t, c.client.TerminateWorkflow(c.t.Context(), c.batchOf(doomed), "", "for the test"))
	c.say(api.ResumeUpdate, api.CampaignAction{})

	c.until("goes on", func(s fleet.Status) bool { return s.Counts.Succeeded >= 65 })
	c.limits = append(c.limits, limit{time.Now(), 25})
	c.say(api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 25})
	for _, i := range []int{rejectedFirst, deniedOnce, rejectedSecond} {
		c.rowOf(i, func(r fleet.Row) bool { return r.State == fleet.Failed })
		c.say(api.RetryUpdate, api.CampaignAction{Target: nameOf(i)})
	}
}

// batchOf is the workflow id of the page that has a target.
func (c *played) batchOf(i int) string {
	c.t.Helper()
	s, err := c.status(c.run)
	require.NoError(c.t, err)
	for _, id := range s.Batches {
		value, err := c.client.QueryWorkflow(c.t.Context(), id, "", api.BatchQuery)
		require.NoError(c.t, err)
		var all []api.Surveyed
		require.NoError(c.t, value.Get(&all))
		if slices.ContainsFunc(all, func(s api.Surveyed) bool { return s.Target.Name == nameOf(i) }) {
			return id
		}
	}
	require.FailNow(c.t, "no page has "+nameOf(i))
	return ""
}

func (c *played) untilTriggered(i int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		for _, e := range c.sim.Effects() {
			if e.Kind == updateNow && e.Resource == refOf(i).ARN {
				return true
			}
		}
		return false
	}, time.Minute, 50*time.Millisecond)
}

// requireBlockers says of every target that waits what keeps it.
func (c *played) requireBlockers() {
	c.t.Helper()
	value, err := c.client.QueryWorkflow(c.t.Context(), c.run.GetID(), "", api.TargetsQuery, fleet.Page{Count: 1000, States: []fleet.State{fleet.Waiting}})
	require.NoError(c.t, err)
	var rows []fleet.Row
	require.NoError(c.t, value.Get(&rows))
	require.NotEmpty(c.t, rows)
	for _, r := range rows {
		require.Equal(c.t, maintenance.BlockedByPause, r.Blocker, r.Name)
		require.Contains(c.t, r.Reason, "bob", r.Name)
	}
}

// straggler lets the last target start.
func (c *played) straggler(p *pester) {
	c.t.Helper()
	c.until("only the patient one waits", func(s fleet.Status) bool { return s.Counts.Waiting+s.Counts.Running == 1 })
	p.end()
	c.say(api.RescheduleUpdate, api.CampaignAction{Target: nameOf(patient)})
}

// pester sends an update twice a second until it is ended, and keeps count of the
// answers.
type pester struct {
	end      func()
	accepted []string // the reasons that were given
	refused  []error
}

// pesters are at most so many: a campaign remembers its last 200 decisions.
const pesters = 170

func (c *played) pester() *pester {
	ctx, cancel := context.WithCancel(c.t.Context())
	p, done := &pester{}, make(chan struct{})
	p.end = func() { cancel(); <-done }
	c.t.Cleanup(p.end)
	go func() {
		defer close(done)
		every := time.NewTicker(500 * time.Millisecond)
		defer every.Stop()
		for n := range pesters {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				p.ask(context.WithoutCancel(ctx), c, n)
			}
		}
	}()
	return p
}

func (p *pester) ask(ctx context.Context, c *played, n int) {
	why := fmt.Sprintf("wish %d", n)
	err := c.send(ctx, c.run, api.RescheduleUpdate, api.CampaignAction{
		Action: api.Action{By: "carol", Why: why}, Target: nameOf(patient), NotBefore: time.Now().Add(time.Hour),
	})
	if err != nil {
		p.refused = append(p.refused, fmt.Errorf("%s: %w", why, err))
		return
	}
	p.accepted = append(p.accepted, why)
}

// requireAnswered finds every update that was accepted in the campaign's record,
// in order. Those that were refused came before the fleet was there.
func (c *played) requireAnswered(result fleet.Result, p *pester) {
	c.t.Helper()
	var orders, wishes []string
	for _, d := range result.Decisions {
		if d.By == "carol" {
			wishes = append(wishes, d.Why)
		} else {
			orders = append(orders, d.Why)
		}
	}
	require.Equal(c.t, c.orders, orders)
	require.Equal(c.t, p.accepted, wishes)
	for _, err := range p.refused {
		require.ErrorContains(c.t, err, "the fleet is still being read")
	}
	c.t.Logf("%d orders and %d wishes were answered and kept; %d came before the fleet was read; %d were sent again", len(orders), len(wishes), len(p.refused), c.repeated.Load())
}
