package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestTheDetailsSayWhoIsNotified(t *testing.T) {
	t.Parallel()
	p := plan.Plan{Notify: []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventHeld, maintenance.EventEnded}}}}.WithDefaults()
	require.Contains(t, CampaignDetails(p, ""), "- notifies `oncall` of held, ended\n")
}

// What plan files, .ics files and clouds say is read in the Web UI, and not applied.
func TestTheDetailsAreOnlyText(t *testing.T) {
	t.Parallel()
	const said = "x <img src=x> [a](http://b.example) `c`\n\n# d\n```\n# e"
	p := plan.Plan{
		Policy:    maintenance.Policy{Freezes: []maintenance.Freeze{{Reason: said}}},
		Rollout:   maintenance.Rollout{ConstraintKey: said},
		Selectors: []plan.Selector{{Account: "prod", Name: said, Tags: map[string]string{said: said}, Proxies: []plan.Proxies{{InstanceTag: said}}}},
	}.WithDefaults()
	campaign := CampaignDetails(p, "")
	require.Contains(t, campaign, ": x \\<img src=x> \\[a\\](http://b.example) \\`c\\` # d \\`\\`\\` # e\n")
	require.Contains(t, campaign, "name ````x <img src=x> [a](http://b.example) `c` # d ``` # e````, tag ````x")

	in := api.MaintenanceInput{Target: maintenance.Target{Name: "files-1", Labels: map[string]string{said: said}}, Policy: p.Policy}
	in.Target.Proxies = []maintenance.ProxyRef{{Version: said}}
	single := MaintenanceDetails(in)
	require.Contains(t, single, "to version x \\<img")
	require.Contains(t, single, "\nPolicy:\n\n````yaml\n")

	own, _, _ := strings.Cut(single, "````yaml\n")
	require.NotRegexp(t, "(?m)^(#|```)", campaign+own)
}
