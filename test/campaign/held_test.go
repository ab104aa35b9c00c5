package campaign_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report/histories"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/workflows/api"
)

// A command about a held target, given to its campaign, reaches the target's run: the
// clouds see what was retried, and nothing of what was aborted or skipped.
func TestACommandAboutAHeldTargetReachesItsRun(t *testing.T) {
	t.Parallel()
	const retried, skipped, aborted = 0, 1, 2
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}}
	p := planOf("held")
	p.Policy.OnFailure, p.Rollout.MaxFailures = maintenance.OnFailureHold, shares("100%")[0]
	for _, i := range []int{retried, skipped, aborted} {
		s.AWS.Gateways = append(s.AWS.Gateways, gateway(i))
		s.Faults = append(s.Faults, fault.Rule{Operation: updateNow, Resource: gatewayOf(i), Kind: fault.RefusedBefore, Times: 1})
		p.Targets = append(p.Targets, maintenance.Target{Name: nameOf(i), Gateway: refOf(i)})
	}
	l := newLab(t, s)
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	t.Cleanup(c.explain)
	c.until("all three are held", func(s fleet.Status) bool { return s.Counts.Held == 3 })
	triggers, _ := l.done()
	require.Empty(t, triggers)

	made, err := histories.Make(t.Context(), histories.Temporal{Client: l.client}, c.run.GetID(), "")
	require.NoError(t, err)
	require.Len(t, made.Undone, 3, "a held target is not nothing left undone")
	for i, target := range made.Targets {
		require.Equal(t, fleet.Held, target.State)
		require.Equal(t, maintenance.StepUpdate, target.HeldAt)
		require.Len(t, target.Runs[0].Failed, 1)
		require.Contains(t, made.Undone[i].Why, "tidegate retry "+target.Gateway+" --why TEXT")
	}

	for i, update := range map[int]string{retried: api.RetryUpdate, skipped: api.SkipUpdate, aborted: api.AbortUpdate} {
		c.say(update, api.CampaignAction{Target: nameOf(i)})
	}
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 3, Succeeded: 1, Failed: 2}, result.Counts)
	triggers, _ = l.done()
	require.Equal(t, map[string]int{refOf(retried).ARN: 1}, triggers)

	made, err = histories.Make(t.Context(), histories.Temporal{Client: l.client}, c.run.GetID(), "")
	require.NoError(t, err)
	step := made.Targets[retried].Runs[0].Result.Steps[2]
	require.Equal(t, maintenance.StepDone, step.State)
	require.Len(t, step.Failed, 1)
	require.Equal(t, "retry", step.Failed[0].Decision.What)
	require.Positive(t, made.Targets[retried].Held)
	decided := map[string]int{}
	for _, d := range made.Decisions {
		decided[d.What+" "+d.Target]++
	}
	require.Equal(t, 1, decided["retry "+nameOf(retried)], "told once, though two workflows know it")
	require.Equal(t, 1, decided["skip "+nameOf(skipped)])
	require.Equal(t, 1, decided["abort "+nameOf(aborted)])
}
