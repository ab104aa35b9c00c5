package api

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MaintenanceInput asks for one target's maintenance.
type MaintenanceInput struct {
	Target maintenance.Target `json:"target"`
	// Policy may leave fields out: they take their defaults once, at assess.
	Policy maintenance.Policy `json:"policy,omitzero"`
	// Campaign is the workflow id of the campaign that started it, which waits for
	// the window in its place: a run that finds it shut ends DEFERRED. Empty: none.
	Campaign string `json:"campaign,omitempty"`
	// HeldChannels are those that the campaign tells when a step is held, for the record.
	HeldChannels []string `json:"heldChannels,omitempty"`
	// Carried is what the run before has left; nil in the first.
	Carried *CarriedRun `json:"carried,omitempty"`
}

// CarriedRun is what a run that slept leaves to the one that goes on in another
// build of the worker.
type CarriedRun struct {
	Start     time.Time              `json:"start"`
	Decisions []maintenance.Decision `json:"decisions,omitempty"` // an approval holds
	// Gateway is as the first run found it. What AWS has updated since is told by it.
	Gateway maintenance.Gateway `json:"gateway"`
}

// Action is what an operator says with an update: who, and why.
type Action struct {
	By  string `json:"by"`            // who; not empty
	Why string `json:"why,omitempty"` // for the record
}

// mostBy and mostWhy are how many bytes an action may say: it is kept, and travels
// with every other one.
const (
	mostBy  = 100
	mostWhy = 1000
)

// Validate refuses an action that does not say who, or says too much.
func (in Action) Validate() error {
	switch {
	case strings.TrimSpace(in.By) == "":
		return errors.New(`by is empty: say who you are, such as {"by": "alice"}`)
	case len(in.By) > mostBy:
		return fmt.Errorf("by has %d bytes: want a name of at most %d", len(in.By), mostBy)
	case len(in.Why) > mostWhy:
		return fmt.Errorf("why has %d bytes: want at most %d, such as the number of a ticket", len(in.Why), mostWhy)
	}
	return nil
}
