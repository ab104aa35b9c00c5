package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// held is why nothing more starts or ends unless a person acts, and what they
// can do. Empty: something runs, starts, or will start by itself.
func (f Fleet) held(c Counts, turn Turn) string {
	stuck := f.stuck()
	if c.Running+c.Armed > 0 || c.Held+c.Waiting == 0 || f.starts(turn) {
		return ""
	}
	var waiting [remedies]tally
	for _, w := range turn.Waits {
		if !f.waits(w.Entry) {
			continue
		}
		is := meaningOf(w.Blocker)
		if f.failedBake(w) {
			is = meaning{ofAll: then("waive the check, or abort the campaign")}
		}
		if w.endsAlone(is) {
			return ""
		}
		if is.ofAll != nil && stuck.n == 0 {
			return is.ofAll(w.Reason, c.Waiting)
		}
		waiting[is.remedy].add(f, w)
	}
	return parts(stuck, waiting)
}

// failedBake is true for a wait that only a person ends: a check has failed for good while a wave baked.
func (f Fleet) failedBake(w Wait) bool {
	if w.Blocker != maintenance.BlockedByCheck || len(f.CampaignBlocks()) > 0 {
		return false
	}
	for wave := range f.Entries[w.Entry].Wave + 1 {
		if slices.ContainsFunc(f.shut(wave), func(found Finding) bool { return found.State == health.Failed }) {
			return true
		}
	}
	return false
}

// starts is true for a turn that lets something start that has not yet.
func (f Fleet) starts(turn Turn) bool {
	return slices.ContainsFunc(turn.Start, f.waits) ||
		slices.ContainsFunc(turn.Arm, func(a Arm) bool { return f.waits(a.Entry) })
}

// stuck are the running targets whose runs wait for a person: their notes say why.
func (f Fleet) stuck() (k tally) {
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State == Held {
			k.add(f, Wait{Entry: i, Reason: e.Note})
		}
	}
	return k
}

// endsAlone is true for what ends by itself, and not with a running target.
func (w Wait) endsAlone(is meaning) bool {
	return is.ends == byItself || is.ends == atNext && !w.Next.IsZero()
}

// parts say what a person must do, and then why: the reasons may end in what a cloud
// said, and are as long.
func parts(stuck tally, waiting [remedies]tally) string {
	var does, why []string
	var only string
	add := func(k tally, one, many, do string) {
		if k.n == 0 {
			return
		}
		does = append(does, k.describe(one, many)+": "+do)
		if k.reason != "" {
			why, only = append(why, k.name+": "+k.reason), k.reason
		}
	}
	stuck.reason = "" // a view has it with the target
	add(stuck, "is held", "are held", "retry or skip the failed step, or abort it")
	add(waiting[reach], "is not read", "are not read", "make it reachable, and retry it to have it read at once; or skip it")
	add(waiting[free], "cannot start", "cannot start", "end the run or the quarantine that blocks it, or skip it")
	add(waiting[widen], "cannot start", "cannot start", "give it longer windows or shorter freezes, or skip it")
	switch {
	case len(why) == 0:
		return strings.Join(does, "")
	case len(does) == 1:
		return does[0] + " (" + only + ")"
	}
	return strings.Join(does, "; ") + " (" + strings.Join(why, "; ") + ")"
}

// waits is true for an entry that has not started since the turn.
func (f Fleet) waits(i int) bool { return f.Entries[i].State == Waiting }

// tally is the first of some targets, and how many they are.
type tally struct {
	n            int
	name, reason string
}

func (k *tally) add(f Fleet, w Wait) {
	if k.n++; k.n == 1 {
		k.name, k.reason = f.Entries[w.Entry].Name, w.Reason
	}
}

// describe names the first, and counts the others.
func (k *tally) describe(one, many string) string {
	if k.n == 1 {
		return k.name + " " + one
	}
	return fmt.Sprintf("%s and %d more %s", k.name, k.n-1, many)
}
