package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// CallTimeout is the longest deadline of one outward call.
const CallTimeout = 20 * time.Second

// limited gives an outward call its own deadline: a fifth of the attempt's
// time, so that a hung connection ends as an answer and not as a lost activity.
// The SDKs have none of their own by default.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	info := activity.GetInfo(ctx)
	return context.WithTimeout(ctx, min(CallTimeout, info.StartToCloseTimeout/5))
}

// call makes one outward call under its own deadline.
func call[A, T any](ctx context.Context, do func(context.Context, A) (T, error), a A) (T, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	if err := inTime(ctx); err != nil {
		var none T
		return none, err
	}
	return do(ctx, a)
}

// call2 is call for two arguments.
func call2[A, B, T any](ctx context.Context, do func(context.Context, A, B) (T, error), a A, b B) (T, error) {
	return call(ctx, func(ctx context.Context, a A) (T, error) { return do(ctx, a, b) }, a)
}

// inTime refuses to start a call when its attempt is over. A worker that stood
// still, on a machine that was paused, goes on where it was before any timer has
// noticed; meanwhile its attempt was given up, looked after, and perhaps sent
// again. Round drops the clock that stands still too.
func inTime(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Round(0).Before(deadline.Round(0)) { //nolint:forbidigo // a context counts by the machine's clock
		return fmt.Errorf("the attempt had ended before the call: %w", context.DeadlineExceeded)
	}
	return nil
}

// Lookup is the input of an activity that reads one gateway.
type Lookup struct {
	Gateway maintenance.GatewayRef `json:"gateway"`
	Pace    maintenance.Pace       `json:"pace,omitzero"`
}
