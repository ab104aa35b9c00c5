package alertmanager_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/test/monitoring"
)

func TestARealAlertmanager(t *testing.T) {
	t.Parallel()
	at := monitoring.Alertmanager(t)
	s := open(t, at)
	require.NoError(t, s.Try(t.Context()))
	monitoring.Fire(t, at,
		monitoring.Labels{"alertname": "Slow", "gateway": "sgw-1"},
		monitoring.Labels{"alertname": "Slow", "gateway": `s"2`},
		monitoring.Labels{"alertname": "Full", "gateway": "sgw-1", "severity": "critical"})
	names := func(matchers ...health.Matcher) (all []string) {
		found, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{Matchers: matchers})
		require.NoError(t, err)
		for _, a := range found {
			require.False(t, a.StartsAt.IsZero())
			all = append(all, a.Labels)
		}
		return all
	}
	ours := health.Matcher{Name: "gateway", Value: "sgw-1"}
	require.Equal(t, []string{`{alertname="Full", gateway="sgw-1", severity="critical"}`, `{alertname="Slow", gateway="sgw-1"}`}, names(ours))
	require.Equal(t, []string{`{alertname="Slow", gateway="s\"2"}`}, names(health.Matcher{Name: "gateway", Value: `s"2`}))
	require.Equal(t, []string{`{alertname="Slow", gateway="sgw-1"}`}, names(ours, health.Matcher{Name: "severity", Value: "critical|page", Regex: true, Negative: true}))
	require.Empty(t, names(health.Matcher{Name: "gateway", Value: "sgw-9"}))

	_, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{Matchers: []health.Matcher{{Name: "a", Value: "(", Regex: true}}})
	require.ErrorIs(t, err, maintenance.ErrInvalid)
}

// The whole life of a mute: created, found again, lengthened, expired, and expired again.
func TestASilenceOfARealAlertmanager(t *testing.T) {
	t.Parallel()
	at := monitoring.Alertmanager(t)
	s := open(t, at)
	monitoring.Fire(t, at, monitoring.Labels{"alertname": "Slow", "gateway": "sgw-1"})
	want := silence()
	want.StartsAt, want.EndsAt = time.Now().UTC().Truncate(time.Millisecond), time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	id, err := s.PutSilence(t.Context(), want)
	require.NoError(t, err)

	isOurs := func(comment string) bool { return comment == "ours" }
	find := func() health.Silence {
		found, err := s.Silences(t.Context(), isOurs)
		require.NoError(t, err)
		require.Len(t, found, 1)
		return found[0]
	}
	got := find()
	require.WithinDuration(t, want.StartsAt, got.StartsAt, time.Minute, "Alertmanager starts none in the past")
	want.ID, want.StartsAt = id, got.StartsAt
	require.Equal(t, want, got)
	require.Eventually(t, func() bool {
		found, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{})
		return err == nil && len(found) == 1 && len(found[0].SilencedBy) == 1 && found[0].SilencedBy[0].Comment == "ours"
	}, time.Minute, 20*time.Millisecond, "the alert is there, with whose silence keeps it quiet")

	want.EndsAt = want.EndsAt.Add(time.Hour)
	same, err := s.PutSilence(t.Context(), want)
	require.NoError(t, err)
	require.Equal(t, id, same, "a later end changes the silence that there is")
	require.Equal(t, want.EndsAt, find().EndsAt)

	require.NoError(t, s.ExpireSilence(t.Context(), id))
	require.True(t, find().Expired)
	require.NoError(t, s.ExpireSilence(t.Context(), id), "again")
	require.NoError(t, s.ExpireSilence(t.Context(), anID), "one that never was")
	require.Eventually(t, func() bool {
		found, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{})
		return err == nil && len(found) == 1 && len(found[0].SilencedBy) == 0
	}, time.Minute, 20*time.Millisecond)
	none, err := s.Silences(t.Context(), func(comment string) bool { return comment == "another's" })
	require.NoError(t, err)
	require.Empty(t, none)
}
