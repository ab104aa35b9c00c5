package rehearsal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// Fault is something that is to go wrong.
type Fault struct {
	// Of is a target of the plan, or the id or the name of a gateway or of a proxy.
	Of   string
	Kind string // one of Kinds
}

// ParseFault reads NAME=KIND.
func ParseFault(text string) (Fault, error) {
	of, kind, ok := strings.Cut(text, "=")
	if !ok || of == "" || !slices.Contains(Kinds(), kind) {
		return Fault{}, fmt.Errorf("invalid fault %q: must be NAME=KIND, where NAME is a target, a gateway or a proxy, and KIND one of %s",
			text, strings.Join(Kinds(), ", "))
	}
	return Fault{Of: of, Kind: kind}, nil
}

// Kinds are what can go wrong, sorted.
func Kinds() []string {
	all := slices.AppendSeq([]string{refusedUpdate}, maps.Keys(ofGateways()))
	all = slices.AppendSeq(all, maps.Keys(ofProxies()))
	slices.Sort(all)
	return all
}

// refusedUpdate is AWS's refusal of one update, as for want of a permission.
const refusedUpdate = "update-refused"

// ofGateways are those that befall a gateway or its volumes.
func ofGateways() map[string]func(*aws.Gateway) {
	snapshots := func(outcome string) func(*aws.Gateway) {
		return func(g *aws.Gateway) {
			for i := range g.Volumes {
				g.Volumes[i].SnapshotOutcome = outcome
			}
		}
	}
	return map[string]func(*aws.Gateway){
		"never-comes-back": func(g *aws.Gateway) { g.NeverComesBack = true },
		"no-effect":        func(g *aws.Gateway) { g.NoEffect = true },
		"flaps":            func(g *aws.Gateway) { g.Flaps = 2 },
		"keeps-version":    func(g *aws.Gateway) { g.VersionAfterUpdate = g.Version },
		"updated-by-aws":   func(g *aws.Gateway) { g.AWSUpdates, g.AutomaticUpdatePolicy = true, "ALL_VERSIONS" },
		"snapshot-stuck":   snapshots("stuck"),
		"snapshot-error":   snapshots("error"),
	}
}

// ofProxies are those that befall a proxy.
func ofProxies() map[string]func(*huawei.Proxy) {
	return map[string]func(*huawei.Proxy){
		"proxy-rejected": func(p *huawei.Proxy) { p.Outcome.Reject = "Upgrade failed due to insufficient subnet ip" },
		"proxy-fails":    func(p *huawei.Proxy) { p.Outcome.Fail = "the upgrade failed" },
		"proxy-abnormal": func(p *huawei.Proxy) { p.Outcome.Abnormal = true },
		"proxy-job-lost": func(p *huawei.Proxy) { p.Outcome.JobLost = true },
	}
}

// befall lets the faults befall the clouds. Its error names those that befall nothing.
func (w *world) befall(faults []Fault, p plan.Plan) error {
	var errs []error
	for _, f := range faults {
		if !w.befallOne(f, p) {
			errs = append(errs, fmt.Errorf("the fault %s=%s befalls nothing: there is no such target, gateway or proxy in the plan's accounts", f.Of, f.Kind))
		}
	}
	return errors.Join(errs...)
}

func (w *world) befallOne(f Fault, p plan.Plan) bool {
	names := named(f.Of, p)
	gateway, proxy := w.befallGateways(f, names), w.befallProxies(f, names)
	return gateway || proxy
}

// named are the names of what a fault is of: a target's are its gateway and its proxies.
func named(of string, p plan.Plan) []string {
	names := []string{of}
	for _, t := range p.Targets {
		if t.Name != of {
			continue
		}
		names = append(names, t.Gateway.ID())
		for _, x := range t.Proxies {
			if x.ProxyID == plan.AllProxies {
				names = append(names, x.InstanceID)
				continue
			}
			names = append(names, x.ProxyID)
		}
	}
	return names
}

func (w *world) befallGateways(f Fault, names []string) (befell bool) {
	change, is := ofGateways()[f.Kind]
	if !is && f.Kind != refusedUpdate {
		return false
	}
	for i := range w.clouds.AWS.Gateways {
		g := &w.clouds.AWS.Gateways[i]
		if !slices.Contains(names, g.ID) && !slices.Contains(names, g.Name) {
			continue
		}
		befell = true
		if is {
			change(g)
			continue
		}
		w.clouds.Faults = append(w.clouds.Faults, fault.Rule{
			Operation: "storagegateway:UpdateGatewaySoftwareNow", Resource: g.ID, Nth: 1, Kind: fault.RefusedBefore,
		})
	}
	return befell
}

func (w *world) befallProxies(f Fault, names []string) (befell bool) {
	change, is := ofProxies()[f.Kind]
	if !is {
		return false
	}
	for _, instance := range w.clouds.Huawei.Instances {
		for i := range instance.Proxies {
			x := &instance.Proxies[i]
			if slices.Contains(names, x.ID) || slices.Contains(names, x.Name) || slices.Contains(names, instance.ID) {
				change(x)
				befell = true
			}
		}
	}
	return befell
}
