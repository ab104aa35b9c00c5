package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// publish shows the page as it is now in the Web UI. It adds nothing to the
// history.
func (r *roster) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, r.details(placeOf(ctx)))
}

// details is the page as Markdown: what runs, what is not available, and how many there
// are of each.
func (r *roster) details(to place) string {
	counts := map[fleet.State]int{}
	var running, held, barred [][]md
	for _, l := range r.lines {
		switch {
		case !l.chosen:
			continue
		case l.held.Step != "":
			counts[fleet.Held]++
			held = append(held, []md{to.target(l.Entry.Name, l.Entry.Gateway), stamp(&l.held.Since), plain(cut(l.held.Reason)), resolveCell(l.Entry.Gateway, l.held.Step)})
		case l.running != "":
			counts[fleet.Running]++
			running = append(running, []md{to.target(l.Entry.Name, l.Entry.Gateway), number(l.attempt)})
		default:
			counts[l.Entry.State]++
		}
		if l.Entry.Bar != maintenance.NotBlocked {
			barred = append(barred, []md{plain(l.Entry.Name), plain(l.Entry.Gateway), md(l.Entry.Bar), plain(cutTo(l.Entry.Barred, shownNote))})
		}
	}
	d := newDocument()
	d.say("**Page %d of the targets of %s:** running: %d, held: %d, waiting: %d, succeeded: %d, failed: %d, nothing to be done: %d.", r.in.Number+1, to.run(r.in.Campaign, r.in.Campaign),
		counts[fleet.Running], counts[fleet.Held], counts[fleet.Waiting], counts[fleet.Succeeded], counts[fleet.Failed], counts[fleet.Current])
	d.part()
	if r.unread > 0 {
		d.say("**%d** are not read yet.", r.unread)
	}
	d.say("Orders are given to the campaign, or to a target's own run.")
	heldRows(d, held, len(held))
	d.table("Running", []string{"target", "attempt"}, running, len(running))
	d.table("Unavailable", []string{"target", "gateway", "blocker", "why"}, barred, len(barred))
	return d.text.String()
}
