package webui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// shownRows is how many rows of a kind the Web UI shows: a document has room for
// some forty.
const shownRows = 8

// Blocker is one thing that blocks waiting targets, and the first of them.
type Blocker struct {
	What  maintenance.Blocker
	Count int
	First fleet.Entry
	Wait  fleet.Wait
}

// CampaignDetails is a campaign as Markdown, the most urgent first; called is its
// name for commands.
func CampaignDetails(to Place, called string, s fleet.Status, blockers []Blocker) string {
	d := newDocument()
	campaignHeadline(d, s)
	d.part()
	approvalLine(d, s)
	campaignSums(d, called, s)
	d.mayAct(s.May, "; about one target also `\"target\": \"name\"`")
	campaignLinks(d, to, s)
	noticeTable(d, Undelivered(s.Notices))
	heldTable(d, to, s)
	checkTable(d, s)
	consentTable(d, s.Approval)
	failedTable(d, to, s)
	runningTable(d, to, s)
	unavailableTable(d, s)
	blockerTable(d, blockers)
	decisionTable(d, s.Decisions)
	waveTable(d, s.Waves)
	nextTable(d, s)
	warningTable(d, s.Warnings)
	return d.text.String()
}

// campaignSums say how far it is, and the command that says more.
func campaignSums(d *document, called string, s fleet.Status) {
	started := when(s.Start, maintenance.Zone{})
	if r := s.Result; r != nil {
		d.say("Started by %s, %s; ended %s. From a shell: `tidegate report %s`", s.Submitter, started, when(r.End, maintenance.Zone{}), md(called))
		return
	}
	n := s.Counts
	d.say("Ended: %s (succeeded: %d, up to date: %d, failed: %d, skipped: %d). In progress: %d of at most %d (armed: %d, held: %d). Waiting: %d.",
		maintenance.CountedOf(n.Ended(), n.Total, "target", "targets"),
		n.Succeeded, n.UpToDate, n.Failed, n.Skipped, n.InProgress(), s.MaxConcurrent, n.Armed, n.Held, n.Waiting)
	d.say("Started by %s, %s. From a shell: `tidegate status %s`", s.Submitter, started, md(called))
}

func campaignHeadline(d *document, s fleet.Status) {
	switch {
	case s.Result != nil:
		d.say("**%s** %s", string(s.Result.State), s.Result.Summary)
	case s.Held != "":
		d.say("**Held: a person has to act.** %s", s.Held)
	case s.Phase == fleet.Discovering:
		d.say("**Discovering the fleet:** %s", s.Doing)
	case s.Phase == fleet.Planned:
		d.say("**Planned only:** it starts nothing.")
	case s.Stopped != "":
		d.say("**Stopped** (%s): what runs ends, nothing more starts.", s.Stopped)
	case s.Counts.InProgress() > 0:
		d.say("**In progress.**")
	case !s.Next.IsZero():
		d.say("**Waits** until %s.", when(s.Next, maintenance.Zone{}))
	}
	if s.Paused != "" && s.Result == nil {
		d.say("**Paused** by %s", CutTo(s.Paused, ShownNote))
	}
}

// approvalLine says who has to approve what, and until when.
func approvalLine(d *document, s fleet.Status) {
	if a := s.Approval; a != nil && s.Result == nil {
		d.say("**Approval of %s:** %s. Waiting for it: %s.", a.Subject(), a.Details(), a.TargetsText())
		if len(a.Signers) > 0 {
			d.say("Sign it from a shell, with the plan `%s`: `tidegate approve %s --plan FILE --why TEXT`", md(s.Plan.Digest), md(s.Name))
		}
	}
}

func consentTable(d *document, a *fleet.Approval) {
	if a == nil {
		return
	}
	var rows [][]md
	for _, c := range a.Given {
		rows = append(rows, []md{stamp(&c.At), plain(c.By), plain(c.Verdict()), plain(CutTo(c.Why, ShownNote))})
	}
	d.table("Approvals of "+a.Subject(), []string{"when, UTC", "by", "signature", "why"}, rows, len(a.Given))
}

// shownBatches is how many batches are linked one by one: more are found by a list.
const shownBatches = 3

