package awscloud

import (
	"context"
	"regexp"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// KeyTag is the tag that holds a snapshot's identity, as the description does.
// An IAM policy that allows ec2:DeleteSnapshot for its own snapshots only has
// it in its condition.
const KeyTag = "tidegate:key"

// keyForm is what a description (255 characters) and a tag's value both may
// hold (AWS API reference, CreateSnapshot). It keeps out * and ?, which EC2's
// filters read as wildcards.
var keyForm = regexp.MustCompile(`^[\p{L}\p{N} +=._:/@-]+$`)

const maxKey = 255 // characters

// CreateSnapshot takes a snapshot of a volume and gives its id. The key, which
// names the snapshot for the person who looks for it later, becomes its description
// and its tag KeyTag: 1 to 255 letters, digits, blanks and + - = . _ : / @. It
// is sent once, and ErrUnknownOutcome where it may have taken effect.
func (c *Cloud) CreateSnapshot(ctx context.Context, volumeARN, key string) (snapshotID string, err error) {
	call := wire.Start("take a snapshot of volume %s", volumeID(volumeARN))
	if err := c.checkVolumeARN(volumeARN); err != nil {
		return "", call.Invalid(err)
	}
	if !keyForm.MatchString(key) || utf8.RuneCountInString(key) > maxKey {
		return "", call.Invalid(&maintenance.FieldError{
			Field: "key", Value: key, Want: "1 to 255 letters, digits, blanks and + - = . _ : / @",
		})
	}
	out, err := c.api.CreateSnapshot(ctx, &storagegateway.CreateSnapshotInput{
		VolumeARN:           &volumeARN,
		SnapshotDescription: &key,
		Tags:                []types.Tag{{Key: aws.String(KeyTag), Value: &key}},
	}, c.followed(call))
	if err != nil {
		return "", call.FailedOnce(err)
	}
	if aws.ToString(out.SnapshotId) == "" {
		return "", call.Odd(maintenance.ErrUnknownOutcome, "the answer says success and does not name the snapshot")
	}
	return *out.SnapshotId, nil
}
