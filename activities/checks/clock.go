package checks

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// Clock dates answers by Temporal's clock, as one attempt knows it: they are compared with times of workflows, and with
// those of attempts on other workers, whose own clocks may be wrong.
type Clock struct {
	Local func() time.Time // this machine's
	Ahead time.Duration    // how far Temporal's is ahead of it
}

// clockOf is the clock of the attempt that has just started.
func clockOf(ctx context.Context, local func() time.Time) Clock {
	started := activity.GetInfo(ctx).StartedTime //nolint:forbidigo // the server's clock is what all is counted by
	return Clock{Local: local, Ahead: started.Sub(local())}
}

// Now is the time by Temporal's clock.
func (c Clock) Now() time.Time { return c.of(c.Local()) }

// of is a time of this machine's by Temporal's clock.
func (c Clock) of(local time.Time) time.Time { return local.Add(c.Ahead) }

// local is a time of Temporal's by this machine's clock; zero stays zero.
func (c Clock) local(server time.Time) time.Time {
	if server.IsZero() {
		return server
	}
	return server.Add(-c.Ahead)
}
