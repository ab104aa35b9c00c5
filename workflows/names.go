package workflows

// The names under which other programs, the Web UI and recorded histories know
// this package. They never change.
const (
	// TaskQueue is the default task queue of workflows and activities.
	TaskQueue = "tidegate"
	// GatewayMaintenanceName is the type of the workflow of one target.
	GatewayMaintenanceName = "GatewayMaintenance"
	// StatusQuery answers with a maintenance.Status.
	StatusQuery = "status"
	// ApproveUpdate takes an Approval where the policy asks for one.
	ApproveUpdate = "approve"
)

// GatewayWorkflowID is the id of a gateway's run. There is one a gateway, so
// that Temporal itself keeps a gateway from being in two runs at once. It has no
// slash: it stands in the Web UI's addresses.
func GatewayWorkflowID(gatewayID string) string { return "gateway-" + gatewayID }
