package e2e_test

import (
	"context"
	"fmt"
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

// form is the Web UI's form of an update.
const form = `[data-testid="update-confirmation-modal"][open] `

// TestBrowserAloneApprovesAndPausesACampaign gives orders as an operator does
// who has nothing but the Web UI. Temporal's API is only asked what came of it.
func TestBrowserAloneApprovesAndPausesACampaign(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	srv, err := devserver.Start(t.Context(), devserver.Options{SearchAttributes: webui.SearchAttributes()})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	l := newLabOn(t, c, "", campaignScenario())
	run := l.frozenCampaign()
	l.await(run, func(s campaigns.Status) bool { return s.Asks() })

	home := page(srv, run, "user-metadata")
	openForm(tab, t, home, "the campaign needs approval")
	fillIn(tab, t, `Let the campaign, or its next wave, start; also before it is asked for: {"by": "who", "why": "for the record"}.`, `{"by": "bob", "why": "CHG-1"}`)
	browsertest.Screenshot(tab, t, picture(t, "web-ui-updates.png"), 1440, 1000)
	choose(tab, t, api.ApproveUpdate)
	browsertest.Screenshot(tab, t, picture(t, "web-ui-approve.png"), 1440, 1000)
	click(tab, t, form+`[type="submit"]`, "Submit")
	approved := l.await(run, func(s campaigns.Status) bool { return len(s.Decisions) == 1 })
	require.Nil(t, approved.Approval)
	requireDecision(t, approved.Decisions[0], api.ApproveUpdate, "bob", "CHG-1")

	// Opened again: the form keeps the data of the order before.
	openForm(tab, t, home, "bob", "CHG-1")
	fillIn(tab, t, `Start nothing new; what runs continues: {"by": "who", "why": "for the record"}.`, `{"by": "bob", "why": "INC-77"}`)
	choose(tab, t, api.PauseUpdate)
	click(tab, t, form+`[type="submit"]`, "Submit")
	paused := l.await(run, func(s campaigns.Status) bool { return s.Paused != "" })
	require.Equal(t, "bob: INC-77", paused.Paused)
	require.Len(t, paused.Decisions, 2)
	requireDecision(t, paused.Decisions[1], api.PauseUpdate, "bob", "INC-77")
	require.Empty(t, l.effects(), "a campaign that is frozen touched something")
}

// frozenCampaign starts one that waits for an approval, and then for the end of
// a freeze: nothing in it moves but by an order.
func (l *lab) frozenCampaign() client.WorkflowRun {
	l.t.Helper()
	p := campaignPlan(l.t)
	now := time.Now()
	p.Policy.Freezes = []maintenance.Freeze{{From: now.Add(-time.Hour), To: now.Add(24 * time.Hour), Reason: "the test"}}
	p.Approvals.Lead, p.Approvals.TimeLimit = maintenance.Duration(31*24*time.Hour), maintenance.Duration(31*24*time.Hour) // asked for at once
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(p.Name), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes(p.Name),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(l.t, err)
	return run
}

// openForm opens the form of an update, on a run's page that is to say something.
func openForm(tab context.Context, t *testing.T, address string, says ...string) {
	t.Helper()
	within(tab, t, chromedp.EmulateViewport(1440, 1000))
	browsertest.Visit(tab, t, address, says...)
	click(tab, t, `[aria-controls="workflow-actions"]`, "More Actions")
	click(tab, t, `[data-testid="update-button"]`, "Send an Update")
}

// fillIn fills the form's data in, and opens the list of updates, which is to
// say something.
func fillIn(tab context.Context, t *testing.T, says, data string) {
	t.Helper()
	click(tab, t, form+`[role="textbox"]`, "")
	within(tab, t, chromedp.KeyEvent(data))
	browsertest.WaitForText(tab, t, data)
	// Left, the field puts its JSON on lines and grows, and what a mouse is about
	// to click moves away: the keyboard leaves it.
	within(tab, t, chromedp.KeyEvent(kb.Tab))
	browsertest.WaitForText(tab, t, "{\n")
	click(tab, t, form+`[data-testid="update-select-button"]`, "")
	browsertest.WaitForText(tab, t, says)
}

// choose takes an update from the open list, and sees the list go.
func choose(tab context.Context, t *testing.T, update string) {
	t.Helper()
	click(tab, t, form+`[role="option"]`, update)
	within(tab, t, chromedp.WaitReady(chromedp.JSPath(fmt.Sprintf( // the list fades away
		`[...document.querySelectorAll(%q)].filter(e => e.getAnimations({subtree: true}).every(a => a.playState !== "running"))`, form))))
}

// click clicks the first element of a CSS selector that starts with the text and
// that a mouse reaches: the Web UI has hidden twins of its menus.
func click(tab context.Context, t *testing.T, selector, text string) {
	t.Helper()
	within(tab, t, chromedp.Click(chromedp.JSPath(fmt.Sprintf(`[...document.querySelectorAll(%q)].filter(e => {
		const r = e.getBoundingClientRect();
		return e.innerText.trim().startsWith(%q) && e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2));
	}).slice(0, 1)`, selector, text))))
}

// within bounds what is done to a page by the time that a page may take.
func within(tab context.Context, t *testing.T, do chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, 20*time.Second)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, do))
}

func requireDecision(t *testing.T, d maintenance.Decision, what, by, why string) {
	t.Helper()
	require.Equal(t, []string{what, by, why}, []string{d.What, d.By, d.Why})
}
