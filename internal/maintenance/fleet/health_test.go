package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// errorRate is asked while waves bake, and noPage for the campaign.
func twoChecks() []health.Check {
	return []health.Check{
		health.Check{Name: "error rate", At: []health.Moment{health.AtBake}}.WithDefaults(),
		health.Check{Name: "no page", At: []health.Moment{health.AtCampaign}}.WithDefaults(),
	}
}

const rose = `check "error rate": 0.31, must be below 0.1; since 2026-11-22 12:40 UTC`

// checked is a fleet of two waves with checks, of which the one for the campaign passes.
func checked(t *testing.T) fleet.Fleet {
	t.Helper()
	f := called(some(3, maintenance.Rollout{Waves: []maintenance.Share{share(t, "1")}, Bake: maintenance.Duration(time.Hour)}))
	f.Checks = twoChecks()
	f.Health.Watches = map[string]health.Watch{"no page": {State: health.Passing}}
	return f
}

// update lets the entry succeed at a time.
func updated(f *fleet.Fleet, i int, at time.Time) {
	e := &f.Entries[i]
	e.State, e.Attempts, e.Started, e.End = fleet.Succeeded, 1, at.Add(-30*time.Minute), at
}

func bakeFails(f *fleet.Fleet, i int, state health.State) bool {
	return f.LearnBake(i, fleet.Event{
		Kind: fleet.KindBakeFinding, Attempt: 1, Check: fleet.Check{Name: "error rate", State: state, Since: noon.Add(40 * time.Minute)}, Note: rose,
	})
}

func baked(f *fleet.Fleet, i int, at time.Time) bool {
	return f.LearnBake(i, fleet.Event{Kind: fleet.KindBaked, Attempt: 1, At: at})
}

func waive(t *testing.T, f *fleet.Fleet, check, target string) {
	t.Helper()
	all, err := f.Health.Waived.Add(f.Checks, health.Waiver{Check: check, Target: target, By: "alice", Why: "CHG-1", At: noon})
	require.NoError(t, err)
	f.Health.Waived = all
}

func TestNothingStartsWhileACheckForTheCampaignDoesNotPass(t *testing.T) {
	t.Parallel()
	f := checked(t)
	require.NotEmpty(t, fleet.Decide(f, noon).Start)
	f.Health.Blocks = []health.Block{{Check: "no page", State: health.Failing, Reason: `check "no page": 1 alert firing`}}
	turn := fleet.Decide(f, noon)
	require.Empty(t, turn.Start)
	for _, w := range turn.Waits {
		require.Equal(t, maintenance.BlockedByCheck, w.Blocker)
		require.Equal(t, `check "no page": 1 alert firing`, w.Reason)
	}
	require.Empty(t, f.Status(turn, noon).Held, "it recovers by itself")
	require.Equal(t, []fleet.CheckLine{{Check: "no page", State: health.Failing, Reason: `check "no page": 1 alert firing`}},
		f.Status(turn, noon).Checks)
	waive(t, &f, "no page", "")
	require.NotEmpty(t, fleet.Decide(f, noon).Start, "waived")
}

func TestACheckThatWasNeverAnsweredBlocks(t *testing.T) {
	t.Parallel()
	f := checked(t)
	f.Health.Watches = nil
	turn := fleet.Decide(f, noon)
	require.Empty(t, turn.Start)
	require.Equal(t, `check "no page" has no answer yet`, turn.Waits[0].Reason)
}

func TestACheckThatStartsToBlockDisarms(t *testing.T) {
	t.Parallel()
	f := checked(t)
	e := &f.Entries[0]
	e.State, e.Attempts, e.Started, e.Trigger = fleet.Running, 1, noon, noon
	f.Health.Blocks = []health.Block{{Check: "no page", State: health.Failing, Reason: "1 alert firing"}}
	require.Equal(t, fleet.Disarm{Entries: []int{0}, Why: "1 alert firing"}, fleet.Decide(f, noon.Add(-time.Minute)).Disarm)
}

