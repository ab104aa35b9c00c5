package aws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

func TestAVersionThatNoUpdateShouldLeaveBehind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		leaves string
		want   *string
	}{
		"lower":       {"1.1.0", new("1.1.0")},
		"the old one": {"1.2.3", new("1.2.3")},
		"none":        {aws.NoVersion, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gatewayWithVolumes()
			g.VersionAfterUpdate = tc.leaves
			w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
			arn := gatewayARN + g.ID
			w.finishUpdate(t, arn)
			info, err := w.describe(t.Context(), arn)
			require.NoError(t, err)
			require.Equal(t, tc.want, info.SoftwareVersion)
			require.Equal(t, start.Add(14*time.Second).Format(dates), *info.LastSoftwareUpdate, "it was updated all the same")
			require.Equal(t, []string{"storagegateway:UpdateGatewaySoftwareNow", "vendor:VersionAfterUpdate"}, w.kinds())
		})
	}
}

func TestVolumesMayBeGoneAfterTheUpdate(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Volumes[1].GoneAfterUpdate = true
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	w.snapshot(t, "vol-2222BBBB", "before")
	w.move(time.Minute)
	list := func() []string {
		t.Helper()
		out, err := w.sgw.ListVolumes(t.Context(), &storagegateway.ListVolumesInput{GatewayARN: &arn})
		require.NoError(t, err)
		ids := []string{}
		for _, v := range out.VolumeInfos {
			ids = append(ids, *v.VolumeId)
		}
		return ids
	}
	require.Equal(t, []string{"vol-1111AAAA", "vol-2222BBBB"}, list())
	w.finishUpdate(t, arn)
	require.Equal(t, []string{"vol-1111AAAA"}, list())
	_, err := w.sgw.DescribeCachediSCSIVolumes(t.Context(), &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{arn + "/volume/vol-2222BBBB"}})
	inner(t, err, "VolumeNotFound")
	require.Len(t, w.search(t, filter("volume-id", "vol-2222bbbb")), 1, "its snapshots stay")
	require.Equal(t, "vendor:VolumeGone", w.kinds()[2])
}

func TestAdminSaysWhatAnUpdateLeavesBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.change(t, "/gateways/sgw-11111111/outcome", `{"versionAfterUpdate": "none"}`)
	for _, volume := range []string{"vol-1111AAAA", "vol-2222BBBB"} {
		w.change(t, "/gateways/sgw-11111111/volumes/"+volume, `{"goneAfterUpdate": true}`)
	}
	w.finishUpdate(t, gatewayARN+"sgw-11111111")
	state := w.cloud.State().Gateways[0]
	require.Empty(t, state.Version)
	require.Empty(t, state.Volumes)
	require.NotNil(t, state.Volumes, "[] in JSON")
	w.change(t, "/gateways/sgw-11111111/version", `{"version": "1.0.0"}`)
	require.Equal(t, "1.0.0", w.cloud.State().Gateways[0].Version)
	status, out := w.post(t, "/gateways/sgw-11111111/version", `{}`)
	require.Equal(t, 400, status)
	require.Equal(t, "version", out["field"])
}

func TestAdminReadsAndSetsTags(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Tags = map[string]string{"owner": "storage", "old": "x"}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	w.change(t, "/gateways/sgw-11111111/tags", `{"old": null, "mark": "before=ALL_VERSIONS since=2026-11-29T06:00:00Z", "owner": "another"}`)
	want := map[string]string{"owner": "another", "mark": "before=ALL_VERSIONS since=2026-11-29T06:00:00Z"}
	require.Equal(t, want, w.tags(t, gatewayARN+g.ID))
	require.Equal(t, want, w.cloud.State().Gateways[0].Tags)
	require.Equal(t, "admin:Tags", w.kinds()[0])

	for body, says := range map[string]string{
		`{"mark": "{}"}`:   "regular expression",
		`{"aws:mark": ""}`: "must not start with aws:",
		`["mark"]`:         "tags",
	} {
		status, out := w.post(t, "/gateways/sgw-11111111/tags", body)
		require.Equal(t, 400, status, body)
		if says != "tags" {
			require.Contains(t, out["want"], says)
		}
	}
	require.Equal(t, want, w.cloud.State().Gateways[0].Tags)
	require.Len(t, w.kinds(), 1)
}
