package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// The gate's tables use one window a week: Sunday 02:00 to 06:00 GMT, with a
// cutoff of half an hour.
func gateSchedule() maintenance.Schedule {
	return maintenance.Schedule{Recurrence: weekly, Day: 0, Hour: 2}
}

func sunday(hour, minute int) time.Time { return utc(2026, 11, 22, hour, minute) }

func nextSunday(hour, minute int) time.Time { return utc(2026, 11, 29, hour, minute) }

func freeze(from, to time.Time) maintenance.Freeze {
	return maintenance.Freeze{From: from, To: to, Reason: "quarter end"}
}

func gateRules(freezes ...maintenance.Freeze) maintenance.Rules {
	return maintenance.Rules{Length: 4 * time.Hour, Cutoff: 30 * time.Minute, Freezes: freezes}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const (
		open   = maintenance.NotBlocked
		window = maintenance.BlockedByWindow
		cutoff = maintenance.BlockedByCutoff
		frozen = maintenance.BlockedByFreeze
	)
	type freezes = []maintenance.Freeze
	for name, tc := range map[string]struct {
		now         time.Time
		freezes     freezes
		blocker     maintenance.Blocker
		from, until time.Time // the opening's; from is also now's where open
		says        string
	}{
		"long before":             {now: utc(2026, 11, 18, 12, 0), blocker: window, from: sunday(2, 0), until: sunday(5, 30), says: "the window opens 2026-11-22 02:00 GMT (every Sunday at 02:00 GMT)"},
		"a nanosecond before":     {now: sunday(2, 0).Add(-1), blocker: window, from: sunday(2, 0), until: sunday(5, 30)},
		"at the start":            {now: sunday(2, 0), blocker: open, from: sunday(2, 0), until: sunday(5, 30)},
		"inside":                  {now: sunday(3, 0), blocker: open, from: sunday(3, 0), until: sunday(5, 30)},
		"just before the cutoff":  {now: sunday(5, 30).Add(-1), blocker: open, from: sunday(5, 30).Add(-1), until: sunday(5, 30)},
		"at the cutoff":           {now: sunday(5, 30), blocker: cutoff, from: nextSunday(2, 0), until: nextSunday(5, 30), says: "the window ends 2026-11-22 06:00 GMT, which is inside the cutoff of 30m"},
		"inside the cutoff":       {now: sunday(5, 45), blocker: cutoff, from: nextSunday(2, 0), until: nextSunday(5, 30), says: "the next one opens 2026-11-29 02:00 GMT"},
		"a nanosecond is left":    {now: sunday(6, 0).Add(-1), blocker: cutoff, from: nextSunday(2, 0), until: nextSunday(5, 30)},
		"at the end":              {now: sunday(6, 0), blocker: window, from: nextSunday(2, 0), until: nextSunday(5, 30)},
		"a nanosecond past":       {now: sunday(6, 0).Add(1), blocker: window, from: nextSunday(2, 0), until: nextSunday(5, 30)},
		"a freeze long past":      {now: sunday(3, 0), freezes: freezes{freeze(utc(2026, 10, 1, 0, 0), utc(2026, 10, 2, 0, 0))}, blocker: open, from: sunday(3, 0), until: sunday(5, 30)},
		"a freeze ends now":       {now: sunday(3, 0), freezes: freezes{freeze(sunday(0, 0), sunday(3, 0))}, blocker: open, from: sunday(3, 0), until: sunday(5, 30)},
		"a freeze starts now":     {now: sunday(3, 0), freezes: freezes{freeze(sunday(3, 0), sunday(4, 0))}, blocker: frozen, from: sunday(4, 0), until: sunday(5, 30), says: "frozen until 2026-11-22 04:00 UTC (quarter end); may start 2026-11-22 04:00 GMT"},
		"a freeze starts later":   {now: sunday(3, 0), freezes: freezes{freeze(sunday(4, 0), sunday(5, 0))}, blocker: open, from: sunday(3, 0), until: sunday(4, 0)},
		"inside a freeze":         {now: sunday(3, 0), freezes: freezes{freeze(sunday(2, 30), sunday(4, 0))}, blocker: frozen, from: sunday(4, 0), until: sunday(5, 30)},
		"a freeze from before":    {now: utc(2026, 11, 21, 0, 0), freezes: freezes{freeze(utc(2026, 11, 20, 0, 0), sunday(3, 0))}, blocker: frozen, from: sunday(3, 0), until: sunday(5, 30)},
		"a freeze over the start": {now: utc(2026, 11, 21, 0, 0), freezes: freezes{freeze(sunday(1, 0), sunday(3, 0))}, blocker: frozen, from: sunday(3, 0), until: sunday(5, 30)},
		"a freeze between windows": {
			now: utc(2026, 11, 24, 0, 0), freezes: freezes{freeze(utc(2026, 11, 23, 0, 0), utc(2026, 11, 25, 0, 0))},
			blocker: window, from: nextSunday(2, 0), until: nextSunday(5, 30),
		},
		"a freeze up to the start": {
			now: utc(2026, 11, 21, 0, 0), freezes: freezes{freeze(utc(2026, 11, 20, 0, 0), sunday(2, 0))},
			blocker: window, from: sunday(2, 0), until: sunday(5, 30),
		},
		"a freeze from the window's end on": {
			now: sunday(5, 0), freezes: freezes{freeze(sunday(6, 0), nextSunday(0, 0))},
			blocker: open, from: sunday(5, 0), until: sunday(5, 30),
		},
		"a freeze up to the cutoff leaves nothing": {
			now: sunday(3, 0), freezes: freezes{freeze(sunday(2, 0), sunday(5, 30))},
			blocker: frozen, from: nextSunday(2, 0), until: nextSunday(5, 30), says: "frozen until 2026-11-22 05:30 UTC (quarter end); may start 2026-11-29 02:00 GMT",
		},
		"a freeze leaves a nanosecond": {
			now: sunday(3, 0), freezes: freezes{freeze(sunday(2, 0), sunday(5, 30).Add(-1))},
			blocker: frozen, from: sunday(5, 30).Add(-1), until: sunday(5, 30),
		},
		"a freeze covers the window": {
			now: utc(2026, 11, 21, 0, 0), freezes: freezes{freeze(sunday(2, 0), sunday(6, 0))},
			blocker: frozen, from: nextSunday(2, 0), until: nextSunday(5, 30),
		},
		"a freeze covers two windows": {
			now: sunday(3, 0), freezes: freezes{freeze(sunday(0, 0), nextSunday(6, 0))},
			blocker: frozen, from: utc(2026, 12, 6, 2, 0), until: utc(2026, 12, 6, 5, 30),
		},
		"a freeze starts within the cutoff, and now is within it too": {
			now: sunday(5, 45), freezes: freezes{freeze(sunday(5, 50), sunday(5, 55))},
			blocker: cutoff, from: nextSunday(2, 0), until: nextSunday(5, 30),
		},
		"a freeze holds within the cutoff": {
			now: sunday(5, 45), freezes: freezes{freeze(sunday(5, 40), sunday(5, 55))},
			blocker: frozen, from: nextSunday(2, 0), until: nextSunday(5, 30),
		},
		"adjacent freezes are as one": {
			now: sunday(2, 30), freezes: freezes{freeze(sunday(2, 0), sunday(3, 0)), freeze(sunday(3, 0), sunday(4, 0))},
			blocker: frozen, from: sunday(4, 0), until: sunday(5, 30),
		},
		"overlapping freezes are as one": {
			now: sunday(2, 30), freezes: freezes{freeze(sunday(2, 0), sunday(3, 30)), freeze(sunday(3, 0), sunday(4, 0))},
			blocker: frozen, from: sunday(4, 0), until: sunday(5, 30),
		},
		"a freeze within a freeze": {
			now: sunday(2, 30), freezes: freezes{freeze(sunday(2, 0), sunday(5, 0)), freeze(sunday(3, 0), sunday(4, 0))},
			blocker: frozen, from: sunday(5, 0), until: sunday(5, 30),
		},
		"unsorted freezes": {
			now: sunday(2, 30), freezes: freezes{freeze(sunday(5, 0), sunday(5, 30)), freeze(sunday(3, 0), sunday(4, 0)), freeze(sunday(2, 0), sunday(3, 0))},
			blocker: frozen, from: sunday(4, 0), until: sunday(5, 0),
		},
		"the first piece counts, however small": {
			now: sunday(2, 0), freezes: freezes{freeze(sunday(2, 1), sunday(3, 0)), freeze(sunday(4, 0), sunday(5, 0))},
			blocker: open, from: sunday(2, 0), until: sunday(2, 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := maintenance.Decide(tc.now, gateSchedule(), gateRules(tc.freezes...))
			require.NoError(t, err)
			require.Equal(t, tc.blocker, v.Blocker, v.Reason)
			require.Equal(t, tc.blocker == open, v.Open())
			require.Equal(t, tc.from, v.Opening.From)
			require.Equal(t, tc.until, v.Opening.Until)
			require.True(t, v.Opening.Window.Contains(v.Opening.From))
			require.Equal(t, v.Open(), v.Reason == "")
			require.Contains(t, v.Reason, tc.says)
		})
	}
}

