package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// TriggerUpdateInput asks for a gateway's software update to start.
type TriggerUpdateInput struct {
	Lookup
	Baseline maintenance.Baseline `json:"baseline"`
	// From is the first time at which it may be sent; zero: it may be sent now.
	From time.Time `json:"from,omitzero"`
	// Window is the gateway's, as the run knows it, where From is given; Prefer is
	// the policy's.
	Window *maintenance.Schedule  `json:"window,omitempty"`
	Prefer maintenance.Recurrence `json:"prefer,omitempty"`
	// NotAfter is the time from which it is too late in this window; zero
	// does not limit.
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Settle is how long a gateway that is back from AWS's own update may still
	// show the software that it ran before.
	Settle maintenance.Duration `json:"settle,omitempty"`
	// Guard is what it has to pass before it is sent; nil: nothing.
	Guard *checks.Guard `json:"guard,omitempty"`
}

// TriggerUpdateOutput says what was found, and whether a trigger was sent.
type TriggerUpdateOutput struct {
	Sent     bool                 `json:"sent"`
	Evidence maintenance.Evidence `json:"evidence"` // from the poll before
	// Gateway is that of the poll before, where nothing was sent.
	Gateway maintenance.Gateway `json:"gateway,omitzero"`
	// Seen is what the guard has found out, of this attempt or one before; nil: it was not asked. It is also in the
	// details of an error, and in the heartbeat.
	Seen *checks.Seen `json:"seen,omitempty"`
}

// TriggerUpdate sends UpdateGatewaySoftwareNow, once, at its time, where the
// gateway still needs the update. AWS may have made the update itself at the
// window's start: then nothing is sent. A gateway that is away is waited for: it
// may be restarting into AWS's own update.
//
// One that has its time ahead is armed: it takes a slot of the account's rate,
// comes back 10 to 20 seconds before it (see ArmAhead), reads the window and the gateway again, and waits
// in the worker. It sends only while it holds its lease (see lease).
//
// Where the account's owner demands signed approvals it ends with names.TypeNotApproved without them: see
// signatures.Authority. Nothing in its input can change that.
//
// The last thing before it sends is its guard: the health checks are asked, and the alarms are muted. Where a check
// does not pass it ends with names.TypeBlocked, and nothing was sent.
func (a *StorageGateway) TriggerUpdate(
	ctx context.Context, in TriggerUpdateInput,
) (out TriggerUpdateOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	l := a.newLease(ctx)
	defer func() { out.Seen, err = l.note.Seen, l.note.Seen.Carrying(err) }()
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return out, err
	}
	if !in.NotAfter.IsZero() && !in.From.Before(in.NotAfter) || l.tooLate(in.NotAfter) {
		return out, missed(l.note.Seen)
	}
	if err := l.intendNothing(ctx); err != nil {
		return out, err
	}
	if !in.From.IsZero() {
		if err := a.takeSlot(ctx, l, in); err != nil {
			return out, err
		}
		defer a.Turns.Claim(in.Gateway.Account, time.Now().Add(l.note.Slot.Sub(l.earliest())))() //nolint:forbidigo // timers run by the machine's clock
		if err := a.readAhead(ctx, l, in); err != nil {
			return out, err
		}
	}
	if err := a.Authority.MayChange(ctx, in.Gateway.Account, in.Gateway.ID()); err != nil {
		return out, err
	}
	out.Evidence, out.Gateway, err = a.readBefore(ctx, l, cloud, in)
	if err != nil || out.Evidence != maintenance.EvidenceNone {
		return out, err
	}
	out.Gateway = maintenance.Gateway{}
	if err := a.guard(ctx, l, in.Guard); err != nil {
		return out, err
	}
	out.Sent, err = a.send(ctx, l, cloud, in)
	return out, err
}

// missed is the error of a change for which it is too late: where its alarms could not be muted, since that kept it
// back.
func missed(seen *checks.Seen) error {
	if seen == nil || seen.Refused == "" {
		return errWindowMissed
	}
	return fmt.Errorf("%w: %s", errWindowMissed, seen.Refused)
}

// guard asks the health checks, and mutes. What was answered is in the note before anything is sent.
func (a *StorageGateway) guard(ctx context.Context, l *lease, g *checks.Guard) (err error) {
	if g == nil {
		return nil
	}
	err = l.beat(ctx)
	if err == nil {
		l.note.Seen, err = a.Checks.Ask(ctx, l.ofChecks(), *g, l.note.Seen)
	}
	if err == nil {
		l.note.Seen.Muted = l.note.Seen.Muted || len(g.Mute.Mutes) > 0
		err = l.beat(ctx)
	}
	if err == nil && len(g.Mute.Mutes) > 0 {
		err = errors.Join(repeatable(a.Checks.Mute(ctx, *g, l.note.Seen)), l.beat(ctx))
	}
	return err
}

