package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// start starts a campaign that waits for an approval: of one target whose window is
// open, and one whose window is not.
func (w *world) start(name string) {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "plan.yaml")
	plan := "apiVersion: tidegate/v1\nname: " + name + "\naccounts: {aws: [{name: sim, region: us-east-1}]}\napprovals: {lead: 168h}\n" +
		"limits: {pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}\ntargets:\n"
	for target, id := range map[string]string{"now": "sgw-22222222", "later": "sgw-55555555"} {
		plan += fmt.Sprintf("  - {name: %s, gateway: {account: sim, arn: %q}}\n", target, arnPrefix+id)
	}
	require.NoError(w.t, os.WriteFile(file, []byte(plan), 0o600))
	require.Equal(w.t, 0, w.tidegate("run", file, "--by", "mallory", "--detach").status)
}

func TestACampaignIsSteeredFromTheLiveView(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	w.start("payments-q4")
	x := w.inTerminal("watch", "payments-q4")
	x.shows("needs approval")
	x.types("p")
	x.shows("Pause the campaign payments-q4?")
	x.types("incident INC-77\r")
	x.shows("[r resume")
	x.types("r")
	x.shows("Resume the campaign payments-q4?")
	x.types("INC-77 is closed\r")
	x.shows("[a approve]")
	x.types("a")
	x.shows("Approve the campaign payments-q4?")
	x.types("CHG-1\r")
	x.shows(" 1/2")
	x.types("\t\r")
	x.shows("esc back")
	x.types("\x1b")
	x.shows("enter details")
	x.types("4")
	x.shows("DONE 1")
	x.types("q")
	x.ends(1)
	require.Regexp(t, `stopped following the campaign, which keeps running; to follow it again: tidegate --address \S+\s+watch\s+payments-q4`, x.screen())

	killed := w.inTerminal("watch", "payments-q4")
	killed.shows(" 1/2")
	require.NoError(t, killed.cmd.Process.Signal(syscall.SIGTERM))
	killed.ends(1)

	last := w.inTerminal("watch", "payments-q4", "--exit")
	last.shows(" 1/2")
	last.types("x")
	last.shows("Abort the campaign payments-q4?")
	last.types("enough\r")
	last.ends(1)
	require.Contains(t, last.screen(), "ended     ABORTED")
	var whys []string
	for _, d := range w.campaign("payments-q4").Result.Decisions {
		whys = append(whys, d.What+": "+d.Why)
	}
	require.Equal(t, []string{"pause: incident INC-77", "resume: INC-77 is closed", "approve: CHG-1", "abort: enough"}, whys)

	plain := w.tidegate("watch", "payments-q4")
	require.Equal(t, 1, plain.status)
	require.NotContains(t, plain.out+plain.errors, "\x1b", "off a terminal there are lines")
	once := w.tidegate("watch", "payments-q4", "--once")
	require.Equal(t, 0, once.status)
	require.Contains(t, once.out, "ABORTED after")
	require.NotContains(t, once.out, "\x1b")
}

func TestTheLiveViewLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	w.start("again")
	x := w.inTerminal("watch", "again")
	x.shows("needs approval")
	x.types("p\x03")
	x.ends(4)
	require.Contains(t, x.screen(), "A person has to act")
}

// campaign is a campaign's record.
func (w *world) campaign(name string) (r struct {
	Result *fleet.Result `json:"result"`
},
) {
	w.t.Helper()
	require.NoError(w.t, json.Unmarshal([]byte(w.tidegate("status", name, "--output", "json").out), &r))
	return r
}
