package activities

import (
	"context"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// CallTimeout is the deadline of one outward call. The SDKs have none of their
// own by default; it stays well below every activity's StartToClose timeout,
// so that a hung connection ends as an answer and not as a lost activity.
const CallTimeout = 20 * time.Second

// call makes one outward call under its own deadline.
func call[A, T any](ctx context.Context, do func(context.Context, A) (T, error), a A) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	return do(ctx, a)
}

// call2 is call for two arguments.
func call2[A, B, T any](ctx context.Context, do func(context.Context, A, B) (T, error), a A, b B) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	return do(ctx, a, b)
}

// notAfter refuses to begin at or after an instant. The check stands in the
// activity, next to the call, because an activity may have lain in its queue
// for hours. A zero instant does not limit.
func (now Clock) notAfter(limit time.Time) error {
	if limit.IsZero() || now().Before(limit) {
		return nil
	}
	return errWindowMissed
}

// Lookup is the input of an activity that reads one gateway.
type Lookup struct {
	Gateway maintenance.GatewayRef `json:"gateway"`
	Pace    maintenance.Pace       `json:"pace,omitzero"`
}
