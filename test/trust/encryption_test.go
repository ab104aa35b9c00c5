package trust_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// What a campaign is about, by what docs/how-to/encrypt-payloads.md calls it where it stays readable.
func words() (readable, hidden map[string]string) {
	readable = map[string]string{
		"zephyrplan": "workflow ids", "sgw-0E000001": "workflow ids", huawei.DefaultInstanceID: "workflow ids",
		"zephyrweekly": "schedule ids and notes", "zephyrnote": "schedule ids and notes", "zephyrkeeper": "schedule ids and notes",
		"zephyraccount": "task queues", "zephyrdatabase": "task queues", "GatewayMaintenance": "types",
	}
	hidden = map[string]string{
		"zephyrtarget": "a target", "zephyrlabel": "a label", "zephyrvalue": "a label's value", "zephyrsecond": "a target",
		"zephyrcheck": "a check", "zephyrserver": "a monitoring server", "zephyrpath": "a check's path", "zephyrchannel": "a channel",
		"zephyrfreeze": "a freeze's reason", "zephyrperson": "who approved", "zephyrsubmitter": "who started it", "zephyrreason": "why it was approved",
		"zephyrwaiver": "why a check was waived", "1.3.0": "a version", "vol-0E000001": "a volume", proxy: "a proxy", "connection refused": "an error's text",
	}
	return readable, hidden
}

const guarded = `
approvals: {count: 1}
freezes: [{from: 2031-12-24, to: 2031-12-26, zone: UTC, reason: zephyrfreeze}]
notify: [{channel: zephyrchannel}]
checks: [{name: zephyrcheck, http: {server: zephyrserver, path: /zephyrpath, status: 204}, at: [before]}]
`

// guardedCampaign does all that an operator can want of a campaign.
func (s *stage) guardedCampaign() {
	s.t.Helper()
	file := s.plan(guarded)
	s.done("setup")
	s.work()
	require.Equal(s.t, 4, s.tidegate("run", file, "--by", "zephyrsubmitter").status, "it needs approval")
	s.done("approve", "zephyrplan", "--by", "zephyrperson", "--why", "zephyrreason")
	s.until("zephyrcheck", "status", "zephyrplan", "--output", "json")
	s.until("connection refused", "status", "zephyrplan", "zephyrtarget")
	s.done("waive", "zephyrplan", "zephyrcheck", "--why", "zephyrwaiver")
	s.done("watch", "zephyrplan", "--plain")
	require.Contains(s.t, s.done("status", "zephyrplan"), "2 of 2 targets succeeded")
	require.Contains(s.t, s.done("watch", "zephyrplan", "--once"), "by zephyrsubmitter")
	require.Contains(s.t, s.done("list"), "zephyrplan")
	require.Contains(s.t, s.done("status", "sgw-0E000001"), "from 1.2.3 to 1.3.0")

	report := s.path("report.html")
	s.done("report", "zephyrplan", "--file", report)
	require.Contains(s.t, s.done("report", "--verify", report), "OK: zephyrplan, COMPLETED")
	text, err := os.ReadFile(report)
	require.NoError(s.t, err)
	for _, word := range []string{"zephyrtarget", "zephyrperson", "zephyrreason", "zephyrwaiver", "zephyrcheck", "zephyrchannel"} {
		require.Contains(s.t, string(text), word)
	}

	s.done("schedule", "create", "zephyrweekly", file, "--calendar", "daily 02:00", "--by", "zephyrkeeper")
	s.done("schedule", "pause", "zephyrweekly", "--why", "zephyrnote", "--by", "zephyrkeeper")
	require.Contains(s.t, s.done("schedule", "describe", "zephyrweekly"), "zephyrplan")
	require.Contains(s.t, s.done("schedule", "list"), "zephyrweekly")
	require.Contains(s.t, s.tidegate("doctor", file).out, "zephyraccount", "its server does not answer, and all else does")
}

