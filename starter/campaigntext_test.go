package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func TestTheDetailsSayWhoIsTold(t *testing.T) {
	t.Parallel()
	p := plan.Plan{Notify: []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventHeld, maintenance.EventEnded}}}}.WithDefaults()
	require.Contains(t, campaignDetails(planFile{plan: p}), "- tells `oncall` of held, ended\n")
}
