package main_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	starter "github.com/tidegate/tidegate/starter"
)

const runbookPath = "../docs/runbook.md"

// runbook are the lines of the runbook's blocks in a language.
func runbook(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(runbookPath)
	require.NoError(t, err)
	var lines []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```"+language:
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside && line != "" && !strings.HasPrefix(line, "-- "):
			lines = append(lines, line)
		}
	}
	require.NotEmpty(t, lines)
	return lines
}

// words takes a command line apart as a shell does that knows double quotes only.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// Each fails only for want of a Temporal: its flags and arguments are right.
func TestTheRunbooksCommandsAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, line := range runbook(t, "sh") {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			args := words(line)
			require.Equal(t, "tidegate", args[0])
			var out, errs bytes.Buffer
			got := starter.Run(t.Context(), append(args[1:], "--address", "127.0.0.1:1", "--client-connect-timeout", "100ms"), &out, &errs)
			require.Equal(t, 1, got, errs.String())
			require.Contains(t, errs.String(), "no connection to Temporal")
		})
	}
}

// runbookLine runs the runbook's first line with a beginning, for a gateway where
// one is given.
func (w *world) runbookLine(begin, gateway string) {
	w.t.Helper()
	lines := runbook(w.t, "sh")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line+" ", begin+" ") })
	require.GreaterOrEqual(w.t, i, 0, "%s is not in %s", begin, runbookPath)
	args := words(strings.ReplaceAll(lines[i], "sgw-12A3456B", cmp.Or(gateway, "sgw-12A3456B")))
	require.Equal(w.t, 0, w.tidegate(args[1:]...).status)
}

// found are the ids of the workflows that a query finds.
func found(t *testing.T, c client.Client, query string) []string {
	t.Helper()
	list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	require.NoError(t, err, query)
	ids := []string{}
	for _, info := range list.GetExecutions() {
		ids = append(ids, info.GetExecution().GetWorkflowId())
	}
	slices.Sort(ids)
	return ids
}

// campaignQueries is how many of the runbook's queries are about campaigns: the
// last ones.
const campaignQueries = 2

// On a campaign that waits for an approval, and then runs.
func TestTheRunbooksCampaignCommandsDoWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	file := filepath.Join(t.TempDir(), "plan.yaml")
	plan := "apiVersion: tidegate/v1\nname: payments-q4\naccounts: {aws: [{name: sim, region: us-east-1}]}\napprovals: {}\n" +
		"limits: {pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}\ntargets:\n"
	for i, id := range []string{"sgw-44444444", "sgw-22222222", "sgw-55555555"} { // the first one never comes back
		plan += fmt.Sprintf("  - {name: files-%d, gateway: {account: sim, arn: %q}}\n", i+1, arnPrefix+id)
	}
	require.NoError(t, os.WriteFile(file, []byte(plan), 0o600))
	require.Equal(t, 4, w.tidegate("run", file, "--by", "mallory").status)
	require.Equal(t, 0, w.tidegate("skip", "payments-q4", "files-1", "--why", "to be taken back").status)
	for _, order := range []string{"pause", "resume", "retry", "skip", "reschedule", "concurrency", "approve"} {
		w.runbookLine("tidegate "+order+" payments-q4", "")
	}
	queries := runbook(t, "sql")
	queries = queries[len(queries)-campaignQueries:]
	for i, want := range [][]string{{"campaign-payments-q4"}, {"gateway-sgw-44444444"}} {
		require.Eventually(t, func() bool { return slices.Equal(want, found(t, c, queries[i])) }, 20*time.Second, 100*time.Millisecond, queries[i])
	}
	for _, show := range []string{"list", "status payments-q4", "status payments-q4 files-1", "status payments-q4 --state"} {
		w.runbookLine("tidegate "+show, "")
	}
	w.runbookLine("tidegate abort payments-q4", "")
	require.Contains(t, w.tidegate("status", "payments-q4").out, "stopped   aborted by ")
}

// On a held maintenance and its quarantine, in the runbook's own words.
func TestTheRunbooksCommandsAndQueriesDoWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	found := func(query string) []string { return found(t, c, query) }
	require.Equal(t, 3, w.tidegate(quick("sgw-44444444", "--attempt", "2s", "--update-start", "2s", "--update-deadline", "3s", "--update-delay", "0s")...).status)
	require.Equal(t, 0, w.tidegate(quick("sgw-55555555", "--detach")...).status)
	held := w.tidegate(quick("sgw-33333333", "--on-failure", "hold", "--approval", "--detach", "--proxy", "sim/"+huawei.DefaultInstanceID+"/"+proxyTwo)...)
	require.Equal(t, 0, held.status)
	require.Eventually(t, func() bool { return len(found("TidegateBlocker = 'approval'")) == 1 }, 20*time.Second, 100*time.Millisecond)
	w.runbookLine("tidegate approve", "sgw-33333333")
	require.Equal(t, 4, w.tidegate("watch", "sgw-33333333").status)

	// The runbook's instants and names, as they are in this world.
	here := strings.NewReplacer("2026-11-29T00:00:00Z", time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339),
		"2026-11-22T00:00:00Z", time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339), "sgw-12A3456B", "sgw-44444444", "'prod'", "'sim'")
	want := [][]string{
		{"gateway-sgw-33333333", "gateway-sgw-55555555"},
		{},
		{"gateway-sgw-33333333"},
		{"gateway-sgw-55555555"},
		{"quarantine-sgw-44444444"},
		{"gateway-sgw-44444444"},
		{"gateway-sgw-44444444"},
		{"gateway-sgw-33333333", "gateway-sgw-55555555"},
	}
	queries := runbook(t, "sql")
	require.Len(t, queries, len(want)+campaignQueries)
	queries = queries[:len(want)]
	for i, query := range queries {
		require.Eventually(t, func() bool { return slices.Equal(want[i], found(here.Replace(query))) }, 20*time.Second, 100*time.Millisecond, query)
	}

	w.runbookLine("tidegate retry", "sgw-33333333")
	require.Equal(t, 4, w.tidegate("watch", "sgw-33333333").status)
	w.runbookLine("tidegate skip", "sgw-33333333")
	require.Equal(t, 1, w.tidegate("watch", "sgw-33333333").status)
	w.runbookLine("tidegate abort", "sgw-55555555")
	w.runbookLine("tidegate status", "sgw-44444444")
	w.runbookLine("tidegate release", "sgw-44444444")
}
