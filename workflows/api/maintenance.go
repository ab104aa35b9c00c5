package api

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// MaintenanceInput asks for one target's maintenance.
type MaintenanceInput struct {
	Target maintenance.Target `json:"target"`
	// Policy may leave fields out: they take their defaults once, at assess.
	Policy maintenance.Policy `json:"policy,omitzero"`
	// Campaign is the workflow id of the campaign that started it. The campaign waits for the
	// window, so a run that finds the window shut ends DEFERRED. Empty: none.
	Campaign string `json:"campaign,omitempty"`
	// HeldChannels are those that the campaign notifies when a step is held, for the record.
	HeldChannels []string `json:"heldChannels,omitempty"`
	// Checks are the health checks that are asked of the target, with their defaults: before, after, and those that
	// compare. Mutes are the alarms that are kept quiet while it is worked on.
	Checks []health.Check `json:"checks,omitempty"`
	Mutes  []health.Mute  `json:"mute,omitempty"`
	// Waived are the checks that a person has waived in the campaign, for this target or for all.
	Waived health.Waivers `json:"waived,omitempty"`
	// Updated is true where an earlier run of the campaign has updated the target: its checks after the update are asked
	// also if nothing is left to do.
	Updated bool `json:"updated,omitempty"`
	// Before are the answers from before an earlier run of the campaign has updated the target, by check: of those that
	// compare. None: this run asks.
	Before map[string]health.Answer `json:"before,omitempty"`
	// Signed says that retry, skip and waive have to be signed, and for what; nil: they have not.
	Signed *SignedRun `json:"signed,omitempty"`
	// Carried is the state of the run before; nil in the first.
	Carried *CarriedRun `json:"carried,omitempty"`
}

// SignedRun is what operators sign for a run of a campaign that asks for signed commands: the campaign's name, the id
// of its first run, and the groups of which one person has to sign.
type SignedRun struct {
	Campaign string   `json:"campaign"`
	Run      string   `json:"run"`
	Signers  []string `json:"signers"`
}

// CarriedRun is the state that a run which slept passes on to the one that continues in another
// build of the worker.
type CarriedRun struct {
	Start     time.Time              `json:"start"`
	Decisions []maintenance.Decision `json:"decisions,omitempty"` // an approval stays valid
	// Gateway is as the first run found it: compared with it, an update by AWS shows.
	Gateway maintenance.Gateway `json:"gateway"`
	Waived  health.Waivers      `json:"waived,omitempty"` // by operators, in this run
}

// Waive is an operator's action on a run: one of its health checks does not count. Why is required.
type Waive struct {
	Action
	Check string `json:"check"`
}

// Action is who acts with an update, and why.
type Action struct {
	By  string `json:"by"`            // who; not empty
	Why string `json:"why,omitempty"` // for the record
	// Signature is over the whole action, where it has to be signed: who has signed it, and the reason that was signed,
	// then count instead of By and Why.
	Signature *signing.Signature `json:"signature,omitempty"`
}

// mostBy and mostWhy are how many bytes an action may have: it stays in the record, and all of them
// travel together.
const (
	mostBy  = 100
	mostWhy = 1000
)

// Validate refuses an action that does not say who acts, or is too long.
func (in Action) Validate() error {
	switch {
	case strings.TrimSpace(in.By) == "":
		return errors.New(`by is required: say who you are, such as {"by": "alice"}`)
	case len(in.By) > mostBy:
		return fmt.Errorf("by has %d bytes: must be a name of at most %d", len(in.By), mostBy)
	case len(in.Why) > mostWhy:
		return fmt.Errorf("why has %d bytes: must be at most %d, such as the number of a ticket", len(in.Why), mostWhy)
	case in.Signature != nil && len(in.Signature.Statement) > signing.MaxText,
		in.Signature != nil && len(in.Signature.Armored) > signing.MaxArmored:
		return signing.Refuse(signing.Malformed, "too long")
	}
	return nil
}
