package shell

import (
	"context"
	"errors"
	"time"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
)

// Progress shows how what is followed goes on.
type Progress interface {
	Patient(now time.Time) bool // a poll now and then is enough
	Redraw(now time.Time)
	Silent(why string)
}

// Follow polls until what is followed has ended, or read says that a person has to act. What is
// followed does not depend on it. ErrLeft: the person has stopped following.
func Follow(
	ctx context.Context, p Progress, ended func(context.Context) error, read func(now time.Time) (attend bool, err error),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := make(chan error, 1)
	go func() { end <- ended(ctx) }()
	tick := time.NewTicker(operate.PollEvery)
	defer tick.Stop()
	var polled time.Time
	for {
		select {
		case err := <-end:
			switch {
			case ctx.Err() != nil:
				return ErrLeft
			case errors.Is(err, endrecord.ErrNoResult):
				return nil // it has ended, which is all that matters here
			}
			return err
		case now := <-tick.C:
			if p.Patient(now) && now.Sub(polled) < operate.PollSlowly {
				p.Redraw(now)
				continue
			}
			polled = now
			if attend, err := read(now); err != nil {
				p.Silent(maintenance.Plain(err))
			} else if attend {
				return nil
			}
		}
	}
}
