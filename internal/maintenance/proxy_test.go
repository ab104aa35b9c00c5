package maintenance_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func kernel(t require.TestingT, s string) maintenance.KernelVersion {
	v, err := maintenance.ParseKernelVersion(s)
	require.NoError(t, err)
	return v
}

func TestKernelVersionsCompareAsNumbers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"2.24.03.000", "2.24.12.000", -1},
		{"2.24.12.000", "2.24.03.000", 1},
		{"2.9.0.0", "2.10.0.0", -1},
		{"2.10.0.0", "2.9.99.999", 1},
		{"2.24.3.0", "2.24.03.000", 0},
		{"2.24.03.000", "2.24.03.001", -1},
		{"3.0.0.0", "2.65535.65535.65535", 1},
		{"10.0.0.0", "9.0.0.0", 1},
	} {
		require.Equal(t, tc.want, kernel(t, tc.a).Compare(kernel(t, tc.b)), "%s against %s", tc.a, tc.b)
	}
}

func TestKernelVersionHasFourNumbers(t *testing.T) {
	t.Parallel()
	require.Equal(t, maintenance.KernelVersion{2, 24, 3, 0}, kernel(t, "2.24.03.000"))
	for _, text := range []string{
		"", "latest", "2", "2.24.03", "2.24.03.000.1", "2.24.03.", ".24.03.000", "2..03.000", "2.24.-3.000", "2.24.+3.000",
		"2.24.0x3.000", "2.24.3_0.000", "v2.24.03.000", "2.24.03.000 ", " 2.24.03.000", "2.24.03.65536", "2,24,03,000", "2.24.03.00a",
	} {
		_, err := maintenance.ParseKernelVersion(text)
		requireFields(t, err, map[string]string{"version": text})
	}
}

func TestKernelVersionsAreInOneOrder(t *testing.T) {
	t.Parallel()
	version := rapid.Custom(func(t *rapid.T) maintenance.KernelVersion {
		field := rapid.IntRange(0, 30)
		return maintenance.KernelVersion{field.Draw(t, "a"), field.Draw(t, "b"), field.Draw(t, "c"), field.Draw(t, "d")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := version.Draw(t, "a"), version.Draw(t, "b")
		require.Equal(t, a.Compare(b), -b.Compare(a))
		require.Equal(t, a == b, a.Compare(b) == 0)
		require.Equal(t, a, kernel(t, fmt.Sprintf("%d.%02d.%03d.%04d", a[0], a[1], a[2], a[3])))
	})
}

func TestGoal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kernel maintenance.ProxyKernel
		want   string
		goal   string
		done   bool
		says   string
	}{
		"latest is newer":             {maintenance.ProxyKernel{Current: "2.23.12.000", Latest: "2.24.03.000"}, "latest", "2.24.03.000", false, ""},
		"no version means latest":     {maintenance.ProxyKernel{Current: "2.23.12.000", Latest: "2.24.03.000"}, "", "2.24.03.000", false, ""},
		"latest is current":           {maintenance.ProxyKernel{Current: "2.24.03.000", Latest: "2.24.03.000"}, "latest", "2.24.03.000", true, ""},
		"latest is not given":         {maintenance.ProxyKernel{Current: "2.24.03.000"}, "latest", "2.24.03.000", true, ""},
		"exact and newer":             {maintenance.ProxyKernel{Current: "2.9.0.0", Latest: "2.24.03.000"}, "2.10.0.0", "2.10.0.0", false, ""},
		"exact and current":           {maintenance.ProxyKernel{Current: "2.24.3.0", Latest: "2.24.12.000"}, "2.24.03.000", "2.24.03.000", true, ""},
		"exact and older":             {maintenance.ProxyKernel{Current: "2.24.12.000"}, "2.24.03.000", "2.24.03.000", true, ""},
		"whether it can is not asked": {maintenance.ProxyKernel{Current: "2.23.12.000", CanUpgrade: false}, "2.24.03.000", "2.24.03.000", false, ""},
		"the wanted one is wrong":     {maintenance.ProxyKernel{Current: "2.23.12.000"}, "newest", "", false, `version: invalid value "newest"`},
		"the current one is wrong":    {maintenance.ProxyKernel{Current: "beta"}, "2.24.03.000", "", false, `the version that the proxy runs: version: invalid value "beta"`},
		"the cloud says nothing":      {maintenance.ProxyKernel{}, "latest", "", false, `version is required`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goal, done, err := tc.kernel.Goal(tc.want)
			if tc.says != "" {
				require.ErrorContains(t, err, tc.says)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, tc.goal, goal)
			require.Equal(t, tc.done, done)
		})
	}
}

