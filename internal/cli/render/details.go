package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/markdown"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// CampaignSummary is the line by which the Web UI lists a campaign. Temporal
// takes 200 bytes; a name has at most 63.
func CampaignSummary(p plan.Plan) string {
	return fmt.Sprintf("Campaign %s: %s", p.Name, p.Summary())
}

// mostListed is how many targets, freezes and selectors a campaign's details name.
const mostListed = 50

// CampaignDetails say, as Markdown, what was asked for.
func CampaignDetails(p plan.Plan, digest string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Campaign **%s**\n\n- plan file SHA-256 `%s`\n- %s\n", p.Name, digest, p.Summary())
	policyDetails(&b, p)
	listDetails(&b, "Freezes", p.Policy.Freezes, freezeText)
	listDetails(&b, "Targets", p.Targets, targetText)
	listDetails(&b, "Selectors", p.Selectors, selectorText)
	return bounded(b.String())
}

func policyDetails(b *strings.Builder, p plan.Plan) {
	r := p.Rollout
	fmt.Fprintf(b, "- window %s long, cutoff %s, at its end %s\n", p.Policy.WindowLength, p.Policy.Cutoff,
		p.Policy.OnWindowEnd)
	fmt.Fprintf(b, "- waves %s, bake %s\n", wavesText(r.Waves), r.Bake)
	fmt.Fprintf(b, "- max concurrent %d, error budget %s%s\n", r.MaxConcurrent, r.MaxFailures,
		printer.Prefixed(", constraint key ", markdown.Plain(r.ConstraintKey)))
	fmt.Fprintf(b, "- snapshot %s, on failure %s\n", p.Policy.Snapshot, p.Policy.OnFailure)
	if a := p.Approvals; a.Count > 0 {
		each := "the campaign"
		if a.EachWave {
			each = "each wave"
		}
		fmt.Fprintf(b, "- approvals before %s: %d, requested %s before the first window, time limit %s\n", each, a.Count, a.Lead, a.TimeLimit)
	}
	for _, n := range p.Notify {
		on := make([]string, 0, len(n.On))
		for _, event := range n.On {
			on = append(on, string(event))
		}
		fmt.Fprintf(b, "- notifies `%s` of %s\n", n.Channel, strings.Join(on, ", "))
	}
}

func wavesText(waves []maintenance.Share) string {
	texts := make([]string, 0, len(waves)+1)
	for _, w := range waves {
		texts = append(texts, w.String())
	}
	return strings.Join(append(texts, "the rest"), ", ")
}

// listDetails lists some things under a title, a line each; of many the first ones.
func listDetails[T any](b *strings.Builder, title string, all []T, line func(T) string) {
	for i, one := range all {
		switch i {
		case 0:
			b.WriteString("\n" + title + ":\n\n")
		case mostListed:
			fmt.Fprintf(b, "- and %d more\n", len(all)-mostListed)
			return
		}
		b.WriteString("- " + line(one) + "\n")
	}
}

func freezeText(z maintenance.Freeze) string {
	return fmt.Sprintf("%s to %s%s", printer.Clock(&z.From), printer.Clock(&z.To), printer.Prefixed(": ", markdown.Plain(z.Reason)))
}

func targetText(t maintenance.Target) string {
	text := fmt.Sprintf("**%s** `%s` in account `%s`", t.Name, t.Gateway.ID(), t.Gateway.Account)
	if n := len(t.Proxies); n > 0 {
		text += ", proxies: " + strconv.Itoa(n)
	}
	return text
}

func selectorText(s plan.Selector) string {
	parts := []string{"account `" + s.Account + "`"}
	if len(s.Types) > 0 {
		parts = append(parts, "types "+strings.Join(s.Types, ", "))
	}
	if s.Name != "" {
		parts = append(parts, "name "+markdown.Code(s.Name))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		parts = append(parts, "tag "+markdown.Code(key+"="+s.Tags[key]))
	}
	if s.UpdateAvailable {
		parts = append(parts, "with an available update")
	}
	for _, x := range s.Proxies {
		parts = append(parts, fmt.Sprintf("proxy %s of %s", cmp.Or(x.ProxyID, plan.AllProxies), markdown.Code(cmp.Or(x.InstanceID, "tag "+x.InstanceTag))))
	}
	return strings.Join(parts, ", ")
}

// MaintenanceSummary is the line by which the Web UI lists a run. Temporal takes 200
// bytes; a name has at most 63.
func MaintenanceSummary(t maintenance.Target) string {
	return fmt.Sprintf("Maintenance of %s (%s)", t.Name, t.Gateway.ID())
}

// MaintenanceDetails say, as Markdown, what was asked for. Temporal takes 20 kB.
func MaintenanceDetails(in api.MaintenanceInput) string {
	var b strings.Builder
	t := in.Target
	fmt.Fprintf(&b, "Maintenance of **%s**\n\n- gateway `%s` in account `%s`\n", t.Name, t.Gateway.ARN, t.Gateway.Account)
	for _, p := range t.Proxies {
		version := p.Version
		if version == "" {
			version = maintenance.Latest
		}
		fmt.Fprintf(&b, "- proxy `%s` of instance `%s` in account `%s`, to version %s\n", p.ProxyID, p.InstanceID, p.Account, markdown.Plain(version))
	}
	for _, key := range slices.Sorted(maps.Keys(t.Labels)) {
		fmt.Fprintf(&b, "- label %s\n", markdown.Code(key+"="+t.Labels[key]))
	}
	// A policy is plain data: it always encodes.
	if policy, err := yaml.Marshal(in.Policy); err == nil {
		b.WriteString("\nPolicy:\n\n" + markdown.Block("yaml", string(policy)))
	}
	return bounded(b.String())
}

// bounded cuts details to what Temporal takes.
func bounded(details string) string {
	const most = 19_000
	if len(details) > most {
		return strings.ToValidUTF8(details[:most], "") + "\n(cut)\n"
	}
	return details
}
