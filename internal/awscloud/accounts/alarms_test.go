package accounts_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud/alarms"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	sim "github.com/tidegate/tidegate/internal/simcloud/aws"
	simalarms "github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// Alarms are read, muted and unmuted as the simulated CloudWatch has them.
func TestAlarmsThroughTheSimulatedAWS(t *testing.T) {
	t.Parallel()
	world, err := sim.New(sim.Scenario{Alarms: []simalarms.Alarm{
		{Name: "orders-5xx", State: "ALARM"}, {Name: "orders-queue", State: "INSUFFICIENT_DATA"}, {Name: "orders", Rule: `ALARM("orders-5xx")`}, {Name: "other"},
	}}, sim.Options{Book: record.New(time.Now)})
	require.NoError(t, err)
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	store := alarms.New(aws.Config{
		Region: sim.DefaultRegion, Credentials: credentials.NewStaticCredentialsProvider(sim.DefaultAccessKeyID, sim.DefaultSecretAccessKey, ""),
	}, wire.Place{Account: "sim", Endpoint: server.URL})

	found, err := store.Alarms(t.Context(), health.AlarmQuestion{Names: []string{"other", "gone"}, Prefix: "orders"})
	require.NoError(t, err)
	states := map[string]health.AlarmState{}
	for _, a := range found {
		require.False(t, a.Since.IsZero())
		states[a.Name] = a.State
	}
	require.Equal(t, map[string]health.AlarmState{
		"orders": health.AlarmInAlarm, "orders-5xx": health.AlarmInAlarm, "orders-queue": health.AlarmInsufficientData, "other": health.AlarmOK,
	}, states)

	_, err = store.Mute(t.Context(), "tidegate-sgw-1-1")
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	from := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	mute := health.MuteRule{Name: "tidegate-sgw-1-1", Comment: "ours", Alarms: []string{"orders", "other"}, From: from, Until: from.Add(time.Hour)}
	require.NoError(t, store.PutMute(t.Context(), mute))
	require.NoError(t, store.PutMute(t.Context(), mute), "again")
	there, err := store.Mute(t.Context(), mute.Name)
	require.NoError(t, err)
	require.Equal(t, mute, there)
	require.NoError(t, store.DeleteMute(t.Context(), mute.Name))
	require.NoError(t, store.DeleteMute(t.Context(), mute.Name), "again")
	mute.Alarms = []string{"gone"}
	err = store.PutMute(t.Context(), mute)
	require.Error(t, err, "a rule names alarms that there are")
	require.NotErrorIs(t, err, maintenance.ErrUnavailable)
}

func TestTheNumbersOfASimulatedGateway(t *testing.T) {
	t.Parallel()
	cloud := open(t, simulated(t, record.New(time.Now)).URL)
	found, err := cloud.Numbers(t.Context(), health.GatewayQuestion{ARN: arn, Cache: true, UploadBuffer: true, Volumes: true, Initiators: true})
	require.NoError(t, err)
	require.Positive(t, found.Cache.AllocatedBytes)
	require.Positive(t, found.UploadBuffer.AllocatedBytes)
	require.Len(t, found.Volumes, 2)
	require.Len(t, found.Initiators, 1, "the other one is not attached")
	require.Contains(t, found.Initiators, "vol-1122aabb")

	files := "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-22222222"
	_, err = cloud.Numbers(t.Context(), health.GatewayQuestion{ARN: files, Cache: true})
	require.NoError(t, err, "a file gateway has a cache")
	for _, q := range []health.GatewayQuestion{{UploadBuffer: true}, {Initiators: true}} {
		q.ARN = files
		_, err = cloud.Numbers(t.Context(), q)
		require.Error(t, err)
		require.NotErrorIs(t, err, maintenance.ErrUnavailable, "asking again gives the same")
	}
}
