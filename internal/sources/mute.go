package sources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/alertmanager"
)

// Mute brings a mute into force until a time: a silence at once, a mute rule from the next full minute on.
func (s *Sources) Mute(
	ctx context.Context, mark health.MuteMark, selected health.Question, until time.Time,
) error {
	if selected.Alarms != nil {
		return s.muteAlarms(ctx, mark, *selected.Alarms, until)
	}
	if selected.Alertmanager == nil {
		return errNoMute
	}
	server, found, err := s.silences(ctx, mark, selected.Alertmanager.Server)
	if err != nil {
		return err
	}
	change := health.Silencing(mark, selected.Alertmanager.Matchers, s.now(), until, found)
	if change.Set == nil {
		return expire(ctx, server, change.Expire)
	}
	if _, err := server.PutSilence(ctx, *change.Set); err != nil { // first, so that there is no time without
		return err
	}
	if change.Set.ID == "" {
		// Another proxy of the run may have made one at the same time. Both read again, and keep the same.
		if _, found, err = s.silences(ctx, mark, selected.Alertmanager.Server); err != nil {
			return err
		}
		change = health.Silencing(mark, selected.Alertmanager.Matchers, s.now(), until, found)
	}
	return expire(ctx, server, change.Expire)
}

// Unmute ends a mute at once.
func (s *Sources) Unmute(ctx context.Context, mark health.MuteMark, selected health.Question) error {
	if selected.Alarms != nil {
		return s.turn(ctx, selected.Alarms.Account, func() {}, func(ctx context.Context, c Cloud) error {
			return c.DeleteMute(ctx, mark.RuleName())
		})
	}
	if selected.Alertmanager == nil {
		return errNoMute
	}
	server, found, err := s.silences(ctx, mark, selected.Alertmanager.Server)
	if err != nil {
		return err
	}
	return expire(ctx, server, health.Unsilencing(mark, found))
}

var errNoMute = fmt.Errorf("%w: alarms are muted in Alertmanager or CloudWatch only", maintenance.ErrInvalid)

// silences are those of the mute, whoever made them.
func (s *Sources) silences(
	ctx context.Context, mark health.MuteMark, name string,
) (*alertmanager.Server, []health.Silence, error) {
	server, err := s.servers.Alertmanager(name)
	if err != nil {
		return nil, nil, err
	}
	found, err := server.Silences(ctx, func(comment string) bool {
		other, ours := health.ParseMuteMark(comment)
		return ours && other.SameMute(mark)
	})
	return server, found, err
}

func expire(ctx context.Context, server *alertmanager.Server, ids []string) error {
	var errs []error
	for _, id := range ids {
		errs = append(errs, server.ExpireSilence(ctx, id))
	}
	return errors.Join(errs...)
}

// muteAlarms puts the rule. One that does already what is wanted stays: put again it would start later, and unmute the
// alarms until then.
func (s *Sources) muteAlarms(
	ctx context.Context, mark health.MuteMark, q health.AlarmQuestion, until time.Time,
) error {
	return s.turn(ctx, q.Account, func() {}, func(ctx context.Context, c Cloud) error {
		read, err := c.Alarms(ctx, q)
		if err != nil {
			return err
		}
		want, err := health.Muting(mark, read, s.now(), until)
		if err != nil {
			return fmt.Errorf("mute alarms of AWS account %q: %w", q.Account, err)
		}
		is, err := c.Mute(ctx, want.Name)
		switch {
		case err == nil && is.Holds(want):
			return nil
		case err != nil && !errors.Is(err, maintenance.ErrNotFound):
			return err
		}
		return c.PutMute(ctx, want)
	})
}
