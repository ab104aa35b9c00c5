package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/printer"
)

const (
	// tolerance is how much a ratio may grow before it counts as worse.
	tolerance = 1.2
	// busy is the share of the processors above which Temporal and its worker are the limit.
	busy = 0.6
	// late is by what factor polls through Temporal's timers may be slower than asked for.
	late = 1.5
)

// Comparison is what a run of all peers has shown.
type Comparison struct {
	Options      Options          `json:"options"`
	CPUs         int              `json:"cpus"`
	CriticalPath float64          `json:"criticalPathSeconds"` // what the durations alone need
	Figures      map[peer]figures `json:"figures"`
	// Earlier are the figures of the rounds before the last.
	Earlier map[peer][]figures `json:"earlier,omitempty"`
	// Ratios are Tidegate's figures over what they are compared with; less is better.
	Ratios     map[string]float64 `json:"ratios,omitempty"`
	OtherScale *Comparison        `json:"otherScale,omitempty"`
}

// row is one row of the table.
type row struct {
	key, name string
	// against is what a ratio compares with: "script", or words for the value of by.
	against string
	by      float64
}

// rows are the measures, in their order. The goals are those of the project's issue on speed.
func (c Comparison) rows() []row {
	o := c.Options
	queue := float64(o.Targets)/o.Rate + 1
	const byScript, byEmpty, byFixed, byBest = string(script), string(empty), "fixed 10 s polling", "best schedule"
	fleet := newFleet(o, o.Rounds-1)
	return []row{
		{"trigger.p50", "opening → trigger, p50, s", "", 0},
		{"trigger.p99", "opening → trigger, p99, s", "N/rate + 1 s", queue},
		{"trigger.max", "opening → trigger, max, s", "", 0},
		{"makespan", "makespan, s", byScript, 0},
		{"makespan", "makespan over critical path", "critical path", c.CriticalPath},
		{"took", "start of the campaign → its end, s", byEmpty, 0},
		{"gateway.lag", "gateway ready → seen, mean lag, s*", "", 0},
		{"gateway.calls", "gateway: calls until seen", "", 0},
		{"gateway.every", "gateway: time a call, s*", "", 0},
		{"gateway.product", "gateway: lag × calls", byFixed, fixed(fleet, o.Scale, target.back)},
		{"gateway.product", "gateway: lag × calls", byBest, best(fleet, o.Scale, target.back)},
		{"volume.lag", "volumes ready → seen, mean lag, s*", "", 0},
		{"volume.calls", "volumes: calls until seen", "", 0},
		{"volume.every", "volumes: time a call, s*", "", 0},
		{"volume.product", "volumes: lag × calls", byFixed, fixed(fleet, o.Scale, target.volumesReady)},
		{"volume.product", "volumes: lag × calls", byBest, best(fleet, o.Scale, target.volumesReady)},
		{"proxy.lag", "proxy done → seen, mean lag, s*", "", 0},
		{"proxy.calls", "proxy: calls until seen", "", 0},
		{"proxy.every", "proxy: time a call, s*", "", 0},
		{"proxy.product", "proxy: lag × calls", byFixed, fixed(fleet, o.Scale, target.proxyUpgrade)},
		{"proxy.product", "proxy: lag × calls", byBest, best(fleet, o.Scale, target.proxyUpgrade)},
		{"calls", "calls a target", byScript, 0},
		{"events", "history events a target", "goal 45", 45},
		{"bytes", "history bytes a target", "goal 12 kB", 12_000},
		{"activities", "activities a target", "goal 6", 6},
		{"attributes", "search-attribute updates a target", "goal 4", 4},
		{"worker.idle", "worker memory, idle, MB", "goal 40 MB", 40},
		{"worker.peak", "worker memory, peak, MB", byScript, 0},
		{"worker.cpu", "worker CPU, s", byScript, 0},
		{"server.peak", "Temporal memory, peak, MB", "", 0},
		{"server.cpu", "Temporal CPU, s", "", 0},
	}
}

