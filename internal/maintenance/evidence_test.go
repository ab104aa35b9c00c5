package maintenance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestJudgeWantsAChangeAndARunningGateway(t *testing.T) {
	t.Parallel()
	before := maintenance.Gateway{
		State: "RUNNING", SoftwareVersion: "1.2.3", LastSoftwareUpdate: "2026-01-02T16:00:00", NextUpdateAvailable: "2026-11-20T00:00:00",
	}
	never := before
	never.LastSoftwareUpdate = ""
	old := before
	old.SoftwareVersion = ""
	current := before
	current.NextUpdateAvailable = ""
	for name, tc := range map[string]struct {
		before maintenance.Gateway
		change func(*maintenance.Gateway)
		want   maintenance.Evidence
	}{
		"nothing changed":                 {before, func(*maintenance.Gateway) {}, maintenance.EvidenceNone},
		"runs, in AWS's other spelling":   {before, func(g *maintenance.Gateway) { g.State = "STATE_RUNNING" }, maintenance.EvidenceNone},
		"away":                            {before, func(g *maintenance.Gateway) { g.State = "OFFLINE" }, maintenance.EvidenceAway},
		"no state at all":                 {before, func(g *maintenance.Gateway) { g.State = "" }, maintenance.EvidenceAway},
		"away with a new version":         {before, func(g *maintenance.Gateway) { g.State, g.SoftwareVersion = "SHUTDOWN", "1.2.4" }, maintenance.EvidenceAway},
		"away and withdrawn":              {before, func(g *maintenance.Gateway) { g.State, g.NextUpdateAvailable = "SHUTDOWN", "" }, maintenance.EvidenceAway},
		"another version":                 {before, func(g *maintenance.Gateway) { g.SoftwareVersion = "1.2.4" }, maintenance.EvidenceUpdated},
		"another version, STATE_RUNNING":  {before, func(g *maintenance.Gateway) { g.State, g.SoftwareVersion = "STATE_RUNNING", "1.2.4" }, maintenance.EvidenceUpdated},
		"another date of the last update": {before, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"both, and the next is on offer": {before, func(g *maintenance.Gateway) {
			g.SoftwareVersion, g.NextUpdateAvailable = "1.2.4", "2026-12-20T00:00:00"
		}, maintenance.EvidenceUpdated},
		"updated and no longer on offer":    {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.NextUpdateAvailable = "1.2.4", "" }, maintenance.EvidenceUpdated},
		"a first date of a last update":     {never, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"a first version":                   {old, func(g *maintenance.Gateway) { g.SoftwareVersion = "1.2.4" }, maintenance.EvidenceUpdated},
		"the version vanished":              {before, func(g *maintenance.Gateway) { g.SoftwareVersion = "" }, maintenance.EvidenceNone},
		"the date vanished":                 {before, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "" }, maintenance.EvidenceNone},
		"version and date vanished":         {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.LastSoftwareUpdate = "", "" }, maintenance.EvidenceNone},
		"the version vanished, a new date":  {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.LastSoftwareUpdate = "", "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"no longer on offer":                {before, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "" }, maintenance.EvidenceWithdrawn},
		"everything vanished":               {before, func(g *maintenance.Gateway) { *g = maintenance.Gateway{State: "RUNNING"} }, maintenance.EvidenceWithdrawn},
		"never was on offer":                {current, func(*maintenance.Gateway) {}, maintenance.EvidenceNone},
		"an update came on offer":           {current, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "2026-12-20T00:00:00" }, maintenance.EvidenceNone},
		"the offer's date moved":            {before, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "2026-12-20T00:00:00" }, maintenance.EvidenceNone},
		"another name is no sign of update": {before, func(g *maintenance.Gateway) { g.Name, g.Type = "other", "STORED" }, maintenance.EvidenceNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := tc.before
			tc.change(&after)
			require.Equal(t, tc.want, maintenance.Judge(maintenance.BaselineOf(tc.before), after))
		})
	}
}

func TestAGatewayRunsInBothSpellings(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{
		"RUNNING": true, "STATE_RUNNING": true, "running": true, "state_running": true,
		"": false, "STATE_": false, "RUNNING ": false, "NOT_RUNNING": false, "SHUTDOWN": false, "STATE_SHUTDOWN": false, "UPDATING": false, "STATE_STATE_RUNNING": false,
	} {
		require.Equal(t, want, maintenance.Gateway{State: state}.Running(), "%q", state)
	}
}
