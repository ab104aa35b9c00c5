package campaign

import (
	"cmp"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// answer registers the queries.
func (c *campaign) answer(ctx workflow.Context) error {
	status := func() (fleet.Status, error) { return c.status(ctx), nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "How far the campaign is, what waits and why."}); err != nil {
		return err
	}
	rows := func(p fleet.Page) ([]fleet.Row, error) { return c.fleet().Rows(c.turn, p, workflow.Now(ctx)), nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.TargetsQuery, rows,
		workflow.QueryHandlerOptions{Description: `The targets: {"from": 0, "count": 100, "states": ["waiting"]}, or {"target": "name"}.`}); err != nil {
		return err
	}
	entries := func(p fleet.Page) (fleet.Fleet, error) {
		f := c.fleet()
		from := min(max(p.From, 0), len(f.Entries))
		f.Entries = f.Entries[from:min(from+max(p.Count, 0), len(f.Entries))]
		return f, nil
	}
	authorization := func(gateway string) (signing.Authorization, error) { return c.authorization(gateway) }
	described := workflow.QueryHandlerOptions{Description: "The signed approvals that let a gateway be changed: its id."}
	err := workflow.SetQueryHandlerWithOptions(ctx, names.AuthorizationQuery, authorization, described)
	if err != nil {
		return err
	}
	return workflow.SetQueryHandlerWithOptions(ctx, api.EntriesQuery, entries,
		workflow.QueryHandlerOptions{Description: "What the scheduler decides from, a page at a time."})
}

func (c *campaign) status(ctx workflow.Context) fleet.Status {
	s := c.fleet().Status(c.turn, workflow.Now(ctx))
	s.Name, s.Phase, s.Submitter, s.Start = c.in.Plan.Name, c.Life.Phase, c.in.Submitter, c.Start
	s.Decisions, s.Batches, s.Result, s.Notices = c.Decisions, c.Batches, c.Life.Result, c.Notified.Notices
	s.Warnings, s.Plan = c.in.Plan.Warnings, c.plan()
	if d := c.discovery; d != nil {
		s.Doing, s.Approval = d.doing, nil
	}
	if c.Life.Phase != fleet.InProgress {
		s.Held = ""
	}
	s.May = api.CampaignMay(s)
	return s
}

// publish shows the campaign as it is now in the Web UI. It adds nothing to the history. It returns
// what it shows, since summing up a large fleet takes time.
func (c *campaign) publish(ctx workflow.Context) fleet.Status {
	s := c.status(ctx)
	workflow.SetCurrentDetails(ctx,
		webui.CampaignDetails(webui.PlaceOf(ctx), c.commandName(ctx), s, c.blockers()))
	return s
}

// tag shows in the search attributes what the campaign waits for.
func (c *campaign) tag(ctx workflow.Context, s fleet.Status) error {
	blocker := maintenance.NotBlocked
	switch {
	case s.Asks():
		blocker = maintenance.BlockedByApproval
	case s.Paused != "":
		blocker = maintenance.BlockedByPause
	case s.Held != "":
		blocker = maintenance.BlockedByHold
	case s.Counts.InProgress() == 0 && !s.Next.IsZero():
		blocker = maintenance.BlockedByWindow
	}
	state := ""
	if c.Life.Result != nil {
		state = string(c.Life.Result.State)
	}
	return webui.TagCampaign(ctx, blocker, s.Next, state)
}

// blockers sum up what blocks the waiting targets, what blocks most of them first. Each comes with
// the target that may start first.
func (c *campaign) blockers() (all []webui.Blocker) {
	for _, w := range c.turn.Waits {
		if c.Entries[w.Entry].State != fleet.Waiting {
			continue
		}
		i := slices.IndexFunc(all, func(k webui.Blocker) bool { return k.What == w.Blocker })
		if i < 0 {
			i = len(all)
			all = append(all, webui.Blocker{What: w.Blocker, First: c.Entries[w.Entry], Wait: w})
		}
		k := &all[i]
		k.Count++
		if !w.Next.IsZero() && (k.Wait.Next.IsZero() || w.Next.Before(k.Wait.Next)) {
			k.First, k.Wait = c.Entries[w.Entry], w
		}
	}
	slices.SortStableFunc(all, func(a, b webui.Blocker) int { return cmp.Compare(b.Count, a.Count) })
	return all
}
