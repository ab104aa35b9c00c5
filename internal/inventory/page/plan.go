package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/printer"
)

// Draft is what the first plan is made of.
type Draft struct {
	Name string // of the campaign
	// GroupBy is the key of an AWS tag: gateways with the same value are written together, with it as a
	// label, and never maintained at once. Empty: no groups.
	GroupBy string
	// Bake is how long each wave is watched, such as 24h.
	Bake string
}

// maxNoted bounds how many gateways that are left out are named in the plan.
const maxNoted = 100

// Plan is a plan file for the gateways that were found: a canary first, then the rest. What cannot be
// maintained is left out, and a comment says why. It gives the number of targets too.
func Plan(d inventory.Document, draft Draft) (text string, targets int) {
	var b strings.Builder
	usable, out := usable(d)
	fmt.Fprintf(&b, "# Made by tidegate inventory from what was found at %s. Read it before you run it: what a plan says and\n", asOf(d))
	b.WriteString("# its defaults are in docs/reference/plan.md. To check it: tidegate validate FILE; to preview it: tidegate plan FILE\n")
	b.WriteString("apiVersion: tidegate/v1\n")
	fmt.Fprintf(&b, "name: %s\n\naccounts:\n  aws:\n", quoted(draft.Name))
	for _, a := range d.Accounts {
		used := func(g inventory.JudgedGateway) bool { return g.Account == a.Name }
		if a.Cloud == inventory.AWS && slices.ContainsFunc(usable, used) {
			fmt.Fprintf(&b, "    - {name: %s, region: %s}\n", quoted(a.Name), quoted(a.Region))
		}
	}
	b.WriteString("\nwindow:\n  duration: 4h         # AWS knows a window's start alone\n")
	b.WriteString("\nrollout:\n")
	if len(usable) > 1 {
		b.WriteString("  waves: [1]           # the first target is the canary: put one first that may fail; the rest is the second wave\n")
		fmt.Fprintf(&b, "  bake: %-15s# how long the canary is watched before the rest starts\n", cmp.Or(draft.Bake, "24h"))
	}
	b.WriteString("  maxConcurrent: 2\n  maxFailures: 1\n")
	if slices.ContainsFunc(usable, func(g inventory.JudgedGateway) bool { return label(g, draft.GroupBy) != "" }) {
		fmt.Fprintf(&b, "  constraintKey: %s\n", quoted(draft.GroupBy))
	}
	b.WriteString("\ntargets:\n")
	slices.SortStableFunc(usable, func(a, c inventory.JudgedGateway) int {
		return cmp.Or(strings.Compare(label(a, draft.GroupBy), label(c, draft.GroupBy)),
			strings.Compare(a.Label(), c.Label()), strings.Compare(a.ARN, c.ARN))
	})
	names := map[string]bool{}
	for i, g := range usable {
		group := label(g, draft.GroupBy)
		if draft.GroupBy != "" && (i == 0 || label(usable[i-1], draft.GroupBy) != group) {
			fmt.Fprintf(&b, "  # %s\n", comment(draft.GroupBy+": "+cmp.Or(group, "no such tag")))
		}
		writeTarget(&b, g, unique(names, g), draft.GroupBy, group)
	}
	writeLeftOut(&b, out)
	if n := len(d.Proxies); n > 0 {
		fmt.Fprintf(&b, "\n# %s: which gateway they belong to, no cloud says. To maintain them with a target, add\n"+
			"# proxies: to it (docs/reference/plan.md).\n",
			maintenance.Counted(n, "TaurusDB proxy was found", "TaurusDB proxies were found"))
	}
	return b.String(), len(usable)
}

func writeTarget(b *strings.Builder, g inventory.JudgedGateway, name, key, group string) {
	fmt.Fprintf(b, "  - name: %s", quoted(name))
	if len(g.Findings) > 0 {
		fmt.Fprintf(b, "  # %s: %s", g.Urgency, comment(inventory.Reasons(g.Findings)))
	}
	fmt.Fprintf(b, "\n    gateway: {account: %s, arn: %s}\n", quoted(g.Account), quoted(g.ARN))
	if group != "" {
		fmt.Fprintf(b, "    labels: {%s: %s}\n", quoted(key), quoted(group))
	}
}

func writeLeftOut(b *strings.Builder, out []string) {
	if len(out) == 0 {
		return
	}
	fmt.Fprintf(b, "\n# Left out: %s\n", maintenance.Counted(len(out), "gateway", "gateways"))
	for _, line := range out[:min(len(out), maxNoted)] {
		fmt.Fprintf(b, "#   %s\n", comment(line))
	}
	if more := len(out) - maxNoted; more > 0 {
		fmt.Fprintf(b, "#   and %d more\n", more)
	}
}

// usable are the gateways that a maintenance could start on, and why the others are none.
func usable(d inventory.Document) (usable []inventory.JudgedGateway, out []string) {
	for _, g := range d.Gateways {
		why := ""
		switch arn, err := maintenance.ParseGatewayARN(g.ARN); {
		case g.Connection != inventory.Connected:
			why = "it is " + string(g.Connection)
			if g.Connection == inventory.NotKnown {
				why = "it could not be described"
			}
		case g.NextWindow == nil:
			why = "it has no window that is understood"
		case err != nil:
			why = "its ARN is not understood"
		case arn.Region != g.Region:
			why = "it is in another region than its account"
		}
		if why == "" {
			usable = append(usable, g)
		} else {
			out = append(out, fmt.Sprintf("%s (%s): %s", g.ID, g.Label(), why))
		}
	}
	return usable, out
}

// maxLabel is how many bytes a label's value has at most in a plan.
const maxLabel = 256

func label(g inventory.JudgedGateway, key string) string {
	if value := g.Tags[key]; key != "" && len(value) <= maxLabel {
		return value
	}
	return ""
}

var notInNames = regexp.MustCompile(`[^a-z0-9._-]+`)

// maxName is how many characters a target's name has at most.
const maxName = 63

// unique is a target's name: the gateway's, as far as a plan allows its characters, and its id where
// that is taken or says nothing.
func unique(names map[string]bool, g inventory.JudgedGateway) string {
	id := strings.ToLower(g.ID)
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(g.Name), "-"), "-._")
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName], "-._")
	}
	if name == "" || names[name] {
		name = id
	}
	for n := 2; names[name]; n++ {
		name = fmt.Sprintf("%s-%d", id, n)
	}
	names[name] = true
	return name
}

// quoted is a text as YAML reads it again: JSON's quotes are YAML's.
func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil { // no text fails
		return `""`
	}
	if plain.MatchString(text) {
		return text
	}
	return string(encoded)
}

// plain are texts that need no quotes in YAML, and are no number, date or boolean.
var plain = regexp.MustCompile(`^[a-z]+-[a-z0-9-]*[a-z0-9]$`)

// comment is a text in one line.
func comment(text string) string {
	const most = 300
	line := []rune(printer.Line(strings.ReplaceAll(text, "\r", " ")))
	if len(line) > most {
		line = append(line[:most], '…')
	}
	return string(line)
}