// fixed is the lag × calls that fixed polling has on average: half an interval late, after as many
// calls as intervals fit into the wait. What a script has in one run depends on its phase.
func fixed(fleet []target, scale float64, takes func(target) time.Duration) float64 {
	mean, _ := durations(fleet, scale, takes)
	interval := pollEvery.Seconds()
	return interval / 2 * (mean/interval + 0.5)
}

// best is the lag × calls of the best schedule for a known spread of durations: no poll before the
// earliest end, and then even ones, at the same interval as fixed polling. It knows the durations
// of this very round, which nobody does.
func best(fleet []target, scale float64, takes func(target) time.Duration) float64 {
	mean, earliest := durations(fleet, scale, takes)
	interval := pollEvery.Seconds()
	return interval / 2 * ((mean-earliest)/interval + 1)
}

// durations are the mean and the earliest end of what takes any time, in the scenario's seconds.
func durations(fleet []target, scale float64, takes func(target) time.Duration) (mean, earliest float64) {
	var sum, n float64
	for _, t := range fleet {
		if d := takes(t).Seconds() * scale; d > 0 {
			if n == 0 || d < earliest {
				earliest = d
			}
			sum, n = sum+d, n+1
		}
	}
	return sum / max(n, 1), earliest
}

// ratio is a peer's value over what the row compares with; false where there is nothing to compare.
func (c Comparison) ratio(r row, p peer) (float64, bool) {
	value, known := c.Figures[p][r.key]
	by := r.by
	if other, isPeer := c.Figures[peer(r.against)]; isPeer {
		by = other[r.key]
	}
	if !known || by <= 0 {
		return 0, false
	}
	return value / by, true
}

// ratios are Tidegate's, by measure and what it is compared with.
func (c Comparison) ratios() map[string]float64 {
	all := map[string]float64{}
	for _, r := range c.rows() {
		if ratio, ok := c.ratio(r, tidegate); ok {
			all[r.key+" / "+r.against] = ratio
		}
	}
	return all
}

// table is the comparison for people.
func (c Comparison) table() string {
	var b strings.Builder
	o := c.Options
	fmt.Fprintf(&b, "%d targets, a share of %g with a proxy, seed %d, round %d, scale %g, %g calls/s an account, %d CPUs\n",
		o.Targets, o.Proxies, o.Seed, o.Rounds, o.Scale, o.Rate, c.CPUs)
	fmt.Fprintf(&b, "critical path (what the durations alone need): %.1f s; * in the scenario's seconds, all else in wall time\n\n",
		c.CriticalPath)
	ran := slices.DeleteFunc(peers(), func(p peer) bool { return c.Figures[p] == nil })
	head := []string{"measure"}
	for _, p := range ran {
		head = append(head, string(p))
	}
	var lines [][]string
	for _, r := range c.rows() {
		line := []string{r.name}
		for _, p := range ran {
			line = append(line, c.cell(r, p))
		}
		ratio, against := c.ratio(r, tidegate)
		if against {
			line = append(line, fmt.Sprintf("%.2f × %s", ratio, r.against))
		} else {
			line = append(line, "")
		}
		lines = append(lines, line)
	}
	printer.Printer{Out: &b}.Table(append(head, "tidegate over"), lines)
	b.WriteString("\n" + c.learned() + c.engine())
	return b.String()
}

// learned shows how polling changes from round to round.
func (c Comparison) learned() string {
	var b strings.Builder
	for _, key := range []string{"gateway", "volume", "proxy"} {
		var all []string
		for _, f := range append(slices.Clone(c.Earlier[tidegate]), c.Figures[tidegate]) {
			if product, measured := f[key+".product"]; measured {
				all = append(all, fmt.Sprintf("%.0f", product))
			}
		}
		if len(all) > 1 {
			fmt.Fprintf(&b, "tidegate, %s: lag × calls round by round: %s.\n", key, strings.Join(all, ", "))
		}
	}
	return b.String()
}

