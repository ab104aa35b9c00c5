package target

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/workflows/call"
)

// entry is one change of the ledger, and how to undo it.
type entry struct {
	change maintenance.Change
	undo   undo // nil for a change that only goes forward
	// expires is true for a change that ends by itself: a run that cannot end it before has not failed for that.
	expires bool
}

// undo reverts a change and returns its state then: the change may turn out never to have been made, or to be one
// that stays.
type undo func(workflow.Context) (maintenance.ChangeState, error)

// ledger is what a run has changed, oldest first.
type ledger struct {
	entries []*entry
}

// intend registers a change before it is made, so that an interrupted step is reverted too. A nil undo makes it
// forward-only.
func (l *ledger) intend(what, how string, undo undo) *entry {
	e := &entry{
		change: maintenance.Change{What: what, Reversible: undo != nil, Undo: how, State: maintenance.ChangeIntended},
		undo:   undo,
	}
	l.entries = append(l.entries, e)
	return e
}

func (e *entry) is(state maintenance.ChangeState) { e.change.State = state }

// open is true for a change that is, or may be, in force and can be reverted, also if an earlier try to revert it
// failed. A nil entry is no change.
func (e *entry) open() bool {
	if e == nil || e.undo == nil {
		return false
	}
	switch e.change.State {
	case maintenance.ChangeIntended, maintenance.ChangeInForce, maintenance.ChangeStuck, maintenance.ChangeExpires:
		return true
	case maintenance.ChangeKept, maintenance.ChangeTakenBack, maintenance.ChangeNotMade:
	}
	return false
}

// revert undoes one change, unless there is nothing to undo. It uses a disconnected context: the changes of a
// cancelled run are reverted too.
func (e *entry) revert(ctx workflow.Context) error {
	if !e.open() {
		return nil
	}
	return e.revertBy(ctx, e.undo)
}

// revertBy undoes an open change in another way than usual.
func (e *entry) revertBy(ctx workflow.Context, undo undo) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	state, err := undo(ctx)
	if err != nil {
		call.Count(ctx, metric.Reverts, map[string]string{"outcome": "failed"})
		e.change.Why = call.Explain(err).Error()
		e.is(maintenance.ChangeStuck)
		if e.expires {
			e.is(maintenance.ChangeExpires)
		}
		return fmt.Errorf("revert %s: %w", e.change.What, call.Explain(err))
	}
	e.change.Why = ""
	e.is(state)
	if state == maintenance.ChangeTakenBack {
		call.Count(ctx, metric.Reverts, map[string]string{"outcome": "reverted"})
	}
	return nil
}

// reopen makes unwind revert also what stays otherwise and can be reverted: finished snapshots.
func (l *ledger) reopen() {
	for _, e := range l.entries {
		if e.undo != nil && e.change.State == maintenance.ChangeKept {
			e.is(maintenance.ChangeInForce)
		}
	}
}

// unwind reverts every open change, the last one first, and shows the ledger after each. What ends by itself is no
// failure.
func (l *ledger) unwind(ctx workflow.Context, show func(workflow.Context)) error {
	var errs []error
	for _, e := range slices.Backward(l.entries) {
		if err := e.revert(ctx); !e.expires {
			errs = append(errs, err)
		}
		show(ctx)
	}
	return errors.Join(errs...)
}

// changes is the ledger as people see it.
func (l *ledger) changes() []maintenance.Change {
	changes := make([]maintenance.Change, 0, len(l.entries))
	for _, e := range l.entries {
		c := e.change
		if c.State == maintenance.ChangeNotMade {
			c.Undo = "" // there is nothing to revert
		}
		changes = append(changes, c)
	}
	return changes
}
