package main_test

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	starter "github.com/tidegate/tidegate/starter"
)

func TestEveryCommandHasHelpWithExamplesAndIsCompleted(t *testing.T) {
	t.Parallel()
	n := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		n++
		path := cmd.CommandPath()
		require.NotEmpty(t, cmd.Short, path)
		require.NotEmpty(t, cmd.Long, path)
		require.Contains(t, cmd.Example, "  "+path, "an example that can be typed")
		require.NotNil(t, cmd.Args, path)
		for _, below := range cmd.Commands() {
			look(below)
		}
		require.Equal(t, !cmd.HasSubCommands(), cmd.ValidArgsFunction != nil, path)
	}
	look(starter.NewRoot())
	require.Greater(t, n, 20)
}
