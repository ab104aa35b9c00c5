package workflows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// answer registers the queries.
func (c *campaign) answer(ctx workflow.Context) error {
	status := func() (fleet.Status, error) { return c.status(ctx), nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "How far the campaign is, what waits and why."}); err != nil {
		return err
	}
	rows := func(p fleet.Page) ([]fleet.Row, error) { return c.fleet().Rows(c.turn, p), nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, TargetsQuery, rows,
		workflow.QueryHandlerOptions{Description: `The targets: {"from": 0, "count": 100, "states": ["waiting"]}, or {"target": "name"}.`}); err != nil {
		return err
	}
	entries := func(p fleet.Page) (fleet.Fleet, error) {
		f := c.fleet()
		from := min(max(p.From, 0), len(f.Entries))
		f.Entries = f.Entries[from:min(from+max(p.Count, 0), len(f.Entries))]
		return f, nil
	}
	return workflow.SetQueryHandlerWithOptions(ctx, EntriesQuery, entries,
		workflow.QueryHandlerOptions{Description: "What the scheduler decides from, a page at a time."})
}

func (c *campaign) status(ctx workflow.Context) fleet.Status {
	s := c.fleet().Status(c.turn, workflow.Now(ctx))
	s.Name, s.Phase, s.Submitter, s.Start = c.in.Plan.Name, c.phase, c.in.Submitter, c.Start
	s.Decisions, s.Rosters, s.Result, s.Notices = c.Decisions, c.Rosters, c.result, c.Notices
	if c.phase == fleet.Gathering {
		s.Doing = c.doing
	}
	if c.phase != fleet.Underway || c.rereading() {
		s.Held = ""
	}
	return s
}

// rereading is true while a target is read again that an operator wants retried.
func (c *campaign) rereading() bool {
	return slices.ContainsFunc(c.Entries, func(e fleet.Entry) bool { return e.Barred == fleet.ReadAgain })
}

// publish shows the campaign as it is now in the Web UI. It adds nothing to the
// history.
func (c *campaign) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, campaignDetails(c.status(ctx)))
}

// shownRows is how many targets of a kind the Web UI shows.
const shownRows = 15

// campaignDetails is a campaign's status as Markdown.
func campaignDetails(s fleet.Status) string {
	var b strings.Builder
	switch {
	case s.Result != nil:
		fmt.Fprintf(&b, "**%s** %s\n", s.Result.State, s.Result.Summary)
	case s.Held != "":
		fmt.Fprintf(&b, "**Held:** %s\n", s.Held)
	case s.Phase == fleet.Gathering:
		fmt.Fprintf(&b, "**Gathering the fleet:** %s\n", s.Doing)
	case s.Asks != "":
		fmt.Fprintf(&b, "**Waits for an approval:** %s. Send the update approve.\n", s.Asks)
	case s.Counts.Running > 0:
		fmt.Fprintf(&b, "**%d of %d targets run**, %d wait.\n", s.Counts.Running, s.Counts.Total, s.Counts.Waiting)
	case !s.Next.IsZero():
		fmt.Fprintf(&b, "**Waits** until %s.\n", clock(&s.Next))
	}
	if s.Paused != "" {
		fmt.Fprintf(&b, "\nPaused by %s\n", s.Paused)
	}
	waves := make([][]string, 0, len(s.Waves))
	for _, w := range s.Waves {
		n := w.Counts
		waves = append(waves, []string{
			strconv.Itoa(w.Wave), w.State, strconv.Itoa(n.Total), strconv.Itoa(n.Waiting), strconv.Itoa(n.Running),
			strconv.Itoa(n.Succeeded + n.Current), strconv.Itoa(n.Failed), strconv.Itoa(n.Skipped),
		})
	}
	table(&b, "Waves", []string{"wave", "state", "targets", "wait", "run", "done", "failed", "skipped"}, waves)
	rowTable(&b, "Running", s.Running, func(r fleet.Row) string {
		if r.Note != "" {
			return "**held:** " + r.Note
		}
		return fmt.Sprintf("since %s, expected to end %s", clock(&r.Begun), clock(&r.End))
	})
	rowTable(&b, "Next", s.Upcoming, func(r fleet.Row) string {
		return fmt.Sprintf("%s; %s: %s", clock(&r.Next), r.Blocker, r.Reason)
	})
	rowTable(&b, "Failed", s.Failures, func(r fleet.Row) string { return r.Note })
	for _, d := range s.Decisions[max(0, len(s.Decisions)-shownRows):] {
		fmt.Fprintf(&b, "\n%s: %s %s by %s. %s\n", clock(&d.At), d.What, d.Target, d.By, d.Why)
	}
	b.WriteString(noticeDetails(s.Notices))
	return b.String()
}

func rowTable(b *strings.Builder, title string, rows []fleet.Row, says func(fleet.Row) string) {
	cells := make([][]string, 0, min(len(rows), shownRows))
	for _, r := range rows[:min(len(rows), shownRows)] {
		cells = append(cells, []string{r.Name, GatewayWorkflowID(r.Gateway), strconv.Itoa(r.Wave), says(r)})
	}
	table(b, title, []string{"target", "workflow", "wave", ""}, cells)
}

// tag updates the attributes that follow a campaign's way, where they change: each
// call is an event.
func (c *campaign) tag(ctx workflow.Context) error {
	s := c.status(ctx)
	blocker := maintenance.NotBlocked
	switch {
	case s.Asks != "":
		blocker = maintenance.BlockedByApproval
	case s.Paused != "":
		blocker = fleet.ByPause
	case s.Held != "":
		blocker = maintenance.BlockedByFailure
	case s.Counts.Running == 0 && !s.Next.IsZero():
		blocker = maintenance.BlockedByWindow
	}
	state := ""
	if c.result != nil {
		state = string(c.result.State)
	}
	tags := fmt.Sprint(blocker, s.Next, state)
	if tags == c.tagged {
		return nil
	}
	c.tagged = tags
	updates := []temporal.SearchAttributeUpdate{attributeBlocker.ValueUnset(), attributeNext.ValueUnset()}
	if blocker != maintenance.NotBlocked {
		updates[0] = attributeBlocker.ValueSet(string(blocker))
	}
	if !s.Next.IsZero() && state == "" {
		updates[1] = attributeNext.ValueSet(s.Next)
	}
	if state != "" {
		updates = append(updates, attributeState.ValueSet(state))
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}
