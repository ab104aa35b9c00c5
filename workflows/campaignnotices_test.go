package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// channels record the messages, and take some time for each.
type channels struct {
	mu   sync.Mutex
	sent []string // channel and title, in their order
	text map[string]string
	fail error
}

// CheckChannels accepts every channel but "nobody".
func (c *channels) CheckChannels(names []string) error {
	for _, name := range names {
		if name == "nobody" {
			return &activities.UnknownChannelError{Name: name}
		}
	}
	return nil
}

// Tell records the message.
func (c *channels) Tell(_ context.Context, channel string, m activities.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, channel+": "+m.Title)
	c.text[c.sent[len(c.sent)-1]] = m.Text
	return c.fail
}

// listening is an environment whose channels take so long for each message.
func listening(t *testing.T, start time.Time, s *sky, takes time.Duration) (environment, *channels) {
	t.Helper()
	env, c := under(t, start, s), &channels{text: map[string]string{}}
	activities.Register(env, activities.Providers{AWS: s, Huawei: s, Known: s, Runs: s, Now: env.Now, Channels: c, Beats: virtual{}, Slots: virtual{}, Asker: s.asker, Servers: anyServer{}})
	env.meter.messages = takes
	return env, c
}

func everyEvent() []plan.Notify {
	return []plan.Notify{{Channel: "oncall", On: maintenance.Events()}, {Channel: "team", On: []maintenance.Event{maintenance.EventEnded}}}
}

func TestEachEventIsNotifiedOnce(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	p := s.plan()
	p.Notify = everyEvent()
	p.Rollout.MaxConcurrent = 1
	p.Approvals = maintenance.Approvals{Count: 1, TimeLimit: maintenance.Duration(24 * time.Hour)}
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	s.gateways[0].noEffect = true
	env, c := listening(t, noon.Add(-time.Hour), s, 2*time.Second)
	env.action(10*time.Minute, api.ApproveUpdate, api.CampaignAction{})
	env.action(2*time.Hour+2*time.Minute, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
	env.action(3*time.Hour, api.SkipUpdate, api.CampaignAction{Target: nameOf(1)})
	env.action(3*time.Hour+time.Minute, api.SkipUpdate, api.CampaignAction{Target: nameOf(2)})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	const name = "oncall: " + campaignID + ": "
	// Messages of one decision are sent side by side; the notices below keep their order.
	require.ElementsMatch(t, []string{
		name + "the campaign needs approval (0 of 1 given)", name + "wave 1 starts", name + "files-000 failed", name + "the error budget is spent",
		name + "files-000 failed", name + "the error budget is spent", name + "PARTIAL", "team: " + campaignID + ": PARTIAL",
	}, c.sent)
	require.Contains(t, c.text[name+"files-000 failed"], "attempt 2")
	require.Contains(t, c.text[name+"files-000 failed"], "tidegate retry "+campaignID+" files-000")
	notices := campaignStatus(t, env).Notices
	require.Len(t, notices, 8)
	require.Equal(t, "approval/1", notices[0].ID)
	require.Equal(t, "failed/sgw-00000001/2", notices[4].ID)
	for _, n := range notices {
		require.Equal(t, fleet.NoticeSent, n.State, n)
	}
}

func TestAHeldTargetAndOneThatOverranAreNotified(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	p.Notify = []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventHeld, maintenance.EventOverrun}}}
	p.Policy.OnFailure = maintenance.OnFailureHold
	p.Policy.UpdateStart, p.Policy.UpdateDeadline = maintenance.Duration(10*time.Minute), maintenance.Duration(4*time.Hour)
	s.gateways[0].noEffect = true
	s.gateways[1].restart = 3 * time.Hour
	env, c := listening(t, noon.Add(-time.Hour), s, time.Second)
	env.RegisterDelayedCallback(func() {
		s.gateways[0].noEffect, s.gateways[0].triggered = false, time.Time{}
	}, 2*time.Hour)
	env.RegisterDelayedCallback(func() {
		require.NoError(t, env.SignalWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), "abort",
			map[string]string{"by": "bob", "campaign": campaignID}))
	}, 2*time.Hour+time.Minute)
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, []string{"oncall: " + campaignID + ": files-000 held", "oncall: " + campaignID + ": files-001 ended after the window"}, c.sent)
}