// kept is the database's file, once the server has written everything into it.
func (s *stage) kept() []byte {
	s.t.Helper()
	s.server.Stop()
	files, err := filepath.Glob(s.database + "*")
	require.NoError(s.t, err)
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(s.t, err)
		all = append(all, text...)
	}
	return all
}

func TestTheDatabaseHoldsNoPlainWordsButThoseOfThePage(t *testing.T) { //nolint:paralleltest // a stage sets the environment of the process
	page, err := os.ReadFile("../../docs/how-to/encrypt-payloads.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "## What stays readable")
	require.True(t, found)
	readable, hidden := words()
	for word, row := range readable {
		require.Contains(t, table, "\n| "+row, word)
	}
	for name, keys := range map[string][]string{"in plain text": nil, "encrypted": {key("2026-11", "a")}} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			if keys != nil {
				s.encrypted(keys...)
			}
			s.guardedCampaign()
			kept := s.kept()
			for word := range readable {
				require.True(t, bytes.Contains(kept, []byte(word)), word)
			}
			for word, what := range hidden { // those in plain text prove that the search finds them
				require.Equal(t, keys == nil, bytes.Contains(kept, []byte(word)), "%s, %s", word, what)
			}
		})
	}
}

// A campaign that started in plain text goes on when there is a key, and when the key is replaced.
func TestTheKeysOfARunningCampaignAreReplaced(t *testing.T) { //nolint:paralleltest // a stage sets the environment of the process
	s := newStage(t)
	s.done("setup")
	_, stop := s.work()
	require.Equal(t, 4, s.tidegate("run", s.plan("approvals: {count: 1, eachWave: true}"), "--by", "someone").status)
	stop()

	s.encrypted(key("2025", "a"))
	s.work()
	require.Regexp(t, `WARN +encryption .* of the newest 2 open runs, 2 started in plain text`, s.tidegate("doctor").out)
	s.done("approve", "zephyrplan", "--by", "alice", "--why", "the first wave")
	require.Equal(t, 4, s.tidegate("watch", "zephyrplan", "--plain").status, "the second wave needs approval")

	s.write("keys", key("2025", "a")+key("2026", "b")) // both know the new key, then both use it
	s.write("keys", key("2026", "b")+key("2025", "a"))
	require.Contains(t, s.tidegate("doctor").out, "encrypted with the key 2026; also readable: those of 2025")
	s.until("approved", "approve", "zephyrplan", "--by", "bob", "--why", "the second wave")
	s.done("watch", "zephyrplan", "--plain")
	require.Contains(t, s.done("report", "zephyrplan"), "the second wave")

	s.write("keys", key("2026", "b"))
	gone := s.tidegate("report", "zephyrplan")
	require.Equal(t, 1, gone.status)
	require.Contains(t, gone.errors, `a payload is encrypted with the key "2025", and this process has: 2026; add that key to TIDEGATE_ENCRYPTION_KEYS`)
}

// A worker without the key does nothing, says so, and takes part once it has it.
func TestAWorkerWithTheWrongKeyWaitsForTheRightOne(t *testing.T) {
	s := newStage(t)
	s.encrypted(key("2026", "a"))
	s.done("setup")
	require.Equal(t, 4, s.tidegate("run", s.plan(""), "--detach").status, "no worker takes it up")

	wrong := s.write("wrong", key("2026", "b"))
	t.Setenv("TIDEGATE_ENCRYPTION_KEYS_FILE", wrong)
	said, _ := s.work()
	require.Eventually(t, func() bool {
		return strings.Contains(said.String(), `a payload that names the key \"2026\" cannot be decrypted with it: the key of that id is another one here`)
	}, soon, soon/600)
	other := s.tidegate("status", "zephyrplan")
	require.Equal(t, 1, other.status)
	require.Empty(t, s.sim.Effects())

	s.write("wrong", key("2026", "a"))
	s.until("2 of 2 targets succeeded", "status", "zephyrplan")
}
