package faultmatrix

// The operations that a maintenance calls, by their names in the simulated clouds.
const (
	describeGateway    = "storagegateway:DescribeGatewayInformation"
	readMaintenance    = "storagegateway:DescribeMaintenanceStartTime"
	setMaintenance     = "storagegateway:UpdateMaintenanceStartTime"
	listTags           = "storagegateway:ListTagsForResource"
	addTags            = "storagegateway:AddTagsToResource"
	removeTags         = "storagegateway:RemoveTagsFromResource"
	updateSoftware     = "storagegateway:UpdateGatewaySoftwareNow"
	listVolumes        = "storagegateway:ListVolumes"
	describeCached     = "storagegateway:DescribeCachediSCSIVolumes"
	describeStored     = "storagegateway:DescribeStorediSCSIVolumes"
	createSnapshot     = "storagegateway:CreateSnapshot"
	describeSnapshots  = "ec2:DescribeSnapshots"
	deleteSnapshot     = "ec2:DeleteSnapshot"
	listProxies        = "taurusdb:ShowGaussMySqlProxyList"
	showVersion        = "taurusdb:ShowProxyVersion"
	checkScheduled     = "taurusdb:CheckScheduleTaskExist"
	upgradeProxy       = "taurusdb:UpgradeProxyVersion"
	setWeights         = "taurusdb:SetGaussMySqlProxyWeight"
	restartProxy       = "taurusdb:RestartProxyInstance"
	showJob            = "taurusdb:ShowGaussMySqlJobInfo"
	listJobs           = "taurusdb:ListImmediateJobs"
	listInstanceTags   = "taurusdb:ListInstanceTags"
	changeInstanceTags = "taurusdb:BatchTagAction"
	describeCache      = "storagegateway:DescribeCache"
	describeBuffer     = "storagegateway:DescribeUploadBuffer"
	listInitiators     = "storagegateway:ListVolumeInitiators"
	describeAlarms     = "cloudwatch:DescribeAlarms"
	getMute            = "cloudwatch:GetAlarmMuteRule"
	putMute            = "cloudwatch:PutAlarmMuteRule"
	deleteMute         = "cloudwatch:DeleteAlarmMuteRule"
	createToken        = "iam:KeystoneCreateUserTokenByPassword"
)

// Call is one outward call of a maintenance: an operation, and what for.
type Call struct {
	// Operation is its name in the simulated clouds, such as "ec2:DeleteSnapshot".
	Operation string
	// For says at which moment of the maintenance it is made.
	For string
	// Scenario is the maintenance in which it is made.
	Scenario Scenario
	// After is the moment from which the calls of the operation are counted.
	After Mark
	// Nth says which of them it is, from 1, which is the default.
	Nth int
	// Refused is what is promised where the cloud refuses it for good.
	Refused Promise
	// Empty is so for a call whose answer, if it is empty, refuses as well: there is nothing of what is needed.
	Empty bool
	// Persists is so for a call that is made again although it was refused.
	Persists Persistence
}

// Persistence says which refusals a call outlasts.
type Persistence int

// The degrees of persistence.
const (
	// NeverAgain takes a refusal for an answer.
	NeverAgain Persistence = iota
	// UntilLetIn asks again where the caller was not let in: credentials may be
	// renewed meanwhile.
	UntilLetIn
	// Whatever asks again whatever the refusal says.
	Whatever
)

// Mark is the moment at which an operation was called for the n-th time (from
// 1, which is the default). Its zero value is the run's starting.
type Mark struct {
	Operation string
	Times     int
}

func after(operation string) Mark { return Mark{Operation: operation, Times: 1} }

// Calls are all outward calls of a maintenance, AWS's first.
func Calls() []Call {
	var all []Call
	all = append(all, gatewayCalls()...)
	all = append(all, settingCalls()...)
	all = append(all, volumeCalls()...)
	all = append(all, snapshotCalls()...)
	all = append(all, healthCalls()...)
	all = append(all, armedCalls()...)
	all = append(all, proxyReads()...)
	all = append(all, proxyWatches()...)
	all = append(all, instanceTags()...)
	return append(all, proxyWrites()...)
}

