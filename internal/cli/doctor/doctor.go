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
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// doctor is one call of the command.
type doctor struct {
	queue string
	file  string             // of the plan; empty: none
	plan  *campaign.PlanFile // nil: none
	fix   bool

	screen printer.Screen // what is waited for
	render.Checkups
}

// New is the doctor command.
func New(a *shell.App) *cobra.Command {
	var d doctor
	cmd := &cobra.Command{
		Use:   "doctor [FILE]",
		Short: "Check prerequisites and suggest fixes",
		Long: "doctor checks Temporal, the namespace, its search attributes, the workers and the clocks. For each run in\n" +
			"progress it shows which worker build it waits for, and whether a worker of that build polls and answers. It\n" +
			"has a worker ask each monitoring server of the accounts file something harmless.\n\n" +
			"With a plan FILE it also checks that workers poll for every account of the plan and have the same account\n" +
			"settings, and asks a worker to make a few read-only calls: list the gateways of each AWS account, and read\n" +
			"one of them with its volumes and snapshots; list the proxies, jobs and scheduled upgrades of the first DB\n" +
			"instance of each Huawei Cloud account in the plan; read the alarms of accounts whose alarms the plan's health\n" +
			"checks or mutes name. Write permissions cannot be checked without a change.\n" +
			"doctor waits 30 seconds for a worker. If you interrupt it, it prints its results so far.\n\n" +
			"Each line is OK, WARN or FAIL, with a fix. Exit status: 0 no check fails, 1 a check fails, 2 usage error.",
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
	d.screen = printer.NewScreen(cmd.ErrOrStderr())
	faults := []error{shell.WrongQueue(d.queue), a.CheckOutput()}
	if d.file != "" {
		f, err := campaign.ReadPlan(cmd, d.file, time.Now())
		d.plan, faults = &f, append(faults, err)
		for _, w := range f.Plan.Warnings {
			d.add(render.CheckWarn, "plan", d.file, w, "fix the plan file; tidegate validate "+d.file+
				" prints all warnings")
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
		d.examine(cmd.Context(), c, a.Connection.KeyIDs())
	}
	d.OK = !d.hasState(render.CheckFail)
	err = a.Printer(cmd).Print(d.Checkups, func(p printer.Printer) { render.PrintCheckups(p, d.Checks) })
	if err == nil && !d.OK {
		return shell.EndError{Status: shell.StatusFailed}
	}
	return err
}

// examine reads everything, as far as one thing does not need another that is
// not there. keys are the ids of the encryption keys.
func (d *doctor) examine(ctx context.Context, c operate.Session, keys []string) {
	if !d.server(ctx, c) || !d.namespace(ctx, c) {
		return
	}
	d.attributes(ctx, c)
	d.encryption(ctx, c, keys)
	d.runs(ctx, c)
	if !d.polled(ctx, c, d.queue, "workflows", client.TaskQueueTypeWorkflow, client.TaskQueueTypeActivity) {
		return
	}
	d.probe(ctx, c, d.probes(ctx, c))
}

func (d *doctor) add(state, check, subject, result, fix string) {
	d.Checks = append(d.Checks, render.Checkup{State: state, Check: check, Subject: subject, Result: result, Fix: fix})
}

// unanswered adds the failed check of a question without an answer. One that was interrupted
// needs no other fix.
func (d *doctor) unanswered(ctx context.Context, check, subject string, err error, fix string) {
	if errors.Is(ctx.Err(), context.Canceled) {
		d.add(render.CheckFail, check, subject, "unknown: interrupted", "run it again")
		return
	}
	d.add(render.CheckFail, check, subject, maintenance.Plain(err), fix)
}

func (d *doctor) hasState(state string) bool {
	for _, c := range d.Checks {
		if c.State == state {
			return true
		}
	}
	return false
}
