package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/workflows/api"
)

// What was odd about the plan file is part of the campaign's record, wherever that
// is read.
func TestACampaignShowsItsPlansWarnings(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Warnings = []string{"files.yaml:5:3: freezes[0]: has ended, and freezes nothing"}
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, p.Warnings, campaignStatus(t, env).Warnings)
		require.Contains(t, metadata(t, env).GetCurrentDetails(), "has ended, and freezes nothing")
	}, time.Minute)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, p.Warnings, result.Warnings)
}

// A schedule has the same plan for years, and in it the freezes as they were resolved.
func TestACampaignWarnsOfCalendarsThatHaveEnded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		until time.Time
		warns bool
	}{
		"no calendar":          {time.Time{}, false},
		"a year ahead":         {noon.AddDate(1, 0, 0), false},
		"before its windows":   {noon.AddDate(0, 0, 20), true},
		"a year ago":           {noon.AddDate(-1, 0, 0), true},
		"as far as any window": {noon.AddDate(0, 0, 32), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(1)
			p := s.plan()
			p.CalendarsUntil = tc.until
			result, err := campaign(t, under(t, noon.Add(-time.Hour), s), api.CampaignInput{Plan: p})
			require.NoError(t, err)
			if !tc.warns {
				require.Empty(t, result.Warnings)
				return
			}
			require.Len(t, result.Warnings, 1)
			require.Contains(t, result.Warnings[0], "cover nothing after "+tc.until.UTC().Format(time.RFC3339))
		})
	}
}
