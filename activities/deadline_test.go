package activities_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// A connection that hangs must end as an answer, well before the activity is
// given up as lost. Only a hanging change leaves the outcome unknown.
func TestACallThatHangsEndsByItsOwnDeadline(t *testing.T) {
	t.Parallel()
	snapshots := activities.FindSnapshotInput{VolumeLookup: volumeLookup()}
	for name, tc := range map[string]struct {
		do   func(*rig) error
		hang string
		kind string
	}{
		"assess, gateway": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Gateway", activities.TypeUnavailable},
		"assess, schedule": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Schedule", activities.TypeUnavailable},
		"assess, volumes": {func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
		}, "Volumes", activities.TypeUnavailable},
		"trigger, look":     {func(r *rig) error { return fail(r, r.gateways.TriggerUpdate, trigger()) }, "Gateway", activities.TypeUnavailable},
		"trigger, send":     {func(r *rig) error { return fail(r, r.gateways.TriggerUpdate, trigger()) }, "UpdateSoftware", activities.TypeUnknownOutcome},
		"await updated":     {func(r *rig) error { return fail(r, r.gateways.AwaitUpdated, awaitUpdated(r)) }, "Gateway", activities.TypeUnavailable},
		"snapshot, search":  {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "Snapshots", activities.TypeUnavailable},
		"snapshot, volumes": {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "Volumes", activities.TypeUnavailable},
		"snapshot, send":    {func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volumeLookup()) }, "CreateSnapshot", activities.TypeUnknownOutcome},
		"await snapshot": {func(r *rig) error {
			return fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "prod"})
		}, "Snapshot", activities.TypeUnavailable},
		"delete snapshot": {func(r *rig) error {
			r.aws.snapshots = says([]maintenance.Snapshot{snapshot("snap-0a", "pending")})
			return fail(r, r.gateways.DeleteSnapshots, activities.DeleteSnapshotsInput{FindSnapshotInput: snapshots})
		}, "DeleteSnapshot", activities.TypeUnavailable},
		"tags":              {func(r *rig) error { return fail(r, r.gateways.SurveyGateway, survey()) }, "Tags", activities.TypeUnavailable},
		"hold, mark":        {func(r *rig) error { return fail(r, r.gateways.HoldAutomaticUpdates, markedPolicy()) }, "Tag", activities.TypeUnavailable},
		"automatic updates": {func(r *rig) error { return fail(r, r.gateways.HoldAutomaticUpdates, markedPolicy()) }, "SetAutomaticUpdates", activities.TypeUnavailable},
		"restore, unmark": {func(r *rig) error {
			r.aws.tags = says(markTags(r.t))
			return fail(r, r.gateways.RestoreAutomaticUpdates, markedPolicy())
		}, "Untag", activities.TypeUnavailable},
		"proxy":         {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Proxies", activities.TypeUnavailable},
		"proxy, kernel": {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Kernel", activities.TypeUnavailable},
		"proxy, tags":   {func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) }, "Tags", activities.TypeUnavailable},
		"mark proxy": {func(r *rig) error {
			return fail(r, r.proxies.MarkProxy, markProxy(proxyMark("run-7", 1, 1)))
		}, "Tag", activities.TypeUnavailable},
		"unmark proxy": {func(r *rig) error {
			r.huawei.tags = says(proxyMarkTags(r.t, proxyMark("run-7", 1, 1)))
			return fail(r, r.proxies.UnmarkProxy, markProxy(proxyMark("run-7", 1, 1)))
		}, "Untag", activities.TypeUnavailable},
		"upgrade, schedule": {func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		}, "UpgradePending", activities.TypeUnavailable},
		"upgrade, send": {func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		}, "Upgrade", activities.TypeUnknownOutcome},
		"find upgrade": {func(r *rig) error {
			return fail(r, r.proxies.FindUpgrade, activities.FindUpgradeInput{ProxyLookup: proxyLookup()})
		}, "Jobs", activities.TypeUnavailable},
		"await upgraded": {func(r *rig) error {
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
		}, "Job", activities.TypeUnavailable},
		"weights, send": {func(r *rig) error { return fail(r, r.proxies.SetReadWeights, shift()) }, "SetReadWeights", activities.TypeUnknownOutcome},
		"restart, send": {func(r *rig) error {
			r.huawei.proxies = proxies("ABNORMAL")
			return fail(r, r.proxies.RestartProxy, proxyLookup())
		}, "Restart", activities.TypeUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.aws.gateway, r.aws.schedule, r.aws.volumes = says(gatewayBefore()), says(rawWeekly()), says([]maintenance.Volume{volume("AVAILABLE")})
				r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
				r.aws.hangs, r.huawei.hangs = tc.hang, tc.hang
				begun := time.Now() //nolint:forbidigo // the bubble's clock
				app := requireKind(t, tc.do(r), tc.kind)
				require.Equal(t, activities.CallTimeout, time.Since(begun)) //nolint:forbidigo // the bubble's clock
				require.Equal(t, tc.kind == activities.TypeUnknownOutcome, app.NonRetryable())
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
	require.ErrorContains(t, err, "the attempt was over before the call")
	_, err = run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	require.ErrorContains(t, err, "the attempt was over before the call")
	_, err = run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
	require.ErrorContains(t, err, "the attempt was over before the call")
	require.Empty(t, r.aws.sent)
	require.Empty(t, r.huawei.sent)
}
