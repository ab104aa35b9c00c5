package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// attendCampaign follows a campaign until it has ended or a person has to act,
// prints its record, and is an endError unless it ended COMPLETED.
func (a *app) attendCampaign(cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	p := newCampaignProgress(cmd.ErrOrStderr())
	execution, err := followCampaign(cmd.Context(), c, g, p)
	p.Close()
	if err != nil {
		return notFollowed("the campaign", g.Name, err)
	}
	g.Execution = execution
	return a.leaveCampaign(cmd, c, g)
}

// leaveCampaign prints the record of a campaign that is no longer followed, since it
// has ended or a person has to act, and is an endError unless it ended COMPLETED.
func (a *app) leaveCampaign(cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	r, err := operate.ReadCampaign(cmd.Context(), c, g)
	if err := errors.Join(err, r.Print(a.printer(cmd))); err != nil {
		return err
	}
	if r.Result == nil {
		cmd.PrintErrf("The campaign goes on once it is told to; look again with: tidegate watch %s\n", g.Name)
	}
	if status := campaignExit(r); status != statusDone {
		return endError{status}
	}
	return nil
}

// followCampaign shows a campaign's progress until it has ended or a person has
// to act, and says how it then is. The campaign does not depend on being followed.
func followCampaign(ctx context.Context, c operate.Session, g operate.Campaign, p *campaignProgress) (enumspb.WorkflowExecutionStatus, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := outcome.OfCampaign(ctx, c.GetWorkflow(ctx, g.WorkflowID, g.RunID))
		ended <- err
	}()
	tick := time.NewTicker(operate.LookEvery)
	defer tick.Stop()
	var looked, retriesRead time.Time
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return 0, errLeft
			}
			if err != nil && !errors.Is(err, outcome.ErrNoResult) {
				return 0, err
			}
			last, err := g.Again(ctx, c)
			return last.Execution, err
		case now := <-tick.C:
			if p.last.Patient(now) && now.Sub(looked) < operate.LookSlowly {
				p.redraw(now)
				continue
			}
			looked = now
			var status fleet.Status
			if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
				p.Silent(maintenance.Plain(err))
				continue
			}
			p.show(status, now)
			if now.Sub(retriesRead) >= operate.LookSlowly {
				retriesRead = now
				p.retries.show(&p.Screen, operate.CallsOf(ctx, c, status.Running))
			}
			if status.Held != "" {
				return g.Execution, nil
			}
		}
	}
}

// campaignProgress writes a line for each change of a campaign's state, and below
// them how far it is.
type campaignProgress struct {
	show.Screen
	last    fleet.Status
	said    map[string]string // by what it is about
	running map[string]bool   // targets that were shown to run, by name
	failed  map[string]bool
	kept    map[string]fleet.Row // those that were named as unavailable, by gateway
	retries retries
}

func newCampaignProgress(out io.Writer) *campaignProgress {
	return &campaignProgress{Screen: show.NewScreen(out), said: map[string]string{}, running: map[string]bool{}, failed: map[string]bool{}, retries: retries{}}
}

// show shows what is new, and what goes on now.
func (p *campaignProgress) show(s fleet.Status, now time.Time) {
	p.last, p.Mute = s, false
	p.say("phase", operate.PhaseText(s))
	p.unavailable(s.Unavailable)
	p.begun(s.Running)
	p.failures(s.Failures)
	for _, w := range s.Waves {
		p.say(fmt.Sprintf("wave %d", w.Wave), waveText(w, len(s.Waves)))
	}
	if s.Counts.Total > 0 {
		p.say("targets", operate.CountsText(s.Counts))
	}
	p.say("waits", waitText(s))
	p.say("approval", approvalText(s))
	p.say("paused", s.Paused)
	p.say("stopped", s.Stopped)
	p.say("held", s.Held)
	p.redraw(now)
}

// say writes what is said of a thing, where it is not what was said last.
func (p *campaignProgress) say(of, text string) {
	if p.said[of] == text {
		return
	}
	p.said[of] = text
	p.Line(fmt.Sprintf("%-9s %s", of, cmp.Or(text, "no longer")))
}

