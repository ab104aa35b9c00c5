// Package schedule has the commands for Temporal Schedules, which start campaigns. It does not
// decide when a gateway has its window: the campaign does. Start at New.
package schedule

import (
	"regexp"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// New is the command whose subcommands keep the schedules by which
// campaigns start.
func New(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Start campaigns on a calendar",
		Long: "schedule manages Temporal Schedules that start campaigns. A schedule decides when a campaign starts; the\n" +
			"campaign then finds the next window of each gateway, in the gateway's own time zone. For examples:\n" +
			"docs/how-to/schedule-campaigns.md.",
		Example: "  tidegate schedule create weekly payments-q4.yaml --cron '0 2 * * 1'\n  tidegate schedule list\n" +
			"  tidegate schedule pause weekly --why \"change freeze\"",
		Args:                       shell.NoSuchCommand,
		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCreate(a), newUpdate(a), newList(a), newDescribe(a))
	for _, o := range Instructions() {
		cmd.AddCommand(newAction(a, o))
	}
	return cmd
}

var scheduleNameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func scheduleArgument(name string) error {
	if scheduleNameForm.MatchString(name) {
		return nil
	}
	return maintenance.Invalid("schedule name", name, "1 to 63 lower-case letters, digits, dots, underscores or dashes")
}
