package aws

import (
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

type volumeInfo struct {
	VolumeARN              string
	VolumeId               string
	GatewayARN             string
	GatewayId              string
	VolumeType             string
	VolumeSizeInBytes      int64
	VolumeAttachmentStatus string
}

type listVolumesOutput struct {
	GatewayARN  string `json:",omitempty"`
	VolumeInfos []volumeInfo
	Marker      *string `json:",omitempty"`
}

// volumeType is the spelling of AWS's samples, such as "CACHED iSCSI".
func (v *volume) volumeType() string { return v.gateway.conf.Type + " iSCSI" }

// listVolumes lists one gateway's volumes, which needs the gateway, or all of
// the account's in the region. It says nothing of a volume's status.
func (c *Cloud) listVolumes(call *wire.Call, in listInput) (any, *wire.Error) {
	var v violations
	v.page(in.Marker, in.Limit)
	if err := v.err(); err != nil {
		return nil, err
	}
	all, err := c.volumesOf(call, in.GatewayARN)
	if err != nil {
		return nil, err
	}
	some, next, err := page(all, func(v *volume) string { return v.arn }, in.Marker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := listVolumesOutput{VolumeInfos: []volumeInfo{}, Marker: next}
	if in.GatewayARN != nil {
		out.GatewayARN = *in.GatewayARN
	}
	for _, v := range some {
		out.VolumeInfos = append(out.VolumeInfos, volumeInfo{
			VolumeARN: v.arn, VolumeId: v.conf.ID, GatewayARN: v.gateway.arn, GatewayId: v.gateway.conf.ID,
			VolumeType: v.volumeType(), VolumeSizeInBytes: int64(v.conf.SizeGiB) * gib,
			VolumeAttachmentStatus: v.conf.AttachmentStatus,
		})
	}
	return out, nil
}

// volumesOf is sorted by ARN.
func (c *Cloud) volumesOf(call *wire.Call, arn *string) ([]*volume, *wire.Error) {
	var all []*volume
	if arn == nil {
		for _, g := range c.gateways {
			if g.belongs(call) {
				all = append(all, g.sortedVolumes()...)
			}
		}
		return all, nil
	}
	g, err := c.findGateway(call, arn)
	if err != nil {
		return nil, err
	}
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	if !hasVolumes(g.conf.Type) {
		return nil, wire.Refuse("NotSupported")
	}
	return g.sortedVolumes(), nil
}

type describeVolumesInput struct {
	VolumeARNs []string
}

type iscsiVolume struct {
	VolumeARN              string
	VolumeId               string
	VolumeType             string
	VolumeStatus           string
	VolumeAttachmentStatus string
	VolumeSizeInBytes      int64
	VolumeUsedInBytes      int64
	VolumeProgress         *float64 `json:",omitempty"`
	CreatedDate            float64
	TargetName             string
	VolumeiSCSIAttributes  iscsiAttributes
	VolumeDiskId           string `json:",omitempty"`
	PreservedExistingData  *bool  `json:",omitempty"`
}

type iscsiAttributes struct {
	TargetARN            string
	NetworkInterfaceId   string
	NetworkInterfacePort int
	LunNumber            int
	ChapEnabled          bool
}

type cachedVolumes struct {
	CachediSCSIVolumes []iscsiVolume
}

type storedVolumes struct {
	StorediSCSIVolumes []iscsiVolume
}

func (c *Cloud) describeCached(call *wire.Call, in describeVolumesInput) (any, *wire.Error) {
	volumes, err := c.describeVolumes(call, in, typeCached)
	if err != nil {
		return nil, err
	}
	return cachedVolumes{volumes}, nil
}

func (c *Cloud) describeStored(call *wire.Call, in describeVolumesInput) (any, *wire.Error) {
	volumes, err := c.describeVolumes(call, in, typeStored)
	if err != nil {
		return nil, err
	}
	return storedVolumes{volumes}, nil
}

// describeVolumes describes volumes that must all be of one gateway of the type.
func (c *Cloud) describeVolumes(
	call *wire.Call, in describeVolumesInput, gatewayType string,
) ([]iscsiVolume, *wire.Error) {
	if in.VolumeARNs == nil {
		var v violations
		v.Missing("volumeARNs")
		return nil, v.err()
	}
	out := []iscsiVolume{}
	var first *gateway
	for _, arn := range in.VolumeARNs {
		v, err := c.findVolume(call, &arn)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = v.gateway
		}
		switch {
		case v.gateway != first:
			return nil, wire.RefuseParameter("volumeARNs", "want volumes of one gateway")
		case first.conf.Type != gatewayType:
			return nil, wire.Refuse("NotSupported")
		case !first.running():
			return nil, wire.Refuse("GatewayNotConnected")
		}
		out = append(out, v.describe(call.Now))
	}
	return out, nil
}

func (v *volume) describe(now time.Time) iscsiVolume {
	status, progress := v.statusAt(now)
	target := "target-" + v.ec2ID()
	out := iscsiVolume{
		VolumeARN: v.arn, VolumeId: v.conf.ID, VolumeType: v.volumeType(), VolumeStatus: status, VolumeProgress: progress,
		VolumeAttachmentStatus: v.conf.AttachmentStatus, VolumeSizeInBytes: int64(v.conf.SizeGiB) * gib,
		VolumeUsedInBytes: int64(v.conf.SizeGiB) * gib / 4, CreatedDate: float64(v.created.UnixMilli()) / 1000,
		TargetName: target,
		VolumeiSCSIAttributes: iscsiAttributes{
			TargetARN: v.gateway.arn + "/target/iqn.1997-05.com.amazon:" + target, NetworkInterfaceId: "10.0.0.10",
			NetworkInterfacePort: 3260, LunNumber: 1,
		},
	}
	if v.gateway.conf.Type == typeStored {
		out.VolumeDiskId, out.PreservedExistingData = "pci-0000:03:00.0-scsi-0:0:1:0", new(false)
	}
	return out
}

// findVolume gives a volume of the caller's account and region.
func (c *Cloud) findVolume(call *wire.Call, arn *string) (*volume, *wire.Error) {
	var v violations
	v.Length("volumeARN", arn, 50, 500)
	v.Pattern("volumeARN", arn, volumeARNForm)
	if err := v.err(); err != nil {
		return nil, err
	}
	found, known := c.volumes[*arn]
	if !known || !found.gateway.belongs(call) {
		return nil, wire.Refuse("VolumeNotFound")
	}
	c.advance(found.gateway, call.Now)
	return found, nil
}

type recoveryPoint struct {
	VolumeARN               string
	VolumeSizeInBytes       int64
	VolumeUsageInBytes      int64
	VolumeRecoveryPointTime string
}

type recoveryPoints struct {
	GatewayARN               string
	VolumeRecoveryPointInfos []recoveryPoint
}

// listRecoveryPoints is for cached volumes, and works while the gateway is
// away: that is what recovery points are for.
func (c *Cloud) listRecoveryPoints(call *wire.Call, g *gateway) (any, *wire.Error) {
	if g.conf.Type != typeCached {
		return nil, wire.Refuse("NotSupported")
	}
	out := recoveryPoints{GatewayARN: g.arn, VolumeRecoveryPointInfos: []recoveryPoint{}}
	for _, v := range g.sortedVolumes() {
		out.VolumeRecoveryPointInfos = append(out.VolumeRecoveryPointInfos, recoveryPoint{
			VolumeARN: v.arn, VolumeSizeInBytes: int64(v.conf.SizeGiB) * gib,
			VolumeUsageInBytes:      int64(v.conf.SizeGiB) * gib / 4,
			VolumeRecoveryPointTime: recoveryPointTime(call.Now),
		})
	}
	return out, nil
}

// recoveryPointTime is the last whole hour, in the form of AWS's samples.
func recoveryPointTime(now time.Time) string {
	return now.UTC().Truncate(time.Hour).Format("2006-01-02T15:04:05.000Z")
}

type createSnapshotInput struct {
	VolumeARN           *string
	SnapshotDescription *string
	Tags                []tag
}

type createSnapshotOutput struct {
	VolumeARN               string
	SnapshotId              string
	VolumeRecoveryPointTime string `json:",omitempty"`
}

// createSnapshot needs a running gateway and an AVAILABLE volume; a stored
// volume may also be RESTORING.
func (c *Cloud) createSnapshot(call *wire.Call, in createSnapshotInput) (any, *wire.Error) {
	v, err := c.snapshotted(call, in)
	if err != nil {
		return nil, err
	}
	if !v.gateway.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	status, _ := v.statusAt(call.Now)
	restoring := v.gateway.conf.Type == typeStored && status == "RESTORING"
	if status != volumeAvailable && !restoring {
		e := wire.Refuse("VolumeNotReady")
		e.Details["volumeStatus"] = status
		return nil, e
	}
	return c.takeSnapshot(call, v, in)
}

// createFromRecoveryPoint is for cached volumes, and works while the gateway is away.
func (c *Cloud) createFromRecoveryPoint(call *wire.Call, in createSnapshotInput) (any, *wire.Error) {
	v, err := c.snapshotted(call, in)
	if err != nil {
		return nil, err
	}
	if v.gateway.conf.Type != typeCached {
		return nil, wire.Refuse("NotSupported")
	}
	out, err := c.takeSnapshot(call, v, in)
	out.VolumeRecoveryPointTime = recoveryPointTime(call.Now)
	return out, err
}

// snapshotted checks the input and finds the volume.
func (c *Cloud) snapshotted(call *wire.Call, in createSnapshotInput) (*volume, *wire.Error) {
	var check violations
	check.Length("snapshotDescription", in.SnapshotDescription, 1, 255)
	if err := check.err(); err != nil {
		return nil, err
	}
	return c.findVolume(call, in.VolumeARN)
}

func (c *Cloud) takeSnapshot(call *wire.Call, v *volume, in createSnapshotInput) (createSnapshotOutput, *wire.Error) {
	tags := map[string]string{}
	if err := takeTags(tags, in.Tags); err != nil {
		return createSnapshotOutput{}, err
	}
	s := c.newSnapshot(v, call.Now, *in.SnapshotDescription, tags)
	s.outcome = v.outcome()
	if s.outcome == outcomeError {
		s.message = "Client.InternalError: the snapshot could not be completed"
	}
	c.snapshots.add(s)
	c.effect(call, s.id, map[string]string{"volume": v.arn, "description": s.description})
	return createSnapshotOutput{VolumeARN: v.arn, SnapshotId: s.id}, nil
}

type snapshotSchedule struct {
	VolumeARN         string
	StartAt           int
	RecurrenceInHours int
	Description       string
	Timezone          string
	Tags              []tag
}

// describeSchedule shows the volume's own snapshot schedule. A stored volume always has one, daily unless its
// scenario has another. What AWS answers for a cached volume without one is documented nowhere: here
// SnapshotScheduleNotFound, one of its documented codes.
func (c *Cloud) describeSchedule(call *wire.Call, in volumeInput) (any, *wire.Error) {
	v, err := c.findVolume(call, in.VolumeARN)
	if err != nil {
		return nil, err
	}
	g := v.gateway
	every := v.conf.ScheduledEvery
	switch {
	case !g.running():
		return nil, wire.Refuse("GatewayNotConnected")
	case every == 0 && g.conf.Type == typeCached:
		return nil, wire.Refuse("SnapshotScheduleNotFound")
	case every == 0:
		every = 24 * time.Hour
	}
	out := snapshotSchedule{
		VolumeARN: v.arn, RecurrenceInHours: recurrence(every), Timezone: g.zone.String(), Tags: []tag{},
		Description: g.conf.ID + ":" + v.conf.ID + ":Schedule", // as in AWS's sample
	}
	if !v.nextScheduled.IsZero() {
		out.StartAt = v.nextScheduled.In(g.zone.Location()).Hour()
	}
	return out, nil
}

// recurrence is the shortest that AWS has, in hours, that is not shorter than an interval; at most daily.
func recurrence(every time.Duration) int {
	for _, hours := range []int{1, 2, 4, 8, 12} {
		if every <= time.Duration(hours)*time.Hour {
			return hours
		}
	}
	return 24
}
