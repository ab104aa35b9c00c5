package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// completeTimeout is how long a shell's user waits for a completion at most, with
// the connection.
const completeTimeout = 2 * time.Second

// mostCompleted is how many workflows are looked at for one completion.
const mostCompleted = 200

// asker asks Temporal what an argument may be: what begins with what is typed, as
// far as it can tell. args are those before it.
type asker func(ctx context.Context, c operate.Session, args []string, begun string) ([]string, error)

// live completes by asking Temporal. Where that does not answer in time there is
// nothing to choose from, and no error: somebody is typing.
func (a *app) live(each ...asker) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp
		if len(args) >= len(each) || (begun != "" && !campaignForm.MatchString(begun)) {
			return nil, directive
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
		defer cancel()
		a.connection.Timeout = min(a.connection.Timeout, completeTimeout)
		c, err := a.dial(ctx)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, directive
		}
		defer c.Close()
		found, err := each[len(args)](ctx, c, args, begun)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
		}
		found = slices.DeleteFunc(found, func(line string) bool { return !strings.HasPrefix(line, begun) })
		return found, directive
	}
}

// either asks both; what the first found comes first.
func either(first, second asker) asker {
	return func(ctx context.Context, c operate.Session, args []string, begun string) ([]string, error) {
		found, err := first(ctx, c, args, begun)
		if err != nil {
			return found, err
		}
		more, err := second(ctx, c, args, begun)
		return append(found, more...), err
	}
}

// campaigns asks for their names; ended: also of those that have ended.
func campaigns(ended bool) asker {
	return workflowsOf(api.CampaignName, api.CampaignWorkflowID(""), ended, func(info *workflowpb.WorkflowExecutionInfo) string {
		return "campaign, " + cmp.Or(operate.AttributeOf(info, operate.StateAttribute), strings.ToLower(info.GetStatus().String()))
	})
}

// maintenances asks for the gateways that have one.
func maintenances(ended bool) asker {
	return workflowsOf(api.GatewayMaintenanceName, api.GatewayWorkflowID(""), ended, func(info *workflowpb.WorkflowExecutionInfo) string {
		text := "gateway, " + cmp.Or(operate.AttributeOf(info, operate.StateAttribute), strings.ToLower(info.GetStatus().String()))
		return text + prefixed(", of ", operate.AttributeOf(info, operate.CampaignAttribute))
	})
}

// quarantined asks for the gateways that are.
func quarantined() asker {
	return workflowsOf(api.QuarantineName, api.QuarantineWorkflowID(""), false, func(info *workflowpb.WorkflowExecutionInfo) string {
		return "quarantined since " + show.Instant(info.GetStartTime().AsTime())
	})
}

// workflowsOf asks for workflows of a type by the prefix of their ids, without it.
func workflowsOf(name, prefix string, ended bool, describe func(*workflowpb.WorkflowExecutionInfo) string) asker {
	return func(ctx context.Context, c operate.Session, _ []string, begun string) ([]string, error) {
		status := "ExecutionStatus = 'Running'"
		if ended {
			status = "ExecutionStatus != 'ContinuedAsNew'"
		}
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: mostCompleted,
			Query:    fmt.Sprintf("WorkflowType = '%s' AND %s AND WorkflowId STARTS_WITH '%s%s'", name, status, prefix, begun),
		})
		if err != nil {
			return nil, fmt.Errorf("look for what begins with %s: %w", prefix+begun, err)
		}
		seen := map[string]bool{}
		var found []string
		for _, info := range page.GetExecutions() { // the last of each id first
			id := strings.TrimPrefix(info.GetExecution().GetWorkflowId(), prefix)
			if !seen[id] {
				found = append(found, id+"\t"+describe(info))
			}
			seen[id] = true
		}
		slices.Sort(found)
		return found, nil
	}
}

// targets asks a campaign, the first argument, for its targets' names; for their
// gateways' ids where such a one is begun. With an update: of those about which the
// campaign would take it.
func targets(update string) asker {
	return func(ctx context.Context, c operate.Session, args []string, begun string) ([]string, error) {
		if isGateway(args[0]) {
			return nil, nil
		}
		g, err := operate.FindCampaign(ctx, c, args[0])
		if err != nil {
			return nil, err
		}
		rows, err := operate.AllRows(ctx, c, g)
		var found []string
		for _, r := range rows {
			if update != "" && !api.TargetMay(update, r.State, fleet.Unavailable(r.Blocker)) {
				continue
			}
			name := r.Name
			if isGateway(begun) {
				name = r.Gateway
			}
			found = append(found, name+"\t"+string(r.State)+prefixed(", ", string(r.Blocker)))
		}
		return found, err
	}
}

// schedules asks for the names of the schedules that start campaigns.
func schedules() asker {
	return func(ctx context.Context, c operate.Session, _ []string, _ string) ([]string, error) {
		all, err := listSchedules(ctx, c)
		if err != nil {
			return nil, err
		}
		found := make([]string, 0, len(all))
		for _, s := range all {
			text := s.When
			if s.Paused {
				text = "paused"
			}
			found = append(found, s.Name+"\t"+strings.ReplaceAll(text, "\n", "; "))
		}
		return found, nil
	}
}
