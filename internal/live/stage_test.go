package live_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// noon is the time of every test.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fake is a campaign that says what the test wants, and counts what it is asked.
type fake struct {
	status  live.Status
	err     error
	runs    map[string]maintenance.Status
	refusal error
	asked   []string
	given   []live.Action
}

func (f *fake) Status(context.Context) (live.Status, error) {
	f.asked = append(f.asked, "look")
	f.status.May = may(f.status.Status)
	return f.status, f.err
}

func (f *fake) Rows(_ context.Context, p fleet.Page) ([]fleet.Row, error) {
	f.asked = append(f.asked, fmt.Sprintf("rows %v from %d", p.States, p.From))
	var rows []fleet.Row
	if p.Target != "" {
		known := slices.Concat(f.status.Running, f.status.Failures, f.status.Upcoming)
		return slices.DeleteFunc(known, func(r fleet.Row) bool { return r.Gateway != p.Target }), f.err
	}
	for i := p.From; i < p.From+p.Count && i < f.status.Counts.Waiting; i++ {
		rows = append(rows, fleet.Row{Name: fmt.Sprintf("files-%04d", i+1), Gateway: fmt.Sprintf("sgw-%08X", i+1), Wave: 3, State: p.States[0], Blocker: maintenance.BlockedByWave})
	}
	return rows, f.err
}

func (f *fake) Run(_ context.Context, r fleet.Row) (maintenance.Status, error) {
	f.asked = append(f.asked, "run "+r.Name)
	status, known := f.runs[r.Gateway]
	if !known {
		return status, errors.New("no worker answers")
	}
	status.May = mayRun(status)
	return status, nil
}

func (f *fake) Details(_ context.Context, r fleet.Row, columns int) (string, error) {
	return fmt.Sprintf("all of %s\nin %d columns\n\x1b[31mred\n", r.Name, columns), nil
}

func (f *fake) Give(_ context.Context, o live.Action) (maintenance.Decision, error) {
	f.given = append(f.given, o)
	return maintenance.Decision{What: o.Update, By: o.By, Why: o.Why, At: noon}, f.refusal
}

// stage is a view and its campaign.
type stage struct {
	t    testing.TB
	m    live.Model
	fake *fake
}

func newStage(t *testing.T, f *fake, width, height int) *stage {
	t.Helper()
	return newNotedStage(t, f, "", width, height)
}

func newNotedStage(tb testing.TB, f *fake, note string, width, height int) *stage {
	tb.Helper()
	o := live.Options{Name: "payments-q4", Note: note, By: "alice"}
	s := &stage{t: tb, m: live.New(tb.Context(), o, f), fake: f}
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	s.at(noon)
	s.at(noon) // what is on the screen can be asked about now
	return s
}

func may(s fleet.Status) []string {
	names := []string{api.AbortUpdate, api.RetryUpdate, api.SkipUpdate}
	if s.Approval != nil {
		names = append(names, api.ApproveUpdate)
	}
	blocked := func(r fleet.Row) bool { return r.Check != "" }
	if len(s.Checks) > 0 || slices.ContainsFunc(s.Running, blocked) {
		names = append(names, api.WaiveUpdate)
	}
	if s.Paused != "" {
		return append(names, api.ResumeUpdate)
	}
	return append(names, api.PauseUpdate)
}

func mayRun(s maintenance.Status) []string {
	if s.Held {
		return []string{api.RetryUpdate, api.SkipUpdate, api.AbortUpdate}
	}
	return nil
}

// at lets the clock tick.
func (s *stage) at(now time.Time) {
	var cmd tea.Cmd
	s.m, cmd = live.Due(s.m, now)
	s.run(cmd)
}

// send sends messages, and what comes of them.
func (s *stage) send(all ...tea.Msg) {
	s.t.Helper()
	for _, msg := range all {
		m, cmd := s.m.Update(msg)
		model, ok := m.(live.Model)
		require.True(s.t, ok)
		s.m = model
		s.run(cmd)
	}
}

func (s *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, one := range msg {
			s.run(one)
		}
	case nil:
	default:
		s.send(msg)
	}
}

