package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register makes every workflow known to a worker, a replayer or a test
// environment. A pinned one stays on the build of the worker that it began on, and
// moves to another where it continues as new; the others move at once, and so their
// order of steps changes behind named predicates only.
func Register(to worker.WorkflowRegistry) {
	to.RegisterWorkflowWithOptions(GatewayMaintenance, workflow.RegisterOptions{
		Name:               GatewayMaintenanceName,
		VersioningBehavior: workflow.VersioningBehaviorPinned,
	})
	to.RegisterWorkflowWithOptions(Campaign, workflow.RegisterOptions{
		Name:               CampaignName,
		VersioningBehavior: workflow.VersioningBehaviorPinned,
	})
	to.RegisterWorkflowWithOptions(Roster, workflow.RegisterOptions{
		Name:               RosterName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(Quarantine, workflow.RegisterOptions{
		Name:               QuarantineName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(InstanceHold, workflow.RegisterOptions{
		Name:               InstanceHoldName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(Examine, workflow.RegisterOptions{
		Name:               ExamineName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
}
