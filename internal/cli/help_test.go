package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli"
)

// eachCommand calls do for every command, those below one after it.
func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, below := range cmd.Commands() {
		eachCommand(below, do)
	}
}

func TestEveryCommandHasHelpWithExamplesAndIsCompleted(t *testing.T) {
	t.Parallel()
	n := 0
	eachCommand(cli.NewRoot(), func(cmd *cobra.Command) {
		n++
		path := cmd.CommandPath()
		require.NotEmpty(t, cmd.Short, path)
		require.NotEmpty(t, cmd.Long, path)
		require.Contains(t, cmd.Example, path, "an example that can be typed")
		require.NotNil(t, cmd.Args, path)
		require.Equal(t, !cmd.HasSubCommands(), cmd.ValidArgsFunction != nil, path)
	})
	require.Greater(t, n, 20)
}

// The flags of the connection are every command's, and stand in the root's help
// only, here.
func TestHelpSaysWhatItAlwaysDid(t *testing.T) {
	t.Parallel()
	var paths [][]string
	eachCommand(cli.NewRoot(), func(cmd *cobra.Command) {
		paths = append(paths, append(strings.Fields(cmd.CommandPath())[1:], "--help"))
	})
	var got strings.Builder
	for _, path := range paths {
		var out, errs bytes.Buffer
		require.Zero(t, cli.Run(t.Context(), path, &out, &errs))
		require.Empty(t, errs.String())
		text, _, _ := strings.Cut(out.String(), "\nGlobal Flags:\n")
		got.WriteString("$ tidegate " + strings.Join(path, " ") + "\n" + text + "\n")
	}
	const golden = "testdata/help.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}
