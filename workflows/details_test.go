package workflows_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// longestDocument is how many bytes the Web UI may hand over in an address, where
// a proxy takes 8 KB with all that is around it.
const longestDocument = 7_500

// metadata is what a workflow says of itself to the Web UI.
func metadata(t *testing.T, env environment) *sdkpb.WorkflowMetadata {
	t.Helper()
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var said sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&said))
	return &said
}

// details are a workflow's current details, which are to fit into an address.
func details(t *testing.T, env environment) string {
	t.Helper()
	text := metadata(t, env).GetCurrentDetails()
	require.LessOrEqual(t, len(strings.ReplaceAll(url.QueryEscape(text), "+", "%20")), longestDocument, text)
	return text
}

func TestTheDetailsOfTenThousandTargetsAreSmall(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Name = strings.Repeat("payments-", 7)
	p.Rollout.MaxFailures = share(t, "100%")
	p.Rollout.MaxConcurrent = 500
	var entries []fleet.Entry
	for i := range 10_000 {
		e := fleet.Entry{
			Name: fmt.Sprintf("magasin-d'été-%05d", i), Gateway: fmt.Sprintf("sgw-%08X", i), Ref: workflows.RefOf(i/200, i%200), Wave: i / 200,
			Schedule: sundayNoon(), State: fleet.Waiting, Work: fleet.Work{Update: true},
		}
		switch {
		case i < 100:
			e.State, e.Note, e.Begun, e.End = fleet.Failed, strings.Repeat("«échoué» | ", 15), noon, noon.Add(time.Hour)
		case i < 600:
			e.State, e.Note, e.Begun = fleet.Running, strings.Repeat("`held` <b>* ", 13), noon
		}
		entries = append(entries, e)
	}
	in := carried(p, entries...)
	in.Carried.Paused, in.Carried.Swept = "bob: "+strings.Repeat("because ", 120), noon
	in.Carried.Rosters = nil
	for n := range 50 {
		in.Carried.Rosters = append(in.Carried.Rosters, fmt.Sprintf("campaign-%s.01234567.roster-%03d", p.Name, n))
		in.Carried.Decisions = append(in.Carried.Decisions, maintenance.Decision{What: "skip", Target: "magasin", By: "bob", Why: strings.Repeat("because ", 120), At: noon})
		in.Carried.Notices = append(in.Carried.Notices, fleet.Notice{ID: "failed", Channel: "oncall", State: fleet.NoticeUnknown, Why: strings.Repeat("no answer ", 16), At: noon})
	}
	env := under(t, noon.Add(time.Minute), s)
	nextRun(t, env, in)
	said := details(t, env)
	for _, wanted := range []string{
		"100 of 10000 targets have ended", "**resume**", "… and 9", "all 50 pages", "### Failed", "### Running", "### Why the rest waits", "### Waves", "### Decisions",
	} {
		require.Contains(t, said, wanted)
	}
	require.NotContains(t, said, " <b>")
}
