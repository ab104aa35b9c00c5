package campaign

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// checking is one call of check.
type checking struct{ planning }

// NewCheck is the command that asks a plan's health checks now.
func NewCheck(a *shell.App) *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check FILE [TARGET]",
		Short: "Ask the health checks of a plan file now, without changing anything",
		Long: "check has a worker find the targets of a plan file and ask each of its health checks once: of every target, or\n" +
			"of TARGET alone. For each answer it prints the values that were seen, their limits, and why there is no\n" +
			"answer. Checks of the whole campaign are asked too, unless TARGET is given.\n\n" +
			"Every check is asked as before a trigger. One that compares with the value before the update shows the value\n" +
			"that it would compare with. docs/checks.md describes health checks.\n\n" +
			"Exit status: 0 all pass, 1 one does not pass or could not be asked, 2 usage error.",
		Example: "  tidegate check payments-q4.yaml\n  tidegate check payments-q4.yaml payments-1\n" +
			"  tidegate check payments-q4.yaml --output json | jq '.answers[] | select(.ok | not)'",
		Args: func(cmd *cobra.Command, args []string) error {
			return shell.Arguments([]string{"FILE", "TARGET"}[:min(max(len(args), 1), 2)]...)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, a, args[0], args[1:]) },
	}
	cmd.Flags().DurationVar(&c.patience, "patience", planPatience, "how long to wait for the last targets that do not answer: 1s to 15m")
	cmd.Flags().StringVar(&c.queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	a.OutputFlag(cmd)
	return cmd
}

func (c *checking) run(cmd *cobra.Command, a *shell.App, file string, target []string) error {
	faults := []error{c.wrongPatience(), shell.WrongQueue(c.queue), a.CheckOutput()}
	f, err := ReadPlan(cmd, file, time.Now())
	faults = append(faults, err)
	if err == nil && len(f.Plan.Checks) == 0 {
		faults = append(faults, fmt.Errorf("%s: the plan has no health checks; add them under checks: docs/checks.md", file))
	}
	for _, name := range target {
		f.Plan = only(f.Plan, name)
	}
	s, err := a.Dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer s.Close()
	read, err := survey(cmd, s, f, &c.planning)
	if err != nil {
		return err
	}
	subjects := subjectsOf(read)
	if len(target) > 0 {
		other := func(s health.Subject) bool { return s.Name != target[0] }
		if subjects = slices.DeleteFunc(subjects, other); len(subjects) == 0 {
			return operate.Missing(
				fmt.Errorf("the plan %s has no target %s; tidegate plan %s lists them", f.Plan.Name, target[0], file))
		}
	}
	asked, err := askHealth(cmd, s, f.Plan, subjects, len(target) == 0, c.queue)
	if err != nil {
		return err
	}
	h := render.NewHealth(f.Plan.Name, f.Plan.Checks, asked)
	err = a.Printer(cmd).Print(h, func(p printer.Printer) { render.PrintHealth(p, h) })
	if err == nil && !h.OK {
		return shell.EndError{Status: shell.StatusFailed}
	}
	return err
}

// only is the plan with one target, if it is one of those that are named: no other has to be read then.
func only(p plan.Plan, target string) plan.Plan {
	i := slices.IndexFunc(p.Targets, func(t maintenance.Target) bool { return t.Name == target })
	if i >= 0 {
		p.Targets, p.Selectors = p.Targets[i:i+1], nil
	}
	return p
}

// subjectsOf are the targets that were found, in the campaign's order.
func subjectsOf(read render.Survey) []health.Subject {
	subjects := make([]health.Subject, 0, len(read.Fleet.Entries))
	for _, e := range read.Fleet.Entries {
		if t, is := read.Targets[e.Gateway]; is {
			subjects = append(subjects, health.Subject{Target: t.Target, GatewayType: t.Gateway.Type})
		}
	}
	return subjects
}

// answersAtOnce is how many answers one workflow gives at most: they have to fit one payload of Temporal's.
const answersAtOnce = 1000

// askHealth has a worker ask the plan's checks, and those of the whole campaign if wanted.
func askHealth(
	cmd *cobra.Command, c operate.Session, p plan.Plan, subjects []health.Subject, campaign bool, queue string,
) ([]health.Asked, error) {
	screen := printer.NewScreen(cmd.ErrOrStderr())
	defer screen.Close()
	atOnce := max(1, answersAtOnce/len(p.Checks))
	var all []health.Asked
	for from := 0; from < len(subjects) || campaign; from += atOnce {
		to := min(from+atOnce, len(subjects))
		of := maintenance.Counted(len(subjects), "target", "targets")
		screen.Draw(fmt.Sprintf("asking the health checks: %d of %s", from, of))
		asked, err := askPage(cmd.Context(), c, p.Name, queue, api.TryChecksInput{
			Checks: p.Checks, Targets: subjects[from:to], Campaign: campaign,
		})
		if err != nil {
			return nil, err
		}
		all, campaign = append(all, asked...), false
	}
	return all, nil
}

func askPage(
	ctx context.Context, c operate.Session, name, queue string, in api.TryChecksInput,
) (asked []health.Asked, err error) {
	const failed = "the health checks of the plan %s could not be asked; nothing was changed; to check the setup: tidegate doctor FILE: %w"
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: tryPrefix + name + "-" + shell.RandomDigits(), TaskQueue: queue, WorkflowRunTimeout: api.TryChecksLimit,
		StaticSummary: "tidegate check: reads only, changes nothing",
	}, api.TryChecksName, in)
	if err != nil {
		return nil, fmt.Errorf(failed, name, err)
	}
	if err := run.Get(ctx, &asked); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted before the health checks of the plan %s were answered: nothing was changed", name)
		}
		return nil, fmt.Errorf(failed, name, err)
	}
	return asked, nil
}

// tryPrefix starts the workflow ids of what asks health checks for a person.
const tryPrefix = "try-checks-"
