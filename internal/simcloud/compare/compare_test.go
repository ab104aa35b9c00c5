package compare_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/compare"
)

func TestACampaignOverTheSimulatorShowsNoDifference(t *testing.T) {
	t.Parallel()
	c := campaign(t, fleet)
	r, err := compare.Compare(c, parsed(t, fleet))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.Print(&text))
	require.Empty(t, r.Differences, text.String())
	require.Greater(t, r.Played, 200)
	require.GreaterOrEqual(t, len(r.Measured), 9, text.String())
}
