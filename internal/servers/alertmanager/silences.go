package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Silences are the silences whose comment which is true for, or all if it is nil, in the order of their start. Those
// that have ended are among them, as long as Alertmanager keeps them: five days, by default.
func (s *Server) Silences(ctx context.Context, which func(comment string) bool) ([]health.Silence, error) {
	var found []health.Silence
	err := s.client.Call(ctx, "list the silences", func(ctx context.Context) error {
		listed, err := s.api.Silence.GetSilences(silence.NewGetSilencesParams().WithContext(ctx))
		if err != nil {
			return inItsWords(err)
		}
		for _, one := range listed.Payload {
			if one == nil || one.ID == nil || one.Status == nil || one.Status.State == nil || one.Comment == nil {
				return errors.New("a silence has no id, no state or no comment")
			}
			if which == nil || which(*one.Comment) {
				found = append(found, silenceOf(one))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b health.Silence) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), strings.Compare(a.ID, b.ID))
	})
	return found, nil
}

func silenceOf(s *models.GettableSilence) health.Silence {
	found := health.Silence{
		ID: *s.ID, StartsAt: timeOf(s.StartsAt), EndsAt: timeOf(s.EndsAt), Comment: *s.Comment,
		Expired: *s.Status.State == models.SilenceStatusStateExpired,
	}
	if s.CreatedBy != nil {
		found.CreatedBy = *s.CreatedBy
	}
	for _, m := range s.Matchers {
		if m == nil || m.Name == nil || m.Value == nil || m.IsRegex == nil {
			continue
		}
		found.Matchers = append(found.Matchers, health.Matcher{
			Name: *m.Name, Value: *m.Value, Regex: *m.IsRegex, Negative: m.IsEqual != nil && !*m.IsEqual,
		})
	}
	return found
}

// PutSilence creates a silence, or changes the one whose ID it has, and answers the id. Alertmanager gives it another
// one where a change is more than a later end. A silence has no idempotency token: after ErrUnknownOutcome look for it
// by its comment before it is sent again. A silence that has expired is not changed: ErrNotFound, or a new one.
func (s *Server) PutSilence(ctx context.Context, want health.Silence) (id string, err error) {
	if len(want.Matchers) == 0 || !want.EndsAt.After(want.StartsAt) || want.Comment == "" || want.CreatedBy == "" {
		return "", s.client.Refuse("create a silence", errors.New("a silence has matchers, an end after its start, a comment and an author"))
	}
	params := silence.NewPostSilencesParams().WithSilence(&models.PostableSilence{
		ID: want.ID,
		Silence: models.Silence{
			Comment: &want.Comment, CreatedBy: &want.CreatedBy, Matchers: matchersOf(want.Matchers),
			StartsAt: dateTime(want.StartsAt), EndsAt: dateTime(want.EndsAt),
		},
	})
	err = s.client.CallOnce(ctx, "create a silence", func(ctx context.Context) error {
		made, err := s.api.Silence.PostSilences(params.WithContext(ctx))
		if err != nil {
			return inItsWords(err)
		}
		if made.Payload == nil || made.Payload.SilenceID == "" {
			return errors.New("it names no silence")
		}
		id = made.Payload.SilenceID
		return nil
	})
	return id, err
}

func dateTime(t time.Time) *strfmt.DateTime {
	to := strfmt.DateTime(t.UTC())
	return &to
}

func matchersOf(all []health.Matcher) models.Matchers {
	matchers := make(models.Matchers, len(all))
	for i, m := range all {
		isEqual := !m.Negative
		matchers[i] = &models.Matcher{Name: &m.Name, Value: &m.Value, IsRegex: &m.Regex, IsEqual: &isEqual}
	}
	return matchers
}

// ExpireSilence ends a silence. Repeating it does no harm: one that has ended, or that Alertmanager no longer has,
// counts as ended.
func (s *Server) ExpireSilence(ctx context.Context, id string) error {
	if !strfmt.IsUUID(id) {
		return s.client.Refuse("expire a silence", maintenance.Invalid("silence", id, "a silence's id, which is a UUID"))
	}
	err := s.client.Call(ctx, "expire silence "+id, func(ctx context.Context) error {
		params := silence.NewDeleteSilenceParams().WithContext(ctx).WithSilenceID(strfmt.UUID(id))
		_, err := s.api.Silence.DeleteSilence(params)
		return inItsWords(err)
	})
	if err == nil {
		return nil
	}
	ended, look := s.ended(ctx, id)
	if look != nil || !ended {
		return err
	}
	return nil
}

// ended is true for a silence that is over or unknown. Alertmanager says of one that is over that it was not found, or
// that it failed, by its version.
func (s *Server) ended(ctx context.Context, id string) (bool, error) {
	all, err := s.Silences(ctx, nil)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(one health.Silence) bool { return one.ID == id })
	return i < 0 || all[i].Expired, nil
}

// Try finds out whether the server can be asked at all.
func (s *Server) Try(ctx context.Context) error {
	_, err := s.Silences(ctx, func(string) bool { return false })
	return err
}
