package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/report"
)

// patience is how long the demo waits for its targets, several times what they
// need: a run that hangs is a fate that did not come out.
const patience = 6 * time.Minute

// play raises the stage, follows every target to its end, and says how it was.
// Its error is that a fate did not come out, or that it was interrupted.
func play(ctx context.Context, opts options, out io.Writer) error {
	begin := time.Now()
	s, err := raise(ctx, opts)
	if err != nil {
		return err
	}
	defer s.strike()
	targets := fleet()
	p := printer{out}
	p.greet(s, targets)
	results, err := perform(ctx, s, targets, newScreen(out, targets, begin))
	if err != nil {
		return err
	}
	counted := tally(s.clouds.Effects())
	p.summary(targets, results)
	p.effects(intended(targets), counted)
	faults := differences(targets, results, counted)
	p.verdict(faults)
	if opts.report != "" {
		record := report.Report{Started: begin, Ended: time.Now(), Targets: results, Effects: forReport(counted)}
		if err := report.Write(opts.report, record); err != nil {
			return err
		}
		p.say("The report is in %s.\n", opts.report)
	}
	if !opts.exit {
		p.say("Browse %s; Ctrl-C ends it.\n", s.runsPage())
		<-ctx.Done()
	}
	if len(faults) > 0 {
		return errors.New("not every fate came out as it should:\n  " + strings.Join(faults, "\n  "))
	}
	return nil
}

// perform starts every target and follows all of them to their ends. The
// results are in the fleet's order; one that left no record is zero.
func perform(ctx context.Context, s *stage, fleet []member, show screen) ([]maintenance.Result, error) {
	defer show.close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	results, errs := make([]maintenance.Result, len(fleet)), make([]error, len(fleet))
	var group sync.WaitGroup
	for i, m := range fleet {
		group.Go(func() {
			run, err := m.start(ctx, s.client)
			if err != nil {
				errs[i] = err
				return
			}
			results[i], errs[i] = m.follow(ctx, s.client, run, func(status maintenance.Status) { show.update(i, status) })
		})
	}
	group.Wait()
	left := missing(fleet, results)
	switch {
	case ctx.Err() == nil || left == "":
		return results, errors.Join(errs...)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("after %s these had not ended: %s", patience, left)
	}
	return nil, fmt.Errorf("interrupted before these had ended: %s", left)
}

// missing names the targets without a result.
func missing(fleet []member, results []maintenance.Result) string {
	var names []string
	for i, r := range results {
		if r.State == "" {
			names = append(names, fleet[i].target.Name)
		}
	}
	return strings.Join(names, ", ")
}