func gatewayCalls() []Call {
	return []Call{
		{Operation: describeGateway, For: "assess", Scenario: Whole(), Refused: failed()},
		{Operation: describeGateway, For: "watch while waiting", Scenario: waiting(), After: after(readMaintenance), Persists: Whatever},
		{Operation: describeGateway, For: "before its volumes are listed", Scenario: before(), After: after(describeCached), Refused: failed()},
		{Operation: describeGateway, For: "read before the trigger", Scenario: Whole(), After: after(setMaintenance), Refused: compensated(Tag, Hold, Release, Untag)},
		{Operation: updateSoftware, For: "trigger", Scenario: Whole(), Refused: compensated(Tag, Hold, Release, Untag)},
		{Operation: describeGateway, For: "watch of the restart", Scenario: Whole(), After: after(updateSoftware), Refused: doubtful(Tag, Hold, Update, Release, Untag), Persists: UntilLetIn},
		{Operation: describeGateway, For: "verify", Scenario: Whole(), After: after(describeSnapshots), Refused: partial(Tag, Hold, Update, Snapshot, Release, Untag)},
	}
}

// restored is the moment from which the policy for automatic updates is the owner's again.
func restored() Mark { return Mark{setMaintenance, 2} }

func settingCalls() []Call {
	restore := partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: readMaintenance, For: "assess", Scenario: Whole(), Refused: failed()},
		{Operation: listTags, For: "assess", Scenario: Whole(), Refused: failed()},
		{Operation: readMaintenance, For: "watch while waiting", Scenario: waiting(), After: after(describeCached), Persists: Whatever},
		{Operation: listTags, For: "read before marking", Scenario: Whole(), After: after(describeCached), Refused: compensated()},
		{Operation: addTags, For: "mark", Scenario: Whole(), Refused: completed(Update, Snapshot)},
		{Operation: readMaintenance, For: "read before holding updates", Scenario: Whole(), After: after(describeCached), Refused: compensated()},
		{Operation: setMaintenance, For: "hold updates", Scenario: Whole(), Refused: compensated(Tag, Untag)},
		{Operation: listTags, For: "read before restoring them", Scenario: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: readMaintenance, For: "read before restoring them", Scenario: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: setMaintenance, For: "restore them", Scenario: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: removeTags, For: "remove the mark", Scenario: Whole(), Refused: restore, Persists: UntilLetIn},
		{Operation: readMaintenance, For: "verify", Scenario: Whole(), After: restored(), Refused: restore},
		{Operation: listTags, For: "verify", Scenario: Whole(), After: after(removeTags), Refused: restore},
	}
}

func volumeCalls() []Call {
	told, verified := partial(Tag, Hold, Update, Release, Untag), partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: listVolumes, For: "assess", Scenario: Whole(), Refused: failed()},
		{Operation: listVolumes, For: "list after the update", Scenario: Whole(), After: after(updateSoftware), Refused: told},
		{Operation: listVolumes, For: "read before CreateSnapshot", Scenario: Whole(), After: after(describeSnapshots), Refused: told},
		{Operation: describeCached, For: "assess", Scenario: Whole(), Refused: failed()},
		{Operation: describeCached, For: "list after the update", Scenario: Whole(), After: after(updateSoftware), Refused: told},
		{Operation: describeCached, For: "read before CreateSnapshot", Scenario: Whole(), After: after(describeSnapshots), Refused: told},
		{Operation: describeStored, For: "assess", Scenario: stored(), Refused: failed()},
		{Operation: listVolumes, For: "verify", Scenario: Whole(), After: restored(), Refused: verified},
		{Operation: describeCached, For: "verify", Scenario: Whole(), After: restored(), Refused: verified},
	}
}

