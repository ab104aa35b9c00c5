package cli_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const runbookPath = "../../docs/runbook.md"

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

// runbookQueries are the runbook's queries by what it says of them.
func runbookQueries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(runbookPath)
	require.NoError(t, err)
	_, block, _ := strings.Cut(string(text), "```sql\n")
	block, _, _ = strings.Cut(block, "```")
	lines := strings.Split(strings.TrimSpace(block), "\n")
	queries := map[string]string{}
	for pair := range slices.Chunk(lines, 2) {
		require.Len(t, pair, 2)
		name, isName := strings.CutPrefix(pair[0], "-- ")
		require.True(t, isName, "%s: want a line that says what the query %s finds", pair[0], pair[1])
		queries[name] = pair[1]
	}
	return queries
}

// requireFound demands of the runbook's queries what they find, in its own words.
func (w *world) requireFound(c client.Client, here *strings.Replacer, want map[string][]string) {
	w.t.Helper()
	queries := runbookQueries(w.t)
	for name, ids := range want {
		query := here.Replace(queries[name])
		require.NotEmpty(w.t, query, name)
		require.Eventually(w.t, func() bool { return slices.Equal(ids, found(w.t, c, query)) }, time.Minute, 100*time.Millisecond, name)
	}
}

// runbookLine runs the runbook's first line with a starting, for a gateway where
// one is given.
func (w *world) runbookLine(start, gateway string) {
	w.t.Helper()
	lines := runbook(w.t, "sh")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line+" ", start+" ") })
	require.GreaterOrEqual(w.t, i, 0, "%s is not in %s", start, runbookPath)
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

// campaignFinds is what the runbook's queries find in the first world: a campaign
// whose first target never comes back, and another that waits for an approval.
func campaignFinds() map[string][]string {
	return map[string][]string{
		"campaigns that run": {"campaign-payments-q4", "campaign-stores"},
		"campaigns that are held, paused, or wait for an approval": {"campaign-stores"},
		"in its window now, and at work":                           {"gateway-sgw-44444444"},
		"past the trigger, or about to be":                         {"gateway-sgw-44444444"},
		"one campaign's targets that run":                          {"gateway-sgw-44444444"},
		"one campaign's maintenances, those that ended too":        {"gateway-sgw-44444444"},
	}
}

// campaignEndFinds is what they find there once the one is terminated and the
// other aborted.
func campaignEndFinds() map[string][]string {
	return map[string][]string{
		"terminated: no record, look at the gateways":                {"campaign-payments-q4"},
		"campaigns that ended otherwise than COMPLETED since a time": {"campaign-stores"},
	}
}

// maintenanceFinds is what they find in the second world: one that is held, one
// that waits for its window, and one that has failed.
func maintenanceFinds() map[string][]string {
	return map[string][]string{
		"maintenances that run":                                {"gateway-sgw-33333333", "gateway-sgw-55555555"},
		"maintenances that run and belong to no campaign":      {"gateway-sgw-33333333", "gateway-sgw-55555555"},
		"what is held":                                         {"gateway-sgw-33333333"},
		"what waits for a person, of both kinds":               {"gateway-sgw-33333333"},
		"waits for a window that opens before a time":          {"gateway-sgw-55555555"},
		"quarantined":                                          {"quarantine-sgw-44444444"},
		"what failed since a time, such as this week's Monday": {"gateway-sgw-44444444"},
		"one gateway's maintenances":                           {"gateway-sgw-44444444"},
		"what runs in one account":                             {"gateway-sgw-33333333", "gateway-sgw-55555555"},
	}
}

func TestEachOfTheRunbooksQueriesIsRun(t *testing.T) {
	t.Parallel()
	run := slices.Concat(slices.Collect(maps.Keys(campaignFinds())), slices.Collect(maps.Keys(campaignEndFinds())), slices.Collect(maps.Keys(maintenanceFinds())))
	require.ElementsMatch(t, run, slices.Collect(maps.Keys(runbookQueries(t))))
}

// here are the runbook's times and names as they are in these worlds.
func here() *strings.Replacer {
	now := time.Now().UTC()
	return strings.NewReplacer("2026-11-29T00:00:00Z", now.Add(24*time.Hour).Format(time.RFC3339),
		"2026-11-22T00:00:00Z", now.Add(-24*time.Hour).Format(time.RFC3339), "sgw-12A3456B", "sgw-44444444", "'prod'", "'sim'")
}

// plan writes the plan of a campaign that asks for an approval.
func (w *world) plan(name string, gateways ...string) (file string) {
	w.t.Helper()
	text := "apiVersion: tidegate/v1\nname: " + name + "\naccounts: {aws: [{name: sim, region: us-east-1}]}\napprovals: {lead: 168h}\n" +
		"limits: {pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}\ntargets:\n"
	for i, id := range gateways {
		text += fmt.Sprintf("  - {name: files-%d, gateway: {account: sim, arn: %q}}\n", i+1, arnPrefix+id)
	}
	file = filepath.Join(w.t.TempDir(), name+".yaml")
	require.NoError(w.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// tellAll runs the runbook's line that gives all campaigns an order, until each has
// applied: the list that it reads may be some seconds late.
func (w *world) tellAll(order string, applied func(name string) bool, names ...string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		w.runbookLine("tidegate "+order+" --all", "")
		return !slices.ContainsFunc(names, func(name string) bool { return !applied(name) })
	}, time.Minute, 100*time.Millisecond)
}

