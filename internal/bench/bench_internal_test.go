package bench

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/test/waiting"
)

// The peers run as processes of their own: of this program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "as" {
		program.Main(Run)
		return
	}
	waiting.SideBySide()
	m.Run()
}

func few() Options {
	return Options{
		Targets: 4, Proxies: 0.5, Scale: 600, Rate: 1000, Seed: 1, Rounds: 2,
		Peers: []string{"script", "terraform"}, alreadyOpen: true,
	}
}

// What the clouds saw is in accord with what the peers are known to do.
func TestAFleetIsMaintainedAndMeasured(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for simulated clouds")
	}
	c, err := measure(t.Context(), few(), t.Logf)
	require.NoError(t, err)
	for _, p := range []peer{script, terraform} {
		f := c.Figures[p]
		require.GreaterOrEqual(t, f["makespan"], c.CriticalPath, p)
		require.Less(t, f["trigger.max"], 2.0, p)
		require.Greater(t, f["gateway.every"], 9.0, "%s polls every ten seconds", p)
		require.Positive(t, f["gateway.product"], p)
		require.Positive(t, f["volume.product"], p)
		require.Positive(t, f["proxy.product"], p)
		require.Positive(t, f["calls"], p)
	}
	require.Contains(t, c.table(), "makespan over critical path")
	require.Empty(t, c.Ratios, "Tidegate did not run")
}

func TestInstantCloudsNeedNoTime(t *testing.T) {
	t.Parallel()
	o := few()
	o.Instant, o.Proxies = true, 1
	for _, one := range newFleet(o, 0) {
		require.Empty(t, one.Volumes)
		require.LessOrEqual(t, one.needs(), 10*time.Millisecond, one.Name)
	}
	o.Peers = []string{"script"}
	c, err := measure(t.Context(), o, t.Logf)
	require.NoError(t, err)
	require.Positive(t, c.Figures[script]["calls"])
	require.NotContains(t, c.Figures[script], "took", "it has no engine")
}

func TestTheEngineIsComparedWithEmptyActivities(t *testing.T) {
	t.Parallel()
	c := Comparison{
		Options: Options{Targets: 10, Rate: 100, Scale: 1, Instant: true, Rounds: 1},
		Figures: map[peer]figures{empty: {"took": 20}, tidegate: {"took": 30}},
	}
	require.InDelta(t, 1.5, c.ratios()["took / empty"], 0.001)
	delete(c.Figures, empty)
	require.NotContains(t, c.ratios(), "took / empty", "there is nothing to compare with")
}

func TestThePercentilesAreOfTheValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values  []float64
		percent float64
		want    float64
	}{
		{[]float64{7}, 50, 7},
		{[]float64{7}, 99, 7},
		{[]float64{4, 1, 3, 2}, 50, 2},
		{[]float64{4, 1, 3, 2}, 99, 4},
		{[]float64{4, 1, 3, 2}, 100, 4},
		{nil, 50, 0},
	} {
		require.InDelta(t, c.want, percentile(c.values, c.percent), 0, c)
	}
}

func TestAWaitEndsWithTheFirstCallThatCouldSee(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(seconds int, operation string) call {
		return call{at: start.Add(time.Duration(seconds) * time.Second), operation: operation}
	}
	calls := []call{at(-1, "Read"), at(0, "Write"), at(2, "Read"), at(4, "Read"), at(9, "Read"), at(10, "Read")}
	var w watched
	w.add(calls, start, start.Add(5*time.Second), "Read")
	w.add(calls, start, start.Add(11*time.Second), "Read") // never seen
	require.Equal(t, watched{{calls: 3, lag: 4 * time.Second, every: 3 * time.Second}}, w)
	f := figures{}
	w.into(f, "gateway", 10)
	require.Equal(t, figures{"gateway.calls": 3, "gateway.lag": 40, "gateway.every": 30, "gateway.product": 120}, f)
}

func TestFixedPollingIsHalfAnIntervalLate(t *testing.T) {
	t.Parallel()
	fleet := []target{{restart: time.Second}, {restart: 3 * time.Second}, {}}
	require.InDelta(t, 5*(20/10+0.5), fixed(fleet, 10, target.back), 0.001)
	require.InDelta(t, 5*(1+1), best(fleet, 10, target.back), 0.001, "the earliest ends after 10 s")
	require.Positive(t, fixed(nil, 10, target.back), "no fleet divides by nothing")
	require.Positive(t, best(nil, 10, target.back), "no fleet divides by nothing")
}

func TestRatiosCompareWithTheScriptOrWithANumber(t *testing.T) {
	t.Parallel()
	c := Comparison{
		Options: Options{Targets: 100, Rate: 100, Scale: 1, Rounds: 1}, CriticalPath: 20,
		Figures: map[peer]figures{
			script:   {"makespan": 22, "calls": 300},
			tidegate: {"makespan": 33, "calls": 100, "trigger.p99": 3, "events": 90},
		},
	}
	ratios := c.ratios()
	require.InDelta(t, 1.5, ratios["makespan / script"], 0.001)
	require.InDelta(t, 1.65, ratios["makespan / critical path"], 0.001)
	require.InDelta(t, 1.5, ratios["trigger.p99 / N/rate + 1 s"], 0.001)
	require.InDelta(t, 2, ratios["events / goal 45"], 0.001)
	require.Len(t, ratios, 5)
	delete(c.Figures, script)
	require.NotContains(t, c.ratios(), "calls / script", "there is nothing to compare with")
}