// cell is a peer's value; of the critical path, its ratio.
func (c Comparison) cell(r row, p peer) string {
	value, known := c.Figures[p][r.key]
	if r.against == "critical path" {
		value, known = c.ratio(r, p)
	}
	switch {
	case !known:
		return "-"
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.2f", value)
}

// engine says of each peer on Temporal whether Temporal is the limit, and not the peer's waits.
func (c Comparison) engine() string {
	var b strings.Builder
	for _, p := range peers() {
		f := c.Figures[p]
		if !p.onTemporal() || f == nil || f["makespan"] <= 0 {
			continue
		}
		share := (f["worker.cpu"] + f["server.cpu"]) / (f["makespan"] * float64(c.CPUs))
		fmt.Fprintf(&b, "%s: worker and Temporal used %.0f %% of the processors", p, 100*share)
		if share > busy {
			fmt.Fprintf(&b, ": the engine is the limit at scale %g, a smaller --scale tells more", c.Options.Scale)
		}
		b.WriteString(".\n")
		if asked := pollEvery.Seconds(); p == naive && f["gateway.every"] > late*asked {
			fmt.Fprintf(&b, "naive: asks for a poll every %.0f s* and gets one every %.0f s*: Temporal's timers are too coarse for "+
				"scale %g, and a part of the lags of both peers on Temporal is its own.\n", asked, f["gateway.every"], c.Options.Scale)
		}
	}
	if other := c.OtherScale; other != nil {
		now, _ := c.ratio(row{key: "makespan", against: string(script)}, tidegate)
		then, _ := other.ratio(row{key: "makespan", against: string(script)}, tidegate)
		fmt.Fprintf(&b, "makespan, Tidegate over the script: %.2f at scale %g, %.2f at scale %g; a difference is the engine's share.\n",
			now, c.Options.Scale, then, other.Options.Scale)
	}
	return b.String()
}

// mostBaseline is how long a baseline may be, in bytes.
const mostBaseline = 1 << 20

// readBaseline reads an earlier comparison.
func readBaseline(file string) (*Comparison, error) {
	text, err := bounded.ReadFile(file, mostBaseline)
	if err != nil {
		return nil, fmt.Errorf("read --baseline: %w", err)
	}
	var earlier Comparison
	if err := json.Unmarshal(text, &earlier); err != nil {
		return nil, fmt.Errorf("--baseline %s is no comparison as --json writes it: %w", file, err)
	}
	return &earlier, nil
}

// comparable refuses options whose ratios cannot be compared with the baseline's.
func (c *Comparison) comparable(now Options) error {
	was := c.Options
	now.programs, now.alreadyOpen = was.programs, was.alreadyOpen
	if reflect.DeepEqual(was, now) {
		return nil
	}
	return fmt.Errorf("--baseline was measured with other options: "+
		"--targets %d --proxies %g --scale %g --rate %g --seed %d --rounds %d --peers %s",
		was.Targets, was.Proxies, was.Scale, was.Rate, was.Seed, was.Rounds, strings.Join(was.Peers, ","))
}

// worse names every ratio that is more than a fifth above the baseline's.
func worse(baseline, now map[string]float64) error {
	var errs []error
	for _, r := range (Comparison{Options: Options{Rate: 1, Scale: 1, Rounds: 1}}).rows() {
		key := r.key + " / " + r.against
		was, known := baseline[key]
		is, measured := now[key]
		switch {
		case known && !measured:
			errs = append(errs, fmt.Errorf("%s: %.2f in the baseline, not measured now", key, was))
		case known && is > was*tolerance:
			errs = append(errs, fmt.Errorf("%s: %.2f, was %.2f: worse by more than a fifth", key, is, was))
		}
	}
	return errors.Join(errs...)
}
