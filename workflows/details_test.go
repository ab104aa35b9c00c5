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
	"github.com/tidegate/tidegate/workflows/api"
)

// longestDocument is how many bytes the Web UI may hand over in an address, where
// a proxy takes 8 KB with all that is around it.
const longestDocument = 7_500

// metadata is what a workflow says of itself to the Web UI.
func metadata(t *testing.T, env environment) *sdkpb.WorkflowMetadata {
	t.Helper()
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var shown sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&shown))
	return &shown
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
			Name: fmt.Sprintf("magasin-d'été-%05d", i), Gateway: fmt.Sprintf("sgw-%08X", i), Ref: api.RefOf(i/200, i%200), Wave: i / 200,
			Schedule: sundayNoon(), State: fleet.Waiting, Work: fleet.Work{Update: true},
		}
		switch {
		case i < 100:
			e.State, e.Note, e.Started, e.End = fleet.Failed, strings.Repeat("«échoué» | ", 15), noon, noon.Add(time.Hour)
		case i < 300:
			e.State, e.Started = fleet.Running, noon
		case i < 600:
			e.State, e.Note, e.Started = fleet.Held, strings.Repeat("`held` <b>* ", 13), noon
			e.Hold = fleet.Hold{Step: maintenance.StepSnapshot, Since: noon.Add(time.Minute)}
		}
		entries = append(entries, e)
	}
	in := carried(p, entries...)
	in.Carried.Life = pausedBy("bob: " + strings.Repeat("because ", 120))
	in.Carried.Swept = noon
	in.Carried.Batches = nil
	for n := range 50 {
		in.Carried.Batches = append(in.Carried.Batches, fmt.Sprintf("campaign-%s.01234567.batch-%03d", p.Name, n))
		in.Carried.Decisions = append(in.Carried.Decisions, maintenance.Decision{What: "skip", Target: "magasin", By: "bob", Why: strings.Repeat("because ", 120), At: noon})
		in.Carried.Notified.Notices = append(in.Carried.Notified.Notices, fleet.Notice{ID: "failed", Channel: "oncall", State: fleet.NoticeUnknown, Why: strings.Repeat("no answer ", 16), At: noon})
	}
	env := under(t, noon.Add(time.Minute), s)
	nextRun(t, env, in)
	shown := details(t, env)
	for _, wanted := range []string{
		"Ended: 100 of 10000 targets", "**resume**", "… and 9", "all 50 pages", "### Held: a person has to act", "### Failed", "### In progress", "### Blocked targets", "### Waves", "### Decisions",
	} {
		require.Contains(t, shown, wanted)
	}
	require.NotContains(t, shown, " <b>")
}

func TestTheDetailsOfARunSayWhatMayBeDone(t *testing.T) {
	t.Parallel()
	c := rejecting()
	c.schedule.Timezone, c.schedule.Hour, c.schedule.Minute = "GMT+5:30", new(19), new(30)
	in := c.input(holding)
	in.Policy.Approval = true
	env := at(t, noon.Add(-2*time.Hour), c)
	shown := map[string]string{}
	show := func(what string, after time.Duration) {
		env.RegisterDelayedCallback(func() { shown[what] = details(t, env) }, after)
	}
	show("asks", time.Hour)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.ApproveUpdate, "approve", (&answers{t: t}).accepted(), alice)
	}, time.Hour+time.Minute)
	show("waits", time.Hour+2*time.Minute)
	show("held", 8*time.Hour)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.AbortUpdate, "abort", (&answers{t: t}).accepted(), alice)
	}, 9*time.Hour)
	_, err := maintain(t, env, in)
	require.Error(t, err)
	shown["ended"] = details(t, env)
	today := noon.Format(time.DateOnly)
	for what, texts := range map[string][]string{
		"asks":  {"**Waits (approval):**", "Next steps: send **approve**, **abort**"},
		"waits": {"**Waits (window)** until Sun " + today + " 14:00Z (Sun 19:30 GMT+5:30)", "Next steps: send **abort**", "|approve|alice|not verified|CHG-1|"},
		"held":  {"**Held: a person has to act.** upgrade-proxies failed", "Next steps: send **abort**, **retry**, **skip**", "### Ledger", "|rejected|"},
		"ended": {"**PARTIAL**", "aborted by alice (CHG-1)", "TidegateGateway%3D%27sgw-12A3456B%27"},
	} {
		for _, text := range texts {
			require.Contains(t, shown[what], text, what)
		}
	}
	require.NotContains(t, shown["ended"], "Next steps")
}

