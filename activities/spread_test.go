package activities_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// A thousand gateways whose runs started in the same second, or that one run
// watches, are read in turn: already the second looks do not come together.
func TestAThousandIdenticalStartsAreSpread(t *testing.T) {
	t.Parallel()
	const many = 1000
	watch := activities.WatchGatewayInput{Gateway: gatewayRef(), Every: maintenance.Duration(24 * time.Hour)}
	survey := func(r *rig) error {
		r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
		return fail(r, r.gateways.SurveyGateway, activities.SurveyInput{Gateway: gatewayRef(), Pace: pace()})
	}
	watched := func(r *rig) error { return fail(r, r.gateways.WatchGateway, watch) }
	for name, tc := range map[string]struct {
		look func(*rig) error
		of   func(i int) (run, id string)
		over time.Duration // from the earliest to the latest
	}{
		"watched by a run each":  {watched, func(i int) (string, string) { return fmt.Sprintf("01935f3c-7a51-7b4e-9d1c-%012x", i), "17" }, 8 * time.Hour},
		"watched by one run":     {watched, func(i int) (string, string) { return "01935f3c-7a51-7b4e-9d1c-0242ac120002", strconv.Itoa(5 + 6*i) }, 8 * time.Hour},
		"surveyed by a run each": {survey, func(i int) (string, string) { return fmt.Sprintf("01935f3c-7a51-7b4e-9d1c-%012x", i), "17" }, 2 * time.Second},
		"surveyed by one run":    {survey, func(i int) (string, string) { return "01935f3c-7a51-7b4e-9d1c-0242ac120002", strconv.Itoa(5 + 6*i) }, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var delays []time.Duration
			for i := range many {
				r := newRig(t)
				r.run, r.id = tc.of(i)
				delays = append(delays, requireKind(t, tc.look(r), names.TypeNotReady).NextRetryDelay())
			}
			least, most := slices.Min(delays), slices.Max(delays)
			require.InDelta(t, tc.over, most-least, 0.05*float64(tc.over))
			const parts = 20
			var among [parts]int
			for _, d := range delays {
				among[int(math.Min(parts-1, parts*float64(d-least)/float64(most-least)))]++
			}
			require.Less(t, slices.Max(among[:]), 2*many/parts, "none of %d equal parts of the time has twice its share: %v", parts, among)
		})
	}
}
