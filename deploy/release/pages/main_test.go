package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachCommandHasItsPageAndEachShellItsCompletion(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, write(folder))
	for name, says := range map[string]string{
		"man/tidegate.1":                    `\fB--address\fP`,
		"man/tidegate-schedule-create.1":    `\fB--cron\fP`,
		"man/tidegate-worker.1":             `\fB--accounts\fP`,
		"man/tidegate-worker-healthcheck.1": `tidegate-worker healthcheck`,
		"completions/tidegate.bash":         `complete`,
		"completions/_tidegate":             `#compdef tidegate`,
		"completions/tidegate.fish":         `complete -c tidegate`,
		"completions/tidegate.ps1":          `Register-ArgumentCompleter`,
	} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Contains(t, string(text), says, name)
		require.NotContains(t, string(text), "Auto generated", name)
	}
}
