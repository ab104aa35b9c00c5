package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const (
	oldSoftware, newSoftware = "1.2.3", "1.3.0"
	oldKernel, newKernel     = "2.24.03.000", "2.26.06.000"
	driftShare               = 0.1 // of the gateways takes longer than its kind does
	driftRound               = 0.1 // by which they take longer each round
	varyRound                = 0.1 // by which every duration differs from round to round, either way
	instant                  = time.Millisecond
)

// target is one gateway with its proxy, if any, and how long its phases take in wall time.
type target struct {
	Name     string   `json:"name"`
	ARN      string   `json:"arn"`
	Type     string   `json:"type"`
	Volumes  []string `json:"volumes,omitempty"`
	Instance string   `json:"instance,omitempty"` // empty: the target has no proxy
	Proxy    string   `json:"proxy,omitempty"`

	gap, restart, oldVersion     time.Duration
	bootstrap, snapshot, upgrade time.Duration
}

// back is the time from the trigger until the gateway runs the new software.
func (t target) back() time.Duration { return t.gap + t.restart + t.oldVersion }

// volumesReady is the time from then until the last volume is available: they bootstrap one at
// a time.
func (t target) volumesReady() time.Duration { return time.Duration(len(t.Volumes)) * t.bootstrap }

func (t target) proxyUpgrade() time.Duration { return t.upgrade }

// needs is what the target's durations alone add up to.
func (t target) needs() time.Duration {
	work := t.back() + t.upgrade
	if len(t.Volumes) > 0 {
		work += t.volumesReady() + t.snapshot
	}
	return work
}

// newFleet is what the seed makes of the options for one round of updates, counted from 0: the
// durations differ widely between gateways, and are the same for every peer. A tenth has drifted: it
// takes up to half as long again, and longer each round. The others vary little between rounds.
func newFleet(o Options, round int) []target {
	r := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // it must be repeatable
	between := func(low, high time.Duration) time.Duration {
		return o.scaled(low + time.Duration(r.Float64()*float64(high-low)))
	}
	all := make([]target, o.Targets)
	for i := range all {
		t := &all[i]
		id := fmt.Sprintf("sgw-%08X", 0xD0000000+i)
		t.Name = fmt.Sprintf("target-%05d", i)
		t.ARN = "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + id
		t.Type = []string{"CACHED", "CACHED", "CACHED", "STORED", "FILE_S3"}[r.IntN(5)]
		if o.Instant {
			t.Type = "FILE_S3"
		}
		if t.Type != "FILE_S3" {
			for v := range 1 + r.IntN(3) {
				t.Volumes = append(t.Volumes, fmt.Sprintf("vol-%08X", 0xD0000000+4*i+v))
			}
		}
		minutes := min(max(12*math.Exp(0.45*r.NormFloat64()), 4), 40)
		if r.Float64() < driftShare {
			minutes *= 1.1 + 0.4*r.Float64() + driftRound*float64(round)
		}
		t.restart = o.scaled(time.Duration(minutes * float64(time.Minute)))
		t.gap, t.oldVersion = between(10*time.Second, 40*time.Second), between(5*time.Second, 20*time.Second)
		t.bootstrap, t.snapshot = between(30*time.Second, 4*time.Minute), between(2*time.Minute, 15*time.Minute)
		proxy := between(3*time.Minute, 12*time.Minute)
		// Spread evenly over the fleet, whatever the share.
		if int(float64(i+1)*o.Proxies) > int(float64(i)*o.Proxies) {
			t.Instance, t.Proxy = fmt.Sprintf("%032xin07", 0xD0000000+i), fmt.Sprintf("%032xpo01", 0xD0000000+i)
			t.upgrade = proxy
		}
		if o.Instant {
			t.gap, t.restart, t.oldVersion, t.upgrade = instant, instant, instant, min(t.upgrade, instant)
		}
	}
	if round > 0 {
		vary(all, rand.New(rand.NewPCG(o.Seed, uint64(round)))) //nolint:gosec // it must be repeatable
	}
	return all
}

// vary lets every duration of a round differ a little from that of the round before.
func vary(all []target, r *rand.Rand) {
	for i := range all {
		t := &all[i]
		for _, d := range []*time.Duration{&t.gap, &t.restart, &t.oldVersion, &t.bootstrap, &t.snapshot, &t.upgrade} {
			*d = time.Duration(float64(*d) * (1 + varyRound*(2*r.Float64()-1)))
		}
	}
}

// criticalPath is how long the fleet takes if nothing is ever late.
func criticalPath(all []target) (longest time.Duration) {
	for _, t := range all {
		longest = max(longest, t.needs())
	}
	return longest
}

// scenario is the clouds in which the fleet lives, with every window opening at one time.
func scenario(all []target, o Options, opening time.Time) simcloud.Scenario {
	second := o.scaled(time.Second)
	opening = opening.UTC()
	s := simcloud.Scenario{
		AWS:    aws.Scenario{Timing: aws.Timing{VisibleByID: second, VisibleByFilter: 2 * second}},
		Huawei: huawei.Scenario{Durations: huawei.Durations{JobVisible: 2 * second}},
	}
	for _, t := range all {
		g := aws.Gateway{
			ID: t.ARN[len(t.ARN)-len("sgw-12345678"):], Name: t.Name, Type: t.Type, Version: oldSoftware,
			NextVersion: newSoftware,
			Window: aws.Window{
				DayOfWeek: new(int(opening.Weekday())), HourOfDay: new(opening.Hour()),
				MinuteOfHour: new(opening.Minute()),
			},
			// No phase waits until someone has seen it: the durations alone decide.
			Timing: aws.Timing{
				Gap: t.gap, GapPolls: new(0), Restart: t.restart, OldVersion: t.oldVersion, OldVersionPolls: new(0),
				Bootstrap: t.bootstrap, Snapshot: t.snapshot,
			},
		}
		for _, id := range t.Volumes {
			g.Volumes = append(g.Volumes, aws.Volume{ID: id})
		}
		s.AWS.Gateways = append(s.AWS.Gateways, g)
		if t.Proxy != "" {
			s.Huawei.Instances = append(s.Huawei.Instances, huawei.Instance{ID: t.Instance, Proxies: []huawei.Proxy{
				{ID: t.Proxy, CurrentVersion: oldKernel, LatestVersion: newKernel, Upgrade: t.upgrade},
			}})
		}
	}
	return s
}