func TestDecideShowsTimesInTheGatewaysZone(t *testing.T) {
	t.Parallel()
	s := maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 22, Zone: zone(t, "GMT-4:00")}
	v, err := maintenance.Decide(utc(2026, 11, 22, 0, 0), s, gateRules())
	require.NoError(t, err)
	require.Equal(t, "the window opens 2026-11-28 22:00 GMT-4:00 (every month on day 28 at 22:00 GMT-4:00)", v.Reason)
	require.Equal(t, utc(2026, 11, 29, 2, 0), v.Opening.From)
}

func TestDecideNamesAFreezeWithoutAReason(t *testing.T) {
	t.Parallel()
	v, err := maintenance.Decide(sunday(3, 0), gateSchedule(), gateRules(maintenance.Freeze{From: sunday(2, 0), To: sunday(4, 0)}))
	require.NoError(t, err)
	require.Contains(t, v.Reason, "(no reason given)")
}

func TestDecideFailsWhereEveryWindowIsFrozen(t *testing.T) {
	t.Parallel()
	for _, recurrence := range []maintenance.Recurrence{weekly, monthly} {
		s := maintenance.Schedule{Recurrence: recurrence, Day: 1}
		_, err := maintenance.Decide(sunday(3, 0), s, gateRules(freeze(sunday(0, 0), utc(2099, 1, 1, 0, 0))))
		require.ErrorContains(t, err, "is frozen: shorten the freezes of the plan")
	}
}

