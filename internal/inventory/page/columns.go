// Package page writes a judged inventory as CSV, as an HTML page, and as the first plan file. It reads
// no cloud. Start at CSV, HTML and Plan.
package page

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// column is one of a table of gateways or proxies: its name and what stands in it.
type column struct {
	name string
	of   func(item) string
}

// item is a gateway or a proxy.
type item struct {
	gateway *inventory.JudgedGateway
	proxy   *inventory.JudgedProxy
}

func items(d inventory.Document) []item {
	all := make([]item, 0, len(d.Gateways)+len(d.Proxies))
	for i := range d.Gateways {
		all = append(all, item{gateway: &d.Gateways[i]})
	}
	for i := range d.Proxies {
		all = append(all, item{proxy: &d.Proxies[i]})
	}
	return all
}

// either is a column that both have.
func either(name string, g func(*inventory.JudgedGateway) string, p func(*inventory.JudgedProxy) string) column {
	return column{name, func(i item) string {
		switch {
		case i.gateway != nil && g != nil:
			return g(i.gateway)
		case i.proxy != nil && p != nil:
			return p(i.proxy)
		}
		return ""
	}}
}

type (
	gatewayText = func(*inventory.JudgedGateway) string
	proxyText   = func(*inventory.JudgedProxy) string
)

// columns are those of the CSV form. They are added to, and never renamed.
func columns() []column {
	g := func(name string, of gatewayText) column { return either(name, of, nil) }
	p := func(name string, of proxyText) column { return either(name, nil, of) }
	return []column{
		{"what", func(i item) string {
			if i.proxy != nil {
				return "proxy"
			}
			return "gateway"
		}},
		either("urgency", func(g *inventory.JudgedGateway) string { return string(g.Urgency) },
			func(p *inventory.JudgedProxy) string { return string(p.Urgency) }),
		either("findings", func(g *inventory.JudgedGateway) string { return kinds(g.Findings) },
			func(p *inventory.JudgedProxy) string { return kinds(p.Findings) }),
		either("account", func(g *inventory.JudgedGateway) string { return g.Account },
			func(p *inventory.JudgedProxy) string { return p.Account }),
		either("region", func(g *inventory.JudgedGateway) string { return g.Region },
			func(p *inventory.JudgedProxy) string { return p.Region }),
		either("id", func(g *inventory.JudgedGateway) string { return g.ID },
			func(p *inventory.JudgedProxy) string { return p.ID }),
		either("name", func(g *inventory.JudgedGateway) string { return g.Name },
			func(p *inventory.JudgedProxy) string { return p.Name }),
		g("type", func(g *inventory.JudgedGateway) string { return g.Type }),
		either("state", State, func(p *inventory.JudgedProxy) string { return p.Status }),
		either("version", func(g *inventory.JudgedGateway) string { return g.SoftwareVersion }, current),
		p("newest_version", newest),
		g("update_on_offer", func(g *inventory.JudgedGateway) string { return g.NextUpdateAvailable }),
		g("update_days", func(g *inventory.JudgedGateway) string { return number(g.UpdateDays) }),
		g("last_update", func(g *inventory.JudgedGateway) string { return g.LastSoftwareUpdate }),
		g("last_update_days", func(g *inventory.JudgedGateway) string { return number(g.SoftwareDays) }),
		g("software_updates_end", func(g *inventory.JudgedGateway) string { return g.SoftwareUpdatesEnd }),
		g("software_updates_end_days", func(g *inventory.JudgedGateway) string { return number(g.SupportDays) }),
		g("deprecation", func(g *inventory.JudgedGateway) string { return g.Deprecation }),
		g("deprecation_days", func(g *inventory.JudgedGateway) string { return number(g.FixesDays) }),
		g("automatic_updates", Automatic),
		g("window", func(g *inventory.JudgedGateway) string { return g.Window }),
		g("next_window_utc", Next),
		g("host", func(g *inventory.JudgedGateway) string { return g.Host }),
		g("ec2_instance", func(g *inventory.JudgedGateway) string { return g.EC2Instance }),
		g("endpoint", func(g *inventory.JudgedGateway) string { return cmp.Or(g.VPCEndpoint, g.Endpoint) }),
		g("capacity", func(g *inventory.JudgedGateway) string { return g.Capacity }),
		g("volumes", func(g *inventory.JudgedGateway) string { return Volumes(g) }),
		g("initiators", Initiators),
		p("instance", func(p *inventory.JudgedProxy) string { return p.Instance.ID }),
		p("nodes", Nodes),
		p("upgrade_scheduled", Scheduled),
		g("tags", func(g *inventory.JudgedGateway) string { return Tags(g.Tags) }),
		either("reason", func(g *inventory.JudgedGateway) string { return inventory.Reasons(g.Findings) },
			func(p *inventory.JudgedProxy) string { return inventory.Reasons(p.Findings) }),
	}
}

