package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
)

const snapshotKey = "tidegate/run-1/after/" + volumeID

func volumeLookup() activities.VolumeLookup {
	return activities.VolumeLookup{Gateway: gatewayBefore(), Account: "prod", VolumeID: volumeID, Key: snapshotKey, Pace: pace()}
}

func snapshot(id, state string) maintenance.Snapshot {
	return maintenance.Snapshot{ID: id, VolumeID: volumeID, State: state, StartedAt: teststart.On(time.Sunday, 3)}
}

func TestCreateSnapshotAdoptsTheOneThatCarriesTheKey(t *testing.T) {
	t.Parallel()
	first, second := snapshot("snap-0b", "pending"), snapshot("snap-0a", "completed")
	second.StartedAt = first.StartedAt.Add(time.Second)
	r := newRig(t)
	r.aws.snapshots = says([]maintenance.Snapshot{second, first})
	r.aws.volumes = says([]maintenance.Volume{volume("AVAILABLE")})
	out, err := run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	require.NoError(t, err)
	require.Equal(t, "snap-0b", out.SnapshotID, "the oldest")
	require.Empty(t, r.aws.sent)
}

func TestCreateSnapshotCreatesOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.volumes = says([]maintenance.Volume{{ARN: volumeARN + "0", ID: volumeID + "0", Status: "IRRECOVERABLE"}, volume("AVAILABLE")})
	r.aws.create = says("snap-0a")
	out, err := run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	require.NoError(t, err)
	require.Equal(t, "snap-0a", out.SnapshotID)
	require.Equal(t, []string{"snapshot " + volumeARN + " as " + snapshotKey}, r.aws.sent)
}

func TestCreateSnapshotSendsNothingUntilTheVolumeIsReady(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		volumes   answers[[]maintenance.Volume]
		snapshots answers[[]maintenance.Snapshot]
		kind      string
		says      string
	}{
		"bootstrapping":               {volumes: says([]maintenance.Volume{volume("BOOTSTRAPPING")}), kind: names.TypeNotReady, says: "volume vol-1122aabb is BOOTSTRAPPING"},
		"pass through":                {volumes: says([]maintenance.Volume{volume("PASS THROUGH")}), kind: names.TypeNotReady, says: "PASS THROUGH"},
		"irrecoverable":               {volumes: says([]maintenance.Volume{volume("IRRECOVERABLE")}), kind: names.TypeBroken, says: "irrecoverable volume"},
		"gone":                        {volumes: says([]maintenance.Volume{}), kind: names.TypeNotFound, says: "volume vol-1122aabb of gateway sgw-12A3456B"},
		"gateway away":                {volumes: fails[[]maintenance.Volume](maintenance.ErrNotConnected), kind: names.TypeNotReady, says: "not connected"},
		"the search was not answered": {snapshots: fails[[]maintenance.Snapshot](maintenance.ErrThrottled), volumes: says([]maintenance.Volume{volume("AVAILABLE")}), kind: names.TypeThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.volumes, r.aws.snapshots = tc.volumes, tc.snapshots
			_, err := run(t, r, r.gateways.CreateSnapshot, volumeLookup())
			require.Contains(t, requireKind(t, err, tc.kind).Message(), tc.says)
			require.Empty(t, r.aws.sent)
		})
	}
}

func TestCreateSnapshotThatWasNotAnsweredIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.volumes, r.aws.create = says([]maintenance.Volume{volume("AVAILABLE")}), fails[string](maintenance.ErrUnknownOutcome)
	_, err := run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	require.True(t, requireKind(t, err, names.TypeUnknownOutcome).NonRetryable())
	require.Len(t, r.aws.sent, 1)
}

func TestCreateSnapshotIsRepeatedWhereItWasRefusedForNow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.volumes, r.aws.create = says([]maintenance.Volume{volume("AVAILABLE")}), fails[string](maintenance.ErrNotReady)
	_, err := run(t, r, r.gateways.CreateSnapshot, volumeLookup())
	requireNotYet(t, err, "not ready yet")
}

func TestFindSnapshotSearchesUntilTheTimeIsUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	find := func(left time.Duration) (activities.SnapshotOutput, error) {
		return run(t, r, r.gateways.FindSnapshot, activities.FindSnapshotInput{VolumeLookup: volumeLookup(), Until: r.now.Add(left)})
	}
	_, err := find(1)
	requireNotYet(t, err, "no snapshot of vol-1122aabb carries the key "+snapshotKey)
	for _, left := range []time.Duration{0, -time.Hour} {
		out, err := find(left)
		require.NoError(t, err)
		require.Empty(t, out.SnapshotID)
	}

	r.aws.snapshots = says([]maintenance.Snapshot{snapshot("snap-0a", "pending")})
	for _, left := range []time.Duration{time.Minute, 0} {
		out, err := find(left)
		require.NoError(t, err)
		require.Equal(t, "snap-0a", out.SnapshotID)
	}

	r.aws.snapshots = fails[[]maintenance.Snapshot](maintenance.ErrUnavailable)
	_, err = find(-time.Hour)
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable())
}

