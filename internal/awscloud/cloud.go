package awscloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// SnapshotStore is where the snapshots of volumes are seen and deleted: EC2.
type SnapshotStore interface {
	Snapshots(ctx context.Context, volumeID, key string) ([]maintenance.Snapshot, error)
	Snapshot(ctx context.Context, snapshotID string) (maintenance.Snapshot, error)
	DeleteSnapshot(ctx context.Context, snapshotID string) error
	// EachOf gives every snapshot of some volumes.
	EachOf(ctx context.Context, volumeIDs []string, each func(maintenance.Snapshot)) error
}

// AlarmStore is where alarms are read and muted: CloudWatch.
type AlarmStore interface {
	Alarms(ctx context.Context, q health.AlarmQuestion) ([]health.Alarm, error)
	// Mute is the rule of a name, or ErrNotFound.
	Mute(ctx context.Context, name string) (health.MuteRule, error)
	PutMute(ctx context.Context, rule health.MuteRule) error
	DeleteMute(ctx context.Context, name string) error
}

// Cloud is one account in one region. It may be used by many goroutines at
// once, and should be shared: it keeps connections and credentials.
type Cloud struct {
	SnapshotStore
	AlarmStore
	api     *storagegateway.Client
	region  string
	account string
}

// New makes the Cloud of a configuration's account and region. A place's
// endpoint is where Storage Gateway is spoken to; without one the configuration says it,
// AWS_ENDPOINT_URL_STORAGE_GATEWAY and AWS_ENDPOINT_URL included.
func New(cfg aws.Config, place wire.Place, snapshots SnapshotStore, alarms AlarmStore) *Cloud {
	api := storagegateway.NewFromConfig(cfg, func(o *storagegateway.Options) {
		o.Retryer = wire.NoRetries()
		o.APIOptions = append(o.APIOptions, wire.BoundAnswers)
		o.Credentials = wire.Credentials(o.Credentials)
		if place.Endpoint != "" {
			o.BaseEndpoint = &place.Endpoint
		}
	})
	return &Cloud{SnapshotStore: snapshots, AlarmStore: alarms, api: api, region: cfg.Region, account: place.Account}
}

// followed has a request followed by its call.
func (c *Cloud) followed(call *wire.Call) func(*storagegateway.Options) {
	return func(o *storagegateway.Options) {
		o.HTTPClient, o.APIOptions = call.Over(o.HTTPClient, c.account), append(o.APIOptions, call.Traced)
	}
}

// checkARN keeps a gateway of another region from being asked for here, where
// AWS would only say that it does not exist.
func (c *Cloud) checkARN(gatewayARN string) error {
	arn, err := maintenance.ParseGatewayARN(gatewayARN)
	if err != nil {
		return err
	}
	if arn.Region != c.region {
		return &maintenance.FieldError{
			Field: "gateway.arn", Value: gatewayARN,
			Want: "a gateway in " + c.region + ", the region of the account it is asked through; name an account of region " + arn.Region,
		}
	}
	return nil
}

// checkVolumeARN is checkARN for a volume: gateway ARN + /volume/vol-...
func (c *Cloud) checkVolumeARN(volumeARN string) error {
	gateway, id, ok := strings.Cut(volumeARN, "/volume/")
	if !ok || !strings.HasPrefix(id, "vol-") {
		return &maintenance.FieldError{
			Field: "volume.arn", Value: volumeARN, Want: "a gateway's ARN followed by /volume/vol-XXXXXXXX",
		}
	}
	return c.checkARN(gateway)
}
