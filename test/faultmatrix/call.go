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
	createToken        = "iam:KeystoneCreateUserTokenByPassword"
)

// Call is one outward call of a maintenance: an operation, and what for.
type Call struct {
	// Operation is its name in the simulated clouds, such as "ec2:DeleteSnapshot".
	Operation string
	// For says at which moment of the maintenance it is made.
	For string
	// Story is the maintenance in which it is made.
	Story Story
	// After is the moment from which the calls of the operation are counted.
	After Mark
	// Nth says which of them it is, from 1, which is the default.
	Nth int
	// Refused is what is promised where the cloud refuses it for good.
	Refused Promise
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
	all = append(all, proxyReads()...)
	all = append(all, proxyWatches()...)
	all = append(all, instanceTags()...)
	return append(all, proxyWrites()...)
}

func gatewayCalls() []Call {
	return []Call{
		{Operation: describeGateway, For: "assess", Story: Whole(), Refused: failed()},
		{Operation: describeGateway, For: "watch while waiting", Story: waiting(), After: after(readMaintenance), Persists: Whatever},
		{Operation: describeGateway, For: "before its volumes are listed", Story: before(), After: after(describeCached), Refused: failed()},
		{Operation: describeGateway, For: "look before the trigger", Story: Whole(), After: after(setMaintenance), Refused: compensated(Tag, Hold, Release, Untag)},
		{Operation: updateSoftware, For: "trigger", Story: Whole(), Refused: compensated(Tag, Hold, Release, Untag)},
		{Operation: describeGateway, For: "watch of the restart", Story: Whole(), After: after(updateSoftware), Refused: doubtful(Tag, Hold, Update, Release, Untag), Persists: UntilLetIn},
		{Operation: describeGateway, For: "verify", Story: Whole(), After: after(describeSnapshots), Refused: partial(Tag, Hold, Update, Snapshot, Release, Untag)},
	}
}

// restored is the moment from which the policy for automatic updates is the owner's again.
func restored() Mark { return Mark{setMaintenance, 2} }

func settingCalls() []Call {
	restore := partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: readMaintenance, For: "assess", Story: Whole(), Refused: failed()},
		{Operation: listTags, For: "assess", Story: Whole(), Refused: failed()},
		{Operation: readMaintenance, For: "watch while waiting", Story: waiting(), After: after(describeCached), Persists: Whatever},
		{Operation: listTags, For: "look before marking", Story: Whole(), After: after(describeCached), Refused: compensated()},
		{Operation: addTags, For: "mark", Story: Whole(), Refused: completed(Update, Snapshot)},
		{Operation: readMaintenance, For: "look before holding updates", Story: Whole(), After: after(describeCached), Refused: compensated()},
		{Operation: setMaintenance, For: "hold updates", Story: Whole(), Refused: compensated(Tag, Untag)},
		{Operation: listTags, For: "look before restoring them", Story: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: readMaintenance, For: "look before restoring them", Story: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: setMaintenance, For: "restore them", Story: Whole(), After: after(createSnapshot), Refused: restore, Persists: UntilLetIn},
		{Operation: removeTags, For: "remove the mark", Story: Whole(), Refused: restore, Persists: UntilLetIn},
		{Operation: readMaintenance, For: "verify", Story: Whole(), After: restored(), Refused: restore},
		{Operation: listTags, For: "verify", Story: Whole(), After: after(removeTags), Refused: restore},
	}
}

func volumeCalls() []Call {
	told, verified := partial(Tag, Hold, Update, Release, Untag), partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: listVolumes, For: "assess", Story: Whole(), Refused: failed()},
		{Operation: listVolumes, For: "list after the update", Story: Whole(), After: after(updateSoftware), Refused: told},
		{Operation: listVolumes, For: "look before CreateSnapshot", Story: Whole(), After: after(describeSnapshots), Refused: told},
		{Operation: describeCached, For: "assess", Story: Whole(), Refused: failed()},
		{Operation: describeCached, For: "list after the update", Story: Whole(), After: after(updateSoftware), Refused: told},
		{Operation: describeCached, For: "look before CreateSnapshot", Story: Whole(), After: after(describeSnapshots), Refused: told},
		{Operation: describeStored, For: "assess", Story: stored(), Refused: failed()},
		{Operation: listVolumes, For: "verify", Story: Whole(), After: restored(), Refused: verified},
		{Operation: describeCached, For: "verify", Story: Whole(), After: restored(), Refused: verified},
	}
}

func snapshotCalls() []Call {
	started := partial(Tag, Hold, Update, Snapshot, Release, Untag)
	return []Call{
		{Operation: describeSnapshots, For: "look before CreateSnapshot", Story: Whole(), Refused: partial(Tag, Hold, Update, Release, Untag)},
		{Operation: createSnapshot, For: "take the snapshot", Story: Whole(), Refused: partial(Tag, Hold, Update, Release, Untag)},
		{Operation: describeSnapshots, For: "look for one not answered", Story: lostSnapshot(), After: after(createSnapshot), Refused: started, Persists: UntilLetIn},
		{Operation: describeSnapshots, For: "watch of the snapshot", Story: Whole(), After: after(createSnapshot), Refused: started, Persists: UntilLetIn},
		{Operation: describeSnapshots, For: "look before deleting", Story: brokenSnapshot(), After: after(createSnapshot), Nth: 2, Refused: stuck(Update, Snapshot), Persists: UntilLetIn},
		{Operation: deleteSnapshot, For: "delete an unfinished one", Story: brokenSnapshot(), Refused: stuck(Update, Snapshot), Persists: UntilLetIn},
	}
}

