// Package rehearsal makes simulated clouds of an inventory, and lets a plan fit into minutes, so that a campaign can
// be seen before it is run: what would happen, and in which order. It runs nothing (internal/demo does). Start at Make.
package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
)

// Options are how it is rehearsed.
type Options struct {
	// Now is when the rehearsal begins; the windows are put in the order in which they next open from then on.
	Now time.Time
	// Minutes are how many the windows are spread over: 1 or more.
	Minutes int
	// Faults are what is to go wrong.
	Faults []Fault
}

// Rehearsal is a plan with the clouds to run it on.
type Rehearsal struct {
	Plan   plan.Plan
	Clouds simcloud.Scenario // its credentials are in the order of the plan's accounts
	// Windows are those of the plan's own accounts, in the order in which they open.
	Windows []Window
	// Otherwise is what is not as it will be, for people: what was left out and what was shortened.
	Otherwise []string
}

// Window is the maintenance window of some gateways: when it next opens, and when it does so here.
type Window struct {
	Opens    time.Time     // UTC
	In       time.Duration // whole minutes from the beginning of the rehearsal on
	Gateways []string      // by name, sorted
}

// Make makes a rehearsal. Its error names what the plan has and the inventory does not, and what cannot be simulated.
func Make(found inventory.Document, p plan.Plan, o Options) (Rehearsal, error) {
	if err := covers(found, p); err != nil {
		return Rehearsal{}, err
	}
	w := newWorld(found, p, o)
	faults := w.befall(o.Faults, p)
	short, otherwise := shortened(p)
	r := Rehearsal{Plan: short, Clouds: w.clouds, Windows: w.windows, Otherwise: append(w.notes, otherwise...)}
	if faults != nil {
		return Rehearsal{}, faults
	}
	if err := errors.Join(r.Clouds.AWS.Validate(), r.Clouds.Huawei.Validate()); err != nil {
		return Rehearsal{}, fmt.Errorf("the inventory has what the simulated clouds cannot be: %w", err)
	}
	return r, nil
}

// covers is nil where the inventory has everything that the plan names.
func covers(found inventory.Document, p plan.Plan) error {
	gateways, proxies, accounts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, g := range found.Gateways {
		gateways[g.ARN], accounts[g.Account] = true, true
	}
	for _, x := range found.Proxies {
		proxies[x.ID], proxies[x.Instance.ID], accounts[x.Account] = true, true, true
	}
	var missing []string
	need := func(has bool, what string) {
		if !has {
			missing = append(missing, what)
		}
	}
	for _, t := range p.Targets {
		need(gateways[t.Gateway.ARN], fmt.Sprintf("the gateway %s of the target %s", t.Gateway.ARN, t.Name))
		for _, x := range t.Proxies {
			id := x.ProxyID
			if id == plan.AllProxies {
				id = x.InstanceID
			}
			need(proxies[id], fmt.Sprintf("the proxy %s of the target %s", id, t.Name))
		}
	}
	for _, s := range p.Selectors {
		need(accounts[s.Account], "a gateway of the account "+s.Account)
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("the inventory does not have what the plan names; make it of the plan's accounts: %s",
		strings.Join(slices.Compact(missing), ", "))
}

// The longest that things take in a rehearsal. The simulated clouds need seconds where the real ones need minutes.
const (
	mostPatience = maintenance.Duration(3 * time.Minute)  // for what has to come to an end
	mostSettle   = maintenance.Duration(10 * time.Second) // until what was not answered counts as not done
	mostBake     = maintenance.Duration(15 * time.Second)
	mostPause    = maintenance.Duration(5 * time.Second) // of everything that is short in a plan already
)

// shortened is a plan whose work takes minutes, and what of it was left out.
func shortened(p plan.Plan) (plan.Plan, []string) {
	var notes []string
	leave := func(n int, one, many, why string) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s left out: %s", maintenance.Counted(n, one, many), why))
		}
	}
	leave(len(p.Policy.Freezes), "freeze is", "freezes are", "the windows open at other times here; tidegate plan tells what they do")
	leave(len(p.Notify), "notification is", "notifications are", "nobody is disturbed")
	leave(len(p.Mutes), "mute is", "mutes are", "there is no alarm here")
	p.Policy.Freezes, p.CalendarsUntil, p.Notify, p.Mutes = nil, time.Time{}, nil, nil

	checks := len(p.Checks)
	p.Checks = slices.Clone(p.Checks)
	p.Checks = slices.DeleteFunc(p.Checks, func(c health.Check) bool { return c.Gateway == nil })
	for i := range p.Checks {
		p.Checks[i].Every = min(p.Checks[i].Every, mostPause)
	}
	leave(checks-len(p.Checks), "health check is", "health checks are", "only the gateways' own numbers are simulated")
	if p.Policy.Approval {
		p.Policy.Approval = false
		notes = append(notes, "the approval of each target is left out: only the campaign's is given")
	}
	if p.Approvals.Signed() {
		p.Approvals.Signers, p.Approvals.Commands = "", ""
		notes = append(notes, "approvals are not signed here")
	}
	p.Name = rehearsed(p.Name)
	p.Rollout.Bake = min(p.Rollout.Bake, mostBake)
	p.Rollout.Forecast = maintenance.Forecast{Update: mostSettle * 2, Snapshot: mostSettle, Proxy: mostSettle * 2}
	p.Policy = shortPolicy(p.Policy)
	notes = append(notes, "the windows open minutes apart and stay open for "+p.Policy.WindowLength.String()+
		": a target that would have to wait for its next one starts at once; tidegate plan tells when it would")
	notes = append(notes, "whatever takes time is shorter: an update some 15 s, a snapshot 5 s, a proxy 10 s, a bake "+
		p.Rollout.Bake.String())
	return p, notes
}

func shortPolicy(p maintenance.Policy) maintenance.Policy {
	short := func(d *maintenance.Duration, most maintenance.Duration) *maintenance.Duration {
		return new(min(d.OrZero(), most))
	}
	p.UpdateDelay, p.ArmBefore = short(p.UpdateDelay, mostPause), short(p.ArmBefore, mostSettle)
	p.WindowRecheck = min(p.WindowRecheck, mostSettle)
	p.UpdateStart = min(p.UpdateStart, mostPatience)
	p.UpdateDeadline = min(p.UpdateDeadline, mostPatience)
	p.SteadyFor = min(p.SteadyFor, mostPause)
	p.SnapshotDeadline = min(p.SnapshotDeadline, mostPatience)
	p.SnapshotSettle = min(p.SnapshotSettle, mostSettle)
	p.Proxies.Deadline = min(p.Proxies.Deadline, mostPatience)
	p.Proxies.Settle = min(p.Proxies.Settle, mostSettle)
	p.CompensationDeadline = min(p.CompensationDeadline, mostPatience)
	p.Pace.Max = min(p.Pace.Max, maintenance.Duration(2*time.Second))
	p.Pace.Min = min(p.Pace.Min, maintenance.Duration(time.Second))
	return p
}

// longestName is the longest that a plan's name may be.
const longestName = 63

// rehearsed is the name of a plan's rehearsal: nobody takes it for the campaign.
func rehearsed(name string) string {
	const ending = "-rehearsal"
	return strings.TrimRight(name[:min(len(name), longestName-len(ending))], "-._") + ending
}
