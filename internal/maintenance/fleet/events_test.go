package fleet_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// called gives every target a place and a gateway of its own.
func called(f fleet.Fleet) fleet.Fleet {
	for i := range f.Entries {
		f.Entries[i].Ref, f.Entries[i].Gateway = i, fmt.Sprintf("sgw-%08X", 10+i)
	}
	return f
}

// carried is a value as the next run of a campaign gets it.
func carried[T any](t require.TestingT, v T) (next T) {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &next))
	return next
}

// Whatever happens to a fleet, and whenever the campaign continues as new in
// between, each event is told once.
func TestEveryEventIsReportedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const n = 12
		f := called(some(n, maintenance.Rollout{MaxFailures: share(t, "100%")}))
		var before fleet.Milestones
		want, got, ids := []string{}, []string{}, map[string]bool{}
		now := noon
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Minute)
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, n, rapid.ID).Draw(t, "targets") {
				want = append(want, happen(&f.Entries[i], rapid.IntRange(0, 3).Draw(t, "how"))...)
			}
			after := f.Milestones("q4", before, now)
			for _, o := range fleet.Occurred(before, after) {
				require.False(t, ids[o.ID], "%s was told before", o.ID)
				ids[o.ID] = true
				for _, target := range o.Targets {
					got = append(got, fmt.Sprintf("%s %s", o.Event, target))
				}
			}
			require.Empty(t, fleet.Occurred(after, f.Milestones("q4", after, now)), "nothing happened since")
			if before = after; rapid.Bool().Draw(t, "continues as new") {
				before, f.Entries = carried(t, after), carried(t, f.Entries)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}

// happen changes a target as a campaign does, and says what is to be told of it.
func happen(e *fleet.Entry, how int) (events []string) {
	name := func(event maintenance.Event) string {
		return fmt.Sprintf("%s %s/%d", event, e.Gateway, e.Attempts)
	}
	end := func(state fleet.State, after time.Duration) {
		e.State, e.Note, e.End = state, "it ended", e.Started.Add(after)
		if state == fleet.Failed {
			events = append(events, name(maintenance.EventFailed))
		}
		if after > 4*time.Hour {
			events = append(events, name(maintenance.EventOverrun))
		}
	}
	switch {
	case !e.State.InProgress(): // started, or retried and started
		e.State, e.Note, e.End, e.Started = fleet.Running, "", time.Time{}, noon.Add(time.Hour)
		e.Attempts++
	case how == 0 && e.State == fleet.Running:
		e.State, e.Note = fleet.Held, "a step failed"
		events = append(events, name(maintenance.EventHeld))
	case how == 0:
		e.State, e.Note = fleet.Running, ""
	case how == 1:
		end(fleet.Succeeded, time.Hour)
	case how == 2:
		end(fleet.Failed, time.Hour)
	default:
		end(fleet.Failed, 30*time.Hour)
	}
	return events
}

func consent(f *fleet.Fleet, wave int, by string) {
	f.Consents = append(f.Consents, fleet.Consent{Wave: wave, By: by, At: noon, Why: "CHG-1"})
}

// told is what a campaign does, and the events that are told of it.
type told struct {
	do   func(*fleet.Fleet)
	want []string
}

