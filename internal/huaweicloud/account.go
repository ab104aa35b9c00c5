package huaweicloud

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/region"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Account is one project of Huawei Cloud. It holds no secret.
type Account struct {
	// Name is what plans and errors call the account. It may be empty.
	Name string
	// Project is the project's id: 32 letters and digits.
	Project string
	// Region, such as eu-west-101, gives the endpoints that are not set.
	Region string
	// Endpoint is where TaurusDB answers, a host name or a URL without a path.
	// By default it is what the vendor's SDK knows for the region, which its
	// users override by HUAWEICLOUD_SDK_REGION_GAUSSDB_<REGION> or by
	// ~/.huaweicloud/regions.yaml. The SDK does not know every region.
	Endpoint string
	// IAMEndpoint is where tokens are fetched with user and password, a host
	// name or a URL without a path. By default https://iam.<region>.myhuaweicloud.com,
	// the form of the SDK's own table.
	IAMEndpoint string
}

// String names the account.
func (a Account) String() string {
	return fmt.Sprintf("Huawei Cloud account %q (project %s, region %q)", a.Name, a.Project, a.Region)
}

// Address is where TaurusDB answers: the endpoint or the region's, as a URL
// without a path; empty where neither gives one.
func (a Account) Address() string {
	if a.Endpoint == "" {
		a.Endpoint = regionEndpoint(a.Region)
	}
	address, err := parseEndpoint("account.endpoint", a.Endpoint, "")
	if err != nil {
		return ""
	}
	return address
}

var projectForm = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

// resolve fills in the endpoints that are not set, and reports every wrong
// field at once.
func (a Account) resolve(withIAM bool) (Account, error) {
	var errs []error
	if !projectForm.MatchString(a.Project) {
		errs = append(errs, maintenance.Invalid("account.project", a.Project, "the project's id: 32 letters and digits"))
	}
	if a.Endpoint == "" {
		a.Endpoint = regionEndpoint(a.Region)
	}
	endpoint, err := parseEndpoint("account.endpoint", a.Endpoint,
		"a host name or URL of TaurusDB without a path, or a region whose endpoint the SDK knows")
	a.Endpoint, errs = endpoint, append(errs, err)

	if withIAM {
		if a.IAMEndpoint == "" && a.Region != "" {
			a.IAMEndpoint = "https://iam." + a.Region + ".myhuaweicloud.com"
		}
		endpoint, err = parseEndpoint("account.iamEndpoint", a.IAMEndpoint,
			"a host name or URL of IAM without a path, or a region")
		a.IAMEndpoint, errs = endpoint, append(errs, err)
	}
	return a, errors.Join(errs...)
}

// regionEndpoint is the SDK's endpoint of the region, or "".
func regionEndpoint(name string) string {
	known, err := region.SafeValueOf(name)
	if err != nil || known == nil || len(known.Endpoints) == 0 {
		return ""
	}
	return known.Endpoints[0]
}

// parseEndpoint accepts what leads to one host and holds no secret. The SDK
// would drop a path silently.
func parseEndpoint(field, endpoint, want string) (string, error) {
	if strings.Contains(endpoint, "@") {
		return "", maintenance.Invalid(field, "(hidden)", "a URL without user and password")
	}
	full := endpoint
	if !strings.Contains(full, "://") {
		full = "https://" + full
	}
	u, err := url.Parse(full)
	if err != nil {
		return "", maintenance.Invalid(field, "(not a URL)", want) // the text may hold a password
	}
	extra := strings.Trim(u.Path, "/") + u.RawQuery + u.Fragment
	if u.Host == "" || extra != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", maintenance.Invalid(field, endpoint, want)
	}
	return u.Scheme + "://" + u.Host, nil
}
