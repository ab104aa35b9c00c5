package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/workflows"
)

// patience is how long the demo waits for its campaign, several times what it
// needs: one that hangs is a fate that did not come out. patientlyAsked is what
// it waits beyond that for the user's approval.
const (
	patience       = 8 * time.Minute
	patientlyAsked = time.Hour
)

// play raises the stage, follows the campaign to its end, and says how it was.
// Its error is that a fate did not come out, or that it was interrupted.
func play(ctx context.Context, opts options, out io.Writer) error {
	begin := time.Now()
	p, err := readPlan(begin)
	if err != nil {
		return err
	}
	s, err := raise(ctx, opts, p.Accounts)
	if err != nil {
		return err
	}
	defer s.strike()
	in, err := campaignInput(time.Now())
	if err != nil {
		return err
	}
	targets, say := members(), printer{out}
	say.greet(s, in, targets)
	if opts.ask {
		say.say("  It waits for you: %s\n\n", s.tidegate("approve "+in.Plan.Name+" --why TEXT"))
	}
	was, err := perform(ctx, s, in, opts.ask, newScreen(out, targets, begin))
	if err != nil {
		return err
	}
	say.summary(targets, was)
	say.effects(intended(targets), was.effects)
	faults := differences(targets, was, promisesOf(in.Plan))
	say.verdict(faults)
	file, err := writeReport(ctx, s, in.Plan.Name, opts.report)
	if err != nil {
		return err
	}
	say.say("The report is in %s.\n", file)
	if !opts.exit {
		say.say("Browse %s; Ctrl-C ends it.\n", s.runsPage())
		<-ctx.Done()
	}
	if len(faults) > 0 {
		return errors.New("not every fate came out as it should:\n  " + strings.Join(faults, "\n  "))
	}
	return nil
}

// perform starts the campaign and follows it to its end.
func perform(ctx context.Context, s *stage, in workflows.CampaignInput, ask bool, show screen) (ending, error) {
	limit := patience
	if ask {
		limit += patientlyAsked
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	was, err := follow(ctx, s, in, ask, show)
	show.close()
	switch {
	case ctx.Err() == nil || err == nil:
		return was, err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ending{}, fmt.Errorf("the campaign has not ended after %s", limit)
	}
	return ending{}, errors.New("interrupted before the campaign had ended")
}

func follow(ctx context.Context, s *stage, in workflows.CampaignInput, ask bool, show screen) (was ending, err error) {
	c, err := begin(ctx, s.client, in)
	if err != nil {
		return was, err
	}
	script := newScript(c, s.clouds.AWS(), ask)
	if was.campaign, err = c.follow(ctx, func(m moment) error {
		show.update(m, time.Now())
		return script.act(ctx, m)
	}); err != nil {
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
	was.effects = tally(s.clouds.Effects())
	return was, nil
}

// writeReport writes what tidegate report would: as HTML where the file says so,
// else as JSON. Where none is named it makes one in the folder of temporary files,
// and gives its path.
func writeReport(ctx context.Context, s *stage, campaign, path string) (string, error) {
	if path == "" {
		file, err := os.CreateTemp("", "tidegate-demo-*.html")
		if err != nil {
			return "", fmt.Errorf("make a file for the report: %w; name one with --report", err)
		}
		if path = file.Name(); file.Close() != nil {
			return "", fmt.Errorf("close %s, which is for the report: name another with --report", path)
		}
	}
	form := report.JSON
	if strings.HasSuffix(path, ".html") {
		form = report.HTML
	}
	d, err := report.Make(ctx, report.Temporal{Client: s.client}, workflows.CampaignWorkflowID(campaign), "")
	if err != nil {
		return "", err
	}
	text, err := report.Render(d, form)
	if err != nil {
		return "", err
	}
	return path, report.Save(path, text)
}