func TestTheEventsOfACampaign(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]told{
		"a wave needs an approval, also after a pause": {
			{func(f *fleet.Fleet) { f.Approvals = eachWave() }, []string{"approval/1"}},
			{func(f *fleet.Fleet) { f.Life = paused("bob: lunch") }, nil},
			{func(f *fleet.Fleet) { f.Life = fleet.Life{} }, nil},
			{func(f *fleet.Fleet) { consent(f, 1, "bob") }, nil},
			{func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon.Add(-3*time.Hour)) }, []string{"approval/2"}},
			{func(f *fleet.Fleet) { consent(f, 2, "bob") }, nil},
		},
		"one of three has approved, then another, and a pause repeats nothing": {
			{func(f *fleet.Fleet) { f.Approvals = eachWave(); f.Approvals.Count = 3 }, []string{"approval/1"}},
			{func(f *fleet.Fleet) { consent(f, 1, "bob") }, []string{"approval/1/1"}},
			{func(f *fleet.Fleet) { f.Life = paused("bob: lunch") }, nil},
			{func(f *fleet.Fleet) { f.Life = fleet.Life{} }, nil},
			{func(f *fleet.Fleet) { consent(f, 1, "carol") }, []string{"approval/1/2"}},
			{func(f *fleet.Fleet) { consent(f, 1, "dora") }, nil},
			{func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon.Add(-3*time.Hour)) }, []string{"approval/2"}},
			{func(f *fleet.Fleet) { consent(f, 2, "bob") }, []string{"approval/2/1"}},
		},
		"one who has approved early is in the message that asks the other": {
			{func(f *fleet.Fleet) {
				f.Approvals = maintenance.Approvals{Count: 2, Lead: maintenance.Duration(time.Hour), TimeLimit: maintenance.Duration(time.Hour)}
				f.Entries[0].NotBefore = noon.Add(150 * time.Minute)
				consent(f, 1, "bob")
			}, nil},
			{func(*fleet.Fleet) {}, nil},
			{func(*fleet.Fleet) {}, []string{"approval/1"}},
		},
		"no approval is asked for while it is paused": {
			{func(f *fleet.Fleet) { f.Approvals, f.Life = eachWave(), paused("bob: lunch") }, nil},
			{func(f *fleet.Fleet) { f.Life = fleet.Life{} }, []string{"approval/1"}},
		},
		"a wave starts with its first target": {
			{func(f *fleet.Fleet) { set(f, 0, fleet.Running, noon) }, []string{"window/1"}},
			{func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon) }, nil},
			{func(f *fleet.Fleet) { set(f, 1, fleet.Running, noon) }, []string{"window/2"}},
			{func(f *fleet.Fleet) { set(f, 2, fleet.Running, noon) }, nil},
		},
		"the canary's failure spends the budget, again after a retry": {
			{func(f *fleet.Fleet) { set(f, 0, fleet.Failed, noon) }, []string{"failed/sgw-0000000A/1", "budget/wave-1/" + noon.Format(time.RFC3339)}},
			{func(f *fleet.Fleet) { f.Entries[0].Retry() }, nil},
			{func(f *fleet.Fleet) { set(f, 0, fleet.Failed, noon); f.Entries[0].Attempts = 2 }, []string{"failed/sgw-0000000A/2", "budget/wave-1/" + noon.Add(2*time.Hour).Format(time.RFC3339)}},
		},
		"the fleet's budget counts only while something waits": {
			{func(f *fleet.Fleet) {
				f.Rollout.MaxFailures = share(t, "0")
				for i := range f.Entries[:4] {
					set(f, i, fleet.Succeeded, noon)
				}
				set(f, 4, fleet.Failed, noon)
			}, []string{"failed/sgw-0000000E/1"}},
		},
		"nothing is asked of one that is stopped": {
			{func(f *fleet.Fleet) { f.Approvals, f.Life = eachWave(), stopped("aborted") }, nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, before := called(threeWaves(t)), fleet.Milestones{}
			for i, s := range steps {
				s.do(&f)
				now := noon.Add(time.Duration(i) * time.Hour)
				f.Ask = fleet.Decide(f, now).Ask
				after := f.Milestones("q4", before, now)
				var ids []string
				for _, o := range fleet.Occurred(before, after) {
					ids = append(ids, o.ID)
				}
				require.Equal(t, s.want, ids, "step %d", i)
				before = carried(t, after)
			}
		})
	}
}

func TestAnEventSaysWhatToDo(t *testing.T) {
	t.Parallel()
	f := called(threeWaves(t))
	set(&f, 0, fleet.Failed, noon)
	f.Entries[0].Note = "PARTIAL: the gateway never came back."
	f.Entries[0].End = noon.Add(5 * time.Hour)
	set(&f, 1, fleet.Held, noon)
	f.Entries[1].Note, f.Entries[1].Hold = "update: no answer", fleet.Hold{Step: maintenance.StepUpdate, Since: noon}
	result := fleet.Result{State: fleet.Partial, Summary: "3 of 5 targets succeeded."}
	texts := map[maintenance.Event]string{}
	for _, o := range fleet.Occurred(fleet.Milestones{}, f.Milestones("q4", fleet.Milestones{}, noon).Over(result)) {
		texts[o.Event] = o.Title + "\n" + o.Text
	}
	require.Equal(t, map[maintenance.Event]string{
		maintenance.EventFailed: "q4: t0 failed\nt0 (sgw-0000000A, wave 1, attempt 1) failed. PARTIAL: the gateway never came back.\n" +
			"tidegate status q4 t0\ntidegate retry q4 t0 --why TEXT\ntidegate skip q4 t0 --why TEXT",
		maintenance.EventOverrun: "q4: t0 ended after the window\nt0 (sgw-0000000A, wave 1, attempt 1) failed at " + noon.Format(time.DateOnly) + " 17:00 UTC, 1h after the end of its window.\ntidegate status q4 t0",
		maintenance.EventHeld: "q4: t1 held\nt1 (sgw-0000000B, wave 2, attempt 1) is held: update: no answer\n" +
			"tidegate status sgw-0000000B\ntidegate retry sgw-0000000B --why TEXT\ntidegate skip sgw-0000000B --why TEXT\ntidegate abort sgw-0000000B --why TEXT",
		maintenance.EventWindow: "q4: wave 2 starts\nt1 (sgw-0000000B) starts at " + noon.Format(time.DateOnly) + " 12:00 UTC in its window (every Sunday at 12:00 GMT), the first of wave 2, which has 2 targets.\ntidegate watch q4",
		maintenance.EventBudget: "q4: the error budget is spent\n1 of wave 1 failed, max failures 0. Nothing more starts until what failed is retried or skipped.\n" +
			"tidegate status q4 --state failed\ntidegate retry q4 TARGET --why TEXT\ntidegate skip q4 TARGET --why TEXT\ntidegate abort q4 --why TEXT",
		maintenance.EventEnded: "q4: PARTIAL\n3 of 5 targets succeeded.\ntidegate status q4",
	}, texts)
}

