package demo

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

var now = time.Date(2026, 11, 22, 2, 14, 18, 0, time.UTC)

// at is a status whose run has done every step before the given one.
func at(step maintenance.Step, state maintenance.StepState) maintenance.Status {
	s := maintenance.Status{Step: step}
	start := now.Add(-time.Minute)
	for i, name := range maintenance.Steps() {
		report := maintenance.StepReport{Step: name, State: maintenance.StepPending}
		switch {
		case i+1 < stepNumber(step):
			report.State, report.Note, report.Start = maintenance.StepDone, "well", &start
		case name == step:
			report.State, report.Start = state, &start
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

func TestACountdownIsReadAtAGlance(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0:00", countdown(-time.Second))
	require.Equal(t, "61:01", countdown(61*time.Minute+time.Second))
	require.Equal(t, "71 hours", countdown(72*time.Hour-time.Second))
}

func TestOnlyChangesAreReported(t *testing.T) {
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
	ended.Decisions = []maintenance.Decision{{What: "approve", By: "demo", Why: "someone has to"}}
	ended.Result = &maintenance.Result{State: maintenance.StatePartial, Summary: "rejected."}
	require.Equal(t, []string{
		"approve by demo: someone has to",
		"reverted: reads moved",
		"6/7 upgrade-proxies failed: rejected",
		"PARTIAL. rejected.",
	}, news(shifted, ended, now))
}

// under is a campaign whose second wave is open, with one target that runs.
func under(run maintenance.Status) observation {
	return observation{
		campaign: fleet.Status{
			Phase: fleet.InProgress, Blockers: map[maintenance.Blocker]int{maintenance.BlockedByWave: 16, maintenance.BlockedByFreeze: 3},
			Waves: []fleet.WaveLine{
				{Wave: 1, Counts: fleet.Counts{Total: 1, Succeeded: 1}, State: fleet.WaveEnded},
				{Wave: 2, Counts: fleet.Counts{Total: 5, Waiting: 3, Running: 1, UpToDate: 1}, State: fleet.WaveOpen},
				{Wave: 3, Counts: fleet.Counts{Total: 16, Waiting: 16}, State: fleet.WaveWaiting},
			},
			Running:  []fleet.Row{{Name: "half-past"}},
			Upcoming: []fleet.Row{{Name: "flapping", Blocker: maintenance.BlockedByFreeze, Next: now.Add(12 * time.Second)}},
			Failures: []fleet.Row{{Name: "archive", Note: "PARTIAL: sad"}},
		},
		runs: map[string]maintenance.Status{"half-past": run},
	}
}

func TestOffATerminalEveryChangeIsALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	screen := newScreen(t.Context(), terminal{in: os.Stdin, out: &out}, nil, nil, now.Add(-12*time.Second))
	held := at(maintenance.StepSnapshot, maintenance.StepFailed)
	held.Steps[4].Note = "one\nand another"
	for _, run := range []maintenance.Status{at(maintenance.StepWait, maintenance.StepActive), at(maintenance.StepWait, maintenance.StepActive), held} {
		screen.update(under(run), now)
	}
	last := under(held)
	last.campaign.Result = &fleet.Result{State: fleet.Partial, Summary: "not all."}
	last.campaign.Blockers = nil
	screen.update(last, now)
	screen.close()
	require.Equal(t, []string{
		"wave 1         ended", "wave 2         open", "waiting        freeze, wave",
		"half-past      1/7 assess          done: well",
		"half-past      2/7 wait            done: well", "half-past      3/7 update          done: well", "half-past      4/7 await-running   done: well",
		"half-past      5/7 snapshot        failed: one; and another",
		"campaign       PARTIAL. not all.",
	}, strings.Split(strings.TrimSpace(strings.ReplaceAll("\n"+out.String(), "\n  12.0s  ", "\n")), "\n"))
}

func TestTheSummarySaysWhatBecameOfEveryTarget(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	was := perfect()
	was.results[index("rejected-proxy")].Ledger[3].What = "read weights of the canary"
	was.results[index("archive")].State = maintenance.StateFailed
	was.effects[updates(members()[0].arn)] = 2
	was.campaign.Summary = "20 of 22 targets succeeded."
	p := summarizer{&out}
	p.summary(members(), was)
	p.effects(intended(members()), was.effects)
	p.messages(was.received)
	p.verdict([]string{"archive: end state: FAILED"}, true)
	for _, want := range []string{
		`canary .* 1 .* COMPLETED .* 1\.2\.3 → 1\.3\.0 .* 2 of 2 .* 25s`, `up-to-date .* up-to-date`,
		`rejected-proxy .* PARTIAL .* 1\.2\.3 → 1\.3\.0 .* 1 of 1 .* 1 upgraded .* 25s`, `by AWS`, `Expected: 2nd of 3 proxies rejected`,
		`Decided: abort by night-shift, because of it\.`, `Reverted: change 1; read weights of the canary; change 5\.`,
		`archive .* FAILED`, `Expected: other people's snapshots`, `The campaign ended PARTIAL: 20 of 22 targets succeeded\.`,
		`02:15:00Z \| tidegate-demo: refused held`, `You gave orders of your own`, `  archive: end state`,
		`UpdateGatewaySoftwareNow +\| +20 \| +21 \| NO`, `CreateSnapshot +\| +21 \| +21 \| yes`,
	} {
		require.Regexp(t, want, out.String())
	}
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len([]rune(line)), 90+len("\n"), line)
	}
}
