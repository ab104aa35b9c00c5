package compare

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// measure is how long something took, as far as polls can tell: longer than low, and not longer than high.
type measure struct {
	setting   string // of a scenario
	target    string
	low, high time.Duration
	times     int             // how often the setting is contained in it
	polls     []time.Duration // at which it was seen to last still
	slack     time.Duration   // how long the calls themselves took
}

func took(e exchange) time.Duration { return time.Duration(e.Took * float64(time.Millisecond)) }

// measure adds one that started at a known time and ended within a window.
func (f *fleet) measure(setting, target string, start time.Time, end window, polls []time.Time) *measure {
	m := &measure{
		setting: setting, target: target, times: 1, low: max(0, end.from.Sub(start)), high: max(0, end.to.Sub(start)),
	}
	for _, at := range polls {
		m.polls = append(m.polls, at.Sub(start))
	}
	f.measures = append(f.measures, m)
	return m
}

// measureSpan adds one that started within a window, too.
func (f *fleet) measureSpan(setting, target string, start, end window) *measure {
	m := f.measure(setting, target, start.to, end, nil)
	m.high = end.to.Sub(start.from)
	return m
}

// since says that the start was within a window.
func (m *measure) since(start window) *measure {
	m.low = max(0, m.low-start.to.Sub(start.from))
	return m
}

// blur makes room for how long a call took.
func (m *measure) blur(l look) { m.slack += l.end.Sub(l.at) }

// fitted is the middle of what was measured of a target, else of any; 0: nothing was.
func (f *fleet) fitted(setting, target string) time.Duration {
	var own, all []time.Duration
	for _, m := range f.measures {
		if m.setting != setting {
			continue
		}
		middle := max((m.low+m.high)/2/time.Duration(m.times), time.Millisecond)
		all = append(all, middle)
		if m.target == target {
			own = append(own, middle)
		}
	}
	if len(own) > 0 {
		return median(own)
	}
	return median(all)
}

func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}

// settings are what a scenario says of times, for all its gateways and proxies: the general one first.
func settings(s simcloud.Scenario) map[string][]time.Duration {
	out := map[string][]time.Duration{}
	general := s.AWS.Timing.Over(aws.DefaultTiming())
	for _, t := range append([]aws.Timing{general}, overriding(s.AWS, general)...) {
		for setting, value := range map[string]time.Duration{
			"aws.timing.gap": t.Gap, "aws.timing.restart": t.Restart, "aws.timing.oldVersion": t.OldVersion,
			"aws.timing.bootstrap": t.Bootstrap, "aws.timing.snapshot": t.Snapshot,
			"aws.timing.visibleById": t.VisibleByID, "aws.timing.visibleByFilter": t.VisibleByFilter,
		} {
			out[setting] = append(out[setting], value)
		}
	}
	d := s.Huawei.Durations.WithDefaults()
	out["huawei.durations.upgrade"] = []time.Duration{d.Upgrade}
	out["huawei.durations.weights"] = []time.Duration{d.Weights}
	out["huawei.durations.restart"] = []time.Duration{d.Restart}
	out["huawei.durations.jobVisible"] = []time.Duration{d.JobVisible}
	for _, i := range s.Huawei.Instances {
		for _, p := range i.Proxies {
			if p.Upgrade > 0 {
				out["huawei.durations.upgrade"] = append(out["huawei.durations.upgrade"], p.Upgrade)
			}
			if p.Outcome.JobLate > 0 {
				out["huawei.durations.jobVisible"] = append(out["huawei.durations.jobVisible"], p.Outcome.JobLate)
			}
		}
	}
	return out
}

func overriding(s aws.Scenario, general aws.Timing) (out []aws.Timing) {
	for _, g := range s.Gateways {
		out = append(out, g.Timing.Over(general))
	}
	return out
}

// needed is how many polls must see a phase of the reference before it ends.
func needed(s simcloud.Scenario, setting string) int {
	t := s.AWS.Timing.Over(aws.DefaultTiming())
	switch setting {
	case "aws.timing.gap":
		return *t.GapPolls
	case "aws.timing.oldVersion":
		return *t.OldVersionPolls
	}
	return 0
}

// admits says whether a setting could have given what was measured.
func (m *measure) admits(setting time.Duration, polls int) bool {
	setting *= time.Duration(m.times)
	slack := 250*time.Millisecond + setting/10 + m.slack
	if polls > 0 && len(m.polls) >= polls {
		setting = max(setting, m.polls[polls-1]) // the simulator waits until the phase was seen
	}
	return setting >= m.low-slack && setting <= m.high+slack
}

// timings compares what was measured with the reference's settings.
func timings(all []*measure, reference simcloud.Scenario, found []Difference) ([]Measured, []Difference) {
	known := settings(reference)
	by := map[string][]*measure{}
	for _, m := range all {
		by[m.setting] = append(by[m.setting], m)
	}
	var out []Measured
	for setting, measures := range by {
		one := Measured{Setting: setting, Times: len(measures), Expected: known[setting][0]}
		var middles []time.Duration
		for i, m := range measures {
			low, high := m.low/time.Duration(m.times), m.high/time.Duration(m.times)
			if i == 0 {
				one.AtLeast, one.AtMost = low, high
			}
			one.AtLeast, one.AtMost = min(one.AtLeast, low), max(one.AtMost, high)
			admits := func(d time.Duration) bool { return m.admits(d, needed(reference, setting)) }
			if !slices.ContainsFunc(known[setting], admits) {
				one.Outside++
				middles = append(middles, (low+high)/2)
			}
		}
		out = append(out, one)
		if one.Outside > 0 {
			found = append(found, Difference{
				Kind: KindTiming, Path: setting, Captured: fmt.Sprintf("%s to %s", seconds(one.AtLeast), seconds(one.AtMost)),
				Simulated: seconds(one.Expected), Times: one.Outside, Assumption: assumptionOfSetting(setting),
				Proposal: fmt.Sprintf("%s: %s", setting, seconds(median(middles))),
			})
		}
	}
	return out, found
}
