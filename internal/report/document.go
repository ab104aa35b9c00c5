// Package report is the record of a campaign, for auditors and scripts: what it says and what
// it looks like in each format. It is made in package histories, which reads Temporal, and shows
// nothing of a campaign as it runs (live does). Start at Document and Render.
package report

import (
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// SchemaVersion is the version of what this package writes. It rises with every
// change of a report's content or text: verification compares both.
const SchemaVersion = 7

// The states of a campaign that left no record of its own, in addition to those of
// fleet.EndState.
const (
	StateRunning = "RUNNING"
	// StateNoRecord is a campaign that someone terminated, or that failed before
	// it had a fleet.
	StateNoRecord = "NO RECORD"
)

// How a run is that has not ended as far as anybody knows.
const (
	RunRunning = "running"
	RunGone    = "gone"
)

// Document is a campaign's report. Everything in it comes from histories: made
// twice of the same ones, it is the same.
type Document struct {
	SchemaVersion int    `json:"schemaVersion"`
	Name          string `json:"name"`
	WorkflowID    string `json:"workflowId"`
	RunID         string `json:"runId"` // of the campaign's last run
	Schedule      string `json:"schedule,omitempty"`
	Submitter     string `json:"submitter"`
	PlanDigest    string `json:"planDigest,omitempty"` // SHA-256 of the plan file, in hexadecimal digits
	// Run is the plan as the campaign ran it, with the digest that it has computed itself, and what had to be signed.
	// Empty fields: the campaign has not recorded them yet.
	Run fleet.PlanRun `json:"run,omitzero"`
	// State is a fleet.EndState, or StateRunning or StateNoRecord.
	State   string    `json:"state"`
	Summary string    `json:"summary"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end,omitzero"`
	// AsOf is when the last event took place that the report knows of.
	AsOf   time.Time        `json:"asOf"`
	Counts fleet.Counts     `json:"counts"`
	Waves  []fleet.WaveLine `json:"waves,omitempty"`
	// Plan is what was asked for, without its targets.
	Plan        plan.Plan     `json:"plan"`
	Decisions   []Decision    `json:"decisions,omitempty"`   // in their order
	Targets     []Target      `json:"targets"`               // in the campaign's order
	Undone      []Undone      `json:"undone,omitempty"`      // what was not done, and why
	Undelivered []Undelivered `json:"undelivered,omitempty"` // messages to people that did not arrive for certain
	// Remarks are what keeps the report from being whole, such as histories that
	// Temporal does not keep any more.
	Remarks []string `json:"remarks,omitempty"`
	// Rehearsal says of what was only rehearsed on simulated clouds that it was; empty: it was no rehearsal.
	Rehearsal string `json:"rehearsal,omitempty"`
	Chain     Chain  `json:"chain"`
}

// Decision is what a person decided.
type Decision struct {
	maintenance.Decision
	// Via is the Temporal client that sent it, as that client names itself: a program and
	// its user and machine, where it is one of Tidegate's. Empty where the history does not
	// say.
	Via string `json:"via,omitempty"`
}

// Target is what became of one target.
type Target struct {
	Name    string `json:"name"`
	Gateway string `json:"gateway"` // sgw-...
	ARN     string `json:"arn,omitempty"`
	Account string `json:"account,omitempty"`
	Wave    int    `json:"wave"` // from 1 on
	// State is that of the target in its campaign.
	State fleet.State `json:"state"`
	Note  string      `json:"note,omitempty"`
	// HeldAt is the step at which it waits for a person; empty: it does not.
	HeldAt maintenance.Step `json:"heldAt,omitempty"`
	// Window says when the gateway's windows open.
	Window   string               `json:"window,omitempty"`
	Forecast maintenance.Duration `json:"forecast"` // of the work, by the plan
	Took     maintenance.Duration `json:"took"`     // the work, over all runs, waiting for windows and for people left out
	// Held is for how long it waited for a person.
	Held maintenance.Duration `json:"held,omitempty"`
	Runs []Run                `json:"runs,omitempty"`
}

// Run is one maintenance of a target. A target has several where one was deferred
// to another window, or failed and was retried.
type Run struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// Ended is how Temporal says that it ended: completed, failed, cancelled,
	// terminated, timed out; else running, or gone.
	Ended  string              `json:"ended"`
	Start  time.Time           `json:"start,omitzero"`
	End    time.Time           `json:"end,omitzero"`
	Result *maintenance.Result `json:"result,omitempty"`
	// Failed are the failed attempts at steps that a person was asked about, of a run
	// without a record: a record has them in its steps.
	Failed []maintenance.StepFailure `json:"failed,omitempty"`
}

// Failures are the failed attempts at steps that a person was asked about.
func (r Run) Failures() []maintenance.StepFailure {
	if r.Result == nil {
		return r.Failed
	}
	return maintenance.FailuresOf(r.Result.Steps)
}

// EndBy is when the run ended, or how far the report follows it.
func (r Run) EndBy(asOf time.Time) time.Time {
	if r.End.IsZero() {
		return asOf
	}
	return r.End
}

// hold is the attempt for which the run is held at its last event; nil: it is not.
func (r Run) hold() *maintenance.StepFailure {
	if n := len(r.Failed); n > 0 && r.Ended == RunRunning && r.Failed[n-1].Until == nil {
		return &r.Failed[n-1]
	}
	return nil
}

// Undone is something that the plan asked for and that was not done.
type Undone struct {
	Target string `json:"target"`
	What   string `json:"what"`
	Why    string `json:"why"`
}

// Latest is the record of the last run that left one; nil: none did.
func (t Target) Latest() *maintenance.Result {
	for _, r := range slices.Backward(t.Runs) {
		if r.Result != nil {
			return r.Result
		}
	}
	return nil
}

// Undelivered is a message to people that did not arrive for certain.
type Undelivered struct {
	At      time.Time         `json:"at"`
	Channel string            `json:"channel"`
	Event   string            `json:"event"` // the id of what it was about
	Title   string            `json:"title,omitempty"`
	State   fleet.NoticeState `json:"state"`
	Why     string            `json:"why"`
}

// Chain ties a report to the histories that it was made of: if its head is kept
// elsewhere, any changed history is noticed later.
type Chain struct {
	// PlanDigest is what the first link follows.
	PlanDigest string `json:"planDigest"`
	Links      []Link `json:"links"`
	// Head is the hash of the last link.
	Head string `json:"head"`
}

// Link is one history.
type Link struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	Events     int    `json:"events"`
	// SHA256 is that of the events' canonical encoding; empty for a history that is
	// gone.
	SHA256 string `json:"sha256,omitempty"`
	Gone   bool   `json:"gone,omitempty"`
	// Hash is the SHA-256 of the five lines: the hash before, or the plan's digest;
	// workflow id; run id; number of events; SHA-256 of the events.
	Hash string `json:"hash"`
}
