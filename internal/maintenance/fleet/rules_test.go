package fleet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// anyFleet draws a fleet of every kind of trouble, before or amid its campaign.
func anyFleet(t *rapid.T) fleet.Fleet {
	rollout := maintenance.Rollout{
		MaxConcurrent: rapid.IntRange(1, 5).Draw(t, "maxConcurrent"),
		Bake:          maintenance.Duration(rapid.SampledFrom([]time.Duration{0, time.Hour, 30 * time.Hour}).Draw(t, "bake")),
		Order:         rapid.SampledFrom([]maintenance.Order{maintenance.OrderByWindow, maintenance.OrderAsListed}).Draw(t, "order"),
		MaxFailures:   share(t, rapid.SampledFrom([]string{"0", "2", "20%", "100%"}).Draw(t, "maxFailures")),
	}
	for _, s := range rapid.SampledFrom([][]string{nil, {"1"}, {"1", "10%", "50%"}}).Draw(t, "waves") {
		rollout.Waves = append(rollout.Waves, share(t, s))
	}
	f := some(rapid.IntRange(1, 25).Draw(t, "targets"), rollout)
	f.Arming.Before = maintenance.Duration(rapid.SampledFrom([]time.Duration{0, 2 * time.Minute, 15 * time.Minute}).Draw(t, "arm before"))
	f.Arming.Delay = maintenance.Duration(rapid.SampledFrom([]time.Duration{0, time.Minute, 20 * time.Minute}).Draw(t, "update delay"))
	f.Rules.Length = rapid.SampledFrom([]time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour}).Draw(t, "length")
	for range rapid.IntRange(0, 3).Draw(t, "freezes") {
		from := noon.Add(time.Duration(rapid.IntRange(-100, 1500).Draw(t, "freeze from")) * time.Hour)
		f.Rules.Freezes = append(f.Rules.Freezes, maintenance.Freeze{From: from, To: from.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "freeze hours")) * time.Hour)})
	}
	amid := rapid.Bool().Draw(t, "amid")
	for i := range f.Entries {
		draw(t, &f.Entries[i], amid)
	}
	return f
}

func draw(t *rapid.T, e *fleet.Entry, amid bool) {
	e.Schedule = anySchedule(t)
	e.Work = rapid.SampledFrom([]fleet.Work{{}, {Proxies: 1}, {Update: true}, {Update: true, Snapshots: 1, Proxies: 3}}).Draw(t, "work")
	e.Keys = rapid.SampledFrom([][]string{nil, {"app=a"}, {"app=b"}, {"db=1", "app=a"}}).Draw(t, "keys")
	e.NotBefore = rapid.SampledFrom([]time.Time{{}, {}, noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 5)}).Draw(t, "not before")
	if e.Work.IsZero() {
		e.State = fleet.UpToDate
		return
	}
	if amid {
		e.State = rapid.SampledFrom([]fleet.State{fleet.Waiting, fleet.Running, fleet.Succeeded, fleet.Skipped}).Draw(t, "state")
	}
	if e.State != fleet.Waiting {
		e.Started = noon.Add(-time.Duration(rapid.IntRange(61, 300).Draw(t, "minutes since it started")) * time.Minute)
	}
	if e.State.Ended() {
		e.End = e.Started.Add(time.Minute)
	}
}

// anySchedule is often one of a few, so that there is a rush.
func anySchedule(t *rapid.T) maintenance.Schedule {
	if rapid.IntRange(0, 2).Draw(t, "a rush") > 0 {
		return maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: rapid.IntRange(11, 13).Draw(t, "hour")}
	}
	if rapid.IntRange(0, 5).Draw(t, "monthly") == 0 {
		return maintenance.Schedule{Recurrence: maintenance.Monthly, Day: rapid.IntRange(1, 28).Draw(t, "day"), Hour: 3}
	}
	return maintenance.Schedule{Recurrence: maintenance.Weekly, Day: rapid.IntRange(0, 6).Draw(t, "day"), Hour: rapid.IntRange(0, 23).Draw(t, "hour")}
}

