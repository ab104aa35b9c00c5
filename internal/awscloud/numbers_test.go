package awscloud_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestTheNumbersOfAGateway(t *testing.T) {
	t.Parallel()
	aws := answers(t, func(w http.ResponseWriter, r request) {
		switch r.Operation {
		case "DescribeCache":
			write(w, 200, `{"GatewayARN":"`+gatewayARN+`","CacheAllocatedInBytes":1000,"CacheUsedPercentage":60.5,"CacheDirtyPercentage":0.25}`)
		case "DescribeUploadBuffer":
			write(w, 200, `{"GatewayARN":"`+gatewayARN+`","UploadBufferUsedInBytes":7,"UploadBufferAllocatedInBytes":100}`)
		case "ListVolumes":
			write(w, 200, `{"GatewayARN":"`+gatewayARN+`","VolumeInfos":[{"VolumeARN":"`+volumeARN+`","VolumeAttachmentStatus":"ATTACHED"},
				{"VolumeARN":"`+volumeARN+`C","VolumeAttachmentStatus":"DETACHED"}]}`)
		case "DescribeCachediSCSIVolumes":
			write(w, 200, `{"CachediSCSIVolumes":[{"VolumeARN":"`+volumeARN+`","VolumeStatus":"AVAILABLE"}]}`)
		case "ListVolumeInitiators":
			write(w, 200, `{"Initiators":["iqn.b","iqn.a"]}`)
		case "DescribeGatewayInformation":
			write(w, 200, `{"GatewayARN":"`+gatewayARN+`","GatewayType":"CACHED"}`)
		}
	})
	found, err := aws.cloud().Numbers(t.Context(), health.GatewayQuestion{ARN: gatewayARN, Cache: true, UploadBuffer: true, Volumes: true, Initiators: true})
	require.NoError(t, err)
	require.Equal(t, &health.Cache{AllocatedBytes: 1000, UsedPercent: 60.5, DirtyPercent: 0.25}, found.Cache)
	require.Equal(t, &health.UploadBuffer{AllocatedBytes: 100, UsedBytes: 7}, found.UploadBuffer)
	require.Len(t, found.Volumes, 2)
	require.Equal(t, []string{"AVAILABLE", "DETACHED"}, []string{found.Volumes[0].Status, found.Volumes[1].Status})
	require.Equal(t, map[string][]string{"vol-1122aabb": {"iqn.a", "iqn.b"}}, found.Initiators, "nobody asks for those of a volume that is elsewhere")
}

func TestOnlyWhatIsAskedForIsRead(t *testing.T) {
	t.Parallel()
	aws := answers(t, says(200, `{"GatewayARN":"`+gatewayARN+`","VolumeInfos":[],"CacheDirtyPercentage":1}`))
	for name, tc := range map[string]struct {
		q    health.GatewayQuestion
		want []string
	}{
		"cache":      {health.GatewayQuestion{Cache: true}, []string{"DescribeCache"}},
		"buffer":     {health.GatewayQuestion{UploadBuffer: true}, []string{"DescribeUploadBuffer"}},
		"volumes":    {health.GatewayQuestion{Type: "STORED", Volumes: true}, []string{"ListVolumes"}},
		"initiators": {health.GatewayQuestion{Type: "CACHED", Initiators: true}, []string{"ListVolumes"}},
	} {
		before := len(aws.received())
		tc.q.ARN = gatewayARN
		_, err := aws.cloud().Numbers(t.Context(), tc.q)
		require.NoError(t, err, name)
		var operations []string
		for _, r := range aws.received()[before:] {
			operations = append(operations, r.Operation)
		}
		require.Equal(t, tc.want, operations, name)
	}
}

// Zeros would say that all is well.
func TestNumbersThatAreNotThereAreNoNumbers(t *testing.T) {
	t.Parallel()
	aws := answers(t, says(200, `{}`))
	for _, q := range []health.GatewayQuestion{
		{Cache: true}, {UploadBuffer: true}, {Type: "CACHED", Volumes: true}, {Type: "CACHED", Initiators: true}, {Volumes: true},
	} {
		q.ARN = gatewayARN
		_, err := aws.cloud().Numbers(t.Context(), q)
		require.ErrorIs(t, err, maintenance.ErrUnavailable, "%+v", q)
	}
	_, err := aws.cloud().Numbers(t.Context(), health.GatewayQuestion{ARN: gatewayARN, Type: "FILE_S3", Initiators: true})
	require.ErrorIs(t, err, maintenance.ErrUnsupported)
	require.ErrorContains(t, err, "a gateway of type FILE_S3 has no volumes")
}

func TestWhatAGatewayCannotSay(t *testing.T) {
	t.Parallel()
	for code, is := range map[string]error{"GatewayNotConnected": maintenance.ErrNotConnected, "UnsupportedOperationForGatewayType": maintenance.ErrUnsupported, "GatewayInternalError": maintenance.ErrUnavailable} {
		aws := answers(t, says(400, exception("InvalidGatewayRequestException", code, "x")))
		for _, q := range []health.GatewayQuestion{{Cache: true}, {UploadBuffer: true}, {Type: "CACHED", Initiators: true}} {
			q.ARN = gatewayARN
			_, err := aws.cloud().Numbers(t.Context(), q)
			require.ErrorIs(t, err, is)
		}
	}
	other := "arn:aws:storagegateway:eu-west-1:123456789012:gateway/sgw-12A3456B"
	_, err := answers(t, says(200, `{}`)).cloud().Numbers(t.Context(), health.GatewayQuestion{ARN: other, Cache: true})
	require.ErrorIs(t, err, maintenance.ErrInvalid)
}
