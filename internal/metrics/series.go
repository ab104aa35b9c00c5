package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// Handler counts for Temporal's SDK. A counter's name gets the suffix _total and a timer's _seconds, as its
// documentation and the dashboards for it have them. Tidegate's own metrics have their whole names, and only the labels
// of their definitions: the SDK adds its own to whatever workflows and activities count.
type Handler struct {
	series *series
	tags   map[string]string
}

var _ client.MetricsHandler = Handler{}

// WithTags is the handler with more labels.
func (h Handler) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	return Handler{series: h.series, tags: all}
}

// Counter counts up.
func (h Handler) Counter(name string) client.MetricsCounter {
	return counter(func(n int64) { h.series.add(h.full(name, "_total"), h.tags, float64(n)) })
}

// Gauge has a value.
func (h Handler) Gauge(name string) client.MetricsGauge {
	return gauge(func(v float64) { h.series.set(name, h.tags, v) })
}

// Timer is a histogram of durations.
func (h Handler) Timer(name string) client.MetricsTimer {
	return timer(func(d time.Duration) { h.series.observe(h.full(name, "_seconds"), h.tags, d) })
}

func (h Handler) full(name, suffix string) string {
	if _, own := h.series.own[name]; own {
		return name
	}
	return name + suffix
}

type (
	counter func(int64)
	gauge   func(float64)
	timer   func(time.Duration)
)

// Inc counts.
func (c counter) Inc(n int64) { c(n) }

// Update sets the value.
func (g gauge) Update(v float64) { g(v) }

// Record takes a duration in.
func (t timer) Record(d time.Duration) { t(d) }

// series are all that were counted. The SDK may give one name several sets of labels, which a registry's own vectors
// cannot have: so each set has a vector of its own, and none is described in advance.
type series struct {
	own map[string]metric.Definition

	mu      sync.RWMutex
	vectors map[string]prometheus.Collector // by name and labels
}

func newSeries() *series {
	s := &series{own: map[string]metric.Definition{}, vectors: map[string]prometheus.Collector{}}
	for _, d := range metric.Did() {
		s.own[d.Name] = d
	}
	return s
}

// Describe describes nothing: what the SDK counts is known once it does.
func (*series) Describe(chan<- *prometheus.Desc) {}

// Collect gives all series.
func (s *series) Collect(to chan<- prometheus.Metric) {
	s.mu.RLock()
	all := slices.Collect(maps.Values(s.vectors))
	s.mu.RUnlock()
	for _, v := range all {
		v.Collect(to)
	}
}

func (s *series) add(name string, labels map[string]string, n float64) {
	opts, labels, names := s.options(name, labels)
	vector(s, name, names, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts), names)
	}).With(labels).Add(max(0, n))
}

func (s *series) set(name string, labels map[string]string, v float64) {
	opts, labels, names := s.options(name, labels)
	vector(s, name, names, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts(opts), names)
	}).With(labels).Set(v)
}

func (s *series) observe(name string, labels map[string]string, d time.Duration) {
	opts, labels, names := s.options(name, labels)
	vector(s, name, names, func() *prometheus.HistogramVec {
		buckets := s.own[name].Buckets
		if buckets == nil {
			buckets = sdkBuckets()
		}
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: opts.Name, Help: opts.Help, Buckets: buckets}, names)
	}).With(labels).Observe(d.Seconds())
}

// sdkBuckets are those of the SDK's latencies: from a call to Temporal to a workflow that ran for weeks.
func sdkBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 86400, 7 * 86400}
}

// options are how a metric is described, and the labels that it has, sorted.
func (s *series) options(name string, labels map[string]string) (prometheus.Opts, prometheus.Labels, []string) {
	help := "Of Temporal's SDK."
	if d, own := s.own[name]; own {
		help = d.Help
		kept := prometheus.Labels{}
		for _, label := range d.Labels {
			kept[label] = labels[label]
		}
		labels = kept
	}
	return prometheus.Opts{Name: name, Help: help}, labels, slices.Sorted(maps.Keys(labels))
}

// vector is the one of the name and labels, made when it is first needed.
func vector[V prometheus.Collector](s *series, name string, labels []string, create func() V) V {
	key := name + " " + strings.Join(labels, " ")
	s.mu.RLock()
	found, ok := s.vectors[key].(V)
	s.mu.RUnlock()
	if ok {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.vectors[key].(V); ok {
		return found
	}
	made := create()
	s.vectors[key] = made
	return made
}
