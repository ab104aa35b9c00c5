package activities

import (
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities/names"
)

// Providers are what the activities act on.
type Providers struct {
	AWS    AWSAccounts
	Huawei HuaweiAccounts
	Known  Known // what the worker's configuration says of both
	Runs   Runs  // Temporal itself; a client has it
	Now    Clock // time.Now outside tests
	// Channels are those that campaigns may notify; nil: none.
	Channels Channels
	// WebUI is where people find Temporal's Web UI, without a slash at its end: messages
	// link to it. Empty: they do not.
	WebUI string
}

// StorageGateway holds the activities on AWS.
func (p Providers) StorageGateway() *StorageGateway {
	return &StorageGateway{Accounts: p.AWS, Engine: p.Engine(), Now: p.Now}
}

// TaurusDB holds the activities on Huawei Cloud.
func (p Providers) TaurusDB() *TaurusDB { return &TaurusDB{Accounts: p.Huawei, Now: p.Now} }

// Engine holds the activities on Temporal itself.
func (p Providers) Engine() *Engine {
	return &Engine{Runs: p.Runs, Known: p.Known, Channels: p.Channels, WebUI: p.WebUI}
}

// Register makes every activity known to a worker or a test environment.
func Register(to worker.ActivityRegistry, p Providers) {
	to.RegisterActivity(p.StorageGateway())
	to.RegisterActivity(p.TaurusDB())
	to.RegisterActivity(p.Engine())
}

// Input is an activity's input: it knows the task queue of its activity, from
// that of the workflows. Temporal's own activities have the workflows'.
type Input interface{ Queue(workflows string) string }

// Queue of the activities that find a gateway.
func (in Lookup) Queue(workflows string) string { return names.AWSQueue(workflows, in.Gateway.Account) }

// Queue of AssessGateway.
func (in AssessGatewayInput) Queue(workflows string) string {
	return names.AWSQueue(workflows, in.Target.Gateway.Account)
}

// Queue of WatchGateway.
func (in WatchGatewayInput) Queue(workflows string) string {
	return names.AWSQueue(workflows, in.Gateway.Account)
}

// Queue of SurveyGateway.
func (in SurveyInput) Queue(workflows string) string {
	return names.AWSQueue(workflows, in.Gateway.Account)
}

// Queue of ListGateways.
func (in ListGatewaysInput) Queue(workflows string) string {
	return names.AWSQueue(workflows, in.Selector.Account)
}

// Queue of the activities on a volume's snapshot.
func (in VolumeLookup) Queue(workflows string) string { return names.AWSQueue(workflows, in.Account) }

// Queue of AwaitSnapshot.
func (in AwaitSnapshotInput) Queue(workflows string) string {
	return names.AWSQueue(workflows, in.Account)
}

// Queue of the activities on a proxy.
func (in ProxyLookup) Queue(workflows string) string {
	return names.HuaweiQueue(workflows, in.Proxy.Account)
}

// Queue of ListProxies.
func (in ListProxiesInput) Queue(workflows string) string {
	return names.HuaweiQueue(workflows, in.Account)
}

// Queue of RefuseQuarantined.
func (QuarantineLookup) Queue(workflows string) string { return workflows }

// Queue of FindObstacle.
func (ObstacleLookup) Queue(workflows string) string { return workflows }

// Queue of AwaitClosed.
func (WorkflowLookup) Queue(workflows string) string { return workflows }

// Queue of AwaitAnyClosed.
func (AnyLookup) Queue(workflows string) string { return workflows }

// Queue of AwaitRecord.
func (RecordLookup) Queue(workflows string) string { return workflows }

// Queue of PassOn.
func (PassOnInput) Queue(workflows string) string { return workflows }

// Queue of CheckPlan.
func (CheckPlanInput) Queue(workflows string) string { return workflows }