// refusal is the rules once more, each read off the fleet by itself: why an entry
// may not start now, or be armed now and start then. Empty: it may, and so it must.
func refusal(f fleet.Fleet, i int, now, then time.Time) string {
	e := f.Entries[i]
	verdict, err := maintenance.Decide(then, e.Schedule, f.Rules)
	running := f.Counts(now).InProgress()
	switch {
	case f.Life.Halt != fleet.NotHalted:
		return "stopped or paused"
	case f.Counts(now).Failed > f.Rollout.MaxFailures.Within(len(f.Entries)):
		return "beyond the error budget"
	case approvals(f, e.Wave) < f.Approvals.Count:
		return "its wave was not approved"
	case e.Bar != maintenance.NotBlocked || e.NotBefore.After(then):
		return "unavailable or kept back"
	case err != nil || !verdict.Open():
		return "outside its window, inside the cutoff or a freeze"
	case then.Add(f.Forecast(e)).After(verdict.Opening.Until):
		return "it does not fit"
	case then.Sub(now) > f.Arming.Before.Std():
		return "too early to arm it"
	case running >= f.Rollout.MaxConcurrent:
		return "no room"
	}
	for _, other := range f.Entries {
		if other.State.InProgress() && meet(e.Keys, other.Keys) {
			return "it shares a key with " + other.Name
		}
	}
	return tooEarly(f, e.Wave, now)
}

// approvals are how many people have approved a wave.
func approvals(f fleet.Fleet, wave int) (n int) {
	for _, c := range f.Consents {
		if c.Wave == wave+1 || !f.Approvals.EachWave {
			n++
		}
	}
	return n
}

// anyApprovals draws who has to approve, and who has.
func anyApprovals(t *rapid.T) (asked maintenance.Approvals, given []fleet.Consent) {
	asked = maintenance.Approvals{
		Count: rapid.IntRange(0, 2).Draw(t, "approvals"), EachWave: rapid.Bool().Draw(t, "each wave"),
		Lead:      maintenance.Duration(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 72 * time.Hour}).Draw(t, "lead")),
		TimeLimit: maintenance.Duration(1000 * time.Hour),
	}
	for wave := range 4 {
		for _, by := range []string{"bob", "carol"}[:rapid.IntRange(0, 2).Draw(t, "given")] {
			given = append(given, fleet.Consent{Wave: wave + 1, By: by, At: noon})
		}
	}
	return asked, given
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(key string) bool { return slices.Contains(b, key) })
}

// tooEarly is why a wave may not be worked on.
func tooEarly(f fleet.Fleet, wave int, now time.Time) string {
	updated := 0
	for w := range wave + 1 {
		failed, size := 0, 0
		for _, e := range f.Entries {
			if e.Wave == w && e.State == fleet.Succeeded {
				updated++
			}
			if e.Wave != w {
				continue
			}
			size++
			if e.State == fleet.Failed {
				failed++
			}
			if w < wave && !e.State.Ended() {
				return fmt.Sprintf("%s of the wave before has not ended", e.Name)
			}
			if w < wave && e.State != fleet.UpToDate && !e.Started.IsZero() && now.Before(e.End.Add(f.Rollout.Bake.Std())) {
				return fmt.Sprintf("%s of the wave before has not baked", e.Name)
			}
		}
		if may := f.Rollout.MaxFailures.Within(size); failed > may || (failed > 0 && (w == 0 || updated == 0) && f.Entries[len(f.Entries)-1].Wave > 0) {
			return fmt.Sprintf("too many of wave %d failed", w+1)
		}
	}
	return unproven(f, wave, now)
}

// unproven is why a wave before which nothing was updated may not go on: its canary has
// not succeeded and baked.
func unproven(f fleet.Fleet, wave int, now time.Time) string {
	reason := ""
	for _, e := range f.Entries {
		switch {
		case wave == 0, e.Wave > wave:
		case e.Wave < wave && e.State == fleet.Succeeded:
			return ""
		case e.Wave < wave:
		case e.State == fleet.Succeeded && !now.Before(e.End.Add(f.Rollout.Bake.Std())):
			return ""
		case e.State == fleet.Succeeded || e.State == fleet.Running || e.State == fleet.Failed:
			reason = e.Name + " is its canary"
		}
	}
	return reason
}

// play carries a campaign out by Decide, as the workflow does, while people and
// clouds interfere.
type play struct {
	*rapid.T
	f        fleet.Fleet
	now      time.Time
	ends     map[int]time.Time // entry -> when it will really end
	promised map[int]time.Time // entry -> before which it was said not to start
	orders   int               // how many are still to come
}