// takeSlot takes a slot, and ends the attempt where that is far ahead: the next one
// starts when the window is to be read again. Nobody waits in a worker until then.
func (a *StorageGateway) takeSlot(ctx context.Context, l *lease, in TriggerUpdateInput) (err error) {
	if l.note.Slot.IsZero() {
		info := activity.GetInfo(ctx)
		l.note.Slot, err = a.Slots.Slot(ctx, in.Gateway.Account, info.WorkflowExecution.RunID+"/"+info.ActivityID, in.From)
		if err != nil {
			return err
		}
	}
	if err := l.beat(ctx); err != nil {
		return err
	}
	// The readings take two calls, the triggers one: started so, they keep the
	// account's rate before the opening, and are no older than ArmAhead.
	ahead := max(a.Ahead/2, a.Ahead-l.note.Slot.Sub(in.From))
	if far := l.note.Slot.Add(-ahead).Sub(l.earliest()); far > 0 {
		return &asleep{far}
	}
	return nil
}

// readAhead reads the window again: nothing is sent where it has moved.
func (a *StorageGateway) readAhead(ctx context.Context, l *lease, in TriggerUpdateInput) error {
	bounded, cancel := l.reading(ctx)
	defer cancel()
	now, err := a.schedule(bounded, in.Gateway, in.Prefer)
	if err != nil {
		return err
	}
	if in.Window != nil && now != *in.Window {
		return fmt.Errorf("%w: the window is now %s", errChanged, now)
	}
	if in.Settle == 0 {
		return nil
	}
	// AWS may start its own update when the window opens, a settle time before From.
	return l.wait(ctx, l.note.Slot.Add(-min(lastRead, in.Settle.Std())))
}

// readBefore reads the gateway before the trigger is sent.
func (a *StorageGateway) readBefore(
	ctx context.Context, l *lease, cloud GatewayCloud, in TriggerUpdateInput,
) (evidence maintenance.Evidence, gateway maintenance.Gateway, err error) {
	bounded, cancel := l.reading(ctx)
	defer cancel()
	gateway, err = call(bounded, cloud.Gateway, in.Gateway.ARN)
	if err == nil {
		evidence = maintenance.Judge(in.Baseline, gateway)
		if evidence == maintenance.EvidenceAway {
			err = notYet("the gateway is in state %s", gateway.State)
		}
	}
	switch {
	case err != nil && judge(err).kind == names.TypeNotReady:
		l.note.Away = true
		return evidence, gateway, errors.Join(err, l.beat(ctx))
	case err != nil || evidence != maintenance.EvidenceNone:
		return evidence, gateway, err
	}
	if l.note.Away {
		l.note.Away, l.note.Back = false, l.latest()
	}
	if l.latest().Before(l.note.Back.Add(in.Settle.Std())) {
		err = notYet("the gateway is just back, and may still show the software that it ran before")
		return evidence, gateway, errors.Join(err, l.beat(ctx))
	}
	return evidence, gateway, nil
}

// send sends the trigger at its time. That it is about to is recorded first, so that an attempt
// which is lost before has certainly sent nothing.
func (a *StorageGateway) send(ctx context.Context, l *lease, cloud GatewayCloud, in TriggerUpdateInput) (bool, error) {
	ahead := intentAhead + time.Duration(spread(activity.GetInfo(ctx))*float64(intentAhead))
	if err := l.wait(ctx, l.note.Slot.Add(-ahead)); err != nil {
		return false, err
	}
	l.note.Sending = l.latest()
	if err := l.beat(ctx); err != nil {
		return false, err
	}
	if err := l.sleep(ctx, l.note.Slot); err != nil {
		return false, err
	}
	if l.tooLate(in.NotAfter) {
		return false, errWindowMissed
	}
	if l.note.Seen.Stale(l.ofChecks().Now()) {
		return false, &asleep{stopDelay} // the checks are asked again
	}
	ctx, cancel, err := l.within(ctx)
	if err != nil {
		return false, err
	}
	defer cancel()
	do := func(ctx context.Context, arn string) (bool, error) { return true, cloud.UpdateSoftware(ctx, arn) }
	return call(ctx, do, in.Gateway.ARN)
}

// AwaitUpdatedInput asks to wait until the gateway runs the new software.
type AwaitUpdatedInput struct {
	Lookup
	Baseline maintenance.Baseline `json:"baseline"`
	// StartBy is when the restart, or another sign of the update, must have
	// been seen, with continuous polling. It is Start from the
	// trigger.
	StartBy   time.Time            `json:"startBy"`
	Start     maintenance.Duration `json:"start,omitempty"`
	SteadyFor maintenance.Duration `json:"steadyFor"`
	// GatewayType is what the update takes about as long for as others.
	GatewayType string `json:"gatewayType,omitempty"`
}

