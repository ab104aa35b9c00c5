package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

const (
	// lookEvery is how often a run that is followed is asked for its status, and
	// how often a countdown moves.
	lookEvery = time.Second
	// lookSlowly is in its place while a run waits for an instant, perhaps for
	// weeks.
	lookSlowly = 10 * time.Second
)

func (a *app) watchGateway(cmd *cobra.Command, c session, id string) error {
	workflowID := workflows.GatewayWorkflowID(id)
	described, err := c.DescribeWorkflowExecution(cmd.Context(), workflowID, "")
	if err != nil {
		return noRun(c.namespace, id, err)
	}
	run := c.GetWorkflow(cmd.Context(), workflowID, described.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	return a.attend(cmd, c, id, run)
}

// attend follows a run until it has ended or is held, prints its record, and is
// an endError unless it ended COMPLETED.
func (a *app) attend(cmd *cobra.Command, c session, gatewayID string, run client.WorkflowRun) error {
	p := newProgress(cmd.ErrOrStderr(), gatewayID)
	err := follow(cmd.Context(), c, run, p)
	p.close()
	if err != nil {
		return fmt.Errorf("%w; look again with: tidegate watch %s", err, gatewayID)
	}
	r, err := find(cmd.Context(), c, gatewayID, run.GetRunID())
	if err := errors.Join(err, printer{out: cmd.OutOrStdout(), form: a.output}.record(r)); err != nil {
		return err
	}
	if status := r.exit(); status != statusDone {
		return endError{status}
	}
	return nil
}

// follow shows a run's progress until it has ended or is held. The run does not
// depend on being followed.
func follow(ctx context.Context, c session, run client.WorkflowRun, p *progress) error {
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
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case e := <-ended:
			if ctx.Err() != nil {
				return errors.New("no longer followed; the maintenance goes on")
			}
			p.steps(e.result.Steps, "")
			if errors.Is(e.err, outcome.ErrNoResult) {
				return nil // it has ended, which is all that is asked here
			}
			return e.err
		case now := <-tick.C:
			if p.patient() && now.Sub(looked) < lookSlowly {
				p.redraw(now)
				continue
			}
			looked = now
			// The run that is open: one that sleeps may have continued as another.
			status, err := readStatus(ctx, c, run.GetID(), "")
			if err != nil {
				p.silent(err)
				continue
			}
			p.show(status, now)
			if status.Held {
				return nil
			}
		}
	}
}

// readStatus asks an open run how far it is.
func readStatus(ctx context.Context, c session, workflowID, runID string) (maintenance.Status, error) {
	var status maintenance.Status
	err := ask(ctx, c, workflowID, runID, workflows.StatusQuery, &status)
	return status, err
}
