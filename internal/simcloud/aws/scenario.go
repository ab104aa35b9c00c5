package aws

import (
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
)

// Defaults of a scenario that says nothing. The credentials are the pair of
// AWS's own documentation; they open nothing at AWS.
const (
	DefaultAccessKeyID     = "AKIDEXAMPLE"
	DefaultSecretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" //nolint:gosec // AWS's documented example, no secret
	DefaultRegion          = "us-east-1"
	DefaultAccount         = "123456789012"
)

// Scenario is the `aws:` section of a scenario file: who may call, and which
// gateways exist with which outcomes.
type Scenario struct {
	// Regions that are served. Empty: every well-formed region, most of them without gateways.
	Regions []string `yaml:"regions,omitempty"`
	// Credentials that are accepted. Empty: the documented example pair.
	Credentials []Credential `yaml:"credentials,omitempty"`
	// Timing of all gateways, which one gateway may override.
	Timing Timing `yaml:"timing,omitempty"`
	// NoUpdate is what UpdateGatewaySoftwareNow answers when there is no update:
	// "accepted" (200 without effect, the default) or "notSupported"
	// (InvalidGatewayRequestException). AWS documents neither.
	NoUpdate string `yaml:"noUpdate,omitempty"`
	// Gateways of all accounts and regions.
	Gateways []Gateway `yaml:"gateways,omitempty"`
	// Alarms of CloudWatch, of all accounts and regions.
	Alarms []cloudwatch.Alarm `yaml:"alarms,omitempty"`
	// LateMutes is what becomes of an alarm mute rule whose at(...) has passed when the rule is
	// put: "active" for the rest of its duration (the default), or "never". AWS documents neither.
	LateMutes string `yaml:"lateMutes,omitempty"`
}

// Credential is one access key and the account that it belongs to.
type Credential struct {
	AccessKeyID     string `yaml:"accessKeyId"`
	SecretAccessKey string `yaml:"secretAccessKey"`
	// SessionToken, where set, must come with every request of this key.
	SessionToken string `yaml:"sessionToken,omitempty"`
	// Account is the twelve digits of the ARNs. Empty: DefaultAccount.
	Account string `yaml:"account,omitempty"`
	// ExpiresIn counts from the simulator's start; zero never expires.
	ExpiresIn time.Duration `yaml:"expiresIn,omitempty"`
}

// Timing says how long things take. A zero duration takes the value of the
// level above, in the end DefaultTiming's; write 1ms for "at once". A number
// of polls is how many DescribeGatewayInformation calls must at least see a
// phase before it ends, so that no caller is too slow to meet it; a phase
// waits for them at most half a minute beyond its duration.
type Timing struct {
	// Gap is how long the gateway still answers RUNNING with the old version
	// after UpdateGatewaySoftwareNow's 200.
	Gap      time.Duration `yaml:"gap,omitempty"`
	GapPolls *int          `yaml:"gapPolls,omitempty"`
	// Restart is how long the gateway is not connected.
	Restart time.Duration `yaml:"restart,omitempty"`
	// OldVersion is how long the restarted gateway still shows the old version.
	OldVersion      time.Duration `yaml:"oldVersion,omitempty"`
	OldVersionPolls *int          `yaml:"oldVersionPolls,omitempty"`
	// Flap is the length of each half (back, gone) of a flap.
	Flap time.Duration `yaml:"flap,omitempty"`
	// Bootstrap is what one volume takes after a restart; they go one at a time.
	Bootstrap time.Duration `yaml:"bootstrap,omitempty"`
	// Reconnect is how long after a restart a volume's initiators are connected again.
	Reconnect time.Duration `yaml:"reconnect,omitempty"`
	// Snapshot is the time from CreateSnapshot to completed.
	Snapshot time.Duration `yaml:"snapshot,omitempty"`
	// VisibleByID and VisibleByFilter say when DescribeSnapshots first finds a new snapshot.
	VisibleByID     time.Duration `yaml:"visibleById,omitempty"`
	VisibleByFilter time.Duration `yaml:"visibleByFilter,omitempty"`
}

// DefaultTiming is short enough to watch.
func DefaultTiming() Timing {
	return Timing{
		Gap: 2 * time.Second, GapPolls: new(1),
		Restart:    10 * time.Second,
		OldVersion: 2 * time.Second, OldVersionPolls: new(1),
		Flap:            3 * time.Second,
		Bootstrap:       time.Second,
		Reconnect:       3 * time.Second,
		Snapshot:        5 * time.Second,
		VisibleByID:     500 * time.Millisecond,
		VisibleByFilter: time.Second,
	}
}

