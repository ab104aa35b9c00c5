package fleet

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// UnreadLimit is for how long a target that cannot be read is waited for once it is all
// that is left of its wave. Then it has failed, and the error budget says whether the
// campaign goes on.
const UnreadLimit = 24 * time.Hour

// bar is the wait of an entry that is not available.
func (e *Entry) bar() Wait {
	w := Wait{Blocker: e.Bar, Reason: e.Unavailable}
	if e.Bar != maintenance.BlockedByUnread {
		return w
	}
	again := "continuously"
	if !e.ReadAt.IsZero() {
		again = "at " + stamp(e.ReadAt)
	}
	w.Reason = fmt.Sprintf("could not be read since %s; retried %s: %s",
		stamp(e.UnreadSince), again, e.Unavailable)
	return w
}

// opens is true where nothing keeps the open wave as a whole.
func (b *board) opens() bool {
	return b.all.Blocker == maintenance.NotBlocked && b.gate.Blocker == maintenance.NotBlocked
}

// unread are the entries of the open wave that cannot be read, where they are all that
// is left of it and each had its time; due is when they will have had it.
func (b *board) unread(now time.Time) (given []int, due time.Time) {
	for i := range b.fleet.Entries {
		e := &b.fleet.Entries[i]
		if e.Wave != b.open || e.State.Ended() {
			continue
		}
		if e.State != Waiting || e.Bar != maintenance.BlockedByUnread {
			return nil, time.Time{}
		}
		given, due = append(given, i), later(due, e.UnreadSince.Add(UnreadLimit))
	}
	if due.After(now) {
		return nil, due
	}
	return given, time.Time{}
}

// GiveUp ends a target that could not be read for UnreadLimit.
func (e *Entry) GiveUp(now time.Time) {
	e.State, e.End = Failed, now
	e.Note = fmt.Sprintf("given up: could not be read for %s; nothing was done to it: %s", maintenance.Duration(UnreadLimit), e.Unavailable)
	e.unbar()
}

// unbar takes the bar of an entry away.
func (e *Entry) unbar() {
	e.Bar, e.Unavailable, e.UnreadSince, e.ReadAt = maintenance.NotBlocked, "", time.Time{}, time.Time{}
}
