package planfile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/strict"
)

// Whatever is read, there is no panic: either a plan that a campaign can be
// started with, or faults that each have their place.
func FuzzParse(f *testing.F) {
	for _, text := range examples(f) {
		f.Add(string(text))
	}
	for _, text := range []string{
		"", "# nothing", "---\n---\n", "%YAML 1.2\n---\na: b", "[a", "a: &x [*x]\nb: *x", "? [a]\n: b", "<<: {a: b}", "a: !!binary |\n  x",
		head + "targets:\n" + target("a", arnB, proxies(instance3+"/all")),
		head + "freezes: [{from: 2026-12-24, zone: Europe/Berlin}]\nselectors: [{account: prod, tags: {a: \"*\"}, proxies: [{account: hw, instanceTag: x}]}]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := planfile.Parse("p.yaml", []byte(text), planfile.Options{Now: now, Dir: examplesDir})
		if err == nil {
			require.NoError(t, p.Policy.Validate())
			require.NoError(t, p.Rollout.Validate())
			require.NotEmpty(t, p.Name)
			for _, target := range p.Targets {
				require.True(t, slices.IsSorted(p.Keys(target)))
			}
			_, err := json.Marshal(p)
			require.NoError(t, err)
			return
		}
		var faults *strict.FaultsError
		require.ErrorAs(t, err, &faults)
		lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r")
		for _, fault := range faults.Faults {
			require.Positive(t, fault.Line)
			require.LessOrEqual(t, fault.Line, lines)
			require.Positive(t, fault.Column)
			require.NotEmpty(t, fault.Problem)
			require.Equal(t, "p.yaml", fault.File)
		}
	})
}
