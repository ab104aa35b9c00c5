package main

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// The names of the two accounts, and what scenario.yaml calls things.
const (
	awsAccount    = "demo-aws"
	huaweiAccount = "demo-huawei"

	oldSoftware, newSoftware = "1.2.3", "1.3.0"
	oldKernel, newKernel     = "2.24.03.000", "2.26.06.000"

	canary   = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	rejected = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e02po01"
	archive  = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e03po01"
)

// member is one target of the demo and the fate that it must meet.
type member struct {
	target maintenance.Target
	policy maintenance.Policy
	fate   string // in words, for people
	expect expectation
}

// expectation is what must be true of a target in the end.
type expectation struct {
	state     maintenance.EndState
	cause     maintenance.Cause // empty: not updated
	before    string            // software versions
	after     string
	snapshots []maintenance.RecoveryPoint // of the snapshots, all completed
	proxies   []maintenance.ProxyState
	ledger    []maintenance.ChangeState
	decisions int
	effects   []effect // each of them once
	// quarantined: no later run touches the gateway until a person releases it.
	quarantined bool
}

// fleet is every target of the demo.
func fleet() []member {
	return []member{openNow(), opensSoon(), updatedByAWS(), upToDate(), fileShare(), rejectedProxy(), needsApproval(), bothSides()}
}

func openNow() member {
	arn := gateway("01")
	return member{
		target: target("open-now", arn), policy: policy(),
		fate: "its window is open: updated now, two volumes snapshotted",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter, maintenance.PointAfter},
			ledger:    []maintenance.ChangeState{maintenance.ChangeKept, maintenance.ChangeKept, maintenance.ChangeKept},
			effects:   []effect{updates(arn), snapshots("11", maintenance.PointAfter), snapshots("12", maintenance.PointAfter)},
		},
	}
}

func opensSoon() member {
	arn := gateway("02")
	return member{
		target: target("opens-soon", arn), policy: policy(),
		fate: "its window opens within two minutes: waits, then updated",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter},
			ledger:    []maintenance.ChangeState{maintenance.ChangeKept, maintenance.ChangeKept},
			effects:   []effect{updates(arn), snapshots("21", maintenance.PointAfter)},
		},
	}
}

func updatedByAWS() member {
	arn := gateway("03")
	return member{
		target: target("updated-by-aws", arn), policy: policy(),
		fate: "AWS is faster when the window opens: nothing is triggered",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseAWS, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter},
			ledger:    []maintenance.ChangeState{maintenance.ChangeNotMade, maintenance.ChangeKept},
			effects: []effect{
				{"vendor:AutomaticUpdate", arn, change(oldSoftware, newSoftware)},
				snapshots("31", maintenance.PointAfter),
			},
		},
	}
}

func upToDate() member {
	arn := gateway("04")
	return member{
		target: target("up-to-date", arn), policy: policy(),
		fate:   "nothing to update: not touched",
		expect: expectation{state: maintenance.StateCompleted, before: newSoftware, after: newSoftware},
	}
}

func fileShare() member {
	arn := gateway("05")
	return member{
		target: target("file-share", arn), policy: policy(),
		fate: "a file gateway: updated, no volumes to snapshot",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			ledger:  []maintenance.ChangeState{maintenance.ChangeKept},
			effects: []effect{updates(arn)},
		},
	}
}

