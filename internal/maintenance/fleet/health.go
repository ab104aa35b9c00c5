package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Health is where a campaign's health checks stand. The zero value has no answer yet: where the plan has checks, that
// blocks.
type Health struct {
	// Watches are those of the checks for the whole campaign, as they were last answered, and Blocks those that
	// did not permit anything to start then.
	Watches map[string]health.Watch `json:"watches,omitempty"`
	Blocks  []health.Block          `json:"blocks,omitempty"`
	// Bake is the last bake that the batches were told to watch.
	Bake Bake `json:"bake,omitzero"`
	// Findings are the checks that have failed for good while a wave baked, and those without an answer at its end.
	Findings []Finding      `json:"findings,omitempty"`
	Waived   health.Waivers `json:"waived,omitempty"`
}

// Bake is the watch over what a wave has updated, or over its canary alone. The zero value is none.
type Bake struct {
	Wave  int       `json:"wave"` // from 0 on
	Until time.Time `json:"until"`
	// Entries are the indexes of the targets that are watched. They do not travel.
	Entries []int `json:"-"`
}

// Same is true for the watch over the same wave until the same time.
func (b Bake) Same(as Bake) bool { return b.Wave == as.Wave && b.Until.Equal(as.Until) }

// Finding is a check that does not let a wave's bake end well, of one target or of several.
type Finding struct {
	Wave  int          `json:"wave"` // from 0 on
	Check string       `json:"check"`
	State health.State `json:"state"` // health.Failed; others may still pass
	// Reason is the value of the first of the targets, its limit, and since when.
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
	Refs   []int     `json:"refs"` // of the entries, in the order in which it was found
}

// LearnBake takes in what was found while a target's wave baked. What is old, or arrives twice, changes nothing, and is
// answered with false.
func (p *Progress) LearnBake(i int, ev Event) bool {
	e := &p.Entries[i]
	if e.State != Succeeded || e.Attempts != ev.Attempt {
		return false
	}
	switch ev.Kind {
	case KindBaked:
		if !e.Baked.Before(ev.At) {
			return false
		}
		e.Baked = ev.At.UTC()
		p.Health.drop(e.Ref)
		return true
	case KindBakeFinding:
		return p.Health.find(e, ev)
	case KindRead, KindNotFound, KindDeferred, KindDisarmed, KindGoesOn, KindHeld, KindEnded, KindDecided, KindBlocked:
	}
	return false
}

// drop forgets what was not answered of a target.
func (h *Health) drop(ref int) {
	for i := range h.Findings {
		if f := &h.Findings[i]; f.State != health.Failed {
			f.Refs = slices.DeleteFunc(f.Refs, func(r int) bool { return r == ref })
		}
	}
	h.Findings = slices.DeleteFunc(h.Findings, func(f Finding) bool { return len(f.Refs) == 0 })
}

func (h *Health) find(e *Entry, ev Event) bool {
	same := func(f Finding) bool {
		return f.Wave == e.Wave && f.Check == ev.Check.Name && (f.State == health.Failed) == (ev.Check.State == health.Failed)
	}
	i := slices.IndexFunc(h.Findings, same)
	if i < 0 {
		h.Findings = append(h.Findings, Finding{
			Wave: e.Wave, Check: ev.Check.Name, State: ev.Check.State,
			Reason: ev.Note, Since: ev.Check.Since, Refs: []int{e.Ref},
		})
		return true
	}
	f := &h.Findings[i]
	if slices.Contains(f.Refs, e.Ref) {
		return false
	}
	f.Refs = append(f.Refs, e.Ref)
	return true
}

// waived is true where a person has said that the check does not count for the target, or for all.
func (f Fleet) waived(check string, e *Entry) bool {
	target := ""
	if e != nil {
		target = e.Gateway
	}
	_, is := f.Health.Waived.Of(check, target)
	return is
}

// CampaignBlocks are the checks for the whole campaign that let nothing start, without those that were waived. One
// without an answer blocks.
func (f Fleet) CampaignBlocks() (blocks []health.Block) {
	for _, c := range health.At(f.Checks, health.AtCampaign) {
		w, asked := f.Health.Watches[c.Name]
		i := slices.IndexFunc(f.Health.Blocks, func(b health.Block) bool { return b.Check == c.Name })
		switch {
		case f.waived(c.Name, nil):
		case !asked:
			blocks = append(blocks, health.Block{
				Check: c.Name, State: health.Unasked, Reason: w.Reason(c, health.AtCampaign),
			})
		case i >= 0:
			blocks = append(blocks, f.Health.Blocks[i])
		}
	}
	return blocks
}

// blockedByCheck is what keeps the whole fleet while a check for the campaign does not pass.
func (f Fleet) blockedByCheck() Wait {
	blocks := f.CampaignBlocks()
	if len(blocks) == 0 {
		return Wait{}
	}
	return Wait{Blocker: maintenance.BlockedByCheck, Reason: blocks[0].Reason + andMore(len(blocks)-1)}
}

// Shut are the checks that have failed while the wave baked that ended last, and were not waived: the next wave stays
// shut until they are. Of each, Refs has the targets for which it counts.
func (f Fleet) shut(wave int) (all []Finding) {
	var entries map[int]*Entry
	for _, found := range f.Health.Findings {
		if found.Wave != wave {
			continue
		}
		if entries == nil {
			entries = f.byRef()
		}
		found.Refs = slices.DeleteFunc(slices.Clone(found.Refs), func(ref int) bool {
			return f.waived(found.Check, entries[ref])
		})
		if len(found.Refs) > 0 {
			all = append(all, found)
		}
	}
	return all
}

