package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/report/histories"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/workflows/api"
)

// patience is how long the demo waits for its campaign, several times what it
// needs: one that hangs is a outcome that did not come out. patientlyAsked is what
// it waits beyond that for the user, who may be asked to approve it or may pause it.
const (
	patience       = 8 * time.Minute
	patientlyAsked = time.Hour
)

// play raises the stage, follows the campaign to its end, and says how it was.
// Its error is that a outcome did not come out, or that it was interrupted.
func play(ctx context.Context, opts options, in io.Reader, out io.Writer) error {
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	seen, start := terminal{in, out, interrupt}, time.Now()
	p, err := readPlan(start)
	if err != nil {
		return err
	}
	world, err := simcloud.Parse("scenario.yaml", scenario)
	if err != nil {
		return err
	}
	s, err := raise(ctx, opts, p.Accounts, world)
	if err != nil {
		return err
	}
	defer s.strike()
	input, err := campaignInput(time.Now())
	if err != nil {
		return err
	}
	targets, say := members(), summarizer{out}
	say.greet(s, input, targets)
	if opts.ask {
		say.say("  It waits for you: %s\n\n", s.tidegate("approve "+input.Plan.Name+" --why TEXT"))
	}
	was, err := perform(ctx, s, input, opts.ask, func(ctx context.Context, c *campaign) screen {
		return newScreen(ctx, seen, s, c, start)
	}, printer.Interactive(in, out))
	if err != nil {
		return err
	}
	say.summary(targets, was)
	say.effects(intended(targets), was.effects)
	say.messages(was.received)
	faults := differences(targets, was, promisesOf(input.Plan))
	say.verdict(faults, was.tookPart())
	file, err := writeReport(ctx, s, input.Plan.Name, opts.report, "")
	if err != nil {
		return err
	}
	say.say("The report is in %s.\n", file)
	if !opts.exit {
		say.say("Browse %s; Ctrl-C ends it.\n", s.runsPage())
		<-ctx.Done()
	}
	if len(faults) > 0 && !was.tookPart() {
		return errors.New("not every outcome came out as it should:\n  " + strings.Join(faults, "\n  "))
	}
	return nil
}

// perform starts the campaign and follows it to its end. With someone who may
// give it orders, or is asked to, it has more patience.
func perform(
	ctx context.Context, s *stage, in api.CampaignInput, ask bool, show func(context.Context, *campaign) screen,
	attended bool,
) (ending, error) {
	limit := patience
	if ask || attended {
		limit += patientlyAsked
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	summary := fmt.Sprintf("Campaign %s: %d targets in two accounts", in.Plan.Name, len(members()))
	c, err := start(ctx, s.session(), in, summary, foretold())
	if err != nil {
		return ending{}, err
	}
	seen := show(ctx, c)
	was, err := follow(ctx, s, c, ask, seen)
	return was, end(ctx, cancel, seen, limit, err)
}

// end ends the screen of a campaign that was followed for at most a limit, and says why that ended with an error.
func end(ctx context.Context, cancel func(), seen screen, limit time.Duration, err error) error {
	stopped := ctx.Err()
	if err != nil {
		cancel() // a live view ends with it
	}
	seen.close()
	switch {
	case stopped == nil || err == nil:
		return err
	case errors.Is(stopped, context.DeadlineExceeded):
		return fmt.Errorf("the campaign has not ended after %s", limit)
	}
	return errors.New("interrupted before the campaign had ended")
}

func follow(ctx context.Context, s *stage, c *campaign, ask bool, show screen) (was ending, err error) {
	script := newScript(c, s.clouds.AWS(), ask)
	if was.campaign, err = c.followOn(ctx, show, script.act); err != nil {
		return was, err
	}
	if was.rows, err = c.rows(ctx); err != nil {
		return was, err
	}
	byName := map[string]fleet.Row{}
	for _, row := range was.rows {
		byName[row.Name] = row
	}
	for _, m := range members() {
		result, err := c.record(ctx, byName[m.name])
		if err != nil {
			return was, err
		}
		was.results = append(was.results, result)
	}
	was.effects, was.received = tally(s.clouds.Effects()), s.oncall.messages()
	return was, nil
}

// writeReport writes what tidegate report would, in the form that the file's ending
// asks for, else as JSON. Where none is named it makes one in the folder of temporary files,
// and gives its path. The report of a rehearsal says so in a sentence.
func writeReport(ctx context.Context, s *stage, campaign, path, rehearsal string) (string, error) {
	if path == "" {
		file, err := os.CreateTemp("", "tidegate-demo-*.html")
		if err != nil {
			return "", fmt.Errorf("no file for the report can be made; name one with --report: %w", err)
		}
		if path = file.Name(); file.Close() != nil {
			return "", fmt.Errorf("close %s, which is for the report: name another with --report", path)
		}
	}
	form, ok := report.FormatOf(path)
	if !ok {
		form = report.JSON
	}
	d, err := histories.Make(ctx, histories.Temporal{Client: s.client}, api.CampaignWorkflowID(campaign), "")
	if err != nil {
		return "", err
	}
	d.Rehearsal = rehearsal
	text, err := report.Render(d, form)
	if err != nil {
		return "", err
	}
	return path, report.Save(path, text)
}
