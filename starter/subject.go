package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/workflows"
)

// campaignForm is that of a campaign's name, and of its workflow's id, in which a
// schedule puts a time.
var campaignForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

const wantSubject = "a campaign's name, or a gateway's id, such as sgw-12A3456B, or its ARN"

// isGateway is true for what stands for a gateway, perhaps wrongly written.
func isGateway(arg string) bool {
	return strings.HasPrefix(arg, "sgw-") || strings.HasPrefix(arg, "arn:")
}

// campaignArgument judges what stands for a campaign.
func campaignArgument(arg string) error {
	if isGateway(arg) || !campaignForm.MatchString(arg) {
		return wrong("CAMPAIGN", arg, "a campaign's name, as its plan says it, or its workflow's id")
	}
	return nil
}

// subjectArgument judges what stands for a gateway or a campaign. It gives the
// gateway's id; none for a campaign.
func subjectArgument(arg string) (gatewayID string, err error) {
	if isGateway(arg) {
		return gatewayArgument(arg)
	}
	if !campaignForm.MatchString(arg) {
		return "", wrong("CAMPAIGN or GATEWAY_ID", arg, wantSubject)
	}
	return "", nil
}

// targetArgument is a target's name, or its gateway's id, as campaigns know it.
func targetArgument(arg string) (string, error) {
	if isGateway(arg) {
		return gatewayArgument(arg)
	}
	if !campaignForm.MatchString(arg) {
		return "", wrong("TARGET", arg, "a target's name, or its gateway's id")
	}
	return arg, nil
}

// campaign is one that there is.
type campaign struct {
	name       string // as it was asked for
	workflowID string
	runID      string
	execution  enumspb.WorkflowExecutionStatus
	attribute  string // by which its targets' runs are found
}

func (g campaign) open() bool { return g.execution == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING }

// missingError is a campaign that there is not.
type missingError struct{ error }

// Unwrap is what was looked for.
func (e missingError) Unwrap() error { return e.error }

// findCampaign looks for a campaign by its name, else by its workflow's id: the
// open run, else the last.
func findCampaign(ctx context.Context, c session, arg string) (campaign, error) {
	for _, id := range []string{workflows.CampaignWorkflowID(arg), arg} {
		described, err := c.DescribeWorkflowExecution(ctx, id, "")
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing || (err == nil && !isCampaign(described)) {
			continue
		}
		if err != nil {
			return campaign{}, fmt.Errorf("look for the campaign %s: %w", arg, err)
		}
		info := described.GetWorkflowExecutionInfo()
		return campaign{
			name: arg, workflowID: id, runID: info.GetExecution().GetRunId(), execution: info.GetStatus(),
			attribute: attributeOf(info, campaignAttribute),
		}, nil
	}
	return campaign{}, missingError{fmt.Errorf("there is no campaign %s in namespace %s; see tidegate list", arg, c.namespace)}
}

func isCampaign(d *workflowservice.DescribeWorkflowExecutionResponse) bool {
	return d.GetWorkflowExecutionInfo().GetType().GetName() == workflows.CampaignName
}

// The search attributes that the command reads.
const (
	campaignAttribute = "TidegateCampaign"
	stateAttribute    = "TidegateState"
)

// attributeOf is a search attribute of a workflow that is a word; empty where it
// has none.
func attributeOf(info *workflowpb.WorkflowExecutionInfo, name string) string {
	var text string
	payload := info.GetSearchAttributes().GetIndexedFields()[name]
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil {
		return "" // it has another type, so it is not ours
	}
	return text
}

// ask asks a campaign a question. An open one may continue as a new run at
// any time: it is asked by its id.
func (g campaign) ask(ctx context.Context, c session, query string, answer any, args ...any) error {
	runID := g.runID
	if g.open() {
		runID = ""
	}
	return ask(ctx, c, g.workflowID, runID, query, answer, args...)
}

// ask asks a workflow a question.
func ask(ctx context.Context, c session, workflowID, runID, query string, answer any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	value, err := c.QueryWorkflow(ctx, workflowID, runID, query, args...)
	if err == nil {
		err = value.Get(answer)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the SDK's own error hides it
		}
		return unanswered(fmt.Sprintf("ask %s for its %s", workflowID, query), err)
	}
	return nil
}
