package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// lead is how long before the first window an approval is asked for by default.
const lead = 72 * time.Hour

// aWeekAhead starts a campaign six days before its windows open, which notifies one channel
// of approvals.
func aWeekAhead(t *testing.T, s *sky, opens time.Time, approvals maintenance.Approvals) (plan.Plan, environment, *channels) {
	t.Helper()
	p := s.plan()
	p.Approvals = approvals
	p.Notify = []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventApproval}}}
	env, c := listening(t, opens.AddDate(0, 0, -6), s, time.Second)
	return p, env, c
}

// at does something at a time of the environment's time.
func (e environment) at(when time.Time, do func()) { e.RegisterDelayedCallback(do, when.Sub(e.Now())) }

// approve sends an approval at a time.
func (e environment) approve(when time.Time, by string) *answer {
	return e.action(when.Sub(e.Now()), api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: by, Why: "CHG-1"}})
}

// No approval is requested at once for a window that is days away: the targets wait for it, nothing
// is held, and the channel is notified when there are three days left.
func TestAnApprovalIsAskedForBeforeTheFirstWindowAndNotAtOnce(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p, env, c := aWeekAhead(t, s, noon, maintenance.Approvals{Count: 2})
	title := "oncall: " + campaignID + ": the campaign needs approval "
	env.at(noon.Add(-lead-time.Minute), func() {
		early := campaignStatus(t, env)
		require.Empty(t, early.Held)
		require.Equal(t, map[maintenance.Blocker]int{maintenance.BlockedByWindow: 2}, early.Blockers)
		require.False(t, early.Asks())
		require.Equal(t, noon.Add(-lead), early.Approval.AskFrom.UTC())
		require.Equal(t, noon, early.Approval.Window.UTC())
		require.Contains(t, early.May, api.ApproveUpdate, "an early approval counts")
		require.Empty(t, c.sent)
	})
	env.at(noon.Add(-lead+time.Minute), func() {
		asked := campaignStatus(t, env)
		require.Equal(t, "the campaign needs approval (0 of 2 given): approve it, or abort the campaign", asked.Held)
		require.True(t, asked.Asks())
		require.Equal(t, noon.Add(-lead), asked.Approval.Asked.UTC())
		require.Equal(t, noon.Add(-lead).AddDate(0, 0, 7), asked.Approval.Deadline.UTC())
		require.Equal(t, []string{title + "(0 of 2 given)"}, c.sent)
		require.Contains(t, c.text[c.sent[0]], "2 targets: files-000, files-001.")
	})
	env.approve(noon.Add(-2*time.Hour), "bob")
	env.at(noon.Add(-time.Hour), func() {
		half := campaignStatus(t, env)
		require.Equal(t, "the campaign needs approval (1 of 2 given): approve it, or abort the campaign", half.Held)
		require.Len(t, half.Approval.Given, 1)
		require.Equal(t, "bob: CHG-1", half.Approval.Given[0].By+": "+half.Approval.Given[0].Why)
		require.Equal(t, []string{title + "(0 of 2 given)", title + "(1 of 2 given)"}, c.sent)
		require.Contains(t, c.text[c.sent[1]], "bob has approved (CHG-1). Still needed: 1 approval by someone else.")
	})
	env.approve(noon.Add(10*time.Minute), "carol")
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Len(t, s.triggered(), 2)
	for _, at := range s.triggered() {
		require.WithinRange(t, at, noon.Add(10*time.Minute), noon.Add(12*time.Minute), "it was approved in its window")
	}
	require.Len(t, c.sent, 2)
}

// If a window is moved nearer than the lead, its approval is requested at once.
func TestAWindowThatIsMovedNearerAsksForItsApprovalAtOnce(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	noon := the22nd
	s.gateways[0].monthly(noon.Day())
	p, env, c := aWeekAhead(t, s, noon, maintenance.Approvals{Count: 1})
	p.Policy.WindowRecheck = maintenance.Duration(time.Hour)
	moved, window := noon.AddDate(0, 0, -5), noon.AddDate(0, 0, -3)
	s.gateways[0].moves = []move{{at: moved, day: window.Day()}}
	env.at(moved.Add(-time.Minute), func() { require.False(t, campaignStatus(t, env).Asks()) })
	env.at(moved.Add(90*time.Minute), func() {
		asked := campaignStatus(t, env).Approval
		require.WithinRange(t, asked.Asked, moved, moved.Add(90*time.Minute))
		require.Equal(t, window, asked.Window.UTC())
		require.Len(t, c.sent, 1)
	})
	env.approve(window.Add(-time.Hour), "bob")
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.WithinRange(t, s.triggered()[0], window, window.Add(2*time.Minute))
}

// An approval that comes before it is requested counts, and none is requested then.
func TestAnEarlyApprovalCounts(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p, env, c := aWeekAhead(t, s, noon, maintenance.Approvals{Count: 1, EachWave: true})
	p.Rollout.Waves = []maintenance.Share{share(t, "1")}
	p.Rollout.Bake = maintenance.Duration(24 * time.Hour)
	early := env.approve(noon.AddDate(0, 0, -5), "bob")
	again := env.approve(noon.AddDate(0, 0, -5).Add(time.Hour), "carol")
	late := env.approve(noon.Add(2*time.Hour), "bob") // wave 2, while wave 1 bakes
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.True(t, early.accepted && late.accepted)
	require.Contains(t, again.refused, "wave 1 is approved already, by bob; the wave after it can be approved once it has ended")
	require.WithinRange(t, s.triggered()[0], noon, noon.Add(2*time.Minute))
	require.WithinRange(t, s.triggered()[1], noon.AddDate(0, 0, 7), noon.AddDate(0, 0, 7).Add(2*time.Minute))
	require.Empty(t, c.sent)
	require.Len(t, result.Decisions, 2)
	for i, d := range result.Decisions {
		require.Equal(t, i+1, d.Wave)
	}
	require.Equal(t, "wave 2, 1 of 1 given", result.Decisions[1].Note)
}

// The time to approve runs from when it is asked for.
func TestAMissedApprovalIsInTheRecord(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p, env, _ := aWeekAhead(t, s, noon, maintenance.Approvals{Count: 2, TimeLimit: maintenance.Duration(96 * time.Hour)})
	env.approve(noon.AddDate(0, 0, -5), "bob")
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Expired, result.State)
	require.Contains(t, result.Summary, "the campaign was not approved within 96h: 1 of 2 given (bob)")
	require.WithinRange(t, result.End, noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 1).Add(time.Minute))
	require.Equal(t, noon.AddDate(0, 0, 1), result.Approval.Deadline.UTC())
	require.Equal(t, "bob", result.Approval.Given[0].By)
	require.Empty(t, s.triggered())
}

// What was given, and since when it is asked for, survives continuing as new.
func TestAnApprovalSurvivesContinuingAsNew(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Approvals = maintenance.Approvals{Count: 2}
	in := carried(p, fleet.Entry{Name: nameOf(0), Gateway: "sgw-00000001", State: fleet.Waiting, Work: fleet.Work{Update: true}, Schedule: sundayNoon()})
	in.Carried.Consents = []fleet.Consent{{Wave: 1, By: "bob", At: noon.Add(-time.Hour), Why: "CHG-1"}}
	in.Carried.Ask = fleet.Ask{Wave: 1, At: noon.Add(-2 * time.Hour)}
	want := *in.Carried
	var next api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(nextRun(t, under(t, noon, s), in), &next))
	require.Equal(t, want.Consents, next.Carried.Consents)
	require.Equal(t, want.Ask, next.Carried.Ask)
}
