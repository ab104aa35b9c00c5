package activities_test

import (
	"cmp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// A connection that hangs must end as an answer, well before the activity is
// given up as lost. Only a hanging change leaves the outcome unknown.
func TestACallThatHangsEndsByItsOwnDeadline(t *testing.T) {
	t.Parallel()
	snapshots := activities.FindSnapshotInput{VolumeLookup: volumeLookup()}
	for name, tc := range map[string]struct {
		do    func(*rig) error
		hang  string
		kind  string
		takes time.Duration // zero: as long as a call may
	}{
		"assess, gateway": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Gateway", names.TypeUnavailable, 0},
		"assess, schedule": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Schedule", names.TypeUnavailable, 0},
		"assess, volumes": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Volumes", names.TypeUnavailable, 0},
		"trigger, look":     {func(r *rig) error { return fail(r, r.gateways.TriggerUpdate, trigger()) }, "Gateway", names.TypeUnavailable, 8 * time.Second},
		"trigger, send":     {func(r *rig) error { return fail(r, r.gateways.TriggerUpdate, trigger()) }, "UpdateSoftware", names.TypeUnknownOutcome, 18 * time.Second},
		"await updated":     {func(r *rig) error { return fail(r, r.gateways.AwaitUpdated, awaitUpdated(r)) }, "Gateway", names.TypeUnavailable, 0},
		"snapshot, search":  {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "Snapshots", names.TypeUnavailable, 0},
		"snapshot, volumes": {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "Volumes", names.TypeUnavailable, 0},
		"snapshot, send":    {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "CreateSnapshot", names.TypeUnknownOutcome, 0},
		"await snapshot": {func(r *rig) error {
			return fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "prod"})
		}, "Snapshot", names.TypeUnavailable, 0},
		"delete snapshot": {func(r *rig) error {
			r.aws.snapshots = says([]maintenance.Snapshot{snapshot("snap-0a", "pending")})
			return fail(r, r.gateways.DeleteSnapshots, activities.DeleteSnapshotsInput{FindSnapshotInput: snapshots})
		}, "DeleteSnapshot", names.TypeUnavailable, 0},
		"tags":              {func(r *rig) error { return fail(r, r.gateways.SurveyGateway, survey()) }, "Tags", names.TypeUnavailable, 0},
		"hold, mark":        {func(r *rig) error { return fail(r, r.gateways.HoldAutomaticUpdates, markedPolicy()) }, "Tag", names.TypeUnavailable, 0},
		"automatic updates": {func(r *rig) error { return fail(r, r.gateways.HoldAutomaticUpdates, markedPolicy()) }, "SetAutomaticUpdates", names.TypeUnavailable, 0},
		"restore, unmark": {func(r *rig) error {
			r.aws.tags = says(markTags(r.t))
			return fail(r, r.gateways.RestoreAutomaticUpdates, markedPolicy())
		}, "Untag", names.TypeUnavailable, 0},
		"proxy":         {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Proxies", names.TypeUnavailable, 0},
		"proxy, kernel": {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Kernel", names.TypeUnavailable, 0},
		"proxy, tags":   {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Tags", names.TypeUnavailable, 0},
		"mark proxy": {func(r *rig) error {
			return fail(r, r.proxies.MarkProxy, markProxy(proxyMark("run-7", 1, 1)))
		}, "Tag", names.TypeUnavailable, 0},
		"unmark proxy": {func(r *rig) error {
			r.huawei.tags = says(proxyMarkTags(r.t, proxyMark("run-7", 1, 1)))
			return fail(r, r.proxies.UnmarkProxy, markProxy(proxyMark("run-7", 1, 1)))
		}, "Untag", names.TypeUnavailable, 0},
		"upgrade, schedule": {func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		}, "UpgradePending", names.TypeUnavailable, 0},
		"upgrade, send": {func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		}, "Upgrade", names.TypeUnknownOutcome, 0},
		"find upgrade": {func(r *rig) error {
			return fail(r, r.proxies.FindUpgrade, activities.FindJobInput{ProxyLookup: proxyLookup()})
		}, "Jobs", names.TypeUnavailable, 0},
		"await upgraded": {func(r *rig) error {
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
		}, "Job", names.TypeUnavailable, 0},
		"weights, send": {func(r *rig) error { return fail(r, r.proxies.SetReadWeights, shift()) }, "SetReadWeights", names.TypeUnknownOutcome, 0},
		"restart, send": {func(r *rig) error {
			r.huawei.proxies = proxies("ABNORMAL")
			return fail(r, r.proxies.RestartProxy, proxyLookup())
		}, "Restart", names.TypeUnknownOutcome, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.aws.gateway, r.aws.schedule, r.aws.volumes = says(gatewayBefore()), says(rawWeekly()), says([]maintenance.Volume{volume("AVAILABLE")})
				r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
				r.aws.hangs, r.huawei.hangs = tc.hang, tc.hang
				started := time.Now() //nolint:forbidigo // the bubble's clock
				app := requireKind(t, tc.do(r), tc.kind)
				require.Equal(t, cmp.Or(tc.takes, activities.CallTimeout), time.Since(started)) //nolint:forbidigo // the bubble's clock
				require.Equal(t, tc.kind == names.TypeUnknownOutcome, app.NonRetryable())
			})
		})
	}
}

func TestAWorkerThatStoodStillPastItsAttemptSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stoodStill = true
	r.aws.gateway, r.aws.volumes = says(gatewayBefore()), says([]maintenance.Volume{volume("AVAILABLE")})
	r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
	_, err := run(t, r, r.gateways.TriggerUpdate, activities.TriggerUpdateInput{Lookup: lookup(), Baseline: maintenance.BaselineOf(gatewayBefore())})
	require.ErrorContains(t, err, "the attempt had ended before the call")
	_, err = run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	require.ErrorContains(t, err, "the attempt had ended before the call")
	_, err = run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
	require.ErrorContains(t, err, "the attempt had ended before the call")
	require.Empty(t, r.aws.sent)
	require.Empty(t, r.huawei.sent)
}
