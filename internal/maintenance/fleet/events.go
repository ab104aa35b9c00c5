package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Milestones are what a campaign has reached, as far as people are notified of it.
// They travel from run to run, so that each event is sent at most once.
type Milestones struct {
	Asked   int      `json:"asked,omitempty"`  // the last wave that an approval was asked for, from 1 on
	Given   int      `json:"given,omitempty"`  // how many of its approvals were given, while some were missing
	Opened  int      `json:"opened,omitempty"` // the last wave of which a target has started, from 1 on
	Spent   string   `json:"spent,omitempty"`  // whose error budget is spent: fleet, or wave-2; empty: none is
	Failed  []Mark   `json:"failed,omitempty"`
	Held    []Mark   `json:"held,omitempty"`
	Overran []Mark   `json:"overran,omitempty"`
	Blocked []Mark   `json:"blocked,omitempty"` // by a health check, while they run
	Unwell  []Mark   `json:"unwell,omitempty"`  // that have failed, or are held, for a health check
	Checks  []string `json:"checks,omitempty"`  // that keep the whole campaign
	// Shut are the checks that have failed while a wave baked, such as wave-1/error rate.
	Shut []string `json:"shut,omitempty"`
	End  EndState `json:"end,omitempty"` // once the campaign has ended

	texts // not compared, and not carried to the next run
}

// texts are what the messages about milestones are made of.
type texts struct {
	campaign, spent, summary string
	approval                 *Approval // that people are asked for; nil: none
	first                    Entry     // of the last wave of which one has started
	size                     int       // of that wave
	at                       time.Time
	lines                    []CheckLine
}

// Mark is one attempt at one target.
type Mark struct {
	Ref     int `json:"r"`
	Attempt int `json:"n,omitempty"`
	// Check is the health check that keeps it, or for which it has failed or is held.
	Check string `json:"c,omitempty"`

	entry Entry
	over  time.Duration // how long after its window it ended
}

// Milestones are what the campaign has reached now. before are the last ones, zero at
// first. campaign is its name in commands.
func (f Fleet) Milestones(campaign string, before Milestones, now time.Time) Milestones {
	m := Milestones{
		Asked: before.Asked, Given: before.Given, Opened: before.Opened, texts: texts{campaign: campaign, at: now},
	}
	for i := range f.Entries {
		m.mark(f.Entries[i], f.Rules.Length, before)
	}
	b := f.survey(now)
	m.checked(f.checkLines(b))
	if m.Opened > 0 && m.Opened <= len(b.waves) {
		m.size = b.waves[m.Opened-1].size
	}
	if waits := func(e Entry) bool { return e.State == Waiting }; slices.ContainsFunc(f.Entries, waits) {
		m.spend(b)
	}
	if a := b.approval(); a != nil && f.Ask.Wave > 0 && f.Life.Stopped() == "" {
		m.asks(f.Ask.Wave, a)
	}
	return m
}

// checked takes in the checks that keep the campaign, or its next wave.
func (m *Milestones) checked(lines []CheckLine) {
	m.lines = lines
	for _, l := range lines {
		switch {
		case l.State == health.Unasked: // it is being asked
		case l.Wave == 0:
			m.Checks = append(m.Checks, l.Check)
		case l.State == health.Failed:
			m.Shut = append(m.Shut, l.key())
		}
	}
}

func (l CheckLine) key() string { return fmt.Sprintf("wave-%d/%s", l.Wave, l.Check) }

// asks takes in the approval that people are asked for.
func (m *Milestones) asks(wave int, a *Approval) {
	m.approval = a
	if wave > m.Asked {
		m.Asked, m.Given = wave, len(a.Given)
	}
	m.Given = max(m.Given, len(a.Given))
}

// mark takes in what has become of one target. One that was held for a health check, and is not any more, has failed it
// all the same: it is not sent again where that attempt is held again, or fails.
func (m *Milestones) mark(e Entry, length time.Duration, before Milestones) {
	mark := Mark{Ref: e.Ref, Attempt: e.Attempts, entry: e}
	checked := mark
	checked.Check = e.Check.Name
	switch e.State {
	case Held:
		m.Held = append(m.Held, mark)
		m.unwell(checked)
	case Failed:
		m.Failed = append(m.Failed, mark)
		m.unwell(checked)
	case Running:
		for _, k := range before.Unwell {
			if k.Ref == mark.Ref && k.Attempt == mark.Attempt {
				m.Unwell = append(m.Unwell, k)
			}
		}
		if checked.Check != "" {
			m.Blocked = append(m.Blocked, checked)
		}
	case Waiting, Armed, Succeeded, Skipped, UpToDate:
	}
	if mark.over = overrun(e, length); mark.over > 0 {
		m.Overran = append(m.Overran, mark)
	}
	if e.State.InProgress() && e.Wave+1 > m.Opened {
		m.Opened, m.first = e.Wave+1, e
	}
}

