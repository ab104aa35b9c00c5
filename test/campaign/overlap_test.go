package campaign_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	shared    = 10 // gateways that two campaigns want at the same time
	contested = 3  // the one of them that has a proxy
)

func overlapping() simcloud.Scenario {
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}, Huawei: huawei.Scenario{Durations: quickly()}}
	for i := range shared {
		s.AWS.Gateways = append(s.AWS.Gateways, gateway(i))
	}
	s.Huawei.Instances = []huawei.Instance{{
		ID: instanceOf(contested), Proxies: []huawei.Proxy{{ID: proxyOf(contested), CurrentVersion: oldKernel, LatestVersion: newKernel}},
	}}
	return s
}

// overlappingUntilBack is overlapping where the contested gateway stays away after its
// trigger until the test lets it come back.
func overlappingUntilBack() simcloud.Scenario {
	s := overlapping()
	s.AWS.Gateways[contested].NeverComesBack = true
	return s
}

// comesBack lets a gateway that never would come back from its restart.
func (l *lab) comesBack(i int) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		for _, g := range l.sim.AWS().State().Gateways {
			if g.ID == gatewayOf(i) {
				return !g.Connected
			}
		}
		return false
	}, 2*time.Minute, 50*time.Millisecond, "%s restarts", nameOf(i))
	require.NoError(l.t, l.sim.AWS().SetState(gatewayOf(i), "RUNNING"))
}

func planOf(name string, targets ...maintenance.Target) plan.Plan {
	return plan.Plan{
		Name: name, Accounts: theAccounts(), Policy: impatient(), Targets: targets,
		Rollout: maintenance.Rollout{MaxConcurrent: shared}.WithDefaults(),
	}
}

func TestACampaignWaitsForAGatewayThatIsInAnother(t *testing.T) {
	t.Parallel()
	l := newLab(t, overlapping())
	// The first one's run stays at its trigger until the cloud takes it.
	require.NoError(t, l.sim.Inject(fault.Rule{Operation: updateNow, Resource: refOf(contested).ARN, Kind: fault.Throttled}))
	without := target(contested)
	without.Proxies = nil
	first := &played{lab: l, run: l.launch(api.CampaignInput{Plan: planOf("first", without)})}
	require.Eventually(t, func() bool { return l.sim.Faults()[0].Fired > 0 }, 2*time.Minute, 50*time.Millisecond, "the first one's run is at its trigger")

	second := &played{lab: l, run: l.launch(api.CampaignInput{Plan: planOf("second", target(contested), target(1))})}
	t.Cleanup(second.explain)
	second.rowOf(contested, func(r fleet.Row) bool { return r.Blocker == maintenance.BlockedByRun })
	row, err := l.row(second.run, nameOf(contested))
	require.NoError(t, err)
	require.Contains(t, row.Reason, api.GatewayWorkflowID(gatewayOf(contested))+" of first since")
	l.sim.ClearFaults()

	for _, c := range []*played{first, second} {
		result, err := endrecord.OfCampaign(t.Context(), c.run)
		require.NoError(t, err)
		require.Equal(t, fleet.Completed, result.State, result.Summary)
		require.Equal(t, result.Counts.Total, result.Counts.Succeeded)
	}
	triggers, upgrades := l.done()
	require.Equal(t, map[string]int{refOf(contested).ARN: 1, refOf(1).ARN: 1}, triggers)
	require.Equal(t, map[string]int{proxyOf(contested): 1}, upgrades)
}

func TestTwoCampaignsThatStartAtOnceMaintainEachGatewayOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, overlapping())
	var all []maintenance.Target
	for i := range shared {
		all = append(all, target(i))
	}
	runs := []client.WorkflowRun{
		l.launch(api.CampaignInput{Plan: planOf("one", all...)}), l.launch(api.CampaignInput{Plan: planOf("other", all...)}),
	}
	for _, run := range runs {
		t.Cleanup((&played{lab: l, run: run}).explain)
		result, err := endrecord.OfCampaign(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, fleet.Completed, result.State, result.Summary)
		require.Equal(t, shared, result.Counts.Succeeded+result.Counts.UpToDate)
	}
	triggers, upgrades := l.done()
	require.Len(t, triggers, shared)
	for gateway, times := range triggers {
		require.Equal(t, 1, times, gateway)
	}
	require.Equal(t, map[string]int{proxyOf(contested): 1}, upgrades)
}