// AwaitUpdatedOutput is the gateway after its update.
type AwaitUpdatedOutput struct {
	Gateway maintenance.Gateway `json:"gateway"`
	// Evidence is EvidenceUpdated, or EvidenceWithdrawn where nothing changed
	// and the update is no longer on offer.
	Evidence maintenance.Evidence `json:"evidence"`
}

// AwaitUpdated ends when the gateway runs and its version or the date of its
// last update differs from the baseline, on several polls in a row. RUNNING
// alone proves nothing. Where nothing at all has happened by StartBy it fails
// with names.TypeNoEffect.
func (a *StorageGateway) AwaitUpdated(ctx context.Context, in AwaitUpdatedInput) (out AwaitUpdatedOutput, err error) {
	update := change{"update " + in.GatewayType, a.Durations}
	defer update.learned(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return out, err
	}
	seen := a.Now.resume(ctx, in)
	err = look(ctx, cloud, in, &out)
	if err != nil && judge(err).kind != names.TypeNotReady {
		return out, err // no poll: nobody knows how the gateway is
	}
	seen.Sign = seen.Sign || isSign(out.Evidence, err)
	now := waited(activity.GetInfo(ctx))
	if err != nil || out.Evidence != maintenance.EvidenceUpdated {
		seen.NotDone = now
	}
	activity.RecordHeartbeat(ctx, seen)
	switch {
	case err != nil:
		return out, err
	case out.Evidence == maintenance.EvidenceUpdated:
		if err = steady(ctx, cloud, in, &out); err == nil {
			update.ended(ctx, seen.NotDone, now)
		}
		return out, err
	case out.Evidence == maintenance.EvidenceAway:
		return out, fmt.Errorf("%w (state %s)", maintenance.ErrNotConnected, out.Gateway.State)
	case a.Now().Before(seen.StartBy) || seen.Sign:
		return out, notYet("the gateway runs %s as before the trigger", out.Gateway.SoftwareVersion)
	case out.Evidence == maintenance.EvidenceWithdrawn:
		return out, nil
	}
	return out, fmt.Errorf("%w: %s still runs %s and was not seen to restart",
		errNoEffect, in.Gateway.ID(), out.Gateway.SoftwareVersion)
}

func look(ctx context.Context, cloud GatewayCloud, in AwaitUpdatedInput, out *AwaitUpdatedOutput) error {
	gateway, err := call(ctx, cloud.Gateway, in.Gateway.ARN)
	if err != nil {
		return err
	}
	out.Gateway, out.Evidence = gateway, maintenance.Judge(in.Baseline, gateway)
	return nil
}

// steadyPolls is how many polls in a row must prove the update after the first
// one did (Terraform asks for six good answers; a gateway can restart again
// just after it first answers).
const steadyPolls = 3

func steady(ctx context.Context, cloud GatewayCloud, in AwaitUpdatedInput, out *AwaitUpdatedOutput) error {
	for range steadyPolls {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(in.SteadyFor.Std() / steadyPolls):
		}
		if err := look(ctx, cloud, in, out); err != nil {
			return err
		}
		if out.Evidence != maintenance.EvidenceUpdated {
			return notYet("the gateway runs the new software but does not keep running")
		}
	}
	return nil
}

// watched is what one attempt knows from those before it, by their heartbeats.
type watched struct {
	// Sign: the gateway was seen away, or with the new software, so that its old
	// version, which it may show once more for some seconds, is not taken for a
	// trigger without effect.
	Sign bool      `json:"sign"`
	Last time.Time `json:"last"` // poll
	// StartBy is the input's, or later where nobody polled for a while: the
	// gateway may have gone and come back meanwhile, and show its old version
	// once more. Only time that was watched counts.
	StartBy time.Time `json:"startBy"`
	// NotDone is how long after the start of the wait the last poll found it not updated.
	NotDone time.Duration `json:"notDone,omitempty"`
}

// isSign is true for a gateway that is away, or runs the new software.
func isSign(evidence maintenance.Evidence, err error) bool {
	return err != nil || evidence == maintenance.EvidenceAway || evidence == maintenance.EvidenceUpdated
}

// resume goes on with the watch, at the poll that now starts.
func (now Clock) resume(ctx context.Context, in AwaitUpdatedInput) watched {
	w := watched{Last: in.StartBy.Add(-in.Start.Std()), StartBy: in.StartBy}
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &w) != nil {
		w.Sign = true // release 0.1.0 noted signs, and nothing else
	}
	if now().Sub(w.Last) > 2*in.Pace.Max.Std()+activity.GetInfo(ctx).StartToCloseTimeout {
		w.StartBy = now().Add(in.Start.Std())
	}
	w.Last = now()
	return w
}
