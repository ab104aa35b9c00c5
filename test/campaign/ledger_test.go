package campaign_test

import (
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// The effects of which there must be one a target at most.
const (
	updateNow    = "storagegateway:UpdateGatewaySoftwareNow"
	upgradeProxy = "taurusdb:UpgradeProxyVersion"
)

// done counts what was triggered, by gateway and by proxy.
func (l *lab) done() (triggers, upgrades map[string]int) {
	triggers, upgrades = map[string]int{}, map[string]int{}
	for _, e := range l.sim.Effects() {
		switch e.Kind {
		case updateNow:
			triggers[e.Resource]++
		case upgradeProxy:
			upgrades[e.Resource]++
		}
	}
	return triggers, upgrades
}

// requireExactLedger counts what was done to every gateway and proxy.
func (c *played) requireExactLedger() {
	c.t.Helper()
	triggers, upgrades := c.done()
	for i := range hundreds {
		gateway, proxy := 1, 0
		if withProxy(i) >= 0 {
			proxy = 1
		}
		switch {
		case hasNothingToDo(i), i == leftOut, i >= doomed && i < doomedEnd, i == deniedForGood:
			gateway, proxy = 0, 0
		case i == rejectedForGood:
			proxy = 0
		}
		require.Equal(c.t, gateway, triggers[refOf(i).ARN], "triggers of %s", nameOf(i))
		require.Equal(c.t, proxy, upgrades[proxyOf(i)], "upgrades of the proxy of %s", nameOf(i))
	}
}

// span is one maintenance of a target, from its start to its end.
type span struct {
	target     int
	start, end time.Time
	effects    []record.Effect
}

// spans are all maintenances as Temporal has them, with what the clouds say was
// done by each. They are longer than what the ledger alone shows.
func (c *played) spans() (all []*span) {
	c.t.Helper()
	place := map[string]int{}
	for i := range hundreds {
		place[api.GatewayWorkflowID(gatewayOf(i))], place[refOf(i).ARN] = i, i
		if withProxy(i) >= 0 {
			place[proxyOf(i)] = i
		}
	}
	for _, e := range c.closed("WorkflowType = 'GatewayMaintenance'") {
		i, known := place[e.GetExecution().GetWorkflowId()]
		require.True(c.t, known, e.GetExecution().GetWorkflowId())
		all = append(all, &span{target: i, start: e.GetStartTime().AsTime(), end: e.GetCloseTime().AsTime()})
	}
	slices.SortFunc(all, func(a, b *span) int { return a.start.Compare(b.start) })
	for _, e := range c.sim.Effects() {
		i, known := place[e.Resource]
		if !known || strings.HasPrefix(e.Kind, "vendor:") {
			continue // of a volume, or the cloud's own doing
		}
		within := slices.IndexFunc(all, func(s *span) bool { return s.target == i && !e.Time.Before(s.start) && !e.Time.After(s.end) })
		require.GreaterOrEqual(c.t, within, 0, "%s of %s at %s was done outside of any run", e.Kind, nameOf(i), e.Time)
		all[within].effects = append(all[within].effects, e)
	}
	return all
}

// requireAction reads the times: canary first, wave after wave, never too many at
// once, never two of one key.
func (c *played) requireAction(start time.Time) {
	c.t.Helper()
	all := c.spans()
	require.Zero(c.t, all[0].target, "the canary starts first")
	ends := map[int]time.Time{} // by wave
	for _, s := range all {
		if s.target != rejectedFirst { // it was tried again much later
			ends[wave(s.target)] = later(ends[wave(s.target)], s.end)
		}
	}
	opens := start.Add(late).Truncate(time.Minute) // or a minute later
	if opens.Before(start) {
		opens = opens.Add(time.Minute)
	}
	for n, s := range all {
		if w := wave(s.target); w > 0 && s.target != rejectedFirst {
			require.False(c.t, s.start.Before(ends[w-1]), "%s of wave %d started before wave %d had ended", nameOf(s.target), w+1, w)
		}
		if opensLate(s.target) {
			require.False(c.t, s.start.Before(opens), "%s started before its window opened", nameOf(s.target))
		}
		if s.target == postponed {
			require.False(c.t, s.start.Before(c.wished), "%s started before %s", nameOf(s.target), c.wished)
		}
		c.requireAlone(s, all[:n])
	}
}

// requireAlone compares a maintenance with those that started before it.
func (c *played) requireAlone(s *span, before []*span) {
	c.t.Helper()
	at := 1
	for _, other := range before {
		if !other.end.After(s.start) {
			continue
		}
		at++
		require.NotEqual(c.t, s.target, other.target, "two runs of %s at once", nameOf(s.target))
		for _, key := range keysOf(s.target) {
			require.NotContains(c.t, keysOf(other.target), key, "%s and %s ran at once", nameOf(s.target), nameOf(other.target))
		}
	}
	most := 0
	for _, l := range c.limits {
		if !s.start.Before(l.from) {
			most = l.most
		}
	}
	require.LessOrEqual(c.t, at, most, "too many ran when %s started", nameOf(s.target))
}

func keysOf(i int) (keys []string) {
	if app(i) != "" {
		keys = append(keys, app(i))
	}
	if withProxy(i) >= 0 {
		keys = append(keys, instanceOf(i))
	}
	return keys
}

func wave(i int) int {
	p := thePlan()
	return p.Rollout.WaveOf(hundreds)[i]
}

func later(a, b time.Time) time.Time {
	return slices.MaxFunc([]time.Time{a, b}, func(a, b time.Time) int { return a.Compare(b) })
}
