package planfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/strict"
)

// targets judges the targets that are named.
func (c *checker) targets() {
	if len(c.plan.Targets)+len(c.plan.Selectors) == 0 {
		c.Wrong("targets", "", "at least one target, or one selector under selectors")
	}
	if n := len(c.plan.Targets); n > plan.MaxTargets {
		c.Fault("targets", strict.Fault{
			Problem: fmt.Sprintf("has %d targets", n), Want: fmt.Sprintf("at most %d, or several plans", plan.MaxTargets),
		})
	}
	names, gateways := map[string]string{}, map[string]string{}
	for i, t := range c.plan.Targets {
		at := fmt.Sprintf("targets[%d]", i)
		for _, f := range fault.Fields(judged(t).Validate()) {
			c.Wrong(at+strings.TrimPrefix(f.Field, "target"), "", wantOf(f))
		}
		c.once(names, t.Name, at+".name", "unique")
		c.once(gateways, strings.ToUpper(t.Gateway.ARN), at+".gateway.arn", "unique")
		c.gateway(at+".gateway", t.Gateway)
		for j, p := range t.Proxies {
			c.huaweiAccount(fmt.Sprintf("%s.proxies[%d].account", at, j), p.Account)
		}
		c.labels(at+".labels", t.Labels)
	}
}

// judged is a target of which maintenance can judge every field: all proxies of
// an instance are a proxy of its own there.
func judged(t maintenance.Target) maintenance.Target {
	t.Proxies = slices.Clone(t.Proxies)
	for i, p := range t.Proxies {
		if p.ProxyID == plan.AllProxies {
			t.Proxies[i].ProxyID = fmt.Sprintf("%032xpo01", i)
		}
	}
	return t
}

// wantOf is what would be right of a target's field in a plan, which may say more
// than a single maintenance.
func wantOf(f *maintenance.FieldError) string {
	if strings.HasSuffix(f.Field, ".proxyId") && f.Want == wantProxyID {
		return f.Want + ", or " + plan.AllProxies
	}
	return f.Want
}

const wantProxyID = "32 hexadecimal digits followed by po01"

// once adds a fault where a key stands at two places. An empty key has its own
// fault.
func (c *checker) once(seen map[string]string, key, path, want string) {
	if key == "" {
		return
	}
	if before, ok := seen[key]; ok {
		c.Wrong(path, "", fmt.Sprintf("%s; it is also at line %d (%s)", want, c.Line(before), before))
		return
	}
	seen[key] = path
}

// gateway holds a gateway's ARN against the account that is to maintain it.
func (c *checker) gateway(path string, g maintenance.GatewayRef) {
	account, ok := c.awsAccount(path+".account", g.Account)
	arn, err := maintenance.ParseGatewayARN(g.ARN)
	if !ok || err != nil {
		return // either has its fault already
	}
	if arn.Region != account.Region {
		c.Wrong(path+".arn", "", fmt.Sprintf("a gateway in %s, the region of the account %q", account.Region, account.Name))
	}
	if partition := maintenance.PartitionOf(arn.Region); partition != "" && partition != arn.Partition {
		c.Wrong(path+".arn", "", "an ARN of the partition "+partition+", to which "+arn.Region+" belongs")
	}
	if role := roleForm.FindStringSubmatch(account.AssumeRole); role != nil && role[2] != arn.Account {
		c.Wrong(path+".arn", "", fmt.Sprintf("a gateway of %s, to which the role of the account %q belongs", role[2], account.Name))
	}
}

// What bounds labels: AWS's own bounds of tags, which may become labels.
const (
	maxLabels   = 20
	maxLabelKey = 128
	maxLabel    = 256
)

func (c *checker) labels(path string, labels map[string]string) {
	if len(labels) > maxLabels {
		c.Wrong(path, "", fmt.Sprintf("at most %d labels", maxLabels))
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		c.require(key != "" && len(key) <= maxLabelKey, path+"."+key,
			fmt.Sprintf("a label name of 1 to %d characters", maxLabelKey))
		c.require(len(labels[key]) <= maxLabel, path+"."+key, fmt.Sprintf("at most %d characters", maxLabel))
	}
}

// constraint demands that the label by which targets keep apart is there at all:
// a letter wrong in its name would let everything run at once.
func (c *checker) constraint() {
	key := c.plan.Rollout.ConstraintKey
	if key == "" {
		return
	}
	for _, t := range c.plan.Targets {
		if _, ok := t.Labels[key]; ok {
			return
		}
	}
	for _, s := range c.plan.Selectors {
		if _, ok := s.Labels[key]; ok || slices.Contains(s.LabelsFromTags, key) {
			return
		}
	}
	c.Wrong("rollout.constraintKey", "", "a label of some target, or under labels or labelsFromTags of a selector")
}
