package huawei_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func TestDocumentedScenarioIsValid(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/reference/simcloud-huawei.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	var s huawei.Scenario
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(text), &s, yaml.Strict()))
	require.NoError(t, s.Validate())
	cloud, err := huawei.New(s, huawei.Options{})
	require.NoError(t, err)
	require.NotNil(t, cloud)
}