func TestReadsCanBeShiftedByWeightOnly(t *testing.T) {
	t.Parallel()
	replicas := func(weights ...int) (nodes []maintenance.NodeWeight) {
		for i, w := range weights {
			nodes = append(nodes, maintenance.NodeWeight{ID: fmt.Sprint("replica-", i), Weight: w})
		}
		return nodes
	}
	for name, tc := range map[string]struct {
		routing maintenance.ProxyRouting
		want    bool
	}{
		"by weight":              {maintenance.ProxyRouting{Mode: 0, ReadWeights: replicas(100, 100)}, true},
		"one replica reads":      {maintenance.ProxyRouting{Mode: 0, MasterWeight: 100, ReadWeights: replicas(0, 1)}, true},
		"the primary reads":      {maintenance.ProxyRouting{Mode: 0, MasterWeight: 100, ReadWeights: replicas(0, 0)}, false},
		"without replicas":       {maintenance.ProxyRouting{Mode: 0, MasterWeight: 100}, false},
		"by load, without":       {maintenance.ProxyRouting{Mode: 1, ReadWeights: replicas(1, 1)}, false},
		"by load, with primary":  {maintenance.ProxyRouting{Mode: 2, MasterWeight: 1, ReadWeights: replicas(1)}, false},
		"a mode of later times":  {maintenance.ProxyRouting{Mode: 3, ReadWeights: replicas(1)}, false},
		"a mode that is no mode": {maintenance.ProxyRouting{Mode: -1, ReadWeights: replicas(1)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.routing.CanShift())
		})
	}
}

func TestShiftedTakesEveryReplicaToZeroAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	found := maintenance.ProxyRouting{MasterWeight: 50, ReadWeights: []maintenance.NodeWeight{{ID: "b", Weight: 100}, {ID: "a", Weight: 0}}}
	to := found.Shifted()
	require.Equal(t, maintenance.ProxyRouting{MasterWeight: 50, ReadWeights: []maintenance.NodeWeight{{ID: "b"}, {ID: "a"}}}, to)
	require.Equal(t, 100, found.ReadWeights[0].Weight, "what was found is what is put back")
	require.False(t, to.CanShift())
	require.True(t, to.SameWeights(to.Shifted()))
	require.Equal(t, 2, maintenance.ProxyRouting{Mode: 2}.Shifted().Mode)
}

func TestSameWeightsIgnoresTheOrder(t *testing.T) {
	t.Parallel()
	node := rapid.Custom(func(t *rapid.T) maintenance.NodeWeight {
		return maintenance.NodeWeight{ID: rapid.StringMatching(`[a-f]{4}`).Draw(t, "id"), Weight: rapid.IntRange(0, 3).Draw(t, "weight")}
	})
	id := func(n maintenance.NodeWeight) string { return n.ID }
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.SliceOfNDistinct(node, 1, 6, id).Draw(t, "nodes")
		r := maintenance.ProxyRouting{MasterWeight: rapid.IntRange(0, 3).Draw(t, "primary"), ReadWeights: nodes}
		mixed := r
		mixed.ReadWeights = rapid.Permutation(nodes).Draw(t, "mixed")
		require.True(t, r.SameWeights(mixed))
		require.True(t, mixed.SameWeights(r))

		i := rapid.IntRange(0, len(nodes)-1).Draw(t, "which")
		mixed.ReadWeights[i].Weight++
		require.False(t, r.SameWeights(mixed))
		mixed.ReadWeights[i].Weight--
		mixed.MasterWeight++
		require.False(t, r.SameWeights(mixed))
		mixed.MasterWeight--
		mixed.ReadWeights = mixed.ReadWeights[1:]
		require.False(t, r.SameWeights(mixed), "a replica is missing")
	})
}

