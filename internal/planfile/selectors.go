package planfile

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

var (
	instanceIDForm = regexp.MustCompile(`^[0-9a-f]{32}in07$`)
	proxyIDForm    = regexp.MustCompile(`^[0-9a-f]{32}po01$`)
)

// gatewayTypes are AWS's (Storage Gateway API reference; VTL_SNOW is known to
// Terraform's provider).
func gatewayTypes() []string {
	return []string{"STORED", "CACHED", "VTL", "VTL_SNOW", "FILE_S3", "FILE_FSX_SMB"}
}

// selectors judges what finds targets.
func (c *checker) selectors() {
	for i, s := range c.plan.Selectors {
		at := fmt.Sprintf("selectors[%d]", i)
		c.awsAccount(at+".account", s.Account)
		for j, kind := range s.Types {
			c.require(slices.Contains(gatewayTypes(), kind), fmt.Sprintf("%s.types[%d]", at, j),
				"one of "+strings.Join(gatewayTypes(), ", "))
		}
		_, err := path.Match(s.Name, "")
		c.require(err == nil, at+".name", "a pattern such as payments-*, with every [ closed by a ]")
		c.labels(at+".labels", s.Labels)
		c.require(len(s.LabelsFromTags) <= maxLabels, at+".labelsFromTags", fmt.Sprintf("at most %d tags", maxLabels))
		for j, key := range s.LabelsFromTags {
			c.require(key != "" && len(key) <= maxLabelKey, fmt.Sprintf("%s.labelsFromTags[%d]", at, j),
				"the name of an AWS tag")
		}
		for j, p := range s.Proxies {
			c.found(fmt.Sprintf("%s.proxies[%d]", at, j), p)
		}
	}
}

// found judges the proxies of targets that are found.
func (c *checker) found(at string, p plan.Proxies) {
	c.huaweiAccount(at+".account", p.Account)
	single := p.ProxyID != "" && p.ProxyID != plan.AllProxies
	switch {
	case p.InstanceID == "" && p.InstanceTag == "":
		c.Wrong(at+".instanceTag", "", "the AWS tag that holds the DB instance's id, or an instanceId")
	case p.InstanceID != "" && p.InstanceTag != "":
		c.Wrong(at+".instanceTag", "", "left out where an instanceId is given")
	case p.InstanceID != "":
		c.require(instanceIDForm.MatchString(p.InstanceID), at+".instanceId", "32 hexadecimal digits followed by in07")
		c.require(!single || proxyIDForm.MatchString(p.ProxyID), at+".proxyId", wantProxyID+", or "+plan.AllProxies)
	default:
		c.require(len(p.InstanceTag) <= maxLabelKey, at+".instanceTag", "the name of an AWS tag")
		c.require(!single, at+".proxyId", plan.AllProxies+", or left out where an instanceTag is given")
	}
	if p.Version != "" && p.Version != maintenance.Latest {
		_, err := maintenance.ParseKernelVersion(p.Version)
		c.require(err == nil, at+".version", "latest, or four numbers such as 2.24.03.000")
	}
}

// proxiesOnce demands that no proxy belongs to two targets, or twice to one: it
// would be upgraded by two runs at once.
func (c *checker) proxiesOnce() {
	o := owners{checker: c, all: map[string]string{}, some: map[string]string{}, single: map[string]string{}}
	for i, t := range c.plan.Targets {
		for j, p := range t.Proxies {
			o.add(fmt.Sprintf("targets[%d].proxies[%d]", i, j), p.InstanceID, p.ProxyID)
		}
	}
	for i, s := range c.plan.Selectors {
		for j, p := range s.Proxies {
			o.add(fmt.Sprintf("selectors[%d].proxies[%d]", i, j), p.InstanceID, p.ProxyID)
		}
	}
}

// owners are the places at which proxies were named so far.
type owners struct {
	*checker
	all    map[string]string // instance -> where all its proxies are named
	some   map[string]string // instance -> where one of its proxies is named first
	single map[string]string // proxy -> where it is named
}

func (o owners) add(at, instance, proxy string) {
	const want = "under one target only"
	if instance == "" {
		return
	}
	if proxy == "" || proxy == plan.AllProxies {
		o.once(o.all, instance, o.field(at), want)
		if before, ok := o.some[instance]; ok {
			o.once(map[string]string{instance: before}, instance, o.field(at), want)
		}
		return
	}
	o.once(o.single, proxy, at+".proxyId", want)
	if before, ok := o.all[instance]; ok {
		o.once(map[string]string{proxy: before}, proxy, at+".proxyId", want)
	}
	if _, ok := o.some[instance]; !ok {
		o.some[instance] = at + ".proxyId"
	}
}

// field is where an entry names all proxies of an instance.
func (o owners) field(at string) string {
	if o.Has(at + ".proxyId") {
		return at + ".proxyId"
	}
	return at + ".instanceId"
}
