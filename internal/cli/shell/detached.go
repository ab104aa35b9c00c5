package shell

import (
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
)

// Detached prints what has been started and is not followed. It is a heldError where no
// worker has taken it up: it is there, and nothing happens until a person starts one.
func Detached(
	cmd *cobra.Command, c operate.Session, run client.WorkflowRun, queue, name string, record func() error,
) error {
	taken, err := operate.TakenUp(cmd.Context(), c, run)
	if err != nil {
		return err
	}
	if taken {
		cmd.PrintErrf("To follow it: tidegate watch %s\n", name)
		return record()
	}
	if err := record(); err != nil {
		return err
	}
	return Held(fmt.Errorf("%s is started, but no worker picked it up within %s%s. Start a worker (tidegate-worker --accounts FILE%s), and it continues by itself. "+
		"To check the setup: tidegate doctor. To follow it: tidegate watch %s", name, maintenance.Duration(operate.TakeUpTimeout), operate.PolledBy(cmd.Context(), c, queue), operate.QueueFlag(queue), name))
}
