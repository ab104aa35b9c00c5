// Package plan holds what a plan file says, with its defaults taken and its freezes resolved
// to UTC: what a campaign is started with. Like internal/maintenance it imports the standard
// library only, and its types travel in workflow histories: fields are added, never renamed,
// reordered or retyped.
//
// It reads no file; the policy and its defaults are internal/maintenance's. Start at Plan.
package plan

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Plan is what a person wants of a fleet.
type Plan struct {
	Name     string             `json:"name"`
	Accounts Accounts           `json:"accounts,omitzero"`
	Policy   maintenance.Policy `json:"policy"` // with its defaults and its freezes
	// Rollout has its defaults. Its waves count the targets in their order here:
	// those that are named, then those that the selectors find, one selector after
	// the other, by gateway name.
	Rollout   maintenance.Rollout   `json:"rollout"`
	Approvals maintenance.Approvals `json:"approvals,omitzero"`
	Targets   []maintenance.Target  `json:"targets,omitempty"` // ProxyID may be AllProxies
	Selectors []Selector            `json:"selectors,omitempty"`
	Notify    []Notify              `json:"notify,omitempty"`
	// Checks are the health checks, with their defaults, and Mutes the alarms that are kept quiet meanwhile.
	Checks []health.Check `json:"checks,omitempty"`
	Mutes  []health.Mute  `json:"mute,omitempty"`
	// Warnings are what a person should know of the plan file, each with its place,
	// such as plan.yaml:7:5: freezes[0]: is over.
	Warnings []string `json:"warnings,omitempty"`
	// CalendarsUntil is the time up to which the events of the plan's calendars stand
	// among its freezes; zero: it has no calendar.
	CalendarsUntil time.Time `json:"calendarsUntil,omitzero"`
	// AsOf is the time as of which the plan file was read: freezes that were over then are left out. Who reads the file
	// again as of that time gets the same plan, and the same Digest.
	AsOf time.Time `json:"asOf,omitzero"`
}

// Stale warns of a plan whose calendars do not reach as far as a campaign may that
// starts now, as a schedule's does that was made a year ago; empty: they do.
func (p Plan) Stale(now time.Time) string {
	const month = 31 * 24 * time.Hour // the longest from one window to the next
	if p.CalendarsUntil.IsZero() || p.CalendarsUntil.After(now.Add(month)) {
		return ""
	}
	return "freezes: the plan's calendars were read long ago and cover nothing after " + p.CalendarsUntil.UTC().Format(time.RFC3339) +
		"; to read the plan file again: tidegate schedule update, or tidegate run"
}

// MaxTargets is how many targets a campaign takes: what it carries from run to
// run has to fit one payload of Temporal's, 2 MB.
const MaxTargets = 12_000

// AllProxies stands as a ProxyID for every proxy of its instance. Discovery puts
// the proxies in its place; a maintenance refuses it.
const AllProxies = "all"

// AnyValue stands in Selector.Tags for every value.
const AnyValue = "*"

// Accounts are the cloud accounts that a plan names. Their credentials stay on
// the worker.
type Accounts struct {
	// AWS are the accounts that hold gateways.
	AWS []AWSAccount `json:"aws,omitempty"`
	// Huawei are the Huawei Cloud projects that hold proxies.
	Huawei []HuaweiAccount `json:"huawei,omitempty"`
}

// AWSAccount is one AWS account in one region.
type AWSAccount struct {
	// Name is the one by which targets and the worker's accounts file name it.
	Name string `json:"name"`
	// Region is the AWS region of its gateways, such as eu-central-1.
	Region string `json:"region"`
	// AssumeRole is the ARN of the role that the worker takes on there.
	AssumeRole string `json:"assumeRole,omitempty"`
}

// HuaweiAccount is one project of Huawei Cloud.
type HuaweiAccount struct {
	// Name is the one by which proxies and the worker's accounts file name it.
	Name string `json:"name"`
	// Project is the project's id: 32 letters and digits.
	Project string `json:"project"`
	// Region is the project's, such as ap-southeast-3; it or an endpoint is needed.
	Region string `json:"region,omitempty"`
	// Endpoint is the host name or URL of TaurusDB, where the region does not give it.
	Endpoint string `json:"endpoint,omitempty"`
}

