package demo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

func TestThePlanTheScenarioAndTheOutcomesAgree(t *testing.T) {
	t.Parallel()
	world, err := simcloud.Parse("scenario.yaml", scenario)
	require.NoError(t, err)
	in, err := campaignInput(opened)
	require.NoError(t, err)
	require.Len(t, world.AWS.Credentials, len(in.Plan.Accounts.AWS), "one for each account, in the plan's order")
	names, found := map[string]string{}, []string{}
	for _, g := range world.AWS.Gateways {
		names[g.ID] = g.Name
		if in.Plan.Selectors[0].Matches(maintenance.Gateway{Name: g.Name, Tags: g.Tags}) {
			found = append(found, g.Name)
		}
	}
	targets := members()
	for i, target := range in.Plan.Targets {
		require.Equal(t, targets[i].name, target.Name, "the plan's order")
		require.Equal(t, targets[i].arn, target.Gateway.ARN)
	}
	require.Equal(t, found, each(targets[len(in.Plan.Targets):], func(m member) string { return m.name }), "the selector's")
	require.Len(t, found, stores)
	for i, wave := range in.Plan.Rollout.WaveOf(len(targets)) {
		require.Equal(t, wave+1, targets[i].wave, targets[i].name)
		require.Equal(t, targets[i].name, names[targets[i].gateway()])
		require.LessOrEqual(t, len(targets[i].name), nameWidth)
	}
	for e, n := range intended(targets) {
		if strings.HasPrefix(e.kind, "alertmanager:") && e.resource == members()[index("refused")].gateway() {
			n-- // it is muted again once it is retried
		}
		require.Equal(t, 1, n, "%s is intended once, or exactly once could not be told", e)
	}
	require.Equal(t, promises{
		notBefore: opened.Add(freezeFor), bake: in.Plan.Rollout.Bake.Std(), most: in.Plan.Rollout.MaxConcurrent,
		apart: [][]string{{"orders-1", "orders-2"}},
	}, promisesOf(in.Plan))
}

func TestAPerfectCampaignHasNoDifferences(t *testing.T) {
	t.Parallel()
	require.Empty(t, differences(members(), perfect(), kept))
}