func snapshotCalls() []Call {
	started := partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: describeSnapshots, For: "read before CreateSnapshot", Scenario: Whole(), Refused: partial(Tag, Hold, Update, Release, Untag)},
		{Operation: createSnapshot, For: "take the snapshot", Scenario: Whole(), Refused: partial(Tag, Hold, Update, Release, Untag)},
		{Operation: describeSnapshots, For: "poll for an unanswered one", Scenario: lostSnapshot(), After: after(createSnapshot), Refused: started, Persists: UntilLetIn},
		{Operation: describeSnapshots, For: "watch of the snapshot", Scenario: Whole(), After: after(createSnapshot), Refused: started, Persists: UntilLetIn},
		{Operation: describeSnapshots, For: "read before deleting", Scenario: brokenSnapshot(), After: after(createSnapshot), Nth: 2, Refused: stuck(Update, Snapshot), Persists: UntilLetIn},
		{Operation: deleteSnapshot, For: "delete an unfinished one", Scenario: brokenSnapshot(), Refused: stuck(Update, Snapshot), Persists: UntilLetIn},
	}
}

// healthCalls ask health checks, for which an answer that is missing is a failure, and mute alarms.
func healthCalls() []Call {
	return []Call{
		{Operation: describeCache, For: "check before the trigger", Scenario: checked(), Persists: Whatever},
		{Operation: describeBuffer, For: "check before the trigger", Scenario: checked(), Persists: Whatever},
		{Operation: listInitiators, For: "baseline before the trigger", Scenario: checked(), Persists: Whatever},
		{Operation: describeAlarms, For: "check before the trigger", Scenario: checked(), Persists: Whatever},
		{Operation: describeAlarms, For: "names of the alarms to mute", Scenario: checked(), Nth: 2, Refused: compensated(), Empty: true},
		{Operation: getMute, For: "read before muting", Scenario: checked(), Refused: compensated()},
		{Operation: putMute, For: "mute alarms", Scenario: checked(), Refused: compensated()},
		{Operation: describeCache, For: "check after the update", Scenario: checked(), After: after(updateSoftware), Persists: Whatever},
		{Operation: describeBuffer, For: "check after the update", Scenario: checked(), After: after(updateSoftware), Persists: Whatever},
		{Operation: listInitiators, For: "check after the update", Scenario: checked(), After: after(updateSoftware), Persists: Whatever},
		{Operation: describeAlarms, For: "check after the update", Scenario: checked(), After: after(updateSoftware), Persists: Whatever},
		{Operation: deleteMute, For: "end the mute", Scenario: checked(), Persists: Whatever},
	}
}

// armedCalls are made while the trigger is armed: the readings, the health checks and the mute, and then the trigger.
func armedCalls() []Call {
	return []Call{
		{Operation: readMaintenance, For: "read while armed", Scenario: armed(), Nth: 2, Refused: failed()},
		{Operation: describeGateway, For: "read while armed", Scenario: armed(), Nth: 2, Refused: failed()},
		{Operation: describeCache, For: "check while armed", Scenario: armed(), Persists: Whatever},
		{Operation: describeBuffer, For: "check while armed", Scenario: armed(), Persists: Whatever},
		{Operation: listInitiators, For: "baseline while armed", Scenario: armed(), Persists: Whatever},
		{Operation: describeAlarms, For: "check while armed", Scenario: armed(), Persists: Whatever},
		{Operation: describeAlarms, For: "names of the alarms to mute while armed", Scenario: armed(), Nth: 2, Refused: compensated(), Empty: true},
		{Operation: getMute, For: "read before muting while armed", Scenario: armed(), Refused: compensated()},
		{Operation: putMute, For: "mute alarms while armed", Scenario: armed(), Refused: compensated()},
		{Operation: updateSoftware, For: "trigger at the opening", Scenario: armed(), Refused: compensated(Mute, Unmute)},
	}
}

