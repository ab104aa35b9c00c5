package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// cut is a fleet in the parts that a function takes of it.
func cut(fleet []maintenance.Target, first func([]maintenance.Target) int) (parts [][]maintenance.Target) {
	for len(fleet) > 0 {
		n := first(fleet)
		parts, fleet = append(parts, fleet[:n]), fleet[n:]
	}
	return parts
}

// fleets are targets with any number of proxies, of which neighbours may share an instance, and with
// labels of any length.
func fleets() *rapid.Generator[[]maintenance.Target] {
	return rapid.Custom(func(t *rapid.T) (all []maintenance.Target) {
		for i := range rapid.IntRange(0, 600).Draw(t, "targets") {
			one := maintenance.Target{Name: fmt.Sprintf("t-%d", i)}
			for p := range rapid.IntRange(0, 1).Draw(t, "has proxies") * rapid.IntRange(0, 12).Draw(t, "proxies") {
				one.Proxies = append(one.Proxies, maintenance.ProxyRef{
					InstanceID: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "instance")), ProxyID: fmt.Sprint(p),
				})
			}
			if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
				one.Labels = map[string]string{"note": strings.Repeat("x", rapid.IntRange(0, 8000).Draw(t, "length"))}
			}
			all = append(all, one)
		}
		return all
	})
}

func TestEveryTargetIsInOneBatchThatWeighsLittleEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fleet := fleets().Draw(t, "fleet")
		for _, limit := range []struct {
			first  func([]maintenance.Target) int
			weight func(maintenance.Target) int
			most   int
		}{
			{api.FirstBatch, api.Weight, api.BatchWeight},
			{api.Page, func(maintenance.Target) int { return 1 }, api.PageSize},
		} {
			var order []maintenance.Target
			parts := cut(fleet, limit.first)
			for i, part := range parts {
				order = append(order, part...)
				require.LessOrEqual(t, sum(part, limit.weight), limit.most)
				require.LessOrEqual(t, sum(part, size), 250_000)
				require.Less(t, len(part), api.LineSpace)
				if i+1 < len(parts) { // no part is smaller than it must be
					more := append(slices.Clip(part), parts[i+1][0])
					require.True(t, sum(more, limit.weight) > limit.most || sum(more, size) > 250_000)
				}
			}
			require.Equal(t, fleet, order)
		}
	})
}

func sum(part []maintenance.Target, of func(maintenance.Target) int) (all int) {
	for _, t := range part {
		all += of(t)
	}
	return all
}

func size(t maintenance.Target) int {
	text, err := json.Marshal(t)
	if err != nil {
		return 0
	}
	return len(text)
}

func TestATargetThatIsTooHeavyIsABatchOfItsOwn(t *testing.T) {
	t.Parallel()
	heavy := maintenance.Target{Name: "heavy"}
	for i := range 2 * api.BatchWeight {
		heavy.Proxies = append(heavy.Proxies, maintenance.ProxyRef{InstanceID: fmt.Sprint(i)})
	}
	long := maintenance.Target{Labels: map[string]string{"note": strings.Repeat("x", 300_000)}}
	require.Equal(t, 1, api.FirstBatch([]maintenance.Target{heavy, {}}))
	require.Equal(t, 2, api.FirstBatch([]maintenance.Target{{}, {}, heavy}))
	require.Equal(t, 1, api.Page([]maintenance.Target{long, {}}))
	require.Zero(t, api.Page(nil))
}

func TestProxiesAreReadByInstance(t *testing.T) {
	t.Parallel()
	of := func(instance, proxy string) maintenance.ProxyRef {
		return maintenance.ProxyRef{Account: "db", InstanceID: instance, ProxyID: proxy}
	}
	other := maintenance.ProxyRef{Account: "other", InstanceID: "b"}
	require.Equal(t, [][]maintenance.ProxyRef{
		{of("a", "1"), of("a", "2")}, {of("b", "1")}, {other}, {of("a", "3")},
	}, api.ByInstance([]maintenance.ProxyRef{of("a", "1"), of("a", "2"), of("b", "1"), other, of("a", "3")}))
	require.Equal(t, 5, api.Weight(maintenance.Target{Proxies: []maintenance.ProxyRef{of("a", "1"), of("b", "1"), of("a", "2"), of("b", "2")}}))
}
