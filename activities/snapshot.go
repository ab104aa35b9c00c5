package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// VolumeLookup names one recovery point of one volume.
type VolumeLookup struct {
	Gateway  maintenance.Gateway `json:"gateway"`
	Account  string              `json:"account"`
	VolumeID string              `json:"volumeId"` // lower case
	Key      string              `json:"key"`      // see maintenance.SnapshotKey
	Pace     maintenance.Pace    `json:"pace,omitzero"`
}

// SnapshotOutput names a snapshot. An empty id says that there is none.
type SnapshotOutput struct {
	SnapshotID string `json:"snapshotId,omitempty"`
}

// CreateSnapshot adopts the snapshot that carries the key, else waits until
// the volume is available and creates one, once.
func (a *StorageGateway) CreateSnapshot(ctx context.Context, in VolumeLookup) (out SnapshotOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Volumes(in.Account)
	if err != nil {
		return out, err
	}
	if out, err = find(ctx, cloud, in); err != nil || out.SnapshotID != "" {
		return out, err
	}
	volume, err := available(ctx, cloud, in)
	if err != nil {
		return out, err
	}
	out.SnapshotID, err = call2(ctx, cloud.CreateSnapshot, volume.ARN, in.Key)
	return out, err
}

func find(ctx context.Context, cloud VolumeCloud, in VolumeLookup) (SnapshotOutput, error) {
	found, err := call2(ctx, cloud.Snapshots, in.VolumeID, in.Key)
	if err != nil {
		return SnapshotOutput{}, err
	}
	// Zero when none is found.
	oldest, _ := maintenance.Oldest(found)
	return SnapshotOutput{SnapshotID: oldest.ID}, nil
}

// available is the volume, once a snapshot of it can be taken. After a restart
// a gateway's volumes come back one at a time.
func available(ctx context.Context, cloud VolumeCloud, in VolumeLookup) (maintenance.Volume, error) {
	volumes, err := call(ctx, cloud.Volumes, in.Gateway)
	if err != nil {
		return maintenance.Volume{}, err
	}
	for _, v := range volumes {
		switch {
		case v.ID != in.VolumeID:
		case v.Available():
			return v, nil
		case v.Irrecoverable():
			return v, fmt.Errorf("%w: volume %s is %s; see AWS's guide on recovering data from an irrecoverable volume", errBroken, v.ID, v.Status)
		default:
			return v, notYet("volume %s is %s", v.ID, v.Status)
		}
	}
	return maintenance.Volume{}, fmt.Errorf("volume %s of gateway %s: %w", in.VolumeID, in.Gateway.ID,
		maintenance.ErrNotFound)
}

// FindSnapshotInput asks whether a snapshot exists whose creation was not
// answered.
type FindSnapshotInput struct {
	VolumeLookup
	// Until is when a snapshot that is still not to be seen counts as never
	// started: EC2 is eventually consistent, so one empty search proves nothing.
	Until time.Time `json:"until"`
}

// FindSnapshot searches until it finds the snapshot that carries the key, or
// until the time is up: then the output's id is empty.
func (a *StorageGateway) FindSnapshot(ctx context.Context, in FindSnapshotInput) (out SnapshotOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Volumes(in.Account)
	if err != nil {
		return out, err
	}
	out, err = find(ctx, cloud, in.VolumeLookup)
	if err == nil && out.SnapshotID == "" && a.Now().Before(in.Until) {
		return out, notYet("no snapshot of %s carries the key %s", in.VolumeID, in.Key)
	}
	return out, err
}

// AwaitSnapshotInput names a snapshot that was started.
type AwaitSnapshotInput struct {
	Account    string `json:"account"`
	SnapshotID string `json:"snapshotId"`
	// VisibleBy is when EC2 must show it; before that, "not found" is only
	// EC2 being late.
	VisibleBy time.Time        `json:"visibleBy"`
	Pace      maintenance.Pace `json:"pace,omitzero"`
	// GatewayType is that of the volume's gateway: its snapshots take about as long as others of the type.
	GatewayType string `json:"gatewayType,omitempty"`
}

// AwaitSnapshot ends when the snapshot is completed. One in state error is
// names.TypeBroken.
func (a *StorageGateway) AwaitSnapshot(
	ctx context.Context, in AwaitSnapshotInput,
) (out maintenance.Snapshot, err error) {
	defer change{"snapshot " + in.GatewayType, a.Durations}.polled(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Volumes(in.Account)
	if err != nil {
		return out, err
	}
	out, err = call(ctx, cloud.Snapshot, in.SnapshotID)
	switch {
	case err != nil && judge(err).kind == names.TypeNotFound && a.Now().Before(in.VisibleBy):
		return out, notYet("EC2 does not show snapshot %s yet", in.SnapshotID)
	case err != nil:
		return out, err
	case out.Failed():
		return out, fmt.Errorf("%w: snapshot %s of volume %s is in state %s: %s", errBroken, out.ID, out.VolumeID, out.State,
			out.Message)
	case !out.Completed():
		return out, notYet("snapshot %s is %s %s", out.ID, out.State, out.Progress)
	}
	return out, nil
}

// DeleteSnapshotsInput names the snapshots that carry a key.
type DeleteSnapshotsInput struct {
	FindSnapshotInput
	// Finished deletes the completed ones too.
	Finished bool `json:"finished,omitempty"`
}

// DeleteSnapshotsOutput says what became of the snapshots that carry a key.
type DeleteSnapshotsOutput struct {
	Deleted []string `json:"deleted,omitempty"`
	Kept    []string `json:"kept,omitempty"` // completed: someone's recovery point
}

// DeleteSnapshots deletes the snapshots that carry the key and, unless asked to,
// are not completed. One that EC2 shows late must not be left behind: while none is to
// be seen it reads again, until the time is up. It may be repeated.
func (a *StorageGateway) DeleteSnapshots(
	ctx context.Context, in DeleteSnapshotsInput,
) (out DeleteSnapshotsOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Volumes(in.Account)
	if err != nil {
		return out, err
	}
	found, err := call2(ctx, cloud.Snapshots, in.VolumeID, in.Key)
	if err != nil {
		return out, err
	}
	before := doomed(ctx)
	if len(found)+len(before) == 0 && a.Now().Before(in.Until) {
		return out, notYet("no snapshot of %s carries the key %s", in.VolumeID, in.Key)
	}
	for _, s := range found {
		before = slices.DeleteFunc(before, func(id string) bool { return id == s.ID })
		if s.Completed() && !in.Finished {
			out.Kept = append(out.Kept, s.ID)
		} else {
			before = append(before, s.ID)
		}
	}
	activity.RecordHeartbeat(ctx, before)
	remove := func(ctx context.Context, id string) (string, error) { return id, cloud.DeleteSnapshot(ctx, id) }
	for _, id := range before {
		id, err := call(ctx, remove, id)
		if err != nil {
			return out, repeatable(err)
		}
		out.Deleted = append(out.Deleted, id)
	}
	return out, nil
}

// doomed are the snapshots that an attempt before started to delete. Where it got
// no answer, none is to be seen any more, and nobody should wait for one that
// EC2 shows late.
func doomed(ctx context.Context) []string {
	var ids []string
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &ids) != nil {
		return nil
	}
	return ids
}
