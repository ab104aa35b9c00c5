package planfile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
)

// Plans from the field that were refused.
func TestPlansFromTheFieldAreRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bom.yaml", "eusc.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/" + name)
			require.NoError(t, err)
			p, err := planfile.Parse(name, text, planfile.Options{Now: now})
			require.NoError(t, err)
			require.Len(t, p.Targets, 1)
			require.Empty(t, p.Warnings)
		})
	}
}

// A new region needs no release: it is accepted, with a warning.
func TestARegionThatIsNotKnownIsAWarning(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/eusc.yaml")
	require.NoError(t, err)
	with := func(partition, region, huawei string) string {
		return strings.NewReplacer("arn:aws-eusc:", "arn:"+partition+":", "eusc-de-east-1", region, "ap-southeast-3", huawei).Replace(string(text))
	}
	const unknown = "is a region that this release does not know; check the spelling"
	for name, tc := range map[string]struct{ plan, fault, warning string }{
		"a region of tomorrow":         {plan: with("aws", "eu-atlantis-12", "eu-west-101")},
		"a part of the world":          {plan: with("aws", "moon-west-1", "eu-west-101"), warning: `"moon-west-1" ` + unknown},
		"a partition of tomorrow":      {plan: with("aws-moon2", "moon-west-1", "eu-west-101"), warning: `"moon-west-1" ` + unknown},
		"Huawei's of tomorrow":         {plan: with("aws-cn", "cn-north-1", "moon-west-7"), warning: `"moon-west-7" ` + unknown},
		"Huawei's without a number":    {plan: with("aws-iso-f", "us-isof-south-1", "eu-de")},
		"the ARN in another partition": {plan: with("aws", "eusc-de-east-1", "eu-west-101"), fault: "must be an ARN of the partition aws-eusc, to which eusc-de-east-1 belongs"},
		"no region":                    {plan: with("aws", "Frankfurt", "eu-west-101"), fault: "must be an AWS region such as us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parse(tc.plan)
			if tc.fault != "" {
				require.ErrorContains(t, err, tc.fault)
				return
			}
			require.NoError(t, err)
			if tc.warning == "" {
				require.Empty(t, p.Warnings)
				return
			}
			require.Len(t, p.Warnings, 1)
			require.Contains(t, p.Warnings[0], tc.warning)
		})
	}
}
