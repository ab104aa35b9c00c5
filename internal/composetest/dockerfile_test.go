package composetest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

func TestDockerfileUsesThisGoAndEndsWithoutRights(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))[1]
	var bases []string
	for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		bases = append(bases, m[1])
	}
	require.Equal(t, []string{"golang:" + version + "-bookworm", "scratch"}, bases)
	require.Regexp(t, `(?m)^USER [1-9]\d+:[1-9]\d+$`, read(t, "Dockerfile"))
	require.Contains(t, read(t, "Dockerfile"), "CGO_ENABLED=0", "an empty image has no C library")
}

func TestAccountsPointAtTheSimulatedClouds(t *testing.T) {
	t.Parallel()
	type account struct{ Name, Region, Project, Endpoint string }
	var accounts struct{ AWS, Huawei []account }
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(read(t, "deploy/compose/accounts.yaml")), &accounts, yaml.Strict()))
	scenario, err := simcloud.DefaultScenario()
	require.NoError(t, err)
	project := huawei.Project{ID: huawei.DefaultProjectID, Region: huawei.DefaultRegion}
	if len(scenario.Huawei.Projects) > 0 {
		project = scenario.Huawei.Projects[0]
	}
	const endpoint = "http://simcloud:4599"
	require.Equal(t, []account{{Name: "sim-aws", Region: aws.DefaultRegion, Endpoint: endpoint}}, accounts.AWS)
	require.Equal(t, []account{{
		Name: "sim-huawei", Region: project.Region, Project: project.ID, Endpoint: endpoint,
	}}, accounts.Huawei)
	worker := all(t).Services["worker"].Environment
	require.Equal(t, aws.DefaultAccessKeyID, *worker["AWS_ACCESS_KEY_ID"])
	require.Equal(t, aws.DefaultSecretAccessKey, *worker["AWS_SECRET_ACCESS_KEY"])
	require.Equal(t, huawei.DefaultAccessKey, *worker["HUAWEICLOUD_SDK_AK"])
	require.Equal(t, huawei.DefaultSecretKey, *worker["HUAWEICLOUD_SDK_SK"])
}

func TestSchemaScriptIsPlainShell(t *testing.T) {
	t.Parallel()
	script := filepath.Join(root, "deploy/compose/temporal-schema.sh")
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-n", script).Run()) //nolint:gosec // a file of ours
	for _, want := range []string{"set -eu", "temporal:temporal", "temporal_visibility:visibility"} {
		require.Contains(t, read(t, "deploy/compose/temporal-schema.sh"), want)
	}
}
