package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// TestBrowserLeadsFromACampaignToWhatNeedsAPerson goes by the mouse where someone
// goes who is called at night, and pastes the runbook's queries.
func TestBrowserLeadsFromACampaignToWhatNeedsAPerson(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	srv, err := devserver.Start(t.Context(), devserver.Options{SearchAttributes: webui.SearchAttributes()})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	run := troubledCampaign(t, c)

	within(tab, t, chromedp.EmulateViewport(1440, 1500))
	browsertest.Visit(tab, t, page(srv, run, "user-metadata"), "In progress.", "Ended: 2 of 4 targets", "Next steps: send pause, retry, skip", "Blocked targets", "GMT+5:30")
	failed := details(tab, t, "fleet-1", "PARTIAL", "not seen to run the new software", "cannot be reverted", "its quarantine")
	quarantine := details(failed, t, "its quarantine", "sgw-0E2E1001 is quarantined", "send the update release")
	details(quarantine, t, "the run of fleet-1", "PARTIAL")
	running := details(tab, t, "canary", "upgrade-proxies is running", "Next steps: send abort")
	details(running, t, "its campaign", "Ended: 2 of 4 targets")
	details(tab, t, "page 1 of the targets", "Page 1 of the targets of campaign-e2e", "canary sgw-0E2E1000")
	list := follow(tab, t, "maintenances that run") // in front: one behind does not move
	requireListed(list, t, "gateway-sgw-0E2E1000")
	click(list, t, `[data-testid="toggle-manual-query"]`, "")
	queries, today := runbookQueries(t), time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	for _, q := range []struct{ name, found string }{
		{"in its window now, and at work", "gateway-sgw-0E2E1000"},
		{"what is held", "gateway-sgw-0E2E0001"},
		{"what failed since a time, such as this week's Monday", "gateway-sgw-0E2E1001"},
	} {
		paste(list, t, strings.ReplaceAll(queries[q.name], "2026-11-22T00:00:00Z", today))
		requireListed(list, t, q.found)
	}
	browsertest.Screenshot(list, t, picture(t, "web-ui-list.png"), 1440, 700)
}

// troubledCampaign is one of which a target runs, one failed and is quarantined,
// one waits for its window, and one was up to date. Alongside it a maintenance
// is held.
func troubledCampaign(t *testing.T, c client.Client) client.WorkflowRun {
	t.Helper()
	scenario := campaignScenario()
	scenario.Huawei.Durations.Upgrade = time.Minute
	gateways := scenario.AWS.Gateways
	gateways[0].NeverComesBack, gateways[2].NeverComesBack = true, true
	gateways[3].Timezone, gateways[3].Window.OpenedAgo = "GMT+5:30", 30*time.Hour
	l := newLabOn(t, c, "", scenario)
	p := campaignPlan(t)
	p.Policy.UpdateStart, p.Policy.UpdateDeadline = maintenance.Duration(4*time.Second), maintenance.Duration(8*time.Second)
	p.Policy.Attempt = maintenance.Duration(2 * time.Second)
	p.Rollout.Waves, p.Approvals.Count = nil, 0
	all, err := maintenance.ParseShare("100%")
	require.NoError(t, err)
	p.Rollout.MaxFailures = all
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(p.Name), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes(p.Name),
		StaticSummary: "Campaign e2e",
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(t, err)
	l.await(run, func(s campaigns.Status) bool {
		return s.Counts == campaigns.Counts{Total: 4, Waiting: 1, Running: 1, Failed: 1, UpToDate: 1}
	})
	held := input(0)
	held.Policy = p.Policy
	held.Policy.OnFailure = maintenance.OnFailureHold
	beside := l.start(held)
	require.Eventually(t, func() bool { return l.status(beside).Held }, time.Minute, 100*time.Millisecond)
	return run
}

// details follows a link to a workflow's page, and sees there what it says of
// itself.
func details(tab context.Context, t *testing.T, link string, says ...string) context.Context {
	t.Helper()
	next := follow(tab, t, link)
	browsertest.WaitForText(next, t, "User Metadata")
	click(next, t, "a", "User Metadata")
	browsertest.WaitForText(next, t, says...)
	return next
}

// follow clicks a link in what a workflow says of itself, which is in a frame, and
// gives the tab that it opens.
func follow(tab context.Context, t *testing.T, link string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	before := map[string]bool{}
	known, err := chromedp.Targets(ctx)
	require.NoError(t, err)
	for _, page := range known {
		before[string(page.TargetID)] = true
	}
	var opened chromedp.ContextOption
	// The text is laid out again when it changes: a click may miss what was there a moment ago.
	for opened == nil {
		place := locate(ctx, t, link)
		within(tab, t, chromedp.MouseClickXY(place[0], place[1]))
		opened = openedSince(ctx, t, before)
		require.NoError(t, ctx.Err(), "%q opens nothing", link)
	}
	next, closeTab := chromedp.NewContext(tab, opened)
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(next)) // attached for as long as the test, not as one action
	within(next, t, chromedp.EmulateViewport(1440, 1500))
	return next
}

// locate is where a link stands now, once it is there.
func locate(ctx context.Context, t *testing.T, link string) []float64 {
	t.Helper()
	at, err := chromedp.Run(ctx, chromedp.Poll[[]float64](fmt.Sprintf(`(() => {
		for (const f of document.querySelectorAll("iframe")) {
			for (const a of f.contentDocument?.querySelectorAll("a") ?? []) {
				if (a.innerText !== %q) continue;
				const of = f.getBoundingClientRect(), r = a.getClientRects()[0];
				return [of.x + r.x + r.width / 2, of.y + r.y + r.height / 2];
			}
		}
		return null;
	})()`, link)))
	require.NoError(t, err, "no link %q", link)
	return at
}

// openedSince is the tab that a click has opened; nil: none in two seconds.
func openedSince(ctx context.Context, t *testing.T, before map[string]bool) chromedp.ContextOption {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		open, err := chromedp.Targets(ctx)
		for _, page := range open {
			if err == nil && page.Type == "page" && !before[string(page.TargetID)] {
				return chromedp.WithTargetID(page.TargetID)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// paste puts a query in the place of the one before, as a person does.
func paste(tab context.Context, t *testing.T, query string) {
	t.Helper()
	require.NotEmpty(t, query)
	const field = `[data-testid="workflow-manual-search-input"]`
	click(tab, t, field, "")
	_, err := chromedp.Run(tab, chromedp.Evaluate[chromedp.Void](`document.querySelector('`+field+`').select()`))
	require.NoError(t, err)
	within(tab, t, chromedp.KeyEvent(query+kb.Enter))
}

// requireListed waits until the list of workflows has this one, and no other.
func requireListed(tab context.Context, t *testing.T, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf(`(() => {
		const ids = [...document.querySelectorAll("td a")].map(a => a.innerText.trim()).filter(text => /^(gateway|campaign|quarantine)-/.test(text));
		return ids.length === 1 && ids[0] === %q;
	})()`, id)))
	require.NoError(t, err, "the list has not %s alone", id)
}

// runbookQueries are those of the runbook's list, by what it says of each.
func runbookQueries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	_, block, _ := strings.Cut(string(text), "```sql\n")
	block, _, _ = strings.Cut(block, "```")
	queries := map[string]string{}
	name := ""
	for line := range strings.Lines(block) {
		line = strings.TrimSpace(line)
		if said, ok := strings.CutPrefix(line, "-- "); ok {
			name = said
			continue
		}
		queries[name] = line
	}
	return queries
}
