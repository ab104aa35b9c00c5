package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/workflows"
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
	result, err := campaign(t, env, workflows.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, p.Warnings, result.Warnings)
}
