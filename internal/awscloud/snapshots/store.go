// Package snapshots is EC2 as Tidegate needs it: the snapshots of gateways' volumes, read and
// deleted. Creating them is Storage Gateway's, in the package above. It is the only package
// that imports EC2's SDK, which takes a minute and three gigabytes to compile. Start at Store.
package snapshots

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// pageSize is how many snapshots EC2 gives at once (5 to 1000). EC2 throttles
// unpaged listings harder.
const pageSize = 200

// inventoryPage is EC2's largest page.
const inventoryPage = 1000

// Store is the EC2 side of one account in one region. It may be used by many
// goroutines at once. Its errors are like awscloud's; every request is sent
// once, and every method may be repeated without harm.
type Store struct {
	api     *ec2.Client
	account string
}

// New makes the Store of a configuration's account and region. A place's
// endpoint is where EC2 is spoken to; without one the configuration says it,
// AWS_ENDPOINT_URL_EC2 and AWS_ENDPOINT_URL included.
func New(cfg aws.Config, place wire.Place) *Store {
	return &Store{account: place.Account, api: ec2.NewFromConfig(cfg, func(o *ec2.Options) {
		o.Retryer = wire.NoRetries()
		o.APIOptions = append(o.APIOptions, wire.BoundAnswers)
		o.Credentials = wire.Credentials(o.Credentials)
		if place.Endpoint != "" {
			o.BaseEndpoint = &place.Endpoint
		}
	})}
}

func (s *Store) followed(call *wire.Call) func(*ec2.Options) {
	return func(o *ec2.Options) {
		o.HTTPClient, o.APIOptions = call.Over(o.HTTPClient, s.account), append(o.APIOptions, call.Traced)
	}
}

// Snapshots are the account's own snapshots of a volume whose description or
// tag awscloud.KeyTag is the key, in any state. EC2 is asked for the volume
// alone and the key is compared here: a tag is not known to be searchable at
// once, and filters have wildcards. EC2 shows a new snapshot late, so an empty
// answer proves nothing.
func (s *Store) Snapshots(ctx context.Context, volumeID, key string) ([]maintenance.Snapshot, error) {
	volumeID = strings.ToLower(volumeID) // EC2 knows no other; in upper case it finds nothing, and says so by success
	call := wire.Start("list the snapshots of volume %s", volumeID)
	var found []maintenance.Snapshot
	pages := ec2.NewDescribeSnapshotsPaginator(s.api, &ec2.DescribeSnapshotsInput{
		OwnerIds:   []string{"self"},
		Filters:    []types.Filter{{Name: aws.String("volume-id"), Values: []string{volumeID}}},
		MaxResults: aws.Int32(pageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, s.followed(call))
		if err != nil {
			return nil, call.Failed(err)
		}
		for _, snapshot := range page.Snapshots {
			if carries(snapshot, key) {
				found = append(found, domain(snapshot))
			}
		}
	}
	return found, nil
}

// EachOf gives every snapshot of the account's own of some volumes, in any state and order. EC2's
// model bounds neither the values of a filter nor the pages; ask for a hundred volumes at a time.
func (s *Store) EachOf(ctx context.Context, volumeIDs []string, each func(maintenance.Snapshot)) error {
	ids := make([]string, 0, len(volumeIDs))
	for _, id := range volumeIDs {
		ids = append(ids, strings.ToLower(id))
	}
	if len(ids) == 0 {
		return nil // without a filter EC2 would list them all
	}
	call := wire.Start("list the snapshots of %d volumes", len(ids))
	pages := ec2.NewDescribeSnapshotsPaginator(s.api, &ec2.DescribeSnapshotsInput{
		OwnerIds:   []string{"self"},
		Filters:    []types.Filter{{Name: aws.String("volume-id"), Values: ids}},
		MaxResults: aws.Int32(inventoryPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, s.followed(call))
		if err != nil {
			return call.Failed(err)
		}
		for _, snapshot := range page.Snapshots {
			each(domain(snapshot))
		}
	}
	return nil
}

func carries(s types.Snapshot, key string) bool {
	return aws.ToString(s.Description) == key || slices.ContainsFunc(s.Tags, func(tag types.Tag) bool {
		return aws.ToString(tag.Key) == awscloud.KeyTag && aws.ToString(tag.Value) == key
	})
}

func domain(s types.Snapshot) maintenance.Snapshot {
	return maintenance.Snapshot{
		ID:          aws.ToString(s.SnapshotId),
		VolumeID:    strings.ToLower(aws.ToString(s.VolumeId)),
		State:       string(s.State),
		Progress:    aws.ToString(s.Progress),
		Message:     aws.ToString(s.StateMessage),
		Description: aws.ToString(s.Description),
		StartedAt:   aws.ToTime(s.StartTime),
	}
}

// Snapshot reads one snapshot. ErrNotFound is also said of one that EC2 does
// not show yet, for minutes after it was taken.
func (s *Store) Snapshot(ctx context.Context, snapshotID string) (maintenance.Snapshot, error) {
	call := wire.Start("describe snapshot %s", snapshotID)
	out, err := s.api.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{snapshotID}},
		s.followed(call))
	if err != nil {
		return maintenance.Snapshot{}, call.Failed(err)
	}
	if len(out.Snapshots) == 0 {
		return maintenance.Snapshot{}, call.Odd(maintenance.ErrNotFound, "EC2 lists no such snapshot")
	}
	return domain(out.Snapshots[0]), nil
}

// DeleteSnapshot deletes a snapshot; one that is gone counts as deleted. EC2
// accepts it for a pending one too, and deletes that when it has completed.
func (s *Store) DeleteSnapshot(ctx context.Context, snapshotID string) error {
	call := wire.Start("delete snapshot %s", snapshotID)
	_, err := s.api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &snapshotID}, s.followed(call))
	if err == nil {
		return nil
	}
	if failed := call.Failed(err); !errors.Is(failed, maintenance.ErrNotFound) {
		return failed
	}
	return nil
}
