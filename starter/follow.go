package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

// lookEvery is how often a run that is followed is asked for its status.
const lookEvery = time.Second

// follow shows a run's progress until it has ended, and is its record. The run
// does not depend on being followed.
func follow(ctx context.Context, c session, run client.WorkflowRun, p *progress) (maintenance.Result, error) {
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
	for {
		select {
		case e := <-ended:
			if ctx.Err() != nil {
				return maintenance.Result{}, errors.New("no longer followed; the maintenance goes on")
			}
			p.steps(e.result.Steps, "")
			return e.result, e.err
		case <-tick.C:
			status, err := readStatus(ctx, c, run.GetID(), run.GetRunID())
			if err != nil {
				p.silent(err)
				continue
			}
			p.steps(status.Steps, status.Reason)
		}
	}
}

// readStatus asks an open run how far it is.
func readStatus(ctx context.Context, c session, workflowID, runID string) (maintenance.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var status maintenance.Status
	answer, err := c.QueryWorkflow(ctx, workflowID, runID, workflows.StatusQuery)
	if err == nil {
		err = answer.Get(&status)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the SDK's own error hides it
		}
		return status, unanswered("ask "+workflowID+" for its status", err)
	}
	return status, nil
}

// progress writes a line for each change of a step.
type progress struct {
	out   io.Writer
	shown map[maintenance.Step]string
	mute  bool // it was said that nobody answers
}

// steps shows what is new. reason is what the waiting step waits for.
func (p *progress) steps(steps []maintenance.StepReport, reason string) {
	if p.shown == nil {
		p.shown = map[maintenance.Step]string{}
	}
	p.mute = false
	for _, s := range steps {
		note := s.Note
		if s.State == maintenance.StepWaiting {
			note = reason
		}
		text := strings.TrimRight(fmt.Sprintf("%-16s %-8s %s", s.Step, s.State, note), " ")
		if s.State == maintenance.StepPending || p.shown[s.Step] == text {
			continue
		}
		p.shown[s.Step] = text
		p.line(text)
	}
}

// silent says once that a run does not answer.
func (p *progress) silent(err error) {
	if !p.mute {
		p.mute = true
		p.line(err.Error())
	}
}

func (p *progress) line(text string) {
	fmt.Fprintf(p.out, "%s  %s\n", time.Now().UTC().Format("15:04:05Z"), text) //nolint:errcheck // nobody is left to read it
}
