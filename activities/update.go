package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// TriggerUpdateInput asks for a gateway's software update to start.
type TriggerUpdateInput struct {
	Lookup
	Baseline maintenance.Baseline `json:"baseline"`
	// NotAfter is the time from which it is too late in this window; zero
	// does not limit.
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Settle is how long a gateway that is back from AWS's own update may still
	// show the software that it ran before.
	Settle maintenance.Duration `json:"settle,omitempty"`
}

// TriggerUpdateOutput says what was found, and whether a trigger was sent.
type TriggerUpdateOutput struct {
	Sent     bool                 `json:"sent"`
	Evidence maintenance.Evidence `json:"evidence"` // from the poll before
	// Gateway is that of the poll before, where nothing was sent.
	Gateway maintenance.Gateway `json:"gateway,omitzero"`
}

// TriggerUpdate reads the gateway and, only where it still needs the
// update, sends UpdateGatewaySoftwareNow, once. AWS may have made the update
// itself at the window's start: then nothing is sent. A gateway that is away
// is waited for: it may be restarting into AWS's own update.
func (a *StorageGateway) TriggerUpdate(
	ctx context.Context, in TriggerUpdateInput,
) (out TriggerUpdateOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Gateways(in.Gateway.Account)
	if err != nil {
		return out, err
	}
	if err := a.Now.notAfter(in.NotAfter); err != nil {
		return out, err
	}
	if out.Gateway, err = call(ctx, cloud.Gateway, in.Gateway.ARN); err != nil {
		if judge(err).kind == names.TypeNotReady {
			activity.RecordHeartbeat(ctx, sighting{Away: true})
		}
		return out, err
	}
	out.Evidence = maintenance.Judge(in.Baseline, out.Gateway)
	switch out.Evidence {
	case maintenance.EvidenceUpdated, maintenance.EvidenceWithdrawn:
		return out, nil
	case maintenance.EvidenceAway:
		activity.RecordHeartbeat(ctx, sighting{Away: true})
		return out, notYet("the gateway is in state %s", out.Gateway.State)
	case maintenance.EvidenceNone:
		if a.Now().Before(a.Now.back(ctx).Add(in.Settle.Std())) {
			return out, notYet("the gateway is just back, and may still show the software that it ran before")
		}
	}
	if err := a.Now.notAfter(in.NotAfter); err != nil {
		return out, err
	}
	send := func(ctx context.Context, arn string) (bool, error) { return true, cloud.UpdateSoftware(ctx, arn) }
	out.Gateway = maintenance.Gateway{}
	out.Sent, err = call(ctx, send, in.Gateway.ARN)
	return out, err
}

// sighting is what one attempt of TriggerUpdate passes to the next, by its heartbeat.
type sighting struct {
	Away bool      `json:"away"`          // the gateway was away
	Back time.Time `json:"back,omitzero"` // or: when it was first seen back
}

// back is when the gateway was first seen back; zero where it was not away.
func (now Clock) back(ctx context.Context) time.Time {
	var seen sighting
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &seen) != nil {
		return time.Time{}
	}
	if seen.Away {
		seen = sighting{Back: now()}
	}
	activity.RecordHeartbeat(ctx, seen)
	return seen.Back
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
	// Seen is when other updates ended, counted from their trigger.
	Seen []maintenance.Span `json:"seen,omitempty"`
}

// AwaitUpdatedOutput is the gateway after its update.
type AwaitUpdatedOutput struct {
	Gateway maintenance.Gateway `json:"gateway"`
	// Evidence is EvidenceUpdated, or EvidenceWithdrawn where nothing changed
	// and the update is no longer on offer.
	Evidence maintenance.Evidence `json:"evidence"`
	// Ended is when it was updated, after the start of the wait.
	Ended maintenance.Span `json:"ended,omitzero"`
}

// AwaitUpdated ends when the gateway runs and its version or the date of its
// last update differs from the baseline, on several polls in a row. RUNNING
// alone proves nothing. Where nothing at all has happened by StartBy it fails
// with names.TypeNoEffect.
func (a *StorageGateway) AwaitUpdated(ctx context.Context, in AwaitUpdatedInput) (out AwaitUpdatedOutput, err error) {
	defer learned(ctx, in.Pace, in.Seen, &err)
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
	if err == nil && out.Evidence == maintenance.EvidenceUpdated {
		out.Ended = maintenance.SpanOf(seen.NotDone, now)
	} else {
		seen.NotDone = now
	}
	activity.RecordHeartbeat(ctx, seen)
	switch {
	case err != nil:
		return out, err
	case out.Evidence == maintenance.EvidenceUpdated:
		err = steady(ctx, cloud, in, &out)
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
