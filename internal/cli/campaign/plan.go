package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// horizon is how far ahead a plan looks by default: as far as
// recurring freezes are written out.
const horizon = 400 * 24 * time.Hour

// workerPatience is how long a plan waits for a worker that does not answer.
const workerPatience = time.Minute

// planPatience is how long a plan waits for what does not answer, and mostPlanPatience
// how long at most: the campaign that reads for it stays for ten minutes after that.
const (
	planPatience     = 20 * time.Second
	mostPlanPatience = 15 * time.Minute
)

// planning is one call of plan.
type planning struct {
	queue      string
	now, until shell.TimeFlag
	patience   time.Duration
	faults     shell.Faults
}

// NewPlan is the command that shows what a plan file's campaign would do.
func NewPlan(a *shell.App) *cobra.Command {
	var p planning
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Preview the campaign of a plan file, without changing anything",
		Long: "plan asks a worker to read every target of a plan file: gateways, windows, volumes and proxies. For each\n" +
			"target it prints the versions, window, wave and forecast, the expected start and end, what blocks it if it\n" +
			"cannot start, and warnings; then the calendar of the whole campaign.\n\n" +
			"plan uses the same decision code as a campaign. It assumes that every target succeeds in the time\n" +
			"forecast, and that approvals are given at once. It asks the health checks of the plan once and shows those\n" +
			"that would block now. It changes nothing in the clouds. If a target cannot be read, plan names it with the\n" +
			"last error and exits with status 3.",
		Example: "  tidegate plan payments-q4.yaml\n  tidegate plan payments-q4.yaml --now 2026-12-01T00:00:00Z --output json | jq .summary",
		Args:    shell.Arguments("FILE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.run(cmd, a, args[0]) },
	}
	const wantTime = "a time in RFC 3339, such as 2026-12-01T12:00:00Z"
	p.faults.Text(cmd, &p.now, "now", "time", wantTime, "the time at which the preview starts (default: now)")
	p.faults.Text(cmd, &p.until, "until", "time", wantTime, "the time at which the preview ends (default: 400 days later)")
	cmd.Flags().DurationVar(&p.patience, "patience", planPatience, "how long to wait for the last targets that do not answer: 1s to 15m")
	cmd.Flags().StringVar(&p.queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	a.OutputFlag(cmd)
	return cmd
}

func (p *planning) run(cmd *cobra.Command, a *shell.App, file string) error {
	now := p.now.Time
	if now.IsZero() {
		now = time.Now()
	}
	now = now.UTC().Truncate(time.Second)
	until := cmp.Or(p.until.UTC(), now.Add(horizon))
	faults := []error(p.faults)
	if !until.After(now) {
		faults = append(faults, maintenance.Invalid("--until", p.until.Format(time.RFC3339),
			"a time after "+now.Format(time.RFC3339)))
	}
	faults = append(faults, p.wrongPatience())
	f, err := ReadPlan(cmd, file, now)
	c, err := a.Dial(cmd.Context(), append(faults, err, shell.WrongQueue(p.queue), a.CheckOutput())...)
	if err != nil {
		return err
	}
	defer c.Close()
	read, err := survey(cmd, c, f, p)
	if err != nil {
		return err
	}
	t := render.NewTimetable(f.Plan, f.digest, read, now, until)
	if len(f.Plan.Checks) > 0 {
		asked, err := askHealth(cmd, c, f.Plan, subjectsOf(read), true, p.queue)
		if err != nil {
			return err
		}
		h := render.NewHealth(f.Plan.Name, f.Plan.Checks, asked)
		t.Health = &h
	}
	if err := a.Printer(cmd).Print(t, func(p printer.Printer) { render.PrintTimetable(p, t) }); err != nil {
		return err
	}
	if t.Summary.Unread > 0 {
		return shell.EndError{Status: shell.StatusPartial}
	}
	return nil
}

func (p *planning) wrongPatience() error {
	if p.patience < time.Second || p.patience > mostPlanPatience {
		return maintenance.Invalid("--patience", p.patience.String(), "1s to 15m")
	}
	return nil
}

// survey has a campaign that only plans read everything, and ends it.
func survey(cmd *cobra.Command, c operate.Session, f PlanFile, p *planning) (render.Survey, error) {
	ctx := cmd.Context()
	id := operate.PlanOnlyPrefix + f.Plan.Name + "-" + shell.RandomDigits()
	in := Input(f, cmp.Or(operate.LoginName(), "tidegate plan"))
	in.PlanOnly, in.Patience = true, maintenance.Duration(p.patience)
	run, err := launch(ctx, c, f, in, StartOptions(f, id, p.queue))
	if err != nil {
		return render.Survey{}, err
	}
	g := operate.Started(f.Plan.Name, run)
	screen := printer.NewScreen(cmd.ErrOrStderr())
	status, err := awaitPlanned(ctx, c, g, run, &screen)
	screen.Close()
	var read render.Survey
	if err == nil {
		read, err = readSurvey(ctx, c, g, status.Batches)
	}
	if undo := cancel(ctx, c, run); err == nil && undo != nil {
		screen.Line(maintenance.Plain(undo) + "; the read ends by itself within ten minutes")
	}
	return read, err
}

// awaitPlanned waits until a campaign that only plans has read everything.
func awaitPlanned(
	command context.Context, c operate.Session, g operate.Campaign, run client.WorkflowRun, s *printer.Screen,
) (fleet.Status, error) {
	ctx, cancel := context.WithCancel(command)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := endrecord.OfCampaign(ctx, run)
		ended <- cmp.Or(err, errors.New("the read has ended"))
	}()
	tick := time.NewTicker(operate.PollEvery / 4)
	defer tick.Stop()
	doing, answered := progressLine{screen: s}, time.Now()
	for {
		select {
		case err := <-ended:
			if command.Err() != nil {
				return fleet.Status{}, fmt.Errorf("interrupted before the plan %s was read: nothing was changed", g.Name)
			}
			return fleet.Status{}, fmt.Errorf("the targets of the plan %s could not all be read; nothing was changed; to check the setup: tidegate doctor FILE: %w", g.Name, err)
		case <-tick.C:
			var status fleet.Status
			if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
				if time.Since(answered) > workerPatience {
					return status, err
				}
				s.Silent(maintenance.Plain(err))
				continue
			}
			answered = time.Now()
			if status.Phase == fleet.Planned {
				return status, nil
			}
			doing.show(status.Doing, answered)
		}
	}
}

