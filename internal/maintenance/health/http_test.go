package health_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestAPathStaysOnItsServer(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/healthz", "/a/b/?x=1&y=a%20b", "/a..b/.c", "/%7Eann", "/a?next=//other.example/../"} {
		require.NoError(t, health.CheckPath(path), path)
	}
	for _, path := range []string{
		"", "healthz", "//other.example/x", "http://other.example/", "/../admin", "/a/..", "/a/./b", "/a/%2e%2e/b", "/%2E%2e%2Fx",
		`/\other.example`, `/a/..\b`, "/%5c..%5cx", "/a b", "/a\n", "/a#b", "/%", "/%zz", "/" + strings.Repeat("a", 1024), "/a\x00",
	} {
		require.Error(t, health.CheckPath(path), path)
	}
}
