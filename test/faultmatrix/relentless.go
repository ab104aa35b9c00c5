package faultmatrix

import "github.com/tidegate/tidegate/internal/simcloud/fault"

// Relentless are the calls that fail every time, in a run that gives up soon.
func Relentless() []Scenario {
	return []Scenario{
		relentless("the trigger is never answered, and never done", Whole(), updateSoftware, fault.LostBefore, 1, compensated(Tag, Hold, Release, Untag)),
		relentless("the trigger is done and never answered", Whole(), updateSoftware, fault.LostAfter, 1, completed(Tag, Hold, Update, Snapshot, Release, Untag)),
		relentless("CreateSnapshot is never answered, and never done", Whole(), createSnapshot, fault.LostBefore, 1, partial(Tag, Hold, Update, Release, Untag)),
		relentless("CreateSnapshot is throttled every time", Whole(), createSnapshot, fault.Throttled, 1, partial(Tag, Hold, Update, Release, Untag)),
		relentless("automatic updates cannot be held", Whole(), setMaintenance, fault.ServerErrorBefore, 1, compensated(Tag, Untag)),
		relentless("the gateway cannot be marked", Whole(), addTags, fault.ServerErrorBefore, 1, compensated()),
		relentless("marking the gateway is done and never answered", Whole(), addTags, fault.LostAfter, 1, completed(Tag, Hold, Update, Snapshot, Release, Untag)),
		relentless("the mark cannot be removed", Whole(), removeTags, fault.ServerErrorBefore, 1, stuck(Tag, Hold, Update, Snapshot, Release)),
		relentless("automatic updates cannot be restored", Whole(), setMaintenance, fault.ServerErrorBefore, 2, stuck(Tag, Hold, Update, Snapshot)),
		relentless("restoring automatic updates is done and never answered", Whole(), setMaintenance, fault.HangAfter, 2, completed(Tag, Hold, Update, Snapshot, Release, Untag)),
		relentless("an unfinished snapshot cannot be deleted", brokenSnapshot(), deleteSnapshot, fault.Throttled, 1, stuck(Update, Snapshot)),
		relentless("the reads cannot be moved", Proxy(), setWeights, fault.LostBefore, 1, compensated(TagProxy, Clear)),
		relentless("the proxy cannot be marked", Proxy(), changeInstanceTags, fault.ServerErrorBefore, 1, compensated()),
		relentless("marking the proxy is done and never answered", Proxy(), changeInstanceTags, fault.LostAfter, 1, completed(TagProxy, Shift, Upgrade, Return, Clear)),
		relentless("the proxy's mark cannot be removed", Proxy(), changeInstanceTags, fault.ServerErrorBefore, 2, stuck(TagProxy, Shift, Upgrade, Return)),
		relentless("the weights cannot be restored", Proxy(), setWeights, fault.LostBefore, 2, stuck(TagProxy, Shift, Upgrade)),
		relentless("every change of weights is done and never answered", Proxy(), setWeights, fault.LostAfter, 1, completed(TagProxy, Shift, Upgrade, Return, Clear)),
		relentless("the upgrade is never answered, and never done", Proxy(), upgradeProxy, fault.LostBefore, 1, doubtful(TagProxy, Shift, Return, Clear)),
		relentless("the upgrade is done and never answered", Proxy(), upgradeProxy, fault.LostAfter, 1, completed(TagProxy, Shift, Upgrade, Return, Clear)),
		relentless("the upgrade's job cannot be read", plainProxy(), showJob, fault.ServerErrorBefore, 1, doubtful(Upgrade)),
		relentless("an unhealthy proxy's restart is never answered, and never done", sickProxy(), restartProxy, fault.LostBefore, 1, doubtful(Upgrade)),
	}
}

// relentless is a scenario in which every call of an operation fails, from the
// n-th on. One that the cloud refuses is made again until its deadline; one that is lost
// is sent a few times, and is over when it was.
func relentless(name string, in Scenario, operation string, kind fault.Kind, from int, promise Promise) Scenario {
	return Scenario{Name: name, Promise: promise, During: in.During, Set: func(s *Stage) {
		in.Set(s)
		if kind == fault.Throttled || kind == fault.ServerErrorBefore {
			s.giveUpSoon()
		}
		if kind == fault.HangAfter {
			s.Hangs()
		}
		s.faults(fault.Rule{Operation: operation, Kind: kind, From: from})
	}}
}
