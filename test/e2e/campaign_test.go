package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// campaignScenario is four gateways, one of which is up to date, alongside
// what fleet has.
func campaignScenario() simcloud.Scenario {
	s := fleet()
	for n := range 4 {
		g := s.AWS.Gateways[0]
		g.ID = fmt.Sprintf("sgw-0E2E1%03d", n)
		g.Name = fmt.Sprintf("fleet-%d", n)
		g.Volumes = []aws.Volume{{ID: fmt.Sprintf("vol-0E2E1%03d", n)}}
		g.Tags = map[string]string{"fleet": "e2e"}
		if n == 3 {
			g.NextVersion = ""
		}
		s.AWS.Gateways = append(s.AWS.Gateways, g)
	}
	return s
}

// campaignPlan names the first of them, which has a proxy, and finds the others.
func campaignPlan(t *testing.T) plan.Plan {
	t.Helper()
	canary, err := maintenance.ParseShare("1")
	require.NoError(t, err)
	return plan.Plan{
		Name: "e2e", Policy: quick(),
		Accounts: plan.Accounts{
			AWS:    []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}},
			Huawei: []plan.HuaweiAccount{{Name: huaweiAccount}},
		},
		Rollout:   maintenance.Rollout{Waves: []maintenance.Share{canary}, MaxConcurrent: 2},
		Approvals: maintenance.Approvals{Count: 1},
		Targets: []maintenance.Target{{
			Name: "canary", Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-0E2E1000"},
			Proxies: []maintenance.ProxyRef{{Account: huaweiAccount, InstanceID: instanceID, ProxyID: plan.AllProxies}},
		}},
		Selectors: []plan.Selector{{Account: awsAccount, Tags: map[string]string{"fleet": "e2e"}}},
	}
}

// TestWholeCampaign goes through a small fleet, and continues as new on the way.
func TestWholeCampaign(t *testing.T) {
	t.Parallel()
	l := newLab(t, campaignScenario())
	first, err := l.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: l.prefix + api.CampaignWorkflowID("e2e"), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes("e2e"),
	}, api.CampaignName, api.CampaignInput{Plan: campaignPlan(t), Submitter: "alice", EventsPerRun: 60})
	require.NoError(t, err)
	l.await(first, func(s campaigns.Status) bool { return s.Asks() })
	// How many events it has by itself depends on the machine: it is given some.
	for n := 2; l.runOf(first.GetID()) == first.GetRunID(); n = 5 - n {
		l.order(first.GetID(), api.ConcurrencyUpdate, api.CampaignAction{Action: api.Action{By: "dora", Why: "to be heard"}, MaxConcurrent: n})
	}
	l.order(first.GetID(), api.ApproveUpdate, api.Action{By: "bob", Why: "CHG-1"})

	batches := l.await(first, func(s campaigns.Status) bool { return s.Counts.Succeeded > 0 }).Batches
	var result campaigns.Result
	require.NoError(t, l.client.GetWorkflow(t.Context(), first.GetID(), "").Get(t.Context(), &result))
	require.Equal(t, campaigns.Completed, result.State)
	require.Equal(t, campaigns.Counts{Total: 4, Succeeded: 3, UpToDate: 1}, result.Counts)
	counted := map[string]int{}
	for _, e := range l.sim.Effects() {
		counted[e.Kind]++
	}
	require.Equal(t, 3, counted["storagegateway:UpdateGatewaySoftwareNow"], counted)
	require.Equal(t, 3, counted["storagegateway:CreateSnapshot"], counted)
	require.Equal(t, 3, counted["taurusdb:UpgradeProxyVersion"], counted)

	runs := l.recordChain(first.GetID(), first.GetRunID())
	require.Greater(t, runs, 1, "it never continued as new")
	for n, id := range append(batches, api.GatewayWorkflowID("sgw-0E2E1000"), api.GatewayWorkflowID("sgw-0E2E1002")) {
		run := l.client.GetWorkflow(t.Context(), id, "")
		require.NoError(t, run.Get(t.Context(), nil), id)
		l.recordAs(fmt.Sprintf("part-%d", n), l.history(run))
	}
}

// runOf is the current run of a workflow.
func (l *lab) runOf(id string) string {
	l.t.Helper()
	described, err := l.client.DescribeWorkflowExecution(l.t.Context(), id, "")
	require.NoError(l.t, err)
	return described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

// await asks a campaign until it says what is wanted.
func (l *lab) await(run client.WorkflowRun, enough func(campaigns.Status) bool) (s campaigns.Status) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		value, err := l.client.QueryWorkflow(l.t.Context(), run.GetID(), "", api.StatusQuery)
		s = campaigns.Status{}
		return err == nil && value.Get(&s) == nil && enough(s)
	}, time.Minute, 50*time.Millisecond)
	return s
}

// recordChain keeps the histories of a workflow's runs, and says how many they are.
func (l *lab) recordChain(id, runID string) (runs int) {
	l.t.Helper()
	for runID != "" {
		events := l.history(l.client.GetWorkflow(l.t.Context(), id, runID))
		runs++
		if last := continued(events); runs <= 2 || last == "" {
			l.recordAs(fmt.Sprintf("campaign-run-%d", runs), events)
		}
		runID = continued(events)
	}
	return runs
}

// continued is the run after the one whose history it is; empty: it was the last.
func continued(events []*historypb.HistoryEvent) string {
	return events[len(events)-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
}
