package lifecycle

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// pairs tests the whole table of a machine: from each state, each event leads where moved says, or nowhere.
func pairs[S, E ~string](t *testing.T, states []S, events []E, moved map[S]map[E]S, after func(S, E) S) {
	t.Helper()
	for _, s := range states {
		for _, e := range events {
			want, moves := moved[s][e]
			if !moves {
				want = s
			}
			require.Equal(t, want, after(s, e), "%s: %s", s, e)
		}
	}
}

func TestAnUpdateMovesAsDescribed(t *testing.T) {
	t.Parallel()
	states := []UpdateState{
		UpdateNotOffered, UpdateOffered, UpdateArmed, UpdateByAWS, UpdateSent, UpdateUnanswered, UpdateNoEffect, UpdateRearmed,
		UpdateProven, UpdateDoubtful,
	}
	events := []UpdateEvent{
		TriggerArmed, TriggerDisarmed, TriggerAnswered, TriggerLost, SeenUpdated, SeenWithdrawn,
		WatchedUpdated, WatchedWithdrawn, WatchedNoEffect, WatchFailed,
	}
	watched := func(state UpdateState) map[UpdateEvent]UpdateState {
		moves := map[UpdateEvent]UpdateState{
			WatchedUpdated: UpdateProven, WatchedWithdrawn: UpdateNotOffered, WatchedNoEffect: UpdateNoEffect, WatchFailed: UpdateDoubtful,
		}
		if state == UpdateNoEffect {
			moves[TriggerArmed] = UpdateRearmed
			moves[SeenUpdated], moves[SeenWithdrawn] = UpdateUnanswered, UpdateUnanswered
		}
		return moves
	}
	pairs(t, states, events, map[UpdateState]map[UpdateEvent]UpdateState{
		UpdateNotOffered: {SeenUpdated: UpdateByAWS},
		UpdateOffered:    {SeenUpdated: UpdateByAWS, SeenWithdrawn: UpdateNotOffered, TriggerArmed: UpdateArmed},
		UpdateArmed: {
			SeenUpdated: UpdateByAWS, SeenWithdrawn: UpdateNotOffered, TriggerDisarmed: UpdateOffered,
			TriggerAnswered: UpdateSent, TriggerLost: UpdateUnanswered,
		},
		UpdateSent:       watched(UpdateSent),
		UpdateUnanswered: watched(UpdateUnanswered),
		UpdateNoEffect:   watched(UpdateNoEffect),
		UpdateRearmed: {
			SeenUpdated: UpdateUnanswered, SeenWithdrawn: UpdateUnanswered, TriggerDisarmed: UpdateNoEffect,
			TriggerAnswered: UpdateSent, TriggerLost: UpdateUnanswered,
		},
		UpdateDoubtful: watched(UpdateDoubtful),
	}, func(s UpdateState, e UpdateEvent) UpdateState {
		u := Update{state: s}
		u.On(e)
		return u.State()
	})
}

func TestWhatFollowsFromTheStateOfAnUpdate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		update       Update
		mayTrigger   bool
		pastNoReturn bool
		change       maintenance.ChangeState
	}{
		{NewUpdate(false), false, false, maintenance.ChangeNotMade},
		{NewUpdate(true), true, false, maintenance.ChangeNotMade},
		{Update{state: UpdateArmed}, false, false, maintenance.ChangeIntended},
		{Update{state: UpdateByAWS}, false, false, maintenance.ChangeNotMade},
		{Update{state: UpdateSent, answered: 1}, false, true, maintenance.ChangeInForce},
		{Update{state: UpdateUnanswered}, false, true, maintenance.ChangeIntended},
		{Update{state: UpdateNoEffect}, true, false, maintenance.ChangeNotMade},
		{Update{state: UpdateNoEffect, answered: 1}, true, false, maintenance.ChangeNotMade},
		{Update{state: UpdateNoEffect, answered: 2}, false, false, maintenance.ChangeNotMade},
		{Update{state: UpdateRearmed, answered: 1}, false, false, maintenance.ChangeIntended},
		{Update{state: UpdateProven, answered: 1}, false, false, maintenance.ChangeKept},
		{Update{state: UpdateDoubtful}, false, true, maintenance.ChangeIntended},
		{Update{state: UpdateDoubtful, answered: 1}, false, true, maintenance.ChangeInForce},
	} {
		require.Equal(t, c.mayTrigger, c.update.MayTrigger(), "%+v", c.update)
		require.Equal(t, c.pastNoReturn, c.update.PastNoReturn(), "%+v", c.update)
		require.Equal(t, c.change, c.update.Change(), "%+v", c.update)
	}
}

