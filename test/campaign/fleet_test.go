package campaign_test

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// The two hundred, by their places in the plan. The first is the canary, the next
// twenty the second wave.
const (
	hundreds = 200
	named    = 170 // the others are found by a selector

	rejectedFirst, rejectedSecond, rejectedForGood = 10, 52, 66 // a proxy's upgrade is refused, once
	deniedOnce, deniedForGood                      = 46, 65     // the gateway's trigger is refused, once
	slow                                           = 25         // does not come back: its run is terminated
	leftOut, postponed, patient                    = 120, 130, 140
	doomed, doomedEnd                              = 160, 170 // their batch is terminated

	oldKernel, newKernel = "2.24.03.000", "2.26.06.000"
	late                 = time.Second // these windows open at the next full minute
)

func hasNothingToDo(i int) bool { return i >= 30 && i < 38 }

func opensLate(i int) bool { return i >= 100 && i%5 == 4 && (i < doomed || i >= doomedEnd) }

func answerIsLost(i int) bool { return i == 50 || i == 70 || i == 90 }

func isAway(i int) bool { return i >= 100 && (i%2 == 1 || i >= named) }

// withProxy counts the targets that have a proxy, since two of them share a DB
// instance each; below zero: it has none.
func withProxy(i int) int {
	if i%7 != 3 || i >= doomed || hasNothingToDo(i) {
		return -1
	}
	return i / 7
}

// app is the label that bounds: four targets each have the same.
func app(i int) string {
	if i%5 != 1 {
		return ""
	}
	return fmt.Sprintf("app-%d", i/20)
}

func nameOf(i int) string    { return fmt.Sprintf("target-%03d", i) }
func gatewayOf(i int) string { return fmt.Sprintf("sgw-%08X", 0xA0000000+i) }
func instanceOf(i int) string {
	return fmt.Sprintf("%032xin07", 0xA0000000+withProxy(i)/2)
}
func proxyOf(i int) string { return fmt.Sprintf("%032xpo01", 0xA0000000+i) }

// gateway is one of the two hundred in AWS.
func gateway(i int) aws.Gateway {
	g := aws.Gateway{
		ID: gatewayOf(i), Name: nameOf(i), NextVersion: "1.3.0", Type: []string{"FILE_S3", "VTL", "FILE_FSX_SMB"}[i%3],
		Window: aws.Window{OpenedAgo: 5 * time.Minute}, Tags: map[string]string{},
	}
	if i%10 == 0 {
		g.Type, g.Volumes = "CACHED", []aws.Volume{{ID: fmt.Sprintf("vol-%08X", 0xA0000000+i)}}
	}
	if isAway(i) {
		g.Account, g.Region = awayID, awayRegion
	}
	if opensLate(i) {
		g.Window = aws.Window{OpensIn: late}
	}
	if hasNothingToDo(i) {
		g.NextVersion = ""
	}
	if i == slow {
		g.NeverComesBack = true
	}
	if i >= named {
		g.Tags["campaign"] = "yes"
		if app(i) != "" {
			g.Tags["app"] = app(i)
		}
	}
	return g
}

func refOf(i int) maintenance.GatewayRef {
	if isAway(i) {
		return maintenance.GatewayRef{Account: away, ARN: "arn:aws:storagegateway:" + awayRegion + ":" + awayID + ":gateway/" + gatewayOf(i)}
	}
	return maintenance.GatewayRef{Account: home, ARN: "arn:aws:storagegateway:" + homeRegion + ":" + homeID + ":gateway/" + gatewayOf(i)}
}

func target(i int) maintenance.Target {
	t := maintenance.Target{Name: nameOf(i), Gateway: refOf(i)}
	if withProxy(i) >= 0 {
		t.Proxies = []maintenance.ProxyRef{{Account: db, InstanceID: instanceOf(i), ProxyID: proxyOf(i)}}
	}
	if app(i) != "" {
		t.Labels = map[string]string{"app": app(i)}
	}
	return t
}

