package webui

import (
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// PageView is a page of a campaign's targets as people see it.
type PageView struct {
	Number   int    // from 0 on
	Campaign string // workflow id
	Unread   int    // targets that are not read yet
	Targets  []PageTarget
}

// PageTarget is one target of a page.
type PageTarget struct {
	Entry   fleet.Entry
	Held    api.HeldTarget    // without a step: it is not
	Blocked api.BlockedTarget // without a check: none keeps it
	Running bool
	Attempt int
}

// mostRows is how many rows of a kind are made: a document has room for no more.
const mostRows = 40

// PageDetails is a page of a campaign's targets as Markdown: what runs, what is not
// available, and how many there are of each.
func PageDetails(to Place, v PageView) string {
	counts := make(map[fleet.State]int)
	var running, held, blocked, unavailable [][]md
	barred := 0
	for _, l := range v.Targets {
		switch {
		case l.Held.Step != "":
			counts[fleet.Held]++
			held = append(held, []md{
				to.target(l.Entry.Name, l.Entry.Gateway), stamp(&l.Held.Since),
				plain(CutNote(l.Held.Reason)), resolveCell(l.Entry.Gateway, l.Held.Step),
			})
		case l.Running:
			counts[fleet.Running]++
			if l.Blocked.Check != "" {
				blocked = append(blocked, []md{
					to.target(l.Entry.Name, l.Entry.Gateway),
					plain(l.Blocked.Check), stamp(&l.Blocked.Since), plain(CutNote(l.Blocked.Reason)),
				})
			}
			if len(running) < mostRows {
				running = append(running, []md{to.target(l.Entry.Name, l.Entry.Gateway), number(l.Attempt)})
			}
		default:
			counts[l.Entry.State]++
		}
		if l.Entry.Bar != maintenance.NotBlocked {
			if barred++; barred <= mostRows {
				unavailable = append(unavailable, []md{
					plain(l.Entry.Name), plain(l.Entry.Gateway), md(l.Entry.Bar), plain(CutTo(l.Entry.Unavailable, ShownNote)),
				})
			}
		}
	}
	d := newDocument()
	d.say("**Page %d of the targets of %s:** running: %d, held: %d, waiting: %d, succeeded: %d, failed: %d, up to date: %d.", v.Number+1, to.run(v.Campaign, v.Campaign),
		counts[fleet.Running], counts[fleet.Held], counts[fleet.Waiting], counts[fleet.Succeeded], counts[fleet.Failed],
		counts[fleet.UpToDate])
	d.part()
	if v.Unread > 0 {
		d.say("**%d** are not read yet.", v.Unread)
	}
	d.say("Instructions are given to the campaign, or to a target's own run.")
	heldRows(d, held, len(held))
	d.table("Blocked by a health check", []string{"target", "check", "since, UTC", "why"}, blocked, len(blocked))
	d.table("Running", []string{"target", "attempt"}, running, counts[fleet.Running])
	d.table("Unavailable", []string{"target", "gateway", "blocker", "why"}, unavailable, barred)
	return d.text.String()
}
