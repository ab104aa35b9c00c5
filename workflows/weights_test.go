package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// setByHand is what the owner sets a proxy's read weights to while a run is at it.
func (c *cloud) setByHand(weights ...maintenance.NodeWeight) {
	p := c.proxies[proxyIDs[0]]
	p.proxy.Routing.ReadWeights = weights
}

func shiftingReads() maintenance.Policy {
	return maintenance.Policy{OnFailure: maintenance.OnFailureHold, Proxies: maintenance.ProxyPolicy{ShiftReads: true}}
}

// A run that could not put its weights back is held, and the owner sets them by hand:
// they stay, whatever operators then decide about the run.
func TestWeightsThatAPersonSetDuringAHoldAreNotOverwritten(t *testing.T) {
	t.Parallel()
	replica := newCloud().withProxies(1).proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].ID
	for name, tc := range map[string]struct {
		action string
		state  maintenance.EndState
	}{
		"abort": {api.AbortUpdate, maintenance.StatePartial},
		"skip":  {api.SkipUpdate, maintenance.StatePartial},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			c.resist = 1 << 30
			env := at(t, noon, c)
			answers := &answers{t: t}
			env.RegisterDelayedCallback(func() {
				require.True(t, status(t, env).Held)
				c.mu.Lock()
				c.setByHand(maintenance.NodeWeight{ID: replica, Weight: 70})
				c.resist = 0
				c.mu.Unlock()
				env.UpdateWorkflow(tc.action, "action", answers.accepted(), alice)
			}, 3*time.Hour)
			result, err := maintain(t, env, c.input(shiftingReads()))
			require.Error(t, err)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Equal(t, 1, answers.got)
			require.Equal(t, []string{"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "unmark " + proxyIDs[0]}, c.done())
			require.Equal(t, 70, c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight)
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[0].State)
			require.Equal(t, "remove the mark; they stay primary 0, replicas 70", result.Ledger[0].Undo)
		})
	}
}

// Replicas come and go while a proxy is upgraded: the others get back what they had.
func TestWeightsAreRestoredThoughReplicasHaveComeOrGone(t *testing.T) {
	t.Parallel()
	before := []maintenance.NodeWeight{{ID: "a", Weight: 100}, {ID: "b", Weight: 50}}
	for name, tc := range map[string]struct {
		during, after []maintenance.NodeWeight
	}{
		"one was added":   {append([]maintenance.NodeWeight{{ID: "c", Weight: 30}}, zeros("a", "b")...), append([]maintenance.NodeWeight{{ID: "c", Weight: 30}}, before...)},
		"one was removed": {zeros("b"), before[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			c.setByHand(before...)
			env := at(t, noon, c)
			env.when(func() bool { return len(c.done()) == 3 }, func() { // the upgrade has started
				c.mu.Lock()
				defer c.mu.Unlock()
				c.setByHand(tc.during...)
			})
			result, err := maintain(t, env, c.input(shiftingReads()))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.ElementsMatch(t, tc.after, c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights)
		})
	}
}

func zeros(ids ...string) (all []maintenance.NodeWeight) {
	for _, id := range ids {
		all = append(all, maintenance.NodeWeight{ID: id})
	}
	return all
}

// The owner sets weights after the run has read them and before it moves the reads: those
// are put back, not the ones that were read.
func TestWeightsThatChangeBeforeTheReadsAreMovedAreReadAgain(t *testing.T) {
	t.Parallel()
	mark, unmark := "mark "+proxyIDs[0], "unmark "+proxyIDs[0]
	moved, upgrade := "weights "+proxyIDs[0]+" 0", "upgrade "+proxyIDs[0]
	for name, tc := range map[string]struct {
		times   int // how often the owner does it
		to      int
		effects []string
		state   maintenance.EndState
		note    string
	}{
		"once": {1, 70, []string{mark, unmark, mark, moved, upgrade, "weights " + proxyIDs[0] + " 70", unmark}, maintenance.StateCompleted, ""},
		"to what is nothing to move": {
			1, 0, []string{mark, unmark, upgrade}, maintenance.StateCompleted, "its reads stay where they are: primary 0, replicas 0",
		},
		"each time": {
			1 << 30, 70,
			[]string{mark, unmark, mark, unmark, mark, unmark, mark, unmark, mark, unmark},
			maintenance.StateCompensated,
			"changed since it was read: proxy " + proxyIDs[0] + " has the read weights primary 0, replicas 74, and had primary 0, replicas 73",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			replica := c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].ID
			done := 0
			c.marked = func() {
				if done < tc.times {
					c.setByHand(maintenance.NodeWeight{ID: replica, Weight: tc.to + done})
					done++
				}
			}
			policy := shiftingReads()
			policy.OnFailure = maintenance.OnFailureCompensate
			result, err := maintain(t, at(t, noon, c), c.input(policy))
			require.Equal(t, tc.state != maintenance.StateCompleted, err != nil)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Equal(t, tc.effects, c.done())
			require.Contains(t, result.Proxies[0].Note, tc.note)
			require.Equal(t, tc.to+min(done, 5)-1, c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight)
		})
	}
}

// A proxy that someone else has upgraded when its turn comes, or that this run has upgraded before Temporal was restored
// from an older backup, keeps its reads.
func TestTheReadsOfAProxyThatRunsItsVersionWhenItsTurnComesStay(t *testing.T) {
	t.Parallel()
	mark, unmark := "mark "+proxyIDs[0], "unmark "+proxyIDs[0]
	for name, tc := range map[string]struct {
		when    func(c *cloud, env environment, upgraded func())
		effects []string
	}{
		"while the run waits": {func(_ *cloud, env environment, upgraded func()) {
			env.RegisterDelayedCallback(upgraded, time.Hour)
		}, []string{}},
		"when the mark has just been set": {func(c *cloud, _ environment, upgraded func()) {
			c.marked = upgraded
		}, []string{mark, unmark}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			env := at(t, noon.Add(-24*time.Hour), c)
			kernel := &c.proxies[proxyIDs[0]].kernel
			tc.when(c, env, func() { kernel.Current = kernel.Latest })
			result, err := maintain(t, env, c.input(shiftingReads()))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, tc.effects, c.done())
			require.Equal(t, maintenance.ProxyCurrent, result.Proxies[0].State)
		})
	}
}

// A proxy that missed its window while its reads are moved, and stay so, is not left to
// wait for the next one like that: it has failed.
func TestAProxyThatMissesItsWindowWithItsReadsMovedHasFailed(t *testing.T) {
	t.Parallel()
	c := proxyAlone()
	c.proxies[proxyIDs[0]].refusal = maintenance.ErrBusy
	c.resist = 1 << 30
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{
		WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)),
		Proxies: maintenance.ProxyPolicy{ShiftReads: true},
	}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateCompensationFailed, result.State, result.Summary)
	require.Equal(t, []string{"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0"}, c.done())
	require.Equal(t, maintenance.ProxyFailed, result.Proxies[0].State)
	require.Contains(t, result.Proxies[0].Note, "too late to start in this window")
	require.Equal(t, maintenance.ChangeStuck, result.Ledger[0].State)
	require.Less(t, result.End.Sub(result.Start), 2*time.Hour)
	require.True(t, result.Quarantined)
}
