package activities

import "go.temporal.io/sdk/worker"

// Providers are what the activities act on.
type Providers struct {
	AWS    AWSAccounts
	Huawei HuaweiAccounts
	Runs   Runs  // Temporal itself; a client has it
	Now    Clock // time.Now outside tests
}

// StorageGateway holds the activities on AWS.
func (p Providers) StorageGateway() *StorageGateway {
	return &StorageGateway{Accounts: p.AWS, Now: p.Now}
}

// TaurusDB holds the activities on Huawei Cloud.
func (p Providers) TaurusDB() *TaurusDB { return &TaurusDB{Accounts: p.Huawei, Now: p.Now} }

// Engine holds the activities on Temporal itself.
func (p Providers) Engine() *Engine { return &Engine{Runs: p.Runs, Now: p.Now} }

// Register makes every activity known to a worker or a test environment.
func Register(to worker.ActivityRegistry, p Providers) {
	to.RegisterActivity(p.StorageGateway())
	to.RegisterActivity(p.TaurusDB())
	to.RegisterActivity(p.Engine())
}

// Provider is at whose rate an activity calls out. Each has a task queue of its
// own, so that one that is throttled or slow does not hold up the other.
type Provider string

// The providers. Temporal's own is the workflows' task queue.
const (
	OnTemporal Provider = ""
	OnAWS      Provider = "aws"
	OnHuawei   Provider = "huawei"
)

// Queue is the task queue of the provider's activities, beside that of the
// workflows which want them.
func (p Provider) Queue(workflows string) string {
	if p == OnTemporal {
		return workflows
	}
	return workflows + "-" + string(p)
}

// Input is an activity's input: it knows to which provider the activity goes.
type Input interface{ Provider() Provider }

// Provider of the activities that look a gateway up.
func (Lookup) Provider() Provider { return OnAWS }

// Provider of AssessGateway.
func (AssessGatewayInput) Provider() Provider { return OnAWS }

// Provider of WatchGateway.
func (WatchGatewayInput) Provider() Provider { return OnAWS }

// Provider of the activities on a volume's snapshot.
func (VolumeLookup) Provider() Provider { return OnAWS }

// Provider of AwaitSnapshot.
func (AwaitSnapshotInput) Provider() Provider { return OnAWS }

// Provider of the activities on a proxy.
func (ProxyLookup) Provider() Provider { return OnHuawei }

// Provider of RefuseQuarantined.
func (QuarantineLookup) Provider() Provider { return OnTemporal }
