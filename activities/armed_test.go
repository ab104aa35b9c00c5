package activities_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// armed is a rig in a bubble, whose clocks run, with a trigger that has its time ahead.
func armed(t *testing.T, ahead time.Duration) (*rig, activities.TriggerUpdateInput) {
	t.Helper()
	r := newRig(t)
	r.clock = func() time.Time {
		now := time.Now() //nolint:forbidigo // the bubble's clock
		if r.stood > 0 {
			now = now.Round(0).Add(r.stood)
		}
		return now
	}
	r.now = r.clock().Round(0).UTC()
	r.ahead = activities.ArmAhead
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(rawSchedule())
	in := trigger()
	in.From, in.NotAfter = r.now.Add(ahead), r.now.Add(ahead+time.Hour)
	window, err := maintenance.ParseSchedule(rawSchedule(), "")
	require.NoError(t, err)
	in.Window = &window
	return r, in
}

// standStill has the machine go on some time later.
func standStill(r *rig, d time.Duration) { r.stood = d }

func rawSchedule() maintenance.RawSchedule {
	return maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(2), Minute: new(0), Timezone: "GMT"}
}

func TestAnArmedTriggerIsSentAtItsTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*rig, *activities.TriggerUpdateInput)
		late    time.Duration // after From
	}{
		"at its first time": {func(*rig, *activities.TriggerUpdateInput) {}, 0},
		"in its slot":       {func(r *rig, _ *activities.TriggerUpdateInput) { r.slot = time.Second }, time.Second},
		"the worker's clock is 30 s ahead": {func(r *rig, _ *activities.TriggerUpdateInput) {
			r.clock = func() time.Time { return time.Now().Add(30 * time.Second) } //nolint:forbidigo // the bubble's clock
		}, 0},
		"the worker's clock is 30 s behind": {func(r *rig, _ *activities.TriggerUpdateInput) {
			r.clock = func() time.Time { return time.Now().Add(-30 * time.Second) } //nolint:forbidigo // as above
		}, 0},
		"AWS goes first": {func(_ *rig, in *activities.TriggerUpdateInput) { in.Settle = maintenance.Duration(time.Minute) }, 0},
		"heartbeats fail for a while": {func(r *rig, _ *activities.TriggerUpdateInput) {
			n := 0
			r.beat = func() error {
				if n++; n == 2 {
					return serviceerror.NewUnavailable("cut off")
				}
				return nil
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, in := armed(t, 15*time.Second)
				tc.arrange(r, &in)
				start := time.Now() //nolint:forbidigo // the bubble's clock
				out, err := run(t, r, r.gateways.TriggerUpdate, in)
				require.NoError(t, err)
				require.True(t, out.Sent)
				require.Equal(t, 15*time.Second+tc.late, time.Since(start)) //nolint:forbidigo // as above
				require.Len(t, r.aws.sent, 1)
				require.Len(t, r.slots, 1)
				last, ok := r.heartbeats[len(r.heartbeats)-1].(activities.Armed)
				require.True(t, ok)
				require.False(t, last.Sending.IsZero(), "what is about to be sent is recorded")
			})
		})
	}
}

// Nobody waits in a worker for long: the attempt comes back before its time.
func TestAnArmedTriggerComesBackShortlyBeforeItsTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ slot, back time.Duration }{
		"at the opening":       {0, 2*time.Minute - 20*time.Second},
		"some seconds after":   {4 * time.Second, 2*time.Minute + 4*time.Second - 16*time.Second},
		"long after, by rates": {time.Minute, 3*time.Minute - 10*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, in := armed(t, 2*time.Minute)
				r.slot = tc.slot
				_, err := run(t, r, r.gateways.TriggerUpdate, in)
				require.Equal(t, tc.back, requireKind(t, err, names.TypeNotReady).NextRetryDelay())
				require.Empty(t, r.aws.sent)
				require.Equal(t, []any{activities.Armed{Slot: in.From.Add(tc.slot)}}, r.heartbeats)

				r.heartbeat, r.slots = r.heartbeats[0], nil
				r.now = r.now.Add(tc.back)
				r.clock = func() time.Time { return time.Now().Add(tc.back) } //nolint:forbidigo // the bubble's clock
				out, err := run(t, r, r.gateways.TriggerUpdate, in)
				require.NoError(t, err)
				require.True(t, out.Sent)
				require.Empty(t, r.slots, "it keeps its slot")
			})
		})
	}
}

