package layout_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/tidegate/tidegate/"
	engine = "go.temporal.io/"
)

// reached are the packages that some of this module reach, without their tests.
func reached(t *testing.T, patterns ...string) []string {
	t.Helper()
	args := []string{"list", "-deps"}
	for _, p := range patterns {
		args = append(args, module+p)
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	require.NoError(t, err)
	all := strings.Fields(string(out))
	require.NotEmpty(t, all)
	return all
}

// below keeps what is one of the packages, or below one.
func below(all []string, roots ...string) (found []string) {
	for _, path := range all {
		if slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(path+"/", strings.TrimSuffix(root, "/")+"/") }) {
			found = append(found, path)
		}
	}
	return found
}

// What prints and draws is given what it shows: it can be tested, and changed, without
// an engine.
func TestWhatRendersReachesNoTemporal(t *testing.T) {
	t.Parallel()
	for _, screen := range []string{"internal/printer", "internal/live", "internal/cli/render", "internal/report"} {
		require.Empty(t, below(reached(t, screen), engine), screen)
	}
}

func TestWhatWorkflowsAreToldReachesNoTemporal(t *testing.T) {
	t.Parallel()
	require.Empty(t, below(reached(t, "workflows/api", "internal/operate/record", "internal/operate/action"), engine))
}

// Decisions that span a month are tested in a microsecond: nothing is in their way.
func TestTheDomainReachesOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, path := range reached(t, "internal/maintenance/...", "internal/planfile/plan") {
		first, _, _ := strings.Cut(path, "/")
		if !strings.Contains(first, ".") {
			continue
		}
		require.NotEmpty(t, below([]string{path}, module+"internal/maintenance", module+"internal/planfile/plan"), path)
	}
}

func TestTheAdaptersReachNoWorkflow(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{"internal/awscloud/...", "internal/huaweicloud/...", "internal/simcloud/..."} {
		require.Empty(t, below(reached(t, adapter), module+"activities", module+"workflows", engine), adapter)
	}
}

// The Temporal server is ten minutes of compiling: what operators install has none of it.
func TestOnlyTheDevServerImportsTheTemporalServer(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").Output()
	require.NoError(t, err)
	var importers []string
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(below(words[1:], "go.temporal.io/server")) > 0 {
			importers = append(importers, words[0])
		}
	}
	require.Equal(t, []string{module + "internal/devserver"}, importers)
	require.Empty(t, below(reached(t, "cmd/tidegate-worker", "cmd/tidegate", "worker", "starter"), "go.temporal.io/server", "github.com/temporalio/ui-server"))
}
