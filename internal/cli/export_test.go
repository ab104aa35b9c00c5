package cli

import (
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
)

// NewRoot is newRoot, for the tests of what every command has.
func NewRoot() *cobra.Command { return newRoot(&shell.App{}) }