// twoHundred is the clouds of the two hundred. The seed decides which reads are
// throttled.
func twoHundred(seed uint64) simcloud.Scenario {
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}, Huawei: huawei.Scenario{Durations: quickly()}}
	instances := map[string]int{}
	for i := range hundreds {
		s.AWS.Gateways = append(s.AWS.Gateways, gateway(i))
		if withProxy(i) < 0 {
			continue
		}
		at, known := instances[instanceOf(i)]
		if !known {
			at = len(s.Huawei.Instances)
			instances[instanceOf(i)] = at
			s.Huawei.Instances = append(s.Huawei.Instances, huawei.Instance{ID: instanceOf(i)})
		}
		p := huawei.Proxy{ID: proxyOf(i), CurrentVersion: oldKernel, LatestVersion: newKernel}
		if i == rejectedFirst || i == rejectedSecond || i == rejectedForGood {
			p.Outcome = huawei.Outcome{Reject: "Upgrade failed due to insufficient subnet ip", Times: 1}
		}
		s.Huawei.Instances[at].Proxies = append(s.Huawei.Instances[at].Proxies, p)
	}
	strike := func(i int, kind fault.Kind) {
		s.Faults = append(s.Faults, fault.Rule{Operation: updateNow, Resource: gatewayOf(i), Kind: kind, Times: 1})
	}
	strike(deniedOnce, fault.RefusedBefore)
	strike(deniedForGood, fault.RefusedBefore)
	for i := range hundreds {
		if answerIsLost(i) {
			strike(i, fault.LostAfter)
		}
	}
	s.Faults = append(s.Faults, fault.Rule{Operation: "storagegateway:Describe*", Kind: fault.Throttled, Probability: 0.02, Seed: seed})
	return s
}

// seconds are timings that add up to two seconds.
func seconds() aws.Timing {
	const ms = time.Millisecond
	return aws.Timing{
		Gap: 100 * ms, Restart: 1200 * ms, OldVersion: 100 * ms, Bootstrap: 100 * ms, Snapshot: 500 * ms, VisibleByID: 50 * ms, VisibleByFilter: 100 * ms,
	}
}

func quickly() huawei.Durations {
	const ms = time.Millisecond
	return huawei.Durations{Upgrade: 500 * ms, Weights: 50 * ms, Restart: 50 * ms, JobVisible: 50 * ms}
}

// thePlan is that of the two hundred.
func thePlan() plan.Plan {
	p := plan.Plan{
		Name: "two-hundred", Accounts: theAccounts(), Policy: impatient(),
		Rollout: maintenance.Rollout{
			Waves: shares("1", "10%"), Bake: maintenance.Duration(time.Second), MaxConcurrent: 25, MaxFailures: shares("15%")[0],
			ConstraintKey: "app",
		}.WithDefaults(),
		Approvals: maintenance.Approvals{Count: 1, EachWave: true, TimeLimit: maintenance.Duration(time.Hour)},
		Selectors: []plan.Selector{{Account: away, Tags: map[string]string{"campaign": "yes"}, LabelsFromTags: []string{"app"}}},
	}
	for i := range named {
		p.Targets = append(p.Targets, target(i))
	}
	return p
}

// impatient is a policy whose waits are as short as the simulated clouds are.
func impatient() maintenance.Policy {
	ms := func(n int) maintenance.Duration { return maintenance.Duration(time.Duration(n) * time.Millisecond) }
	return maintenance.Policy{
		UpdateDelay: new(maintenance.Duration(0)), UpdateStart: ms(15_000), UpdateDeadline: ms(600_000), SteadyFor: ms(50), SnapshotSettle: ms(3000),
		Attempt: ms(10_000), Pace: maintenance.Pace{Min: ms(100), Max: ms(500)},
		Proxies: maintenance.ProxyPolicy{Settle: ms(3000), ShiftReads: true},
	}.WithDefaults()
}