// A page of the plan is lost while one of its targets runs: the other one that
// shares its key waits until that run has really ended.
func TestATargetOfALostPageKeepsOthersOfItsKeyAwayUntilItHasEnded(t *testing.T) {
	t.Parallel()
	l := newLab(t, overlappingUntilBack())
	p := planOf("lost", target(contested), target(1), target(2))
	p.Rollout.MaxFailures = shares("100%")[0]
	p.Rollout.ConstraintKey, p.Approvals = "app", maintenance.Approvals{Count: 1}
	p.Targets[0].Labels = map[string]string{"app": "till"}
	p.Targets[2].Labels = p.Targets[0].Labels
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p}, 2, 1)}
	t.Cleanup(c.explain)
	c.until("has its fleet", func(s fleet.Status) bool { return s.Phase == fleet.InProgress })
	c.say(api.RescheduleUpdate, api.CampaignAction{Target: nameOf(1), NotBefore: time.Now().Add(time.Hour)})
	c.approve()
	c.untilTriggered(contested)
	s, err := c.status(c.run)
	require.NoError(t, err)
	require.NoError(t, l.client.TerminateWorkflow(t.Context(), s.Batches[0], "", "for the test"))
	// Nobody gives its targets an order meanwhile.
	c.rowOf(1, func(r fleet.Row) bool { return r.State == fleet.Failed })
	l.comesBack(contested)
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 3, Succeeded: 2, Failed: 1}, result.Counts, "the one that ran is counted as its own run ended")
	require.Contains(t, result.Failures[0].Note, "its batch "+s.Batches[0]+" is gone: a person has ended it")
	ended := l.closed("WorkflowId = '" + api.GatewayWorkflowID(gatewayOf(contested)) + "'")[0].GetCloseTime().AsTime()
	started := l.closed("WorkflowId = '" + api.GatewayWorkflowID(gatewayOf(2)) + "'")[0].GetStartTime().AsTime()
	require.False(t, started.Before(ended), "started at %s, and the other ended at %s", started, ended)
}

// A campaign is terminated while a target is past its trigger, and started again within
// the same minute: nothing more starts for the first, and the second does what is left.
func TestACampaignThatWasTerminatedCanBeStartedAgainAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, overlappingUntilBack())
	p := planOf("again", target(contested))
	first := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	first.untilTriggered(contested)
	require.NoError(t, l.client.TerminateWorkflow(t.Context(), first.run.GetID(), "", "for the test"))
	maintained := l.client.GetWorkflow(t.Context(), api.GatewayWorkflowID(gatewayOf(contested)), "")

	second := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	t.Cleanup(second.explain)
	l.untilAborted(maintained)
	l.comesBack(contested)
	result, err := endrecord.Of(t.Context(), maintained)
	require.NoError(t, err)
	require.Equal(t, maintenance.StatePartial, result.State, result.Summary)
	require.Contains(t, result.Summary, "aborted by Temporal (the campaign "+first.run.GetID()+" has ended without closing its batches")

	ended, err := endrecord.OfCampaign(t.Context(), second.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 1, Succeeded: 1}, ended.Counts, ended.Summary)
	triggers, upgrades := l.done()
	require.Equal(t, map[string]int{refOf(contested).ARN: 1}, triggers)
	require.Equal(t, map[string]int{proxyOf(contested): 1}, upgrades)
	require.Eventually(t, func() bool {
		return len(l.executions("ExecutionStatus = 'Running' AND WorkflowType = 'Batch'")) == 0
	}, time.Minute, 100*time.Millisecond)
}

// untilAborted waits until a maintenance knows that it is aborted.
func (l *lab) untilAborted(run client.WorkflowRun) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		var s maintenance.Status
		value, err := l.client.QueryWorkflow(l.t.Context(), run.GetID(), run.GetRunID(), api.StatusQuery)
		return err == nil && value.Get(&s) == nil &&
			slices.ContainsFunc(s.Decisions, func(d maintenance.Decision) bool { return d.What == api.AbortUpdate })
	}, 2*time.Minute, 100*time.Millisecond, "%s is aborted", run.GetID())
}
