package workers

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/workflows/api"
)

// connectTimeout is how long a worker tries to reach a Temporal that may be
// starting alongside it.
const connectTimeout = 30 * time.Second

// Run runs the command, and returns its exit status. A done ctx stops the
// worker.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, Command, args, stdout, stderr)
}

// Command is the worker's command, to be run or described.
func Command() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "tidegate-worker --accounts FILE",
		Short: "Run Tidegate's workflows and activities",
		Long: "tidegate-worker polls a Temporal task queue and carries out maintenances in the cloud accounts of its\n" +
			"accounts file. It finds Temporal by the same variables, profiles and flags as the Temporal CLI.\n" +
			"docs/reference/configuration.md describes the file, the variables and the health check.",
		Example: "  tidegate-worker --accounts accounts.yaml\n" +
			"  TEMPORAL_ADDRESS=temporal:7233 tidegate-worker --accounts /etc/tidegate/accounts.yaml --log-format json",
		Args:              program.FlagsOnly,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.accounts, "accounts", "", "file of the cloud accounts (required)")
	flags.StringVar(&s.taskQueue, "task-queue", api.TaskQueue, "Temporal task queue to poll")
	flags.StringVar(&s.version.DeploymentName, "deployment", "", "Temporal worker deployment that this worker belongs to; none: unversioned")
	flags.StringVar(&s.version.BuildID, "build-id", "", "which build of the deployment this is, such as its release; with --deployment")
	flags.BoolVar(&s.promote, "promote", false, "make this build the current one of its deployment once it polls, unless it was replaced before")
	s.tuning.register(flags)
	flags.StringVar(&s.logFormat, "log-format", "text", "json or text")
	flags.StringVar(&s.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&s.capture, "capture", "", "record the exchanges with clouds, redacted, in this `directory` (docs/reference/captures.md); default: none")
	cmd.PersistentFlags().StringVar(&s.healthListen, "health-listen", "127.0.0.1:8081",
		`host:port of GET /healthz; "" for none`)
	s.connection.Register(cmd, connectTimeout)
	cmd.AddCommand(newHealthcheck(&s))
	return cmd
}