func TestAProxyIsHealthyWhenAllOfItIsActive(t *testing.T) {
	t.Parallel()
	active := []maintenance.ProxyNode{{ID: "1", Status: "ACTIVE"}, {ID: "2", Status: "ACTIVE"}}
	for name, tc := range map[string]struct {
		proxy                   maintenance.Proxy
		healthy, broken, atWork bool
	}{
		"all active":              {maintenance.Proxy{Status: "ACTIVE", PoolStatus: "ACTIVE", Nodes: active}, true, false, false},
		"no pool, no nodes shown": {maintenance.Proxy{Status: "ACTIVE"}, true, false, false},
		"pool abnormal":           {maintenance.Proxy{Status: "ACTIVE", PoolStatus: "ABNORMAL", Nodes: active}, false, true, false},
		"pool failed":             {maintenance.Proxy{Status: "ACTIVE", PoolStatus: "FAILED"}, false, true, false},
		"pool busy":               {maintenance.Proxy{Status: "ACTIVE", PoolStatus: "BUILD"}, false, false, false},
		"a node abnormal":         {maintenance.Proxy{Status: "ACTIVE", PoolStatus: "ACTIVE", Nodes: []maintenance.ProxyNode{{Status: "ACTIVE"}, {Status: "ABNORMAL"}}}, false, false, false},
		"abnormal":                {maintenance.Proxy{Status: "ABNORMAL", PoolStatus: "ACTIVE", Nodes: active}, false, true, false},
		"failed":                  {maintenance.Proxy{Status: "FAILED"}, false, true, false},
		"deleted":                 {maintenance.Proxy{Status: "DELETED"}, false, true, false},
		"changing weights":        {maintenance.Proxy{Status: "CHANGING WEIGHTS", PoolStatus: "ACTIVE", Nodes: active}, false, false, true},
		"a status of later times": {maintenance.Proxy{Status: "UPGRADING", PoolStatus: "ACTIVE", Nodes: active}, false, false, true},
		"nothing":                 {maintenance.Proxy{}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.healthy, tc.proxy.Healthy())
			require.Equal(t, tc.broken, tc.proxy.Broken())
			require.Equal(t, tc.atWork, tc.proxy.AtWork())
		})
	}
}

func TestJobStates(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct{ completed, failed bool }{
		"Completed": {completed: true},
		"Failed":    {failed: true}, "Canceled": {failed: true}, "Unauthorized": {failed: true},
		"Pending": {}, "Running": {}, "": {}, "Paused": {},
	} {
		j := maintenance.Job{Status: status}
		require.Equal(t, want.completed, j.Completed(), status)
		require.Equal(t, want.failed, j.Failed(), status)
	}
}

func TestReadWeightsForPeople(t *testing.T) {
	t.Parallel()
	nodes := []maintenance.NodeWeight{{ID: "b", Weight: 100}, {ID: "a", Weight: 7}}
	for want, r := range map[string]maintenance.ProxyRouting{
		"primary 5, replicas 7 and 100":      {MasterWeight: 5, ReadWeights: nodes},
		"primary 5, replicas none":           {MasterWeight: 5},
		"route mode 2, which has no weights": {Mode: 2, MasterWeight: 5, ReadWeights: nodes},
	} {
		require.Equal(t, want, r.String())
	}
}

func TestAnInstanceSaysWhoHoldsIt(t *testing.T) {
	t.Parallel()
	h := maintenance.InstanceHold{InstanceID: "db1", Target: "files-1", WorkflowID: "gateway-sgw-1", Since: utc(2026, 12, 1, 3, 0)}
	require.Equal(t, "DB instance db1 is in use by run gateway-sgw-1 (target files-1) since 2026-12-01T03:00:00Z", h.String())
	h.Campaign = "autumn"
	require.Equal(t, "DB instance db1 is in use by run gateway-sgw-1 of campaign autumn (target files-1) since 2026-12-01T03:00:00Z", h.String())
}
