package huawei

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// The vendor's limits, from the fact sheet's section 3.
const (
	maxProxies       = 4
	maxReadReplicas  = 15
	minNodes         = 2
	maxNodes         = 32
	maxWeight        = 1000
	routeByWeight    = 0
	routeBalanced    = 1
	routeBalancedAll = 2
)

const wantDuration = `a positive duration, such as "250ms" or "90s"`

// checker collects every fault of a scenario.
type checker struct{ faults []error }

func (c *checker) require(ok bool, field string, value any, want string) {
	if !ok {
		c.faults = append(c.faults, maintenance.Invalid(field, fmt.Sprint(value), want))
	}
}

func (c *checker) matches(pattern *regexp.Regexp, field, value, want string) {
	c.require(pattern.MatchString(value), field, value, want)
}

// Validate reports every setting that cannot be used, at once; each by its
// path, its value and what would be right. Settings left out are not faults.
func (s Scenario) Validate() error {
	s = s.withDefaults()
	var c checker
	c.projects(s.Projects)
	c.access(s)
	for i, version := range s.Versions {
		c.version(at("versions", i), version)
	}
	c.durations(s.Durations)
	seen := map[string]bool{}
	for i, instance := range s.Instances {
		c.instance(at("instances", i), s, instance, seen)
	}
	return errors.Join(c.faults...)
}

func (c *checker) projects(projects []Project) {
	seen := map[string]bool{}
	for i, p := range projects {
		field := at("projects", i)
		c.matches(projectIDForm, field+".id", p.ID, "32 letters and digits")
		c.require(p.Region != "", field+".region", p.Region, `a region, such as "ap-southeast-3"`)
		c.require(!seen[p.ID], field+".id", p.ID, "an id that no other project has")
		seen[p.ID] = true
	}
}

func (c *checker) access(s Scenario) {
	seen := map[string]bool{}
	for i, k := range s.Credentials {
		field := at("credentials", i)
		c.require(k.AccessKey != "", field+".accessKey", k.AccessKey, "an access key")
		// The secret's value is kept out of the message.
		c.require(k.SecretKey != "", field+".secretKey", "", "the access key's secret key")
		c.require(!seen[k.AccessKey], field+".accessKey", k.AccessKey, "an access key that no other credential has")
		seen[k.AccessKey] = true
		c.known(field+".projects", s, k.Projects)
	}
	for i, u := range s.Users {
		field := at("users", i)
		c.require(u.Domain != "", field+".domain", u.Domain, "the name of the user's account (IAM domain)")
		c.require(u.Name != "", field+".name", u.Name, "the IAM user's name")
		c.require(u.Password != "", field+".password", "", "the IAM user's password")
		c.known(field+".projects", s, u.Projects)
	}
}

func (c *checker) known(field string, s Scenario, ids []string) {
	for i, id := range ids {
		c.knownProject(at(field, i), s, id)
	}
}

func (c *checker) knownProject(field string, s Scenario, id string) {
	found := slices.ContainsFunc(s.Projects, func(p Project) bool { return p.ID == id })
	c.require(found, field, id, "the id of a project listed under projects")
}

func (c *checker) durations(d Durations) {
	for _, setting := range []struct {
		field string
		value time.Duration
	}{
		{"upgrade", d.Upgrade},
		{"weights", d.Weights},
		{"restart", d.Restart},
		{"jobVisible", d.JobVisible},
		{"token", d.Token},
		{"accessKeyLock", d.AccessKeyLock},
	} {
		c.require(setting.value > 0, "durations."+setting.field, setting.value.String(), wantDuration)
	}
}

func (c *checker) instance(field string, s Scenario, i Instance, seen map[string]bool) {
	c.matches(instanceIDForm, field+".id", i.ID, `36 letters and digits that end in "in07"`)
	c.require(!seen[i.ID], field+".id", i.ID, "an id that no other instance has")
	seen[i.ID] = true
	c.knownProject(field+".projectId", s, i.ProjectID)
	c.require(slices.Contains(instanceStatuses(), i.Status), field+".status", i.Status, oneOf(instanceStatuses()))
	c.tags(field+".tags", i.Tags)
	c.require(i.ReadReplicas >= 1 && i.ReadReplicas <= maxReadReplicas, field+".readReplicas", i.ReadReplicas, "1 to 15")
	c.require(len(i.Proxies) <= maxProxies, field+".proxies", len(i.Proxies), "at most 4 proxies, the vendor's limit")
	for n, p := range i.Proxies {
		path := at(field+".proxies", n)
		c.require(!seen[p.ID], path+".id", p.ID, "an id that no other proxy has")
		seen[p.ID] = true
		c.proxy(path, i, p)
	}
}

