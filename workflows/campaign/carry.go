package campaign

import (
	"cmp"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// eventsPerRun and bytesPerRun are at which length of its history a campaign
// continues as new, far below Temporal's limits.
const (
	eventsPerRun = 4_000
	bytesPerRun  = 4 << 20
)

// mostCarried is how many bytes the input of a campaign's next run may have. Temporal allows 2 MB,
// and would end a campaign that carries more.
const mostCarried = 1_900_000

// entryGrowth is by how many bytes a target's entry grows while the campaign runs: its times and
// attempts, without its texts. notifiedGrowth is by how many more where messages are sent of it.
const (
	entryGrowth    = 40
	notifiedGrowth = 40
)

// mostDecided is how many bytes the decisions of the record may have: two hundred with Ed25519 signatures, or as many
// with the longest reasons and none.
const mostDecided = 400_000

// approvalGrowth is how many bytes a signed approval is reckoned to add: an RSA key of 4,096 bits, and the longest
// reason.
const approvalGrowth = 5_000

// next is the input of the run that this one continues as.
func (c *campaign) next() api.CampaignInput {
	next := c.in
	next.Plan.Targets, next.More = nil, 0
	next.Carried = &c.Carried
	return next
}

// carries is how many bytes that input has.
func (c *campaign) carries() int {
	text, err := json.Marshal(c.next())
	if err != nil {
		return 0 // then it cannot be carried at all, and Temporal's own error says why
	}
	return len(text)
}

// mayCarry refuses a fleet that would not fit into the next run's input.
func (c *campaign) mayCarry() error {
	most := mostCarried - entryGrowth*len(c.Entries)
	if len(c.in.Plan.Notify) > 0 {
		most -= notifiedGrowth * len(c.Entries)
	}
	most -= approvalGrowth * c.approvalsAhead()
	if c.shorten(most); c.carries() > most {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"%d targets with their names, labels and instances are %d bytes, and a campaign can carry %d: split the plan",
			len(c.Entries), c.carries(), most), names.TypeInvalid, nil)
	}
	return nil
}

// approvalsAhead is how many signed approvals the campaign may be given.
func (c *campaign) approvalsAhead() (n int) {
	waves := 1
	for i := range c.Entries {
		if c.in.Plan.Approvals.EachWave {
			waves = max(waves, c.Entries[i].Wave+1)
		}
	}
	for _, d := range c.Signing.Approvals(false) {
		n += d.Count * waves
	}
	return n
}

// fit makes the next run's input fit: first by the targets' texts, then by the oldest decisions, which the histories
// of this run and of those before it have.
func (c *campaign) fit() {
	c.shorten(mostCarried)
	if over := c.carries() - mostCarried; over > 0 {
		c.Decisions = lastOf(c.Decisions, max(0, decidedBytes(c.Decisions)-over))
	}
}

// lastOf are the last decisions that have so many bytes at most.
func lastOf(all []maintenance.Decision, most int) []maintenance.Decision {
	for len(all) > 0 && decidedBytes(all) > most {
		all = all[1:]
	}
	return all
}

// decidedBytes is how many bytes decisions have where they are carried.
func decidedBytes(all []maintenance.Decision) int {
	text, err := json.Marshal(all)
	if err != nil {
		return 0 // as in carries
	}
	return len(text)
}

// shorten cuts the targets' texts until the next run's input has at most so many bytes. The whole
// texts are in the targets' own records.
func (c *campaign) shorten(bytes int) {
	letters := maxUnavailable
	for over := c.carries() - bytes; over > 0 && letters > 0; over = c.carries() - bytes {
		for letters > 0 && c.saves(letters) < over {
			letters /= 2
		}
		for i := range c.Entries {
			e := &c.Entries[i]
			e.Note, e.Unavailable = webui.CutTo(e.Note, letters), webui.CutTo(e.Unavailable, letters)
		}
		letters /= 2 // letters that JSON writes as several may call for more
	}
}

// saves is about how many bytes shorter the input gets if no text has more than so many letters.
// Measuring the whole input for every guess takes too long.
func (c *campaign) saves(letters int) (bytes int) {
	for i := range c.Entries {
		e := &c.Entries[i]
		bytes += max(0, len(e.Note)-letters-len("…")) + max(0, len(e.Unavailable)-letters-len("…"))
	}
	return bytes
}

// shouldMoveOn is true when the history has become long, or a new version of the worker waits to
// take over.
func (c *campaign) shouldMoveOn(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetCurrentHistoryLength() >= cmp.Or(c.in.EventsPerRun, eventsPerRun) ||
		info.GetCurrentHistorySize() >= bytesPerRun ||
		info.GetContinueAsNewSuggested() || info.GetTargetWorkerDeploymentVersionChanged()
}

// moveOn continues as new, with nothing left behind: every update is answered and every signal
// received.
func (c *campaign) moveOn(ctx workflow.Context) error {
	if err := c.closeNotifier(ctx); err != nil {
		return err
	}
	// A coroutine that starts now runs after all that have something to do in this task.
	last := false
	workflow.Go(ctx, func(workflow.Context) { last = true })
	if err := workflow.Await(ctx, func() bool { return last && workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	c.drain(ctx)
	c.shareKeys()
	c.fit()
	options := workflow.ContinueAsNewErrorOptions{}
	if workflow.GetInfo(ctx).GetTargetWorkerDeploymentVersionChanged() {
		options.InitialVersioningBehavior = workflow.ContinueAsNewVersioningBehaviorAutoUpgrade
	}
	return workflow.NewContinueAsNewErrorWithOptions(ctx, options, api.CampaignName, c.next())
}
