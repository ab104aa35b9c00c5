package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
)

// Schedule is a schedule as describe prints it.
type Schedule struct {
	Name    string               `json:"name"`
	About   string               `json:"about,omitempty"` // the note that it was created with
	When    string               `json:"when"`
	Paused  bool                 `json:"paused"`
	Note    string               `json:"note,omitempty"` // who did what last, and why; why it is paused
	Next    []time.Time          `json:"next,omitempty"` // none while it is paused
	Runs    []ScheduleRun        `json:"runs,omitempty"` // the last ten, the newest first
	Started int                  `json:"started"`
	Overlap int                  `json:"skippedForOverlap"`
	Missed  int                  `json:"missedCatchup"`
	Catchup maintenance.Duration `json:"catchup"`
	Created time.Time            `json:"created"`
	Changed time.Time            `json:"changed,omitzero"` // its plan, or its note by a trigger
	Plan    SchedulePlan         `json:"plan"`
}

// SchedulePlan is what a schedule's campaigns start with.
type SchedulePlan struct {
	Name         string    `json:"name"`
	Digest       string    `json:"digest"` // SHA-256 of the file
	Summary      string    `json:"summary"`
	Submitter    string    `json:"submitter"`
	FreezesUntil time.Time `json:"freezesUntil,omitzero"` // the end of the last
	TaskQueue    string    `json:"taskQueue"`
}

// ScheduleRun is a campaign that a schedule has started.
type ScheduleRun struct {
	At         time.Time `json:"at"`
	WorkflowID string    `json:"workflowId"`
	// State is Running, COMPLETED, PARTIAL, ABORTED or EXPIRED; where the campaign left
	// no record what Temporal says, such as Terminated, or gone once that is deleted.
	State string `json:"state,omitempty"`
}

// ScheduleLine is a line of list.
type ScheduleLine struct {
	Name   string       `json:"name"`
	When   string       `json:"when"`
	Paused bool         `json:"paused"`
	Note   string       `json:"note,omitempty"`
	Next   *time.Time   `json:"next,omitempty"`
	Last   *ScheduleRun `json:"last,omitempty"`
}

// PrintSchedule prints one schedule with its last and next runs.
func PrintSchedule(p show.Printer, s Schedule) {
	field := func(name, format string, args ...any) { p.Linef("%-10s%s", name, fmt.Sprintf(format, args...)) }
	field("schedule", "%s", s.Name)
	if s.About != "" {
		field("about", "%s", s.About)
	}
	field("starts", "%s, up to %s late", s.When, s.Catchup)
	if s.Paused {
		field("paused", "yes; go on with: tidegate schedule resume %s --why TEXT", s.Name)
	}
	if s.Note != "" {
		field("note", "%s", strings.ReplaceAll(s.Note, "\n", "; "))
	}
	field("plan", "%s: %s", s.Plan.Name, s.Plan.Summary)
	field("digest", "sha256:%s", s.Plan.Digest)
	if !s.Plan.FreezesUntil.IsZero() {
		field("freezes", "known until %s", show.Clock(&s.Plan.FreezesUntil))
	}
	field("submitter", "%s", s.Plan.Submitter)
	field("created", "%s", show.Clock(&s.Created))
	if !s.Changed.IsZero() {
		field("changed", "%s", show.Clock(&s.Changed))
	}
	field("so far", "%d started, %d skipped since the last one still ran, %d missed by more than %s", s.Started, s.Overlap, s.Missed, s.Catchup)
	for i, next := range s.Next {
		name := ""
		if i == 0 {
			name = "next"
		}
		field(name, "%s", show.Clock(&next))
	}
	if len(s.Runs) == 0 {
		return
	}
	p.Linef("")
	rows := make([][]string, 0, len(s.Runs))
	for _, run := range s.Runs {
		rows = append(rows, []string{show.Clock(&run.At), run.State, run.WorkflowID})
	}
	p.Table([]string{"STARTED", "STATE", "CAMPAIGN"}, rows)
}

// PrintSchedules prints the schedules of a namespace, a row each.
func PrintSchedules(p show.Printer, all []ScheduleLine, namespace string) {
	if len(all) == 0 {
		p.Linef("There is no schedule of a campaign in namespace %s; make one with: tidegate schedule create", namespace)
		return
	}
	rows := make([][]string, 0, len(all))
	for _, s := range all {
		next, last := show.Clock(s.Next), "-"
		if s.Paused {
			next = "paused"
		}
		if s.Last != nil {
			last = show.Clock(&s.Last.At)
		}
		rows = append(rows, []string{s.Name, s.When, next, last, s.Note})
	}
	p.Table([]string{"NAME", "STARTS", "NEXT", "LAST", "NOTE"}, rows)
}