// TestNoFleetBreaksARule plays random fleets to their end while they are paused,
// resumed, skipped, retried, put off, unavailable, moved, measured and throttled.
func TestNoFleetBreaksARule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := play{T: t, f: anyFleet(t), now: noon.Add(-time.Hour), ends: map[int]time.Time{}, promised: map[int]time.Time{}}
		p.orders = rapid.IntRange(0, 20).Draw(t, "orders")
		for i, e := range p.f.Entries {
			if e.State == fleet.Running {
				p.ends[i] = p.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes left")) * time.Minute)
			}
		}
		for range 3000 {
			turn := fleet.Decide(p.f, p.now)
			p.judgeAsk(turn)
			p.carryOut(turn)
			p.judge(turn)
			if !p.advance(turn) {
				return
			}
		}
		require.Fail(t, "it never ends")
	})
}

// carryOut starts what starts, and says that each may.
func (p *play) carryOut(turn fleet.Turn) {
	for _, i := range turn.Start {
		p.start(fleet.Arm{Entry: i, Started: p.now})
	}
	for _, a := range turn.Arm {
		p.judgeArm(a)
		p.start(a)
	}
}

func (p *play) start(a fleet.Arm) {
	e := &p.f.Entries[a.Entry]
	require.Equal(p, fleet.Waiting, e.State)
	require.Empty(p, refusal(p.f, a.Entry, p.now, a.Started), "%s starts at %s", e.Name, a.Started)
	require.False(p, a.Started.Before(p.promised[a.Entry]), "%s starts at %s, and was said not to before %s", e.Name, a.Started, p.promised[a.Entry])
	e.Start(e.Attempts+1, a.Started, a.Trigger)
	late := rapid.SampledFrom([]time.Duration{0, 0, 0, -5 * time.Minute, 47 * time.Minute}).Draw(p.T, "late")
	p.ends[a.Entry] = a.Started.Add(max(0, p.f.Forecast(*e)+late))
}

// judgeArm requires that a run that is started before its opening would wait for it by itself, and is
// armed until the delay after its window's start is over.
func (p *play) judgeArm(a fleet.Arm) {
	e := p.f.Entries[a.Entry]
	gate, err := maintenance.Decide(p.now, e.Schedule, p.f.Rules)
	require.NoError(p, err)
	require.Equal(p, a.Started, gate.Opening.From, "%s would start by itself", e.Name)
	trigger := a.Started
	if delayed := gate.Opening.Window.Start.Add(p.f.Arming.Delay.Std()); e.Work.Update && delayed.After(trigger) {
		trigger = delayed
	}
	require.Equal(p, trigger, a.Trigger)
	require.True(p, a.Trigger.After(p.now))
}

// disarm takes back what must not go on, unless its run has made its first change.
func (p *play) disarm(turn fleet.Turn) {
	halted := p.f.Life.Halt != fleet.NotHalted
	for _, i := range turn.Disarm.Entries {
		e := &p.f.Entries[i]
		require.True(p, e.MayDisarm())
		require.True(p, halted || turn.Disarm.Why != "", "%s is disarmed for no reason", e.Name)
		kind := fleet.KindDisarmed
		if !e.Trigger.After(p.now) {
			kind = fleet.KindGoesOn
		} else {
			delete(p.ends, i)
		}
		require.True(p, e.Learn(fleet.Event{Kind: kind, Attempt: e.Attempts}, p.now))
	}
	armed := p.f.Counts(p.now).Armed
	require.False(p, halted && armed > 0, "%d stay armed", armed)
	clear(p.promised)
}

// judge says that whatever waits does so for a reason, which is named.
func (p *play) judge(turn fleet.Turn) {
	waits := turn.Waits
	for i, e := range p.f.Entries {
		if e.State != fleet.Waiting {
			continue
		}
		require.NotEmpty(p, waits, "%s neither waits nor starts", e.Name)
		w := waits[0]
		waits = waits[1:]
		require.Equal(p, i, w.Entry)
		require.NotEmpty(p, w.Blocker)
		require.NotEmpty(p, w.Reason)
		require.NotEmpty(p, refusal(p.f, i, p.now, p.now), "%s could start at %s, but waits: %s: %s", e.Name, p.now, w.Blocker, w.Reason)
		if gate, err := maintenance.Decide(p.now, e.Schedule, p.f.Rules); err == nil && !gate.Open() {
			require.NotEmpty(p, refusal(p.f, i, p.now, gate.Opening.From), "%s could be armed at %s, but waits: %s: %s", e.Name, p.now, w.Blocker, w.Reason)
		}
		require.True(p, w.Next.IsZero() || w.Next.After(p.now), "%s may start next in the past", e.Name)
		if w.Next.After(p.promised[i]) {
			p.promised[i] = w.Next
		}
	}
	require.Empty(p, waits, "what does not wait has a wait")
	require.False(p, turn.Over && !turn.Wake.IsZero(), "it is over, and wakes")
	counts := p.f.Counts(p.now)
	require.Equal(p, counts.Waiting+counts.InProgress() == 0, turn.Over && len(turn.Start)+len(turn.Arm) == 0)
}

