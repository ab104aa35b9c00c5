package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/printer"
)

func TestOfACampaignThereIsALineForEachChange(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewCampaignProgress(&out)
	p.Show(fleet.Status{Phase: fleet.Discovering, Doing: "reading the clouds: 2 targets to go"}, started)
	waiting := fleet.Status{
		Phase: fleet.InProgress, Counts: fleet.Counts{Total: 3, Waiting: 3}, Next: started.Add(time.Hour),
		Blockers: map[maintenance.Blocker]int{maintenance.BlockedByWindow: 1, maintenance.BlockedByWave: 2},
		Waves: []fleet.WaveLine{
			{Wave: 1, State: fleet.WaveOpen, Counts: fleet.Counts{Total: 1, Waiting: 1}},
			{Wave: 2, State: fleet.WaveWaiting, Counts: fleet.Counts{Total: 2, Waiting: 2}},
		},
	}
	for range 3 {
		p.Show(waiting, started)
	}
	p.Silent("nobody answers")
	p.Silent("nobody answers")
	running := waiting
	running.Counts, running.Next = fleet.Counts{Total: 3, Waiting: 2, Running: 1}, time.Time{}
	running.Blockers = map[maintenance.Blocker]int{maintenance.BlockedByWave: 2}
	running.Running = []fleet.Row{{Name: "canary", Gateway: "sgw-12A3456B", Started: started, End: started.Add(time.Hour), Attempts: 1}}
	p.Show(running, started)
	failed := running
	failed.Counts, failed.Running = fleet.Counts{Total: 3, Waiting: 2, Failed: 1}, nil
	failed.Failures = []fleet.Row{{Name: "canary", Gateway: "sgw-12A3456B", Note: "it never came back", Attempts: 1}}
	failed.Blockers, failed.Held = map[maintenance.Blocker]int{maintenance.BlockedByBudget: 2}, "1 of wave 1 failed: retry it"
	p.Show(failed, started)
	failed.Held, failed.Paused = "", "bob: INC-77"
	for range 3 {
		p.Show(failed, started)
	}
	p.Close()
	var texts []string
	for line := range strings.Lines(out.String()) {
		texts = append(texts, strings.TrimSpace(line[len(printer.ClockForm):]))
	}
	require.Equal(t, []string{
		"phase     discovering (reading the clouds: 2 targets to go)",
		"phase     in progress",
		"wave 1    open",
		"targets   3: 3 waiting",
		"waits     2 wave, 1 window; next start at 2026-11-22 03:15:00Z",
		"nobody answers",
		"started   canary (sgw-12A3456B) at 2026-11-22 02:15:00Z, expected to end at 2026-11-22 03:15:00Z",
		"targets   3: 2 waiting, 1 running",
		"waits     2 wave",
		"failed    canary (sgw-12A3456B): it never came back",
		"targets   3: 2 waiting, 1 failed",
		"waits     2 error budget",
		"held      1 of wave 1 failed: retry it",
		"paused    bob: INC-77",
		"held      no longer",
	}, texts)
}

func TestTheLastLineSaysHowFarACampaignIs(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]fleet.Status{
		"discovering (looking for gateways in prod)": {Phase: fleet.Discovering, Doing: "looking for gateways in prod"},
		"[........................] 0/3 ended, 0 running, next in 1h": {
			Counts: fleet.Counts{Total: 3, Waiting: 3}, Next: started.Add(time.Hour),
		},
		"[################........] 2/3 ended, 1 running": {Counts: fleet.Counts{Total: 3, Running: 1, Failed: 1, UpToDate: 1}, Next: started},
		"[########################] 3/3 ended, 0 running": {Counts: fleet.Counts{Total: 3, Succeeded: 2, Skipped: 1}},
	} {
		require.Equal(t, want, campaignLine(s, started))
	}
}
