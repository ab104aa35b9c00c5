package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

var now = time.Date(2026, 11, 22, 2, 14, 18, 0, time.UTC)

// at is a status whose run has done every step before the given one.
func at(step maintenance.Step, state maintenance.StepState) maintenance.Status {
	s := maintenance.Status{Step: step}
	begin := now.Add(-approveAfter)
	for i, name := range maintenance.Steps() {
		report := maintenance.StepReport{Step: name, State: maintenance.StepPending}
		switch {
		case i+1 < stepNumber(step):
			report.State, report.Note, report.Start = maintenance.StepDone, "well", &begin
		case name == step:
			report.State, report.Start = state, &begin
		}
		s.Steps = append(s.Steps, report)
	}
	return s
}

func waiting(blocker maintenance.Blocker, wait time.Duration) maintenance.Status {
	s := at(maintenance.StepWait, maintenance.StepWaiting)
	s.Blocker, s.Reason = blocker, "because"
	if wait > 0 {
		next := now.Add(wait)
		s.Next = &next
	}
	return s
}

func TestHeadlineSaysWhatRunsOrWhyNot(t *testing.T) {
	t.Parallel()
	restarting := at(maintenance.StepRunning, maintenance.StepActive)
	restarting.PastNoReturn = true
	snapshotting := at(maintenance.StepSnapshot, maintenance.StepActive)
	snapshotting.Snapshots = []maintenance.SnapshotOutcome{{Completed: true}, {}}
	upgrading := at(maintenance.StepProxies, maintenance.StepActive)
	upgrading.Proxies = []maintenance.ProxyOutcome{{State: maintenance.ProxyUpgraded}, {State: maintenance.ProxyPending}, {State: maintenance.ProxyPending}}
	ended := at(maintenance.StepVerify, maintenance.StepDone)
	ended.Result = &maintenance.Result{State: maintenance.StateCompleted, Summary: "it runs 1.3.0."}
	partial := upgrading
	partial.Result = &maintenance.Result{State: maintenance.StatePartial, Summary: "a long reason"}
	for want, status := range map[string]maintenance.Status{
		"starts":               {},
		"1/7 assess          ": at(maintenance.StepAssess, maintenance.StepActive),
		"2/7 wait            the window opens in 0:42":           waiting(maintenance.BlockedByWindow, 42*time.Second),
		"2/7 wait            waits (freeze), may begin in 61:01": waiting(maintenance.BlockedByFreeze, 61*time.Minute+time.Second),
		"2/7 wait            waits for an approval":              waiting(maintenance.BlockedByApproval, 0),
		"4/7 await-running   past the point of no return":        restarting,
		"5/7 snapshot        1 of 2 snapshots completed":         snapshotting,
		"6/7 upgrade-proxies 1 upgraded, 2 pending":              upgrading,
		"COMPLETED  it runs 1.3.0.":                              ended,
		"PARTIAL  1 upgraded, 2 pending":                         partial,
		"2/7 wait            waits (failure)":                    waiting(maintenance.BlockedByFailure, 0),
	} {
		require.Equal(t, want, headline(status, now))
	}
	require.Equal(t, "0:00", countdown(-time.Second))
}

func TestNewsIsWhatTheLastStatusDidNotSay(t *testing.T) {
	t.Parallel()
	blocked := waiting(maintenance.BlockedByWindow, 42*time.Second)
	require.Equal(t, []string{
		"1/7 assess          done: well",
		"2/7 wait            waits (window): because; in 0:42",
	}, news(maintenance.Status{}, blocked, now))
	require.Empty(t, news(blocked, blocked, now), "no line without news")

	moved := waiting(maintenance.BlockedByWindow, 0)
	moved.Reason = "it was moved"
	require.Equal(t, []string{"2/7 wait            waits (window): it was moved"}, news(blocked, moved, now))

	shifted := at(maintenance.StepProxies, maintenance.StepActive)
	shifted.Ledger = []maintenance.Change{{What: "reads moved", State: maintenance.ChangeInForce}}
	ended := at(maintenance.StepProxies, maintenance.StepFailed)
	ended.Steps[5].Note = "rejected"
	ended.Ledger = []maintenance.Change{{What: "reads moved", State: maintenance.ChangeTakenBack}}
	ended.Decisions = []maintenance.Decision{{What: "approve", By: "demo", Why: "somebody has to"}}
	ended.Result = &maintenance.Result{State: maintenance.StatePartial, Summary: "rejected."}
	require.Equal(t, []string{
		"approve by demo: somebody has to",
		"taken back: reads moved",
		"6/7 upgrade-proxies failed: rejected",
		"PARTIAL. rejected.",
	}, news(shifted, ended, now))
}

func TestOffATerminalEveryChangeIsALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	screen := newScreen(&out, fleet(), time.Now().Add(-12*time.Second))
	screen.update(1, at(maintenance.StepWait, maintenance.StepActive))
	screen.update(1, at(maintenance.StepWait, maintenance.StepActive))
	screen.close()
	require.Regexp(t, `^  12\.\ds  opens-soon     1/7 assess          done: well\n$`, out.String())
}

// shared is a buffer for several writers, as a terminal is.
type shared struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

func TestBarsShowEveryTargetUntilClosed(t *testing.T) {
	t.Parallel()
	var out shared
	bars := newBars(&out, fleet(), 80)
	ended := at(maintenance.StepVerify, maintenance.StepDone)
	ended.Result = &maintenance.Result{State: maintenance.StateCompleted, Summary: "it runs 1.3.0."}
	bars.update(0, ended)
	bars.update(1, at(maintenance.StepSnapshot, maintenance.StepActive))
	bars.close()
	shown := out.String()
	for _, m := range fleet() {
		require.Regexp(t, `(?m)^(\r\x1b\[K)?`+m.target.Name+" ", shown, "each in a line of its own")
	}
	require.Contains(t, shown, "COMPLETED  it runs 1.3.0.")
	require.Contains(t, shown, filled("█", ""))
	require.Contains(t, shown, "not all", "the others were not completed")
	require.Equal(t, 1, strings.Count(shown, "5/7 snapshot"))
}

func TestAnApprovalIsGivenOnceItWasSeen(t *testing.T) {
	t.Parallel()
	status := waiting(maintenance.BlockedByApproval, 0)
	require.True(t, wantsApproval(status, now))
	require.False(t, wantsApproval(status, now.Add(-time.Second)), "too early")
	require.False(t, wantsApproval(waiting(maintenance.BlockedByWindow, time.Minute), now))
}

func TestTheSummarySaysWhatBecameOfEveryTarget(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	results, counted := perfect()
	results[5].Ledger[2].What = "read weights of the canary"
	counted[updates(gateway("01"))] = 2
	p := printer{&out}
	p.summary(fleet(), results)
	p.effects(intended(fleet()), counted)
	for _, want := range []string{
		`rejected-proxy .* PARTIAL .* 1\.2\.3 → 1\.3\.0 .* 1 of 1 .* 1 upgraded .* 25s`, `by AWS`, `Expected: 2nd of 3 proxies rejected`,
		`Taken back: read weights of the canary; change 4\.`,
		`UpdateGatewaySoftwareNow +\| +6 \| +7 \| NO`, `CreateSnapshot +\| +8 \| +8 \| yes`,
	} {
		require.Regexp(t, want, out.String())
	}
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len([]rune(line)), 80+len("\n"), line)
	}
}
