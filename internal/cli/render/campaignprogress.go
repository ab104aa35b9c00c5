package render

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/printer"
)

// CampaignProgress writes a line for each change of a campaign's state, and below
// them how far it is.
type CampaignProgress struct {
	progress[fleet.Status]

	unavailable map[string]fleet.Row // those that were named as such, by gateway
}

// NewCampaignProgress writes how a campaign goes on to out, a line for each thing that is new.
func NewCampaignProgress(out io.Writer) *CampaignProgress {
	return &CampaignProgress{progress: newProgress(out, campaignLine)}
}

// Show shows what is new, and what goes on now.
func (p *CampaignProgress) Show(s fleet.Status, now time.Time) {
	p.last, p.Mute = s, false
	p.say("phase", PhaseText(s))
	p.windows(s.Unavailable)
	p.started(s.Running)
	p.failures(s.Failures)
	for _, w := range s.Waves {
		p.say(fmt.Sprintf("wave %d", w.Wave), waveText(w, len(s.Waves)))
	}
	if s.Counts.Total > 0 {
		p.say("targets", CountsText(s.Counts))
	}
	p.say("waits", waitText(s))
	p.say("approval", approvalText(s))
	p.say("paused", s.Paused)
	p.say("stopped", s.Stopped)
	p.say("held", s.Held)
	p.Redraw(now)
}

// say writes what is said of a thing, where it is not what was said last.
func (p *CampaignProgress) say(of, text string) {
	if p.changed(of, text) {
		p.Line(fmt.Sprintf("%-9s %s", of, cmp.Or(text, "no longer")))
	}
}

// started shows the targets that have started since.
func (p *CampaignProgress) started(rows []fleet.Row) {
	for _, r := range rows {
		key := fmt.Sprintf("%s/%d", r.Gateway, r.Attempts)
		if r.State == fleet.Armed {
			if p.changed("armed "+key, "yes") {
				p.Line(fmt.Sprintf("armed     %s (%s), triggers at %s", r.Name, r.Gateway, printer.Clock(&r.Trigger)))
			}
			continue
		}
		if p.changed("started "+key, "yes") {
			p.Line(fmt.Sprintf("started   %s (%s) at %s, expected to end at %s", r.Name, r.Gateway, printer.Clock(&r.Started),
				printer.ClockOrDash(r.End)))
		}
		if p.changed("note "+key, r.Note) && r.State == fleet.Held {
			p.Line(fmt.Sprintf("held      %s (%s): %s", r.Name, r.Gateway, r.Note))
		}
	}
}

// windows names the targets that have become unavailable, and those that are available
// again. A target that is being read counts only after a failed attempt.
func (p *CampaignProgress) windows(rows []fleet.Row) {
	now := map[string]fleet.Row{}
	for _, r := range rows {
		if r.Blocker != maintenance.BlockedByReading || !r.UnreadSince.IsZero() {
			now[r.Gateway] = r
		}
	}
	for _, r := range rows {
		if _, known := p.unavailable[r.Gateway]; known || now[r.Gateway].Name == "" {
			continue
		}
		p.Line(fmt.Sprintf("waits     %s (%s): %s", r.Name, r.Gateway, r.Reason))
	}
	for _, gateway := range slices.Sorted(maps.Keys(p.unavailable)) {
		if _, still := now[gateway]; !still {
			p.Line(fmt.Sprintf("waits     %s (%s): available again", p.unavailable[gateway].Name, gateway))
		}
	}
	p.unavailable = now
}

// failures shows the targets that have failed since.
func (p *CampaignProgress) failures(rows []fleet.Row) {
	for _, r := range rows {
		if p.changed(fmt.Sprintf("failed %s/%d", r.Gateway, r.Attempts), "yes") {
			p.Line(fmt.Sprintf("failed    %s (%s): %s", r.Name, r.Gateway, r.Note))
		}
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
		text += " until " + printer.Clock(&w.Until)
	}
	return text
}

// approvalText is the approval that the campaign needs next; empty: none.
func approvalText(s fleet.Status) string {
	if s.Approval == nil {
		return ""
	}
	return s.Approval.Line()
}

// waitText counts the waiting targets by blocker, and says when the next may start.
func waitText(s fleet.Status) string {
	var parts []string
	for _, b := range slices.Sorted(maps.Keys(s.Blockers)) {
		parts = append(parts, fmt.Sprintf("%d %s", s.Blockers[b], b))
	}
	text := strings.Join(parts, ", ")
	if !s.Next.IsZero() {
		text += "; next start at " + printer.Clock(&s.Next)
	}
	return strings.TrimPrefix(text, "; ")
}

// barWidth is how many cells the bar of a terminal's last line has.
const barWidth = 24

// campaignLine is in one line how far a campaign is, and for how long it still waits.
func campaignLine(s fleet.Status, now time.Time) string {
	c := s.Counts
	if c.Total == 0 {
		return PhaseText(s)
	}
	ended := c.Ended()
	full := barWidth * ended / c.Total
	text := fmt.Sprintf("[%s%s] %d/%d ended, %d running", strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		ended, c.Total, c.Running)
	if c.Held > 0 {
		text += fmt.Sprintf(", %d held", c.Held)
	}
	if s.Next.After(now) {
		text += fmt.Sprintf(", next in %s", Seconds(s.Next.Sub(now)))
	}
	return text
}
