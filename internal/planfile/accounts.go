package planfile

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/strict"
)

// The forms of the accounts' fields are those that the worker's accounts file
// demands.
var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	roleForm    = regexp.MustCompile(`^arn:(aws(?:-[a-z0-9]+)*):iam::(\d{12}):role/[\w+=,.@/-]+$`)
	projectForm = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
)

// require adds a fault of a field where ok is false.
func (c *checker) require(ok bool, path, want string) {
	if !ok {
		c.Wrong(path, "", want)
	}
}

func (c *checker) name(path, name string) {
	c.require(nameForm.MatchString(name), path, "1 to 63 lower-case letters, digits, dots, underscores or dashes")
}

func (c *checker) accounts() {
	names := map[string]bool{}
	named := func(path, section, name string) {
		c.name(path, name)
		c.require(!names[section+name], path, "unique in its section")
		names[section+name] = true
	}
	for i, a := range c.plan.Accounts.AWS {
		at := fmt.Sprintf("accounts.aws[%d].", i)
		named(at+"name", "aws/", a.Name)
		c.require(maintenance.AWSRegionForm.MatchString(a.Region), at+"region", "an AWS region such as us-east-1")
		c.awsRegion(at, a)
		c.require(a.AssumeRole == "" || roleForm.MatchString(a.AssumeRole), at+"assumeRole",
			"a role such as arn:aws:iam::123456789012:role/tidegate")
	}
	for i, a := range c.plan.Accounts.Huawei {
		at := fmt.Sprintf("accounts.huawei[%d].", i)
		named(at+"name", "huawei/", a.Name)
		c.require(projectForm.MatchString(a.Project), at+"project", "the project's id: 32 letters and digits")
		c.require(a.Region == "" || maintenance.HuaweiRegionForm.MatchString(a.Region), at+"region",
			"a Huawei Cloud region such as ap-southeast-3")
		if a.Region != "" && !maintenance.KnowsHuaweiRegion(a.Region) {
			c.Warn(at+"region", unknownRegion(a.Region))
		}
		if a.Endpoint == "" {
			c.require(a.Region != "", at+"region", "the project's region, or an endpoint")
			continue
		}
		c.require(isEndpoint(a.Endpoint), at+"endpoint", "a host name or URL of TaurusDB, without path, user and password")
	}
}

// awsRegion warns of a region that this release does not know, and of a role of
// another partition than the region's: AWS has the last word on either.
func (c *checker) awsRegion(at string, a plan.AWSAccount) {
	partition := maintenance.PartitionOf(a.Region)
	if partition == "" {
		c.Warn(at+"region", unknownRegion(a.Region))
		return
	}
	if role := roleForm.FindStringSubmatch(a.AssumeRole); role != nil && role[1] != partition {
		c.require(false, at+"assumeRole", "a role in the partition "+partition+", to which "+a.Region+" belongs")
	}
}

func unknownRegion(region string) strict.Fault {
	return strict.Fault{Value: region, Problem: "is a region that this release does not know; check the spelling"}
}

// isEndpoint is true for what leads to one host and holds no secret.
func isEndpoint(endpoint string) bool {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment == ""
}

// awsAccount is the account of a name, which stands at a path.
func (c *checker) awsAccount(path, name string) (plan.AWSAccount, bool) {
	names := make([]string, 0, len(c.plan.Accounts.AWS))
	for _, a := range c.plan.Accounts.AWS {
		if a.Name == name {
			return a, true
		}
		names = append(names, a.Name)
	}
	c.Wrong(path, "", listed("accounts.aws", names))
	return plan.AWSAccount{}, false
}

func (c *checker) huaweiAccount(path, name string) {
	names := make([]string, 0, len(c.plan.Accounts.Huawei))
	for _, a := range c.plan.Accounts.Huawei {
		if a.Name == name {
			return
		}
		names = append(names, a.Name)
	}
	c.Wrong(path, "", listed("accounts.huawei", names))
}

func listed(section string, names []string) string {
	if len(names) == 0 {
		return "an account listed under " + section + ", which is empty"
	}
	return "an account listed under " + section + ": " + strings.Join(names, ", ")
}
