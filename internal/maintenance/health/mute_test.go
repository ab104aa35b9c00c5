package health_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestAMuteSelectsWhatBelongsToItsTarget(t *testing.T) {
	t.Parallel()
	silence := health.Mute{Alertmanager: &health.AlertSelector{Server: "prod", Matchers: []health.Template{`gateway="{{gateway}}"`}}}
	asked, err := silence.Ask(till("till"))
	require.NoError(t, err)
	require.Equal(t, health.AlertmanagerQuestion{Server: "prod", Matchers: []health.Matcher{{Name: "gateway", Value: "sgw-12A3456B"}}}, *asked.Alertmanager)
	rule := health.Mute{Alarms: &health.AlarmSelector{Account: "ops", Prefix: "{{gateway}}-"}}
	asked, err = rule.Ask(till("till"))
	require.NoError(t, err)
	require.Equal(t, health.AlarmQuestion{Account: "ops", Prefix: "sgw-12A3456B-"}, *asked.Alarms)
}

func TestAMuteOutlivesTheWork(t *testing.T) {
	t.Parallel()
	after := func(m health.Moment, within time.Duration) health.Check {
		return health.Check{At: []health.Moment{m}, Within: maintenance.Duration(within)}.WithDefaults()
	}
	slow, quick, before := after(health.AtAfter, time.Hour), after(health.AtAfter, 0), after(health.AtBefore, 3*time.Hour)
	for _, tc := range []struct {
		latest time.Time
		takes  time.Duration
		checks []health.Check
		until  time.Duration // after noon
	}{
		{latest: noon, until: 10 * time.Minute},
		{latest: noon.Add(1), until: 11 * time.Minute},
		{latest: noon.Add(time.Minute), until: 11 * time.Minute},
		{latest: noon, takes: time.Hour, until: 70 * time.Minute},
		{latest: noon, takes: time.Hour, checks: []health.Check{before}, until: 70 * time.Minute},
		{latest: noon, takes: time.Hour, checks: []health.Check{quick, slow, before}, until: 132 * time.Minute},
	} {
		require.Equal(t, noon.Add(tc.until), health.MuteUntil(tc.latest, tc.takes, tc.checks), "%+v", tc)
	}
}

// alertmanager carries out what was decided.
type alertmanager struct {
	silences []health.Silence
	next     int
}

func (a *alertmanager) apply(change health.SilenceChange) {
	for i, s := range a.silences {
		if slices.Contains(change.Expire, s.ID) {
			a.silences[i].Expired = true
		}
	}
	if change.Set == nil {
		return
	}
	s := *change.Set
	if i := slices.IndexFunc(a.silences, func(each health.Silence) bool { return each.ID == s.ID }); i >= 0 {
		a.silences[i] = s
		return
	}
	a.next++
	s.ID = fmt.Sprint(a.next)
	a.silences = append(a.silences, s)
}

func TestExactlyOneSilenceOfAMuteIsInForce(t *testing.T) {
	t.Parallel()
	matcher := []health.Matcher{{Name: "gateway", Value: "sgw-12A3456B"}, {Name: "env", Value: "prod"}}
	swapped := []health.Matcher{matcher[1], matcher[0]}
	rapid.Check(t, func(t *rapid.T) {
		var a alertmanager
		others := 0
		for range rapid.IntRange(0, 6).Draw(t, "silences") {
			mark := muteMark()
			mark.Number = rapid.IntRange(1, 2).Draw(t, "number")
			mark.RunID = rapid.SampledFrom([]string{mark.RunID, "earlier"}).Draw(t, "run")
			comment := rapid.SampledFrom([]string{mark.Comment(), "disk is being replaced"}).Draw(t, "comment")
			expired := rapid.Bool().Draw(t, "expired")
			if !expired && (mark.Number == 2 || comment != mark.Comment()) {
				others++
			}
			a.next++
			a.silences = append(a.silences, health.Silence{
				ID: fmt.Sprint(a.next), Comment: comment, Expired: expired, StartsAt: noon,
				Matchers: rapid.SampledFrom([][]health.Matcher{matcher, swapped, matcher[:1]}).Draw(t, "matchers"),
				EndsAt:   noon.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "hours")) * time.Hour),
			})
		}
		inForce := func() (own []health.Silence, other int) {
			for _, s := range a.silences {
				mark, ours := health.ParseMuteMark(s.Comment)
				switch {
				case s.Expired:
				case ours && mark.Number == 1:
					own = append(own, s)
				default:
					other++
				}
			}
			return own, other
		}
		until := noon.Add(2 * time.Hour)
		change := health.Silencing(muteMark(), matcher, noon, until, a.silences)
		for _, s := range a.silences {
			if s.ID == change.Keep && markOf(t, s).RunID == muteMark().RunID && s.EndsAt.After(until) {
				until = s.EndsAt // another change of the same run takes longer
			}
		}
		a.apply(change)
		own, other := inForce()
		require.Len(t, own, 1)
		require.Equal(t, others, other, "of other people, and of other mutes")
		require.Equal(t, until, own[0].EndsAt)
		require.ElementsMatch(t, matcher, own[0].Matchers)
		require.Equal(t, muteMark().RunID, markOf(t, own[0]).RunID)
		again := health.Silencing(muteMark(), matcher, noon, until, a.silences)
		require.Equal(t, health.SilenceChange{Keep: own[0].ID}, again, "nothing is left to do")

		a.apply(health.SilenceChange{Expire: health.Unsilencing(muteMark(), a.silences)})
		own, other = inForce()
		require.Empty(t, own)
		require.Equal(t, others, other)
	})
}

