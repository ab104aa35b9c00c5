package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

var started = time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)

// at is a status of a run that is at a step since started.
func at(step maintenance.Step, change func(*maintenance.Status)) maintenance.Status {
	s := maintenance.Status{Step: step}
	for _, name := range maintenance.Steps() {
		report := maintenance.StepReport{Step: name, State: maintenance.StepPending}
		if name == step {
			report.Start, report.State = &started, maintenance.StepActive
		}
		s.Steps = append(s.Steps, report)
	}
	if change != nil {
		change(&s)
	}
	return s
}

func blocked(by maintenance.Blocker, next *time.Time) func(*maintenance.Status) {
	return func(s *maintenance.Status) {
		s.Blocker, s.Reason, s.Next = by, "because", next
		for i := range s.Steps {
			if s.Steps[i].Step == s.Step {
				s.Steps[i].State = maintenance.StepWaiting
			}
		}
	}
}

func TestTheLastLineSaysWhatRunsOrHowLongItWaits(t *testing.T) {
	t.Parallel()
	now := started.Add(90 * time.Second)
	opens := now.Add(49*time.Hour + 1500*time.Millisecond)
	for want, s := range map[string]maintenance.Status{
		"":                      {},
		"1/7 assess, for 1m30s": at(maintenance.StepAssess, nil),
		"2/7 wait, may continue in 49h0m2s (window)":                at(maintenance.StepWait, blocked(maintenance.BlockedByWindow, &opens)),
		"2/7 wait, may continue in 0s (window)":                     at(maintenance.StepWait, blocked(maintenance.BlockedByWindow, &started)),
		"2/7 wait, for 1m30s (approval)":                            at(maintenance.StepWait, blocked(maintenance.BlockedByApproval, nil)),
		"4/7 await-running, for 1m30s, past the point of no return": at(maintenance.StepRunning, func(s *maintenance.Status) { s.PastNoReturn = true }),
		"6/7 upgrade-proxies, may continue in 49h0m2s (cutoff)":     at(maintenance.StepProxies, blocked(maintenance.BlockedByCutoff, &opens)),
	} {
		require.Equal(t, want, moment(s, now))
	}
}

// The last line of a terminal is erased before another one, and never wider
// than it: what wraps cannot be erased.
func TestATerminalsLastLineIsDrawnInPlace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewMaintenanceProgress(&out)
	require.Zero(t, p.Width, "a buffer is no terminal")
	p.Width = 20
	opens := started.Add(time.Hour)
	p.Show(at(maintenance.StepWait, blocked(maintenance.BlockedByWindow, &opens)), started)
	p.Redraw(started.Add(time.Second))
	p.Close()
	lines := strings.Split(out.String(), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `^\r\x1b\[K\d\d:\d\d:\d\dZ  wait             waiting  because$`, lines[0])
	require.Equal(t, "\r\x1b[K2/7 wait, may conti\r\x1b[K2/7 wait, may conti\r\x1b[K", lines[1])
	require.NotContains(t, strings.ReplaceAll(out.String(), "\r\x1b[K", ""), "\x1b", "no colours")
}

func TestElsewhereThereIsALineForEachChange(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewMaintenanceProgress(&out)
	waiting := at(maintenance.StepWait, blocked(maintenance.BlockedByApproval, nil))
	for range 3 {
		p.Show(waiting, started)
	}
	p.Silent("nobody answers")
	p.Silent("nobody answers")
	p.Show(at(maintenance.StepUpdate, nil), started)
	p.Show(waiting, started)
	p.Close()
	var texts []string
	for line := range strings.Lines(out.String()) {
		texts = append(texts, strings.TrimSpace(line[len(printer.ClockForm):]))
	}
	require.Equal(t, []string{
		"wait             waiting  because",
		"nobody answers",
		"update           running",
	}, texts)
}

func TestACallThatIsTriedAgainIsALineForEachKindOfResponse(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewMaintenanceProgress(&out)
	for i, response := range []string{"refused, request id 7a1", "refused, request id 8b2", "the gateway is not connected", "the gateway is not connected"} {
		s := at(maintenance.StepUpdate, nil)
		s.Calls = []maintenance.Call{{What: "read the gateway", Attempt: i + 2, LastResponse: response, LastAt: started, Until: started.Add(time.Hour)}}
		p.Show(s, started)
	}
	require.Equal(t, 2, strings.Count(out.String(), "retried   read the gateway (attempt "), out.String())
	require.Contains(t, out.String(), "retried   read the gateway (attempt 4); tried until Nov 22 03:15:00Z; last response at Nov 22 02:15:00Z: the gateway is not connected\n")
}
