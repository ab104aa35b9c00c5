package awscloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// describedAtOnce is how many volumes one request describes: all that a
// gateway can have (AWS Storage Gateway quotas: 32 volumes a gateway).
const describedAtOnce = 32

// Volumes are a gateway's volumes with their status, sorted as AWS lists them.
// A gateway of a type without volumes has none, and AWS is not asked. A volume
// that is not attached is there too, with its attachment (DETACHED, DETACHING)
// for a status: no snapshot of it can be taken through a gateway.
func (c *Cloud) Volumes(ctx context.Context, gateway maintenance.Gateway) ([]maintenance.Volume, error) {
	if !gateway.HasVolumes() {
		return nil, nil
	}
	volumes, err := c.listVolumes(ctx, gateway.ARN)
	if err != nil {
		return nil, err
	}
	var attached []string // ARNs
	for _, v := range volumes {
		if v.Status == "" {
			attached = append(attached, v.ARN)
		}
	}
	for arns := range slices.Chunk(attached, describedAtOnce) {
		status, err := c.describeVolumes(ctx, gateway, arns)
		if err != nil {
			return nil, err
		}
		for i := range volumes {
			if s, ok := status[volumeID(volumes[i].ARN)]; ok {
				volumes[i].Status = s
			}
		}
	}
	return volumes, nil
}

// listVolumes gives the volumes with a status only where they are not attached.
func (c *Cloud) listVolumes(ctx context.Context, gatewayARN string) ([]maintenance.Volume, error) {
	call := wire.Start("list the volumes of gateway %s", maintenance.GatewayID(gatewayARN))
	if err := c.checkARN(gatewayARN); err != nil {
		return nil, call.Invalid(err)
	}
	var volumes []maintenance.Volume
	pages := storagegateway.NewListVolumesPaginator(c.api, &storagegateway.ListVolumesInput{GatewayARN: &gatewayARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, c.followed(call))
		if err != nil {
			return nil, call.Failed(err)
		}
		if page.GatewayARN == nil && page.VolumeInfos == nil {
			// Not a gateway without volumes: taken for one, it would go without its snapshots.
			return nil, call.Odd(maintenance.ErrUnavailable, "the answer names neither the gateway nor volumes")
		}
		for _, info := range page.VolumeInfos {
			volumes = append(volumes, maintenance.Volume{
				ARN:       aws.ToString(info.VolumeARN),
				ID:        volumeID(aws.ToString(info.VolumeARN)),
				Status:    attachment(info),
				SizeBytes: info.VolumeSizeInBytes,
			})
		}
	}
	return volumes, nil
}

// attachment is empty for a volume that is attached, or of which AWS does not
// say.
func attachment(info types.VolumeInfo) string {
	if status := aws.ToString(info.VolumeAttachmentStatus); !strings.EqualFold(status, "ATTACHED") {
		return status
	}
	return ""
}

// volumeID is the id in a volume's ARN as EC2 wants it: Storage Gateway says
// it in upper case.
func volumeID(volumeARN string) string {
	return strings.ToLower(volumeARN[strings.LastIndexByte(volumeARN, '/')+1:])
}

// describeVolumes gives the status by volume id.
func (c *Cloud) describeVolumes(
	ctx context.Context, gateway maintenance.Gateway, arns []string,
) (map[string]string, error) {
	call := wire.Start("describe the volumes of gateway %s", maintenance.GatewayID(gateway.ARN))
	status := make(map[string]string, len(arns))
	note := func(arn, s *string) { status[volumeID(aws.ToString(arn))] = aws.ToString(s) }
	var err error
	if gateway.Type == "STORED" {
		var out *storagegateway.DescribeStorediSCSIVolumesOutput
		out, err = c.api.DescribeStorediSCSIVolumes(ctx, &storagegateway.DescribeStorediSCSIVolumesInput{VolumeARNs: arns},
			c.followed(call))
		if err == nil {
			for _, v := range out.StorediSCSIVolumes {
				note(v.VolumeARN, v.VolumeStatus)
			}
		}
	} else {
		var out *storagegateway.DescribeCachediSCSIVolumesOutput
		out, err = c.api.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: arns},
			c.followed(call))
		if err == nil {
			for _, v := range out.CachediSCSIVolumes {
				note(v.VolumeARN, v.VolumeStatus)
			}
		}
	}
	if err == nil {
		return status, nil
	}
	failed := call.Failed(err)
	if errors.Is(failed, maintenance.ErrNotFound) {
		// The listing named them a moment ago: another poll will show. Only the
		// words go on: one error, one sentinel.
		return nil, fmt.Errorf("%w: a volume vanished between two looks: %s", maintenance.ErrUnavailable, failed.Error())
	}
	return nil, failed
}
