package activities

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/activities/slots"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// StorageGateway holds the activities on AWS Storage Gateways and their
// volumes. Workflows name its methods on a nil pointer.
type StorageGateway struct {
	Accounts  AWSAccounts
	Engine    *Engine           // for what a campaign asks of Temporal together with the clouds
	Durations *durations.Memory // nil: polls learn nothing
	Now       Clock
	Beats     Heartbeats
	Slots     Slots
	Turns     *slots.Turns  // nil: triggers do not go before other activities
	Ahead     time.Duration // ArmAhead; shorter in tests
	Checks    checks.Sources
	Authority *signatures.Authority // nil: no update has to be approved
}

// AssessGatewayInput asks for everything that a run must know of its gateway.
type AssessGatewayInput struct {
	Target maintenance.Target `json:"target"`
	Policy maintenance.Policy `json:"policy"`
}

// AssessGatewayOutput is the gateway before anything is done to it.
type AssessGatewayOutput struct {
	// Policy is the input's with its defaults filled in. It travels back so that the defaults
	// which a run started with stand in its history. Nil: the input has them all.
	Policy           *maintenance.Policy               `json:"policy,omitempty"`
	Gateway          maintenance.Gateway               `json:"gateway"`
	Schedule         maintenance.Schedule              `json:"schedule"`
	AutomaticUpdates maintenance.AutomaticUpdatePolicy `json:"automaticUpdates,omitempty"`
	// Mark is what a run has left with its change of the automatic updates; nil: none.
	Mark    *maintenance.PolicyMark `json:"mark,omitempty"`
	Volumes []maintenance.Volume    `json:"volumes,omitempty"`
}

// AssessGateway checks what the run was asked for, and reads the gateway, its
// window and its volumes. The check stands here and not in the workflow: a
// later release may check more, and histories are forever.
func (a *StorageGateway) AssessGateway(
	ctx context.Context, in AssessGatewayInput,
) (out AssessGatewayOutput, err error) {
	policy := in.Policy.WithDefaults()
	defer edge(ctx, policy.Pace, &err)
	if err := errors.Join(in.Target.Validate(), policy.Validate()); err != nil {
		return out, fmt.Errorf("%w: %w", maintenance.ErrInvalid, err)
	}
	if !reflect.DeepEqual(policy, in.Policy) {
		out.Policy = &policy
	}
	ref := in.Target.Gateway
	if out.Gateway, err = a.gateway(ctx, ref); err != nil {
		return out, err
	}
	raw, err := a.rawSchedule(ctx, ref)
	if err != nil {
		return out, err
	}
	out.AutomaticUpdates = raw.AutomaticUpdates
	if out.Mark, err = a.policyMark(ctx, ref); err != nil {
		return out, err
	}
	if out.Schedule, err = maintenance.ParseSchedule(raw, policy.WindowPreference); err != nil {
		return out, err
	}
	if !out.Gateway.HasVolumes() || policy.Snapshot == maintenance.SnapshotNever {
		return out, nil
	}
	out.Volumes, err = a.volumes(ctx, ref, out.Gateway)
	return out, err
}

func (a *StorageGateway) volumes(
	ctx context.Context, ref maintenance.GatewayRef, gateway maintenance.Gateway,
) ([]maintenance.Volume, error) {
	cloud, err := a.Accounts.Volumes(ref.Account)
	if err != nil {
		return nil, err
	}
	return call(ctx, cloud.Volumes, gateway)
}

// ListVolumesInput names the volumes that are expected.
type ListVolumesInput struct {
	Lookup
	Expected []maintenance.Volume `json:"expected,omitempty"`
	// Until is how long one that is expected and not listed is waited for: a gateway may
	// list its volumes one by one after a restart.
	Until time.Time `json:"until,omitzero"`
}

// ListVolumes reads the gateway's volumes as they are now.
func (a *StorageGateway) ListVolumes(ctx context.Context, in ListVolumesInput) (out []maintenance.Volume, err error) {
	defer edge(ctx, in.Pace, &err)
	gateway, err := a.gateway(ctx, in.Gateway)
	if err != nil {
		return nil, err
	}
	if out, err = a.volumes(ctx, in.Gateway, gateway); err != nil {
		return nil, err
	}
	if gone := maintenance.Missing(in.Expected, out); len(gone) > 0 && a.Now().Before(in.Until) {
		return nil, notYet("%s", strings.Join(gone, "; "))
	}
	return out, nil
}

// VerifyGatewayInput says what is to be read of a gateway besides itself.
type VerifyGatewayInput struct {
	Lookup
	Volumes          bool `json:"volumes,omitempty"`
	AutomaticUpdates bool `json:"automaticUpdates,omitempty"`
}

