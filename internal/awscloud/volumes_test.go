package awscloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func listed(id, attachment string) string {
	return fmt.Sprintf(`{"VolumeARN":"%s/volume/%s","VolumeId":%q,"VolumeAttachmentStatus":%q,"VolumeSizeInBytes":1099511627776}`,
		gatewayARN, id, id, attachment)
}

func described(id, status string) string {
	return fmt.Sprintf(`{"VolumeARN":"%s/volume/%s","VolumeId":%q,"VolumeStatus":%q}`, gatewayARN, id, id, status)
}

func TestVolumesPagesThroughTheListAndGivesEachItsStatus(t *testing.T) {
	t.Parallel()
	for kind, operation := range map[string]string{"CACHED": "DescribeCachediSCSIVolumes", "STORED": "DescribeStorediSCSIVolumes"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			member := strings.TrimPrefix(operation, "Describe")
			stub := answers(t, func(w http.ResponseWriter, r request) {
				switch {
				case r.Operation == "ListVolumes" && r.Body["Marker"] == nil:
					write(w, 200, `{"Marker":"next","VolumeInfos":[`+listed("vol-1122AABB", "ATTACHED")+`,`+listed("vol-1122AABC", "DETACHED")+`]}`)
				case r.Operation == "ListVolumes":
					write(w, 200, `{"VolumeInfos":[`+listed("vol-1122AABD", "")+`]}`)
				case r.Operation == operation:
					write(w, 200, `{"`+member+`":[`+described("vol-1122AABB", "AVAILABLE")+`,`+described("vol-1122AABD", "PASS THROUGH")+`]}`)
				}
			})
			volumes, err := stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: kind})
			require.NoError(t, err)
			const size = 1 << 40
			require.Equal(t, []maintenance.Volume{
				{ARN: gatewayARN + "/volume/vol-1122AABB", ID: "vol-1122aabb", Status: "AVAILABLE", SizeBytes: size},
				{ARN: gatewayARN + "/volume/vol-1122AABC", ID: "vol-1122aabc", Status: "DETACHED", SizeBytes: size},
				{ARN: gatewayARN + "/volume/vol-1122AABD", ID: "vol-1122aabd", Status: "PASS THROUGH", SizeBytes: size},
			}, volumes)
			require.Len(t, stub.received(), 3)
			require.Equal(t, []any{gatewayARN + "/volume/vol-1122AABB", gatewayARN + "/volume/vol-1122AABD"}, stub.received()[2].Body["VolumeARNs"])
		})
	}
}

func TestManyVolumesAreDescribedInBatches(t *testing.T) {
	t.Parallel()
	var infos, states []string
	for i := range 40 {
		infos = append(infos, listed(fmt.Sprintf("vol-%08X", i), "ATTACHED"))
		states = append(states, described(fmt.Sprintf("vol-%08X", i), "AVAILABLE"))
	}
	stub := answers(t, func(w http.ResponseWriter, r request) {
		if r.Operation == "ListVolumes" {
			write(w, 200, `{"VolumeInfos":[`+strings.Join(infos, ",")+`]}`)
			return
		}
		write(w, 200, `{"CachediSCSIVolumes":[`+strings.Join(states, ",")+`]}`)
	})
	volumes, err := stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
	require.NoError(t, err)
	require.Len(t, volumes, 40)
	for _, v := range volumes {
		require.True(t, v.Available())
	}
	require.Len(t, stub.received(), 3)
}

func TestAGatewayWithoutVolumesIsNotAsked(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"VolumeInfos":[]}`))
	volumes, err := stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "FILE_S3"})
	require.NoError(t, err)
	require.Empty(t, volumes)
	require.Empty(t, stub.received())

	volumes, err = stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
	require.NoError(t, err)
	require.Empty(t, volumes)
	require.Len(t, stub.received(), 1, "no volumes, nothing to describe")
}

func TestAVolumeThatVanishesBetweenTwoPollsIsReadAgain(t *testing.T) {
	t.Parallel()
	stub := answers(t, func(w http.ResponseWriter, r request) {
		if r.Operation == "ListVolumes" {
			write(w, 200, `{"VolumeInfos":[`+listed("vol-1122AABB", "ATTACHED")+`]}`)
			return
		}
		write(w, 400, exception("InvalidGatewayRequestException", "VolumeNotFound", "The specified volume was not found."))
	})
	_, err := stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
	requireSentinel(t, err, maintenance.ErrUnavailable)
}

func TestAnErrorOnALaterPageIsAnError(t *testing.T) {
	t.Parallel()
	stub := answers(t, func(w http.ResponseWriter, r request) {
		if r.Body["Marker"] == nil {
			write(w, 200, `{"Marker":"next","VolumeInfos":[`+listed("vol-1122AABB", "ATTACHED")+`]}`)
			return
		}
		write(w, 400, plain("ThrottlingException", "Rate exceeded"))
	})
	volumes, err := stub.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
	requireSentinel(t, err, maintenance.ErrThrottled)
	require.Empty(t, volumes)
}
