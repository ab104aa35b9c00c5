package maintenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestOnlyVolumeGatewaysHaveVolumes(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{"CACHED": true, "STORED": true, "VTL": false, "FILE_S3": false, "FILE_FSX_SMB": false, "": false} {
		require.Equal(t, want, maintenance.Gateway{Type: kind}.HasVolumes(), kind)
	}
}

func TestAnUpdateIsOfferedWhereAWSGivesItsDate(t *testing.T) {
	t.Parallel()
	require.True(t, maintenance.Gateway{NextUpdateAvailable: "2026-11-20T00:00:00"}.UpdateOffered())
	require.False(t, maintenance.Gateway{}.UpdateOffered())
}

func TestVolumeStatusIsReadInEverySpelling(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct{ available, irrecoverable bool }{
		"AVAILABLE":     {available: true},
		"Available":     {available: true},
		"IRRECOVERABLE": {irrecoverable: true},
		"Irrecoverable": {irrecoverable: true},
		"BOOTSTRAPPING": {}, "PASS THROUGH": {}, "PASS_THROUGH": {}, "PASS-THROUGH": {}, "UPLOAD BUFFER NOT CONFIGURED": {}, "NOT AVAILABLE": {}, "": {},
	} {
		v := maintenance.Volume{Status: status}
		require.Equal(t, want.available, v.Available(), status)
		require.Equal(t, want.irrecoverable, v.Irrecoverable(), status)
	}
}

func TestSnapshotStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]struct{ completed, failed bool }{
		"completed": {completed: true}, "error": {failed: true}, "pending": {}, "recoverable": {}, "recovering": {}, "": {},
	} {
		s := maintenance.Snapshot{State: state}
		require.Equal(t, want.completed, s.Completed(), state)
		require.Equal(t, want.failed, s.Failed(), state)
	}
}

func TestOldestIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	noon := utc(2026, 11, 22, 12, 0)
	older := maintenance.Snapshot{ID: "snap-0b", StartedAt: noon}
	twin := maintenance.Snapshot{ID: "snap-0c", StartedAt: noon.In(time.FixedZone("", 3600))}
	newer := maintenance.Snapshot{ID: "snap-0a", StartedAt: noon.Add(time.Second)}
	rapid.Check(t, func(t *rapid.T) {
		found := rapid.Permutation([]maintenance.Snapshot{older, twin, newer}).Draw(t, "found")
		got, ok := maintenance.Oldest(found)
		require.True(t, ok)
		require.Equal(t, older, got)
	})
	_, ok := maintenance.Oldest(nil)
	require.False(t, ok)
}

func TestSnapshotKeyFitsADescriptionATagAndAFilter(t *testing.T) {
	t.Parallel()
	key := maintenance.SnapshotKey("0193a1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b", 1, maintenance.PointBefore, "vol-0123456789abcdef0")
	require.Equal(t, "tidegate/0193a1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b/1/before/vol-0123456789abcdef0", key)
	require.LessOrEqual(t, len(key), 255, "a description has at most 255 characters, a tag's value 256")
	require.NotContains(t, key, "*")
	require.NotContains(t, key, "?")
	require.Regexp(t, `^[A-Za-z0-9 +\-=._:/@]+$`, key, "what a tag may hold")
}

func TestSnapshotKeysDifferInEveryPart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, run := range []string{"run-1", "run-2"} {
		for _, point := range []maintenance.RecoveryPoint{maintenance.PointBefore, maintenance.PointAfter} {
			for _, volume := range []string{"vol-1", "vol-2"} {
				for round := range 3 {
					key := maintenance.SnapshotKey(run, round, point, volume)
					require.Equal(t, key, maintenance.SnapshotKey(run, round, point, volume))
					require.False(t, seen[key], key)
					seen[key] = true
				}
			}
		}
	}
}

const gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-12A3456B"

func TestParseGatewayARN(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]maintenance.GatewayARN{
		gatewayARN: {Partition: "aws", Region: "us-east-1", Account: "123456789012", ID: "sgw-12A3456B"},
		"arn:aws-us-gov:storagegateway:us-gov-west-1:123456789012:gateway/sgw-0123456789abcdef0": {Partition: "aws-us-gov", Region: "us-gov-west-1", Account: "123456789012", ID: "sgw-0123456789abcdef0"},
		"arn:aws-cn:storagegateway:cn-north-1:123456789012:gateway/sgw-12345678":                 {Partition: "aws-cn", Region: "cn-north-1", Account: "123456789012", ID: "sgw-12345678"},
		"arn:aws-iso-b:storagegateway:us-isob-east-1:123456789012:gateway/sgw-12345678":          {Partition: "aws-iso-b", Region: "us-isob-east-1", Account: "123456789012", ID: "sgw-12345678"},
	} {
		got, err := maintenance.ParseGatewayARN(arn)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, want.ID, maintenance.GatewayID(arn))
	}
	for _, arn := range []string{
		"", "sgw-12A3456B", gatewayARN + " ", gatewayARN + "\n", " " + gatewayARN, gatewayARN + "/volume/vol-1122AABB", strings.ToUpper(gatewayARN),
		strings.Replace(gatewayARN, "storagegateway", "ec2", 1), strings.Replace(gatewayARN, "us-east-1", "", 1), strings.Replace(gatewayARN, "us-east-1", "US-EAST-1", 1),
		strings.Replace(gatewayARN, "123456789012", "12345678901", 1), strings.Replace(gatewayARN, "123456789012", "12345678901x", 1),
		strings.Replace(gatewayARN, "gateway/", "share/", 1), strings.Replace(gatewayARN, "sgw-12A3456B", "sgw-12A3456", 1), strings.Replace(gatewayARN, "sgw-12A3456B", "sgw-12A3456G", 1),
		strings.Replace(gatewayARN, "arn:aws:", "arn:gcp:", 1),
	} {
		_, err := maintenance.ParseGatewayARN(arn)
		requireFields(t, err, map[string]string{"gateway.arn": arn})
	}
}

func TestGatewayIDLeavesAnythingElseAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "sgw-1", maintenance.GatewayID("sgw-1"))
	require.Empty(t, maintenance.GatewayID(""))
	require.Equal(t, "sgw-12A3456B", maintenance.GatewayRef{ARN: gatewayARN}.ID())
}
