package render_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/test/teststart"
)

// heldAlone is a campaign of two targets of which one is held and one waits.
func heldAlone() (fleet.Fleet, time.Time) {
	now := teststart.On(time.Sunday, 12)
	return fleet.Fleet{
		Rollout: maintenance.Rollout{MaxConcurrent: 1},
		Rules:   maintenance.Rules{Length: 4 * time.Hour, Cutoff: time.Hour},
		Progress: fleet.Progress{Entries: []fleet.Entry{
			{
				Name: "files-1", Gateway: "sgw-12A3456B", State: fleet.Held, Started: now.Add(-time.Hour), Attempts: 1, Note: "upgrade-proxies failed: no addresses are left",
				Hold: fleet.Hold{Step: maintenance.StepProxies, Since: now.Add(-time.Minute)}, Work: fleet.Work{Proxies: 1},
			},
			{Name: "files-2", Gateway: "sgw-12A3456C", Ref: 1, State: fleet.Waiting, Work: fleet.Work{Proxies: 1}, Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}},
		}},
	}, now
}

// still is a source of one poll.
type still struct {
	live.Source

	status live.Status
}

func (s still) Status(context.Context) (live.Status, error)           { return s.status, nil }
func (s still) Rows(context.Context, fleet.Page) ([]fleet.Row, error) { return nil, nil }
func (s still) Run(context.Context, fleet.Row) (maintenance.Status, error) {
	return maintenance.Status{Step: maintenance.StepProxies, Held: true, Blocker: maintenance.BlockedByHold, Reason: "upgrade-proxies failed: no addresses are left"}, nil
}

// However one reads it, a held target is held: one word, its reason once, and all the
// commands that resolve it.
func TestEveryViewOfAHeldTargetSaysTheSame(t *testing.T) {
	t.Parallel()
	f, now := heldAlone()
	turn := fleet.Decide(f, now)
	status := f.Status(turn, now)
	status.Name, status.Phase, status.Submitter, status.Start = "stores", fleet.InProgress, "alice", now.Add(-2*time.Hour)
	row, hold := status.Running[0], f.Entries[0].Hold
	run := maintenance.Status{
		Target: maintenance.Target{Name: row.Name, Gateway: maintenance.GatewayRef{Account: "prod", ARN: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/" + row.Gateway}},
		Step:   hold.Step, Held: true, Blocker: maintenance.BlockedByHold, Reason: row.Note, May: row.May,
		Steps: []maintenance.StepReport{{Step: hold.Step, State: maintenance.StepHeld, Start: &row.Started, Failed: []maintenance.FailedAttempt{{At: hold.Since, Why: row.Note}}}},
	}
	target := record.Maintenance{Gateway: row.Gateway, WorkflowID: "gateway-" + row.Gateway, Execution: record.Running, Status: &run, May: run.May}
	told := fleet.Occurred(fleet.Milestones{Opened: 1}, f.Milestones("stores", fleet.Milestones{Opened: 1}, now))
	require.Len(t, told, 1)
	failed := maintenance.StepFailure{Step: hold.Step, FailedAttempt: run.Steps[0].Failed[0]}
	why := row.Note + ". Resolve it with: " + strings.Join(maintenance.ResolveCommands(row.Gateway, row.Step), ", ")
	document := report.Document{
		Name: "stores", State: report.StateRunning, Start: now.Add(-2 * time.Hour), AsOf: now, Counts: status.Counts,
		Undone:  []report.Undone{{Target: row.Name, What: "step upgrade-proxies is held", Why: why}},
		Targets: []report.Target{{Name: row.Name, Gateway: row.Gateway, State: row.State, Note: row.Note, HeldAt: row.Step, Runs: []report.Run{{Ended: "running", Start: row.Started, Failed: []maintenance.StepFailure{failed}}}}},
	}
	var ofCampaign, ofTarget bytes.Buffer
	require.NoError(t, render.PrintCampaign(printer.Printer{Out: &ofCampaign}, record.Campaign{Campaign: "stores", WorkflowID: "campaign-stores", Execution: record.Running, Status: &status}))
	require.NoError(t, render.PrintMaintenance(printer.Printer{Out: &ofTarget}, target))
	_, picture, err := live.Once(t.Context(), live.Options{Name: "stores"}, still{status: live.Status{Status: status}}, 160, 40, now)
	require.NoError(t, err)
	rendered := func(form report.Format) string {
		text, err := report.Render(document, form)
		require.NoError(t, err)
		whole, _, _ := strings.Cut(string(text), "<script")
		whole, _, _ = strings.Cut(whole, "<!-- tidegate-report")
		return regexp.MustCompile(`(?s)<style>.*</style>|<title>.*?</title>|\\`).ReplaceAllString(whole, "")
	}
	for name, view := range map[string]struct {
		text  string
		times int // that it gives the reason
	}{
		"status of the campaign":   {ofCampaign.String(), 1},
		"status of the target":     {ofTarget.String(), 1},
		"the picture of the fleet": {regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(picture, ""), 1},
		"the message":              {told[0].Title + "\n" + told[0].Text, 1},
		// Among what was not done, and among the target's failed attempts.
		"the report's page":     {rendered(report.HTML), 2},
		"the report's Markdown": {rendered(report.Markdown), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, `(?i)\bheld\b`, view.text)
			require.Equal(t, view.times, strings.Count(view.text, row.Note), view.text)
			for _, command := range []string{
				"tidegate retry sgw-12A3456B --why TEXT", "tidegate skip sgw-12A3456B --why TEXT", "tidegate abort sgw-12A3456B --why TEXT",
			} {
				require.Equal(t, 1, strings.Count(view.text, command), view.text)
			}
			require.NotRegexp(t, `files-1.*(running|waiting)|left no record|Nothing was left undone`, view.text)
		})
	}
}
