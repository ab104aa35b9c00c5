package api

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// BatchInput asks for a batch of a campaign's targets, which weigh BatchWeight at most.
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
	// Signers are the groups of which one person has to sign what operators do to a target; none: nobody has to.
	Signers []string `json:"signers,omitempty"`
}

// The signals between a campaign and its batches.
const (
	// BatchEventsSignal carries BatchEvents.
	BatchEventsSignal = "events"
	// InstructionsSignal carries Instructions.
	InstructionsSignal = "instructions"
)

// LineSpace is how far the refs of two batches' targets lie apart: more than a batch has.
const LineSpace = 1000

// RefOf is the number by which a campaign's entries refer to a line of a batch.
func RefOf(batch, line int) int { return batch*LineSpace + line }

// Instructions are what a campaign sends to a batch. All of them may arrive twice.
type Instructions struct {
	Start  []Attempt          `json:"start,omitempty"`
	Disarm *DisarmInstruction `json:"disarm,omitempty"`
	Read   []int              `json:"read,omitempty"`   // lines to read again
	Report []int              `json:"report,omitempty"` // lines whose last outcome to report again
	// GiveUp are lines that could not be read for fleet.UnreadLimit: they are not read again
	// unless Read has them.
	GiveUp []int   `json:"giveUp,omitempty"`
	Abort  *Action `json:"abort,omitempty"` // abort every running target that is not past the point of no return
	Close  bool    `json:"close,omitempty"` // the campaign has ended
	// Bake has the checks of some targets asked until the end of their wave's bake.
	Bake *BakeInstruction `json:"bake,omitempty"`
	// Waived are all waivers of the campaign, once there is one more.
	Waived health.Waivers `json:"waived,omitempty"`
}

// BakeInstruction are the targets of a batch that their wave has updated, and that are watched while it bakes.
type BakeInstruction struct {
	Wave  int       `json:"wave"` // from 0 on
	Until time.Time `json:"until"`
	Lines []Attempt `json:"lines"`
}

// Attempt is one maintenance of a target.
type Attempt struct {
	Line    int `json:"line"`
	Attempt int `json:"attempt"` // counted by the campaign, from 1 on
	// Trigger is when the run makes its first change, at the earliest; zero: at once.
	Trigger time.Time `json:"trigger,omitzero"`
}

// DisarmInstruction ends maintenances that are armed and have changed nothing yet. It may arrive before
// the instruction to start them.
type DisarmInstruction struct {
	Action
	Attempts []Attempt `json:"attempts"`
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

// CampaignDisarm has a run that is armed, and has sent nothing, end DEFERRED: its campaign is
// paused, say, or a person has skipped the target. A run that has triggered its update, or may have,
// answers with a TargetGoesOn; a run of another campaign ignores it. The signal may come twice.
type CampaignDisarm struct {
	Action
	Campaign string `json:"campaign"` // workflow id
}

// CampaignWaivers are all waivers of a campaign that cover a run's target. They replace those that the
// run had of it; the signal may come twice.
type CampaignWaivers struct {
	Campaign string         `json:"campaign"` // workflow id
	Waived   health.Waivers `json:"waived"`
}

// BlockedTarget reports that a health check keeps a run from going on or, without a reason, that none does any more.
type BlockedTarget struct {
	Gateway string    `json:"gateway"`
	Check   string    `json:"check,omitempty"`
	Reason  string    `json:"reason,omitempty"` // the value, its limit, since when, until when
	Since   time.Time `json:"since,omitzero"`
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
	Check   string           `json:"check,omitempty"` // that has failed after the update; empty: something else has
	Reason  string           `json:"reason,omitempty"`
	Since   time.Time        `json:"since,omitzero"`
}

// TargetGoesOn reports that a run was told to disarm and goes on, since its first change is made, or may
// be.
type TargetGoesOn struct {
	Gateway string `json:"gateway"`
}

// The signals between a batch and a target's run.
const (
	// GoesOnSignal carries a TargetGoesOn.
	GoesOnSignal = "goes-on"
	// HeldSignal carries a HeldTarget.
	HeldSignal = "held"
	// BlockedSignal carries a BlockedTarget.
	BlockedSignal = "blocked"
	// WaivedSignal carries CampaignWaivers.
	WaivedSignal = "waived"
	// DecidedSignal carries a TargetDecision.
	DecidedSignal = "decided"
	// AbortSignal carries a CampaignAbort.
	AbortSignal = "abort"
	// DisarmSignal carries a CampaignDisarm.
	DisarmSignal = "disarm"
)