func TestTriggersWithoutEffectCountUntilTheRunGivesUp(t *testing.T) {
	t.Parallel()
	u := NewUpdate(true)
	for range 2 {
		u.On(TriggerArmed)
		u.On(TriggerLost) // does not count
		u.On(WatchedNoEffect)
		require.True(t, u.MayTrigger())
	}
	for range 2 {
		require.True(t, u.MayTrigger())
		u.On(TriggerArmed)
		u.On(TriggerAnswered)
		u.On(WatchedNoEffect)
	}
	require.False(t, u.MayTrigger())
	u.GiveUp()
	require.Equal(t, UpdateNoEffect, u.State())
	require.True(t, u.MayTrigger())
}

// TestAnUpdateIsNeverSentTwiceAtOnce: whatever happens, a trigger is called for only where nothing that was sent may
// still take effect, an update that was proven stays so, and AWS answers two triggers at most until a run gives up.
func TestAnUpdateIsNeverSentTwiceAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u, answered := NewUpdate(true), 0
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			was, may := u.State(), u.MayTrigger()
			require.False(t, may && u.PastNoReturn(), was)
			events := []UpdateEvent{WatchedUpdated, WatchedWithdrawn, WatchedNoEffect, WatchFailed}
			switch was {
			case UpdateOffered:
				events = []UpdateEvent{TriggerArmed, SeenUpdated, SeenWithdrawn}
			case UpdateArmed, UpdateRearmed:
				require.True(t, u.TriggerIsOut())
				events = []UpdateEvent{TriggerDisarmed, TriggerAnswered, TriggerLost, SeenUpdated, SeenWithdrawn}
			case UpdateNoEffect:
				events = []UpdateEvent{TriggerArmed, SeenUpdated, SeenWithdrawn}
			case UpdateNotOffered, UpdateByAWS, UpdateSent, UpdateUnanswered, UpdateProven, UpdateDoubtful:
			}
			e := rapid.SampledFrom(events).Draw(t, "event")
			u.On(e)
			if e == TriggerAnswered {
				answered++
			}
			require.LessOrEqual(t, answered, 2)
			if was == UpdateProven || was == UpdateByAWS {
				require.Equal(t, was, u.State())
			}
			if u.State() == UpdateNoEffect && rapid.Bool().Draw(t, "gives up") {
				u.GiveUp()
				answered = 0
			}
		}
	})
}

func TestAFanOutMovesAsDescribed(t *testing.T) {
	t.Parallel()
	states := []FanOutState{FanOutIdle, FanOutCanary, FanOutParallel, FanOutStopping}
	events := []FanOutEvent{FanOutStarts, CanaryUpgraded, FanOutFails, FanOutEnds}
	pairs(t, states, events, map[FanOutState]map[FanOutEvent]FanOutState{
		FanOutIdle:     {FanOutStarts: FanOutCanary},
		FanOutCanary:   {CanaryUpgraded: FanOutParallel, FanOutFails: FanOutStopping, FanOutEnds: FanOutIdle},
		FanOutParallel: {FanOutFails: FanOutStopping, FanOutEnds: FanOutIdle},
		FanOutStopping: {FanOutEnds: FanOutIdle},
	}, func(s FanOutState, e FanOutEvent) FanOutState {
		f := FanOut{state: s}
		require.Equal(t, s == FanOutCanary || s == FanOutParallel, f.MayStart(), s)
		f.On(e)
		return f.State()
	})
	require.Equal(t, FanOutIdle, new(FanOut).State())
}

