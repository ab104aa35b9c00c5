package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// held says why nothing more begins unless a person acts, and what they can do.
// Empty: something runs, begins, or will begin by itself.
func (f Fleet) held(c Counts, turn Turn) string {
	begins := slices.ContainsFunc(turn.Begin, f.waits)
	if c.Running > 0 || c.Waiting == 0 || begins {
		return ""
	}
	var barred, tooLong kept
	for _, w := range turn.Waits {
		if !f.waits(w.Entry) {
			continue
		}
		if !w.Next.IsZero() || w.Blocker == ByBake {
			return ""
		}
		if all := ofAll(w, c.Waiting); all != "" {
			return all
		}
		switch w.Blocker {
		case ByBar:
			barred.add(f, w)
		case ByForecast:
			tooLong.add(f, w)
		default: // a wave, kept by what keeps the one before it
		}
	}
	return both(barred, tooLong)
}

// ofAll is the sentence where one thing keeps the whole campaign, or its wave.
func ofAll(w Wait, waiting int) string {
	switch w.Blocker {
	case ByStop:
		return fmt.Sprintf("nothing more begins (%s): start another campaign for the %d that wait", w.Reason, waiting)
	case ByPause:
		return w.Reason + ": resume the campaign"
	case ByBudget:
		return w.Reason + ": retry or skip what failed, or abort the campaign"
	case maintenance.BlockedByApproval:
		return w.Reason + ": approve it, or abort the campaign"
	default:
		return ""
	}
}

func both(barred, tooLong kept) string {
	var parts []string
	if barred.n > 0 {
		parts = append(parts, barred.String()+": end what bars it and retry it, or skip it")
	}
	if tooLong.n > 0 {
		parts = append(parts, tooLong.String()+": give it longer windows or shorter freezes, or skip it")
	}
	return strings.Join(parts, "; ")
}

// waits is true for an entry that has not begun since the turn.
func (f Fleet) waits(i int) bool { return f.Entries[i].State == Waiting }

// kept is the first of some targets, and how many they are.
type kept struct {
	n            int
	name, reason string
}

func (k *kept) add(f Fleet, w Wait) {
	if k.n++; k.n == 1 {
		k.name, k.reason = f.Entries[w.Entry].Name, w.Reason
	}
}

// String names the first, and counts the others.
func (k *kept) String() string {
	if k.n == 1 {
		return fmt.Sprintf("%s cannot begin (%s)", k.name, k.reason)
	}
	return fmt.Sprintf("%s and %d more cannot begin (%s)", k.name, k.n-1, k.reason)
}