func TestDecideLooksTwoYearsAhead(t *testing.T) {
	t.Parallel()
	v, err := maintenance.Decide(sunday(3, 0), gateSchedule(), gateRules(freeze(sunday(0, 0), utc(2028, 11, 13, 0, 0))))
	require.NoError(t, err)
	require.Equal(t, utc(2028, 11, 19, 2, 0), v.Opening.From)
}

func TestDecideLeavesThePlansFreezesAsTheyAre(t *testing.T) {
	t.Parallel()
	given := []maintenance.Freeze{freeze(sunday(4, 0), sunday(5, 0)), freeze(sunday(2, 0), sunday(3, 0))}
	_, err := maintenance.Decide(sunday(3, 0), gateSchedule(), gateRules(given...))
	require.NoError(t, err)
	require.Equal(t, []maintenance.Freeze{freeze(sunday(4, 0), sunday(5, 0)), freeze(sunday(2, 0), sunday(3, 0))}, given)
}

func TestDecideFinishHeedsFreezesOnly(t *testing.T) {
	t.Parallel()
	noon, one, two, three := utc(2026, 11, 24, 12, 0), utc(2026, 11, 24, 13, 0), utc(2026, 11, 24, 14, 0), utc(2026, 11, 24, 15, 0)
	for name, tc := range map[string]struct {
		freezes     []maintenance.Freeze
		open        bool
		from, until time.Time
	}{
		"no freeze":         {open: true, from: noon},
		"past":              {freezes: []maintenance.Freeze{freeze(sunday(0, 0), sunday(1, 0))}, open: true, from: noon},
		"ends now":          {freezes: []maintenance.Freeze{freeze(sunday(0, 0), noon)}, open: true, from: noon},
		"starts later":      {freezes: []maintenance.Freeze{freeze(one, two)}, open: true, from: noon, until: one},
		"starts now":        {freezes: []maintenance.Freeze{freeze(noon, two)}, from: two},
		"holds":             {freezes: []maintenance.Freeze{freeze(sunday(0, 0), one)}, from: one},
		"adjacent":          {freezes: []maintenance.Freeze{freeze(sunday(0, 0), one), freeze(one, two)}, from: two},
		"overlapping":       {freezes: []maintenance.Freeze{freeze(sunday(0, 0), two), freeze(one, three)}, from: three},
		"unsorted":          {freezes: []maintenance.Freeze{freeze(two, three), freeze(sunday(0, 0), one)}, from: one, until: two},
		"one after another": {freezes: []maintenance.Freeze{freeze(one, two), freeze(three, utc(2026, 12, 1, 0, 0))}, open: true, from: noon, until: one},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := maintenance.DecideFinish(noon, tc.freezes)
			require.Equal(t, tc.open, v.Open())
			require.Equal(t, maintenance.Opening{From: tc.from, Until: tc.until}, v.Opening)
			if !tc.open {
				require.Equal(t, maintenance.BlockedByFreeze, v.Blocker)
				require.Contains(t, v.Reason, "frozen until "+tc.from.Format("2006-01-02 15:04")+" UTC (quarter end)")
			}
		})
	}
}

