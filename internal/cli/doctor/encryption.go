package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/codec"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
)

// mostStarts is of how many open runs, the newest, doctor reads the start.
const mostStarts = 20

// encryption checks whether the open runs are encrypted from their start on, where there is a key.
func (d *doctor) encryption(ctx context.Context, c operate.Session, keys []string) {
	const check = "encryption"
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	plain, read, err := plainStarts(ctx, c)
	if err != nil {
		d.unanswered(ctx, check, c.Namespace, err, "check that this API key or certificate may read histories")
		return
	}
	with := "payloads are encrypted with the key " + keys[0]
	if len(keys) > 1 {
		with += "; also readable: those of " + strings.Join(keys[1:], ", ")
	}
	if plain > 0 {
		d.add(render.CheckWarn, check, c.Namespace, fmt.Sprintf("%s; but of the newest %s, %d started in plain text", with,
			maintenance.Counted(read, "open run", "open runs"), plain),
			"if they started after the key was set, whoever started them lacks "+codec.Variable+"; else they stay readable in plain text until the namespace's retention removes them")
		return
	}
	d.add(render.CheckOK, check, c.Namespace, with, "")
}

// plainStarts is how many of the newest open runs were started in plain text, and how many were read.
func plainStarts(ctx context.Context, c operate.Session) (plain, read int, err error) {
	page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: openQuery(), PageSize: mostStarts,
	})
	if err != nil {
		return 0, 0, fmt.Errorf("list what runs: %w", err)
	}
	for _, info := range page.GetExecutions() {
		answer, err := c.WorkflowService().GetWorkflowExecutionHistory(codec.Undecoded(ctx),
			&workflowservice.GetWorkflowExecutionHistoryRequest{
				Namespace: c.Namespace, Execution: info.GetExecution(), MaximumPageSize: 1,
			})
		if err != nil {
			return 0, 0, fmt.Errorf("read how %s started: %w", info.GetExecution().GetWorkflowId(), err)
		}
		read++
		for _, event := range answer.GetHistory().GetEvents() { // one
			input := event.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
			if slices.ContainsFunc(input, func(p *commonpb.Payload) bool { return !codec.Encrypted(p) }) {
				plain++
			}
		}
	}
	return plain, read, nil
}
