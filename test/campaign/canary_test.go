package campaign_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// The canary of the plan is up to date: one of the next wave takes its place,
// and no other gateway is touched until that one has been updated, and has baked.
func TestACanaryWithNothingToDoIsReplaced(t *testing.T) {
	t.Parallel()
	const bake = 2 * time.Second
	p := planOf("replaced")
	p.Rollout.Waves, p.Rollout.Bake = shares("1"), maintenance.Duration(bake)
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}}
	for i := range 5 {
		g := gateway(i)
		if i == 0 {
			g.NextVersion = ""
		}
		s.AWS.Gateways = append(s.AWS.Gateways, g)
		alone := target(i)
		alone.Proxies = nil
		p.Targets = append(p.Targets, alone)
	}
	l := newLab(t, s)
	// The canary stays at its trigger until it was seen to be alone.
	require.NoError(t, l.sim.Inject(fault.Rule{Operation: updateNow, Kind: fault.Throttled}))
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	t.Cleanup(c.explain)
	c.until("three wait for the canary", func(s fleet.Status) bool {
		return s.Counts.Running == 1 && s.Blockers[maintenance.BlockedByCanary] == 3
	})
	l.sim.ClearFaults()
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 5, Succeeded: 4, UpToDate: 1}, result.Counts)

	effects := slices.DeleteFunc(l.sim.Effects(), func(e record.Effect) bool { return e.Kind != updateNow })
	require.Len(t, effects, 4)
	first := slices.IndexFunc(p.Targets, func(t maintenance.Target) bool { return t.Gateway.ARN == effects[0].Resource })
	canary, err := l.row(c.run, nameOf(first))
	require.NoError(t, err)
	for _, e := range effects[1:] {
		require.False(t, e.Time.Before(canary.End.Add(bake)), "%s was triggered at %s, and the canary ended at %s", e.Resource, e.Time, canary.End)
	}
}
