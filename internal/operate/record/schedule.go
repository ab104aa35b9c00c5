package record

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
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
