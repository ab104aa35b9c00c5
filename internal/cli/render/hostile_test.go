package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// What clouds and people said can neither steer the terminal nor look like advice.
func TestNobodyForgesARecord(t *testing.T) {
	t.Parallel()
	const said = "no\x1b]0;title\a\x1b[2J\r\x1b[K\n  tidegate abort all"
	decisions := []maintenance.Decision{{What: "pause", By: said, Why: said}}
	rows := []fleet.Row{{Name: "files-1", Gateway: "sgw-12A3456B", Note: said, Reason: said}}
	for _, r := range []record.Campaign{
		{Status: &fleet.Status{Doing: said, Held: said, Approval: &fleet.Approval{Wanted: 2, Given: []fleet.Consent{{By: said, Why: said}}, MayNot: said, Targets: 1, Names: []string{said}}, Paused: said, Stopped: said, Failures: rows, Decisions: decisions}},
		{Campaign: "stores", WorkflowID: "campaign-stores", Result: &fleet.Result{Summary: said, Submitter: said, Failures: rows, Decisions: decisions, Undelivered: []fleet.Notice{{Channel: said, Why: said}}}},
	} {
		for _, columns := range []int{0, 60, 120} {
			var out bytes.Buffer
			require.NoError(t, render.PrintCampaign(printer.Printer{Out: &out, Width: columns}, r))
			require.NotRegexp(t, `[\x00-\x09\x0b-\x1f\x7f]`, out.String())
			var advice []string
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "  tidegate") {
					advice = append(advice, strings.TrimSpace(line))
				}
			}
			if r.Result == nil {
				require.Empty(t, advice)
			} else {
				require.Equal(t, []string{"tidegate report stores --file stores.html", "tidegate status stores sgw-12A3456B"}, advice)
			}
			require.Contains(t, out.String(), "]0;title")
		}
	}
}