func kinds(all []inventory.Finding) string {
	var words []string
	for _, f := range all {
		if !slices.Contains(words, string(f.Kind)) {
			words = append(words, string(f.Kind))
		}
	}
	return strings.Join(words, " ")
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func current(p *inventory.JudgedProxy) string {
	if p.Kernel == nil {
		return ""
	}
	return p.Kernel.Current
}

func newest(p *inventory.JudgedProxy) string {
	if p.Kernel == nil {
		return ""
	}
	return p.Kernel.Latest
}

// State is a gateway's state as AWS spells it, or that it is not connected or not known.
func State(g *inventory.JudgedGateway) string {
	if g.Connection != inventory.Connected {
		return string(g.Connection)
	}
	return cmp.Or(g.State, "unknown")
}

// Automatic is what AWS does on its own; empty: it does not say.
func Automatic(g *inventory.JudgedGateway) string {
	if g.Schedule == nil {
		return ""
	}
	return string(g.Schedule.AutomaticUpdates)
}

// Next is the start of the next window that can be used, in UTC.
func Next(g *inventory.JudgedGateway) string {
	if g.NextWindow == nil {
		return ""
	}
	return g.NextWindow.Start.UTC().Format("2006-01-02 15:04Z")
}

// Volumes are how many of the volumes are available, and the others' status.
func Volumes(g *inventory.JudgedGateway) string {
	if g.Volumes == nil {
		return ""
	}
	available := 0
	var others []string
	for _, v := range g.Volumes {
		if v.Available() {
			available++
		} else {
			others = append(others, cmp.Or(v.Status, "unknown"))
		}
	}
	text := fmt.Sprintf("%d of %d available", available, len(g.Volumes))
	if len(others) > 0 {
		text += ": " + strings.Join(others, ", ")
	}
	return text
}

// Initiators are how many are connected to all volumes of which that is known.
func Initiators(g *inventory.JudgedGateway) string {
	n, known := 0, false
	for _, v := range g.Volumes {
		n, known = n+len(v.Initiators), known || v.Initiators != nil
	}
	if !known {
		return ""
	}
	return strconv.Itoa(n)
}

// Nodes are how many of a proxy's nodes are ACTIVE.
func Nodes(p *inventory.JudgedProxy) string {
	active := 0
	for _, n := range p.Nodes {
		if n.Status == "ACTIVE" {
			active++
		}
	}
	return fmt.Sprintf("%d of %d active", active, len(p.Nodes))
}

// Scheduled is whether an upgrade waits in the console.
func Scheduled(p *inventory.JudgedProxy) string {
	switch {
	case p.Scheduled == nil:
		return "unknown"
	case *p.Scheduled:
		return "yes"
	}
	return "no"
}

// Tags are key=value, sorted.
func Tags(tags map[string]string) string {
	words := make([]string, 0, len(tags))
	for key, value := range tags {
		words = append(words, key+"="+value)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// CSV is a row for each gateway and each proxy, the most urgent gateways first.
func CSV(d inventory.Document) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	var head []string
	for _, c := range columns() {
		head = append(head, c.name)
	}
	rows := [][]string{head}
	for _, i := range items(d) {
		row := make([]string, 0, len(head))
		for _, c := range columns() {
			row = append(row, harmless(c.of(i)))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the inventory as CSV: %w", err)
	}
	return out.Bytes(), nil
}

// harmless keeps a spreadsheet from taking a cell for a formula: an apostrophe stands before what may
// be one, wherever blanks and characters that are not shown put it. Numbers below 0 stay.
func harmless(cell string) string {
	start := strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\ufeff\u200b")
	if start == "" {
		return cell
	}
	if _, err := strconv.Atoi(cell); err == nil {
		return cell
	}
	if strings.ContainsAny(start[:1], "=+-@|%") || start != cell || strings.HasPrefix(start, "＝") {
		return "'" + cell
	}
	return cell
}

// asOf is the time of an inventory, for people.
func asOf(d inventory.Document) string { return d.AsOf.UTC().Format(time.RFC3339) }
