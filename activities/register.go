package activities

import (
	"time"

	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/activities/slots"
)

// Providers are what the activities act on.
type Providers struct {
	AWS    AWSAccounts
	Huawei HuaweiAccounts
	Known  Known        // what the worker's configuration says of both
	Runs   Runs         // Temporal itself; a client has it
	Now    Clock        // time.Now outside tests
	Beats  Heartbeats   // a client has them
	Slots  Slots        // a slots.SendSlots outside tests
	Turns  *slots.Turns // nil: triggers do not go before other activities
	// Ahead is how long before its time an armed trigger comes to a worker: ArmAhead, but 0 in
	// virtual time, in which nobody waits in a worker.
	Ahead time.Duration
	// Durations are what polls learn from; nil: nothing.
	Durations *durations.Memory
	// Channels are those that campaigns may notify; nil: none.
	Channels Channels
	// Servers are the monitoring servers that health checks ask; nil: none.
	Servers Servers
	// Asker asks the sources of health checks, and Muter keeps alarms quiet.
	Asker checks.Asker
	Muter checks.Muter
	// Signers are the groups of signers, and what accounts demand; nil: there are none, and nothing is demanded.
	Signers signatures.Signers
	// Temporal is asked before a change that has to be approved; a client has it.
	Temporal signatures.Temporal
	// Workflows is the task queue of the workflows: where Temporal is asked, only campaigns on it count.
	Workflows string
	// WebUI is where people find Temporal's Web UI, without a slash at its end: messages
	// link to it. Empty: they do not.
	WebUI string
}

// StorageGateway holds the activities on AWS.
func (p Providers) StorageGateway() *StorageGateway {
	return &StorageGateway{
		Accounts: p.AWS, Engine: p.Engine(), Durations: p.Durations, Now: p.Now, Beats: p.Beats, Slots: p.Slots,
		Turns: p.Turns, Ahead: p.Ahead, Checks: p.sources(), Authority: p.authority(),
	}
}

// TaurusDB holds the activities on Huawei Cloud.
func (p Providers) TaurusDB() *TaurusDB {
	return &TaurusDB{Accounts: p.Huawei, Durations: p.Durations, Now: p.Now, Checks: p.sources()}
}

// Signatures holds the activities on signed approvals.
func (p Providers) Signatures() *signatures.Signatures {
	return &signatures.Signatures{Signers: p.Signers}
}

func (p Providers) authority() *signatures.Authority {
	return &signatures.Authority{Signers: p.Signers, Temporal: p.Temporal, Workflows: p.Workflows}
}

func (p Providers) sources() checks.Sources {
	return checks.Sources{Asker: p.Asker, Muter: p.Muter, Now: p.Now}
}

// Engine holds the activities on Temporal itself.
func (p Providers) Engine() *Engine {
	return &Engine{
		Runs: p.Runs, Known: p.Known, Channels: p.Channels, Servers: p.Servers, Checks: p.sources(), WebUI: p.WebUI,
		Signers: p.Signers,
	}
}

// Watcher holds the activities that ask health checks again and again, and that end mutes.
func (p Providers) Watcher() *checks.Watcher {
	return &checks.Watcher{Asker: p.Asker, Muter: p.Muter, Now: p.Now}
}

// Register makes every activity known to a worker or a test environment.
func Register(to worker.ActivityRegistry, p Providers) {
	to.RegisterActivity(p.StorageGateway())
	to.RegisterActivity(p.TaurusDB())
	RegisterShared(to, p)
}

// RegisterShared makes the activities known that are on no cloud account: those of the workflows' task queue.
func RegisterShared(to worker.ActivityRegistry, p Providers) {
	to.RegisterActivity(p.Engine())
	to.RegisterActivity(p.Watcher())
	to.RegisterActivity(p.Signatures())
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

// Queue of SurveyProxies.
func (in SurveyProxiesInput) Queue(workflows string) string {
	return names.HuaweiQueue(workflows, in.Proxies[0].Account)
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
