package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestACampaignTakesEachTargetThroughItsOwnWindow(t *testing.T) {
	t.Parallel()
	s := newSky(5)
	s.gateways[3].schedule.DayOfWeek = new(2) // Tuesday
	s.gateways[4].gateway.NextUpdateAvailable = ""
	env := under(t, noon.Add(-26*time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.Equal(t, fleet.Completed, result.State)
	require.Equal(t, fleet.Counts{Total: 5, Succeeded: 4, UpToDate: 1}, result.Counts)
	at := s.triggered()
	require.Len(t, at, 4)
	for i := range 3 {
		require.WithinRange(t, at[i], noon, noon.Add(time.Minute))
	}
	require.WithinRange(t, at[3], noon.AddDate(0, 0, 2), noon.AddDate(0, 0, 2).Add(time.Minute))
	for i, c := range s.gateways[:4] {
		require.Len(t, c.done(), 1, "gateway %d: %s", i, c.done())
	}
}

func TestARunStartsEveryTargetAtThePlannedTime(t *testing.T) {
	t.Parallel()
	const n = 12
	build := func() *sky {
		s := newSky(n)
		for i, c := range s.gateways {
			c.schedule.DayOfWeek = new(i % 3)
			c.restart = 20*time.Minute - c.gap - c.stale // what the forecast says
		}
		return s
	}
	plan := build().plan()
	plan.Rollout.Waves = []maintenance.Share{share(t, "1"), share(t, "50%")}
	plan.Rollout.Bake = maintenance.Duration(3 * time.Hour)
	plan.Rollout.MaxConcurrent = 2
	for i := range plan.Targets {
		plan.Targets[i].Labels = map[string]string{"app": []string{"till", "stock", "staff"}[i%3]}
	}
	plan.Rollout.ConstraintKey = "app"
	start := noon.Add(-26 * time.Hour)

	var planned fleet.Fleet
	preview := under(t, start, build())
	preview.RegisterDelayedCallback(func() {
		answer, err := preview.QueryWorkflow(api.EntriesQuery, fleet.Page{Count: 1000})
		require.NoError(t, err)
		require.NoError(t, answer.Get(&planned))
	}, 5*time.Minute)
	_, err := campaign(t, preview, api.CampaignInput{Plan: plan, PlanOnly: true})
	require.NoError(t, err)
	table, _ := fleet.Timetable(planned, start.Add(5*time.Minute), start.AddDate(1, 0, 0))
	require.Len(t, table.Entries, n)

	s := build()
	env := under(t, start, s)
	_, err = campaign(t, env, api.CampaignInput{Plan: plan})
	require.NoError(t, err)
	for i, at := range s.triggered() {
		require.WithinRange(t, at, table.Entries[i].Started, table.Entries[i].Started.Add(2*time.Minute), table.Entries[i].Name)
	}
	require.Len(t, s.triggered(), n)
}

func share(t *testing.T, text string) maintenance.Share {
	t.Helper()
	s, err := maintenance.ParseShare(text)
	require.NoError(t, err)
	return s
}

func TestWhatDoesNotFitAWindowIsLeftToTheCampaign(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	first := s.gateways[0].withProxies(2)
	first.restart = 95 * time.Minute // far longer than forecast: the proxies do not fit any more
	p := s.plan()
	p.Policy.UpdateDeadline = maintenance.Duration(3 * time.Hour)
	for _, id := range proxyIDs[:2] {
		p.Targets[0].Proxies = append(p.Targets[0].Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: id})
	}
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		row := rows(t, env)[0]
		require.Equal(t, fleet.Waiting, row.State, row)
		require.True(t, row.Next.Equal(noon.AddDate(0, 0, 7)), row.Next)
	}, 4*time.Hour)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
	require.Len(t, first.done(), 3, "%s", first.done()) // one update, two upgrades
}

// TestACampaignsLaterRunsPollByWhatItsEarlierOnesSaw has gateways and proxies that take as long as each other: the
// first run has to poll from the start, the last one only when they may be ready.
func TestACampaignsLaterRunsPollByWhatItsEarlierOnesSaw(t *testing.T) {
	t.Parallel()
	s := newSky(6)
	for _, c := range s.gateways {
		c.restart = 15 * time.Minute
	}
	p := s.plan()
	p.Rollout.MaxConcurrent, p.Policy.WindowLength = 1, maintenance.Duration(6*time.Hour)
	env := under(t, noon.Add(-time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 6, result.Counts.Succeeded)
	first, last := s.gateways[0].asked, s.gateways[5].asked
	require.Less(t, last, first*2/3, "polls of the first run and of the last")
}
