// Package command is the command devserver: its flags, and what it prints. The server is in
// internal/devserver. Start at Run.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/workflows/webui"
)

// Run serves until the context ends, and returns the exit status.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, command, args, stdout, stderr)
}

func command() *cobra.Command {
	var opts devserver.Options
	var port, uiPort uint16
	var headless bool
	level := slog.LevelError
	cmd := &cobra.Command{
		Use:   "devserver",
		Short: "Run Temporal and its Web UI on this machine, with Tidegate's search attributes.",
		Long: "Run Temporal and its Web UI on loopback, with Tidegate's search attributes.\n" +
			"Anyone who can log in to this machine can use both: there is no password.",
		Example: "  devserver --db tidegate.db\n  devserver --db tidegate.db --port 7300 --ui-port 8300",
		Args:    program.FlagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFolder(opts.DBFile); err != nil {
				return err
			}
			opts.Port, opts.UIPort = int(port), int(uiPort)
			if headless {
				opts.UIPort = devserver.NoUI
			}
			opts.LogLevel = level
			opts.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			opts.SearchAttributes = webui.SearchAttributes()
			return serve(cmd.Context(), opts, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.DBFile, "db", "", "SQLite `file` that keeps the runs over restarts, created if missing (default: in memory)")
	flags.Uint16Var(&port, "port", 7233, "`port` of Temporal; 0 takes a free one")
	flags.Uint16Var(&uiPort, "ui-port", 8233, "`port` of the Web UI; 0 takes a free one")
	flags.BoolVar(&headless, "headless", false, "leave the Web UI out")
	flags.StringVar(&opts.Namespace, "namespace", devserver.DefaultNamespace, "Temporal `namespace`, created if missing")
	flags.TextVar(&level, "log-level", level, "least `level` of Temporal's own log: debug, info, warn or error")
	return cmd
}

// checkFolder refuses a file that cannot come to be, usually for a slip in its name.
func checkFolder(file string) error {
	folder := filepath.Dir(file)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return program.Usage(fmt.Errorf("--db %s: the folder %s does not exist; create it, or name another file", file, folder))
	}
	return nil
}

// serve runs the server until the context ends.
func serve(ctx context.Context, opts devserver.Options, out io.Writer) error {
	srv, err := devserver.Start(ctx, opts)
	if err != nil {
		return nameTheFlag(err)
	}
	defer srv.Stop()
	database := opts.DBFile
	if database == "" {
		database = "in memory: all runs are gone when this ends; --db FILE keeps them"
	}
	ui := srv.UIAddress()
	if ui == "" {
		ui = "left out"
	}
	_, err = fmt.Fprintf(out, "Temporal  %s (namespace %s)\nWeb UI    %s\nDatabase  %s\nCtrl-C ends it.\n",
		srv.FrontendAddress(), srv.Namespace(), ui, database)
	if err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	<-ctx.Done()
	return nil
}

func nameTheFlag(err error) error {
	taken, ok := errors.AsType[*devserver.PortTakenError](err)
	if !ok {
		return err
	}
	flag := "--port"
	if taken.Option == devserver.OptionUIPort {
		flag = "--ui-port"
	}
	return program.Usage(fmt.Errorf("%w; choose another with %s (0 takes a free one)", err, flag))
}
