// Package names has the names under which others know the activities: the types of their errors, their task
// queues and the memos of the workflows that they find. It imports no Temporal, so that what renders may use
// it. What the activities do is in the folder above.
package names

// The types of the application errors that leave the activities. Workflows
// branch on them; sentinels and texts do not survive the way.
const (
	// TypeNotReady: read, and not there yet. Retried; never an alarm.
	TypeNotReady = "NotReady"
	// TypeThrottled and TypeUnavailable are retried.
	TypeThrottled   = "Throttled"
	TypeUnavailable = "Unavailable"
	// TypeUnknownOutcome: sent, and perhaps done. Never retried by the engine:
	// the workflow reads first.
	TypeUnknownOutcome = "UnknownOutcome"
	// TypeWindowMissed: the time until which the step could start is past,
	// and nothing was sent.
	TypeWindowMissed = "WindowMissed"
	// TypeDisarmed: an armed trigger was taken back before it was sent.
	TypeDisarmed = "Disarmed"
	// TypeNoEffect: the update was triggered, and the gateway neither restarted
	// nor changed in the time in which it should have.
	TypeNoEffect = "NoEffect"
	// TypeRejected: understood and turned down; nothing was changed.
	TypeRejected = "Rejected"
	// TypeBroken: the resource is in a state that waiting does not end.
	TypeBroken = "Broken"
	// TypeJobFailed: the cloud's own job ended without doing its work.
	TypeJobFailed = "JobFailed"
	// TypeNotFound, TypeDenied, TypeInvalid, TypeUnsupported and TypeNoWindow
	// need a person. Of what was set going TypeDenied is retried.
	TypeNotFound    = "NotFound"
	TypeDenied      = "Denied"
	TypeInvalid     = "Invalid"
	TypeUnsupported = "Unsupported"
	TypeNoWindow    = "NoWindow"
	// TypeQuarantined: an earlier run left the gateway in doubt.
	TypeQuarantined = "Quarantined"
	// TypeMarked: another run has changed a setting for a while, and is not known to have
	// ended.
	TypeMarked = "Marked"
	// TypeChanged: someone has changed a setting since it was read; nothing was sent.
	TypeChanged = "Changed"
	// TypeRefused: the run of a target refused an operator action.
	TypeRefused = "Refused"
	// TypeNotApproved: the account's owner demands signed approvals, and this change has not enough
	// of them; nothing was sent.
	TypeNotApproved = "NotApproved"
	// TypeBlocked: a health check does not permit the change; nothing was sent.
	TypeBlocked = "Blocked"
	// TypeCheckFailed: a health check that was waited for has failed for good.
	TypeCheckFailed = "CheckFailed"
	// TypeNotSent: a message to people that its channel did not take.
	TypeNotSent = "NotSent"
)

// QuarantineMemo is the memo under which a quarantine's workflow says why it is.
const QuarantineMemo = "quarantine"

// InstanceHoldMemo is the memo under which the workflow that holds a DB instance says
// for which run it does.
const InstanceHoldMemo = "instanceHold"

// AuthorizationQuery asks a campaign for what lets a gateway, by its id, be changed: it answers with a
// signing.Authorization, or an error that says why nothing does.
const AuthorizationQuery = "authorization"

// CampaignName is the type of the workflow of a fleet.
const CampaignName = "Campaign"

// SendSlotsName is the type of the workflow that allots the times of an account's triggers, and
// AllotUpdate the update by which a worker asks it for some.
const (
	SendSlotsName = "SendSlots"
	AllotUpdate   = "allot"
)

// SendSlotsWorkflowID is the id of that workflow. An account of a task queue has one, so the rate
// holds over all workers, campaigns and single runs.
func SendSlotsWorkflowID(workflows, account string) string {
	return "slots-" + AWSQueue(workflows, account)
}

// AWSQueue is the task queue of the activities in an AWS account; workflows is the queue
// of the workflows that call them. Each account has one of its own, with a rate of
// its own, so that one that is throttled or slow holds up no other.
func AWSQueue(workflows, account string) string { return workflows + "-aws-" + account }

// HuaweiQueue is AWSQueue for a Huawei Cloud account.
func HuaweiQueue(workflows, account string) string { return workflows + "-huawei-" + account }
