package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/call"
)

// visibleWithin is how long EC2 may take to show a snapshot whose id it has returned (eventual consistency: minutes).
const visibleWithin = 10 * time.Minute

// recoveryPoints are the snapshots of a gateway's volumes.
type recoveryPoints struct {
	volumes []maintenance.Volume        // that were attached at assess
	tries   int                         // how often recovery points were started
	taken   []maintenance.RecoveryPoint // those for which every volume has its snapshot
}

// snapshot takes the recovery point after the update.
func (r *run) snapshot(ctx workflow.Context) (outcome, error) {
	switch {
	case !r.status.Gateway.Before.HasVolumes():
		return skipped("a gateway of type %s has no volumes", r.status.Gateway.Before.Type), nil
	case !r.status.Gateway.Updated:
		return skipped("the gateway was not updated"), nil
	case !r.policy.WantsSnapshot(maintenance.PointAfter):
		return skipped("the policy asks for none after the update"), nil
	}
	if err := r.takeSnapshots(r.finishing(ctx, maintenance.StepSnapshot), maintenance.PointAfter); err != nil {
		return outcome{}, err
	}
	return done("%d completed", r.completedAt(maintenance.PointAfter)), nil
}

// takeSnapshots takes and verifies one snapshot of every attached volume, all at once, and waits for all of them before
// it fails: because of a failed one, or because a volume that assess found is missing. A volume that was detached
// before gets no writes, and Storage Gateway takes no snapshot of it.
func (r *run) takeSnapshots(ctx workflow.Context, point maintenance.RecoveryPoint) error {
	settle := r.policy.SnapshotSettle.Std()
	volumes, err := call.Do(ctx, r.readWithin(settle+rereadLimit, "list the volumes"), call.Gateways.ListVolumes,
		activities.ListVolumesInput{Lookup: r.lookup(), Expected: r.points.volumes, Until: workflow.Now(ctx).Add(settle)})
	if err != nil {
		return err
	}
	r.points.tries++
	errs := make([]error, len(volumes))
	group := workflow.NewWaitGroup(ctx)
	for i, v := range volumes {
		if v.Detached() || r.verified(v.ID, point) {
			continue
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			if err := r.takeSnapshot(ctx, v.ID, point); err != nil {
				errs[i] = fmt.Errorf("snapshot of volume %s: %w", v.ID, call.Explain(err))
			}
		})
	}
	group.Wait(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if missing := maintenance.Missing(r.points.volumes, volumes); len(missing) > 0 {
		errs = append(errs, volumesMissing(point, missing))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if !slices.Contains(r.points.taken, point) {
		r.points.taken = append(r.points.taken, point)
	}
	return nil
}

// volumesMissing is the failure of a recovery point that lacks volumes. A gateway that lost them in its update is
// quarantined, one that lost them before is not: someone has detached them.
func volumesMissing(point maintenance.RecoveryPoint, missing []string) error {
	if point == maintenance.PointBefore {
		return errors.New(strings.Join(missing, "; "))
	}
	return differs(missing)
}

// completedAt counts the finished snapshots of a recovery point.
func (r *run) completedAt(point maintenance.RecoveryPoint) (n int) {
	for _, s := range r.status.Snapshots {
		if s.Point == point && s.Completed {
			n++
		}
	}
	return n
}

func (r *run) takeSnapshot(ctx workflow.Context, volumeID string, point maintenance.RecoveryPoint) error {
	in := activities.VolumeLookup{
		Gateway: r.status.Gateway.Before, Account: r.in.Target.Gateway.Account, VolumeID: volumeID, Pace: r.policy.Pace,
		Key: maintenance.SnapshotKey(workflow.GetInfo(ctx).FirstRunID, r.points.tries, point, volumeID),
	}
	var taken *entry
	taken = r.ledger.intend("snapshot of volume "+volumeID+" "+string(point)+" the update",
		"deleted while unfinished, kept once completed",
		func(ctx workflow.Context) (maintenance.ChangeState, error) {
			return r.deleteSnapshots(ctx, in, taken.change.State)
		})
	out, err := r.createSnapshot(ctx, in)
	if err != nil {
		if !call.UnknownOutcome(err) && ctx.Err() == nil {
			taken.is(maintenance.ChangeNotMade)
		}
		return err
	}
	taken.is(maintenance.ChangeInForce)
	n := len(r.status.Snapshots)
	r.status.Snapshots = append(r.status.Snapshots, maintenance.SnapshotOutcome{
		VolumeID: volumeID, SnapshotID: out.SnapshotID, Point: point,
	})
	r.publish(ctx)
	_, err = call.Do(ctx, r.pollWithin(r.policy.SnapshotDeadline.Std(), "wait until "+out.SnapshotID+" is completed"),
		call.Gateways.AwaitSnapshot,
		activities.AwaitSnapshotInput{
			Account: in.Account, SnapshotID: out.SnapshotID, Pace: in.Pace,
			VisibleBy: workflow.Now(ctx).Add(visibleWithin), GatewayType: in.Gateway.Type,
		})
	if err != nil {
		return err
	}
	taken.is(maintenance.ChangeKept)
	r.status.Snapshots[n].Completed = true
	r.publish(ctx)
	return nil
}

func (r *run) createSnapshot(ctx workflow.Context, in activities.VolumeLookup) (activities.SnapshotOutput, error) {
	return call.Once(ctx, "snapshot",
		func() (activities.SnapshotOutput, error) {
			return call.Do(ctx, r.sendWithin(r.policy.SnapshotDeadline.Std(), "snapshot volume "+in.VolumeID),
				call.Gateways.CreateSnapshot, in)
		},
		func(ctx workflow.Context) (activities.SnapshotOutput, bool, error) {
			settle := r.policy.SnapshotSettle.Std()
			out, err := call.Do(ctx, r.pollWithin(settle+AssessLimit, "find out whether the snapshot was created"),
				call.Gateways.FindSnapshot,
				activities.FindSnapshotInput{VolumeLookup: in, Until: workflow.Now(ctx).Add(settle)})
			return out, out.SnapshotID != "", err
		})
}

// deletesSnapshots is true if the finished snapshots of the run are deleted too, since it has failed.
func (r *run) deletesSnapshots() bool {
	return r.exit.State() == lifecycle.ExitFailed && r.policy.FailedSnapshots == maintenance.FailedSnapshotsDelete
}

// deleteSnapshots is the compensation of a snapshot. If nothing is left of one that was started, it is reverted; if
// nothing is found of one whose creation got no response, it was never made.
func (r *run) deleteSnapshots(
	ctx workflow.Context, in activities.VolumeLookup, was maintenance.ChangeState,
) (maintenance.ChangeState, error) {
	shown := r.policy.SnapshotSettle.Std()
	if was == maintenance.ChangeInForce {
		shown = max(shown, visibleWithin) // EC2 has returned its id, and may not show it yet
	}
	out, err := call.Do(ctx, r.undoWithin("delete what is left of the snapshot of "+in.VolumeID),
		call.Gateways.DeleteSnapshots,
		activities.DeleteSnapshotsInput{
			FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: in, Until: workflow.Now(ctx).Add(shown)},
			Finished:          r.deletesSnapshots(),
		})
	for i := range r.status.Snapshots {
		s := &r.status.Snapshots[i]
		s.Deleted = s.Deleted || slices.Contains(out.Deleted, s.SnapshotID)
	}
	switch {
	case err != nil:
		return "", err
	case len(out.Kept) > 0:
		return maintenance.ChangeKept, nil
	case len(out.Deleted) > 0 || was == maintenance.ChangeInForce:
		return maintenance.ChangeTakenBack, nil
	}
	return maintenance.ChangeNotMade, nil
}

// verified is true if the volume has its recovery point already: the step is retried because of another volume.
func (r *run) verified(volumeID string, point maintenance.RecoveryPoint) bool {
	return slices.ContainsFunc(r.status.Snapshots, func(s maintenance.SnapshotOutcome) bool {
		return s.VolumeID == volumeID && s.Point == point && s.Completed
	})
}
