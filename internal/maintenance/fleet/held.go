package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// held says why nothing more begins or ends unless a person acts, and what they
// can do. Empty: something runs, begins, or will begin by itself.
func (f Fleet) held(c Counts, turn Turn) string {
	stuck := f.stuck()
	if c.Running > 0 || c.Held+c.Waiting == 0 || slices.ContainsFunc(turn.Begin, f.waits) {
		return ""
	}
	var unread, barred, tooLong kept
	for _, w := range turn.Waits {
		if !f.waits(w.Entry) {
			continue
		}
		if w.endsAlone() {
			return ""
		}
		if all := ofAll(w, c.Waiting); all != "" && stuck.n == 0 {
			return all
		}
		switch w.Blocker {
		case ByUnread:
			unread.add(f, w)
		case ByQuarantine, ByRun:
			barred.add(f, w)
		case ByForecast:
			tooLong.add(f, w)
		default: // a wave, kept by what keeps the one before it
		}
	}
	return parts(stuck, unread, barred, tooLong)
}

// stuck are the running targets whose runs wait for a person: their notes say why.
func (f Fleet) stuck() (k kept) {
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State == Held {
			k.add(f, Wait{Entry: i, Reason: e.Note})
		}
	}
	return k
}

// endsAlone is true for what ends by itself, and not with a running target.
func (w Wait) endsAlone() bool {
	switch w.Blocker {
	case ByConcurrency, ByConstraint:
		return false
	case ByBake, ByReading:
		return true
	default:
		return !w.Next.IsZero()
	}
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

// parts say what a person must do, and then why: the reasons may end in what a cloud
// said, and are as long.
func parts(stuck, unread, barred, tooLong kept) string {
	var does, why []string
	var only string
	say := func(k kept, one, many, do string) {
		if k.n > 0 {
			does = append(does, k.say(one, many)+": "+do)
		}
		if k.n > 0 && k.reason != "" {
			why, only = append(why, k.name+": "+k.reason), k.reason
		}
	}
	stuck.reason = "" // a view has it with the target
	say(stuck, "is held", "are held", "decide what becomes of the step that failed")
	say(unread, "is not read", "are not read", "make it reachable, and retry it to have it read at once; or skip it")
	say(barred, "cannot begin", "cannot begin", "end what bars it, or skip it")
	say(tooLong, "cannot begin", "cannot begin", "give it longer windows or shorter freezes, or skip it")
	switch {
	case len(why) == 0:
		return strings.Join(does, "")
	case len(does) == 1:
		return does[0] + " (" + only + ")"
	}
	return strings.Join(does, "; ") + " (" + strings.Join(why, "; ") + ")"
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

// say names the first, and counts the others.
func (k *kept) say(one, many string) string {
	if k.n == 1 {
		return k.name + " " + one
	}
	return fmt.Sprintf("%s and %d more %s", k.name, k.n-1, many)
}
