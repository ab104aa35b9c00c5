package aws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// loads are the per cents of dirty cache and used upload buffer.
func (w *world) loads(t *testing.T, arn string) (dirty, used float64) {
	t.Helper()
	cache, err := w.sgw.DescribeCache(t.Context(), &storagegateway.DescribeCacheInput{GatewayARN: &arn})
	require.NoError(t, err)
	buffer, err := w.sgw.DescribeUploadBuffer(t.Context(), &storagegateway.DescribeUploadBufferInput{GatewayARN: &arn})
	require.NoError(t, err)
	return cache.CacheDirtyPercentage, 100 * float64(buffer.UploadBufferUsedInBytes) / float64(buffer.UploadBufferAllocatedInBytes)
}

func TestCacheAndUploadBufferClearAndRiseAfterAnUpdate(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Cache = aws.Cache{SizeGiB: 200, Dirty: aws.Load{Percent: 41, ClearsIn: 20 * time.Minute, Floor: 1, AfterUpdate: new(61.0)}}
	g.UploadBuffer = aws.UploadBuffer{Used: aws.Load{Percent: 50, ClearsIn: 10 * time.Minute}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	for _, step := range []struct {
		wait        time.Duration
		dirty, used float64
	}{{0, 41, 50}, {5 * time.Minute, 31, 25}, {10 * time.Minute, 11, 0}, {24 * time.Hour, 1, 0}} {
		w.move(step.wait)
		dirty, used := w.loads(t, arn)
		require.InDelta(t, step.dirty, dirty, 0.01)
		require.InDelta(t, step.used, used, 0.01)
	}
	w.finishUpdate(t, arn)
	dirty, used := w.loads(t, arn)
	require.Greater(t, dirty, 59.0)
	require.Zero(t, used, "an update makes no difference, unless the scenario says so")
	w.move(20 * time.Minute)
	dirty, _ = w.loads(t, arn)
	require.InDelta(t, 1, dirty, 0.01)

	w.change(t, "/gateways/sgw-11111111/cache", `{"percent": 80}`)
	w.change(t, "/gateways/sgw-11111111/uploadBuffer", `{"percent": 10, "clearsIn": "2m"}`)
	w.move(time.Minute)
	dirty, used = w.loads(t, arn)
	require.InDelta(t, 80, dirty, 0)
	require.InDelta(t, 5, used, 0.01)
	shown := w.cloud.State().Gateways[0]
	require.InDelta(t, 80, shown.CacheDirtyPercent, 0)
	require.InDelta(t, 5, shown.UploadBufferUsedPercent, 0)
	cache, err := w.sgw.DescribeCache(t.Context(), &storagegateway.DescribeCacheInput{GatewayARN: &arn})
	require.NoError(t, err)
	require.Equal(t, int64(200)<<30, cache.CacheAllocatedInBytes)
	require.InDelta(t, 80, cache.CacheUsedPercentage, 0, "what is dirty is in use")
	status, out := w.post(t, "/gateways/sgw-11111111/cache", `{"percent": 101}`)
	require.Equal(t, 400, status)
	require.Equal(t, "cache.percent", out["field"])
}

func TestEachTypeOfGatewayHasItsLoads(t *testing.T) {
	t.Parallel()
	for kind, has := range map[string][2]bool{ // a cache, an upload buffer
		"CACHED": {true, true}, "STORED": {false, true}, "VTL": {true, true}, "VTL_SNOW": {true, true},
		"FILE_S3": {true, false}, "FILE_FSX_SMB": {true, false},
	} {
		w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{{ID: "sgw-11111111", Type: kind}}})
		arn := gatewayARN + "sgw-11111111"
		ask := map[string]func() error{
			"cache": func() error {
				_, err := w.sgw.DescribeCache(t.Context(), &storagegateway.DescribeCacheInput{GatewayARN: &arn})
				return err
			},
			"buffer": func() error {
				_, err := w.sgw.DescribeUploadBuffer(t.Context(), &storagegateway.DescribeUploadBufferInput{GatewayARN: &arn})
				return err
			},
		}
		for i, what := range []string{"cache", "buffer"} {
			if has[i] {
				require.NoError(t, ask[what](), kind)
			} else {
				inner(t, ask[what](), "NotSupported")
			}
		}
		require.NoError(t, w.cloud.SetState("sgw-11111111", "DISCONNECTED"))
		inner(t, ask["cache"](), "GatewayNotConnected")
		inner(t, ask["buffer"](), "GatewayNotConnected")
	}
}

