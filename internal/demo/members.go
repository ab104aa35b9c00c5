package demo

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// What scenario.yaml and plan.yaml call things.
const (
	oldSoftware, newSoftware = "1.2.3", "1.3.0"
	oldKernel, newKernel     = "2.24.03.000", "2.26.06.000"

	bakeFails = "canary" // the target whose error rate rises

	canary   = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	rejected = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e02po01"
	orders   = "8c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
)

// member is one target of the campaign and the outcome that it must meet.
type member struct {
	name    string
	arn     string
	wave    int    // from 1 on
	outcome string // in words, for people
	expect  expectation
	// decide is what the demo decides when a step of it has failed and is held.
	decide *decision
	// moved: the demo moves its window.
	moved bool
	// dirty: its cache is not clean, until the demo sees to that.
	dirty bool
}

// decision is an order with its reason. check and target are of a waiver; by, where it is not the person of the script.
type decision struct{ update, why, check, target, by string }

// expectation is what must be true of a target in the end.
type expectation struct {
	state     fleet.State          // in the campaign
	end       maintenance.EndState // of its maintenance; empty: it had none
	cause     maintenance.Cause    // empty: not updated
	before    string               // software versions
	after     string
	snapshots []maintenance.RecoveryPoint // of the snapshots, all completed
	proxies   []maintenance.ProxyState
	ledger    []maintenance.ChangeState
	decisions int
	effects   []effect // each of them once
	// quarantined: no later run touches the gateway until a person releases it.
	quarantined bool
}

// stores is how many gateways the selector finds.
const stores = 10

// members is every target of the campaign, in its order.
func members() []member {
	all := []member{
		plain(bakeFails, 1, "goes first; errors rise after it: wave 2 stays shut until a person waives", "1A2B3C01", "1A2B3C11", "1A2B3C12"),
		upToDate(),
		plain("file-share", 2, "a file gateway: no volumes to snapshot", "1A2B3C03"),
		halfPast(),
		plain("flapping", 2, "goes away once more after it came back: not taken for done", "1A2B3C05", "1A2B3C51"),
		plain("archive", 2, "other people's snapshots are not taken for its own", "1A2B3C06", "1A2B3C61"),
		refused(), rejectedProxy(), orders1(),
		plain("orders-2", 3, "never with orders-1, which is of the same application", "1A2B3C10", "1A2B3CA1"),
		windowMoved(), updatedByAWS(),
	}
	for i := range stores {
		n := fmt.Sprintf("2B3C4D%02d", i+1)
		all = append(all, plain(fmt.Sprintf("store-%02d", i+1), 3, "found by its tag in the second account", n, n))
	}
	return all
}

// waveSizes are how many targets each wave has.
func waveSizes(targets []member) (sizes []int) {
	for _, m := range targets {
		for len(sizes) < m.wave {
			sizes = append(sizes, 0)
		}
		sizes[m.wave-1]++
	}
	return sizes
}

// plain is updated by the campaign, with a snapshot of each volume after it.
func plain(name string, wave int, outcome, number string, volumes ...string) member {
	m := member{name: name, arn: gateway(number), wave: wave, outcome: outcome, expect: expectation{
		state: fleet.Succeeded, end: maintenance.StateCompleted, cause: maintenance.CauseTidegate, before: oldSoftware,
		after:  newSoftware,
		ledger: []maintenance.ChangeState{maintenance.ChangeKept, maintenance.ChangeTakenBack}, // the update, the mute
	}}
	m.expect.effects = append(m.expect.effects, updates(m.arn))
	m.expect.effects = append(m.expect.effects, silence(m.gateway())...)
	for _, v := range volumes {
		m.expect.snapshots = append(m.expect.snapshots, maintenance.PointAfter)
		m.expect.ledger = append(m.expect.ledger, maintenance.ChangeKept)
		m.expect.effects = append(m.expect.effects, snapshot(m.arn, v))
	}
	return m
}