// rejectedProxy ends PARTIAL: the gateway and the canary run the new versions
// and cannot go back, the second proxy is refused with 200 and REJECT, the
// third one not begun. The reads that were moved away for the upgrades are put
// back in both cases.
func rejectedProxy() member {
	arn := gateway("06")
	m := member{
		target: target("rejected-proxy", arn), policy: policy(),
		fate: "2nd of 3 proxies rejected: reads put back, 3rd not begun",
		expect: expectation{
			state: maintenance.StatePartial, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter},
			proxies:   []maintenance.ProxyState{maintenance.ProxyUpgraded, maintenance.ProxyRejected, maintenance.ProxyNotBegun},
			ledger: []maintenance.ChangeState{
				maintenance.ChangeKept, maintenance.ChangeKept, // software, snapshot
				maintenance.ChangeTakenBack, maintenance.ChangeKept, // the canary's reads and kernel
				maintenance.ChangeTakenBack, maintenance.ChangeNotMade, // the second one's
			},
			effects: []effect{
				updates(arn), snapshots("61", maintenance.PointAfter),
				reads(canary, "[200 200]", "[0 0]"), reads(canary, "[0 0]", "[200 200]"),
				{"taurusdb:UpgradeProxyVersion", canary, change(oldKernel, newKernel)},
				reads(rejected, "[300 300]", "[0 0]"), reads(rejected, "[0 0]", "[300 300]"),
			},
		},
	}
	m.policy.Proxies.ShiftReads = true
	for _, id := range []string{canary, rejected, archive} {
		m.target.Proxies = append(m.target.Proxies, maintenance.ProxyRef{
			Account: huaweiAccount, InstanceID: huawei.DefaultInstanceID, ProxyID: id, Version: maintenance.Latest,
		})
	}
	return m
}

func needsApproval() member {
	arn := gateway("07")
	m := member{
		target: target("needs-approval", arn), policy: policy(),
		fate: "waits until a person approves (the demo does it)",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter},
			ledger:    []maintenance.ChangeState{maintenance.ChangeKept, maintenance.ChangeKept},
			decisions: 1,
			effects:   []effect{updates(arn), snapshots("71", maintenance.PointAfter)},
		},
	}
	m.policy.Approval = true
	return m
}

// bothSides also keeps AWS from updating the gateway meanwhile, which is taken
// back at the end.
func bothSides() member {
	arn := gateway("08")
	m := member{
		target: target("both-sides", arn), policy: policy(),
		fate: "snapshots before and after; AWS's own updates held meanwhile",
		expect: expectation{
			state: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware, after: newSoftware,
			snapshots: []maintenance.RecoveryPoint{maintenance.PointBefore, maintenance.PointAfter},
			ledger: []maintenance.ChangeState{
				maintenance.ChangeTakenBack, // automatic updates
				maintenance.ChangeKept, maintenance.ChangeKept, maintenance.ChangeKept,
			},
			effects: []effect{
				automaticUpdates(arn, maintenance.EmergencyVersionsOnly), automaticUpdates(arn, maintenance.AllVersions),
				snapshots("81", maintenance.PointBefore), updates(arn), snapshots("81", maintenance.PointAfter),
			},
		},
	}
	m.policy.Snapshot = maintenance.SnapshotBoth
	m.policy.AutomaticUpdates = maintenance.AutomaticUpdatesHold
	return m
}

// gateway is the ARN of one of the scenario's gateways, by the end of its id.
func gateway(number string) (arn string) {
	return "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/sgw-1A2B3C" + number
}

func target(name, arn string) maintenance.Target {
	return maintenance.Target{
		Name: name, Labels: map[string]string{"run": "demo"},
		Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: arn},
	}
}

// policy is a real one but for its hurry: the simulated clouds do in seconds
// what the real ones do in many minutes.
func policy() maintenance.Policy {
	seconds := func(n int) maintenance.Duration { return maintenance.Duration(time.Duration(n) * time.Second) }
	return maintenance.Policy{
		UpdateDelay: new(maintenance.Duration(3 * time.Second)), WindowLength: maintenance.Duration(time.Hour), Cutoff: new(maintenance.Duration(10 * time.Minute)),
		WindowRecheck: seconds(10),
		UpdateStart:   seconds(60), UpdateDeadline: seconds(120), SteadyFor: seconds(1),
		SnapshotDeadline: seconds(120), SnapshotSettle: seconds(5),
		Proxies: maintenance.ProxyPolicy{Deadline: seconds(60), Settle: seconds(5)},
		Pace:    maintenance.Pace{Min: maintenance.Duration(200 * time.Millisecond), Max: seconds(1)},
	}
}