func TestInitiatorsGoAtTheRestartAndComeBackLateOrNever(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Volumes[0].Initiators = []aws.Initiator{
		{Name: "app-1"}, {Name: "app-2", ReturnsAfter: 5 * time.Minute}, {Name: "app-3", NeverReturns: true},
	}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	list := func() ([]string, error) {
		out, err := w.sgw.ListVolumeInitiators(t.Context(), &storagegateway.ListVolumeInitiatorsInput{VolumeARN: new(volumeARN)})
		if err != nil {
			return nil, err
		}
		return out.Initiators, nil
	}
	hosts := func() string {
		t.Helper()
		found, err := list()
		require.NoError(t, err)
		var names []string
		for _, one := range found {
			name, port, _ := strings.Cut(one, ":")
			require.NotEmpty(t, port)
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	before, err := list()
	require.NoError(t, err)
	require.Equal(t, "app-1 app-2 app-3", hosts())
	w.trigger(t, arn)
	require.Equal(t, "app-1 app-2 app-3", hosts(), "it has not restarted yet")
	_, err = w.describe(t.Context(), arn)
	require.NoError(t, err)
	w.move(3 * time.Second)
	_, err = list()
	inner(t, err, "GatewayNotConnected")
	w.move(10 * time.Second)
	require.Empty(t, hosts(), "it is back, and nobody has noticed")
	w.finish(t, arn)
	require.Empty(t, hosts())
	w.move(3 * time.Second)
	require.Equal(t, "app-1", hosts())
	after, err := list()
	require.NoError(t, err)
	require.NotContains(t, before, after[0], "a new connection has another port")
	w.move(5 * time.Minute)
	require.Equal(t, "app-1 app-2", hosts())
	w.move(30 * 24 * time.Hour)
	require.Equal(t, "app-1 app-2", hosts())
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA", `{"initiators": [{"name": "app-9"}]}`)
	require.Equal(t, "app-9", hosts())
	require.Contains(t, w.cloud.State().Gateways[0].Volumes[0].Initiators[0], "app-9:")

	out, err := w.sgw.ListVolumeInitiators(t.Context(), &storagegateway.ListVolumeInitiatorsInput{VolumeARN: new(gatewayARN + "sgw-11111111/volume/vol-2222BBBB")})
	require.NoError(t, err)
	require.Empty(t, out.Initiators)
	_, err = w.sgw.ListVolumeInitiators(t.Context(), &storagegateway.ListVolumeInitiatorsInput{VolumeARN: new(gatewayARN + "sgw-11111111/volume/vol-99999999")})
	inner(t, err, "VolumeNotFound")
}

func TestScenariosLoadsAreChecked(t *testing.T) {
	t.Parallel()
	for want, g := range map[string]aws.Gateway{
		"gateways[0].cache.dirty.percent: invalid value \"101\": must be 0 to 100":     {Cache: aws.Cache{Dirty: aws.Load{Percent: 101}}},
		"gateways[0].cache.usedPercent: invalid value \"-1\"":                          {Cache: aws.Cache{UsedPercent: new(-1.0)}},
		"gateways[0].uploadBuffer.used.clearsIn":                                       {UploadBuffer: aws.UploadBuffer{Used: aws.Load{ClearsIn: -1}}},
		"gateways[0].uploadBuffer.sizeGiB: invalid value \"-1\": must be 1 to 65536":   {UploadBuffer: aws.UploadBuffer{SizeGiB: -1}},
		"gateways[0].cache.dirty.afterUpdate":                                          {Cache: aws.Cache{Dirty: aws.Load{AfterUpdate: new(200.0)}}},
		"gateways[0].volumes[0].initiators[0].name is required: must be a host's name": {Volumes: []aws.Volume{{ID: "vol-11111111", Initiators: []aws.Initiator{{}}}}},
		"gateways[0].volumes[0].initiators[1].name: invalid value \"a\"":               {Volumes: []aws.Volume{{ID: "vol-11111111", Initiators: []aws.Initiator{{Name: "a"}, {Name: "a"}}}}},
	} {
		g.ID = "sgw-11111111"
		require.ErrorContains(t, aws.Scenario{Gateways: []aws.Gateway{g}}.Validate(), want)
	}
}