// campaignLinks lead to the campaign's children, and to theirs.
func campaignLinks(d *document, to Place, s fleet.Status) {
	of := func(kind, also string) string {
		return fmt.Sprintf("WorkflowType='%s' AND %s='%s'%s", kind, attributeCampaign.GetName(), s.Name, also)
	}
	links := []md{
		to.list("maintenances that run", of(api.GatewayMaintenanceName, " AND ExecutionStatus='Running'")),
		to.list("all maintenances", of(api.GatewayMaintenanceName, "")),
	}
	for n, batch := range s.Batches[:min(len(s.Batches), shownBatches)] {
		links = append(links, to.run(fmt.Sprintf("page %d of the targets", n+1), batch))
	}
	if n := len(s.Batches); n > shownBatches {
		links = append(links, to.list(fmt.Sprintf("all %d pages", n), of(api.BatchName, "")))
	}
	d.say("See %s. A target's name below leads to its own run.", joined(links))
}

// shownUndelivered is how many messages that did not arrive the Web UI shows, the last
// first.
const shownUndelivered = 2

func noticeTable(d *document, undelivered []fleet.Notice) {
	var rows [][]md
	for _, n := range slices.Backward(undelivered[max(0, len(undelivered)-shownUndelivered):]) {
		rows = append(rows, []md{
			stamp(&n.At), plain(n.Channel), plain(n.ID), plain(CutTo(string(n.State)+": "+n.Why, ShownNote)),
		})
	}
	d.table("Undelivered messages", []string{"when, UTC", "channel", "of", "why"}, rows, len(undelivered))
}

func failedTable(d *document, to Place, s fleet.Status) {
	var rows [][]md
	for _, r := range shown(s.Failures) {
		rows = append(rows, []md{to.target(r.Name, r.Gateway), number(r.Wave), stamp(&r.End), plain(r.Note)})
	}
	d.table("Failed", []string{"target", "wave", "ended, UTC", "why"}, rows, s.Counts.Failed)
}

// runningTable shows what runs, in the status's order: what is held first.
func runningTable(d *document, to Place, s fleet.Status) {
	var rows [][]md
	for _, r := range shown(s.Running) {
		state := stamp(&r.End)
		if r.State == fleet.Armed {
			state = "**armed:** triggers at " + stamp(&r.Trigger)
		}
		if r.State == fleet.Held {
			state = "**held:** see above"
		}
		if r.Blocker == maintenance.BlockedByCheck {
			state += md(" **blocked:** ") + plain(CutTo(r.Reason, ShownNote))
		}
		rows = append(rows, []md{to.target(r.Name, r.Gateway), number(r.Wave), stamp(&r.Started), state})
	}
	d.table("In progress", []string{"target", "wave", "started, UTC", "expected end"}, rows, s.Counts.InProgress())
}

// checkTable shows the checks that keep the campaign, or its next wave.
func checkTable(d *document, s fleet.Status) {
	var rows [][]md
	for _, l := range shown(s.Checks) {
		keeps, of := md("the whole campaign"), md("")
		if l.Wave > 0 {
			keeps, of = md(fmt.Sprintf("what follows wave %d", l.Wave)), plain(CutTo(strings.Join(l.Targets, ", "), ShownNote))
		}
		rows = append(rows, []md{plain(l.Check), md(l.State), keeps, of, plain(CutTo(l.Reason, ShownNote))})
	}
	d.table("Health checks that do not pass", []string{"check", "state", "blocks", "of", "why"}, rows, len(s.Checks))
}

// shownHeld is how many held targets the Web UI shows with the commands that resolve
// them: what is sent to the campaign resolves the others too.
const shownHeld = 2

// heldTable shows what is held, why, and what resolves it: sent to the campaign, or
// typed.
func heldTable(d *document, to Place, s fleet.Status) {
	var rows [][]md
	held := s.HeldRows()
	for _, r := range held[:min(len(held), shownHeld)] {
		rows = append(rows, []md{
			to.target(r.Name, r.Gateway), stamp(&r.Since), plain(CutTo(r.Note, ShownNote)),
			resolveCell(r.Gateway, r.Step),
		})
	}
	heldRows(d, rows, s.Counts.Held)
}

func heldRows(d *document, rows [][]md, total int) {
	d.table("Held: a person has to act", []string{"target", "since, UTC", "why", "resolve it with"}, rows, total)
}

// resolveCell are the commands that resolve a hold, in a table.
func resolveCell(gatewayID string, step maintenance.Step) md {
	var commands []string
	for _, command := range maintenance.ResolveCommands(gatewayID, step) {
		commands = append(commands, "`"+command+"`")
	}
	return md(strings.Join(commands, ", "))
}

