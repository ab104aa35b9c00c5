// Package operate is how programs reach campaigns and maintenances through Temporal: it finds them,
// reads their status or record, and sends operator actions. It prints nothing; its errors are
// written for the operator. The actions themselves are listed in the folder action, what was read
// is in record.
package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

const (
	// AnswerTimeout is how long a worker may take to answer what an operator asks
	// of a run.
	AnswerTimeout = 20 * time.Second
	// PollEvery is how often a run that is followed is asked how far it is, and how
	// often a countdown moves.
	PollEvery = time.Second
	// PollSlowly is in its place while a run waits for a time, perhaps for
	// weeks.
	PollSlowly = 10 * time.Second
)

// Session is a connection to one namespace. The caller that made it closes it.
type Session struct {
	client.Client
	Namespace string
}

// Ask asks a workflow a question; without a run's id its open run, else the last.
// Its error says so where no worker answers.
func (c Session) Ask(ctx context.Context, workflowID, runID, query string, answer any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	value, err := c.QueryWorkflow(ctx, workflowID, runID, query, args...)
	if err == nil {
		err = value.Get(answer)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the SDK's own error hides it
		}
		return Unanswered(fmt.Sprintf("ask %s for its %s", workflowID, query), err)
	}
	return nil
}

// Unanswered adds to the error of a question what most often is the cause where
// nobody answered it.
func Unanswered(doing string, err error) error {
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, nobody := errors.AsType[*serviceerror.FailedPrecondition](err) // no poller was seen lately
	if late || nobody || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no worker answers; start one (tidegate-worker --accounts FILE), or check the setup: tidegate doctor", doing)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// The search attributes that are read.
const (
	CampaignAttribute = "TidegateCampaign"
	StateAttribute    = "TidegateState"
	BlockerAttribute  = "TidegateBlocker"
	SinceAttribute    = "TidegateSince"
	AccountAttribute  = "TidegateAccount"
	GatewayAttribute  = "TidegateGateway"
)

// AttributeOf is a search attribute of a workflow that is a word; empty where it
// has none.
func AttributeOf(info *workflowpb.WorkflowExecutionInfo, name string) string {
	var text string
	payload := info.GetSearchAttributes().GetIndexedFields()[name]
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil {
		return "" // it has another type, so it is not ours
	}
	return text
}

// timeOf is one that is a time; zero where it has none.
func timeOf(info *workflowpb.WorkflowExecutionInfo, name string) (at time.Time) {
	payload := info.GetSearchAttributes().GetIndexedFields()[name]
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &at); err != nil {
		return time.Time{}
	}
	return at
}
