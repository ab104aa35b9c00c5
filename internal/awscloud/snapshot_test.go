package awscloud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestCreateSnapshotWritesTheKeyIntoDescriptionAndTag(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"SnapshotId":"snap-78e22663","VolumeARN":"`+volumeARN+`"}`))
	key := maintenance.SnapshotKey("gateway/store-7:2026-11-21", 1, maintenance.PointAfter, "vol-1122aabb")
	id, err := stub.cloud().CreateSnapshot(t.Context(), volumeARN, key)
	require.NoError(t, err)
	require.Equal(t, "snap-78e22663", id)
	require.Equal(t, map[string]any{
		"VolumeARN":           volumeARN,
		"SnapshotDescription": key,
		"Tags":                []any{map[string]any{"Key": "tidegate:key", "Value": key}},
	}, stub.received()[0].Body)
}

func TestAKeyThatAWSWouldNotKeepIsSentNowhere(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"SnapshotId":"snap-78e22663"}`))
	for _, key := range []string{"", "a*", "a?", "a\nb", "a#b", strings.Repeat("k", 256)} {
		_, err := stub.cloud().CreateSnapshot(t.Context(), volumeARN, key)
		requireSentinel(t, err, maintenance.ErrInvalid)
	}
	_, err := stub.cloud().CreateSnapshot(t.Context(), gatewayARN, "key")
	requireSentinel(t, err, maintenance.ErrInvalid)
	require.ErrorContains(t, err, "must be a gateway's ARN followed by /volume/vol-XXXXXXXX")
	require.Empty(t, stub.received())

	_, err = stub.cloud().CreateSnapshot(t.Context(), volumeARN, strings.Repeat("k", 255))
	require.NoError(t, err)
}