func TestARatioThatGrowsByMoreThanAFifthIsWorse(t *testing.T) {
	t.Parallel()
	was := map[string]float64{"makespan / script": 1, "calls / script": 0.5}
	require.NoError(t, worse(was, map[string]float64{"makespan / script": 1.19, "calls / script": 0.1}))
	require.ErrorContains(t, worse(was, map[string]float64{"makespan / script": 1.21, "calls / script": 0.5}),
		"makespan / script: 1.21, was 1.00: worse by more than a fifth")
	require.ErrorContains(t, worse(was, map[string]float64{"makespan / script": 1}), "calls / script: 0.50 in the baseline, not measured now")
}

func TestTheFleetFollowsFromTheSeed(t *testing.T) {
	t.Parallel()
	o := few()
	o.Targets, o.Proxies = 200, 0.25
	all := newFleet(o, 0)
	require.Equal(t, all, newFleet(o, 0))
	o.Seed = 2
	require.NotEqual(t, all, newFleet(o, 0))
	proxies := 0
	for _, one := range all {
		if one.Proxy != "" {
			proxies++
		}
		require.Equal(t, one.Proxy != "", one.upgrade > 0)
	}
	require.Equal(t, 50, proxies)
}

func TestARoundIsLikeTheOneBeforeIt(t *testing.T) {
	t.Parallel()
	o := few()
	o.Targets, o.Scale = 200, 1
	longer := 0
	before := newFleet(o, 0)
	for i, now := range newFleet(o, 1) {
		require.Equal(t, before[i].ARN, now.ARN)
		require.InEpsilon(t, before[i].snapshot, now.snapshot, 0.101)
		if now.restart > before[i].restart*105/100 {
			longer++
		}
	}
	require.Greater(t, longer, 10, "some drift")
}

// A fleet of one and one of ten thousand have figures too.
func TestEverySizeOfFleetHasFigures(t *testing.T) {
	t.Parallel()
	for _, targets := range []int{1, 10_000} {
		o := few()
		o.Targets, o.Proxies = targets, 0
		fleet := newFleet(o, 0)
		require.Len(t, fleet, targets)
		require.Positive(t, criticalPath(fleet))
		c := Comparison{Options: o, Figures: map[peer]figures{tidegate: {"trigger.p99": 1, "gateway.product": 1}}}
		require.Contains(t, c.table(), "gateway: lag × calls")
		require.NotContains(t, c.table(), "NaN")
		require.NotContains(t, c.table(), "Inf")
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	t.Parallel()
	for flag, values := range map[string][]string{
		"targets": {"0", "-1", "10001"}, "scale": {"0", "-3", "NaN", "1001"}, "rate": {"0", "-1", "NaN", "+Inf"},
		"proxies": {"-0.1", "1.1"}, "peers": {"ansible", "", "empty"}, "output": {"xml"}, "baseline": {"missing.json"},
		"compare-scale": {"-1", "0.5"}, "rounds": {"0", "-1", "11"},
	} {
		for _, value := range values {
			var said writer
			status := Run(t.Context(), []string{"--" + flag, value}, io.Discard, &said)
			require.Equal(t, program.StatusUsage, status, "%s %s", flag, value)
			require.Contains(t, string(said), flag)
		}
	}
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

func TestABaselineIsOfTheSameOptions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "baseline.json")
	text, err := json.Marshal(Comparison{Options: few(), Ratios: map[string]float64{"calls / script": 0.5}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	read, err := readBaseline(file)
	require.NoError(t, err)
	require.NoError(t, read.comparable(few()))
	require.InDelta(t, 0.5, read.Ratios["calls / script"], 0)
	other := few()
	other.Targets++
	require.ErrorContains(t, read.comparable(other), "was measured with other options: --targets 4")
}

// A naive workflow paces itself as the script does.
func TestAStageThatPollsPauses(t *testing.T) {
	t.Parallel()
	j := job{Poll: 10, Delay: 3}
	require.Equal(t, time.Duration(0), j.pause(progress{Stage: awaitSnapshots}, progress{Stage: upgradeProxy}))
	require.Equal(t, j.Delay, j.pause(progress{Stage: trigger}, progress{Stage: awaitGateway}))
	require.Equal(t, j.Poll, j.pause(progress{Stage: awaitGateway}, progress{Stage: awaitGateway}))
}

func TestThePaceSpreadsSteps(t *testing.T) {
	t.Parallel()
	p := evenly(50)
	start := time.Now()
	for range 4 {
		require.NoError(t, p.Wait(t.Context()))
	}
	require.GreaterOrEqual(t, time.Since(start), 60*time.Millisecond)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Wait(ended), context.Canceled)
}