// unavailableTable names what no window lets start.
func unavailableTable(d *document, s fleet.Status) {
	var rows [][]md
	for _, r := range shown(s.Unavailable) {
		rows = append(rows, []md{
			plain(r.Name), plain(r.Gateway), number(r.Wave), md(r.Blocker), plain(CutTo(r.Reason, ShownNote)),
		})
	}
	d.table("Unavailable", []string{"target", "gateway", "wave", "blocker", "why"}, rows, len(s.Unavailable))
}

func blockerTable(d *document, blockers []Blocker) {
	var rows [][]md
	for _, k := range shown(blockers) {
		rows = append(rows, []md{
			md(k.What), number(k.Count), md(when(k.Wait.Next, k.First.Schedule.Zone)),
			plain(CutTo(k.First.Name+": "+k.Wait.Reason, ShownNote)),
		})
	}
	d.table("Blocked targets", []string{"blocker", "targets", "earliest start", "example"}, rows, len(blockers))
}

// waveTable leaves out the first of many waves, which have ended long ago.
func waveTable(d *document, waves []fleet.WaveLine) {
	current := slices.IndexFunc(waves, func(w fleet.WaveLine) bool { return w.State != fleet.WaveEnded })
	from := max(0, min(current-1, len(waves)-shownRows))
	var rows [][]md
	for _, w := range shown(waves[from:]) {
		n, state := w.Counts, md(w.State)
		if !w.Until.IsZero() {
			state += md(" until " + Clock(&w.Until))
		}
		rows = append(rows, []md{
			number(w.Wave), state, number(n.Total), number(n.Waiting), number(n.Running), number(n.Succeeded + n.UpToDate),
			number(n.Failed), number(n.Skipped),
		})
	}
	d.table("Waves", []string{"wave", "state", "targets", "wait", "run", "done", "failed", "skipped"}, rows,
		len(waves)-from)
}

func nextTable(d *document, s fleet.Status) {
	var rows [][]md
	for _, r := range shown(s.Upcoming) {
		rows = append(rows, []md{
			plain(r.Name), plain(r.Gateway), number(r.Wave), md(when(r.Next, r.Schedule.Zone)), md(r.Blocker),
		})
	}
	d.table("Next", []string{"target", "gateway", "wave", "may start", "blocked by"}, rows, s.Counts.Waiting)
}

// warningTable shows what a person should know of the plan file.
func warningTable(d *document, warnings []string) {
	var rows [][]md
	for _, w := range shown(warnings) {
		rows = append(rows, []md{plain(CutTo(w, ShownNote))})
	}
	d.table("Warnings about the plan file", []string{"warning"}, rows, len(warnings))
}

// shown are the rows that are shown.
func shown[T any](rows []T) []T { return rows[:min(len(rows), shownRows)] }

func number(n int) md { return md(fmt.Sprint(n)) }

// InstanceDetails is the hold of a DB instance as Markdown.
func InstanceDetails(to Place, h maintenance.InstanceHold) string {
	d := newDocument()
	d.say("**%s**: no other run of this namespace starts anything on its proxies.", h.String())
	d.part()
	d.say("Temporal ends this workflow with %s. To end it earlier abort that run: terminating this workflow lets another run work on the instance at the same time.",
		to.runOf("the run of "+h.Target, h.WorkflowID, h.RunID))
	return d.text.String()
}

// QuarantineDetails is a quarantine as Markdown.
func QuarantineDetails(to Place, q maintenance.Quarantine) string {
	d := newDocument()
	d.say("**%s is quarantined** since %s: no run touches it.", q.Gateway, when(q.Since, maintenance.Zone{}))
	d.part()
	d.say("**Why:** %s. It started in %s.", q.Reason, to.runOf("the run of "+q.Target, q.WorkflowID, q.RunID))
	d.say("Check the actual state, fix it, and then send the update **%s** (More Actions, Send an Update): `{\"by\": \"you\", \"why\": \"what was done about it\"}`", md(api.ReleaseUpdate))
	d.say("See %s", to.list("all maintenances of the gateway", attributeGateway.GetName()+"='"+q.Gateway+"'"))
	return d.text.String()
}

// Undelivered are the messages that did not arrive for certain.
func Undelivered(notices []fleet.Notice) (all []fleet.Notice) {
	for _, n := range notices {
		if n.State.Lost() {
			all = append(all, n)
		}
	}
	return all
}
