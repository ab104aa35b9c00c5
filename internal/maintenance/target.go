package maintenance

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Target is one gateway with its proxies and labels: the unit that succeeds or
// fails.
type Target struct {
	Name    string            `json:"name"` // lower case letters, digits and . _ -, at most 63
	Gateway GatewayRef        `json:"gateway"`
	Proxies []ProxyRef        `json:"proxies,omitempty"` // the first one is the canary
	Labels  map[string]string `json:"labels,omitempty"`
}

// GatewayRef names a gateway. Account is a name of the worker's configuration,
// never a credential.
type GatewayRef struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
}

// ID is the gateway's sgw-... id.
func (g GatewayRef) ID() string { return GatewayID(g.ARN) }

// ProxyRef names a proxy and the version that it is to run.
type ProxyRef struct {
	Account    string `json:"account"`
	InstanceID string `json:"instanceId"`        // 36 characters, ending in in07
	ProxyID    string `json:"proxyId"`           // 36 characters, ending in po01
	Version    string `json:"version,omitempty"` // exact, or latest (the default)
}

// Validate reports every wrong field at once.
func (t Target) Validate() error {
	errs := []error{
		checkForm(nameForm, "target.name", t.Name, "1 to 63 lower-case letters, digits, dots, underscores or dashes"),
		checkForm(nameForm, "target.gateway.account", t.Gateway.Account,
			"the name of an AWS account of the worker's configuration"),
		checkForm(gatewayARNForm, "target.gateway.arn", t.Gateway.ARN, wantGatewayARN),
	}
	for i, p := range t.Proxies {
		field := fmt.Sprintf("target.proxies[%d]", i)
		errs = append(errs, p.validate(field))
		same := func(q ProxyRef) bool { return q.ProxyID == p.ProxyID }
		if slices.IndexFunc(t.Proxies, same) < i {
			errs = append(errs, Invalid(field+".proxyId", p.ProxyID, "unique"))
		}
	}
	return errors.Join(errs...)
}

func (p ProxyRef) validate(field string) error {
	errs := []error{
		checkForm(nameForm, field+".account", p.Account, "the name of a Huawei Cloud account of the worker's configuration"),
		checkForm(instanceIDForm, field+".instanceId", p.InstanceID, "32 hexadecimal digits followed by in07"),
		checkForm(proxyIDForm, field+".proxyId", p.ProxyID, "32 hexadecimal digits followed by po01"),
	}
	if p.Version != "" && p.Version != Latest {
		if _, err := ParseKernelVersion(p.Version); err != nil {
			errs = append(errs, Invalid(field+".version", p.Version, "latest, or four numbers such as 2.24.03.000"))
		}
	}
	return errors.Join(errs...)
}

// The forms of the clouds' ids (AWS API reference; Huawei API reference:
// instance ids end in in07, proxy ids in po01, both 36 characters).
var (
	gatewayARNForm = regexp.MustCompile(`^arn:(aws(?:-[a-z0-9]+)*):storagegateway:([a-z]{2,}(?:-[a-z]+)+-\d+):(\d{12}):gateway/(sgw-[0-9A-Fa-f]{8,17})$`)
	instanceIDForm = regexp.MustCompile(`^[0-9a-f]{32}in07$`)
	proxyIDForm    = regexp.MustCompile(`^[0-9a-f]{32}po01$`)
	nameForm       = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
)

const wantGatewayARN = "arn:aws:storagegateway:REGION:ACCOUNT:gateway/sgw-XXXXXXXX"

// GatewayARN is a gateway's ARN, taken apart.
type GatewayARN struct {
	Partition string // such as aws or aws-cn
	Region    string
	Account   string // 12 digits
	ID        string // sgw-...
}

// ParseGatewayARN takes an ARN apart, or says by a FieldError what is wrong.
func ParseGatewayARN(arn string) (GatewayARN, error) {
	m := gatewayARNForm.FindStringSubmatch(arn)
	if m == nil {
		return GatewayARN{}, Invalid("gateway.arn", arn, wantGatewayARN)
	}
	return GatewayARN{Partition: m[1], Region: m[2], Account: m[3], ID: m[4]}, nil
}

// GatewayID is the sgw-... part of an ARN, or the ARN itself where it has none.
func GatewayID(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func checkForm(form *regexp.Regexp, field, value, want string) error {
	if form.MatchString(value) {
		return nil
	}
	return Invalid(field, value, want)
}

// AWSRegionForm and HuaweiRegionForm are what a region's name may be. Whether there is
// such a region is for the cloud to say: a new one must not need a release.
var (
	AWSRegionForm    = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	HuaweiRegionForm = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+(-\d+)?$`)
)

// partitions are AWS's with the form of their regions, as the SDK has them
// (aws-sdk-go-v2, internal/endpoints/awsrulesfn/partitions.json).
func partitions() []struct {
	name    string
	regions *regexp.Regexp
} {
	return []struct {
		name    string
		regions *regexp.Regexp
	}{
		{"aws", regexp.MustCompile(`^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$`)},
		{"aws-cn", regexp.MustCompile(`^cn-\w+-\d+$`)},
		{"aws-eusc", regexp.MustCompile(`^eusc-de-\w+-\d+$`)},
		{"aws-us-gov", regexp.MustCompile(`^us-gov-\w+-\d+$`)},
		{"aws-iso", regexp.MustCompile(`^us-iso-\w+-\d+$`)},
		{"aws-iso-b", regexp.MustCompile(`^us-isob-\w+-\d+$`)},
		{"aws-iso-e", regexp.MustCompile(`^eu-isoe-\w+-\d+$`)},
		{"aws-iso-f", regexp.MustCompile(`^us-isof-\w+-\d+$`)},
	}
}

// PartitionOf is the AWS partition to which a region's name belongs; empty for one of
// which this release knows none.
func PartitionOf(region string) string {
	for _, p := range partitions() {
		if p.regions.MatchString(region) {
			return p.name
		}
	}
	return ""
}

// knownHuawei are the beginnings of Huawei Cloud's regions (huaweicloud-sdk-go-v3,
// services/gaussdb/v3/region).
var knownHuawei = regexp.MustCompile(`^(cn|ap|eu|la|na|sa|af|tr|me|my|ru|ae)-`)

// KnowsHuaweiRegion is true of a name that looks like those that Huawei Cloud has.
func KnowsHuaweiRegion(region string) bool { return knownHuawei.MatchString(region) }
