package accounts_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	sim "github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// 250 gateways, of which one restarts: the list has it all the same.
func TestAllPagesOfTheListThroughTheSimulatedAWS(t *testing.T) {
	t.Parallel()
	const many = 250
	noPolls := 0
	scenario := sim.Scenario{Timing: sim.Timing{GapPolls: &noPolls, Gap: time.Nanosecond, Restart: time.Hour}}
	for i := range many {
		scenario.Gateways = append(scenario.Gateways, sim.Gateway{
			ID: fmt.Sprintf("sgw-%08X", i), Name: fmt.Sprintf("store-%d", i), Type: "CACHED", NextVersion: "1.3.0",
			Tags: map[string]string{"store": fmt.Sprint(i)},
		})
	}
	world, err := sim.New(scenario, sim.Options{Book: record.New(time.Now)})
	require.NoError(t, err)
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	cloud := open(t, server.URL)

	arnOf := func(i int) string {
		return fmt.Sprintf("arn:aws:storagegateway:us-east-1:%s:gateway/sgw-%08X", sim.DefaultAccount, i)
	}
	require.NoError(t, cloud.UpdateSoftware(t.Context(), arnOf(7)))
	require.Eventually(t, func() bool {
		_, err := cloud.Gateway(t.Context(), arnOf(7))
		return err != nil
	}, time.Minute, time.Millisecond)

	var found []maintenance.Gateway
	var sizes []int
	for marker := ""; len(sizes) == 0 || marker != ""; {
		page, next, err := cloud.Gateways(t.Context(), marker)
		require.NoError(t, err)
		found, sizes, marker = append(found, page...), append(sizes, len(page)), next
	}
	require.Equal(t, []int{100, 100, 50}, sizes)
	for i, g := range found {
		require.Equal(t, arnOf(i), g.ARN)
		require.Equal(t, "ACTIVE", g.State)
		require.Empty(t, g.Tags, "which AWS's list does not have")
	}
	described, err := cloud.Gateway(t.Context(), arnOf(249))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"store": "249"}, described.Tags)
}