func proxyReads() []Call {
	return []Call{
		{Operation: createToken, For: "log in", Scenario: ByPassword(), Refused: failed()},
		{Operation: listProxies, For: "assess", Scenario: Proxy(), Refused: failed()},
		{Operation: showVersion, For: "assess", Scenario: Proxy(), Refused: failed()},
		{Operation: listProxies, For: "read the weights", Scenario: Proxy(), After: after(showVersion), Refused: failed()},
		{Operation: listProxies, For: "read before moving reads", Scenario: Proxy(), After: Mark{showVersion, 2}, Refused: compensated(TagProxy, Clear)},
		{Operation: listProxies, For: "read before the upgrade", Scenario: plainProxy(), After: Mark{showVersion, 2}, Refused: failed()},
		{Operation: showVersion, For: "read before the upgrade", Scenario: Proxy(), After: after(setWeights), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: checkScheduled, For: "read before the upgrade", Scenario: Proxy(), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: showVersion, For: "verify", Scenario: Proxy(), After: Mark{setWeights, 2}, Refused: partial(TagProxy, Shift, Upgrade, Return, Clear)},
	}
}

func instanceTags() []Call {
	restored := partial(TagProxy, Shift, Upgrade, Return, Clear)
	return []Call{
		{Operation: listInstanceTags, For: "assess", Scenario: Proxy(), Refused: failed()},
		{Operation: listInstanceTags, For: "read the weights", Scenario: Proxy(), After: Mark{showVersion, 2}, Refused: failed()},
		{Operation: listInstanceTags, For: "read before marking", Scenario: Proxy(), After: Mark{listInstanceTags, 2}, Refused: compensated()},
		{Operation: listInstanceTags, For: "read before the mark is removed", Scenario: Proxy(), After: Mark{setWeights, 2}, Refused: restored, Persists: UntilLetIn},
		{Operation: listInstanceTags, For: "verify", Scenario: Proxy(), After: Mark{changeInstanceTags, 2}, Refused: restored},
	}
}

func proxyWatches() []Call {
	shifted, started, restarted := compensated(TagProxy, Shift, Return, Clear), doubtful(TagProxy, Shift, Upgrade, Return, Clear), doubtful(Upgrade, Restart)
	return []Call{
		{Operation: showJob, For: "watch of the weights' job", Scenario: Proxy(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listProxies, For: "read after the weights' job", Scenario: Proxy(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listProxies, For: "poll for unanswered weights", Scenario: lostWeights(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listJobs, For: "poll for an unanswered upgrade", Scenario: lostUpgrade(), Refused: doubtful(Upgrade), Persists: UntilLetIn},
		{Operation: listProxies, For: "poll for an unanswered upgrade", Scenario: lostUpgrade(), After: after(upgradeProxy), Refused: doubtful(Upgrade), Persists: UntilLetIn},
		{Operation: showJob, For: "watch of the upgrade's job", Scenario: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: listProxies, For: "read after the upgrade's job", Scenario: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: showVersion, For: "read after the upgrade's job", Scenario: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: listJobs, For: "poll for an unanswered restart", Scenario: lostRestart(), Refused: doubtful(Upgrade, Restart), Persists: UntilLetIn},
		{Operation: showJob, For: "watch of the restart's job", Scenario: sickProxy(), After: after(restartProxy), Refused: restarted, Persists: UntilLetIn},
		{Operation: listProxies, For: "read after the restart's job", Scenario: sickProxy(), After: after(restartProxy), Refused: restarted, Persists: UntilLetIn},
	}
}

func proxyWrites() []Call {
	return []Call{
		{Operation: changeInstanceTags, For: "mark the proxy", Scenario: Proxy(), Refused: completed(Upgrade)},
		{Operation: setWeights, For: "move the reads", Scenario: Proxy(), Refused: compensated(TagProxy, Clear)},
		{Operation: upgradeProxy, For: "upgrade", Scenario: Proxy(), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: restartProxy, For: "restart an unhealthy proxy", Scenario: sickProxy(), Refused: doubtful(Upgrade)},
		// A change that could not be reverted is tried once more when the run ends.
		{Operation: setWeights, For: "restore the weights", Scenario: Proxy(), After: after(upgradeProxy), Refused: partial(TagProxy, Shift, Upgrade, Return, Clear), Persists: UntilLetIn},
		{Operation: changeInstanceTags, For: "remove the proxy's mark", Scenario: Proxy(), After: after(upgradeProxy), Refused: partial(TagProxy, Shift, Upgrade, Return, Clear), Persists: UntilLetIn},
	}
}
