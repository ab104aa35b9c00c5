package compose_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goList runs go list at the root and returns its lines.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	require.NoError(t, err, "go list %v", args)
	return strings.Split(string(bytes.TrimSpace(out)), "\n")
}

// built maps the programs of the image to their packages.
func built(t *testing.T) map[string]string {
	t.Helper()
	programs := map[string]string{}
	for _, m := range regexp.MustCompile(`-o /out/(\S+) (\./\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		programs[m[1]] = m[2]
	}
	return programs
}

func TestDockerfileBuildsProgramsThatExist(t *testing.T) {
	t.Parallel()
	programs := built(t)
	require.Equal(t, map[string]string{
		"tidegate-worker": "./cmd/tidegate-worker", "tidegate": "./cmd/tidegate", "simcloud": "./simcloud",
	}, programs)
	for _, pkg := range programs {
		require.Equal(t, []string{"main"}, goList(t, "-f", "{{.Name}}", pkg), pkg)
	}
	for name, s := range all(t).Services {
		if s.Build == nil {
			continue
		}
		require.Equal(t, filepath.Base(s.Entrypoint[0]), strings.TrimPrefix(s.Entrypoint[0], "/usr/local/bin/"), name)
		require.Contains(t, programs, filepath.Base(s.Entrypoint[0]), name)
	}
}

// The builder sees only what .dockerignore lets through: a package outside of
// it would be missed there, and nowhere else.
func TestBuildContextHoldsEveryPackageOfThePrograms(t *testing.T) {
	t.Parallel()
	var let []string
	for line := range strings.Lines(read(t, ".dockerignore")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			let = append(let, path)
		}
	}
	const module = "github.com/tidegate/tidegate/"
	for _, pkg := range built(t) {
		for _, dep := range goList(t, "-deps", pkg) {
			if path, ok := strings.CutPrefix(dep, module); ok {
				top, _, _ := strings.Cut(path, "/")
				require.True(t, slices.Contains(let, top), "%s is not let through by .dockerignore", path)
			}
		}
	}
	for _, pattern := range goList(t, "-f", `{{join .EmbedPatterns "\n"}}`, "./internal/...", "./workflows/...", "./activities/...") {
		require.NotContains(t, pattern, "testdata", "what is embedded must not be ignored")
	}
}
