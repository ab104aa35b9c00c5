package workflows

import "github.com/tidegate/tidegate/activities"

// The names under which other programs, the Web UI and recorded histories know
// this package. They never change.
const (
	// TaskQueue is the default task queue of workflows and activities.
	TaskQueue = "tidegate"
	// GatewayMaintenanceName is the type of the workflow of one target.
	GatewayMaintenanceName = "GatewayMaintenance"
	// StatusQuery answers with a maintenance.Status.
	StatusQuery = "status"
	// ApproveUpdate is for a run whose policy asks for an approval. Like all
	// updates it takes an Order.
	ApproveUpdate = "approve"
	// AbortUpdate ends a run that is not past the point of no return.
	AbortUpdate = "abort"
	// RetryUpdate tries the held step again.
	RetryUpdate = "retry"
	// SkipUpdate goes on without the held step.
	SkipUpdate = "skip"
	// ReleaseUpdate ends a quarantine.
	ReleaseUpdate = "release"
	// QuarantineName is the type of the workflow that stands for a quarantine.
	QuarantineName = "Quarantine"
	// QuarantineMemo is the memo under which that workflow says why it is, as a
	// maintenance.Quarantine: it can be read without a worker.
	QuarantineMemo = activities.QuarantineMemo
)

// QuarantineWorkflowID is the id of a gateway's quarantine. While that workflow
// runs, no maintenance of the gateway begins.
func QuarantineWorkflowID(gatewayID string) string { return "quarantine-" + gatewayID }

// GatewayWorkflowID is the id of a gateway's run. There is one a gateway, so
// that Temporal itself keeps a gateway from being in two runs at once. It has no
// slash: it stands in the Web UI's addresses.
func GatewayWorkflowID(gatewayID string) string { return "gateway-" + gatewayID }