func TestAWaveOpensOnceTheOneBeforeHasBakedWell(t *testing.T) {
	t.Parallel()
	ended, over := noon.Add(30*time.Minute), noon.Add(90*time.Minute)
	f := checked(t)
	require.Zero(t, fleet.Decide(f, noon).Bake, "nothing is updated")
	updated(&f, 0, ended)

	turn := fleet.Decide(f, ended)
	require.Equal(t, fleet.Bake{Wave: 0, Until: over, Entries: []int{0}}, turn.Bake)
	require.Equal(t, maintenance.BlockedByBake, turn.Waits[0].Blocker)

	turn = fleet.Decide(f, over)
	require.Empty(t, turn.Start, "the bake's result is not in")
	require.Equal(t, maintenance.BlockedByCheck, turn.Waits[0].Blocker)
	require.Equal(t, "wave 1 has baked, and not all of its checks are answered yet", turn.Waits[0].Reason)
	require.Empty(t, f.Status(turn, over).Held)

	require.True(t, baked(&f, 0, over))
	require.False(t, baked(&f, 0, over), "it was reported twice")
	turn = fleet.Decide(carried(t, f), over)
	require.Equal(t, []int{1, 2}, turn.Start)
	require.Zero(t, turn.Bake)
}

func TestABakeThatFailedKeepsTheNextWaveShut(t *testing.T) {
	t.Parallel()
	ended, over := noon.Add(30*time.Minute), noon.Add(90*time.Minute)
	f := checked(t)
	updated(&f, 0, ended)
	before := f.Milestones("q4", fleet.Milestones{}, ended)
	require.True(t, bakeFails(&f, 0, health.Failed))
	require.False(t, bakeFails(&f, 0, health.Failed), "it was reported twice")
	turn := fleet.Decide(f, ended.Add(time.Minute))
	require.Equal(t, maintenance.BlockedByCheck, turn.Waits[0].Blocker, "it is known before the bake is over")
	require.Equal(t, "wave 1 baked, and of t0: "+rose, turn.Waits[0].Reason)
	require.Equal(t, []int{0}, turn.Bake.Entries, "the other checks are asked to the end")

	after := f.Milestones("q4", before, ended.Add(time.Minute))
	told := fleet.Occurred(before, after)
	require.Len(t, told, 1)
	require.Equal(t, maintenance.EventCheckFailed, told[0].Event)
	require.Contains(t, told[0].Text, "tidegate waive q4 'error rate' t0 --why TEXT")
	require.Empty(t, fleet.Occurred(after, f.Milestones("q4", after, over)))

	require.True(t, baked(&f, 0, over))
	f = carried(t, f)
	turn = fleet.Decide(f, over.AddDate(0, 0, 7))
	require.Empty(t, turn.Start, "it does not recover")
	require.Contains(t, f.Status(turn, over).Held, "waive the check, or abort the campaign")
	require.Equal(t, fleet.WaveStopped, f.WaveLines(over)[0].State)
	waive(t, &f, "error rate", f.Entries[0].Gateway)
	require.Equal(t, []int{1, 2}, fleet.Decide(f, over).Start)
}

func TestNoAnswerAtTheEndOfABakeIsNoPass(t *testing.T) {
	t.Parallel()
	ended, over := noon.Add(30*time.Minute), noon.Add(90*time.Minute)
	f := checked(t)
	updated(&f, 0, ended)
	require.True(t, bakeFails(&f, 0, health.Waiting))
	turn := fleet.Decide(f, over)
	require.Equal(t, "wave 1 has baked, and of t0: "+rose, turn.Waits[0].Reason)
	require.Equal(t, fleet.WaveBaking, f.WaveLines(over)[0].State)
	require.True(t, baked(&f, 0, over), "there was an answer")
	require.Equal(t, []int{1, 2}, fleet.Decide(f, over).Start)
	require.Empty(t, f.Health.Findings)
}

func TestALoneCanaryBakesWell(t *testing.T) {
	t.Parallel()
	ended, over := noon.Add(30*time.Minute), noon.Add(90*time.Minute)
	f := checked(t)
	f.Entries[0].State = fleet.UpToDate
	require.Equal(t, []int{1}, fleet.Decide(f, noon).Start, "the canary of wave 2")
	updated(&f, 1, ended)
	require.Equal(t, fleet.Bake{Wave: 1, Until: over, Entries: []int{1}}, fleet.Decide(f, ended).Bake)
	turn := fleet.Decide(f, over)
	require.Empty(t, turn.Start)
	require.Equal(t, maintenance.BlockedByCheck, turn.Waits[0].Blocker)
	failed := f
	require.True(t, bakeFails(&failed, 1, health.Failed))
	require.Contains(t, fleet.Decide(failed, over).Waits[0].Reason, "the canary of wave 2 baked, and of t1: ")
	require.True(t, baked(&f, 1, over))
	require.Equal(t, []int{2}, fleet.Decide(f, over).Start)
}