// VerifyGateway reads the gateway as it is now. One that does not run at this moment
// is waited for.
func (a *StorageGateway) VerifyGateway(ctx context.Context, in VerifyGatewayInput) (out maintenance.Found, err error) {
	defer edge(ctx, in.Pace, &err)
	if out.Gateway, err = a.gateway(ctx, in.Gateway); err != nil {
		return out, err
	}
	if !out.Gateway.Running() {
		return out, notYet("the gateway is in state %s", out.Gateway.State)
	}
	if in.AutomaticUpdates {
		raw, err := a.rawSchedule(ctx, in.Gateway)
		if err != nil {
			return out, err
		}
		out.AutomaticUpdates = raw.AutomaticUpdates
		if out.Mark, err = a.policyMark(ctx, in.Gateway); err != nil {
			return out, err
		}
	}
	if in.Volumes {
		out.Volumes, err = a.volumes(ctx, in.Gateway, out.Gateway)
	}
	return out, err
}

func (a *StorageGateway) gateway(ctx context.Context, ref maintenance.GatewayRef) (maintenance.Gateway, error) {
	cloud, err := a.Accounts.Gateways(ref.Account)
	if err != nil {
		return maintenance.Gateway{}, err
	}
	return call(ctx, cloud.Gateway, ref.ARN)
}

func (a *StorageGateway) rawSchedule(ctx context.Context, ref maintenance.GatewayRef) (maintenance.RawSchedule, error) {
	cloud, err := a.Accounts.Gateways(ref.Account)
	if err != nil {
		return maintenance.RawSchedule{}, err
	}
	return call(ctx, cloud.Schedule, ref.ARN)
}

// tags are all tags of the gateway.
func (a *StorageGateway) tags(ctx context.Context, ref maintenance.GatewayRef) (map[string]string, error) {
	cloud, err := a.Accounts.Gateways(ref.Account)
	if err != nil {
		return nil, err
	}
	return call(ctx, cloud.Tags, ref.ARN)
}

// policyMark is the mark among them; nil: there is none.
func (a *StorageGateway) policyMark(ctx context.Context, ref maintenance.GatewayRef) (*maintenance.PolicyMark, error) {
	tags, err := a.tags(ctx, ref)
	if err != nil {
		return nil, err
	}
	return maintenance.PolicyMarkOf(ref.ID(), tags)
}

func (a *StorageGateway) schedule(
	ctx context.Context, ref maintenance.GatewayRef, prefer maintenance.Recurrence,
) (maintenance.Schedule, error) {
	raw, err := a.rawSchedule(ctx, ref)
	if err != nil {
		return maintenance.Schedule{}, err
	}
	return maintenance.ParseSchedule(raw, prefer)
}

// ReadScheduleInput asks when the gateway's window opens.
type ReadScheduleInput struct {
	Lookup
	Prefer maintenance.Recurrence `json:"prefer,omitempty"`
}

// ReadSchedule reads the gateway's window as it is now.
func (a *StorageGateway) ReadSchedule(ctx context.Context, in ReadScheduleInput) (out maintenance.Schedule, err error) {
	defer edge(ctx, in.Pace, &err)
	return a.schedule(ctx, in.Gateway, in.Prefer)
}

// WatchGatewayInput asks for an answer when something that a waiting run relies on changes.
type WatchGatewayInput struct {
	Gateway  maintenance.GatewayRef `json:"gateway"`
	Prefer   maintenance.Recurrence `json:"prefer,omitempty"`
	Schedule maintenance.Schedule   `json:"schedule"` // as the run knows it
	Baseline maintenance.Baseline   `json:"baseline"` // as the run knows it
	Every    maintenance.Duration   `json:"every"`    // between two polls
	// AtOnce has the first poll made at once, and not after one interval: the run
	// has waited that long already.
	AtOnce bool `json:"atOnce,omitempty"`
}

// WatchGatewayOutput is what has changed.
type WatchGatewayOutput struct {
	Schedule maintenance.Schedule `json:"schedule"`
	Gateway  maintenance.Gateway  `json:"gateway"`
	Evidence maintenance.Evidence `json:"evidence"`
}

// WatchGateway ends when the gateway's window has moved, or when AWS has
// updated the gateway by itself. Until then every poll fails, so that a month
// of waiting costs no history. A poll that is refused ends nothing either: the run
// reads everything again before it starts. The first poll comes one interval
// after the start, unless AtOnce is set: the run has only just read what it relies
// on.
func (a *StorageGateway) WatchGateway(ctx context.Context, in WatchGatewayInput) (out WatchGatewayOutput, err error) {
	every := in.Every * 5 / 6 // the pace spreads its waits by a fifth, and this is at least so often
	defer func() { edge(ctx, maintenance.Pace{Min: every, Max: every}, &err) }()
	if activity.GetInfo(ctx).Attempt == 1 && !in.AtOnce {
		return out, notYet("the first poll comes after %s", in.Every)
	}
	if out.Schedule, err = a.schedule(ctx, in.Gateway, in.Prefer); err == nil {
		out.Gateway, err = a.gateway(ctx, in.Gateway)
	}
	if err != nil {
		every /= 24
		return out, notYet("the poll at %s failed: %v", a.Now().UTC().Format(time.RFC3339), err)
	}
	out.Evidence = maintenance.Judge(in.Baseline, out.Gateway)
	if out.Schedule == in.Schedule && out.Evidence != maintenance.EvidenceUpdated {
		return out, notYet("window and software unchanged at %s", a.Now().UTC().Format(time.RFC3339))
	}
	return out, nil
}
