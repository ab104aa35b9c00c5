package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/internal/strict"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// deliveryTimeout is how long a plan's further pages are tried to be handed over
// while the connection to Temporal is cut.
const deliveryTimeout = 2 * time.Minute

// planFile is a plan with what its campaign is told of the file.
type planFile struct {
	plan   plan.Plan
	digest string // SHA-256 of the file, in hexadecimal digits
}

// stdin as the name of a plan file stands for standard input.
const stdin = "-"

// maxPlan bounds how much of a plan file is read: a plan of 10,000 targets has
// three megabytes, and strict.Read refuses one byte less than this.
const maxPlan = 16<<20 + 1

// readPlan reads a plan file, or standard input; now is the time from which on its
// freezes count. An error is a strict.FaultsError.
func readPlan(cmd *cobra.Command, path string, now time.Time) (planFile, error) {
	name, dir := path, filepath.Dir(path)
	if path == stdin {
		name, dir = "standard input", ""
	}
	text, err := readBounded(cmd, path)
	if err != nil {
		return planFile{}, &strict.FaultsError{Faults: []strict.Fault{{File: name, Problem: "cannot be read: " + reasonOf(err)}}}
	}
	p, err := planfile.Parse(name, text, planfile.Options{Now: now, Dir: dir})
	if err != nil {
		return planFile{}, err
	}
	sum := sha256.Sum256(text)
	return planFile{plan: p, digest: hex.EncodeToString(sum[:])}, nil
}

// readBounded reads a file or standard input. Both may have a person or a program at
// their other end that writes nothing: an interrupt ends the waiting.
func readBounded(cmd *cobra.Command, path string) ([]byte, error) {
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := readAll(cmd.InOrStdin(), path)
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-cmd.Context().Done():
		return nil, errors.New("interrupted")
	}
}

func readAll(in io.Reader, path string) ([]byte, error) {
	if path != stdin {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, err //nolint:wrapcheck // as the system says it
		}
		defer file.Close() //nolint:errcheck // it was only read
		in = file
	}
	return io.ReadAll(io.LimitReader(in, maxPlan)) //nolint:wrapcheck // as above
}

// reasonOf is why a file could not be read, without its name.
func reasonOf(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	if errors.Is(err, syscall.EISDIR) {
		return "it is a directory"
	}
	return err.Error()
}

// tellWarnings says what a person should know of a plan file.
func tellWarnings(cmd *cobra.Command, p plan.Plan) {
	screen := show.Printer{Out: cmd.ErrOrStderr()}
	for _, w := range p.Warnings {
		screen.Linef("warning: %s", w)
	}
}

// campaignStart is how a campaign's workflow is started, whoever starts it.
func campaignStart(f planFile, workflowID, queue string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       workflowID,
		TaskQueue:                queue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// Without it the SDK would give the open run for the one that was asked for.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    webui.CampaignAttributes(f.plan.Name),
		StaticSummary:                            campaignSummary(f.plan),
		StaticDetails:                            campaignDetails(f),
	}
}

// campaignInput is what a campaign's workflow is started with: the first page of
// the plan. deliver hands over the others.
func campaignInput(f planFile, submitter string) api.CampaignInput {
	in := api.CampaignInput{Plan: f.plan, Submitter: submitter, Digest: f.digest}
	if all := len(f.plan.Targets); all > api.PageSize {
		in.Plan.Targets, in.More = f.plan.Targets[:api.PageSize], all-api.PageSize
	}
	return in
}

// launchCampaign starts a campaign, and hands it the whole plan over. Where that
// fails half-way the campaign is cancelled: it has begun nothing.
func launchCampaign(ctx context.Context, c operate.Session, f planFile, in api.CampaignInput, o client.StartWorkflowOptions) (client.WorkflowRun, error) {
	run, err := c.ExecuteWorkflow(ctx, o, api.CampaignName, in)
	if err != nil {
		return nil, campaignFailure(c.Namespace, f.plan.Name, o.ID, err)
	}
	if err := deliver(ctx, c, run, f.plan); err != nil {
		err = fmt.Errorf("hand the plan over to %s: %w", o.ID, err)
		if undo := cancelCampaign(ctx, c, run); undo != nil {
			return nil, fmt.Errorf("%s has begun nothing and waits for its targets; end it with: tidegate abort %[1]s --why TEXT: %[2]w", o.ID, errors.Join(err, undo))
		}
		return nil, fmt.Errorf("the campaign was cancelled and has begun nothing; run it again: %w", err)
	}
	return run, nil
}

// deliver gives a campaign the pages of its plan after the first.
func deliver(ctx context.Context, c operate.Session, run client.WorkflowRun, p plan.Plan) error {
	for from := api.PageSize; from < len(p.Targets); from += api.PageSize {
		page := api.AddTargets{From: from, Targets: p.Targets[from:min(from+api.PageSize, len(p.Targets))]}
		if err := deliverPage(ctx, c, run, page); err != nil {
			return fmt.Errorf("its targets from number %d on: %w", from+1, err)
		}
	}
	return nil
}

// deliverPage sends one page, again and again while nothing answers: by the
// update's id Temporal knows one that has arrived already.
func deliverPage(ctx context.Context, c operate.Session, run client.WorkflowRun, page api.AddTargets) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	again := time.NewTicker(operate.LookEvery)
	defer again.Stop()
	for {
		update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			UpdateID:     fmt.Sprintf("targets-%d", page.From),
			WorkflowID:   run.GetID(),
			UpdateName:   api.AddTargetsUpdate,
			WaitForStage: client.WorkflowUpdateStageCompleted,
			Args:         []any{page},
		})
		if err == nil {
			err = update.Get(ctx, nil)
		}
		if err == nil || !operate.Cut(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return operate.Unanswered("no answer", ctx.Err())
		case <-again.C:
		}
	}
}

// cancelCampaign ends a campaign that has begun nothing, also when nobody waits
// for it any more.
func cancelCampaign(ctx context.Context, c operate.Session, run client.WorkflowRun) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), operate.AnswerTimeout)
	defer cancel()
	err := c.CancelWorkflow(ctx, run.GetID(), "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancel %s: %w", run.GetID(), err)
	}
	return nil
}

func campaignFailure(namespace, name, workflowID string, err error) error {
	if open, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return fmt.Errorf("the campaign %s is running already, workflow %s, run %s; nothing was started: see tidegate status %s",
			name, workflowID, open.RunId, name)
	}
	return notStarted("the campaign "+name, namespace, err)
}