func proxyReads() []Call {
	return []Call{
		{Operation: createToken, For: "log in", Story: ByPassword(), Refused: failed()},
		{Operation: listProxies, For: "assess", Story: Proxy(), Refused: failed()},
		{Operation: showVersion, For: "assess", Story: Proxy(), Refused: failed()},
		{Operation: listProxies, For: "read the weights", Story: Proxy(), After: after(showVersion), Refused: failed()},
		{Operation: listProxies, For: "look before moving reads", Story: Proxy(), After: Mark{showVersion, 2}, Refused: compensated(TagProxy, Clear)},
		{Operation: listProxies, For: "look before the upgrade", Story: plainProxy(), After: Mark{showVersion, 2}, Refused: failed()},
		{Operation: showVersion, For: "look before the upgrade", Story: Proxy(), After: after(setWeights), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: checkScheduled, For: "look before the upgrade", Story: Proxy(), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: showVersion, For: "verify", Story: Proxy(), After: Mark{setWeights, 2}, Refused: partial(TagProxy, Shift, Upgrade, Return, Clear)},
	}
}

func instanceTags() []Call {
	restored := partial(TagProxy, Shift, Upgrade, Return, Clear)
	return []Call{
		{Operation: listInstanceTags, For: "assess", Story: Proxy(), Refused: failed()},
		{Operation: listInstanceTags, For: "read the weights", Story: Proxy(), After: Mark{showVersion, 2}, Refused: failed()},
		{Operation: listInstanceTags, For: "look before marking", Story: Proxy(), After: Mark{listInstanceTags, 2}, Refused: compensated()},
		{Operation: listInstanceTags, For: "look before the mark is removed", Story: Proxy(), After: Mark{setWeights, 2}, Refused: restored, Persists: UntilLetIn},
		{Operation: listInstanceTags, For: "verify", Story: Proxy(), After: Mark{changeInstanceTags, 2}, Refused: restored},
	}
}

func proxyWatches() []Call {
	shifted, started, restarted := compensated(TagProxy, Shift, Return, Clear), doubtful(TagProxy, Shift, Upgrade, Return, Clear), doubtful(Upgrade, Restart)
	return []Call{
		{Operation: showJob, For: "watch of the weights", Story: Proxy(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listProxies, For: "watch of the weights", Story: Proxy(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listProxies, For: "look for weights not answered", Story: lostWeights(), After: after(setWeights), Refused: shifted, Persists: UntilLetIn},
		{Operation: listJobs, For: "look for an upgrade not answered", Story: lostUpgrade(), Refused: doubtful(Upgrade), Persists: UntilLetIn},
		{Operation: listProxies, For: "look for an upgrade not answered", Story: lostUpgrade(), After: after(upgradeProxy), Refused: doubtful(Upgrade), Persists: UntilLetIn},
		{Operation: showJob, For: "watch of the upgrade", Story: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: listProxies, For: "watch of the upgrade", Story: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: showVersion, For: "watch of the upgrade", Story: Proxy(), After: after(upgradeProxy), Refused: started, Persists: UntilLetIn},
		{Operation: listJobs, For: "look for a restart not answered", Story: lostRestart(), Refused: doubtful(Upgrade, Restart), Persists: UntilLetIn},
		{Operation: showJob, For: "watch of a restart", Story: sickProxy(), After: after(restartProxy), Refused: restarted, Persists: UntilLetIn},
		{Operation: listProxies, For: "watch of a restart", Story: sickProxy(), After: after(restartProxy), Refused: restarted, Persists: UntilLetIn},
	}
}

func proxyWrites() []Call {
	return []Call{
		{Operation: changeInstanceTags, For: "mark the proxy", Story: Proxy(), Refused: completed(Upgrade)},
		{Operation: setWeights, For: "move the reads", Story: Proxy(), Refused: compensated(TagProxy, Clear)},
		{Operation: upgradeProxy, For: "upgrade", Story: Proxy(), Refused: compensated(TagProxy, Shift, Return, Clear)},
		{Operation: restartProxy, For: "restart a sick proxy", Story: sickProxy(), Refused: doubtful(Upgrade)},
		// A change that could not be reverted is tried once more when the run ends.
		{Operation: setWeights, For: "put the weights back", Story: Proxy(), After: after(upgradeProxy), Refused: partial(TagProxy, Shift, Upgrade, Return, Clear), Persists: UntilLetIn},
		{Operation: changeInstanceTags, For: "remove the proxy's mark", Story: Proxy(), After: after(upgradeProxy), Refused: partial(TagProxy, Shift, Upgrade, Return, Clear), Persists: UntilLetIn},
	}
}
