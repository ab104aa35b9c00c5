package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// lives has every state that a campaign can be in, one a row, and what each event makes of it: the
// next state, "=" for the same one, "-" where the event is refused. A state is a phase and a halt.
const lives = `
state           discovered      planned        pause           resume      abort           cancel          expiry          end
discovering     progress        planned        discovering/p   -           discovering/a   discovering/c   -               -
discovering/p   progress/p      planned        -               discovering discovering/a   discovering/c   -               -
discovering/a   progress/a      planned/a      -               -           =               =               -               -
discovering/c   progress/c      planned/c      -               -           =               =               -               -
progress        -               -              progress/p      -           progress/a      progress/c      progress/e      ended
progress/p      -               -              -               progress    progress/a      progress/c      progress/e      ended
progress/a      -               -              -               -           =               =               =               ended/a
progress/c      -               -              -               -           =               =               =               ended/c
progress/e      -               -              -               -           =               =               =               ended/e
planned         -               -              -               -           planned/a       planned/c       -               -
planned/a       -               -              -               -           =               =               -               -
planned/c       -               -              -               -           =               =               -               -
ended           -               -              -               -           -               -               -               -
ended/a         -               -              -               -           -               -               -               -
ended/c         -               -              -               -           -               -               -               -
ended/e         -               -              -               -           -               -               -               -
`

func lifeNamed(t *testing.T, state string) fleet.Life {
	t.Helper()
	phase, halt, _ := strings.Cut(state, "/")
	l := fleet.Life{Phase: fleet.Phase(phase)}
	if phase == "progress" {
		l.Phase = fleet.InProgress
	}
	if l.Phase == fleet.Ended {
		l.Result = &fleet.Result{Name: "q4"}
	}
	halts := map[string]fleet.Halt{
		"": fleet.NotHalted, "p": fleet.HaltedByPause, "a": fleet.HaltedByAbort, "c": fleet.HaltedByCancel,
		"e": fleet.HaltedByExpiry,
	}
	require.Contains(t, halts, halt)
	if l.Halt = halts[halt]; halt != "" {
		l.Why = "by " + string(l.Halt)
	}
	return l
}

func TestEachEventIsTakenOrRefusedInEachStateOfACampaign(t *testing.T) {
	t.Parallel()
	stop := func(by fleet.Halt) func(fleet.Life) (fleet.Life, error) {
		return func(l fleet.Life) (fleet.Life, error) { return l.Stop(by, "by "+string(by)) }
	}
	events := map[string]func(fleet.Life) (fleet.Life, error){
		"discovered": func(l fleet.Life) (fleet.Life, error) { return l.Discovered(false) },
		"planned":    func(l fleet.Life) (fleet.Life, error) { return l.Discovered(true) },
		"pause":      func(l fleet.Life) (fleet.Life, error) { return l.Pause("by pause") },
		"resume":     fleet.Life.Resume,
		"abort":      stop(fleet.HaltedByAbort),
		"cancel":     stop(fleet.HaltedByCancel),
		"expiry":     stop(fleet.HaltedByExpiry),
		"end":        func(l fleet.Life) (fleet.Life, error) { return l.End(&fleet.Result{Name: "q4"}) },
	}
	rows := strings.Split(strings.TrimSpace(lives), "\n")
	columns := strings.Fields(rows[0])
	require.Len(t, columns, 1+len(events))
	states, reached := []string{}, []string{"discovering"}
	for _, row := range rows[1:] {
		cells := strings.Fields(row)
		require.Len(t, cells, len(columns), row)
		states = append(states, cells[0])
		before := lifeNamed(t, cells[0])
		for i, event := range columns[1:] {
			want, refused := cells[i+1], cells[i+1] == "-"
			if refused || want == "=" {
				want = cells[0]
			}
			after, err := events[event](before)
			require.Equal(t, refused, err != nil, "%s, %s: %v", cells[0], event, err)
			require.Equal(t, lifeNamed(t, want), after, "%s, %s", cells[0], event)
			reached = append(reached, want)
		}
	}
	slices.Sort(states)
	slices.Sort(reached)
	require.Equal(t, states, slices.Compact(reached), "the rows are the states that can be reached")
}

func TestNothingButAStopStopsACampaign(t *testing.T) {
	t.Parallel()
	for _, halt := range []fleet.Halt{fleet.NotHalted, fleet.HaltedByPause} {
		_, err := lifeNamed(t, "progress").Stop(halt, "why")
		require.Error(t, err)
	}
}

func TestAHaltIsAPauseOrAStop(t *testing.T) {
	t.Parallel()
	for state, want := range map[string][2]string{
		"progress": {"", ""}, "progress/p": {"by pause", ""}, "discovering/a": {"", "by abort"}, "planned/c": {"", "by cancel"},
		"ended/e": {"", "by expiry"},
	} {
		l := lifeNamed(t, state)
		require.Equal(t, want, [2]string{l.Paused(), l.Stopped()}, state)
	}
}

func TestAStopDecidesHowACampaignEndsElseItsTargetsDo(t *testing.T) {
	t.Parallel()
	for state, want := range map[string][3]fleet.EndState{
		"progress":   {fleet.Completed, fleet.Partial, fleet.Partial},
		"progress/p": {fleet.Completed, fleet.Partial, fleet.Partial},
		"progress/a": {fleet.Aborted, fleet.Aborted, fleet.Aborted},
		"progress/c": {fleet.Aborted, fleet.Aborted, fleet.Aborted},
		"progress/e": {fleet.Expired, fleet.Expired, fleet.Expired},
	} {
		l := lifeNamed(t, state)
		require.Equal(t, want, [3]fleet.EndState{
			l.EndState(fleet.Counts{Succeeded: 2}), l.EndState(fleet.Counts{Failed: 1}), l.EndState(fleet.Counts{Skipped: 1}),
		}, state)
	}
}

func paused(why string) fleet.Life { return fleet.Life{Halt: fleet.HaltedByPause, Why: why} }

func stopped(why string) fleet.Life { return fleet.Life{Halt: fleet.HaltedByAbort, Why: why} }
