package maintenance_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// verified is a gateway that was updated from 1.2.3 to 1.3.0, with one volume, a
// snapshot after the update and a policy that was held.
func verified() (maintenance.Reported, maintenance.Found) {
	before := maintenance.Gateway{State: "RUNNING", SoftwareVersion: "1.2.3", LastSoftwareUpdate: "2026-01-01T00:00:00", NextUpdateAvailable: "2026-11-01T00:00:00"}
	after := maintenance.Gateway{State: "RUNNING", SoftwareVersion: "1.3.0", LastSoftwareUpdate: "2026-11-22T02:00:00"}
	volumes := []maintenance.Volume{{ID: "vol-1", Status: "AVAILABLE"}}
	reported := maintenance.Reported{
		Before: before, After: after, Volumes: volumes, Points: []maintenance.RecoveryPoint{maintenance.PointAfter},
		Snapshots:        []maintenance.SnapshotOutcome{{VolumeID: "vol-1", SnapshotID: "snap-1", Point: maintenance.PointAfter, Completed: true}},
		AutomaticUpdates: maintenance.AllVersions,
	}
	return reported, maintenance.Found{Gateway: after, Volumes: volumes, AutomaticUpdates: maintenance.AllVersions}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(r *maintenance.Reported, now *maintenance.Found)
		says   string // empty: there is no difference
	}{
		"nothing":                   {func(*maintenance.Reported, *maintenance.Found) {}, ""},
		"a further, newer update":   {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "1.10.0" }, ""},
		"a version of another form": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "1.3.0-hotfix" }, "ran 1.3.0 after the update"},
		"no version, as there never was": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.Before.SoftwareVersion, r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "", "", ""
			}, "",
		},
		"the version vanished": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "" }, "reports no software version"},
		"a lower one": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.2", "1.2.2"
			}, "older than 1.2.3",
		},
		"the numbers of the proof, written otherwise": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "1.03.0" }, ""},
		"the numbers from before, written otherwise": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.03", "1.2.03"
			}, "",
		},
		"an older one than the proof's": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "1.2.9" }, "runs 1.2.9, and ran 1.3.0 after the update"},
		"the old one again":             {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.SoftwareVersion = "1.2.3" }, "runs 1.2.3 again, as before the update; it ran 1.3.0 after it"},
		"the date alone has changed": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.3", "1.2.3"
			}, "",
		},
		"the date alone has changed, and a further update is on offer": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.3", "1.2.3"
				now.Gateway.NextUpdateAvailable = "2026-12-01T00:00:00"
			}, "",
		},
		"the date alone has changed, and the same update is on offer": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.3", "1.2.3"
				now.Gateway.NextUpdateAvailable = r.Before.NextUpdateAvailable
			}, "AWS still offers the same update",
		},
		"the date alone has changed, and none was on offer": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.2.3", "1.2.3"
				r.Before.NextUpdateAvailable = ""
			}, "",
		},
		"numbers, not letters": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.Before.SoftwareVersion, r.After.SoftwareVersion, now.Gateway.SoftwareVersion = "1.9.0", "1.10.0", "1.10.0"
			}, "",
		},
		"not running": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Gateway.State = "SHUTDOWN" }, "in state SHUTDOWN"},
		"nothing has changed after all": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.After.SoftwareVersion = "1.2.3"
				now.Gateway = r.Before
			}, "the date of its last update is the old one too",
		},
		"a volume is gone": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Volumes = nil }, "volume vol-1 is not listed any more"},
		"a volume cannot be recovered": {
			func(_ *maintenance.Reported, now *maintenance.Found) {
				now.Volumes = []maintenance.Volume{{ID: "vol-1", Status: "IRRECOVERABLE"}}
			}, "volume vol-1 is IRRECOVERABLE",
		},
		"a volume is still busy": {
			func(_ *maintenance.Reported, now *maintenance.Found) {
				now.Volumes = []maintenance.Volume{{ID: "vol-1", Status: "BOOTSTRAPPING"}}
			}, "",
		},
		"a snapshot is missing":                       {func(r *maintenance.Reported, _ *maintenance.Found) { r.Snapshots = nil }, "no completed snapshot after the update"},
		"a snapshot was deleted":                      {func(r *maintenance.Reported, _ *maintenance.Found) { r.Snapshots[0].Deleted = true }, "no completed snapshot"},
		"the policy is another":                       {func(_ *maintenance.Reported, now *maintenance.Found) { now.AutomaticUpdates = "" }, "automatic updates are not told, and were ALL_VERSIONS"},
		"a mark stands though the policy is restored": {func(_ *maintenance.Reported, now *maintenance.Found) { now.Mark = &maintenance.PolicyMark{} }, "which the run removed, is there"},
		"a mark of another run, of a policy that was never held": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.AutomaticUpdates, now.AutomaticUpdates, now.Mark = "", maintenance.EmergencyVersionsOnly, &maintenance.PolicyMark{}
			}, "",
		},
		"a snapshot of the other side": {func(r *maintenance.Reported, _ *maintenance.Found) { r.Snapshots[0].Point = maintenance.PointBefore }, "no completed snapshot after the update"},
		"a snapshot of another volume": {func(r *maintenance.Reported, _ *maintenance.Found) { r.Snapshots[0].VolumeID = "vol-2" }, "no completed snapshot after the update"},
		"a snapshot is pending":        {func(r *maintenance.Reported, _ *maintenance.Found) { r.Snapshots[0].Completed = false }, "no completed snapshot after the update"},
		"a volume is being detached": {
			func(_ *maintenance.Reported, now *maintenance.Found) {
				now.Volumes = []maintenance.Volume{{ID: "vol-1", Status: "DETACHING"}}
			}, "volume vol-1 is DETACHING, and was AVAILABLE",
		},
		"a policy that was never held": {
			func(r *maintenance.Reported, now *maintenance.Found) {
				r.AutomaticUpdates, now.AutomaticUpdates = "", maintenance.EmergencyVersionsOnly
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reported, now := verified()
			tc.change(&reported, &now)
			differences := reported.Differences(now)
			if tc.says == "" {
				require.Empty(t, differences)
				return
			}
			require.Len(t, differences, 1)
			require.Contains(t, differences[0], tc.says)
		})
	}
}

func TestSoftwareVersionsAreComparedByNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint16()
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		version := func(n uint16) string { return "2." + itoa(n) + ".0" }
		order, known := maintenance.CompareSoftware(version(a), version(b))
		require.True(t, known)
		switch {
		case a < b:
			require.Negative(t, order)
		case a > b:
			require.Positive(t, order)
		default:
			require.Zero(t, order)
		}
	})
}

func itoa(n uint16) string { return strconv.FormatUint(uint64(n), 10) }

func TestJudgeWantsAChangeAndARunningGateway(t *testing.T) {
	t.Parallel()
	before := maintenance.Gateway{
		State: "RUNNING", SoftwareVersion: "1.2.3", LastSoftwareUpdate: "2026-01-02T16:00:00", NextUpdateAvailable: "2026-11-20T00:00:00",
	}
	never := before
	never.LastSoftwareUpdate = ""
	old := before
	old.SoftwareVersion = ""
	current := before
	current.NextUpdateAvailable = ""
	for name, tc := range map[string]struct {
		before maintenance.Gateway
		change func(*maintenance.Gateway)
		want   maintenance.Evidence
	}{
		"nothing changed":                 {before, func(*maintenance.Gateway) {}, maintenance.EvidenceNone},
		"runs, in AWS's other spelling":   {before, func(g *maintenance.Gateway) { g.State = "STATE_RUNNING" }, maintenance.EvidenceNone},
		"away":                            {before, func(g *maintenance.Gateway) { g.State = "OFFLINE" }, maintenance.EvidenceAway},
		"no state at all":                 {before, func(g *maintenance.Gateway) { g.State = "" }, maintenance.EvidenceAway},
		"away with a new version":         {before, func(g *maintenance.Gateway) { g.State, g.SoftwareVersion = "SHUTDOWN", "1.2.4" }, maintenance.EvidenceAway},
		"away and withdrawn":              {before, func(g *maintenance.Gateway) { g.State, g.NextUpdateAvailable = "SHUTDOWN", "" }, maintenance.EvidenceAway},
		"another version":                 {before, func(g *maintenance.Gateway) { g.SoftwareVersion = "1.2.4" }, maintenance.EvidenceUpdated},
		"another version, STATE_RUNNING":  {before, func(g *maintenance.Gateway) { g.State, g.SoftwareVersion = "STATE_RUNNING", "1.2.4" }, maintenance.EvidenceUpdated},
		"another date of the last update": {before, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"both, and the next is on offer": {before, func(g *maintenance.Gateway) {
			g.SoftwareVersion, g.NextUpdateAvailable = "1.2.4", "2026-12-20T00:00:00"
		}, maintenance.EvidenceUpdated},
		"updated and no longer on offer":    {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.NextUpdateAvailable = "1.2.4", "" }, maintenance.EvidenceUpdated},
		"a first date of a last update":     {never, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"a first version":                   {old, func(g *maintenance.Gateway) { g.SoftwareVersion = "1.2.4" }, maintenance.EvidenceUpdated},
		"the version vanished":              {before, func(g *maintenance.Gateway) { g.SoftwareVersion = "" }, maintenance.EvidenceNone},
		"the date vanished":                 {before, func(g *maintenance.Gateway) { g.LastSoftwareUpdate = "" }, maintenance.EvidenceNone},
		"version and date vanished":         {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.LastSoftwareUpdate = "", "" }, maintenance.EvidenceNone},
		"the version vanished, a new date":  {before, func(g *maintenance.Gateway) { g.SoftwareVersion, g.LastSoftwareUpdate = "", "2026-11-22T06:20:00" }, maintenance.EvidenceUpdated},
		"no longer on offer":                {before, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "" }, maintenance.EvidenceWithdrawn},
		"everything vanished":               {before, func(g *maintenance.Gateway) { *g = maintenance.Gateway{State: "RUNNING"} }, maintenance.EvidenceWithdrawn},
		"never was on offer":                {current, func(*maintenance.Gateway) {}, maintenance.EvidenceNone},
		"an update came on offer":           {current, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "2026-12-20T00:00:00" }, maintenance.EvidenceNone},
		"the offer's date moved":            {before, func(g *maintenance.Gateway) { g.NextUpdateAvailable = "2026-12-20T00:00:00" }, maintenance.EvidenceNone},
		"another name is no sign of update": {before, func(g *maintenance.Gateway) { g.Name, g.Type = "other", "STORED" }, maintenance.EvidenceNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := tc.before
			tc.change(&after)
			require.Equal(t, tc.want, maintenance.Judge(maintenance.BaselineOf(tc.before), after))
		})
	}
}

func TestAGatewayRunsInBothSpellings(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{
		"RUNNING": true, "STATE_RUNNING": true, "running": true, "state_running": true,
		"": false, "STATE_": false, "RUNNING ": false, "NOT_RUNNING": false, "SHUTDOWN": false, "STATE_SHUTDOWN": false, "UPDATING": false, "STATE_STATE_RUNNING": false,
	} {
		require.Equal(t, want, maintenance.Gateway{State: state}.Running(), "%q", state)
	}
}
