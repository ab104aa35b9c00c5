package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register makes every workflow known to a worker, a replayer or a test
// environment.
func Register(to worker.WorkflowRegistry) {
	to.RegisterWorkflowWithOptions(GatewayMaintenance, workflow.RegisterOptions{
		Name:               GatewayMaintenanceName,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
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
}
