package aws_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

func (w *world) ec2(key, secret, region string) *ec2.Client {
	return ec2.New(ec2.Options{
		BaseEndpoint: &w.url, Region: region, Retryer: w.retries(),
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
}

// eyes is the default caller's EC2.
func (w *world) eyes() *ec2.Client {
	return w.ec2(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, aws.DefaultRegion)
}

func (w *world) snapshot(t *testing.T, volume, description string, tags ...types.Tag) string {
	t.Helper()
	out, err := w.sgw.CreateSnapshot(t.Context(), &storagegateway.CreateSnapshotInput{
		VolumeARN: new(gatewayARN + "sgw-11111111/volume/" + volume), SnapshotDescription: &description, Tags: tags,
	})
	require.NoError(t, err)
	return *out.SnapshotId
}

func (w *world) search(t *testing.T, filters ...ec2types.Filter) []ec2types.Snapshot {
	t.Helper()
	out, err := w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: filters})
	require.NoError(t, err)
	return out.Snapshots
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}

func ec2Refuses(t *testing.T, err error, code string) {
	t.Helper()
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.ErrorCode())
	var response *awshttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.NotEmpty(t, response.ServiceRequestID())
}

func TestSnapshotIsSeenLateAndCompletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	id := w.snapshot(t, "vol-1111AAAA", "tidegate run 1", types.Tag{Key: new("tidegate:key"), Value: new("k1")})
	byID := &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}}
	_, err := w.eyes().DescribeSnapshots(t.Context(), byID)
	ec2Refuses(t, err, "InvalidSnapshot.NotFound")

	w.move(500 * time.Millisecond)
	out, err := w.eyes().DescribeSnapshots(t.Context(), byID)
	require.NoError(t, err)
	require.Equal(t, ec2types.SnapshotStatePending, out.Snapshots[0].State)
	require.Equal(t, "10%", *out.Snapshots[0].Progress)
	require.Empty(t, w.search(t, filter("volume-id", "vol-1111aaaa")), "a search finds it later")

	w.move(500 * time.Millisecond)
	found := w.search(t, filter("volume-id", "vol-1111aaaa"), filter("tag:tidegate:key", "k1"))
	require.Len(t, found, 1)
	require.Equal(t, "vol-1111aaaa", *found[0].VolumeId)
	require.Empty(t, w.search(t, filter("volume-id", "vol-1111AAAA")), "EC2 knows lower case only")

	w.move(4 * time.Second)
	done := w.search(t, filter("status", "completed"))
	require.Len(t, done, 1)
	require.Equal(t, "100%", *done[0].Progress)
	require.Equal(t, int32(100), *done[0].VolumeSize)
	require.Equal(t, "123456789012", *done[0].OwnerId)
	require.Equal(t, "tidegate run 1", *done[0].Description)
	require.Equal(t, start, *done[0].StartTime)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Volumes[1].ScheduledAgo = []time.Duration{time.Hour}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	mine := w.snapshot(t, "vol-1111AAAA", "a*b", types.Tag{Key: new("app"), Value: new("billing")})
	w.move(time.Minute)
	for name, tc := range map[string]struct {
		filter ec2types.Filter
		count  int
	}{
		"description":         {filter("description", "a*b"), 1},
		"escaped":             {filter("description", `a\*b`), 1},
		"wildcard":            {filter("description", "Scheduled*"), 1},
		"one character":       {filter("description", "a?b"), 1},
		"nothing like it":     {filter("description", "b"), 0},
		"either":              {filter("volume-id", "vol-1111aaaa", "vol-2222bbbb"), 2},
		"tag":                 {filter("tag:app", "billing"), 1},
		"a valid value":       {filter("tag:app", "Billing"), 0},
		"tag key":             {filter("tag-key", "app"), 1},
		"status":              {filter("status", "pending"), 0},
		"start time":          {filter("start-time", start.Format(time.DateOnly)+"T11:*"), 1},
		"id":                  {filter("snapshot-id", mine), 1},
		"owner":               {filter("owner-id", "123456789012"), 2},
		"another owner":       {filter("owner-id", "999999999999"), 0},
		"size":                {filter("volume-size", "20"), 1},
		"progress":            {filter("progress", "100%"), 2},
		"owner alias is none": {filter("owner-alias", "amazon"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Len(t, w.search(t, tc.filter), tc.count)
		})
	}
	_, err := w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{Filters: []ec2types.Filter{filter("colour", "blue")}})
	ec2Refuses(t, err, "InvalidParameterValue")
	out, err := w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{OwnerIds: []string{"amazon"}})
	require.NoError(t, err)
	require.Empty(t, out.Snapshots)
}

func TestDescribeSnapshotsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	for i := range 12 {
		w.snapshot(t, "vol-1111AAAA", fmt.Sprint("number ", i))
	}
	w.move(time.Minute)
	pages := ec2.NewDescribeSnapshotsPaginator(w.eyes(), &ec2.DescribeSnapshotsInput{MaxResults: new(int32(5))})
	seen := map[string]bool{}
	sizes := []int{}
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		sizes = append(sizes, len(out.Snapshots))
		for _, s := range out.Snapshots {
			seen[*s.SnapshotId] = true
		}
	}
	require.Equal(t, []int{5, 5, 2}, sizes)
	require.Len(t, seen, 12)
	_, err := w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{MaxResults: new(int32(4))})
	ec2Refuses(t, err, "InvalidParameterValue")
	_, err = w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{NextToken: new("nonsense")})
	ec2Refuses(t, err, "InvalidNextToken")
}

