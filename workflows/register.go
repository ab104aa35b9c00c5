package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/campaign"
	"github.com/tidegate/tidegate/workflows/examine"
	"github.com/tidegate/tidegate/workflows/export"
	"github.com/tidegate/tidegate/workflows/target"
)

// Register makes every workflow known to a worker, a replayer or a test
// environment. A pinned one stays on the build of the worker that it started on, and
// moves to another where it continues as new; the others move at once, and so their
// order of steps changes behind named predicates only. Each stands in a call of its own, not in a
// table: workflowcheck checks the functions that it finds in these calls.
func Register(to worker.WorkflowRegistry) {
	to.RegisterWorkflowWithOptions(target.GatewayMaintenance, workflow.RegisterOptions{
		Name:               api.GatewayMaintenanceName,
		VersioningBehavior: workflow.VersioningBehaviorPinned,
	})
	to.RegisterWorkflowWithOptions(campaign.Campaign, workflow.RegisterOptions{
		Name:               api.CampaignName,
		VersioningBehavior: workflow.VersioningBehaviorPinned,
	})
	to.RegisterWorkflowWithOptions(campaign.Batch, workflow.RegisterOptions{
		Name:               api.BatchName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(target.Quarantine, workflow.RegisterOptions{
		Name:               api.QuarantineName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(target.InstanceHold, workflow.RegisterOptions{
		Name:               api.InstanceHoldName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(target.SendSlots, workflow.RegisterOptions{
		Name:               names.SendSlotsName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(target.Durations, workflow.RegisterOptions{
		Name:               durations.WorkflowName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(export.State, workflow.RegisterOptions{
		Name:               api.ExportStateName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(examine.Examine, workflow.RegisterOptions{
		Name:               api.ExamineName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(examine.TryChecks, workflow.RegisterOptions{
		Name:               api.TryChecksName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
}