// Nothing is repeated, and nothing waits, whatever becomes of the messages.
func TestADeadChannelDelaysNothingAndIsReported(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail  error
		takes time.Duration
		state fleet.NoticeState
		why   string
	}{
		"refused":        {errors.New("403 Forbidden"), time.Second, fleet.NoticeFailed, "not sent: 403 Forbidden"},
		"unknown":        {fmt.Errorf("%w: no answer", maintenance.ErrUnknownOutcome), 20 * time.Second, fleet.NoticeUnknown, maintenance.ErrUnknownOutcome.Error() + ": no answer"},
		"never answered": {nil, 10 * time.Minute, fleet.NoticeUnknown, "it was not answered within 35s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(2)
			p := s.plan()
			p.Notify = everyEvent()[:1]
			env, c := listening(t, noon.Add(-time.Hour), s, tc.takes)
			c.fail = tc.fail
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.NoError(t, err)
			require.WithinRange(t, s.triggered()[1], noon, noon.Add(5*time.Second))
			require.WithinRange(t, env.Now(), result.End, result.End.Add(40*time.Second))
			notices := campaignStatus(t, env).Notices
			require.Len(t, notices, 2)
			require.Equal(t, tc.state, notices[1].State)
			require.Equal(t, tc.why, notices[1].Why)
			require.Equal(t, "ended", notices[1].ID)
			require.LessOrEqual(t, len(c.sent), 2)
			require.Equal(t, notices, result.Undelivered)
		})
	}
}

func TestNoEventIsNotifiedAgainAfterContinuingAsNew(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Notify = everyEvent()[:1]
	failed := fleet.Entry{Name: nameOf(0), Gateway: "sgw-00000001", State: fleet.Failed, Started: noon, End: noon, Attempts: 2}
	waiting := fleet.Entry{Name: nameOf(1), Gateway: "sgw-00000002", Ref: 1, State: fleet.Waiting}
	in := carried(p, failed, waiting)
	const name = "oncall: " + campaignID + ": "
	for run, want := range [][]string{{name + "files-000 failed", name + "the error budget is spent"}, nil, nil} {
		env, c := listening(t, noon.Add(time.Duration(run)*time.Hour), s, 10*time.Second)
		next := nextRun(t, env, in)
		require.ElementsMatch(t, want, c.sent, "run %d", run)
		in = api.CampaignInput{}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next, &in))
		require.Len(t, in.Carried.Notified.Notices, 2)
		for _, n := range in.Carried.Notified.Notices {
			require.Equal(t, fleet.NoticeSent, n.State)
		}
	}
}

func TestAMessageWithoutAnAnswerIsUnknownAfterContinuingAsNew(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Notify = everyEvent()[:1]
	env, _ := listening(t, noon, s, time.Hour)
	next := nextRun(t, env, carried(p, fleet.Entry{Name: nameOf(0), Gateway: "sgw-00000001", State: fleet.Failed, End: noon, Attempts: 1},
		fleet.Entry{Name: nameOf(1), Ref: 1, State: fleet.Waiting}))
	require.WithinRange(t, env.Now(), noon.Add(30*time.Second), noon.Add(time.Minute))
	var in api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next, &in))
	require.Len(t, in.Carried.Notified.Notices, 2)
	for _, n := range in.Carried.Notified.Notices {
		require.Equal(t, fleet.NoticeUnknown, n.State)
	}
}

func TestACampaignThatCannotStartIsNotified(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Notify = []plan.Notify{{Channel: "nobody", On: maintenance.UsualEvents()}, {Channel: "oncall", On: maintenance.UsualEvents()}}
	env, c := listening(t, noon, s, time.Second)
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.ErrorContains(t, err, `no channel "nobody"`)
	require.Equal(t, []string{"oncall: " + campaignID + ": could not start"}, c.sent)
	require.Contains(t, c.text[c.sent[0]], `no channel "nobody"`)
}

func TestNotificationsOfThousandsFitOnePayload(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Notify = everyEvent()
	p.Rollout.MaxFailures = share(t, "100%")
	entries := make([]fleet.Entry, 10_000)
	for i := range entries {
		entries[i] = fleet.Entry{
			Name: fmt.Sprintf("store-%05d", i), Gateway: fmt.Sprintf("sgw-%08X", i), Ref: i, State: fleet.Failed, Schedule: sundayNoon(),
			Started: noon, End: noon.Add(20 * time.Hour), Attempts: 1, Note: strings.Repeat("the update failed; ", 8),
		}
	}
	entries[9_999].State = fleet.Waiting
	env, c := listening(t, noon.Add(21*time.Hour), s, time.Second)
	next := nextRun(t, env, carried(p, entries...))
	require.Less(t, proto.Size(next), 2<<20)
	require.ElementsMatch(t, []string{"oncall: " + campaignID + ": 9999 targets failed", "oncall: " + campaignID + ": 9999 targets ended after the window"}, c.sent)
	var in api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next, &in))
	require.Len(t, in.Carried.Notified.Milestones.Failed, 9_999)
	require.Len(t, in.Carried.Notified.Milestones.Overran, 9_999)
}

func sundayNoon() maintenance.Schedule {
	return maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}
}
