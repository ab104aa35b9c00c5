package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// callTimeout bounds the call that ends a mute.
const callTimeout = 20 * time.Second

// AwaitChecksInput are the checks of a target that are waited for.
type AwaitChecksInput struct {
	Followed
	Moment health.Moment `json:"moment"` // before or after
	// As is what the records call the moment; empty: its name.
	As health.Moment `json:"as,omitempty"`
	// NotAfter is when the wait ends; zero: once every check has passed, or one has failed for good.
	NotAfter time.Time `json:"notAfter,omitzero"`
}

// Queue of AwaitChecks: sources have rates of their own.
func (AwaitChecksInput) Queue(workflows string) string { return workflows }

// AwaitChecks asks the checks, each as often as it says, until all pass. It fails with names.TypeCheckFailed where one
// has failed for good, and with names.TypeWindowMissed once its time is over: the error's details are a Seen.
func (w *Watcher) AwaitChecks(ctx context.Context, in AwaitChecksInput) (Seen, error) {
	seen := Seen{Watches: maps.Clone(in.Watches)}
	left(ctx, &seen)
	if seen.Watches == nil {
		seen.Watches = map[string]health.Watch{}
	}
	f := in.Followed
	f.Watches = seen.Watches
	clock := clockOf(ctx, w.Now)
	w.awaited(ctx, clock, in.Moment, f, seen)
	seen.Records = f.record(seen.Records, cmp.Or(in.As, in.Moment), f.asked())
	activity.RecordHeartbeat(ctx, seen)
	failed, waits := f.Open(in.Moment)
	remaining := time.Hour
	if !in.NotAfter.IsZero() {
		remaining = in.NotAfter.Sub(clock.Now())
	}
	switch {
	case len(failed) > 0:
		return Seen{}, ends(names.TypeCheckFailed, seen, health.Reasons(failed))
	case len(waits) == 0:
		return seen, nil
	case remaining <= 0:
		return Seen{}, ends(names.TypeWindowMissed, seen, "too late in this window: "+health.Reasons(waits))
	}
	return Seen{}, temporal.NewApplicationErrorWithOptions(health.Reasons(waits), names.TypeNotReady,
		temporal.ApplicationErrorOptions{
			Category:       temporal.ApplicationErrorCategoryBenign,
			NextRetryDelay: min(wait(clock.Now(), []Followed{f}), remaining),
		})
}

// AskChecksInput are checks of a target that are asked before a change is prepared.
type AskChecksInput struct {
	Followed
	// As is what the records call the moment; empty: before.
	As health.Moment `json:"as,omitempty"`
}

// Queue of AskChecks.
func (AskChecksInput) Queue(workflows string) string { return workflows }

// AskChecks asks them once, as just before a change is sent. It fails with names.TypeBlocked where one does not permit
// the change: the error's details are a Seen.
func (w *Watcher) AskChecks(ctx context.Context, in AskChecksInput) (Seen, error) {
	guard := Guard{Followed: in.Followed, As: in.As}
	seen, err := Sources{Asker: w.Asker, Now: w.Now}.Ask(ctx, clockOf(ctx, w.Now), guard, nil)
	if blocked, is := errors.AsType[*BlockedError](err); is {
		return Seen{}, ends(names.TypeBlocked, blocked.Seen, blocked.Error())
	}
	return *seen, err
}

// awaited asks the checks that are due. Those before a change have the time that they have just before it is sent.
func (w *Watcher) awaited(ctx context.Context, clock Clock, m health.Moment, f Followed, seen Seen) {
	if m == health.AtBefore {
		bounded, cancel := inTime(ctx)
		defer cancel()
		ctx = bounded
	}
	w.round(ctx, clock, m, true, []Followed{f}, seen)
}

// ends is the error of a wait that is over.
func ends(kind string, seen Seen, says string) error {
	return temporal.NewApplicationErrorWithOptions(says, kind,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{seen}})
}

// Open are the checks that have failed for good, and those that do not pass yet.
func (f Followed) Open(m health.Moment) (failed, waits []health.Block) {
	for _, c := range f.asked() {
		w := f.Watches[c.Name]
		switch w.State {
		case health.Passing:
		case health.Failed:
			failed = append(failed, w.Block(c, m))
		case health.Unasked, health.Suspect, health.Failing, health.Waiting:
			waits = append(waits, w.Block(c, m))
		default: // it has no answer
			waits = append(waits, w.Block(c, m))
		}
	}
	return failed, waits
}

// UnmuteInput are the mutes of a target that end.
type UnmuteInput struct {
	Subject health.Subject `json:"subject"`
	Muted
}

// Queue of Unmute.
func (UnmuteInput) Queue(workflows string) string { return workflows }

// Unmute ends the mutes, and may be repeated: one that is not in force counts as ended. It is retried until its
// deadline, whatever a source answers: to give up would leave people blind.
func (w *Watcher) Unmute(ctx context.Context, in UnmuteInput) (out struct{}, err error) {
	err = in.each(in.Subject, func(mark health.MuteMark, selected health.Question) error {
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return w.Muter.Unmute(bounded, mark, selected)
	})
	if err == nil {
		return out, nil
	}
	says := fmt.Sprintf("alarms may stay muted until %s, when the mute ends by itself: %s",
		in.Until.UTC().Format("2006-01-02 15:04Z"), maintenance.Plain(err))
	return out, temporal.NewApplicationError(says, names.TypeUnavailable)
}