func TestAnArmedTriggerThatIsNotSent(t *testing.T) {
	t.Parallel()
	moved := rawSchedule()
	moved.Hour = new(5)
	lost := func(after int, err error) func(*rig, *activities.TriggerUpdateInput) {
		return func(r *rig, _ *activities.TriggerUpdateInput) {
			n := 0
			r.beat = func() error {
				if n++; n > after {
					return err
				}
				return nil
			}
		}
	}
	for name, tc := range map[string]struct {
		arrange func(*rig, *activities.TriggerUpdateInput)
		kind    string
	}{
		"the window has moved":          {func(r *rig, _ *activities.TriggerUpdateInput) { r.aws.schedule = says(moved) }, names.TypeChanged},
		"taken back at once":            {lost(0, temporal.NewCanceledError()), names.TypeDisarmed},
		"taken back while it waits":     {lost(1, temporal.NewCanceledError()), names.TypeDisarmed},
		"taken back just before it":     {lost(3, temporal.NewCanceledError()), names.TypeDisarmed},
		"given up by Temporal":          {lost(2, serviceerror.NewNotFound("no such activity")), names.TypeUnavailable},
		"cut off from Temporal":         {lost(1, errors.New("no route to host")), names.TypeUnavailable},
		"the gateway is away":           {func(r *rig, _ *activities.TriggerUpdateInput) { r.aws.gateway = says(gatewayAway()) }, names.TypeNotReady},
		"no time is left in the window": {func(_ *rig, in *activities.TriggerUpdateInput) { in.NotAfter = in.From }, names.TypeWindowMissed},
		"its slot is past the window": {func(r *rig, in *activities.TriggerUpdateInput) {
			r.slot, in.NotAfter = 2*time.Second, in.From.Add(time.Second)
		}, names.TypeWindowMissed},
		"the machine was paused until after the window": {func(r *rig, _ *activities.TriggerUpdateInput) {
			r.beat = func() error {
				standStill(r, 2*time.Hour)
				return nil
			}
		}, names.TypeWindowMissed},
		"the machine was paused, and the lease is over": {func(r *rig, _ *activities.TriggerUpdateInput) {
			n := 0
			r.beat = func() error {
				if n++; n == 4 { // the one that says that it sends: the answer comes late
					standStill(r, 11*time.Second)
				}
				return nil
			}
		}, names.TypeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, in := armed(t, 15*time.Second)
				tc.arrange(r, &in)
				_, err := run(t, r, r.gateways.TriggerUpdate, in)
				_ = requireKind(t, err, tc.kind)
				require.Empty(t, r.aws.sent)
			})
		})
	}
}

// AWS's own update shows some time after the window's start: the gateway is read after that, and
// shortly before the trigger.
func TestTheGatewayIsReadAfterAWSsOwnStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, in := armed(t, 20*time.Second)
		in.Settle = maintenance.Duration(time.Minute)
		start := time.Now() //nolint:forbidigo // the bubble's clock
		r.aws.gateway = says(gatewayAfter())
		out, err := run(t, r, r.gateways.TriggerUpdate, in)
		require.NoError(t, err)
		require.Equal(t, maintenance.EvidenceUpdated, out.Evidence)
		require.Empty(t, r.aws.sent)
		require.Equal(t, 15*time.Second, time.Since(start), "when it was read") //nolint:forbidigo // as above
	})
}

// What an attempt recorded before it ended without having sent is taken back by the next one, before it reads: if that
// one is lost, nothing was sent.
func TestWhatAnAttemptIntendedIsTakenBackByTheNextOne(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"sent when it may": 0, "armed": 15 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, in := armed(t, ahead)
				slot := in.From
				if ahead == 0 {
					in.From, in.Window, slot = time.Time{}, nil, time.Time{}
				}
				r.heartbeat = activities.Armed{Slot: slot, Sending: r.now}
				r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrThrottled)
				_, err := run(t, r, r.gateways.TriggerUpdate, in)
				_ = requireKind(t, err, names.TypeThrottled)
				require.NotEmpty(t, r.heartbeats)
				require.Equal(t, activities.Armed{Slot: slot}, r.heartbeats[0])
			})
		})
	}
}
