package faultmatrix

import (
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// Cell is one call that one fault befalls, once.
type Cell struct {
	Call Call
	Kind fault.Info
}

// Cells are all calls times all faults that can befall them and show there what
// no other fault does.
func Cells() []Cell {
	var cells []Cell
	for _, call := range Calls() {
		for _, kind := range fault.Kinds() {
			if kind.MakesSense(operationOf(call)) {
				cells = append(cells, Cell{Call: call, Kind: kind})
			}
		}
	}
	return cells
}

func operationOf(c Call) fault.Operation {
	all := simcloud.Operations()
	at := slices.IndexFunc(all, func(op fault.Operation) bool { return op.Name == c.Operation })
	if at < 0 {
		return fault.Operation{} // no fault befalls what the clouds do not serve: see the test
	}
	return all[at]
}

// Name of the cell, such as "CreateSnapshot, take the snapshot: lost-after".
func (c Cell) Name() string { return c.Call.String() + ": " + string(c.Kind.Kind) }

// String names the call without its service.
func (c Call) String() string {
	_, name, _ := strings.Cut(c.Operation, ":")
	return name + ", " + c.For
}

// Hangs is true for a fault that is over only when the caller gives up.
func (c Cell) Hangs() bool {
	return c.Kind.Kind == fault.HangBefore || c.Kind.Kind == fault.HangAfter
}

// Rule is the fault as the simulated clouds play it, from the call's mark on.
func (c Cell) Rule() fault.Rule {
	return fault.Rule{Operation: c.Call.Operation, Kind: c.Kind.Kind, Nth: max(c.Call.Nth, 1)}
}

// Answer is what a run makes of a fault.
type Answer string

// The answers.
const (
	// Retries: what certainly was not done, or does no harm twice, is called again.
	Retries Answer = "retry"
	// Polls: the outcome of what may have been done is polled, and it is sent again only where
	// there is no sign of it.
	Polls Answer = "poll"
	// Ends: the refusal is taken for an answer.
	Ends Answer = "ends"
)

// Answer of the run to the fault.
func (c Cell) Answer() Answer {
	switch {
	case c.refused() && !c.outlasted():
		return Ends
	case !c.certain() && sentOnce(c.Call.Operation):
		return Polls
	}
	return Retries
}

// Promise is what is so when the run has ended.
func (c Cell) Promise() Promise {
	if c.Answer() == Ends {
		return c.Call.Refused
	}
	return c.Call.Scenario.Promise
}

// refused is so for a fault that is the cloud's certain and lasting no.
func (c Cell) refused() bool {
	return c.notLetIn() || c.Kind.Kind == fault.Echo || c.Call.Empty && c.Kind.Kind == fault.EmptyObject
}

// outlasted is so for a refusal that is not taken for an answer.
func (c Cell) outlasted() bool {
	return c.Call.Persists == Whatever || c.Call.Persists == UntilLetIn && c.notLetIn()
}

func (c Cell) notLetIn() bool {
	return slices.Contains([]fault.Kind{fault.RefusedBefore, fault.ExpiredCredentials, fault.ClockSkew}, c.Kind.Kind)
}

// certain is so for a fault that says that the call was not carried out.
func (c Cell) certain() bool {
	return c.refused() || c.Kind.Kind == fault.Throttled || c.Kind.Kind == fault.Conflict
}

// sentOnce is so for the calls that the clouds cannot de-duplicate.
func sentOnce(operation string) bool {
	return slices.Contains([]string{updateSoftware, createSnapshot, upgradeProxy, setWeights, restartProxy}, operation)
}