// WithDefaults fills every field that was left out.
func (p Plan) WithDefaults() Plan {
	p.Policy, p.Rollout, p.Approvals = p.Policy.WithDefaults(), p.Rollout.WithDefaults(), p.Approvals.WithDefaults()
	p.Notify = slices.Clone(p.Notify)
	for i := range p.Notify {
		if len(p.Notify[i].On) == 0 {
			p.Notify[i].On = maintenance.UsualEvents()
		}
	}
	p.Checks = slices.Clone(p.Checks)
	for i := range p.Checks {
		p.Checks[i] = p.Checks[i].WithDefaults()
	}
	return p
}

// Validate reports every wrong field of a plan that has its defaults, but for its
// targets, selectors and accounts, which the clouds and the worker know better.
func (p Plan) Validate() error {
	return errors.Join(p.Policy.Validate(), p.Rollout.Validate(), p.Approvals.Validate(), p.ValidateNotify(),
		health.Validate(p.Checks, p.Mutes))
}

// Servers are the monitoring servers that the checks and mutes name, each as its kind and name, such as
// prometheus/prod, sorted. The worker's configuration has them.
func (p Plan) Servers() []string {
	var all []string
	for _, c := range p.Checks {
		switch {
		case c.Prometheus != nil:
			all = append(all, "prometheus/"+c.Prometheus.Server)
		case c.Alertmanager != nil:
			all = append(all, "alertmanager/"+c.Alertmanager.Server)
		case c.HTTP != nil:
			all = append(all, "http/"+c.HTTP.Server)
		}
	}
	for _, m := range p.Mutes {
		if m.Alertmanager != nil {
			all = append(all, "alertmanager/"+m.Alertmanager.Server)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// AlarmAccounts are the AWS accounts whose alarms the checks and mutes name, sorted. Where none is
// named, they are those of the gateways.
func (p Plan) AlarmAccounts() []string {
	var all []string
	add := func(a health.AlarmSelector) {
		if a.Account != "" {
			all = append(all, a.Account)
			return
		}
		for _, account := range p.Accounts.AWS { // the gateways' own
			all = append(all, account.Name)
		}
	}
	for _, c := range p.Checks {
		if c.Alarms != nil {
			add(c.Alarms.AlarmSelector)
		}
	}
	for _, m := range p.Mutes {
		if m.Alarms != nil {
			add(*m.Alarms)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Keys are what a target may not share with one that is being maintained: the
// value of the constraint's label, as "label=value", and each DB instance of its
// proxies, as "instance ID", since Huawei Cloud carries out one change of an
// instance at a time. They are sorted.
func (p Plan) Keys(t maintenance.Target) []string {
	var keys []string
	if label := p.Rollout.ConstraintKey; label != "" {
		if value, ok := t.Labels[label]; ok {
			keys = append(keys, label+"="+value)
		}
	}
	for _, proxy := range t.Proxies {
		keys = append(keys, "instance "+proxy.InstanceID)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Waves is how many waves the campaign has; at most so many where selectors leave
// the number of targets open.
func (p Plan) Waves() (n int, open bool) {
	if len(p.Selectors) > 0 {
		return len(p.Rollout.Waves) + 1, len(p.Rollout.Waves) > 0
	}
	waves := p.Rollout.WaveOf(len(p.Targets))
	return len(slices.Compact(waves)), false
}

// Summary is the plan in one line.
func (p Plan) Summary() string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, maintenance.Counted(n, one, many))
		}
	}
	add(len(p.Targets), "target", "targets")
	add(len(p.Selectors), "selector", "selectors")
	waves, open := p.Waves()
	if open {
		parts = append(parts, "up to "+maintenance.Counted(waves, "wave", "waves"))
	} else {
		add(waves, "wave", "waves")
	}
	if len(p.Policy.Freezes) == 0 {
		return strings.Join(append(parts, "no future freezes"), ", ")
	}
	add(len(p.Policy.Freezes), "future freeze", "future freezes")
	return strings.Join(parts, ", ")
}