// keys presses keys, by their names; type writes a text.
func (s *stage) keys(names ...string) {
	s.t.Helper()
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace}
	for _, name := range names {
		if code, special := codes[name]; special {
			s.send(tea.KeyPressMsg{Code: code})
			continue
		}
		for _, r := range name {
			s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// screen is the frame without colours.
func (s *stage) screen() string { return colours.ReplaceAllString(live.Frame(s.m), "") }

// fleetOf is a campaign in full motion, of 4,000 targets.
func fleetOf() *fake {
	zone, err := maintenance.ParseZone("GMT-4:00")
	if err != nil {
		zone = maintenance.Zone{}
	}
	weekly := maintenance.Schedule{Zone: zone}
	var running []fleet.Row
	runs := map[string]maintenance.Status{}
	for i, step := range []maintenance.Step{maintenance.StepRunning, maintenance.StepSnapshot, maintenance.StepProxies, maintenance.StepUpdate} {
		r := fleet.Row{
			Name: fmt.Sprintf("files-%03d", i+1), Gateway: fmt.Sprintf("sgw-1000000%d", i+1), Wave: 2, State: fleet.Running, Schedule: weekly,
			Forecast: maintenance.Duration(40 * time.Minute), Started: noon.Add(-time.Duration(i+1) * 12 * time.Minute), Attempts: 1 + i/3,
		}
		r.End = r.Started.Add(r.Forecast.Std())
		running = append(running, r)
		runs[r.Gateway] = maintenance.Status{
			Step: step, Window: &maintenance.Window{Start: noon.Add(-time.Hour), End: noon.Add(20 * time.Minute)}, PastNoReturn: i == 0,
		}
	}
	held := &running[3]
	held.State, held.End, held.Note = fleet.Held, time.Time{}, "update failed: refused for lack of permission"
	held.Since, held.Step, held.May = noon.Add(-30*time.Minute), maintenance.StepUpdate, maintenance.StepUpdate.Resolutions()
	runs[held.Gateway] = maintenance.Status{Step: maintenance.StepUpdate, Held: true, Reason: "refused", Window: runs[held.Gateway].Window}
	running = slices.Concat(running[3:], running[:3]) // as the status has them
	var upcoming []fleet.Row
	for i := range 20 {
		upcoming = append(upcoming, fleet.Row{
			Name: fmt.Sprintf("stores-%03d", i+1), Gateway: fmt.Sprintf("sgw-200000%02d", i+1), Wave: 2, State: fleet.Waiting, Schedule: weekly,
			Blocker: maintenance.BlockedByWindow, Reason: "the window opens 2026-11-22 13:30 GMT (Sunday 09:30 GMT-4:00)", Next: noon.Add(time.Duration(i+3) * 30 * time.Minute),
		})
	}
	failed := fleet.Row{
		Name: "ledger-7", Gateway: "sgw-30000007", Wave: 1, State: fleet.Failed, Attempts: 1, Started: noon.Add(-3 * time.Hour), End: noon.Add(-2 * time.Hour),
		Note: "PARTIAL: upgrade proxy 0001po01: rejected by the cloud:\x1b[2J insufficient subnet ip",
	}
	return &fake{runs: runs, status: live.Status{Status: fleet.Status{
		Name: "payments-q4", Phase: fleet.InProgress, Submitter: "bob", Start: noon.Add(-5 * time.Hour), MaxConcurrent: 20,
		Counts: fleet.Counts{Total: 4000, Waiting: 3890, Running: 3, Held: 1, Succeeded: 100, Failed: 1, Skipped: 2, UpToDate: 3},
		Waves: []fleet.WaveLine{
			{Wave: 1, State: fleet.WaveEnded, Counts: fleet.Counts{Total: 10, Succeeded: 9, Failed: 1}},
			{Wave: 2, State: fleet.WaveOpen, Counts: fleet.Counts{Total: 390, Waiting: 290, Running: 3, Held: 1, Succeeded: 91, Skipped: 2, UpToDate: 3}},
			{Wave: 3, State: fleet.WaveWaiting, Counts: fleet.Counts{Total: 3600, Waiting: 3600}},
		},
		Blockers: map[maintenance.Blocker]int{maintenance.BlockedByWindow: 290, maintenance.BlockedByWave: 3600},
		Next:     noon.Add(90 * time.Minute), Running: running, Upcoming: upcoming, Failures: []fleet.Row{failed},
	}}}
}
