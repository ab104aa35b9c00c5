package inventory

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/inventory/page"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// rendered is the inventory in a form, whole.
func rendered(form string, d inventory.Document) ([]byte, error) {
	switch form {
	case formCSV:
		return page.CSV(d)
	case formHTML:
		return page.HTML(d)
	}
	var b bytes.Buffer
	err := printer.Printer{Out: &b, Form: form}.Print(d, func(p printer.Printer) {
		render.PrintInventory(p, d, form == formWide)
	})
	return b.Bytes(), err
}

// maxQuarantines bounds how many quarantines are read.
const maxQuarantines = 10_000

// quarantined are the gateways that are quarantined, by their ids, with since when.
func quarantined(ctx context.Context, c operate.Session) (map[string]string, error) {
	all := map[string]string{}
	var token []byte
	for len(all) < maxQuarantines {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", api.QuarantineName), NextPageToken: token,
		})
		if err != nil {
			return nil, fmt.Errorf("list the quarantines: %w", err)
		}
		for _, info := range page.GetExecutions() {
			id := strings.TrimPrefix(info.GetExecution().GetWorkflowId(), api.QuarantineWorkflowID(""))
			all[id] = fmt.Sprintf("since %s, until a person releases it: tidegate release %s",
				printer.ClockOrDash(info.GetStartTime().AsTime()), id)
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	return all, nil
}
