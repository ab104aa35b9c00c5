package activities

import (
	"context"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// GatewayControl is what the activities need of AWS Storage Gateway's control
// side, for one account and region. Every error wraps one of the maintenance
// package's sentinels.
type GatewayControl interface {
	Gateway(ctx context.Context, arn string) (maintenance.Gateway, error)
	// Gateways is a page of all gateways, as far as the list shows them; next is
	// the marker of the one after it, empty after the last.
	Gateways(ctx context.Context, marker string) (page []maintenance.Gateway, next string, err error)
	Schedule(ctx context.Context, arn string) (maintenance.RawSchedule, error)
	// UpdateSoftware answers ErrUnknownOutcome where the call was sent and the
	// answer does not say whether it took effect. It is sent once at most.
	UpdateSoftware(ctx context.Context, arn string) error
	SetAutomaticUpdates(ctx context.Context, arn string, policy maintenance.AutomaticUpdatePolicy) error
}

// GatewayTags are a gateway's tags. To set or remove one may be repeated.
type GatewayTags interface {
	// Tags are all of them; Gateway shows ten.
	Tags(ctx context.Context, arn string) (map[string]string, error)
	Tag(ctx context.Context, arn, key, value string) error
	Untag(ctx context.Context, arn, key string) error
}

// GatewayCloud is AWS Storage Gateway in one account and region.
type GatewayCloud interface {
	GatewayControl
	GatewayTags
}

// VolumeCloud is what the activities need for volumes and their snapshots:
// created through Storage Gateway, seen and deleted through EC2.
type VolumeCloud interface {
	Volumes(ctx context.Context, gateway maintenance.Gateway) ([]maintenance.Volume, error)
	// CreateSnapshot writes key into the description and into the tag
	// tidegate:key. Like UpdateSoftware it is sent once at most.
	CreateSnapshot(ctx context.Context, volumeARN, key string) (snapshotID string, err error)
	// Snapshots are those of the volume that carry the key, in any state.
	Snapshots(ctx context.Context, volumeID, key string) ([]maintenance.Snapshot, error)
	// Snapshot answers ErrNotFound also for one that EC2 does not show yet.
	Snapshot(ctx context.Context, snapshotID string) (maintenance.Snapshot, error)
	// DeleteSnapshot counts a snapshot that is gone as deleted.
	DeleteSnapshot(ctx context.Context, snapshotID string) error
}

// ProxyReader is what the activities read of TaurusDB's proxies.
type ProxyReader interface {
	Proxies(ctx context.Context, instanceID string) ([]maintenance.Proxy, error)
	Kernel(ctx context.Context, instanceID, proxyID string) (maintenance.ProxyKernel, error)
	Job(ctx context.Context, jobID string) (maintenance.Job, error)
	// Jobs are the instance's jobs that were created at or after since.
	Jobs(ctx context.Context, instanceID string, since time.Time) ([]maintenance.Job, error)
	// UpgradePending is true when a vendor-scheduled kernel upgrade of the
	// proxy waits for its time.
	UpgradePending(ctx context.Context, instanceID, proxyID string) (bool, error)
}

// ProxyWriter is what the activities change of TaurusDB's proxies. None of the
// calls has an idempotency token: each is sent once at most, and answers
// ErrUnknownOutcome where it may have taken effect. All work asynchronously
// and give the id of a job.
type ProxyWriter interface {
	// Upgrade answers ErrRejected, with the cloud's reason, for 200 with REJECT.
	Upgrade(ctx context.Context, instanceID, proxyID, from, to string) (jobID string, err error)
	SetReadWeights(
		ctx context.Context, instanceID, proxyID string, routing maintenance.ProxyRouting,
	) (jobID string, err error)
	Restart(ctx context.Context, instanceID, proxyID string) (jobID string, err error)
}

// InstanceTags are the tags of DB instances, on which marks are left. Setting and removing
// them may be repeated. ErrUnknownOutcome stands for a change that may have been made.
type InstanceTags interface {
	Tags(ctx context.Context, instanceID string) (map[string]string, error)
	// Tag replaces the values of keys that are there, all in one call.
	Tag(ctx context.Context, instanceID string, tags map[string]string) error
	// Untag removes the tags with these keys, whatever their values.
	Untag(ctx context.Context, instanceID string, keys []string) error
}

// ProxyCloud is one TaurusDB project.
type ProxyCloud interface {
	ProxyReader
	ProxyWriter
	InstanceTags
}

// AWSAccounts finds an AWS account of the worker's configuration by its name.
// An unknown name is ErrNotFound.
type AWSAccounts interface {
	Gateways(account string) (GatewayCloud, error)
	Volumes(account string) (VolumeCloud, error)
}

// HuaweiAccounts finds a Huawei Cloud account of the worker's configuration by
// its name. An unknown name is ErrNotFound.
type HuaweiAccounts interface {
	Proxies(account string) (ProxyCloud, error)
}
