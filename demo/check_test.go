package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

func TestTheFleetAndTheScenarioAgree(t *testing.T) {
	t.Parallel()
	world, err := simcloud.Parse("scenario.yaml", scenario)
	require.NoError(t, err)
	names := map[string]string{}
	for _, g := range world.AWS.Gateways {
		names[g.ID] = g.Name
	}
	for _, m := range fleet() {
		require.Equal(t, m.target.Name, names[m.target.Gateway.ID()])
		require.NoError(t, m.target.Validate())
		require.NoError(t, m.policy.WithDefaults().Validate())
		require.LessOrEqual(t, len(m.target.Name), nameWidth)
	}
	require.Len(t, world.AWS.Gateways, len(fleet()))
	for e, n := range intended(fleet()) {
		require.Equal(t, 1, n, "%s is intended once, or exactly once could not be told", e)
	}
}

func TestAPerfectRunHasNoDifferences(t *testing.T) {
	t.Parallel()
	results, counted := perfect()
	require.Empty(t, differences(fleet(), results, counted))
}

func TestEveryDepartureIsNamed(t *testing.T) {
	t.Parallel()
	trigger := updates(fleet()[0].target.Gateway.ARN)
	for name, c := range map[string]struct {
		spoil func(r []maintenance.Result, counted map[effect]int)
		want  string
	}{
		"no record": {func(r []maintenance.Result, _ map[effect]int) { r[0] = maintenance.Result{} }, "open-now: it left no record"},
		"end state": {func(r []maintenance.Result, _ map[effect]int) { r[0].State = maintenance.StatePartial }, "open-now: end state: PARTIAL, should be COMPLETED"},
		"cause": {func(r []maintenance.Result, _ map[effect]int) {
			r[index("updated-by-aws")].Gateway.Cause = maintenance.CauseTidegate
		}, "updated-by-aws: cause of the update: tidegate, should be aws"},
		"not updated":   {func(r []maintenance.Result, _ map[effect]int) { r[0].Gateway.Updated = false }, "open-now: updated: false, should be true"},
		"old software":  {func(r []maintenance.Result, _ map[effect]int) { r[0].Gateway.After.SoftwareVersion = "1.2.3" }, "software after: 1.2.3, should be 1.3.0"},
		"no baseline":   {func(r []maintenance.Result, _ map[effect]int) { r[0].Gateway.Before.SoftwareVersion = "" }, "software before: , should be 1.2.3"},
		"no snapshot":   {func(r []maintenance.Result, _ map[effect]int) { r[0].Snapshots = r[0].Snapshots[1:] }, "snapshots: [after], should be [after after]"},
		"unfinished":    {func(r []maintenance.Result, _ map[effect]int) { r[0].Snapshots[0].Completed = false }, "not a snapshot of its own: snap-0"},
		"counted twice": {func(r []maintenance.Result, _ map[effect]int) { r[0].Snapshots[1].SnapshotID = "snap-0" }, "not a snapshot of its own: snap-0"},
		"wrong side":    {func(r []maintenance.Result, _ map[effect]int) { r[7].Snapshots[0].Point = maintenance.PointAfter }, "snapshots: [after after], should be [before after]"},
		"third proxy":   {func(r []maintenance.Result, _ map[effect]int) { r[5].Proxies[2].State = maintenance.ProxyUpgraded }, "proxies: [upgraded rejected upgraded]"},
		"reads left":    {func(r []maintenance.Result, _ map[effect]int) { r[5].Ledger[2].State = maintenance.ChangeStuck }, "ledger: [kept kept could not be taken back"},
		"not approved":  {func(r []maintenance.Result, _ map[effect]int) { r[index("needs-approval")].Decisions = nil }, "needs-approval: decisions: 0, should be 1"},
		"quarantined":   {func(r []maintenance.Result, _ map[effect]int) { r[0].Quarantined = true }, "open-now: quarantined: true, should be false"},
		"sent twice":    {func(_ []maintenance.Result, e map[effect]int) { e[trigger]++ }, "UpdateGatewaySoftwareNow of sgw-1A2B3C01 1.2.3 -> 1.3.0: took place 2 times, should be 1"},
		"never sent":    {func(_ []maintenance.Result, e map[effect]int) { delete(e, trigger) }, "took place 0 times, should be 1"},
		"not intended": {func(_ []maintenance.Result, e map[effect]int) {
			e[effect{kind: "ec2:DeleteSnapshot", resource: "snap-1"}]++
		}, "ec2:DeleteSnapshot of snap-1: took place 1 times, should be 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, counted := perfect()
			c.spoil(results, counted)
			faults := differences(fleet(), results, counted)
			require.Len(t, faults, 1)
			require.Contains(t, faults[0], c.want)
		})
	}
}

func TestAnEffectIsToldFromOthersByWhatItChanged(t *testing.T) {
	t.Parallel()
	arn := gateway("01")
	for _, c := range []struct {
		entry record.Effect
		want  effect
	}{
		{
			record.Effect{Kind: "storagegateway:UpdateGatewaySoftwareNow", Resource: arn, Detail: map[string]string{"from": "1.2.3", "to": "1.3.0"}},
			updates(arn),
		},
		{
			record.Effect{Kind: "storagegateway:UpdateGatewaySoftwareNow", Resource: arn, Detail: map[string]string{"from": "1.2.3", "to": "1.3.0", "outcome": "under way already"}},
			effect{"storagegateway:UpdateGatewaySoftwareNow", arn, "1.2.3 -> 1.3.0 under way already"},
		},
		{
			record.Effect{Kind: "storagegateway:CreateSnapshot", Resource: "snap-1", Detail: map[string]string{
				"volume": arn + "/volume/vol-1A2B3C11", "description": maintenance.SnapshotKey("run", 1, maintenance.PointAfter, "vol-1a2b3c11"),
			}},
			snapshots("11", maintenance.PointAfter),
		},
		{
			record.Effect{Kind: "taurusdb:SetGaussMySqlProxyWeight", Resource: canary, Detail: map[string]string{"readonly": "[200 200] -> [0 0]"}},
			reads(canary, "[200 200]", "[0 0]"),
		},
		{
			record.Effect{Kind: "storagegateway:UpdateMaintenanceStartTime", Resource: arn, Detail: map[string]string{"automaticUpdatePolicy": "ALL_VERSIONS"}},
			automaticUpdates(arn, maintenance.AllVersions),
		},
	} {
		require.Equal(t, map[effect]int{c.want: 2}, tally([]record.Effect{c.entry, c.entry}))
	}
	require.Equal(t, 2, forReport(map[effect]int{updates(arn): 2})[0].Count)
}