// anyRules draws up to five freezes about the window that is next, many of them
// with edges on the window's own, so that they touch, overlap and cover.
func anyRules(now time.Time, s maintenance.Schedule, length, cutoff time.Duration) *rapid.Generator[maintenance.Rules] {
	return rapid.Custom(func(t *rapid.T) maintenance.Rules {
		w := s.WindowAt(now, length)
		edge := rapid.Custom(func(t *rapid.T) time.Time {
			return rapid.OneOf(
				rapid.SampledFrom([]time.Time{w.Start, w.End, w.End.Add(-cutoff), now, w.Start.Add(length / 2), w.Start.Add(-1), now.Add(1)}),
				rapid.Map(rapid.Int64Range(-int64(3*month), int64(6*month)), func(d int64) time.Time { return now.Add(time.Duration(d)) }),
				rapid.Map(rapid.IntRange(-48, 48), func(h int) time.Time { return w.Start.Add(time.Duration(h) * time.Hour) }),
			).Draw(t, "edge")
		})
		r := maintenance.Rules{Length: length, Cutoff: cutoff}
		for range rapid.IntRange(0, 5).Draw(t, "freezes") {
			from, to := edge.Draw(t, "from"), edge.Draw(t, "to")
			if to.Before(from) {
				from, to = to, from
			}
			if from.Before(to) {
				r.Freezes = append(r.Freezes, maintenance.Freeze{From: from, To: to})
			}
		}
		return r
	})
}

func frozenAt(now time.Time, freezes []maintenance.Freeze) bool {
	for _, f := range freezes {
		if !now.Before(f.From) && now.Before(f.To) {
			return true
		}
	}
	return false
}

// mayStart is the rule itself, for one time.
func mayStart(now time.Time, s maintenance.Schedule, r maintenance.Rules) bool {
	w := s.WindowAt(now, r.Length)
	return w.Contains(now) && now.Before(w.End.Add(-r.Cutoff)) && !frozenAt(now, r.Freezes)
}

func TestAVerdictKeepsTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "schedule")
		length := time.Duration(rapid.Int64Range(2, int64(24*time.Hour)).Draw(t, "length"))
		cutoff := time.Duration(rapid.Int64Range(0, int64(length-1)).Draw(t, "cutoff"))
		now := timeNear(s, length, cutoff).Draw(t, "now")
		r := anyRules(now, s, length, cutoff).Draw(t, "rules")

		v, err := maintenance.Decide(now, s, r)
		require.NoError(t, err)
		o := v.Opening

		require.Equal(t, mayStart(now, s, r), v.Open(), v.Reason)
		require.Equal(t, v.Open(), o.From.Equal(now))
		require.True(t, o.From.Before(o.Until))
		requireOpening(t, o, s, r)
		if v.Open() {
			return
		}
		require.True(t, o.From.After(now))
		opens, err := maintenance.Decide(o.From, s, r)
		require.NoError(t, err)
		require.True(t, opens.Open(), "the promised time is not open: %s", opens.Reason)
		require.Equal(t, o, opens.Opening)
		earlier := now.Add(time.Duration(rapid.Int64Range(0, int64(o.From.Sub(now))-1).Draw(t, "earlier")))
		require.False(t, mayStart(earlier, s, r), "it opens earlier than said, at %v", earlier)
		requireBlocker(t, now, s, r, v)
	})
}