func TestWhatHappensToManyAtOnceIsOneMessage(t *testing.T) {
	t.Parallel()
	f := called(some(30, maintenance.Rollout{MaxFailures: share(t, "100%")}))
	for i := range f.Entries[:12] {
		set(&f, i, fleet.Failed, noon)
	}
	all := fleet.Occurred(fleet.Milestones{}, f.Milestones("q4", fleet.Milestones{}, noon))
	require.Len(t, all, 1)
	require.Equal(t, "failed/sgw-0000000A/1+11", all[0].ID)
	require.Equal(t, "q4: 12 targets failed", all[0].Title)
	require.Equal(t, "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 and 2 more.\ntidegate status q4 --state failed", all[0].Text)
	require.Len(t, all[0].Targets, 12)
}

// occurred are the events of a fleet at its first moment.
func occurred(f fleet.Fleet) []fleet.Occurrence {
	return fleet.Occurred(fleet.Milestones{}, f.Milestones("q4", fleet.Milestones{}, noon))
}

// TestUpToFiveTargetsHaveAMessageEach, and more share one, which names ten of them.
func TestUpToFiveTargetsHaveAMessageEach(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{1: 1, 5: 5, 6: 1, 10: 1, 11: 1} {
		f := called(some(30, maintenance.Rollout{MaxFailures: share(t, "100%")}))
		for i := range f.Entries[:n] {
			set(&f, i, fleet.Failed, noon)
		}
		all := occurred(f)
		require.Len(t, all, want, "%d failed", n)
		require.Equal(t, n > 10, strings.Contains(all[0].Text, " more."), all[0].Text)
	}
}

func TestAWaveStartsWithItsFirstTarget(t *testing.T) {
	t.Parallel()
	f := called(some(3, maintenance.Rollout{}))
	set(&f, 1, fleet.Running, noon)
	set(&f, 2, fleet.Running, noon)
	all := occurred(f)
	require.Len(t, all, 1)
	require.Equal(t, "window/1", all[0].ID)
	require.Contains(t, all[0].Text, "t1 (sgw-0000000B) starts at ")
	require.Contains(t, all[0].Text, ", the first of wave 1, which has 3 targets.")
}

// TestWhatEndsAfterItsWindowIsReported: of what ran, and by its own window.
func TestWhatEndsAfterItsWindowIsReported(t *testing.T) {
	t.Parallel()
	const window = 4 * time.Hour
	week := noon.AddDate(0, 0, 7)
	for name, tc := range map[string]struct {
		state        fleet.State
		started, end time.Time
		over         string // empty: it is not told
	}{
		"it succeeded a second late":            {fleet.Succeeded, noon, noon.Add(window + time.Second), "1s"},
		"it succeeded at the window's end":      {fleet.Succeeded, noon, noon.Add(window), ""},
		"it failed an hour late":                {fleet.Failed, noon, noon.Add(window + time.Hour), "1h"},
		"it was skipped an hour late":           {fleet.Skipped, noon, noon.Add(window + time.Hour), ""},
		"nothing was to be done":                {fleet.UpToDate, noon, noon.Add(window + time.Hour), ""},
		"it runs":                               {fleet.Running, noon.Add(-2 * window), time.Time{}, ""},
		"it never started":                      {fleet.Failed, time.Time{}, noon.Add(window + time.Hour), ""},
		"it went on in the next window":         {fleet.Succeeded, noon, week.Add(time.Hour), ""},
		"it went on until that window's end":    {fleet.Succeeded, noon, week.Add(window), ""},
		"it ended as the next window opened":    {fleet.Succeeded, noon, week, ""},
		"it went on, and was late there too":    {fleet.Succeeded, noon, week.Add(window + time.Minute), "1m"},
		"it ended just before the next started": {fleet.Succeeded, noon, week.Add(-time.Second), "163h59m59s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := called(some(1, maintenance.Rollout{MaxFailures: share(t, "100%")}))
			e := &f.Entries[0]
			e.State, e.Started, e.End, e.Attempts = tc.state, tc.started, tc.end, 1
			var text string
			for _, o := range occurred(f) {
				if o.Event == maintenance.EventOverrun {
					text = o.Text
				}
			}
			if tc.over == "" {
				require.Empty(t, text)
				return
			}
			require.Contains(t, text, ", "+tc.over+" after the end of its window.")
			e.Schedule = maintenance.Schedule{}
			for _, o := range occurred(f) {
				require.NotEqual(t, maintenance.EventOverrun, o.Event, "of a target whose window is not known nobody can say it")
			}
		})
	}
}

func TestAMessageIsLostWhereItMayNotHaveArrived(t *testing.T) {
	t.Parallel()
	for state, lost := range map[fleet.NoticeState]bool{
		fleet.NoticeSending: false, fleet.NoticeSent: false, fleet.NoticeFailed: true, fleet.NoticeUnknown: true,
	} {
		require.Equal(t, lost, state.Lost(), state)
	}
}
