package accounts_test

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/maintenance"
	sim "github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func simulated(t *testing.T, book *record.Book) *httptest.Server {
	t.Helper()
	noPolls := 0
	world, err := sim.New(sim.Scenario{
		Timing: sim.Timing{
			Gap: 30 * time.Millisecond, GapPolls: &noPolls, Restart: 500 * time.Millisecond, OldVersion: 30 * time.Millisecond, OldVersionPolls: &noPolls,
			Bootstrap: 30 * time.Millisecond, Snapshot: 300 * time.Millisecond, VisibleByID: 200 * time.Millisecond, VisibleByFilter: 250 * time.Millisecond,
		},
		Gateways: []sim.Gateway{
			{ID: "sgw-12A3456B", NextVersion: "1.3.0", Volumes: []sim.Volume{
				{ID: "vol-1122AABB", ScheduledAgo: []time.Duration{time.Hour}}, {ID: "vol-1122AABC", AttachmentStatus: "DETACHED"},
			}},
			{ID: "sgw-22222222", Type: "FILE_S3", Window: sim.Window{NotSupported: true}},
		},
	}, sim.Options{Book: book})
	require.NoError(t, err)
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	return server
}

func open(t *testing.T, url string) *awscloud.Cloud {
	t.Helper()
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "sim", Region: "us-east-1", Endpoint: url}, example())
	require.NoError(t, err)
	return cloud
}

// One maintenance, as the simulated AWS sees and shows it.
func TestAMaintenanceThroughTheSimulatedAWS(t *testing.T) {
	t.Parallel()
	book := record.New(time.Now)
	cloud := open(t, simulated(t, book).URL)
	before, err := cloud.Gateway(t.Context(), arn)
	require.NoError(t, err)
	require.True(t, before.Running() && before.UpdateOffered())

	schedule, err := cloud.Schedule(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, maintenance.AllVersions, schedule.AutomaticUpdates)
	require.NoError(t, cloud.SetAutomaticUpdates(t.Context(), arn, maintenance.EmergencyVersionsOnly))
	held, err := cloud.Schedule(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, maintenance.EmergencyVersionsOnly, held.AutomaticUpdates)
	held.AutomaticUpdates = schedule.AutomaticUpdates
	require.Equal(t, schedule, held, "the schedule stays as it was")

	require.NoError(t, cloud.UpdateSoftware(t.Context(), arn))
	var away bool
	require.Eventually(t, func() bool {
		gateway, err := cloud.Gateway(t.Context(), arn)
		away = away || errors.Is(err, maintenance.ErrNotConnected)
		return err == nil && maintenance.Judge(maintenance.BaselineOf(before), gateway) == maintenance.EvidenceUpdated
	}, time.Minute, 5*time.Millisecond)
	require.True(t, away)

	volume := availableVolume(t, cloud, before)
	key := maintenance.SnapshotKey("run", 1, maintenance.PointAfter, volume.ID)
	id, err := cloud.CreateSnapshot(t.Context(), volume.ARN, key)
	require.NoError(t, err)
	var late bool
	require.Eventually(t, func() bool {
		snapshot, err := cloud.Snapshot(t.Context(), id)
		late = late || errors.Is(err, maintenance.ErrNotFound)
		return err == nil && snapshot.Completed()
	}, time.Minute, 5*time.Millisecond)
	require.True(t, late)
	found, err := cloud.Snapshots(t.Context(), "vol-1122AABB", key)
	require.NoError(t, err)
	require.Len(t, found, 1, "and not the scheduled one")
	require.Equal(t, id, found[0].ID)

	require.NoError(t, cloud.DeleteSnapshot(t.Context(), id))
	require.NoError(t, cloud.DeleteSnapshot(t.Context(), id), "gone is deleted")
	found, err = cloud.Snapshots(t.Context(), volume.ID, key)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, 1, book.Calls()["storagegateway:UpdateGatewaySoftwareNow"], book.Calls())
	require.Equal(t, 1, book.Calls()["storagegateway:CreateSnapshot"], book.Calls())
}

// availableVolume waits for the gateway's attached volume, and checks the
// detached one on the way.
func availableVolume(t *testing.T, cloud *awscloud.Cloud, gateway maintenance.Gateway) (volume maintenance.Volume) {
	t.Helper()
	require.Eventually(t, func() bool {
		volumes, err := cloud.Volumes(t.Context(), gateway)
		if err != nil || len(volumes) != 2 || volumes[1].Status != "DETACHED" {
			return false
		}
		volume = volumes[0]
		return volume.Available()
	}, time.Minute, 5*time.Millisecond)
	return volume
}

func TestWhatTheSimulatedAWSRefuses(t *testing.T) {
	t.Parallel()
	url := simulated(t, record.New(time.Now)).URL
	cloud := open(t, url)
	_, err := cloud.Gateway(t.Context(), "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-99999999")
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	_, err = cloud.Schedule(t.Context(), "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-22222222")
	require.ErrorIs(t, err, maintenance.ErrNoWindow)
	_, err = cloud.CreateSnapshot(t.Context(), arn+"/volume/vol-99999999", "key")
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	_, err = cloud.Snapshot(t.Context(), "snapshot")
	require.ErrorIs(t, err, maintenance.ErrInvalid)

	for _, c := range []struct{ key, secret, token string }{
		{"AKIDNOBODY", sim.DefaultSecretAccessKey, ""},
		{sim.DefaultAccessKeyID, "a-wrong-secret", ""},
		{sim.DefaultAccessKeyID, sim.DefaultSecretAccessKey, "a-token-of-no-session"},
	} {
		wrong, err := accounts.Open(t.Context(), accounts.Account{Name: "sim", Region: "us-east-1", Endpoint: url},
			accounts.WithCredentials(credentials.NewStaticCredentialsProvider(c.key, c.secret, c.token)))
		require.NoError(t, err)
		err = wrong.UpdateSoftware(t.Context(), arn)
		require.ErrorIs(t, err, maintenance.ErrDenied)
		_, snapshotsErr := wrong.Snapshots(t.Context(), "vol-1122aabb", "key")
		require.ErrorIs(t, snapshotsErr, maintenance.ErrDenied)
		for _, text := range []string{err.Error(), snapshotsErr.Error()} {
			require.NotContains(t, text, c.secret)
			require.NotContains(t, text, "a-token-of-no-session")
		}
	}
}