func TestSnapshotsAreFoundByWhoMayRestoreThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.snapshot(t, "vol-1111AAAA", "private")
	w.move(time.Minute)
	for who, want := range map[string]int{"self": 1, "all": 0, "999999999999": 0} {
		out, err := w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{RestorableByUserIds: []string{who}, OwnerIds: []string{"self"}})
		require.NoError(t, err)
		require.Len(t, out.Snapshots, want, who)
	}
}

func TestDeleteSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	id := w.snapshot(t, "vol-1111AAAA", "to be deleted")
	w.move(2 * time.Second)
	remove := func(id string) error {
		_, err := w.eyes().DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: &id})
		return err
	}
	_, err := w.eyes().DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: &id, DryRun: new(true)})
	ec2Refuses(t, err, "DryRunOperation")
	require.NoError(t, remove(id))
	ec2Refuses(t, remove(id), "InvalidSnapshot.NotFound")
	require.Len(t, w.search(t), 1, "and goes when it completes")
	w.move(3 * time.Second)
	require.Empty(t, w.search(t))
	ec2Refuses(t, remove(id), "InvalidSnapshot.NotFound")
	ec2Refuses(t, remove("snap-xyz"), "InvalidSnapshotID.Malformed")
	require.Equal(t, []string{"storagegateway:CreateSnapshot", "ec2:DeleteSnapshot"}, w.kinds())
}

func TestSnapshotOutcomes(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Volumes[0].SnapshotOutcome, g.Volumes[0].SnapshotOutcomeTimes = "stuck", 1
	g.Volumes[1].SnapshotOutcome = "error"
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	stuck := w.snapshot(t, "vol-1111AAAA", "first")
	w.snapshot(t, "vol-1111AAAA", "second")
	w.snapshot(t, "vol-2222BBBB", "third")
	w.move(time.Hour)
	state := func(description string) ec2types.Snapshot {
		t.Helper()
		found := w.search(t, filter("description", description))
		require.Len(t, found, 1)
		return found[0]
	}
	require.Equal(t, "42%", *state("first").Progress)
	require.Equal(t, ec2types.SnapshotStatePending, state("first").State)
	require.Equal(t, ec2types.SnapshotStateCompleted, state("second").State)
	require.Equal(t, ec2types.SnapshotStateError, state("third").State)
	require.NotEmpty(t, *state("third").StateMessage)
	_, err := w.eyes().DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: &stuck})
	require.NoError(t, err)
	require.Empty(t, w.search(t, filter("description", "first")), "a stuck one goes at once")
}

func TestSnapshotThatIsPendingWhenItsGatewayGoesAwayStaysPending(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Timing.Snapshot = 10 * time.Second
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	w.snapshot(t, "vol-1111AAAA", "unlucky")
	w.finishUpdate(t, gatewayARN+g.ID)
	w.move(time.Hour)
	found := w.search(t)
	require.Len(t, found, 1)
	require.Equal(t, ec2types.SnapshotStatePending, found[0].State)
}

func TestScheduleTakesForeignSnapshots(t *testing.T) {
	t.Parallel()
	g := aws.Gateway{ID: "sgw-11111111", Type: "STORED", Volumes: []aws.Volume{{ID: "vol-1111AAAA", ScheduledEvery: time.Hour}}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	w.move(3*time.Hour + time.Minute)
	require.Len(t, w.search(t, filter("volume-id", "vol-1111aaaa")), 3)
	require.Equal(t, []string{"vendor:ScheduledSnapshot", "vendor:ScheduledSnapshot", "vendor:ScheduledSnapshot"}, w.kinds())
}

func TestCreateTagsOnASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	id := w.snapshot(t, "vol-1111AAAA", "tagged later")
	w.move(time.Second)
	_, err := w.eyes().CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: new("app"), Value: new("billing")}}})
	require.NoError(t, err)
	found := w.search(t, filter("tag:app", "billing"))
	require.Len(t, found, 1)
	require.Equal(t, []ec2types.Tag{{Key: new("app"), Value: new("billing")}}, found[0].Tags)
}

func TestEC2RefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{})
	for name, client := range map[string]*ec2.Client{
		"unknown key":  w.ec2("AKIANONE", "x", "us-east-1"),
		"wrong secret": w.ec2(aws.DefaultAccessKeyID, "x", "us-east-1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{})
			ec2Refuses(t, err, "AuthFailure")
			var response *awshttp.ResponseError
			require.ErrorAs(t, err, &response)
			require.Equal(t, http.StatusUnauthorized, response.HTTPStatusCode())
		})
	}
	_, err := w.eyes().DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	ec2Refuses(t, err, "NotSimulated")
}