func TestAwaitSnapshot(t *testing.T) {
	t.Parallel()
	failed := snapshot("snap-0a", "error")
	failed.Message = "the key is gone"
	pending := snapshot("snap-0a", "pending")
	pending.Progress = "42%"
	const late = time.Minute
	for name, tc := range map[string]struct {
		found answers[maintenance.Snapshot]
		left  time.Duration // until EC2 must show it
		kind  string
		says  string
	}{
		"completed":                 {found: says(snapshot("snap-0a", "completed")), left: late},
		"completed, seen late":      {found: says(snapshot("snap-0a", "completed")), left: -late},
		"pending":                   {found: says(pending), left: -late, kind: names.TypeNotReady, says: "snapshot snap-0a is pending 42%"},
		"in a state of later times": {found: says(snapshot("snap-0a", "recovering")), left: -late, kind: names.TypeNotReady, says: "recovering"},
		"in error":                  {found: says(failed), left: late, kind: names.TypeBroken, says: "is in state error: the key is gone"},
		"not shown yet":             {found: fails[maintenance.Snapshot](maintenance.ErrNotFound), left: 1, kind: names.TypeNotReady, says: "EC2 does not show snapshot snap-0a yet"},
		"not shown in time":         {found: fails[maintenance.Snapshot](maintenance.ErrNotFound), left: 0, kind: names.TypeNotFound},
		"denied":                    {found: fails[maintenance.Snapshot](maintenance.ErrDenied), left: late, kind: names.TypeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.snapshot = tc.found
			out, err := run(t, r, r.gateways.AwaitSnapshot,
				activities.AwaitSnapshotInput{Account: "prod", SnapshotID: "snap-0a", VisibleBy: r.now.Add(tc.left), Pace: pace()})
			if tc.kind == "" {
				require.NoError(t, err)
				require.Equal(t, snapshot("snap-0a", "completed"), out)
				return
			}
			require.Contains(t, requireKind(t, err, tc.kind).Message(), tc.says)
		})
	}
}

func TestDeleteSnapshotsKeepsWhatIsCompleted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		found    []maintenance.Snapshot
		want     activities.DeleteSnapshotsOutput
		sent     []string
		finished bool
	}{
		"completed, asked to": {
			[]maintenance.Snapshot{snapshot("snap-0a", "completed")},
			activities.DeleteSnapshotsOutput{Deleted: []string{"snap-0a"}},
			[]string{"delete snap-0a"},
			true,
		},
		"none":      {nil, activities.DeleteSnapshotsOutput{}, nil, false},
		"pending":   {[]maintenance.Snapshot{snapshot("snap-0a", "pending")}, activities.DeleteSnapshotsOutput{Deleted: []string{"snap-0a"}}, []string{"delete snap-0a"}, false},
		"completed": {[]maintenance.Snapshot{snapshot("snap-0a", "completed")}, activities.DeleteSnapshotsOutput{Kept: []string{"snap-0a"}}, nil, false},
		"of each": {
			[]maintenance.Snapshot{snapshot("snap-0a", "error"), snapshot("snap-0b", "completed"), snapshot("snap-0c", "pending")},
			activities.DeleteSnapshotsOutput{Deleted: []string{"snap-0a", "snap-0c"}, Kept: []string{"snap-0b"}},
			[]string{"delete snap-0a", "delete snap-0c"},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.snapshots = says(tc.found)
			out, err := run(t, r, r.gateways.DeleteSnapshots, activities.DeleteSnapshotsInput{FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: volumeLookup()}, Finished: tc.finished})
			require.NoError(t, err)
			require.Equal(t, tc.want, out)
			require.Equal(t, tc.sent, r.aws.sent)
		})
	}
}

func TestDeleteSnapshotsWaitsForWhatEC2ShowsLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := activities.DeleteSnapshotsInput{FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: volumeLookup(), Until: r.now.Add(1)}}
	_, err := run(t, r, r.gateways.DeleteSnapshots, in)
	requireNotYet(t, err, "no snapshot of vol-1122aabb carries the key "+snapshotKey)

	in.Until = r.now
	out, err := run(t, r, r.gateways.DeleteSnapshots, in)
	require.NoError(t, err)
	require.Empty(t, out)
}

func TestDeleteSnapshotsMayBeRepeatedAfterALostAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.snapshots = says([]maintenance.Snapshot{snapshot("snap-0a", "pending"), snapshot("snap-0b", "pending")})
	r.aws.remove = fails[struct{}](maintenance.ErrUnknownOutcome)
	in := activities.DeleteSnapshotsInput{FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: volumeLookup()}}
	_, err := run(t, r, r.gateways.DeleteSnapshots, in)
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable())

	r.aws.remove = nil
	out, err := run(t, r, r.gateways.DeleteSnapshots, in)
	require.NoError(t, err)
	require.Equal(t, []string{"snap-0a", "snap-0b"}, out.Deleted)

	// What the attempt before had started to delete is gone, and not waited for.
	r.heartbeat = r.heartbeats[0]
	r.aws.snapshots, in.Until = says([]maintenance.Snapshot{}), r.now.Add(10*time.Minute)
	out, err = run(t, r, r.gateways.DeleteSnapshots, in)
	require.NoError(t, err)
	require.Equal(t, []string{"snap-0a", "snap-0b"}, out.Deleted)

	// But one that was completed before it could be deleted is kept.
	r.aws.snapshots = says([]maintenance.Snapshot{snapshot("snap-0a", "completed")})
	out, err = run(t, r, r.gateways.DeleteSnapshots, in)
	require.NoError(t, err)
	require.Equal(t, activities.DeleteSnapshotsOutput{Deleted: []string{"snap-0b"}, Kept: []string{"snap-0a"}}, out)
}