// On a campaign that waits for an approval, and then runs.
func TestTheRunbooksCampaignCommandsDoWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	stores := w.plan("stores", "sgw-11111111")
	require.Equal(t, 0, w.tidegate("run", stores, "--detach").status)
	file := w.plan("payments-q4", "sgw-44444444", "sgw-22222222", "sgw-55555555") // the first one never comes back
	require.Equal(t, 4, w.tidegate("run", file, "--by", "mallory").status)

	paused := func(name string) bool {
		return strings.Contains(w.tidegate("status", name, "--output", "json").out, "incident INC-77")
	}
	w.tellAll("pause", paused, "payments-q4", "stores")
	require.Equal(t, 1, w.tidegate("pause", "stores", "--why", "twice").status)
	w.tellAll("resume", func(name string) bool { return w.tidegate("resume", name, "--why", "twice").status == 1 }, "payments-q4", "stores")
	require.Equal(t, 0, w.tidegate("schedule", "create", "weekly", stores, "--cron", "0 2 * * 1").status)
	for _, order := range []string{"list", "pause weekly", "resume weekly"} {
		w.runbookLine("tidegate schedule "+order, "")
	}

	require.Equal(t, 0, w.tidegate("skip", "payments-q4", "files-1", "--why", "to be reverted").status)
	for _, order := range []string{"pause", "resume", "retry", "skip", "reschedule", "concurrency", "approve"} {
		w.runbookLine("tidegate "+order+" payments-q4", "")
	}
	w.requireFound(c, here(), campaignFinds())
	for _, show := range []string{"list", "status payments-q4", "status payments-q4 files-1", "status payments-q4 --state", "report payments-q4"} {
		w.runbookLine("tidegate "+show, "")
	}
	w.runbookLine("tidegate abort payments-q4", "")
	require.Contains(t, w.tidegate("status", "payments-q4").out, "stopped   aborted by ")
	require.NoError(t, c.TerminateWorkflow(t.Context(), "campaign-payments-q4", "", "for the test"))
	require.Equal(t, 0, w.tidegate("abort", "stores", "--why", "for the test").status)
	w.requireFound(c, here(), campaignEndFinds())
}

// On a held maintenance and its quarantine, in the runbook's own words.
func TestTheRunbooksCommandsAndQueriesDoWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.Equal(t, 3, w.tidegate(quick("sgw-44444444", "--attempt", "2s", "--update-start", "2s", "--update-deadline", "3s", "--update-delay", "0s")...).status)
	require.Equal(t, 0, w.tidegate(quick("sgw-55555555", "--detach")...).status)
	held := w.tidegate(quick("sgw-33333333", "--on-failure", "hold", "--approval", "--detach", "--proxy", "sim/"+huawei.DefaultInstanceID+"/"+proxyTwo)...)
	require.Equal(t, 0, held.status)
	require.Eventually(t, func() bool { return len(found(t, c, "TidegateBlocker = 'approval'")) == 1 }, time.Minute, 100*time.Millisecond)
	w.runbookLine("tidegate approve sgw-12A3456B", "sgw-33333333")
	require.Equal(t, 4, w.tidegate("watch", "sgw-33333333").status)
	w.requireFound(c, here(), maintenanceFinds())

	w.runbookLine("tidegate retry sgw-12A3456B", "sgw-33333333")
	require.Equal(t, 4, w.tidegate("watch", "sgw-33333333").status)
	w.runbookLine("tidegate skip sgw-12A3456B", "sgw-33333333")
	require.Equal(t, 1, w.tidegate("watch", "sgw-33333333").status)
	w.runbookLine("tidegate abort sgw-12A3456B", "sgw-55555555")
	w.runbookLine("tidegate status sgw-12A3456B", "sgw-44444444")
	w.runbookLine("tidegate release sgw-12A3456B", "sgw-44444444")
}

// Anyone who reads one of these words in status or the Web UI finds it in the runbook.
func TestTheRunbookExplainsEveryErrorBlockerAndState(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(runbookPath)
	require.NoError(t, err)
	const maintenance = "../maintenance/"
	for file, words := range map[string]string{
		"../../activities/names/names.go": `\tType\w+ += "(\w+)"`,
		maintenance + "gate.go":           `\tBlockedBy\w+ +Blocker = "([^"]+)"`,
		maintenance + "run.go":            ` EndState = "([^"]+)"`,
		maintenance + "fleet/fleet.go":    ` State += "([^"]+)"`,
		maintenance + "fleet/status.go":   ` EndState = "([^"]+)"`,
	} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		found := regexp.MustCompile(words).FindAllStringSubmatch(string(source), -1)
		require.NotEmpty(t, found, file)
		for _, word := range found {
			require.Regexp(t, "(?m)^\\|[^|]*`"+regexp.QuoteMeta(word[1])+"`[^|]*\\|", string(text), "%s of %s has no line in a table", word[1], file)
		}
	}
}