// halfPast waits until its cache is clean.
func halfPast() member {
	m := plain("half-past", 2, "its zone is GMT+5:30; waits until its cache is clean", "1A2B3C04", "1A2B3C41")
	m.dirty = true
	m.expect.effects = append(m.expect.effects, effect{"admin:Cache", m.arn, ""})
	return m
}

func upToDate() member {
	return member{
		name: "up-to-date", arn: gateway("1A2B3C02"), wave: 2, outcome: "nothing to update: not touched",
		expect: expectation{state: fleet.UpToDate},
	}
}

func refused() member {
	m := plain("refused", 3, "AWS refuses the update: held until a person has fixed that", "1A2B3C07", "1A2B3C71")
	m.decide = &decision{update: api.RetryUpdate, why: "the worker's role has the permission now"}
	m.expect.decisions = 1
	m.expect.ledger = slices.Insert(m.expect.ledger, 1, maintenance.ChangeTakenBack)
	m.expect.effects = append(m.expect.effects, silence(m.gateway())...) // the mute ends before the hold, and comes again
	return m
}

// rejectedProxy ends PARTIAL: the gateway and the canary run the new versions
// and cannot go back, the second proxy is refused with 200 and REJECT, the
// third one not started. The reads that were moved away for the upgrades are put
// back in both cases.
func rejectedProxy() member {
	m := plain("rejected-proxy", 3, "2nd of 3 proxies rejected: reads put back, 3rd not started", "1A2B3C08", "1A2B3C81")
	m.decide = &decision{update: api.AbortUpdate, why: "the subnet needs more addresses first"}
	m.expect.state, m.expect.end, m.expect.decisions = fleet.Failed, maintenance.StatePartial, 1
	m.expect.proxies = []maintenance.ProxyState{
		maintenance.ProxyUpgraded, maintenance.ProxyRejected, maintenance.ProxyNotStarted,
	}
	m.expect.ledger = append(m.expect.ledger,
		maintenance.ChangeTakenBack, maintenance.ChangeKept, // the canary's reads and kernel
		maintenance.ChangeTakenBack, maintenance.ChangeNotMade) // the second one's
	m.expect.effects = append(m.expect.effects, upgrade(canary, "[200 200]")...)
	m.expect.effects = append(m.expect.effects, aside(rejected, "[300 300]")...)
	return m
}

func orders1() member {
	m := plain("orders-1", 3, "with every proxy of its DB instance", "1A2B3C09", "1A2B3C91")
	m.expect.proxies = []maintenance.ProxyState{maintenance.ProxyUpgraded}
	m.expect.ledger = append(m.expect.ledger, maintenance.ChangeTakenBack, maintenance.ChangeKept)
	m.expect.effects = append(m.expect.effects, upgrade(orders, "[200 200]")...)
	return m
}

func windowMoved() member {
	m := plain("window-moved", 3, "its window is moved while it waits: followed", "1A2B3C11", "1A2B3CB1")
	m.moved = true
	m.expect.effects = append(m.expect.effects, moves(m.arn))
	return m
}

func updatedByAWS() member {
	m := plain("updated-by-aws", 3, "AWS is faster when the window opens: nothing is triggered", "1A2B3C12", "1A2B3CC1")
	m.moved = true
	m.expect.cause = maintenance.CauseAWS
	m.expect.ledger = []maintenance.ChangeState{
		maintenance.ChangeNotMade, maintenance.ChangeNotMade, maintenance.ChangeKept,
	}
	m.expect.effects = []effect{
		{"vendor:AutomaticUpdate", m.arn, change(oldSoftware, newSoftware)},
		snapshot(m.arn, "1A2B3CC1"), moves(m.arn),
	}
	return m
}

// gateway is the ARN of one of the scenario's gateways, by its number. Those of
// the second account start with a 2.
func gateway(number string) (arn string) {
	site := "us-east-1:123456789012"
	if number[0] == '2' {
		site = "eu-central-1:222222222222"
	}
	return "arn:aws:storagegateway:" + site + ":gateway/sgw-" + number
}

func (m member) gateway() string { return maintenance.GatewayID(m.arn) }
