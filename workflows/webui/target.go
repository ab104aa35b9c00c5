package webui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// TargetView is a target's run as people see it.
type TargetView struct {
	Status   maintenance.Status // with its open calls and the updates that it would take
	Zone     maintenance.Zone   // the gateway's
	Campaign string             // workflow id; empty: none
}

// TargetDetails is a target's run as Markdown, the most urgent first.
func TargetDetails(to Place, v TargetView) string {
	d, s := newDocument(), v.Status
	v.headline(d)
	v.frame(d, to)
	failureTable(d, maintenance.DecidedFailuresOf(s.Steps))
	rows := make([][]md, 0, len(s.Steps))
	for _, step := range s.Steps {
		rows = append(rows, []md{
			md(step.Step), md(step.State), stamp(step.Start), md(took(step)), plain(CutTo(step.Note, ShownNote)),
		})
	}
	d.table("Steps", []string{"step", "state", "started, UTC", "took", "note"}, rows, len(rows))
	decisionTable(d, s.Decisions)
	ledgerTable(d, s.Ledger)
	proxyTable(d, s.Proxies)
	snapshotTable(d, s.Snapshots)
	return d.text.String()
}

// ShownNote is how many bytes of a note a row shows.
const ShownNote = 160

func (v TargetView) headline(d *document) {
	s := v.Status
	switch {
	case s.Result != nil:
		d.say("**%s** %s", string(s.Result.State), s.Result.Summary)
	case s.Held:
		d.say("**Held: a person has to act.** %s", s.Reason)
	case s.Blocker != maintenance.NotBlocked && s.Next != nil:
		d.say("**Waits (%s)** until %s: %s", string(s.Blocker), when(*s.Next, v.Zone), s.Reason)
	case s.Blocker != maintenance.NotBlocked:
		d.say("**Waits (%s):** %s", string(s.Blocker), s.Reason)
	default:
		d.say("**%s** is running.", string(s.Step))
	}
	if s.PastNoReturn && s.Result == nil {
		d.say("**Past the point of no return:** the update is triggered, and the gateway does not run again yet.")
	}
	for _, call := range s.Calls {
		d.say("Now: %s, since %s, tried until %s. Its last response: Pending Activities.", call.What, Clock(&call.Since), Clock(&call.Until))
	}
	d.part()
}

// frame is what may be done about the run, and what it belongs to: its window, its
// campaign.
func (v TargetView) frame(d *document, to Place) {
	s, id := v.Status, v.Status.Target.Gateway.ID()
	d.mayAct(s.May, "")
	if s.Held {
		d.say("From a shell: %s", resolveCell(id, s.Step))
	}
	if s.Schedule != nil {
		d.say("Window: %s", s.Schedule.String())
	}
	if w := s.Window; w != nil {
		d.say("This window: %s to %s%s", when(w.Start, v.Zone), when(w.End, v.Zone), margin(s.Result))
	}
	links := []md{}
	if v.Campaign != "" {
		links = append(links, to.run("its campaign", v.Campaign))
	}
	if s.Result != nil && s.Result.Quarantined {
		links = append(links, "**"+to.run("its quarantine", api.QuarantineWorkflowID(id))+"**")
	}
	links = append(links, to.list("all maintenances of the gateway", attributeGateway.GetName()+"='"+id+"'"))
	d.say("See %s", joined(links))
}

// margin is how the work of a run that has ended lies to its window's end.
func margin(result *maintenance.Result) string {
	switch {
	case result == nil:
	case result.Overrun > 0:
		return ", overrun by " + result.Overrun.String()
	case result.Margin > 0:
		return ", left over: " + result.Margin.String()
	}
	return ""
}

// mayAct says which updates may be sent now.
func (d *document) mayAct(names []string, alsoTakes md) {
	if len(names) > 0 {
		d.say("Next steps: send **%s** (More Actions, Send an Update): `{\"by\": \"you\", \"why\": \"...\"}`%s",
			md(strings.Join(names, "**, **")), alsoTakes)
	}
}

func joined(links []md) md {
	var all md
	for i, l := range links {
		if i > 0 {
			all += ", "
		}
		all += l
	}
	return all
}

func took(s maintenance.StepReport) string {
	if s.Start == nil || s.End == nil {
		return ""
	}
	return maintenance.Duration(s.Took().Round(time.Second)).String()
}

// shownDecisions is how many decisions the Web UI shows, the last first.
const shownDecisions = 5

// decisionTable has a column for the target where one of them is about a target.
func decisionTable(d *document, decisions []maintenance.Decision) {
	last := decisions[max(0, len(decisions)-shownDecisions):]
	of := slices.ContainsFunc(last, func(d maintenance.Decision) bool { return d.Target != "" })
	titles := []string{"when, UTC", "what", "by", "signature", "why"}
	if of {
		titles = slices.Insert(titles, 2, "target")
	}
	var rows [][]md
	for _, decision := range slices.Backward(last) {
		row := []md{
			stamp(&decision.At), plain(decision.Text()), plain(decision.By), plain(decision.Proof.Text()),
			plain(CutTo(decision.Why, ShownNote)),
		}
		if of {
			row = slices.Insert(row, 2, plain(decision.Target))
		}
		rows = append(rows, row)
	}
	d.table("Decisions", titles, rows, len(decisions))
}

// failureTable shows the failed attempts that a person was asked about, the last first.
func failureTable(d *document, failures []maintenance.StepFailure) {
	var rows [][]md
	for _, f := range slices.Backward(failures) {
		rows = append(rows, []md{md(f.Step), stamp(&f.At), plain(CutTo(f.Why, ShownNote)), plain(f.Summary())})
	}
	d.table("Failed attempts", []string{"step", "failed, UTC", "why", "decided"}, rows, len(rows))
}

func proxyTable(d *document, proxies []maintenance.ProxyOutcome) {
	rows := make([][]md, 0, len(proxies))
	for _, p := range proxies {
		rows = append(rows, []md{
			plain(Short(p.ProxyID)), md(p.State), plain(p.From), plain(p.To), plain(CutTo(p.Note, ShownNote)),
		})
	}
	d.table("Proxies", []string{"proxy", "state", "from", "to", "note"}, rows, len(rows))
}

func snapshotTable(d *document, snapshots []maintenance.SnapshotOutcome) {
	rows := make([][]md, 0, len(snapshots))
	for _, s := range snapshots {
		rows = append(rows, []md{plain(s.SnapshotID), plain(s.VolumeID), md(s.Point), md(s.State())})
	}
	d.table("Snapshots", []string{"snapshot", "volume", "taken", "state"}, rows, len(rows))
}

func ledgerTable(d *document, changes []maintenance.Change) {
	rows := make([][]md, 0, len(changes))
	for _, c := range changes {
		back := strings.TrimSpace(c.Undo + " " + c.Why)
		if !c.Reversible {
			back = cmp.Or(back, c.Kind())
		}
		rows = append(rows, []md{md(c.State), plain(CutTo(c.What, ShownNote)), plain(CutTo(back, ShownNote))})
	}
	d.table("Ledger", []string{"state", "change", "how to undo"}, rows, len(rows))
}
