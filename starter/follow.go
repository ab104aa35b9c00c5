package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows/api"
)

func (a *app) watchGateway(cmd *cobra.Command, c operate.Session, id string) error {
	workflowID := api.GatewayWorkflowID(id)
	described, err := c.DescribeWorkflowExecution(cmd.Context(), workflowID, "")
	if err != nil {
		return operate.NoRun(c.Namespace, id, err)
	}
	run := c.GetWorkflow(cmd.Context(), workflowID, described.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	return a.attend(cmd, c, id, run)
}

// attend follows a run until it has ended or a person has to act, prints its record, and is
// an endError unless it ended COMPLETED.
func (a *app) attend(cmd *cobra.Command, c operate.Session, gatewayID string, run client.WorkflowRun) error {
	p := newProgress(cmd.ErrOrStderr())
	err := follow(cmd.Context(), c, run, p)
	p.Close()
	if err != nil {
		return notFollowed("the maintenance", gatewayID, err)
	}
	r, err := operate.FindMaintenance(cmd.Context(), c, gatewayID, run.GetRunID())
	if err := errors.Join(err, r.Print(a.printer(cmd))); err != nil {
		return err
	}
	if status := recordExit(r); status != statusDone {
		return endError{status}
	}
	return nil
}

// errLeft ends the following of what goes on without it.
var errLeft = errors.New("interrupted")

// notFollowed is the error of a command that has stopped following something.
func notFollowed(what, name string, err error) error {
	text := fmt.Sprintf("no longer followed; %s goes on; look again with: tidegate watch %s", what, name)
	if errors.Is(err, errLeft) {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, err)
}

// follow shows a run's progress until it has ended or a person has to act. The run does not
// depend on being followed.
func follow(ctx context.Context, c operate.Session, run client.WorkflowRun, p *progress) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		result maintenance.Result
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		result, err := outcome.Of(ctx, run)
		ended <- end{result, err}
	}()
	tick := time.NewTicker(operate.LookEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case e := <-ended:
			if ctx.Err() != nil {
				return errLeft
			}
			p.steps(e.result.Steps, "")
			if errors.Is(e.err, outcome.ErrNoResult) {
				return nil // it has ended, which is all that is asked here
			}
			return e.err
		case now := <-tick.C:
			if p.last.Patient(now) && now.Sub(looked) < operate.LookSlowly {
				p.redraw(now)
				continue
			}
			looked = now
			// The run that is open: one that sleeps may have continued as another.
			status, err := operate.ReadStatus(ctx, c, run.GetID(), "")
			if err != nil {
				p.Silent(maintenance.Plain(err))
				continue
			}
			p.show(status, now)
			if status.Held || status.Blocker == maintenance.BlockedByApproval {
				return nil
			}
		}
	}
}
