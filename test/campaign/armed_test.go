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
	"github.com/tidegate/tidegate/workflows/api"
)

// together is a campaign of so many targets of one account whose windows all open at one time, at least as
// long ahead, with two workers.
func together(t *testing.T, name string, n int, ahead time.Duration) *played {
	t.Helper()
	p := planOf(name)
	p.Rollout.MaxConcurrent = n
	p.Policy.ArmBefore = new(maintenance.Duration(ahead))
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}}
	for i := range n {
		s.AWS.Gateways = append(s.AWS.Gateways, aws.Gateway{
			ID: gatewayOf(i), Name: nameOf(i), NextVersion: "1.3.0", Type: "FILE_S3", Window: aws.Window{OpensIn: ahead},
		})
		p.Targets = append(p.Targets, maintenance.Target{
			Name:    nameOf(i),
			Gateway: maintenance.GatewayRef{Account: home, ARN: "arn:aws:storagegateway:" + homeRegion + ":" + homeID + ":gateway/" + gatewayOf(i)},
		})
	}
	l := newLab(t, s)
	first := l.dismissed
	l.hire()
	second := l.dismissed
	l.dismissed = func() { first(); second() }
	c := &played{lab: l, run: l.launch(api.CampaignInput{Plan: p})}
	t.Cleanup(c.explain)
	return c
}

// triggerTimes are the times of the effects, in order.
func (c *played) triggerTimes() (times []time.Time) {
	for _, e := range c.sim.Effects() {
		if e.Kind == updateNow {
			times = append(times, e.Time)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// TestWindowsThatOpenTogetherAreTriggeredTogether, and none before its time. The lab's accounts have no rate.
// It runs alone, as the pause does: other tests' servers would take the machine in the second that counts.
//
//nolint:paralleltest // it measures
func TestWindowsThatOpenTogetherAreTriggeredTogether(t *testing.T) {
	const n = 100
	c := together(t, "together", n, 30*time.Second)
	c.until("all are armed", func(s fleet.Status) bool { return s.Counts.Armed == n })
	row, err := c.row(c.run, nameOf(0))
	require.NoError(t, err)
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: n, Succeeded: n}, result.Counts)
	times := c.triggerTimes()
	require.Len(t, times, n)
	t.Logf("triggered %s to %s after the opening", times[0].Sub(row.Trigger), times[n-1].Sub(row.Trigger))
	require.False(t, times[0].Before(row.Trigger), "the first is triggered %s before its window opens", row.Trigger.Sub(times[0]))
	require.Less(t, times[n-1].Sub(row.Trigger), time.Minute, "a machine so busy that a worker loses its lease arms it again")
}

// TestNothingIsTriggeredAfterAPauseIsAnswered: the campaign answers when every armed run has ended, or has said that it
// goes on. On a busy machine the windows may open before the pause has reached all.
//
//nolint:paralleltest // it measures
func TestNothingIsTriggeredAfterAPauseIsAnswered(t *testing.T) {
	const n = 20
	c := together(t, "paused", n, 40*time.Second)
	c.until("all are armed, and about to trigger", func(s fleet.Status) bool {
		return s.Counts.Armed == n && time.Until(s.Running[0].Trigger) < 10*time.Second
	})
	c.say(api.PauseUpdate, api.CampaignAction{})
	triggered := len(c.triggerTimes())
	s, err := c.status(c.run)
	require.NoError(t, err)
	require.Equal(t, []int{n - triggered, 0}, []int{s.Counts.Waiting, s.Counts.Armed})
	require.NotContains(t, s.Decisions[0].Note, "answered")
	if triggered == 0 {
		require.Equal(t, "20 armed targets were disarmed", s.Decisions[0].Note)
	}
	c.say(api.AbortUpdate, api.CampaignAction{})
	result, err := endrecord.OfCampaign(t.Context(), c.run)
	require.NoError(t, err)
	require.Equal(t, n-triggered, result.Counts.Waiting)
	require.Len(t, c.triggerTimes(), triggered)
}
