package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func defaults() maintenance.Policy { return maintenance.Policy{}.WithDefaults() }

func TestTheDefaultsAreThePromisedOnesAndValid(t *testing.T) {
	t.Parallel()
	d := func(d time.Duration) maintenance.Duration { return maintenance.Duration(d) }
	require.Equal(t, maintenance.Policy{
		WindowLength: d(4 * time.Hour), Cutoff: new(d(30 * time.Minute)), WindowRecheck: d(24 * time.Hour), OnWindowEnd: maintenance.WindowEndHold,
		AutomaticUpdates: maintenance.AutomaticUpdatesKeep,
		UpdateStart:      d(15 * time.Minute), UpdateDeadline: d(time.Hour), SteadyFor: d(30 * time.Second),
		Snapshot: maintenance.SnapshotAfter, SnapshotDeadline: d(6 * time.Hour), SnapshotSettle: d(5 * time.Minute),
		Proxies: maintenance.ProxyPolicy{Parallel: 1, Deadline: d(time.Hour), Settle: d(3 * time.Minute)},
		Pace:    maintenance.Pace{Min: d(5 * time.Second), Max: d(time.Minute)},

		OnFailure: maintenance.OnFailureCompensate, UpdateDelay: new(maintenance.Duration(time.Minute)), ArmBefore: new(d(2 * time.Minute)), FailedSnapshots: maintenance.FailedSnapshotsKeep, CompensationDeadline: maintenance.Duration(2 * time.Hour), Attempt: maintenance.Duration(90 * time.Second),
	}, defaults())
	require.NoError(t, defaults().Validate())
}

func TestDefaultsLeaveWhatIsGiven(t *testing.T) {
	t.Parallel()
	given := samplePolicy()
	require.NoError(t, given.Validate())
	require.Equal(t, given, given.WithDefaults())
	require.Equal(t, defaults(), defaults().WithDefaults())
	none := maintenance.Policy{Cutoff: new(maintenance.Duration(0))}.WithDefaults()
	require.Zero(t, *none.Cutoff, "no cutoff is asked for")
}

func TestAPolicysRanges(t *testing.T) {
	t.Parallel()
	type setter = func(*maintenance.Policy, maintenance.Duration)
	for field, tc := range map[string]struct {
		set       setter
		low, high time.Duration
	}{
		"policy.windowLength": {func(p *maintenance.Policy, d maintenance.Duration) {
			p.WindowLength, p.Cutoff, p.UpdateDelay = d, new(maintenance.Duration(0)), new(maintenance.Duration(0))
		}, time.Minute, 24 * time.Hour},
		"policy.cutoff": {func(p *maintenance.Policy, d maintenance.Duration) {
			p.Cutoff, p.UpdateDelay = &d, new(maintenance.Duration(0))
		}, 0, 4*time.Hour - time.Minute},
		"policy.updateDelay":          {func(p *maintenance.Policy, d maintenance.Duration) { p.UpdateDelay = &d }, 0, time.Hour},
		"policy.armBefore":            {func(p *maintenance.Policy, d maintenance.Duration) { p.ArmBefore = &d }, 0, 15 * time.Minute},
		"policy.windowRecheck":        {func(p *maintenance.Policy, d maintenance.Duration) { p.WindowRecheck = d }, time.Second, 24 * time.Hour},
		"policy.updateStart":          {func(p *maintenance.Policy, d maintenance.Duration) { p.UpdateStart = d }, time.Second, time.Hour},
		"policy.updateDeadline":       {func(p *maintenance.Policy, d maintenance.Duration) { p.UpdateDeadline = d }, 15 * time.Minute, 24 * time.Hour},
		"policy.steadyFor":            {func(p *maintenance.Policy, d maintenance.Duration) { p.SteadyFor = d }, time.Millisecond, 5 * time.Minute},
		"policy.snapshotDeadline":     {func(p *maintenance.Policy, d maintenance.Duration) { p.SnapshotDeadline = d }, time.Second, 7 * 24 * time.Hour},
		"policy.snapshotSettle":       {func(p *maintenance.Policy, d maintenance.Duration) { p.SnapshotSettle = d }, time.Second, time.Hour},
		"policy.proxies.deadline":     {func(p *maintenance.Policy, d maintenance.Duration) { p.Proxies.Deadline = d }, time.Second, 24 * time.Hour},
		"policy.proxies.settle":       {func(p *maintenance.Policy, d maintenance.Duration) { p.Proxies.Settle = d }, time.Second, time.Hour},
		"policy.compensationDeadline": {func(p *maintenance.Policy, d maintenance.Duration) { p.CompensationDeadline = d }, time.Second, 7 * 24 * time.Hour},
		"policy.attempt":              {func(p *maintenance.Policy, d maintenance.Duration) { p.Attempt = d }, time.Second, 10 * time.Minute},
		"policy.pace.min":             {func(p *maintenance.Policy, d maintenance.Duration) { p.Pace.Min = d }, time.Millisecond, time.Minute},
		"policy.pace.max":             {func(p *maintenance.Policy, d maintenance.Duration) { p.Pace.Max = d }, 5 * time.Second, time.Hour},
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			judge := func(d time.Duration) error {
				p := defaults()
				tc.set(&p, maintenance.Duration(d))
				return p.Validate()
			}
			require.NoError(t, judge(tc.low))
			require.NoError(t, judge(tc.high))
			for _, d := range []time.Duration{tc.low - 1, tc.high + 1, -tc.high} {
				require.NotEmpty(t, fieldErrors(t, judge(d)), "%s", d)
			}
		})
	}
}