// Over fills the zero fields from base.
func (t Timing) Over(base Timing) Timing {
	for _, d := range []struct{ to, from *time.Duration }{
		{&t.Gap, &base.Gap},
		{&t.Restart, &base.Restart},
		{&t.OldVersion, &base.OldVersion},
		{&t.Flap, &base.Flap},
		{&t.Bootstrap, &base.Bootstrap},
		{&t.Reconnect, &base.Reconnect},
		{&t.Snapshot, &base.Snapshot},
		{&t.VisibleByID, &base.VisibleByID},
		{&t.VisibleByFilter, &base.VisibleByFilter},
	} {
		if *d.to == 0 {
			*d.to = *d.from
		}
	}
	if t.GapPolls == nil {
		t.GapPolls = base.GapPolls
	}
	if t.OldVersionPolls == nil {
		t.OldVersionPolls = base.OldVersionPolls
	}
	return t
}

// Gateway is one Storage Gateway and its outcome. Only ID is required.
type Gateway struct {
	// ID has the form sgw-12A3456B and is unique.
	ID      string `yaml:"id"`
	Name    string `yaml:"name,omitempty"`    // default: the id
	Region  string `yaml:"region,omitempty"`  // default: DefaultRegion
	Account string `yaml:"account,omitempty"` // default: the first credential's
	// Type is CACHED (default), STORED, VTL, VTL_SNOW, FILE_S3 or FILE_FSX_SMB.
	Type string `yaml:"type,omitempty"`
	// State is what DescribeGatewayInformation says of a connected gateway, in
	// either of AWS's spellings: RUNNING (default) or STATE_RUNNING. DISCONNECTED
	// makes the gateway answer GatewayNotConnected; every other state is
	// reported as it is, and refuses what needs a running gateway.
	State string `yaml:"state,omitempty"`
	// Timezone is GMT (default), GMT-4:00, GMT+5:30.
	Timezone string `yaml:"timezone,omitempty"`
	// HostEnvironment is VMWARE (default), HYPER-V, EC2, KVM, OTHER or SNOWBALL.
	HostEnvironment string            `yaml:"hostEnvironment,omitempty"`
	Tags            map[string]string `yaml:"tags,omitempty"`
	// Shown are members that AWS shows of some gateways only; what is empty is left out.
	Shown Shown `yaml:"shown,omitempty"`

	// Version is the software that runs now; default 1.2.3.
	Version string `yaml:"version,omitempty"`
	// NextVersion, where set, is available. Equal to Version it changes only LastSoftwareUpdate.
	NextVersion string `yaml:"nextVersion,omitempty"`
	// LastUpdatedAgo is the age of the last update at the start; default 30 days.
	LastUpdatedAgo time.Duration `yaml:"lastUpdatedAgo,omitempty"`
	// NeverUpdated leaves LastSoftwareUpdate out until the first update.
	NeverUpdated bool `yaml:"neverUpdated,omitempty"`
	// Omit names members that DescribeGatewayInformation leaves out, as old
	// appliances do: SoftwareVersion, LastSoftwareUpdate, NextUpdateAvailabilityDate, GatewayState.
	Omit []string `yaml:"omit,omitempty"`

	// UpdateOfferedAgo is since when NextVersion is on offer at the start; default 24h.
	UpdateOfferedAgo time.Duration `yaml:"updateOfferedAgo,omitempty"`

	// Window is when AWS's maintenance starts; default Sunday 03:00.
	Window Window `yaml:"window,omitempty"`
	// AutomaticUpdatePolicy is ALL_VERSIONS (default) or EMERGENCY_VERSIONS_ONLY.
	AutomaticUpdatePolicy string `yaml:"automaticUpdatePolicy,omitempty"`
	// AWSUpdates lets AWS install an available version by itself at the window's
	// start, unless the policy is EMERGENCY_VERSIONS_ONLY at that moment.
	AWSUpdates bool `yaml:"awsUpdates,omitempty"`
	// AWSUpdatesAfter puts that update so long after the window's start.
	AWSUpdatesAfter time.Duration `yaml:"awsUpdatesAfter,omitempty"`

	// NoEffect answers UpdateGatewaySoftwareNow with 200 and does nothing.
	NoEffect bool `yaml:"noEffect,omitempty"`
	// NeverComesBack leaves the gateway disconnected after its restart.
	NeverComesBack bool `yaml:"neverComesBack,omitempty"`
	// Flaps is how often the gateway goes away again after it first came back updated.
	Flaps int `yaml:"flaps,omitempty"`
	// VersionAfterUpdate is what the gateway runs when an update of it has ended, in place
	// of NextVersion: an older version, the same as before, or NoVersion.
	VersionAfterUpdate string `yaml:"versionAfterUpdate,omitempty"`
	// NoUpdate overrides the scenario's.
	NoUpdate string `yaml:"noUpdate,omitempty"`

	// Cache is what a cached volume, tape or file gateway keeps on its own disks.
	Cache Cache `yaml:"cache,omitempty"`
	// UploadBuffer is what a volume or tape gateway has yet to upload.
	UploadBuffer UploadBuffer `yaml:"uploadBuffer,omitempty"`

	Timing  Timing   `yaml:"timing,omitempty"`
	Volumes []Volume `yaml:"volumes,omitempty"`
}

