package aws

type createSnapshotInput struct {
	VolumeARN           *string
	SnapshotDescription *string
	Tags                []tag
}

type createSnapshotOutput struct {
	VolumeARN               string
	SnapshotId              string //nolint:revive // the wire's spelling
	VolumeRecoveryPointTime string `json:",omitempty"`
}

// createSnapshot needs a running gateway and an AVAILABLE volume; a stored
// volume may also be RESTORING.
func (c *Cloud) createSnapshot(call *call, in createSnapshotInput) (any, *apiError) {
	v, err := c.snapshotted(call, in)
	if err != nil {
		return nil, err
	}
	if !v.gateway.running() {
		return nil, refuse("GatewayNotConnected")
	}
	status, _ := v.statusAt(call.now)
	restoring := v.gateway.conf.Type == typeStored && status == "RESTORING"
	if status != volumeAvailable && !restoring {
		e := refuse("VolumeNotReady")
		e.details["volumeStatus"] = status
		return nil, e
	}
	return c.takeSnapshot(call, v, in)
}

// createFromRecoveryPoint is for cached volumes, and works while the gateway is away.
func (c *Cloud) createFromRecoveryPoint(call *call, in createSnapshotInput) (any, *apiError) {
	v, err := c.snapshotted(call, in)
	if err != nil {
		return nil, err
	}
	if v.gateway.conf.Type != typeCached {
		return nil, refuse("NotSupported")
	}
	out, err := c.takeSnapshot(call, v, in)
	out.VolumeRecoveryPointTime = recoveryPointTime(call.now)
	return out, err
}

// snapshotted checks the input and finds the volume.
func (c *Cloud) snapshotted(call *call, in createSnapshotInput) (*volume, *apiError) {
	var check violations
	check.length("snapshotDescription", in.SnapshotDescription, 1, 255)
	if err := check.err(); err != nil {
		return nil, err
	}
	return c.findVolume(call, in.VolumeARN)
}

func (c *Cloud) takeSnapshot(call *call, v *volume, in createSnapshotInput) (createSnapshotOutput, *apiError) {
	tags := map[string]string{}
	if err := takeTags(tags, in.Tags); err != nil {
		return createSnapshotOutput{}, err
	}
	s := c.newSnapshot(v, call.now, *in.SnapshotDescription, tags)
	s.fate = v.fate()
	if s.fate == fateError {
		s.message = "Client.InternalError: the snapshot could not be completed"
	}
	c.snapshots.add(s)
	c.effect(call, s.id, map[string]string{"volume": v.arn, "description": s.description})
	return createSnapshotOutput{VolumeARN: v.arn, SnapshotId: s.id}, nil
}
