package faultmatrix

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// proxyScenario is one in which the first of the target's proxies has a outcome.
func proxyScenario(name string, promise Promise, set func(*Stage)) Scenario {
	return Scenario{Name: name, Promise: promise, Set: func(s *Stage) {
		s.proxiesOnly(1)
		s.shiftReads()
		set(s)
	}}
}

// allTagsTaken leaves the DB instance no room for a mark.
func allTagsTaken(s *Stage) {
	tags := map[string]string{}
	for i := range maintenance.MaxInstanceTags {
		tags[fmt.Sprintf("owner-%02d", i)] = "dba"
	}
	s.Scenario.Huawei.Instances[0].Tags = tags
}

func proxyScenarios() []Scenario {
	return []Scenario{
		{
			Name: "after the gateway's update the first of two proxies is answered with REJECT",
			Set: func(s *Stage) {
				s.withProxies(2)
				s.shiftReads()
				s.proxy().Outcome.Reject = "Upgrade failed due to insufficient subnet ip"
			},
			Promise: partial(Update, Snapshot, TagProxy, Shift, Return, Clear),
		},
		proxyScenario("the upgrade is answered with 409 for a while", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.Conflict = 3 }),
		proxyScenario("the answer speaks of another proxy first", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.TwoElements = true }),
		proxyScenario("the answer does not name the proxy", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.OmitInstanceID = true }),
		proxyScenario("the answer is the vendor's example, and the upgrade has started", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.MixedReply = true }),
		proxyScenario("the answer is the vendor's example once, and no upgrade has started", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) {
				s.proxy().Outcome = huawei.Outcome{MixedReply: true, Reject: "Upgrade failed due to insufficient subnet ip", Times: 1}
			}),
		proxyScenario("the answer is the vendor's example each time, and no upgrade starts", doubtful(TagProxy, Shift, Return, Clear),
			func(s *Stage) {
				s.proxy().Outcome = huawei.Outcome{MixedReply: true, Reject: "Upgrade failed due to insufficient subnet ip"}
			}),
		proxyScenario("the vendor's own upgrade of the proxy is scheduled", compensated(TagProxy, Shift, Return, Clear),
			func(s *Stage) { s.proxy().ScheduledUpgrade = &huawei.ScheduledUpgrade{StartsIn: 24 * time.Hour} }),
		proxyScenario("the proxy is ABNORMAL after its upgrade", completed(TagProxy, Shift, Upgrade, Restart, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.Abnormal = true }),
		{
			Name: "the proxy is ABNORMAL after its upgrade, and its restart fails",
			Set: func(s *Stage) {
				s.proxiesOnly(2)
				s.proxy().Outcome.Abnormal, s.proxy().Outcome.RestartFails = true, true
			},
			Promise: doubtful(Upgrade, Restart),
		},
		proxyScenario("the cloud does not offer the upgrade at the moment it is to start", compensated(TagProxy, Shift, Return, Clear),
			func(s *Stage) {
				s.faults(fault.Rule{Operation: upgradeProxy, Kind: fault.RefusedBefore, Code: "DBS.05000008"})
			}),
		proxyScenario("the change of weights fails", compensated(TagProxy, Shift, Clear), func(s *Stage) { s.proxy().Outcome.WeightsFail = true }),
		proxyScenario("the DB instance has no room for a mark, so the reads are not moved", completed(Upgrade), allTagsTaken),
		{
			Name: "the IAM token expires during the run",
			Set: func(s *Stage) {
				s.proxiesOnly(1)
				s.Password = true
				s.Scenario.Huawei.Durations.Upgrade = time.Second
			},
			During: func(ctx context.Context, p Play) error {
				started := func(maintenance.Status) bool { return p.Clouds().Calls()[upgradeProxy] > 0 }
				if err := p.Until(ctx, started); err != nil {
					return err
				}
				return p.ExpireTokens(ctx)
			},
			Promise: completed(Upgrade),
		},
	}
}

func jobScenarios() []Scenario {
	return []Scenario{
		proxyScenario("the upgrade's job is never shown", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.JobLost = true }),
		proxyScenario("the upgrade's job is shown late", completed(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.JobLate = late }),
		proxyScenario("the upgrade is not answered, and its job is shown late", completed(TagProxy, Shift, Upgrade, Return, Clear), func(s *Stage) {
			s.proxy().Outcome.JobLate = late
			s.Policy.Proxies.Settle = maintenance.Duration(3 * late)
			s.faults(fault.Rule{Operation: upgradeProxy, Kind: fault.LostAfter, Nth: 1})
		}),
		proxyScenario("the upgrade's job ends as Failed", unchanged(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.Fail = "disk full" }),
		proxyScenario("the upgrade's job ends as Canceled", unchanged(TagProxy, Shift, Upgrade, Return, Clear),
			func(s *Stage) { s.proxy().Outcome.Cancel = true }),
		proxyScenario("the upgrade's job never ends", stuck(TagProxy, Shift, Upgrade), func(s *Stage) {
			s.giveUpSoon()
			s.proxy().Outcome.Stuck = true
		}),
	}
}
