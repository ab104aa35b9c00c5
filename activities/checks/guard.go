package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// ErrBlocked is a health check that does not permit a change: nothing was sent.
var ErrBlocked = errors.New("blocked by a health check")

// AnswerWithin is how long all checks before a change may take to answer, and then how long muting may take: a trigger
// is sent within its lease. A source that is slower does not answer, also where it is waited for: otherwise it would
// pass the wait, and block the change, again and again.
const AnswerWithin = 8 * time.Second

var errSlow = fmt.Errorf("no answer within %s, as long as a change waits for it", AnswerWithin)

func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, AnswerWithin, errSlow)
}

// Sources are what health checks ask, and where alarms are muted.
type Sources struct {
	Asker Asker
	Muter Muter
	Now   func() time.Time
}

// Guard is what a change of a target has to pass just before it is sent: its health checks, and then its mutes come
// into force.
type Guard struct {
	Followed
	Mute Muted `json:"mute,omitzero"`
	// As is what the records call the moment; empty: before.
	As health.Moment `json:"as,omitempty"`
}

// Muted are the mutes of a target, with their mark: its number is set for each.
type Muted struct {
	Mutes []health.Mute   `json:"mutes,omitempty"`
	Mark  health.MuteMark `json:"mark,omitzero"`
	// Until is when they end by themselves.
	Until time.Time `json:"until,omitzero"`
}

// Longest is how long the guard takes at most; one that is nil takes no time.
func (g *Guard) Longest() time.Duration {
	if g == nil {
		return 0
	}
	return 2 * AnswerWithin
}

// BlockedError is the error of a change that a guard did not let through.
type BlockedError struct {
	Seen   Seen
	Blocks []health.Block
}

// Error says which checks block, and why.
func (b *BlockedError) Error() string {
	return fmt.Sprintf("%v: %s", ErrBlocked, health.Reasons(b.Blocks))
}

// Unwrap is ErrBlocked.
func (b *BlockedError) Unwrap() error { return ErrBlocked }

// Details travel with the error.
func (b *BlockedError) Details() any { return b.Seen }

// Ask asks the checks of the guard, and fails with a BlockedError where one does not permit the change. before is what
// an earlier attempt at the same change has found out; nil: there was none.
func (a Sources) Ask(ctx context.Context, clock Clock, g Guard, before *Seen) (*Seen, error) {
	var records []maintenance.CheckRecord
	if before != nil {
		g.Watches, records = before.Watches, before.Records
	}
	muted := before != nil && before.Muted
	all := []Followed{g.Followed}
	ctx, cancel := inTime(ctx)
	defer cancel()
	Round(ctx, orNobody(a.Asker, a.Now), health.AtBefore, clock, all)
	f := all[0]
	seen := Seen{
		Muted: muted, Watches: f.counted(), Records: f.record(records, cmp.Or(g.As, health.AtBefore), f.asked()),
	}
	if blocks := f.Blocks(health.AtBefore, clock.Now()); len(blocks) > 0 {
		return nil, &BlockedError{Seen: seen, Blocks: blocks}
	}
	return &seen, nil
}

// counted are the watches without those of checks that do not count any more.
func (f Followed) counted() map[string]health.Watch {
	counted := map[string]health.Watch{}
	for _, c := range f.asked() {
		counted[c.Name] = f.Watches[c.Name]
	}
	return counted
}

// record adds the last answers to the records.
func (f Followed) record(
	records []maintenance.CheckRecord, m health.Moment, asked []health.Check,
) []maintenance.CheckRecord {
	for _, c := range asked {
		records = health.Record(records, c.Name, m, f.Watches[c.Name])
	}
	return records
}

// Stale is true if an answer is too old for a change that is sent now, by Temporal's clock.
func (s *Seen) Stale(now time.Time) bool {
	if s == nil {
		return false
	}
	for _, w := range s.Watches {
		// Without the clock that stands still while a machine is paused.
		if w.Last == nil || now.Round(0).Sub(w.Last.At.Round(0)) > health.MaxAge {
			return true
		}
	}
	return false
}

// Mute brings the mutes of the guard into force, and notes where they could not be.
func (a Sources) Mute(ctx context.Context, g Guard, seen *Seen) error {
	ctx, cancel := inTime(ctx)
	defer cancel()
	err := g.Mute.each(g.Subject, func(mark health.MuteMark, selected health.Question) error {
		return a.Muter.Mute(ctx, mark, selected, g.Mute.Until)
	})
	if seen.Refused = ""; err != nil {
		err = fmt.Errorf("nothing is sent while its alarms cannot be muted: %w", err)
		seen.Refused = maintenance.Plain(err)
	}
	return err
}

// each does something about each mute, and joins what failed.
func (m Muted) each(s health.Subject, do func(health.MuteMark, health.Question) error) error {
	var failures []error
	for i, mute := range m.Mutes {
		selected, err := mute.Ask(s)
		if err != nil {
			failures = append(failures, fmt.Errorf("%w: mute %d: %w", maintenance.ErrInvalid, i+1, err))
			continue
		}
		mark := m.Mark
		mark.Number = i + 1
		if err := do(mark, selected); err != nil {
			failures = append(failures, fmt.Errorf("mute %d: %w", i+1, err))
		}
	}
	return errors.Join(failures...)
}

// Carrying is an error with what was found out before it; nil: no error. A BlockedError has its own.
func (s *Seen) Carrying(err error) error {
	if s == nil || err == nil || errors.Is(err, ErrBlocked) {
		return err
	}
	return &carrying{err, *s}
}

type carrying struct {
	error
	seen Seen
}

func (c *carrying) Unwrap() error { return c.error }
func (c *carrying) Details() any  { return c.seen }