func TestEveryDepartureIsNamed(t *testing.T) {
	t.Parallel()
	trigger := updates(members()[0].arn)
	partial, byAWS, proxied := index("rejected-proxy"), index("updated-by-aws"), index("orders-1")
	for name, c := range map[string]struct {
		spoil func(was *ending)
		want  string
	}{
		"campaign":      {func(w *ending) { w.campaign.State = fleet.Completed }, "the campaign ended COMPLETED, should be PARTIAL"},
		"not approved":  {func(w *ending) { w.campaign.Decisions = nil }, "the campaign has 0 decisions, should have 4"},
		"order":         {func(w *ending) { w.rows[0].Name = "other" }, "canary: is not where the plan puts it"},
		"lab":           {func(w *ending) { w.rows = append(w.rows, fleet.Row{Name: "lab"}) }, "lab: is not a target of the plan"},
		"wave":          {func(w *ending) { w.rows[2].Wave = 3; w.rows[2].Started = time.Time{} }, "file-share: wave: 3, should be 2"},
		"skipped":       {func(w *ending) { w.rows[0].State = fleet.Skipped }, "canary: state: skipped, should be succeeded"},
		"no record":     {func(w *ending) { w.results[0] = maintenance.Result{} }, "canary: it left no record"},
		"needless run":  {func(w *ending) { w.results[1].State = maintenance.StateCompleted }, "up-to-date: end state: COMPLETED, should be "},
		"end state":     {func(w *ending) { w.results[0].State = maintenance.StatePartial }, "canary: end state: PARTIAL, should be COMPLETED"},
		"cause":         {func(w *ending) { w.results[byAWS].Gateway.Cause = maintenance.CauseTidegate }, "cause of the update: tidegate, should be aws"},
		"not updated":   {func(w *ending) { w.results[0].Gateway.Updated = false }, "canary: updated: false, should be true"},
		"old software":  {func(w *ending) { w.results[0].Gateway.After.SoftwareVersion = "1.2.3" }, "software after: 1.2.3, should be 1.3.0"},
		"no baseline":   {func(w *ending) { w.results[0].Gateway.Before.SoftwareVersion = "" }, "software before: , should be 1.2.3"},
		"no snapshot":   {func(w *ending) { w.results[0].Snapshots = w.results[0].Snapshots[1:] }, "snapshots: [after], should be [after after]"},
		"unfinished":    {func(w *ending) { w.results[0].Snapshots[0].Completed = false }, "not a snapshot of its own: snap-0"},
		"counted twice": {func(w *ending) { w.results[0].Snapshots[1].SnapshotID = "snap-0" }, "not a snapshot of its own: snap-0"},
		"wrong side":    {func(w *ending) { w.results[0].Snapshots[0].Point = maintenance.PointBefore }, "snapshots: [before after], should be [after after]"},
		"third proxy":   {func(w *ending) { w.results[partial].Proxies[2].State = maintenance.ProxyUpgraded }, "proxies: [upgraded rejected upgraded]"},
		"reads left":    {func(w *ending) { w.results[partial].Ledger[3].State = maintenance.ChangeStuck }, "ledger: [kept reverted kept could not be reverted"},
		"not decided":   {func(w *ending) { w.results[index("refused")].Decisions = nil }, "refused: decisions: 0, should be 1"},
		"told twice": {
			func(w *ending) { w.received = append(w.received, w.received[0]) }, "took place 2 times, should be 1",
		},
		"not told": {func(w *ending) {
			w.received = slices.DeleteFunc(w.received, func(m message) bool { return m.Title == "tidegate-demo: refused held" })
		}, "the channel oncall: tidegate-demo: refused held: took place 0 times, should be 1"},
		"quarantined": {func(w *ending) { w.results[0].Quarantined = true }, "canary: quarantined: true, should be false"},
		"frozen":      {func(w *ending) { w.rows[0].Started = opened.Add(-time.Second) }, "canary: started in a freeze"},
		"not baked":   {func(w *ending) { w.rows[2].Started = w.rows[0].End.Add(2 * time.Second) }, "file-share: started before wave 1 had ended and baked"},
		"one app":     {func(w *ending) { w.rows[proxied+1].Started = w.rows[proxied].End.Add(-1) }, "orders-2: started alongside orders-1"},
		"too many": {func(w *ending) {
			for i := range stores + 1 {
				w.rows[byAWS+i].Started, w.rows[byAWS+i].End = opened.Add(time.Hour+time.Duration(i)), opened.Add(2*time.Hour)
			}
		}, "store-10: started as one of 11 at a time, should be 10 at most"},
		"sent twice": {func(w *ending) { w.effects[trigger]++ }, "UpdateGatewaySoftwareNow of sgw-1A2B3C01 1.2.3 -> 1.3.0: took place 2 times, should be 1"},
		"never sent": {func(w *ending) { delete(w.effects, trigger) }, "took place 0 times, should be 1"},
		"not intended": {func(w *ending) {
			w.effects[effect{kind: "ec2:DeleteSnapshot", resource: "snap-1"}]++
		}, "ec2:DeleteSnapshot of snap-1: took place 1 times, should be 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was := perfect()
			c.spoil(&was)
			faults := differences(members(), was, kept)
			require.Len(t, faults, 1)
			require.Contains(t, faults[0], c.want)
		})
	}
}

func TestEffectsAreDistinguishedByWhatTheyChanged(t *testing.T) {
	t.Parallel()
	arn := gateway("1A2B3C01")
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
			snapshot(arn, "1A2B3C11"),
		},
		{
			record.Effect{Kind: "taurusdb:SetGaussMySqlProxyWeight", Resource: canary, Detail: map[string]string{"readonly": "[200 200] -> [0 0]"}},
			reads(canary, "[200 200]", "[0 0]"),
		},
		{
			record.Effect{Kind: "taurusdb:BatchTagAction", Resource: "instance", Detail: map[string]string{"action": "create", "tag:tg0-" + canary[:32]: "2te", "tag:tg1-" + canary[:32]: "5xs"}},
			marks(canary, "create"),
		},
		{
			record.Effect{Kind: "admin:Window", Resource: arn, Detail: map[string]string{"window": "hourOfDay 2"}},
			moves(arn),
		},
	} {
		require.Equal(t, map[effect]int{c.want: 2}, tally([]record.Effect{c.entry, c.entry}))
	}
}

func TestOnlyActionsOfOthersCountAsTakingPart(t *testing.T) {
	t.Parallel()
	was := perfect()
	require.False(t, was.tookPart())
	was.campaign.Decisions[0].By = "you"
	require.False(t, was.tookPart(), "the approval is asked for")
	was.campaign.Decisions = append(was.campaign.Decisions, maintenance.Decision{What: "pause", By: "you"})
	require.True(t, was.tookPart())
	was = perfect()
	was.results[index("refused")].Decisions[0].By = "you"
	require.True(t, was.tookPart())
}
