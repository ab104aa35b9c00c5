package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/markdown"
	"github.com/tidegate/tidegate/workflows/api"
)

// staticSummary is the line by which the Web UI lists a run. Temporal takes 200
// bytes; a name has at most 63.
func staticSummary(t maintenance.Target) string {
	return fmt.Sprintf("Maintenance of %s (%s)", t.Name, t.Gateway.ID())
}

// staticDetails say, as Markdown, what was asked for. Temporal takes 20 kB.
func staticDetails(in api.MaintenanceInput) string {
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