// unwell takes in a target that has failed, or is held, if a health check is why.
func (m *Milestones) unwell(k Mark) {
	if k.Check != "" {
		m.Unwell = append(m.Unwell, k)
	}
}

// spend finds whose error budget is spent: the fleet's, else that of the wave
// that is open.
func (m *Milestones) spend(b *board) {
	if w := b.budget(); w.Blocker == maintenance.BlockedByBudget {
		m.Spent, m.spent = "fleet", w.Reason
	} else if b.between.Blocker == maintenance.BlockedByBudget {
		m.Spent, m.spent = fmt.Sprintf("wave-%d", b.open+1), b.between.Reason
	}
}

// overrun is how long after the end of its window a target's run has ended; 0: it
// did not. A run that went on in a later window is measured by that one.
func overrun(e Entry, length time.Duration) time.Duration {
	if (e.State != Succeeded && e.State != Failed) || e.Started.IsZero() || e.Schedule == (maintenance.Schedule{}) {
		return 0
	}
	window := e.Schedule.WindowAt(e.Started, length)
	for next := e.Schedule.NextStart(window.Start); !next.After(e.End); next = e.Schedule.NextStart(next) {
		window = maintenance.Window{Start: next, End: next.Add(length)}
	}
	return max(0, e.End.Sub(window.End))
}

// Over adds the end of the campaign.
func (m Milestones) Over(r Result) Milestones {
	m.End, m.summary = r.State, r.Summary
	return m
}

// Occurrence is one event that people are notified of.
type Occurrence struct {
	// ID is the event's own, such as failed/sgw-12A3456B/2.
	ID    string            `json:"id"`
	Event maintenance.Event `json:"event"`
	Title string            `json:"title"` // one line
	Text  string            `json:"text"`  // what, to what, and the command lines to type
	// Targets are the attempts that it is about, as gateway/attempt.
	Targets []string `json:"targets,omitempty"`
}

// Occurred returns the events between two milestones of a campaign, before and after.
// Called with each in turn, it returns no event twice.
func Occurred(before, after Milestones) []Occurrence {
	var all []Occurrence
	add := func(is bool, o Occurrence) {
		if is {
			all = append(all, o)
		}
	}
	add(after.Opened > before.Opened, after.opened())
	for _, of := range []kind{failed(), held(), overran(), blocked(), unwell()} {
		all = append(all, of.occurrences(after, newIn(of.marks(before), of.marks(after)))...)
	}
	all = append(all, after.checksSince(before)...)
	add(after.Spent != "" && after.Spent != before.Spent, after.overspent())
	if a := after.approval; a != nil && after.Asked > before.Asked {
		all = append(all, after.needsApproval(a))
	} else if a != nil && after.Given > before.Given {
		all = append(all, after.approvedInPart(a))
	}
	add(after.End != "" && before.End == "", after.ended())
	return all
}

// newIn are the marks that were not there before.
func newIn(before, after []Mark) []Mark {
	type key struct {
		ref, attempt int
		check        string
	}
	known := make(map[key]bool, len(before))
	for _, m := range before {
		known[key{m.Ref, m.Attempt, m.Check}] = true
	}
	var fresh []Mark
	for _, m := range after {
		if !known[key{m.Ref, m.Attempt, m.Check}] {
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// NoticeState is what became of a message.
type NoticeState string

// The states of a message. A message is never sent again.
const (
	NoticeSending NoticeState = "sending"
	NoticeSent    NoticeState = "sent"
	NoticeFailed  NoticeState = "failed"  // certainly, or as far as the service says
	NoticeUnknown NoticeState = "unknown" // its answer never came: it may have arrived
)

// Lost is true for a message that did not arrive for certain.
func (s NoticeState) Lost() bool { return s == NoticeFailed || s == NoticeUnknown }

// Notice is one message about one event, to one channel.
type Notice struct {
	ID      string            `json:"id"` // of the event
	Event   maintenance.Event `json:"event"`
	Channel string            `json:"channel"`
	At      time.Time         `json:"at"`
	State   NoticeState       `json:"state"`
	Why     string            `json:"why,omitempty"` // of one that failed or is unknown
}