// Shown are members of a gateway's description that it may lack. They change nothing else.
type Shown struct {
	// UpdatesEndIn is how long new software is published for the gateway, and DeprecatedIn how long mends are, from
	// the scenario's start on: less than zero for a time that has passed, zero to leave the date out.
	UpdatesEndIn time.Duration `yaml:"updatesEndIn,omitempty"`
	DeprecatedIn time.Duration `yaml:"deprecatedIn,omitempty"`
	// EndpointType is STANDARD (default) or FIPS.
	EndpointType string `yaml:"endpointType,omitempty"`
	// Capacity is Small, Medium or Large, and SupportedCapacities are those that it could have.
	Capacity            string   `yaml:"capacity,omitempty"`
	SupportedCapacities []string `yaml:"supportedCapacities,omitempty"`
	// LogGroup is the ARN of a CloudWatch log group.
	LogGroup string `yaml:"logGroup,omitempty"`
	// VPCEndpoint is the DNS name of the endpoint that the gateway was activated through.
	VPCEndpoint string `yaml:"vpcEndpoint,omitempty"`
	// EC2InstanceID and EC2InstanceRegion are those of a gateway whose host is an EC2 instance.
	EC2InstanceID     string `yaml:"ec2InstanceId,omitempty"`
	EC2InstanceRegion string `yaml:"ec2InstanceRegion,omitempty"`
	// HostEnvironmentID is the host's own name for the machine.
	HostEnvironmentID string `yaml:"hostEnvironmentId,omitempty"`
	// IPv6 is the gateway's address, alongside its IPv4 address.
	IPv6 string `yaml:"ipv6,omitempty"`
}

// NoVersion as a version leaves SoftwareVersion out.
const NoVersion = "none"

// Window is a gateway's maintenance start as AWS keeps it, or relative to the
// moment when the scenario or the admin call takes effect. AWS has whole minutes
// only: opensIn is rounded up and openedAgo down.
type Window struct {
	HourOfDay    *int `yaml:"hourOfDay,omitempty"`    // 0 to 23
	MinuteOfHour *int `yaml:"minuteOfHour,omitempty"` // 0 to 59
	DayOfWeek    *int `yaml:"dayOfWeek,omitempty"`    // 0 (Sunday) to 6
	DayOfMonth   *int `yaml:"dayOfMonth,omitempty"`   // 1 to 28
	// OpensIn and OpenedAgo make a weekly window from the clock.
	OpensIn   time.Duration `yaml:"opensIn,omitempty"`
	OpenedAgo time.Duration `yaml:"openedAgo,omitempty"`
	// Malformed allows a window that AWS's own write call would refuse: both days, none, no hour.
	Malformed bool `yaml:"malformed,omitempty"`
	// NotSupported makes DescribeMaintenanceStartTime answer NotSupported, as AWS does for some gateways.
	NotSupported bool `yaml:"notSupported,omitempty"`
}

// Volume is one iSCSI volume of a CACHED or STORED gateway.
type Volume struct {
	// ID has the form vol-1122AABB, upper case as Storage Gateway writes it.
	ID string `yaml:"id"`
	// SizeGiB is 1 to 32768 for cached and to 16384 for stored volumes; default 100.
	SizeGiB int `yaml:"sizeGiB,omitempty"`
	// Status pins VolumeStatus, such as "PASS THROUGH" or IRRECOVERABLE. Empty:
	// AVAILABLE, and bootstrapping after a restart.
	Status string `yaml:"status,omitempty"`
	// AfterUpdate pins VolumeStatus when an update of the gateway has ended, in place of
	// bootstrapping, such as "PASS THROUGH".
	AfterUpdate string `yaml:"afterUpdate,omitempty"`
	// GoneAfterUpdate takes the volume away when an update of the gateway has ended. Its
	// snapshots stay.
	GoneAfterUpdate bool `yaml:"goneAfterUpdate,omitempty"`
	// AttachmentStatus is ATTACHED (default), DETACHED or DETACHING.
	AttachmentStatus string `yaml:"attachmentStatus,omitempty"`
	// SnapshotOutcome is what becomes of the volume's new snapshots: completed
	// (default), stuck (pending permanently) or error.
	SnapshotOutcome string `yaml:"snapshotOutcome,omitempty"`
	// SnapshotOutcomeTimes limits the outcome to the first so many snapshots; zero is all.
	SnapshotOutcomeTimes int `yaml:"snapshotOutcomeTimes,omitempty"`
	// ScheduledAgo are the ages of completed snapshots that a schedule, not the caller, took.
	ScheduledAgo []time.Duration `yaml:"scheduledAgo,omitempty"`
	// ScheduledEvery lets the volume's own schedule take a snapshot so often, the first one that
	// long after the start.
	ScheduledEvery time.Duration `yaml:"scheduledEvery,omitempty"`
	// Initiators are the iSCSI initiators that are connected.
	Initiators []Initiator `yaml:"initiators,omitempty"`
}
