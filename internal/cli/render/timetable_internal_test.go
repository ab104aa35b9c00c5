package render

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// readFleet is a fleet with every kind of target: a canary, two that share a DB
// instance, a monthly one, one up to date, one that is quarantined,
// and one whose work fits no window.
func readFleet() Survey {
	zone := maintenance.Zone{}
	_ = zone.UnmarshalText([]byte("GMT-4:00")) // it is a zone
	weekly := maintenance.Schedule{Recurrence: maintenance.Weekly, Day: 0, Hour: 2, Minute: 15, Zone: zone}
	monthly := maintenance.Schedule{Recurrence: maintenance.Monthly, Day: 28, Hour: 22, Minute: 30, Zone: zone}
	update := fleet.Work{Update: true, Snapshots: 1}
	s := Survey{Targets: map[string]api.Surveyed{}}
	s.Fleet = fleet.Fleet{
		Rollout: maintenance.Rollout{Waves: []maintenance.Share{share("1")}, Bake: maintenance.Duration(24 * time.Hour)}.WithDefaults(),
		Rules:   maintenance.Rules{Length: 4 * time.Hour, Cutoff: 30 * time.Minute},
	}
	for i, t := range []struct {
		name, id    string
		schedule    maintenance.Schedule
		work        fleet.Work
		keys        []string
		state       fleet.State
		unavailable string
	}{
		{"canary", "sgw-11111111", weekly, update, nil, fleet.Waiting, ""},
		{"till-1", "sgw-22222222", weekly, fleet.Work{Update: true, Proxies: 2}, []string{"instance 1"}, fleet.Waiting, ""},
		{"till-2", "sgw-33333333", weekly, fleet.Work{Proxies: 1}, []string{"instance 1"}, fleet.Waiting, ""},
		{"archive", "sgw-44444444", monthly, update, nil, fleet.Waiting, ""},
		{"current", "sgw-55555555", weekly, fleet.Work{}, nil, fleet.UpToDate, ""},
		{"broken", "sgw-66666666", weekly, update, nil, fleet.Waiting, "quarantined since 2026-11-01 02:40 UTC: it never came back"},
		{"large", "sgw-77777777", weekly, fleet.Work{Proxies: 100}, nil, fleet.Waiting, ""},
	} {
		e := fleet.Entry{Name: t.name, Gateway: t.id, Ref: i, Wave: min(i, 1), Schedule: t.schedule, Work: t.work, Keys: t.keys, State: t.state, Unavailable: t.unavailable}
		if t.unavailable != "" {
			e.Bar = maintenance.BlockedByQuarantine
		}
		s.Fleet.Entries = append(s.Fleet.Entries, e)
		read := api.Surveyed{
			Target:  maintenance.Target{Name: t.name, Gateway: maintenance.GatewayRef{Account: "prod"}},
			Gateway: maintenance.Gateway{ID: t.id, SoftwareVersion: "1.2.3"}, Schedule: t.schedule, Entry: e,
		}
		if t.work.Update {
			read.Gateway.NextUpdateAvailable = "2026-11-20T00:00:00"
		}
		s.Targets[t.id] = read
	}
	till := s.Targets["sgw-22222222"]
	till.Proxies = []api.SurveyedProxy{
		{ProxyID: "151c14381ac14ecfb9703a745b992677po01", From: "2.23.12.000", To: "2.24.03.000"},
		{ProxyID: "151c14381ac14ecfb9703a745b992678po01", From: "2.24.03.000", To: "2.24.03.000"},
	}
	till.Anomalies = []string{"4e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07 has no proxies"}
	s.Targets["sgw-22222222"] = till
	return s
}

func share(text string) maintenance.Share {
	var s maintenance.Share
	_ = s.UnmarshalText([]byte(text)) // it is a share
	return s
}

func TestATimetableSaysOfEachTargetWhenOrWhyNot(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	p := plan.Plan{Name: "payments-q4", Warnings: []string{`payments-q4.yaml:31:5: freezes[2]: freezes nothing: it ended 2025-11-29T05:00:00Z: must be in the future; check the year`}}
	table := NewTimetable(p, "d1ge57", readFleet(), now, now.Add(400*24*time.Hour))
	for form, name := range map[string]string{printer.FormTable: "testdata/timetable.golden", printer.FormJSON: "testdata/timetable.json"} {
		var out bytes.Buffer
		require.NoError(t, printer.Printer{Out: &out, Form: form}.Print(table, func(p printer.Printer) { PrintTimetable(p, table) }))
		if *update {
			require.NoError(t, os.WriteFile(name, out.Bytes(), 0o600))
		}
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), out.String(), "fields may be added (-update), never renamed or retyped")
	}
}

// TestATimetableNamesWhoStandsInForTheCanary: the canary of the plan has nothing to do.
func TestATimetableNamesWhoStandsInForTheCanary(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := readFleet()
	s.Fleet.Entries[0].State, s.Fleet.Entries[0].Work = fleet.UpToDate, fleet.Work{}
	table := NewTimetable(plan.Plan{}, "", s, now, now.Add(400*24*time.Hour))
	notes := map[string]string{}
	for _, p := range table.Targets {
		notes[p.Name] = noteText(p)
	}
	const rest = "(canary) starts once till-1, the canary of wave 2, has succeeded and baked"
	require.Equal(t, "starts alone as the canary of wave 2: nothing else is updated before it ends; see below", notes["till-1"])
	require.Equal(t, []string{rest, rest}, []string{notes["till-2"], notes["archive"]})
	require.Equal(t, maintenance.BlockedByCanary, table.Targets[3].Blocker)
	require.False(t, table.Targets[3].Start.Before(table.Targets[1].End.Add(24*time.Hour)))
	require.Contains(t, notes["broken"], "(quarantine)")
}

func TestTheDocsShowATimetableAsItIs(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../../docs/reference/commands.md")
	require.NoError(t, err)
	golden, err := os.ReadFile("testdata/timetable.golden")
	require.NoError(t, err)
	require.Contains(t, string(docs), "```\n"+string(golden)+"```\n")
}

func TestATimetableThatEndsEarlySaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	table := NewTimetable(plan.Plan{}, "", readFleet(), now, now.Add(time.Hour))
	require.Empty(t, table.Calendar)
	require.Equal(t, "nothing would be updated; 1 is up to date; 6 cannot start: 1 quarantine, 4 wave, 1 window; review the anomalies of 1 target", table.Summary.Text)
}

func TestAPlanOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	table := NewTimetable(plan.Plan{}, "", Survey{}, now, now.Add(time.Hour))
	require.Equal(t, "nothing would be updated", table.Summary.Text)
	require.NotNil(t, table.Targets, "a list in JSON")
}
