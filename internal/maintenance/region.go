package maintenance

import "regexp"

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