func (f Fleet) byRef() map[int]*Entry {
	entries := make(map[int]*Entry, len(f.Entries))
	for i := range f.Entries {
		entries[f.Entries[i].Ref] = &f.Entries[i]
	}
	return entries
}

// names are the first of the finding's targets, for people.
func (f Fleet) names(found Finding) string {
	name := "a target"
	if first := f.byRef()[found.Refs[0]]; first != nil {
		name = first.Name
	}
	if more := len(found.Refs) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", name, more)
	}
	return name
}

// asked are the checks of a bake that count for a target.
func (f Fleet) asked(e *Entry) bool {
	return slices.ContainsFunc(f.Checks, func(c health.Check) bool { return c.Has(health.AtBake) && !f.waived(c.Name, e) })
}

// unbaked are the targets that the wave has updated and whose checks were not asked until that time.
func (b *board) unbaked(wave int, until time.Time) (entries []int) {
	for i := range b.fleet.Entries {
		e := &b.fleet.Entries[i]
		if e.Wave == wave && e.State == Succeeded && e.Baked.Before(until) && b.fleet.asked(e) {
			entries = append(entries, i)
		}
	}
	return entries
}

// wholeSecond is the precision of a bake's end: entries have no other in JSON.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// endOfBake is what the checks of a wave that bakes until a time say of the targets after it. what is the wave, or its
// canary, for people.
func (b *board) endOfBake(what string, wave int, until time.Time, watched func(int) bool) Wait {
	if !b.checksBakes() {
		return b.bakes(what, until)
	}
	shut := b.fleet.shut(wave)
	failed := slices.IndexFunc(shut, func(f Finding) bool { return f.State == health.Failed })
	if failed >= 0 {
		return Wait{Blocker: maintenance.BlockedByCheck, Reason: b.found(what+" baked, and of", shut[failed], len(shut)-1)}
	}
	if wait := b.bakes(what, until); wait.Blocker != maintenance.NotBlocked {
		return wait
	}
	if !slices.ContainsFunc(b.unbaked(wave, wholeSecond(until)), watched) {
		return Wait{}
	}
	w := Wait{Blocker: maintenance.BlockedByCheck, Reason: what + " has baked, and not all of its checks are answered yet"}
	if len(shut) > 0 {
		w.Reason = b.found(what+" has baked, and of", shut[0], len(shut)-1)
	}
	return w
}

func (b *board) bakes(what string, until time.Time) Wait {
	if !b.now.Before(until) {
		return Wait{}
	}
	return Wait{
		Blocker: maintenance.BlockedByBake, Reason: fmt.Sprintf("%s bakes until %s", what, stamp(until)), Next: until,
	}
}

// found is a finding for people.
func (b *board) found(what string, f Finding, more int) string {
	return fmt.Sprintf("%s %s: %s", what, b.fleet.names(f), f.Reason) + andMore(more)
}

// andMore ends what is said of the first of several checks.
func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %s)", maintenance.Counted(n, "more check", "more checks"))
}

func (b *board) checksBakes() bool { return len(health.At(b.fleet.Checks, health.AtBake)) > 0 }

// baking is the watch that is needed now, over what was updated in the wave that bakes or over its canary, and has not
// ended. It does not depend on what else keeps the fleet: applications come to harm during a pause as well.
func (b *board) baking() Bake {
	if !b.checksBakes() {
		return Bake{}
	}
	for n := range b.waves {
		w, bake := &b.waves[n], b.fleet.Rollout.Bake.Std()
		switch {
		case !b.leftAfter(n) && w.left == 0:
			return Bake{}
		case w.left > 0 && (w.updated == 0 || len(w.waiting) == 0 || !b.needsCanary(n)):
			return Bake{}
		case w.left > 0:
			watch := Bake{Wave: n, Until: wholeSecond(w.proof.Add(bake))}
			watch.Entries = slices.DeleteFunc(b.unbaked(n, watch.Until), func(i int) bool { return !b.isCanary(i) })
			return watch.orNone()
		case w.updated == 0:
			continue
		}
		watch := Bake{Wave: n, Until: wholeSecond(w.end.Add(bake))}
		if watch.Entries = b.unbaked(n, watch.Until); len(watch.Entries) > 0 || b.endOf(n).Blocker != maintenance.NotBlocked {
			return watch.orNone()
		}
	}
	return Bake{}
}

func (b Bake) orNone() Bake {
	if len(b.Entries) == 0 {
		return Bake{}
	}
	return b
}

// isCanary is true for the first entry that its wave has updated.
func (b *board) isCanary(i int) bool {
	e := &b.fleet.Entries[i]
	return e.State == Succeeded && e.End.Equal(b.waves[e.Wave].proof)
}

// checkLines are what the checks keep, for people.
func (f Fleet) checkLines(b *board) (lines []CheckLine) {
	for _, block := range f.CampaignBlocks() {
		lines = append(lines, CheckLine{Check: block.Check, State: block.State, Reason: block.Reason, Since: block.Since})
	}
	if !b.checksBakes() || b.open >= len(b.waves) || !b.leftAfter(b.open) && b.waves[b.open].left == 0 {
		return lines
	}
	entries := f.byRef()
	for _, found := range f.shut(b.open) {
		line := CheckLine{
			Check: found.Check, Wave: found.Wave + 1, State: found.State, Reason: found.Reason, Since: found.Since,
			Of: len(found.Refs),
		}
		for _, ref := range found.Refs[:min(len(found.Refs), namedInOne)] {
			if e := entries[ref]; e != nil {
				line.Targets = append(line.Targets, e.Name)
			}
		}
		lines = append(lines, line)
	}
	return lines
}
