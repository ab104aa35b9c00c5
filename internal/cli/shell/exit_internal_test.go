package shell

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
)

func TestTheExitStatusSaysHowACampaignEnded(t *testing.T) {
	t.Parallel()
	ended := func(s fleet.EndState) record.Campaign {
		return record.Campaign{Result: &fleet.Result{State: s}}
	}
	for want, records := range map[int][]record.Campaign{
		StatusDone:    {ended(fleet.Completed)},
		StatusPartial: {ended(fleet.Partial)},
		StatusFailed:  {ended(fleet.Aborted), ended(fleet.Expired), {}, {Status: &fleet.Status{}}},
		StatusHeld:    {{Status: &fleet.Status{Held: "approve it"}}},
	} {
		for _, r := range records {
			require.Equal(t, want, ExitOfCampaign(r))
		}
	}
}