// lineEvery is how often progress is written where it cannot be drawn.
const lineEvery = 5 * time.Second

// progressLine shows how far reading is: on a terminal in one line that is drawn again, elsewhere in
// a line for each piece of work, and another now and then.
type progressLine struct {
	screen *printer.Screen
	said   string
	at     time.Time
}

func (l *progressLine) show(doing string, now time.Time) {
	l.screen.Draw(doing)
	if doing == l.said || l.screen.Width > 0 {
		return
	}
	piece, _, _ := strings.Cut(doing, ":")
	before, _, _ := strings.Cut(l.said, ":")
	if piece != before || now.Sub(l.at) >= lineEvery {
		l.screen.Line(doing)
		l.said, l.at = doing, now
	}
}

// readSurvey fetches what was read: the entries from the campaign, a page at a
// time, the rest from its batches.
func readSurvey(ctx context.Context, c operate.Session, g operate.Campaign, batches []string) (render.Survey, error) {
	s := render.Survey{Targets: map[string]api.Surveyed{}}
	for more := true; more; {
		var page fleet.Fleet
		if err := g.Ask(ctx, c, api.EntriesQuery, &page, fleet.Page{
			From: len(s.Fleet.Entries), Count: operate.PageOfRows,
		}); err != nil {
			return render.Survey{}, err
		}
		more = len(page.Entries) == operate.PageOfRows
		page.Entries = append(s.Fleet.Entries, page.Entries...)
		s.Fleet = page
	}
	for _, batch := range batches {
		var targets []api.Surveyed
		if err := c.Ask(ctx, batch, "", api.BatchQuery, &targets); err != nil {
			return render.Survey{}, err
		}
		for _, t := range targets {
			s.Targets[t.Entry.Gateway] = t
		}
	}
	return s, nil
}
