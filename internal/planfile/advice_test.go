package planfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
)

// What is allowed and may not be meant is said, and travels with the plan.
func TestWarnings(t *testing.T) {
	t.Parallel()
	named := func(n int) string {
		var b strings.Builder
		b.WriteString("targets:\n")
		for i := range n {
			b.WriteString(target(fmt.Sprintf("t-%d", i), fmt.Sprintf("%s%08X", arnB[:len(arnB)-8], i)))
		}
		return b.String()
	}
	const found = "selectors: [{account: prod}]\n"
	const bakes = "checks: [{name: a, at: [after, bake], gateway: {initiators: as-before}}, {name: b, at: [after], gateway: {volumes: available}}]\n"
	for name, tc := range map[string]struct {
		text string
		want []string // each within one warning, in order
	}{
		"none":                         {"rollout: {waves: [1, 10%, 40%]}\n" + named(20), nil},
		"equal waves":                  {"rollout: {waves: [5, 5, 5, 5]}\n" + named(20), nil},
		"rounding is no sum":           {"rollout: {waves: [33%, 33%, 34%]}\n" + named(10), nil},
		"shrinking percentages":        {"rollout: {waves: [50%, 10%]}\n" + named(20), []string{`p.yaml:4:24: rollout.waves[1]: "10%" is smaller than the wave before it, 50%: must be the size of this wave alone, not a running total; these waves have 10, 2 and 8 of 20 targets`}},
		"shrinking in rounded numbers": {"rollout: {waves: [50%, 10%]}\n" + named(1), []string{`"10%" is smaller than the wave before it, 50%: must be the size of this wave alone, not a running total; these waves have 1 and 0 of 1 target`}},
		"shrinking numbers":            {"rollout: {waves: [3, 1]}\n" + named(20), []string{`rollout.waves[1]: "1" is smaller than the wave before it, 3: must be the size of this wave alone, not a running total; these waves have 3, 1 and 16 of 20 targets`}},
		"shrinking in a small fleet":   {"rollout: {waves: [3, 10%]}\n" + named(20), []string{`"10%" is smaller than the wave before it, 3`}},
		"growing in a large fleet":     {"rollout: {waves: [3, 10%]}\n" + named(40), nil},
		"sums":                         {"rollout: {waves: [10%, 50%, 100%]}\n" + named(10), []string{`rollout.waves[2]: "100%" and the waves before it add up to more than the whole fleet: must be the size of this wave alone, not a running total; these waves have 1, 5 and 4 of 10 targets`}},
		"more than there are":          {"rollout: {waves: [2, 5]}\n" + named(3), []string{`rollout.waves[1]: "5" and the waves before it add up to more than the whole fleet`}},
		"a great many":                 {"rollout: {waves: [1" + strings.Repeat(", 1", 2000) + "]}\n" + named(3), []string{`these waves have 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 and 0 (the first 20 of 2001 waves) of 3 targets`}},
		"just all":                     {"rollout: {waves: [1, 2]}\n" + named(3), nil},
		"found, shrinking":             {"rollout: {waves: [50%, 10%]}\n" + found, []string{`p.yaml:4:24: rollout.waves[1]: "10%" is smaller than the wave before it, 50%: must be the size of this wave alone, not a running total`}},
		"found, not to be compared":    {"rollout: {waves: [50, 10%]}\n" + found, nil},
		"found, more than the whole":   {"rollout: {waves: [1, 60%, 60%]}\n" + found, []string{`rollout.waves[2]: "60%" and the waves before it`}},
		"found, numbers":               {"rollout: {waves: [1, 5, 500]}\n" + found, nil},
		"a deadline below an attempt":  {"limits: {updateDeadline: 20s, updateStart: 10s}\n" + found, []string{`p.yaml:4:26: limits.updateDeadline: "20s" is shorter than one attempt may take: must be at least limits.attempt, 1m30s`}},
		"the others":                   {"limits: {attempt: 10m, snapshotDeadline: 1m, compensationDeadline: 2m}\nproxies: {deadline: 3m}\n" + found, []string{"limits.snapshotDeadline", "limits.compensationDeadline", "proxies.deadline"}},
		"a freeze of last year":        {"freezes: [{from: 2025-12-24, to: 2025-12-26, zone: Europe/Berlin}]\n" + found, []string{"p.yaml:4:12: freezes[0]: freezes nothing: it ended 2025-12-26T23:00:00Z: must be in the future; check the year"}},
		"a lead beyond the time limit": {"approvals: {lead: 96h, timeLimit: 72h}\n" + found, []string{`p.yaml:4:19: approvals.lead: "96h" is longer than approvals.timeLimit: without an approval in time, the campaign ends before its first window: must be at most approvals.timeLimit, 72h`}},
		"a lead of its own":            {"approvals: {timeLimit: 24h}\n" + found, nil},
		"freezes that are gone":        {"freezes:\n" + found, []string{"p.yaml:4:1: freezes: has no value and is ignored"}},
		"bakes":                        {"rollout: {waves: [1], bake: 1h}\n" + bakes + named(2), nil},
		"found, bakes":                 {"rollout: {waves: [1], bake: 1h}\n" + bakes + found, nil},
		"found, a percentage bakes":    {"rollout: {waves: [99%], bake: 1h}\n" + bakes + found, nil},
		"nothing follows":              {"rollout: {bake: 1h}\n" + bakes + named(2), []string{`p.yaml:5:32: checks[0].at[1]: "bake" is never asked: there is one wave, and no wave follows that the check could keep shut: must be after or campaign, unless rollout.waves makes several waves`}},
		"a wave of all":                {"rollout: {waves: [2], bake: 1h}\n" + bakes + named(2), []string{`"bake" is never asked`}},
		"found, a wave of all":         {"rollout: {waves: [100%], bake: 1h}\n" + bakes + found, []string{`"bake" is never asked`}},
		"no time to bake":              {"rollout: {waves: [1]}\n" + bakes + named(2), []string{`checks[0].at[1]: "bake" is asked only once, when a wave has ended: rollout.bake is 0s: must be after or campaign, unless rollout.bake is given`}},
		"a mute twice":                 {"mute: [{alarms: {prefix: 'a-{{name}}'}}, {alarms: {prefix: 'b-{{name}}'}}, {alarms: {prefix: 'a-{{name}}'}}]\n" + found, []string{"mute[2]: is the same as mute[0]: must be given once"}},
		"a freeze under way":           {"freezes: [{from: 2026-11-01, to: 2026-11-22, zone: Europe/Berlin}]\n" + found, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parse(head + tc.text)
			require.NoError(t, err)
			require.Len(t, p.Warnings, len(tc.want), p.Warnings)
			for i, want := range tc.want {
				require.Contains(t, p.Warnings[i], want)
			}
		})
	}
}