func TestAPolicysFaultIsNamedWithItsRange(t *testing.T) {
	t.Parallel()
	p := defaults()
	p.Cutoff = new(maintenance.Duration(5 * time.Hour))
	require.EqualError(t, p.Validate(), `policy.cutoff: invalid value "5h": must be 0s to 3h59m, which is a minute less than the window's duration`)
	p = defaults()
	p.WindowLength, p.UpdateDelay = maintenance.Duration(time.Hour), new(maintenance.Duration(30*time.Minute))
	require.EqualError(t, p.Validate(), `policy.updateDelay: invalid value "30m": must be less than 30m, the part of the window before its cutoff; otherwise no update would ever start`)
	p.UpdateDelay = new(maintenance.Duration(30*time.Minute - time.Second))
	require.NoError(t, p.Validate())
	p = defaults()
	p.Snapshot = "maybe"
	require.EqualError(t, p.Validate(), `policy.snapshot: invalid value "maybe": must be after, before, both or never`)
	p = defaults()
	p.Freezes = []maintenance.Freeze{freeze(sunday(2, 0), sunday(3, 0)), freeze(sunday(4, 0), sunday(4, 0))}
	require.EqualError(t, p.Validate(), `policy.freezes[1].to: invalid value "2026-11-22 04:00 UTC": must be a time after from, 2026-11-22 04:00 UTC`)
}

// TestABoundThatLeavesOneValueNamesIt: the shortest window has no room for a cutoff.
func TestABoundThatLeavesOneValueNamesIt(t *testing.T) {
	t.Parallel()
	p := defaults()
	p.WindowLength, p.Cutoff, p.UpdateDelay = maintenance.Duration(time.Minute), new(maintenance.Duration(time.Second)), new(maintenance.Duration(0))
	require.EqualError(t, p.Validate(), `policy.cutoff: invalid value "1s": must be 0s, which is a minute less than the window's duration`)
}

func TestADelayMustLeaveTimeForTheTrigger(t *testing.T) {
	t.Parallel()
	p := defaults()
	p.WindowLength, p.Cutoff, p.UpdateDelay = maintenance.Duration(time.Hour), new(maintenance.Duration(59*time.Minute)), new(maintenance.Duration(time.Minute))
	require.EqualError(t, p.Validate(), `policy.updateDelay: invalid value "1m": must be less than 1m, the part of the window before its cutoff; otherwise no update would ever start`)
	p.Cutoff = new(maintenance.Duration(59*time.Minute + time.Second))
	requireFields(t, p.Validate(), map[string]string{"policy.cutoff": "59m1s"})
}

func TestEveryWordOfAPolicyIsAccepted(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*maintenance.Policy){
		func(p *maintenance.Policy) { p.WindowPreference = maintenance.Weekly },
		func(p *maintenance.Policy) { p.WindowPreference = maintenance.Monthly },
		func(p *maintenance.Policy) { p.OnWindowEnd = maintenance.WindowEndFinish },
		func(p *maintenance.Policy) { p.AutomaticUpdates = maintenance.AutomaticUpdatesHold },
		func(p *maintenance.Policy) { p.Snapshot = maintenance.SnapshotBefore },
		func(p *maintenance.Policy) { p.Snapshot = maintenance.SnapshotBoth },
		func(p *maintenance.Policy) { p.Snapshot = maintenance.SnapshotNever },
		func(p *maintenance.Policy) { p.Proxies.Parallel = 4 },
	} {
		p := defaults()
		change(&p)
		require.NoError(t, p.Validate())
	}
}

func TestAllOfAPolicysFaultsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	minus := maintenance.Duration(-time.Second)
	p := maintenance.Policy{
		WindowLength: minus, Cutoff: new(minus), WindowPreference: "daily", WindowRecheck: minus, OnWindowEnd: "stop",
		Freezes:          []maintenance.Freeze{freeze(sunday(3, 0), sunday(2, 0))},
		AutomaticUpdates: "off", UpdateStart: minus, UpdateDeadline: minus, SteadyFor: minus,
		Snapshot: "maybe", SnapshotDeadline: minus, SnapshotSettle: minus,
		Proxies: maintenance.ProxyPolicy{Parallel: 5, Deadline: minus, Settle: minus},
		Pace:    maintenance.Pace{Min: minus, Max: minus},

		OnFailure: "panic", UpdateDelay: &minus, ArmBefore: &minus, FailedSnapshots: "burn", CompensationDeadline: minus, Attempt: minus,
	}
	requireFields(t, p.Validate(), map[string]string{
		"policy.windowLength": "-1s", "policy.cutoff": "-1s", "policy.windowPreference": "daily", "policy.windowRecheck": "-1s", "policy.onWindowEnd": "stop",
		"policy.freezes[0].to": "2026-11-22 02:00 UTC", "policy.automaticUpdates": "off",
		"policy.updateStart": "-1s", "policy.updateDeadline": "-1s", "policy.steadyFor": "-1s",
		"policy.snapshot": "maybe", "policy.snapshotDeadline": "-1s", "policy.snapshotSettle": "-1s",
		"policy.proxies.parallel": "5", "policy.proxies.deadline": "-1s", "policy.proxies.settle": "-1s",
		"policy.pace.min": "-1s", "policy.pace.max": "-1s",
		"policy.onFailure": "panic", "policy.updateDelay": "-1s", "policy.armBefore": "-1s", "policy.failedSnapshots": "burn", "policy.compensationDeadline": "-1s", "policy.attempt": "-1s",
	})
	p = defaults()
	p.Proxies.Parallel = -1
	requireFields(t, p.Validate(), map[string]string{"policy.proxies.parallel": "-1"})
}

func TestAPolicyWantsTheSnapshotsThatItNames(t *testing.T) {
	t.Parallel()
	for when, want := range map[maintenance.SnapshotWhen]struct{ before, after bool }{
		maintenance.SnapshotAfter:  {after: true},
		maintenance.SnapshotBefore: {before: true},
		maintenance.SnapshotBoth:   {before: true, after: true},
		maintenance.SnapshotNever:  {},
	} {
		p := maintenance.Policy{Snapshot: when}
		require.Equal(t, want.before, p.WantsSnapshot(maintenance.PointBefore), when)
		require.Equal(t, want.after, p.WantsSnapshot(maintenance.PointAfter), when)
	}
}

func TestRulesAreThePolicysPartOfTheGate(t *testing.T) {
	t.Parallel()
	p := defaults()
	p.Freezes = []maintenance.Freeze{freeze(sunday(2, 0), sunday(3, 0))}
	require.Equal(t, gateRules(p.Freezes...), p.Rules())
}

func TestPollsGetRarerTheLongerTheWait(t *testing.T) {
	t.Parallel()
	pace := defaults().Pace
	for elapsed, want := range map[time.Duration]time.Duration{
		-time.Hour: 5 * time.Second, 0: 5 * time.Second, 50 * time.Second: 5 * time.Second, 100 * time.Second: 10 * time.Second,
		10 * time.Minute: time.Minute, time.Hour: time.Minute, 400 * 24 * time.Hour: time.Minute,
	} {
		require.Equal(t, want, pace.NextPoll(elapsed, 0.5), "%s", elapsed)
		require.Equal(t, want*4/5, pace.NextPoll(elapsed, 0), "%s", elapsed)
		require.Equal(t, want*6/5, pace.NextPoll(elapsed, 1), "%s", elapsed)
	}
}

func TestTheNextPollKeepsThePace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min")
		high := rapid.Int64Range(low, int64(time.Hour)).Draw(t, "max")
		pace := maintenance.Pace{Min: maintenance.Duration(low), Max: maintenance.Duration(high)}
		elapsed := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(400*24*time.Hour)).Draw(t, "elapsed"))
		jitter := rapid.Float64Range(0, 1).Draw(t, "jitter")

		wait := pace.NextPoll(elapsed, jitter)

		// A nanosecond of leeway for the float.
		require.GreaterOrEqual(t, wait, time.Duration(float64(low)*0.8)-1)
		require.LessOrEqual(t, wait, time.Duration(float64(high)*1.2)+1)
		require.GreaterOrEqual(t, pace.NextPoll(elapsed+time.Hour, jitter), wait, "never sooner after a longer wait")
	})
}
