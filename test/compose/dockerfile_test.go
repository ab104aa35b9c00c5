package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config"
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
	for _, m := range regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		bases = append(bases, m[1])
	}
	require.Equal(t, []string{"golang:" + version + "-bookworm", "go", "scratch", "base", "base"}, bases)
	require.Regexp(t, `(?m)^USER [1-9]\d+:[1-9]\d+$`, read(t, "Dockerfile"))
	require.Contains(t, read(t, "Dockerfile"), "CGO_ENABLED=0", "an empty image has no C library")
}

// The worker reads the accounts here as it does in its container.
func TestAccountsPointAtTheSimulatedClouds(t *testing.T) {
	t.Parallel()
	environment := all(t).Services["worker"].Environment
	accounts, err := config.Load(filepath.Join(root, "deploy/compose/accounts.yaml"), func(name string) string {
		if value := environment[name]; value != nil {
			return *value
		}
		return ""
	})
	require.NoError(t, err)
	scenario, err := simcloud.DefaultScenario()
	require.NoError(t, err)
	project := huawei.Project{ID: huawei.DefaultProjectID, Region: huawei.DefaultRegion}
	if len(scenario.Huawei.Projects) > 0 {
		project = scenario.Huawei.Projects[0]
	}
	const endpoint = "http://simcloud:4599"
	require.Len(t, accounts.AWS, 1)
	require.Equal(t, []string{"sim-aws", aws.DefaultRegion, endpoint},
		[]string{accounts.AWS[0].Name, accounts.AWS[0].Region, accounts.AWS[0].Endpoint})
	require.Equal(t, aws.DefaultAccessKeyID, *environment["AWS_ACCESS_KEY_ID"])
	require.Equal(t, aws.DefaultSecretAccessKey, *environment["AWS_SECRET_ACCESS_KEY"])
	require.Len(t, accounts.Huawei, 1)
	h := accounts.Huawei[0]
	require.Equal(t, []string{"sim-huawei", project.ID, project.Region, endpoint}, []string{h.Name, h.Project, h.Region, h.Endpoint})
	require.Equal(t, []string{huawei.DefaultAccessKey, huawei.DefaultSecretKey}, []string{h.Credentials.AccessKey, h.Credentials.SecretKey})
}

func TestSchemaScriptIsPlainShell(t *testing.T) {
	t.Parallel()
	script := filepath.Join(root, "deploy/compose/temporal-schema.sh")
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-n", script).Run())
	for _, want := range []string{"set -eu", "temporal:temporal", "temporal_visibility:visibility"} {
		require.Contains(t, read(t, "deploy/compose/temporal-schema.sh"), want)
	}
}