func TestARunThatACheckKeepsShowsIt(t *testing.T) {
	t.Parallel()
	f := checked(t)
	e := &f.Entries[0]
	e.Start(1, noon, noon.Add(time.Minute))
	before := f.Milestones("q4", fleet.Milestones{}, noon)
	blocked := fleet.Event{Kind: fleet.KindBlocked, Attempt: 1, Check: fleet.Check{Name: "cache is clean", Since: noon}, Note: "cache dirty 12%"}
	require.True(t, e.Learn(blocked, noon))
	require.True(t, e.MayDisarm())
	row := f.Row(0, nil, noon)
	require.Equal(t, maintenance.BlockedByCheck, row.Blocker)
	require.Equal(t, "cache dirty 12%", row.Reason)
	told := fleet.Occurred(before, f.Milestones("q4", before, noon))
	require.Len(t, told, 1)
	require.Equal(t, maintenance.EventCheckBlocked, told[0].Event)
	require.Contains(t, told[0].Text, "tidegate waive q4 'cache is clean' t0 --why TEXT")
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindBlocked, Attempt: 1}, noon))
	require.Empty(t, f.Row(0, nil, noon).Blocker)
	require.True(t, e.Learn(blocked, noon))
	later := noon.Add(4 * time.Hour)
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindDeferred, Attempt: 1, NotBefore: later, Entry: &fleet.Entry{State: fleet.Waiting}}, noon))
	require.Equal(t, later, e.NotBefore)
	require.Empty(t, e.Note, "it has not failed")
}

// Whatever is reported of a bake, and whenever: no later wave starts before each target of the one before was watched
// to the end of the bake, and each check that failed was waived; and then it does.
func TestNoWaveOpensWithoutAGoodBake(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(rt, "targets")
		f := called(some(n, maintenance.Rollout{Waves: []maintenance.Share{share(rt, "1"), share(rt, "50%")}, Bake: maintenance.Duration(time.Minute)}))
		f.Checks = twoChecks()[:1]
		failed := map[int]bool{}
		watched := map[int]time.Time{}
		now := noon
		for range 400 {
			turn := fleet.Decide(f, now)
			for _, i := range turn.Start {
				for j := range f.Entries {
					e := &f.Entries[j]
					if e.Wave >= f.Entries[i].Wave || e.State != fleet.Succeeded {
						continue
					}
					require.False(rt, failed[j], "the bake of %s has failed, and %s starts", e.Name, f.Entries[i].Name)
					require.False(rt, watched[j].Before(e.End.Add(time.Minute)), "%s has not baked, and %s starts", e.Name, f.Entries[i].Name)
				}
				f.Entries[i].Start(1, now, time.Time{})
			}
			for i := range f.Entries {
				if f.Entries[i].State == fleet.Running && rapid.Bool().Draw(rt, "ends") {
					updated(&f, i, now)
				}
			}
			for _, i := range turn.Bake.Entries {
				switch rapid.IntRange(0, 4).Draw(rt, "bake") {
				case 0:
					failed[i] = failed[i] || bakeFails(&f, i, health.Failed)
				case 1, 2:
					if !now.Before(turn.Bake.Until) && baked(&f, i, turn.Bake.Until) {
						watched[i] = turn.Bake.Until
					}
				}
			}
			for i := range f.Entries {
				if failed[i] && rapid.IntRange(0, 5).Draw(rt, "waived") == 0 {
					failed[i] = false
					f.Health.Waived = append(f.Health.Waived, health.Waiver{Check: "error rate", Target: f.Entries[i].Gateway})
					watched[i] = now.AddDate(1, 0, 0)
				}
			}
			if rapid.IntRange(0, 9).Draw(rt, "continues as new") == 0 {
				f = carried(rt, f)
			}
			now = now.Add(20 * time.Second)
			if turn.Over {
				return
			}
		}
	})
}
