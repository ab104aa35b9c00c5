package activities

import (
	"context"
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MarkedPolicyInput names a policy for automatic updates that is changed for a while,
// and the mark that says so.
type MarkedPolicyInput struct {
	Lookup
	Mark maintenance.PolicyMark `json:"mark"`
}

// HoldAutomaticUpdatesOutput says what became of it.
type HoldAutomaticUpdatesOutput struct {
	// NotHeld says why the policy stays as it was: the gateway could not be marked.
	// Empty: it is held.
	NotHeld string `json:"notHeld,omitempty"`
	// Changed is the policy that someone has set since the run read it, and that stays:
	// the mark would name another one as its owner's. Empty: nobody has.
	Changed maintenance.AutomaticUpdatePolicy `json:"changed,omitempty"`
}

// HoldAutomaticUpdates marks the gateway, and only then sets the mark's policy. Where
// there is no room for the mark, or AWS refuses it, the policy is not changed. It may be
// repeated. A gateway that another run has marked meanwhile is names.TypeMarked.
func (a *StorageGateway) HoldAutomaticUpdates(
	ctx context.Context, in MarkedPolicyInput,
) (out HoldAutomaticUpdatesOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	tags, err := a.tags(ctx, in.Gateway)
	if err != nil {
		return out, err
	}
	found, err := maintenance.PolicyMarkOf(in.Gateway.ID(), tags)
	switch {
	case err != nil:
		return out, err
	case found == nil:
		var now maintenance.AutomaticUpdatePolicy
		if now, err = a.automaticUpdates(ctx, in.Gateway); err != nil {
			return out, err
		}
		if now != in.Mark.Owner {
			out.Changed = now
			return out, nil
		}
		if out.NotHeld, err = a.mark(ctx, in, tags); err != nil || out.NotHeld != "" {
			return out, err
		}
	case *found != in.Mark:
		return out, markedByAnother(in, *found)
	}
	_, err = a.setAutomaticUpdates(ctx, in, "", in.Mark.Set)
	return out, err
}

// mark writes the mark, or says why the gateway cannot have it.
func (a *StorageGateway) mark(
	ctx context.Context, in MarkedPolicyInput, tags map[string]string,
) (refused string, err error) {
	if full := maintenance.TagRoom(tags); full != "" {
		return full, nil
	}
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return "", err
	}
	value, err := in.Mark.Value()
	if err == nil {
		set := func(ctx context.Context, arn string) (struct{}, error) {
			return struct{}{}, cloud.Tag(ctx, arn, maintenance.AutomaticUpdatesTag, value)
		}
		_, err = call(ctx, set, in.Gateway.ARN)
	}
	if refusesTag(err) {
		return err.Error(), nil
	}
	return "", repeatable(err)
}

// RestoreAutomaticUpdatesOutput is the policy as it is now.
type RestoreAutomaticUpdatesOutput struct {
	AutomaticUpdates maintenance.AutomaticUpdatePolicy `json:"automaticUpdates,omitempty"`
	// Restored is true where it was still as the run had set it; else someone has
	// changed it since, and it stays.
	Restored bool `json:"restored,omitempty"`
}

// RestoreAutomaticUpdates puts back the policy that was there before the mark, where it is
// still as the mark's run set it, and only then removes the mark. It may be repeated. A
// gateway that another run has marked meanwhile is left alone: names.TypeMarked.
func (a *StorageGateway) RestoreAutomaticUpdates(
	ctx context.Context, in MarkedPolicyInput,
) (out RestoreAutomaticUpdatesOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	tags, err := a.tags(ctx, in.Gateway)
	if err != nil {
		return out, err
	}
	found, unreadable := maintenance.PolicyMarkOf(in.Gateway.ID(), tags)
	if found != nil && *found != in.Mark {
		return out, markedByAnother(in, *found)
	}
	if out.AutomaticUpdates, err = a.setAutomaticUpdates(ctx, in, in.Mark.Set, in.Mark.Owner); err != nil {
		return out, err
	}
	out.Restored = out.AutomaticUpdates == in.Mark.Owner
	if found == nil {
		return out, unreadable // a mark that someone spoilt is not ours to remove
	}
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return out, err
	}
	remove := func(ctx context.Context, arn string) (struct{}, error) {
		return struct{}{}, cloud.Untag(ctx, arn, maintenance.AutomaticUpdatesTag)
	}
	_, err = call(ctx, remove, in.Gateway.ARN)
	return out, repeatable(err)
}

// setAutomaticUpdates sets AWS's policy for the gateway, and says which it is then. It
// changes nothing where it is so already, or where it is not the one that it is to follow
// (empty: any).
func (a *StorageGateway) setAutomaticUpdates(
	ctx context.Context, in MarkedPolicyInput, from, to maintenance.AutomaticUpdatePolicy,
) (maintenance.AutomaticUpdatePolicy, error) {
	now, err := a.automaticUpdates(ctx, in.Gateway)
	if err != nil || now == to || from != "" && now != from {
		return now, err
	}
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return "", err
	}
	set := func(ctx context.Context, arn string) (struct{}, error) {
		return struct{}{}, cloud.SetAutomaticUpdates(ctx, arn, to)
	}
	if _, err = call(ctx, set, in.Gateway.ARN); err != nil {
		return "", repeatable(fmt.Errorf("set automatic updates to %s: %w", to, err))
	}
	return to, nil
}

// automaticUpdates is AWS's policy for the gateway. One that AWS does not say is an error.
func (a *StorageGateway) automaticUpdates(
	ctx context.Context, ref maintenance.GatewayRef,
) (maintenance.AutomaticUpdatePolicy, error) {
	raw, err := a.rawSchedule(ctx, ref)
	if err == nil && raw.AutomaticUpdates == "" {
		err = fmt.Errorf("%w: AWS does not say what the automatic updates of %s are", maintenance.ErrUnavailable, ref.ID())
	}
	return raw.AutomaticUpdates, err
}

func markedByAnother(in MarkedPolicyInput, found maintenance.PolicyMark) error {
	return fmt.Errorf("%w: %s has marked the automatic updates of %s in the meantime; this run does not change them", errMarked, found.Mark, in.Gateway.ID())
}
