package campaign_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
)

// bakesFor is long enough for what befalls a campaign in mid-bake, also on a busy machine.
const bakesFor = 20 * time.Second

// baking is a campaign of a canary and of one target more, each in a batch of its own, in mid-bake: its check was asked.
func baking(t *testing.T, name string) *played {
	t.Helper()
	limit := 0.1
	check := health.Check{
		Name: "error rate", At: []health.Moment{health.AtBake}, Every: maintenance.Duration(time.Second),
		Prometheus: &health.PrometheusCheck{Server: monitor, Query: `sum(rate(errors_total{app="till"}[5m]))`, Below: &limit},
	}
	p := planOf(name)
	p.Rollout.Waves, p.Rollout.Bake = shares("1"), maintenance.Duration(bakesFor)
	p.Checks = []health.Check{check.WithDefaults()}
	s := simcloud.Scenario{
		AWS: aws.Scenario{Timing: seconds()},
		Monitoring: monitoring.Scenario{Series: []monitoring.Series{
			{Name: "till", Metric: "errors_total", Labels: map[string]string{"app": "till"}, Value: "0.02"},
		}},
	}
	for i := range 2 {
		s.AWS.Gateways, p.Targets = append(s.AWS.Gateways, gateway(i)), append(p.Targets, target(i))
	}
	l := newLab(t, s)
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p, EventsPerRun: 100}, 1, 1)}
	t.Cleanup(c.explain)
	c.until("the canary bakes", func(s fleet.Status) bool { return c.isBaking(s) && c.questions() > 1 })
	return c
}

func (c *played) isBaking(s fleet.Status) bool {
	return len(s.Waves) > 0 && s.Waves[0].State == fleet.WaveBaking
}

// questions are how often Prometheus was asked.
func (c *played) questions() int { return c.sim.Calls()["prometheus:Query"] }

// continueAsNew has the campaign do so.
func (c *played) continueAsNew() {
	c.t.Helper()
	current := func() string {
		found, err := c.client.DescribeWorkflowExecution(c.t.Context(), c.run.GetID(), "")
		require.NoError(c.t, err)
		return found.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	}
	for before, n := current(), 0; current() == before; n++ {
		c.say(api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 5 + n%2})
	}
}

// A bake is watched on, whatever is lost meanwhile: its check is asked again, what it says then counts, and the next wave
// opens neither early nor on a check that fails.
func TestABakeIsWatchedOn(t *testing.T) {
	t.Parallel()
	for lost, befall := range map[string]func(*played){
		"its worker is lost": func(c *played) {
			c.dismissed()
			c.hire()
		},
		"its campaign continues as new": (*played).continueAsNew,
	} {
		for rate, fails := range map[string]bool{"0.02": false, "0.4": true} {
			t.Run(lost+", then the rate is "+rate, func(t *testing.T) {
				t.Parallel()
				c := baking(t, "watched-on")
				befall(c)
				require.NoError(t, c.sim.Monitoring().Set("till", rate))
				asked := c.questions()
				c.until("it bakes, and the check was asked again", func(s fleet.Status) bool {
					return c.questions() > asked && (fails || c.isBaking(s))
				})
				if fails {
					c.requireShut("must be below 0.1")
				}
				result, err := endrecord.OfCampaign(t.Context(), c.run)
				require.NoError(t, err)
				require.Equal(t, fleet.Counts{Total: 2, Succeeded: 2}, result.Counts)
				canary, err := c.row(c.run, nameOf(0))
				require.NoError(t, err)
				triggers := c.triggers()
				require.Len(t, triggers, 2)
				if !fails {
					require.GreaterOrEqual(t, triggers[refOf(1).ARN].Sub(canary.End), bakesFor)
				}
			})
		}
	}
}

// A check that nobody asks any more, since the batch of its target was lost in mid-bake, counts as failed.
func TestABakeWhoseBatchIsLostFails(t *testing.T) {
	t.Parallel()
	c := baking(t, "lost-bake")
	s, err := c.status(c.run)
	require.NoError(t, err)
	require.NoError(t, c.client.TerminateWorkflow(t.Context(), s.Batches[0], "", "for the test"))
	c.requireShut("its batch is gone, and nobody asks it")
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 2, Succeeded: 2}, result.Counts)
	require.Len(t, c.triggers(), 2)
}

// requireShut wants the second wave kept shut by the check, beyond the bake, until a person waives it.
func (c *played) requireShut(why string) {
	c.t.Helper()
	c.rowOf(1, func(r fleet.Row) bool { return r.Blocker == maintenance.BlockedByCheck })
	row, err := c.row(c.run, nameOf(1))
	require.NoError(c.t, err)
	require.Contains(c.t, row.Reason, why)
	canary, err := c.row(c.run, nameOf(0))
	require.NoError(c.t, err)
	require.Eventually(c.t, func() bool { return time.Since(canary.End) > bakesFor }, 2*bakesFor, 100*time.Millisecond)
	c.until("the wave is shut", func(s fleet.Status) bool {
		return s.Waves[0].State == fleet.WaveStopped && s.Blockers[maintenance.BlockedByCheck] == 1
	})
	require.Len(c.t, c.triggers(), 1)
	c.say(api.WaiveUpdate, api.CampaignAction{Check: "error rate"})
}
