// Package plan holds what a plan file says, with its defaults taken and its
// freezes resolved to UTC: what a campaign is started with. Like
// internal/maintenance it imports the standard library only, and its types travel
// in workflow histories: fields are added, never renamed, reordered or retyped.
package plan

import (
	"path"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Plan is what a person wants of a fleet.
type Plan struct {
	Name     string             `json:"name"`
	Accounts Accounts           `json:"accounts,omitzero"`
	Policy   maintenance.Policy `json:"policy"` // with its defaults and its freezes
	// Rollout has its defaults. Its waves count the targets in their order here:
	// those that are named, then those that the selectors find, one selector after
	// the other, by gateway name.
	Rollout   maintenance.Rollout  `json:"rollout"`
	Approvals Approvals            `json:"approvals,omitzero"`
	Targets   []maintenance.Target `json:"targets,omitempty"` // ProxyID may be AllProxies
	Selectors []Selector           `json:"selectors,omitempty"`
}

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

// Approvals say who has to agree before anything begins. The zero value asks for
// nobody.
type Approvals struct {
	// Count is how many different people have to approve: 1 to 10, default 1.
	Count int `json:"count,omitempty"`
	// SubmitterMayApprove counts the approval of whoever started the campaign.
	SubmitterMayApprove bool `json:"submitterMayApprove,omitempty"`
	// TimeLimit is how long approvals are waited for before the campaign ends
	// without having begun: 1m to 744h, default 168h.
	TimeLimit maintenance.Duration `json:"timeLimit,omitempty"`
	// EachWave asks again before every later wave, not only before the campaign.
	EachWave bool `json:"eachWave,omitempty"`
}

// Selector finds targets when the campaign starts. Everything that it says must
// hold. A gateway that is named, or that an earlier selector found, is not found
// again.
type Selector struct {
	// Account is the AWS account that is searched.
	Account string `json:"account"`
	// Types are AWS's gateway types, such as CACHED; none: every type.
	Types []string `json:"types,omitempty"`
	// Tags are AWS tags that the gateway has, exactly; the value * is any.
	Tags map[string]string `json:"tags,omitempty"`
	// Name is a pattern of the gateway's name in AWS, such as payments-*, with * for
	// any letters, ? for one, [a-z] for one of them.
	Name string `json:"name,omitempty"`
	// UpdateAvailable finds only gateways for which AWS offers an update.
	UpdateAvailable bool `json:"updateAvailable,omitempty"`
	// Labels are given to every target that is found.
	Labels map[string]string `json:"labels,omitempty"`
	// LabelsFromTags are the AWS tags that become labels of the same name, beside
	// those of Labels, which go before them.
	LabelsFromTags []string `json:"labelsFromTags,omitempty"`
	// Proxies belong to the target that is found.
	Proxies []Proxies `json:"proxies,omitempty"`
}

// Proxies are proxies of a target that is found: one of them, or all of an
// instance.
type Proxies struct {
	// Account is the Huawei Cloud account.
	Account string `json:"account"`
	// InstanceID is the DB instance; it needs a selector that finds one gateway.
	InstanceID string `json:"instanceId,omitempty"`
	// InstanceTag is the AWS tag of the gateway that holds the DB instance's id; a
	// gateway without that tag has no such proxies.
	InstanceTag string `json:"instanceTag,omitempty"`
	// ProxyID is one proxy of InstanceID, or all, which is the default.
	ProxyID string `json:"proxyId,omitempty"`
	// Version is exact, or latest, which is the default.
	Version string `json:"version,omitempty"`
}

// Found is what discovery knows of a gateway.
type Found struct {
	Name            string
	Type            string
	Tags            map[string]string
	UpdateAvailable bool
}

// Matches is true for a gateway of the selector's account that it selects.
func (s Selector) Matches(g Found) bool {
	if s.UpdateAvailable && !g.UpdateAvailable {
		return false
	}
	if len(s.Types) > 0 && !slices.Contains(s.Types, g.Type) {
		return false
	}
	for key, want := range s.Tags {
		value, has := g.Tags[key]
		if !has || (want != AnyValue && want != value) {
			return false
		}
	}
	if s.Name == "" {
		return true
	}
	matched, err := path.Match(s.Name, g.Name)
	return err == nil && matched
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
