package api

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// BatchInput is a page of a campaign's targets.
type BatchInput struct {
	Campaign string `json:"campaign"` // workflow id
	First    string `json:"first"`    // run id of the campaign's first run: another campaign may take its name later
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

// RefOf is how a campaign's entries refer to a line of a batch.
func RefOf(batch, line int) int { return batch*LineSpace + line }

// Instructions are what a campaign tells a batch. All of it may be said twice.
type Instructions struct {
	Start  []StartInstruction `json:"start,omitempty"`
	Read   []int              `json:"read,omitempty"`   // lines that are to be read again
	Report []int              `json:"report,omitempty"` // lines whose last outcome to report again
	// GiveUp are lines that could not be read for fleet.UnreadLimit: they are read no more
	// unless Read says so.
	GiveUp []int   `json:"giveUp,omitempty"`
	Abort  *Action `json:"abort,omitempty"` // every running target that is not past the point of no return
	Close  bool    `json:"close,omitempty"` // nothing more will be asked
}

// StartInstruction is the order to start a target's maintenance.
type StartInstruction struct {
	Line    int `json:"line"`
	Attempt int `json:"attempt"` // counted by the campaign, from 1 on
}

// BatchEvents are what a batch tells its campaign. All of it may be said twice.
type BatchEvents struct {
	First  string        `json:"first"` // run id of the first run of the campaign that is meant
	Batch  int           `json:"batch"`
	Events []fleet.Event `json:"events"`
}

// CampaignAbort tells a run that its campaign was aborted. A run of another campaign,
// which may have the gateway by now, does not mean itself.
type CampaignAbort struct {
	Action
	Campaign string `json:"campaign"` // workflow id
}

// TargetDecision is what a person told a run itself, for its campaign's record.
type TargetDecision struct {
	Gateway  string               `json:"gateway"`
	Decision maintenance.Decision `json:"decision"`
}

// HeldTarget is what a run tells its batch when it is held, and when no more: then it
// names no step.
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