func TestAProxyMovesAsDescribed(t *testing.T) {
	t.Parallel()
	states := []maintenance.ProxyState{
		maintenance.ProxyPending, maintenance.ProxyActive, maintenance.ProxyUpgraded, maintenance.ProxyCurrent,
		maintenance.ProxyRejected, maintenance.ProxyFailed, maintenance.ProxyNotStarted,
	}
	events := []ProxyEvent{
		ProxyStarts, ProxyMissed, ProxySettled, ProxySucceeds, ProxyIsRejected, ProxyFails, ProxyCancelled, ProxyLeftOut, ProxyRetried,
	}
	retried := map[ProxyEvent]maintenance.ProxyState{ProxyRetried: maintenance.ProxyPending}
	pairs(t, states, events, map[maintenance.ProxyState]map[ProxyEvent]maintenance.ProxyState{
		maintenance.ProxyPending: {ProxyStarts: maintenance.ProxyActive, ProxyLeftOut: maintenance.ProxyNotStarted},
		maintenance.ProxyActive: {
			ProxyMissed: maintenance.ProxyPending, ProxySettled: maintenance.ProxyCurrent,
			ProxySucceeds: maintenance.ProxyUpgraded, ProxyIsRejected: maintenance.ProxyRejected,
			ProxyFails: maintenance.ProxyFailed, ProxyCancelled: maintenance.ProxyNotStarted,
		},
		maintenance.ProxyRejected:   retried,
		maintenance.ProxyFailed:     retried,
		maintenance.ProxyNotStarted: retried,
	}, NextProxy)
}

func TestAHoldMovesAsDescribed(t *testing.T) {
	t.Parallel()
	states := []HoldState{NotHeld, Held, HoldAnswered, HoldAbandoned}
	events := []holdEvent{stepFails, answerComes, runEnds, answerTaken}
	pairs(t, states, events, map[HoldState]map[holdEvent]HoldState{
		NotHeld:      {stepFails: Held},
		Held:         {answerComes: HoldAnswered, runEnds: HoldAbandoned},
		HoldAnswered: {runEnds: HoldAbandoned, answerTaken: NotHeld},
	}, func(s HoldState, e holdEvent) HoldState {
		h := Hold{state: s}
		h.on(e)
		return h.State()
	})
	require.Equal(t, NotHeld, new(Hold).State())
}

func TestOnlyTheFirstAnswerToAHoldCounts(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	var h Hold
	h.Answer("retry")
	require.Empty(t, h.Take(), "nothing was asked")
	h.Open(first)
	h.Open(second)
	require.Equal(t, first, h.Failure())
	require.Empty(t, h.Take(), "nobody has answered")
	h.Answer("skip")
	h.Answer("retry")
	require.Equal(t, "skip", h.Take())
	require.NoError(t, h.Failure())
	require.Empty(t, h.Take())

	h.Open(second)
	h.Answer("retry")
	h.Abandon()
	require.Empty(t, h.Take())
	require.Equal(t, second, h.Failure(), "nobody has decided on it")
}

func TestSkippedFailuresAreKept(t *testing.T) {
	t.Parallel()
	var h Hold
	require.NoError(t, h.Skipped())
	h.Skip(errors.New("first"))
	h.Skip(errors.New("second"))
	require.EqualError(t, h.Skipped(), "first\nsecond")
}

func TestARunLeavesAsDescribed(t *testing.T) {
	t.Parallel()
	states := []ExitState{ExitNone, ExitMoving, ExitDeferred, ExitFailed}
	events := []ExitEvent{RunMoves, RunDefers, RunFails}
	pairs(t, states, events, map[ExitState]map[ExitEvent]ExitState{
		ExitNone:     {RunMoves: ExitMoving, RunDefers: ExitDeferred, RunFails: ExitFailed},
		ExitDeferred: {RunFails: ExitFailed},
	}, func(s ExitState, e ExitEvent) ExitState {
		x := Exit{state: s}
		require.Equal(t, s == ExitMoving || s == ExitDeferred, x.Leaves(), s)
		x.On(e)
		return x.State()
	})
	require.Equal(t, ExitNone, new(Exit).State())
}
