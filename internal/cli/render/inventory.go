package render

import (
	"cmp"
	"fmt"
	"strings"

	shown "github.com/tidegate/tidegate/internal/inventory/page"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/printer"
)

// PrintInventory prints a judged inventory, the most urgent first: what a person needs to decide, or
// with wide all that was found.
func PrintInventory(p printer.Printer, d inventory.Document, wide bool) {
	if len(d.Gateways) > 0 {
		p.Table(gatewayHead(wide), rowsOf(d.Gateways, func(g *inventory.JudgedGateway) []string {
			return gatewayRow(g, wide)
		}))
	}
	if len(d.Proxies) > 0 {
		if len(d.Gateways) > 0 {
			p.Linef("")
		}
		head := []string{
			"PROXY", "JUDGED", "ACCOUNT", "INSTANCE", "STATUS", "VERSION", "NEWEST", "SCHEDULED", "NODES", "WHY",
		}
		p.Table(head, rowsOf(d.Proxies, proxyRow))
	}
	unread := d.AllUnread()
	printer.Section(p, unread, []string{"NOT READ", "ACCOUNT", "WHY"}, func(u inventory.Unread) []string {
		return []string{u.What, cmp.Or(u.Account, "-"), u.Why}
	})
	hits := func(head string, all []inventory.Hit) {
		printer.Section(p, all, []string{head, "CONDITION", "ACCOUNT", "WHY"}, func(h inventory.Hit) []string {
			return []string{cmp.Or(h.Name, h.ID), h.Condition, h.Account, h.Reason}
		})
	}
	hits("FAILING", d.Failing)
	hits("UNDECIDED", d.Undecided)
	if len(d.Gateways)+len(d.Proxies)+len(unread) > 0 {
		p.Linef("")
	}
	p.Linef("%s", inventorySummary(d))
}

func inventorySummary(d inventory.Document) string {
	s := d.Summary
	text := fmt.Sprintf("%s, %s: %d urgent, %d soon, %d unknown, %d notice, %d up to date.",
		maintenance.Counted(s.Gateways, "gateway", "gateways"), maintenance.Counted(s.Proxies, "proxy", "proxies"),
		s.Urgent, s.Soon, s.Unknown, s.Notice, s.UpToDate)
	switch {
	case d.Interrupted:
		text += " Interrupted: this is what was read until then."
	case !d.Complete():
		text += " Not everything could be read."
	}
	return text
}

func rowsOf[T any](all []T, row func(*T) []string) [][]string {
	rows := make([][]string, 0, len(all))
	for i := range all {
		rows = append(rows, row(&all[i]))
	}
	return rows
}

func gatewayHead(wide bool) []string {
	head := []string{"GATEWAY", "JUDGED", "ID", "ACCOUNT", "TYPE", "STATE", "VERSION", "UPDATE", "SUPPORT", "NEXT WINDOW"}
	if wide {
		head = append(head, "WINDOW", "AUTOMATIC", "LAST UPDATE", "REGION", "HOST", "CAPACITY", "ENDPOINT",
			"VOLUMES", "INITIATORS", "TAGS")
	}
	return append(head, "WHY")
}

func gatewayRow(g *inventory.JudgedGateway, wide bool) []string {
	dash := func(text string) string { return cmp.Or(text, "-") }
	row := []string{
		g.Label(), string(g.Urgency), g.ID, g.Account, g.Type, shown.State(g), dash(g.SoftwareVersion),
		waiting(g), support(g), dash(shown.Next(g)),
	}
	if wide {
		row = append(row, dash(g.Window), dash(shown.Automatic(g)), dash(g.LastSoftwareUpdate), dash(g.Region),
			dash(strings.TrimSpace(g.Host+" "+g.EC2Instance)), dash(g.Capacity), dash(cmp.Or(g.VPCEndpoint, g.Endpoint)),
			dash(shown.Volumes(g)), dash(shown.Initiators(g)), dash(shown.Tags(g.Tags)))
	}
	return append(row, dash(inventory.Reasons(g.Findings)))
}

// waiting is for how many days an update waits.
func waiting(g *inventory.JudgedGateway) string {
	switch {
	case !g.Described:
		return "unknown"
	case !g.UpdateOffered():
		return "-"
	case g.UpdateDays == nil:
		return "yes"
	}
	return fmt.Sprintf("%dd", *g.UpdateDays)
}

// support is for how many days AWS still gives updates: the nearer of both dates.
func support(g *inventory.JudgedGateway) string {
	days := g.SupportDays
	if days == nil || g.FixesDays != nil && *g.FixesDays < *days {
		days = g.FixesDays
	}
	switch {
	case days != nil:
		return fmt.Sprintf("%dd", *days)
	case !g.Described || g.SoftwareUpdatesEnd != "" || g.Deprecation != "":
		return "unknown"
	}
	return "-"
}

func proxyRow(p *inventory.JudgedProxy) []string {
	version, newest := "unknown", "unknown"
	if p.Kernel != nil {
		version, newest = cmp.Or(p.Kernel.Current, "unknown"), cmp.Or(p.Kernel.Latest, "unknown")
	}
	return []string{
		cmp.Or(p.Name, p.ID), string(p.Urgency), p.Account, cmp.Or(p.Instance.Name, p.Instance.ID),
		cmp.Or(p.Status, "unknown"), version, newest, shown.Scheduled(p), shown.Nodes(p), cmp.Or(inventory.Reasons(p.Findings), "-"),
	}
}
