package api

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// BatchInput asks for a batch: at most PageSize of a campaign's targets.
type BatchInput struct {
	Campaign string `json:"campaign"` // workflow id
	First    string `json:"first"`    // run id of the campaign's first run: another campaign may have its name later
	Number   int    `json:"number"`   // from 0 on
	// Plan is the campaign's, without its targets.
	Plan    plan.Plan            `json:"plan"`
	Targets []maintenance.Target `json:"targets,omitempty"` // those that the plan names
	// Selector found the gateways of Found: each becomes a target where it matches.
	Selector *plan.Selector           `json:"selector,omitempty"`
	Found    []maintenance.GatewayRef `json:"found,omitempty"`
	PlanOnly bool                     `json:"planOnly,omitempty"`
}

// The signals between a campaign and its batches.
const (
	// BatchEventsSignal carries BatchEvents.
	BatchEventsSignal = "events"
	// InstructionsSignal carries Instructions.
	InstructionsSignal = "instructions"
)

// LineSpace is how far the refs of two batches' targets lie apart.
const LineSpace = 1000

// RefOf is the number by which a campaign's entries refer to a line of a batch.
func RefOf(batch, line int) int { return batch*LineSpace + line }

// Instructions are what a campaign sends to a batch. All of them may arrive twice.
type Instructions struct {
	Start  []StartInstruction `json:"start,omitempty"`
	Seen   maintenance.Waits  `json:"seen,omitzero"`    // for those that start
	Read   []int              `json:"read,omitempty"`   // lines to read again
	Report []int              `json:"report,omitempty"` // lines whose last outcome to report again
	// GiveUp are lines that could not be read for fleet.UnreadLimit: they are not read again
	// unless Read has them.
	GiveUp []int   `json:"giveUp,omitempty"`
	Abort  *Action `json:"abort,omitempty"` // abort every running target that is not past the point of no return
	Close  bool    `json:"close,omitempty"` // the campaign has ended
}

// StartInstruction starts a target's maintenance.
type StartInstruction struct {
	Line    int `json:"line"`
	Attempt int `json:"attempt"` // counted by the campaign, from 1 on
}

// BatchEvents are what a batch reports to its campaign. All of them may arrive twice.
type BatchEvents struct {
	First  string        `json:"first"` // run id of the first run of the campaign that they are for
	Batch  int           `json:"batch"`
	Events []fleet.Event `json:"events"`
}

// CampaignAbort aborts a run, since its campaign was aborted. A run of another campaign, which may
// have the gateway by now, ignores it.
type CampaignAbort struct {
	Action
	Campaign string `json:"campaign"` // workflow id
}

// TargetDecision is what a person has decided in a target's own run, for its campaign's record.
type TargetDecision struct {
	Gateway  string               `json:"gateway"`
	Decision maintenance.Decision `json:"decision"`
}

// HeldTarget reports that a run is held at a step or, without a step, that it no longer is.
type HeldTarget struct {
	Gateway string           `json:"gateway"`
	Step    maintenance.Step `json:"step,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Since   time.Time        `json:"since,omitzero"`
}

// The signals between a batch and a target's run.
const (
	// HeldSignal carries a HeldTarget.
	HeldSignal = "held"
	// DecidedSignal carries a TargetDecision.
	DecidedSignal = "decided"
	// AbortSignal carries a CampaignAbort.
	AbortSignal = "abort"
)
