package campaign_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/workflows/api"
)

// One gateway is offline, and one never answers: the others are updated meanwhile, both
// are named with what is the matter, and are maintained once they are back.
func TestAnOfflineGatewayKeepsNobodyElse(t *testing.T) {
	t.Parallel()
	const n, offline, silent = 10, 3, 7
	p := planOf("offline")
	p.Rollout.MaxConcurrent = n
	p.Policy.Attempt = maintenance.Duration(10 * time.Second) // a request then has two
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}}
	for i := range n {
		s.AWS.Gateways = append(s.AWS.Gateways, gateway(i))
		alone := target(i)
		alone.Proxies = nil
		p.Targets = append(p.Targets, alone)
	}
	s.AWS.Gateways[offline].State = "DISCONNECTED"
	l := newLab(t, s)
	require.NoError(t, l.sim.Inject(fault.Rule{Operation: "storagegateway:DescribeGatewayInformation", Resource: refOf(silent).ARN, Kind: fault.HangBefore}))
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	t.Cleanup(c.explain)
	c.until("the others have ended", func(s fleet.Status) bool { return s.Counts.Succeeded == n-2 })
	require.Len(t, c.triggers(), n-2)
	for _, i := range []int{offline, silent} {
		c.rowOf(i, func(r fleet.Row) bool { return fleet.Unavailable(r.Blocker) && !r.UnreadSince.IsZero() })
	}
	status, err := c.status(c.run)
	require.NoError(t, err)
	require.Len(t, status.Unavailable, 2)
	require.Contains(t, status.Unavailable[0].Reason, "the gateway is not connected")
	require.Contains(t, status.Unavailable[1].Reason, "no answer of AWS came from "+l.endpoint+` for the AWS account "`)

	require.NoError(t, l.sim.AWS().SetState(gatewayOf(offline), "RUNNING"))
	l.sim.ClearFaults()
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: n, Succeeded: n}, result.Counts)
	require.Len(t, c.triggers(), n)
}

// triggers are when each gateway's update was triggered, by its ARN: once.
func (c *played) triggers() map[string]time.Time {
	c.t.Helper()
	all := map[string]time.Time{}
	for _, e := range c.sim.Effects() {
		if e.Kind == updateNow {
			require.NotContains(c.t, all, e.Resource)
			all[e.Resource] = e.Time
		}
	}
	return all
}