func TestALongerSilenceKeepsItsStart(t *testing.T) {
	t.Parallel()
	first := health.Silencing(muteMark(), nil, noon, noon.Add(time.Hour), nil)
	require.Empty(t, first.Keep)
	inForce := *first.Set
	inForce.ID = "1"
	later := health.Silencing(muteMark(), nil, noon.Add(time.Minute), noon.Add(2*time.Hour), []health.Silence{inForce})
	inForce.EndsAt = noon.Add(2 * time.Hour)
	require.Equal(t, health.SilenceChange{Keep: "1", Set: &inForce}, later)
}

func markOf(t require.TestingT, s health.Silence) health.MuteMark {
	mark, ok := health.ParseMuteMark(s.Comment)
	require.True(t, ok)
	return mark
}

func TestAMuteRuleNamesTheAlarmsThatThereAre(t *testing.T) {
	t.Parallel()
	rule, err := health.Muting(muteMark(), []health.Alarm{{Name: "b"}, {Name: "a"}, {Name: "b"}}, noon.Add(30*time.Second), noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, health.MuteRule{
		Name: "tidegate-default-sgw-12A3456B-1", Comment: muteMark().Comment(), Alarms: []string{"a", "b"}, From: noon.Add(time.Minute), Until: noon.Add(time.Hour),
	}, rule)
	later, err := health.Muting(muteMark(), []health.Alarm{{Name: "a"}, {Name: "b"}}, noon.Add(55*time.Second), noon.Add(time.Hour-time.Second))
	require.NoError(t, err)
	require.Equal(t, noon.Add(2*time.Minute), later.From, "12:00:55 is too late for 12:01")
	require.Equal(t, noon.Add(time.Hour), later.Until, "a full minute")
	require.True(t, rule.Holds(later), "it started before, and ends at the same time")
	require.False(t, later.Holds(rule))
	later.Alarms = []string{"a"}
	require.False(t, rule.Holds(later))
	other := muteMark()
	other.RunID = "another"
	later, err = health.Muting(other, []health.Alarm{{Name: "a"}, {Name: "b"}}, noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.False(t, rule.Holds(later), "the mark of another run stands there")
	for _, until := range []time.Duration{0, time.Minute, 15*24*time.Hour + 2*time.Minute} {
		_, err = health.Muting(muteMark(), []health.Alarm{{Name: "a"}}, noon, noon.Add(until))
		require.ErrorIs(t, err, maintenance.ErrInvalid, until)
	}
	_, err = health.Muting(muteMark(), nil, noon, noon.Add(time.Hour))
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	_, err = health.Muting(muteMark(), make101(), noon, noon.Add(time.Hour))
	require.ErrorContains(t, err, "101 alarms have these names or this prefix, and a mute rule takes at most 100: make the prefix longer")
}

func make101() (alarms []health.Alarm) {
	for i := range 101 {
		alarms = append(alarms, health.Alarm{Name: fmt.Sprintf("a%d", i)})
	}
	return alarms
}
