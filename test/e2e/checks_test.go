package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// checkedScenario is two gateways, and an error rate that all checks ask.
func checkedScenario() simcloud.Scenario {
	s := opensAt(time.Now(), 2)
	for n := range s.AWS.Gateways {
		g := &s.AWS.Gateways[n]
		g.ID, g.Name, g.Window = fmt.Sprintf("sgw-0E2EC%03d", n), fmt.Sprintf("checked-%d", n), aws.Window{OpenedAgo: 5 * time.Minute}
	}
	s.Monitoring.Series = []monitoring.Series{{Name: "errors", Metric: "errors", Value: "0.02"}}
	return s
}

// checkedPlan asks the error rate at every moment, mutes, and lets nothing start until a time.
func checkedPlan(t *testing.T, opening time.Time) plan.Plan {
	t.Helper()
	canary, err := maintenance.ParseShare("1")
	require.NoError(t, err)
	limit := 0.1
	check := health.Check{
		Name: "error rate", Every: maintenance.Duration(time.Second),
		At:         []health.Moment{health.AtBefore, health.AtAfter, health.AtBake, health.AtCampaign},
		Prometheus: &health.PrometheusCheck{Server: monitor, Query: "sum(errors)", Below: &limit},
	}
	p := plan.Plan{
		Name: "checked", Policy: quick(), Checks: []health.Check{check.WithDefaults()},
		Mutes:    []health.Mute{{Alertmanager: &health.AlertSelector{Server: monitor, Matchers: []health.Template{`gateway="{{gateway}}"`}}}},
		Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}}},
		Rollout:  maintenance.Rollout{Waves: []maintenance.Share{canary}, Bake: maintenance.Duration(3 * time.Second), MaxConcurrent: 2},
	}
	p.Policy.Freezes = []maintenance.Freeze{{From: opening.Add(-time.Hour), To: opening, Reason: "e2e"}}
	for _, g := range checkedScenario().AWS.Gateways {
		arn := "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + g.ID
		p.Targets = append(p.Targets, maintenance.Target{Name: g.Name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: arn}})
	}
	return p
}

// TestWholeCampaignWithHealthChecks arms its canary before a freeze ends, and asks checks at every moment: each alarm
// is muted once around the work, and the second target waits for the bake.
func TestWholeCampaignWithHealthChecks(t *testing.T) {
	t.Parallel()
	l := newLab(t, checkedScenario())
	opening := time.Now().Add(20 * time.Second)
	run, err := l.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: l.prefix + api.CampaignWorkflowID("checked"), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes("checked"),
	}, api.CampaignName, api.CampaignInput{Plan: checkedPlan(t, opening), Submitter: "alice"})
	require.NoError(t, err)
	batches := l.await(run, func(s campaigns.Status) bool { return s.Counts.Armed == 1 }).Batches
	var result campaigns.Result
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, campaigns.Counts{Total: 2, Succeeded: 2}, result.Counts, result.Summary)

	const mute, update, unmute = "alertmanager:PostSilences", "storagegateway:UpdateGatewaySoftwareNow", "alertmanager:DeleteSilence"
	var kinds []string
	var times []time.Time
	for _, e := range l.sim.Effects() {
		kinds, times = append(kinds, e.Kind), append(times, e.Time)
	}
	require.Equal(t, []string{mute, update, unmute, mute, update, unmute}, kinds)
	require.False(t, times[1].Before(opening), "triggered %s before the freeze has ended", opening.Sub(times[1]))
	require.GreaterOrEqual(t, times[4].Sub(times[2]), 3*time.Second, "the bake")
	require.Empty(t, l.sim.Monitoring().Silenced())

	l.recordChain(run.GetID(), run.GetRunID())
	for n, id := range append(batches, api.GatewayWorkflowID("sgw-0E2EC000"), api.GatewayWorkflowID("sgw-0E2EC001")) {
		part := l.client.GetWorkflow(t.Context(), id, "")
		require.NoError(t, part.Get(t.Context(), nil), id)
		l.recordAs(fmt.Sprintf("part-%d", n), l.history(part))
	}
}