func TestTheDetailsOfferNoActionPastThePointOfNoReturn(t *testing.T) {
	t.Parallel()
	c := newCloud()
	env := at(t, noon, c)
	shown := ""
	env.RegisterDelayedCallback(func() { shown = details(t, env) }, 2*time.Minute)
	_, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Contains(t, shown, "**Past the point of no return:**")
	require.NotContains(t, shown, "Next steps")
	require.Contains(t, details(t, env), "left over: ")
}

func TestTheDetailsOfACampaignSayWhatMayBeDone(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.set(api.QuarantineWorkflowID(s.gateways[2].gateway.ID), true)
	p := s.plan()
	p.Approvals.Count = 2
	p.Rollout.MaxConcurrent = 1
	env := under(t, noon.Add(-time.Hour), s)
	shown := map[string]string{}
	show := func(what string, after time.Duration) {
		env.RegisterDelayedCallback(func() { shown[what] = details(t, env) }, after)
	}
	show("asks", 10*time.Minute)
	env.action(11*time.Minute, api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: "bob", Why: "see [CHG-1]"}})
	show("one of two", 12*time.Minute)
	env.action(13*time.Minute, api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: "carol"}})
	show("waits", 14*time.Minute)
	show("runs", time.Hour+2*time.Minute)
	env.action(time.Hour+3*time.Minute, api.PauseUpdate, api.CampaignAction{})
	show("paused", time.Hour+4*time.Minute)
	env.action(2*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	shown["ended"] = details(t, env)
	today := noon.Format(time.DateOnly)
	for what, texts := range map[string][]string{
		"asks": {
			"**Held: a person has to act.** the campaign needs approval (0 of 2 given): approve it, or abort the campaign", "Next steps: send **approve**, **pause**",
			"**Approval of the campaign:** 0 of 2 given; alice started the campaign and may not approve; asked for at " + today + " 11:00 UTC, deadline " +
				noon.AddDate(0, 0, 7).Format(time.DateOnly) + " 11:00 UTC. Waiting for it: files-000, files-001, files-002.",
		},
		"one of two": {"1 of 2 given (bob); alice started", "### Approvals of the campaign\n\n|when, UTC|by|signature|why|\n|---|---|---|---|\n|", "11:11:00Z|bob|not verified|see \\[CHG-1\\]|"},
		"waits":      {"**Waits** until Sun " + today + " 12:00Z", "|window|2|Sun " + today + " 12:00Z|", "|quarantine|1| |files-002:", "|approve: the campaign, 1 of 2 given|bob|not verified|see \\[CHG-1\\]|"},
		"runs":       {"**In progress.**", "[files-000](namespaces/default-test-namespace/workflows/gateway-sgw-00000001) sgw-00000001|1|", "|concurrency|1|", ".batch-000)"},
		"paused":     {"**Paused** by bob: for the test", "Next steps: send **resume**", "|pause|2|"},
		"ended":      {"**ABORTED**", "ended Sun " + today + " 13:00Z", "`tidegate report default-test-workflow-id`", "|abort|bob|not verified|for the test|"},
	} {
		for _, text := range texts {
			require.Contains(t, shown[what], text, what)
		}
	}
	require.NotContains(t, shown["ended"], "Next steps")
}
