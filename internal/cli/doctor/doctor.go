// Package doctor has the command that checks prerequisites and suggests fixes. It checks Temporal
// (server.go) and the workers of open runs (runs.go), and has a worker check the accounts of a plan
// (plan.go). It changes nothing but missing search attributes, with --fix. Start at New.
package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// doctor is one call of the command.
type doctor struct {
	queue string
	file  string             // of the plan; empty: none
	plan  *campaign.PlanFile // nil: none
	fix   bool

	screen show.Screen // what is waited for
	render.Checkups
}

// New is the command that says what is not as it should be.
func New(a *shell.App) *cobra.Command {
	var d doctor
	cmd := &cobra.Command{
		Use:   "doctor [FILE]",
		Short: "Say whether all is there that maintenances need, and what to do where it is not",
		Long: "doctor reads Temporal, the namespace, its search attributes, the workers and the clocks. Of what runs now it says on\n" +
			"which build of the workers it waits, and whether a worker of that build polls and answers. With a plan FILE it looks\n" +
			"too whether workers poll for every account of the plan and know it as the plan does, and has them make a few calls\n" +
			"that only read: the gateways of each AWS account are listed, one is read, and of one with volumes the volumes and the\n" +
			"snapshots; of each Huawei Cloud account the proxies, the jobs and the planned upgrades of the first DB instance that\n" +
			"the plan names. Whether the worker may also change things, only a change would tell. It waits 30 seconds for a worker;\n" +
			"interrupted, it prints what it knows.\n\n" +
			"Each line is OK, WARN or FAIL, with the cure. Exit status: 0 nothing fails, 1 something does, 2 called wrongly.",
		Example: "  tidegate doctor\n  tidegate doctor payments-q4.yaml\n  tidegate doctor --fix\n  tidegate doctor --output json | jq '.checks[] | select(.state != \"OK\")'",
		Args:    shell.AtMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				d.file = args[0]
			}
			return d.run(cmd, a)
		},
	}
	cmd.Flags().BoolVar(&d.fix, "fix", false, "register the search attributes that the namespace lacks")
	cmd.Flags().StringVar(&d.queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	a.OutputFlag(cmd)
	return cmd
}

func (d *doctor) run(cmd *cobra.Command, a *shell.App) error {
	d.screen = show.NewScreen(cmd.ErrOrStderr())
	faults := []error{shell.WrongQueue(d.queue), a.CheckOutput()}
	if d.file != "" {
		f, err := campaign.ReadPlan(cmd, d.file, time.Now())
		d.plan, faults = &f, append(faults, err)
		for _, w := range f.Plan.Warnings {
			d.add(render.CheckWarn, "plan", d.file, w, "correct the plan file; tidegate validate "+d.file+
				" prints all its warnings")
		}
	}
	c, err := a.Dial(cmd.Context(), faults...)
	if shell.IsUsage(err) {
		return err
	}
	if err != nil {
		d.add(render.CheckFail, "temporal", "connection", maintenance.Plain(err), "")
	} else {
		defer c.Close()
		d.examine(cmd.Context(), c)
	}
	d.OK = !d.says(render.CheckFail)
	err = a.Printer(cmd).Print(d.Checkups, func(p show.Printer) { render.PrintCheckups(p, d.Checks) })
	if err == nil && !d.OK {
		return shell.EndError{Status: shell.StatusFailed}
	}
	return err
}

// examine reads everything, as far as one thing does not need another that is
// not there.
func (d *doctor) examine(ctx context.Context, c operate.Session) {
	if !d.server(ctx, c) || !d.namespace(ctx, c) {
		return
	}
	d.attributes(ctx, c)
	d.runs(ctx, c)
	if !d.polled(ctx, c, d.queue, "workflows", client.TaskQueueTypeWorkflow, client.TaskQueueTypeActivity) {
		return
	}
	d.look(ctx, c, d.probes(ctx, c))
}

func (d *doctor) add(state, check, subject, says, cure string) {
	d.Checks = append(d.Checks, render.Checkup{State: state, Check: check, Subject: subject, Says: says, Cure: cure})
}

// unanswered says that a question had no answer. One that was interrupted needs no
// other cure.
func (d *doctor) unanswered(ctx context.Context, check, subject string, err error, cure string) {
	if errors.Is(ctx.Err(), context.Canceled) {
		d.add(render.CheckFail, check, subject, "not known: interrupted", "run it again")
		return
	}
	d.add(render.CheckFail, check, subject, maintenance.Plain(err), cure)
}

func (d *doctor) says(state string) bool {
	for _, c := range d.Checks {
		if c.State == state {
			return true
		}
	}
	return false
}