// requireOpening says that the rules hold from the opening's first time to
// its last, and no longer.
func requireOpening(t *rapid.T, o maintenance.Opening, s maintenance.Schedule, r maintenance.Rules) {
	inside := o.From.Add(time.Duration(rapid.Int64Range(0, int64(o.Until.Sub(o.From))-1).Draw(t, "inside")))
	require.True(t, mayStart(o.From, s, r))
	require.True(t, mayStart(inside, s, r))
	require.True(t, mayStart(o.Until.Add(-1), s, r))
	require.False(t, mayStart(o.Until, s, r))
}

func requireBlocker(t *rapid.T, now time.Time, s maintenance.Schedule, r maintenance.Rules, v maintenance.Verdict) {
	w := s.WindowAt(now, r.Length)
	late := !now.Before(w.End.Add(-r.Cutoff))
	require.NotEmpty(t, v.Reason)
	switch v.Blocker {
	case maintenance.BlockedByCutoff:
		require.True(t, w.Contains(now) && late && !frozenAt(now, r.Freezes))
	case maintenance.BlockedByWindow:
		require.False(t, w.Contains(now))
	case maintenance.BlockedByFreeze:
		require.True(t, frozenAt(now, r.Freezes) || frozenAt(w.Start, r.Freezes), v.Reason)
	default:
		require.Fail(t, "no such blocker of a closed gate", v.Blocker)
	}
}

func TestAVerdictToFinishKeepsTheFreezes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := anyTime().Draw(t, "now")
		freezes := anyRules(now, gateSchedule(), 4*time.Hour, time.Hour).Draw(t, "rules").Freezes

		v := maintenance.DecideFinish(now, freezes)
		from, until := v.Opening.From, v.Opening.Until

		require.Equal(t, !frozenAt(now, freezes), v.Open())
		require.Equal(t, v.Open(), from.Equal(now))
		require.False(t, frozenAt(from, freezes))
		if !v.Open() {
			earlier := now.Add(time.Duration(rapid.Int64Range(0, int64(from.Sub(now))-1).Draw(t, "earlier")))
			require.True(t, frozenAt(earlier, freezes))
		}
		if until.IsZero() {
			require.False(t, frozenAt(from.Add(time.Duration(rapid.Int64Range(0, int64(12*month)).Draw(t, "later"))), freezes))
			return
		}
		require.True(t, frozenAt(until, freezes))
		require.False(t, frozenAt(until.Add(-1), freezes))
	})
}

// TestFitIsTheFirstOpeningThatIsLongEnough: the openings that Decide gives, one after the
// other, are what there is to choose from.
func TestFitIsTheFirstOpeningThatIsLongEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "schedule")
		length := time.Duration(rapid.Int64Range(2, int64(24*time.Hour)).Draw(t, "length"))
		cutoff := time.Duration(rapid.Int64Range(0, int64(length-1)).Draw(t, "cutoff"))
		now := timeNear(s, length, cutoff).Draw(t, "now")
		r := anyRules(now, s, length, cutoff).Draw(t, "rules")
		first, err := maintenance.Decide(now, s, r)
		require.NoError(t, err)
		need := rapid.OneOf(
			rapid.Just(first.Opening.Until.Sub(first.Opening.From)), rapid.Just(length-cutoff),
			rapid.Map(rapid.Int64Range(1, int64(length-cutoff)), func(n int64) time.Duration { return time.Duration(n) }),
		).Draw(t, "need")

		want := first.Opening
		for want.Until.Sub(want.From) < need {
			next, err := maintenance.Decide(want.Until, s, r)
			require.NoError(t, err)
			want = next.Opening
		}
		got, fits := maintenance.Fit(now, s, r, need)
		require.True(t, fits)
		require.Equal(t, want, got)

		_, fits = maintenance.Fit(now, s, r, length-cutoff+1)
		require.False(t, fits, "no window is as long")
	})
}
