// Command pages writes what is handed out beside the programs: the manual pages of both, and the command's completions
// for each shell. All are made from the commands themselves: go run ./deploy/release/pages FOLDER.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/workers"
)

func main() { program.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, newCommand, args, stdout, stderr)
}

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pages FOLDER",
		Short: "Write the manual pages and the completions into a folder",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return write(args[0]) },
	}
}

func write(folder string) error {
	man, completions := filepath.Join(folder, "man"), filepath.Join(folder, "completions")
	for _, f := range []string{man, completions} {
		if err := os.MkdirAll(f, 0o755); err != nil { //nolint:gosec // they are handed out
			return fmt.Errorf("make the folder for pages: %w", err)
		}
	}
	command := cli.Command()
	for _, c := range []*cobra.Command{command, workers.Command()} {
		c.DisableAutoGenTag = true // no date: the same source makes the same pages
		header := doc.GenManHeader{Title: c.Name(), Section: "1", Source: "Tidegate", Manual: "Tidegate"}
		if err := doc.GenManTree(c, &header, man); err != nil {
			return fmt.Errorf("write the manual pages of %s: %w", c.Name(), err)
		}
	}
	return errors.Join(
		command.GenBashCompletionFileV2(filepath.Join(completions, "tidegate.bash"), true),
		command.GenZshCompletionFile(filepath.Join(completions, "_tidegate")),
		command.GenFishCompletionFile(filepath.Join(completions, "tidegate.fish"), true),
		command.GenPowerShellCompletionFileWithDesc(filepath.Join(completions, "tidegate.ps1")),
	)
}
