package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/webui"
)

// leastRetention is the server's own minimum.
const leastRetention = 24 * time.Hour

// newSetup is the command that makes a namespace ready. It may be repeated.
func newSetup(a *shell.App) *cobra.Command {
	var retention time.Duration
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Prepare a Temporal namespace: create it and register its search attributes",
		Long: "setup creates the namespace if it does not exist, and registers the search attributes that it lacks. It\n" +
			"changes nothing that exists. You can repeat it at any time.",
		Example: "  tidegate setup --namespace maintenance",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var fault error
			if retention < leastRetention {
				fault = maintenance.Invalid("--retention", retention.String(), "24h or more")
			}
			a.Waits = true // it may run while Temporal is just starting
			if !a.Connection.TimeoutGiven() {
				a.Connection.Timeout = shell.SetupTimeout
			}
			c, err := a.Dial(cmd.Context(), fault)
			if err != nil {
				return err
			}
			defer c.Close()
			if err := setUp(cmd.Context(), c, retention); err != nil {
				return err
			}
			cmd.PrintErrf("Namespace %s is ready.\n", c.Namespace)
			if keys := a.Connection.KeyIDs(); len(keys) > 0 {
				cmd.PrintErrf("Payloads are encrypted with the key %s. What was written before there was a key stays in plain text "+
					"until the namespace's retention removes it: tidegate doctor\n", keys[0])
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&retention, "retention", namespace.DefaultRetention,
		"retention of ended runs in a new namespace")
	return cmd
}

func setUp(ctx context.Context, c operate.Session, retention time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, shell.SetupTimeout)
	defer cancel()
	// Asked first: who may not make namespaces, as in Temporal Cloud, can still
	// set up one that is there.
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &missing):
		if err := namespace.Register(ctx, c, c.Namespace, retention); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("find namespace %s: %w", c.Namespace, err)
	}
	return namespace.Ensure(ctx, c, c.Namespace, webui.SearchAttributes())
}
