package planfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
)

// aPlan is around an example that shows one section.
const aPlan = `apiVersion: tidegate/v1
name: orders
accounts:
  aws:
    - {name: prod, region: eu-central-1}
targets:
  - name: orders-1
    gateway: {account: prod, arn: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-0A000001"}
    labels: {app: orders}
`

func TestTheExamplesOfHealthChecksCanBeUsed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "checks.md"))
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	require.Greater(t, len(blocks), 5)
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if !strings.HasPrefix(text, "apiVersion:") {
			text = aPlan + text
		}
		p, err := planfile.Parse("docs/checks.md", []byte(text), planfile.Options{Now: now})
		require.NoError(t, err, text)
		require.NotEmpty(t, len(p.Checks)+len(p.Mutes), text)
	}
}
