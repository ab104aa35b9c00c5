package plan

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

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
	// LabelsFromTags are the AWS tags that become labels of the same name, in addition to
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

// Matches is true for a gateway of the selector's account that it selects.
func (s Selector) Matches(g maintenance.Gateway) bool {
	if s.UpdateAvailable && !g.UpdateOffered() {
		return false
	}
	if len(s.Types) > 0 && !slices.Contains(s.Types, g.Type) {
		return false
	}
	if !s.MatchesTags(g.Tags) {
		return false
	}
	if s.Name == "" {
		return true
	}
	matched, err := path.Match(s.Name, g.Name)
	return err == nil && matched
}

// MatchesTags is true where the tags are those of a gateway that the selector may select.
func (s Selector) MatchesTags(tags map[string]string) bool {
	for key, want := range s.Tags {
		value, has := tags[key]
		if !has || (want != AnyValue && want != value) {
			return false
		}
	}
	return true
}

// Target is the target that a selected gateway becomes. Its name is the
// gateway's in AWS as far as a target's name can be that: two gateways may come
// to the same. Its proxies may be AllProxies; an instance's id that a tag holds
// is as the tag has it, right or wrong.
func (s Selector) Target(g maintenance.Gateway, ref maintenance.GatewayRef) maintenance.Target {
	return maintenance.Target{
		Name: targetName(g.Name, ref.ID()), Gateway: ref, Proxies: s.proxies(g.Tags), Labels: s.labels(g.Tags),
	}
}

// targetName makes a target's name of a gateway's name in AWS, or of its id where
// that leaves nothing.
func targetName(name, id string) string {
	const longest = 63
	name = strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	name = strings.Trim(name, "._-")
	name = strings.TrimRight(name[:min(len(name), longest)], "._-")
	if name == "" {
		return strings.ToLower(id)
	}
	return name
}

func (s Selector) labels(tags map[string]string) map[string]string {
	labels := make(map[string]string, len(s.Labels)+len(s.LabelsFromTags))
	for _, key := range s.LabelsFromTags {
		if value, ok := tags[key]; ok {
			labels[key] = value
		}
	}
	maps.Copy(labels, s.Labels)
	if len(labels) == 0 {
		return nil
	}
	return labels
}

func (s Selector) proxies(tags map[string]string) []maintenance.ProxyRef {
	var refs []maintenance.ProxyRef
	for _, p := range s.Proxies {
		instance := p.InstanceID
		if p.InstanceTag != "" {
			instance = tags[p.InstanceTag]
		}
		if instance == "" {
			continue
		}
		refs = append(refs, maintenance.ProxyRef{
			Account: p.Account, InstanceID: instance, ProxyID: cmp.Or(p.ProxyID, AllProxies), Version: p.Version,
		})
	}
	return refs
}
