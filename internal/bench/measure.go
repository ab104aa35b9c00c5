package bench

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// figures are what was measured of one peer, by the keys of measures.
type figures map[string]float64

// wait is how a peer waited for one thing: how often it asked until it saw it, how late that was, and
// how much time lay between two questions.
type wait struct {
	calls      int
	lag, every time.Duration
}

// watched are the waits for things of one kind.
type watched []wait

// into adds their means, with times in the scenario's seconds.
func (w watched) into(f figures, key string, scale float64) {
	if len(w) == 0 {
		return
	}
	var calls, lag, every float64
	for _, one := range w {
		calls += float64(one.calls)
		lag += one.lag.Seconds() * scale
		every += one.every.Seconds() * scale
	}
	n := float64(len(w))
	f[key+".calls"], f[key+".lag"], f[key+".every"] = calls/n, lag/n, every/n
	f[key+".product"] = calls / n * lag / n
}

// observed is what the simulated clouds saw of one peer.
type observed struct {
	fleet   []target
	opening time.Time
	effects []record.Effect
	calls   []call // in their order
}

// figures measures a peer by the clouds alone.
func (o observed) figures(scale float64) (f figures, missing []string) {
	triggers, upgrades, jobs := map[string]time.Time{}, map[string]time.Time{}, map[string]string{}
	for _, e := range o.effects {
		switch e.Kind {
		case "storagegateway:UpdateGatewaySoftwareNow":
			triggers[e.Resource] = e.Time
		case "taurusdb:UpgradeProxyVersion":
			upgrades[e.Resource], jobs[e.Resource] = e.Time, e.Detail["workflowId"]
		}
	}
	about := o.byTarget(jobs)
	f = figures{}
	var late []float64
	var gateways, volumes, proxies watched
	for _, t := range o.fleet {
		at, sent := triggers[t.ARN]
		if _, upgraded := upgrades[t.Proxy]; !sent || t.Proxy != "" && !upgraded {
			missing = append(missing, t.Name)
			continue
		}
		late = append(late, max(0, at.Sub(o.opening).Seconds()))
		ready := at.Add(t.back())
		gateways.add(about[t.ARN], at, ready, "DescribeGatewayInformation")
		if len(t.Volumes) > 0 {
			volumes.add(about[t.ARN], ready, ready.Add(t.volumesReady()),
				"DescribeCachediSCSIVolumes", "DescribeStorediSCSIVolumes")
		}
		if t.Proxy != "" {
			proxies.add(about[t.Proxy], upgrades[t.Proxy], upgrades[t.Proxy].Add(t.upgrade), http.MethodGet)
		}
	}
	for key, percent := range map[string]float64{"trigger.p50": 50, "trigger.p99": 99, "trigger.max": 100} {
		f[key] = percentile(late, percent)
	}
	gateways.into(f, "gateway", scale)
	volumes.into(f, "volume", scale)
	proxies.into(f, "proxy", scale)
	f["calls"] = float64(len(o.calls)) / float64(len(o.fleet))
	if n := len(o.calls); n > 0 {
		f["makespan"] = o.calls[n-1].at.Sub(o.opening).Seconds()
	}
	return f, missing
}

// byTarget are the calls by what they are about: a gateway's ARN, or a proxy's id.
func (o observed) byTarget(jobs map[string]string) map[string][]call {
	owners := map[string]string{} // of the ids in Huawei's paths
	for _, t := range o.fleet {
		if t.Proxy != "" {
			owners[t.Instance], owners[t.Proxy], owners[jobs[t.Proxy]] = t.Proxy, t.Proxy, t.Proxy
		}
	}
	about := map[string][]call{}
	for _, c := range o.calls {
		of := map[string]bool{}
		for _, word := range strings.FieldsFunc(c.about, func(r rune) bool { return strings.ContainsRune(" /?&=", r) }) {
			if owner, known := owners[word]; known {
				of[owner] = true
			}
		}
		for word := range strings.FieldsSeq(c.about) {
			arn, _, _ := strings.Cut(word, "/volume/")
			of[arn] = true
		}
		for one := range of {
			about[one] = append(about[one], c)
		}
	}
	return about
}

// add finds how a thing that was awaited since a time, and was there at another, was asked for: the
// calls until the first that could see it. One that nobody saw does not count.
func (w *watched) add(calls []call, since, there time.Time, operations ...string) {
	var one wait
	for _, c := range calls {
		if c.at.Before(since) || !slices.Contains(operations, c.operation) {
			continue
		}
		one.calls++
		if !c.at.Before(there) {
			one.lag, one.every = c.at.Sub(there), c.at.Sub(since)/time.Duration(one.calls)
			*w = append(*w, one)
			return
		}
	}
}

// percentile is the smallest value that at least so many per cent of all do not exceed; 0 of none.
func percentile(values []float64, percent float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