func (c *checker) tags(field string, tags map[string]string) {
	c.require(len(tags) <= maxTags, field, len(tags), "20 tags at most")
	for key, value := range tags {
		c.require(tagKeyForm.MatchString(key) && tagValueForm.MatchString(value), field, key+": "+value,
			"a key of 1 to 36 and a value of up to 43 letters, digits, _, - and, in the value, dots")
	}
}

func (c *checker) proxy(field string, i Instance, p Proxy) {
	c.matches(proxyIDForm, field+".id", p.ID, `36 letters and digits that end in "po01"`)
	c.require(slices.Contains(proxyStatuses(), p.Status), field+".status", p.Status, oneOf(proxyStatuses()))
	c.require(p.NodeCount >= minNodes && p.NodeCount <= maxNodes, field+".nodeCount", p.NodeCount, "2 to 32")
	c.weights(field, i, p)
	c.version(field+".currentVersion", p.CurrentVersion)
	c.version(field+".latestVersion", p.LatestVersion)
	c.require(compareVersions(p.LatestVersion, p.CurrentVersion) >= 0, field+".latestVersion", p.LatestVersion,
		"at least currentVersion, "+p.CurrentVersion)
	if task := p.ScheduledUpgrade; task != nil {
		c.scheduled(field+".scheduledUpgrade", p, *task)
	}
	c.require(p.Upgrade >= 0, field+".upgrade", p.Upgrade.String(), wantDuration)
	c.outcome(field+".outcome", p.Outcome)
}

func (c *checker) weights(field string, i Instance, p Proxy) {
	if p.RouteMode < routeByWeight || p.RouteMode > routeBalancedAll {
		c.require(false, field+".routeMode", p.RouteMode, "0 (by weight), 1 or 2 (balanced, the primary reading or not)")
		return
	}
	low, high := masterRange(p.RouteMode)
	c.require(p.MasterWeight >= low && p.MasterWeight <= high, field+".masterWeight", p.MasterWeight,
		fmt.Sprintf("%d to %d in route mode %d", low, high, p.RouteMode))
	c.require(len(p.ReadWeights) == i.ReadReplicas, field+".readWeights", p.ReadWeights,
		fmt.Sprintf("one weight for each of the instance's %d read replicas", i.ReadReplicas))
	for n, weight := range p.ReadWeights {
		c.require(weight >= 0 && weight <= maxReadWeight(p.RouteMode), at(field+".readWeights", n), weight,
			fmt.Sprintf("0 to %d in route mode %d", maxReadWeight(p.RouteMode), p.RouteMode))
	}
}

func (c *checker) version(field, version string) {
	c.require(isVersion(version), field, version, `four numbers, such as "2.24.03.000"`)
}

func (c *checker) scheduled(field string, p Proxy, task ScheduledUpgrade) {
	c.require(task.StartsIn > 0, field+".startsIn", task.StartsIn.String(), wantDuration)
	if task.TargetVersion != "" {
		c.version(field+".targetVersion", task.TargetVersion)
		c.require(compareVersions(task.TargetVersion, p.LatestVersion) <= 0, field+".targetVersion", task.TargetVersion,
			"at most latestVersion, "+p.LatestVersion)
	}
}

func (c *checker) outcome(field string, f Outcome) {
	c.require(f.Times >= 0, field+".times", f.Times, "how many upgrade calls the outcome befalls, or 0 for all")
	c.require(f.Conflict >= 0, field+".conflict", f.Conflict, "how many calls are answered 409, 0 or more")
	c.require(f.JobLate >= 0, field+".jobLate", f.JobLate.String(), wantDuration)
	c.require(!f.MixedReply || !f.TwoElements && !f.OmitInstanceID, field+".mixedReply", f.MixedReply,
		"used without twoElements and omitInstanceId")
	ends := 0
	for _, set := range []bool{f.Reject != "", f.Fail != "", f.Cancel, f.Stuck} {
		if set {
			ends++
		}
	}
	c.require(ends <= 1, field, "several of them", "at most one of reject, fail, cancel and stuck")
}

func at(field string, index int) string { return fmt.Sprintf("%s[%d]", field, index) }
