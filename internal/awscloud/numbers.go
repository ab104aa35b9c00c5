package awscloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Numbers reads what a question asks of a gateway's own numbers, one call for each and one for each volume. What the
// gateway's type does not have is ErrUnsupported or ErrInvalid, as AWS says it; while it restarts, ErrNotConnected.
func (c *Cloud) Numbers(ctx context.Context, q health.GatewayQuestion) (health.GatewayNumbers, error) {
	var (
		found health.GatewayNumbers
		err   error
	)
	if q.Cache {
		if found.Cache, err = c.cache(ctx, q.ARN); err != nil {
			return health.GatewayNumbers{}, err
		}
	}
	if q.UploadBuffer {
		if found.UploadBuffer, err = c.uploadBuffer(ctx, q.ARN); err != nil {
			return health.GatewayNumbers{}, err
		}
	}
	if !q.Volumes && !q.Initiators {
		return found, nil
	}
	gateway, err := c.withVolumes(ctx, q)
	if err != nil {
		return health.GatewayNumbers{}, err
	}
	if q.Volumes {
		if found.Volumes, err = c.Volumes(ctx, gateway); err != nil {
			return health.GatewayNumbers{}, err
		}
	}
	if q.Initiators {
		if found.Initiators, err = c.initiators(ctx, q.ARN); err != nil {
			return health.GatewayNumbers{}, err
		}
	}
	return found, nil
}

// withVolumes is a question's gateway, if it is of a type that has volumes. Another one is refused: an empty list would
// say that all is well.
func (c *Cloud) withVolumes(ctx context.Context, q health.GatewayQuestion) (maintenance.Gateway, error) {
	gateway := maintenance.Gateway{ARN: q.ARN, Type: q.Type}
	if q.Type == "" {
		var err error
		if gateway, err = c.Gateway(ctx, q.ARN); err != nil {
			return gateway, err
		}
	}
	if !gateway.HasVolumes() {
		call := wire.Start("list the volumes of gateway %s", maintenance.GatewayID(q.ARN))
		return gateway, call.Odd(maintenance.ErrUnsupported, "a gateway of type "+gateway.Type+" has no volumes")
	}
	return gateway, nil
}

func (c *Cloud) cache(ctx context.Context, arn string) (*health.Cache, error) {
	call := wire.Start("read the cache of gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return nil, call.Invalid(err)
	}
	out, err := c.api.DescribeCache(ctx, &storagegateway.DescribeCacheInput{GatewayARN: &arn}, c.followed(call))
	if err != nil {
		return nil, call.Failed(err)
	}
	if out.GatewayARN == nil { // without it zeros would say that the cache is clean
		return nil, call.Odd(maintenance.ErrUnavailable, "the answer does not name the gateway")
	}
	return &health.Cache{
		AllocatedBytes: out.CacheAllocatedInBytes,
		UsedPercent:    out.CacheUsedPercentage,
		DirtyPercent:   out.CacheDirtyPercentage,
	}, nil
}

func (c *Cloud) uploadBuffer(ctx context.Context, arn string) (*health.UploadBuffer, error) {
	call := wire.Start("read the upload buffer of gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return nil, call.Invalid(err)
	}
	in := &storagegateway.DescribeUploadBufferInput{GatewayARN: &arn}
	out, err := c.api.DescribeUploadBuffer(ctx, in, c.followed(call))
	if err != nil {
		return nil, call.Failed(err)
	}
	if out.GatewayARN == nil {
		return nil, call.Odd(maintenance.ErrUnavailable, "the answer does not name the gateway")
	}
	return &health.UploadBuffer{
		AllocatedBytes: out.UploadBufferAllocatedInBytes, UsedBytes: out.UploadBufferUsedInBytes,
	}, nil
}

// initiators are the names of those connected to each volume, sorted. A volume that is not attached to the gateway is
// not among them.
func (c *Cloud) initiators(ctx context.Context, gatewayARN string) (map[string][]string, error) {
	volumes, err := c.listVolumes(ctx, gatewayARN)
	if err != nil {
		return nil, err
	}
	connected := make(map[string][]string, len(volumes))
	for _, v := range volumes {
		if v.Status != "" { // not attached: see listVolumes
			continue
		}
		if connected[v.ID], err = c.Initiators(ctx, v.ARN); err != nil {
			return nil, err
		}
	}
	return connected, nil
}

// Initiators are the names of those connected to a volume, sorted.
func (c *Cloud) Initiators(ctx context.Context, volumeARN string) ([]string, error) {
	call := wire.Start("list the initiators of volume %s", volumeID(volumeARN))
	if err := c.checkVolumeARN(volumeARN); err != nil {
		return nil, call.Invalid(err)
	}
	in := &storagegateway.ListVolumeInitiatorsInput{VolumeARN: &volumeARN}
	out, err := c.api.ListVolumeInitiators(ctx, in, c.followed(call))
	if err != nil {
		return nil, call.Failed(err)
	}
	names := slices.Clone(out.Initiators)
	slices.Sort(names)
	return names, nil
}