// A campaign carries its plan's warnings: they are bounded.
func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	p, err := planfile.Parse("p.yaml", []byte(head+"freezes:\n"+strings.Repeat("  - {from: 2025-12-24, zone: UTC}\n", 400)+"selectors: [{account: prod}]\n"), planfile.Options{Now: now})
	require.NoError(t, err)
	require.Len(t, p.Warnings, 31)
	require.Equal(t, "warnings left out: 370", p.Warnings[30])
}

// What is asked for where another field is the bound can be fulfilled.
func TestRangesThatFollowFromOtherFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"window: {duration: 1m, cutoff: 10s}":               `p.yaml:4:32: window.cutoff: invalid value "10s": must be 0s, which is a minute less than the window's duration`,
		"window: {duration: 1h, cutoff: 2h}":                `window.cutoff: invalid value "2h": must be 0s to 59m, which is a minute less than the window's duration`,
		"window: {duration: 1h}\nlimits: {updateDelay: 1h}": `p.yaml:5:23: limits.updateDelay: invalid value "1h": must be less than 30m, the part of the window before its cutoff; otherwise no update would ever start`,
		"window: {duration: 30s, cutoff: 10s}":              `p.yaml:4:20: window.duration: invalid value "30s": must be 1m to 24h`,
		"limits: {updateDeadline: 0s}":                      `p.yaml:4:26: limits.updateDeadline: invalid value "0s": must be 1s to 24h`,
		"limits: {pace: {min: 1m, max: 1s}}":                `limits.pace.min: invalid value "1m": must be 1ms to 1s, which is the pace's max`,
		"limits: {pace: {min: 1s, max: 0.1ms}}":             `limits.pace.max: invalid value "0.1ms": must be 1ms to 1h`,
		"limits: {updateDeadline: 1s, updateStart: 2s}":     `limits.updateStart: invalid value "2s": must be 1s, which is the update's deadline`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := parse(head + text + "\nselectors: [{account: prod}]\n")
			require.ErrorContains(t, err, want)
		})
	}
}