// begun shows the targets that have begun since.
func (p *campaignProgress) begun(rows []fleet.Row) {
	now := map[string]bool{}
	for _, r := range rows {
		key := fmt.Sprintf("%s/%d", r.Gateway, r.Attempts)
		now[key] = true
		if !p.running[key] {
			p.Line(fmt.Sprintf("begun     %s (%s) at %s, expected to end at %s", r.Name, r.Gateway, show.Clock(&r.Begun), show.Instant(r.End)))
		}
		if r.State == fleet.Held && p.said[key] != r.Note {
			p.Line(fmt.Sprintf("held      %s (%s): %s", r.Name, r.Gateway, r.Note))
		}
		p.said[key] = r.Note
	}
	p.running = now
}

// unavailable names the targets that no window lets begin, and those that no more are.
// What is only being read is said where it was tried in vain.
func (p *campaignProgress) unavailable(rows []fleet.Row) {
	now := map[string]fleet.Row{}
	for _, r := range rows {
		if r.Blocker != maintenance.BlockedByReading || !r.UnreadSince.IsZero() {
			now[r.Gateway] = r
		}
	}
	for _, r := range rows {
		if _, known := p.kept[r.Gateway]; known || now[r.Gateway].Name == "" {
			continue
		}
		p.Line(fmt.Sprintf("waits     %s (%s): %s", r.Name, r.Gateway, r.Reason))
	}
	for _, gateway := range slices.Sorted(maps.Keys(p.kept)) {
		if _, still := now[gateway]; !still {
			p.Line(fmt.Sprintf("waits     %s (%s): available again", p.kept[gateway].Name, gateway))
		}
	}
	p.kept = now
}

// failures shows the targets that have failed since.
func (p *campaignProgress) failures(rows []fleet.Row) {
	for _, r := range rows {
		key := fmt.Sprintf("%s/%d", r.Gateway, r.Attempts)
		if !p.failed[key] {
			p.Line(fmt.Sprintf("failed    %s (%s): %s", r.Name, r.Gateway, r.Note))
		}
		p.failed[key] = true
	}
}

// waveText is how a wave is; nothing where it is the only one, or its turn has not
// come.
func waveText(w fleet.WaveLine, waves int) string {
	if waves < 2 || w.State == fleet.WaveWaiting {
		return ""
	}
	text := w.State
	if !w.Until.IsZero() {
		text += " until " + show.Clock(&w.Until)
	}
	return text
}

// approvalText is the approval that the campaign needs next; empty: none.
func approvalText(s fleet.Status) string {
	if s.Approval == nil {
		return ""
	}
	return s.Approval.Sentence()
}

// waitText is what keeps how many targets, and when the next may begin.
func waitText(s fleet.Status) string {
	var parts []string
	for _, b := range slices.Sorted(maps.Keys(s.Blockers)) {
		parts = append(parts, fmt.Sprintf("%d %s", s.Blockers[b], b))
	}
	text := strings.Join(parts, ", ")
	if !s.Next.IsZero() {
		text += "; the next may begin at " + show.Clock(&s.Next)
	}
	return strings.TrimPrefix(text, "; ")
}

// redraw draws the last line of a terminal anew.
func (p *campaignProgress) redraw(now time.Time) { p.Draw(fleetMoment(p.last, now)) }

// barWidth is how many cells the bar of a terminal's last line has.
const barWidth = 24

// fleetMoment is in one line how far a campaign is, and for how long it still waits.
func fleetMoment(s fleet.Status, now time.Time) string {
	c := s.Counts
	if c.Total == 0 {
		return operate.PhaseText(s)
	}
	ended := c.Ended()
	full := barWidth * ended / c.Total
	text := fmt.Sprintf("[%s%s] %d/%d ended, %d running", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), ended, c.Total, c.Running)
	if c.Held > 0 {
		text += fmt.Sprintf(", %d held", c.Held)
	}
	if s.Next.After(now) {
		text += fmt.Sprintf(", next in %s", whole(s.Next.Sub(now)))
	}
	return text
}