// judgeAsk requires that an approval is requested in time, and not too early: it is requested if a target
// waits for it, and when it is, some target of its wave can start within the lead.
func (p *play) judgeAsk(turn fleet.Turn) {
	for _, w := range turn.Waits {
		if w.Blocker == maintenance.BlockedByApproval {
			require.NotZero(p, turn.Ask, w.Reason)
		}
	}
	if turn.Ask.Wave > 0 && turn.Ask.At.Equal(p.now) {
		near := func(e fleet.Entry) bool {
			from := p.now
			if e.NotBefore.After(from) {
				from = e.NotBefore
			}
			opening, fits := maintenance.Fit(from, e.Schedule, p.f.Rules, p.f.Forecast(e))
			return e.State == fleet.Waiting && e.Bar == maintenance.NotBlocked && e.Wave+1 == turn.Ask.Wave && fits && !p.now.Add(p.f.Approvals.Lead.Std()).Before(opening.From)
		}
		require.True(p, slices.ContainsFunc(p.f.Entries, near), "asked at %s, for nothing that can start soon", p.now)
	}
	p.f.Ask = turn.Ask
}

// advance goes to whatever happens next; false: nothing does.
func (p *play) advance(turn fleet.Turn) bool {
	if len(turn.Disarm.Entries) > 0 {
		p.disarm(turn)
		return true
	}
	next := turn.Wake
	for i := range p.f.Entries {
		if end, runs := p.ends[i]; runs && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	if p.orders > 0 && (next.IsZero() || rapid.IntRange(0, 3).Draw(p.T, "an order comes first") == 0) {
		p.orders--
		if next.IsZero() {
			next = p.now.AddDate(0, 0, 3)
		}
		p.now = p.now.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(p.now))).Draw(p.T, "after")))
		p.order()
		clear(p.promised)
		return true
	}
	if next.IsZero() {
		return false
	}
	p.now = next
	for i := range p.f.Entries {
		if end, runs := p.ends[i]; runs && !end.After(p.now) {
			p.end(i)
		}
	}
	return true
}

func (p *play) end(i int) {
	e := &p.f.Entries[i]
	if p.now.Before(e.Started.Add(p.f.Forecast(*e))) {
		clear(p.promised) // sooner than expected: that is news
	}
	e.State, e.End = rapid.SampledFrom([]fleet.State{fleet.Succeeded, fleet.Succeeded, fleet.Succeeded, fleet.Failed}).Draw(p.T, "outcome"), p.now
	delete(p.ends, i)
	if rapid.IntRange(0, 9).Draw(p.T, "measured") == 0 {
		p.f.Measured.Update.Add(e.End.Sub(e.Started))
		clear(p.promised)
	}
}

// order does one of the things that a person or a cloud does to a campaign.
func (p *play) order() {
	e := &p.f.Entries[rapid.IntRange(0, len(p.f.Entries)-1).Draw(p.T, "target")]
	switch rapid.SampledFrom([]string{"pause", "resume", "resume", "approve", "concurrency", "skip", "retry", "reschedule", "bar", "free", "move"}).Draw(p.T, "order") {
	case "pause":
		p.f.Life = paused("alice: incident")
	case "resume":
		p.f.Life = fleet.Life{}
	case "approve":
		p.f.Approvals, p.f.Consents = anyApprovals(p.T)
	case "concurrency":
		p.f.Rollout.MaxConcurrent = rapid.IntRange(1, 9).Draw(p.T, "maxConcurrent")
	case "skip":
		if e.State == fleet.Waiting || e.State == fleet.Failed {
			e.State, e.End = fleet.Skipped, p.now
		}
	case "retry":
		if e.State == fleet.Failed || e.State == fleet.Skipped {
			e.State = fleet.Waiting
		}
	case "reschedule":
		e.NotBefore = p.now.Add(time.Duration(rapid.IntRange(-10, 500).Draw(p.T, "hours")) * time.Hour)
	case "bar":
		quarantine(e)
	case "free":
		e.Bar, e.Unavailable = maintenance.NotBlocked, ""
	case "move":
		e.Schedule = anySchedule(p.T)
	}
}
