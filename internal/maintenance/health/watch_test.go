package health_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

const (
	pass   = health.OutcomePass
	fail   = health.OutcomeFail
	noData = health.OutcomeNoData
	broken = health.OutcomeError
)

// check is one at these moments that asks each 30 s.
func check(within time.Duration, failures int, noData health.NoData, at ...health.Moment) health.Check {
	return health.Check{
		Name: "orders", Within: maintenance.Duration(within), Failures: failures, NoData: noData, At: at,
		HTTP: &health.HTTPCheck{Server: "orders", Path: "/"},
	}.WithDefaults()
}

// follow gives an answer each 30 s from noon on.
func follow(c health.Check, m health.Moment, answers ...health.Outcome) (states []health.State, w health.Watch) {
	w = health.Begin(noon)
	for i, outcome := range answers {
		w = w.On(c, m, health.Answer{Outcome: outcome, At: noon.Add(time.Duration(i) * 30 * time.Second)})
		states = append(states, w.State)
	}
	return states, w
}

func TestACheckIsFollowed(t *testing.T) {
	t.Parallel()
	type states = []health.State
	for name, c := range map[string]struct {
		check   health.Check
		at      health.Moment
		answers []health.Outcome
		want    states
	}{
		"before, the last answer decides": {
			check(0, 0, "", health.AtBefore), health.AtBefore,
			[]health.Outcome{fail, broken, noData, pass, fail, pass},
			states{health.Failing, health.Failing, health.Failing, health.Passing, health.Failing, health.Passing},
		},
		"before, it has failed once its time is over": {
			check(time.Minute, 0, "", health.AtBefore), health.AtBefore,
			[]health.Outcome{fail, fail, fail, pass},
			states{health.Failing, health.Failing, health.Failed, health.Failed},
		},
		"before, it may pass at the last moment": {
			check(time.Minute, 0, "", health.AtBefore), health.AtBefore,
			[]health.Outcome{fail, fail, pass},
			states{health.Failing, health.Failing, health.Passing},
		},
		"before, data is waited for": {
			check(time.Minute, 0, health.NoDataWait, health.AtBefore), health.AtBefore,
			[]health.Outcome{noData, noData, noData},
			states{health.Waiting, health.Waiting, health.Failed},
		},
		"after, without a time, failures in a row decide": {
			check(0, 3, "", health.AtAfter), health.AtAfter,
			[]health.Outcome{fail, broken, noData},
			states{health.Failing, health.Failing, health.Failed},
		},
		"after, it has failed once its time is over and enough have failed": {
			check(time.Minute, 4, "", health.AtAfter), health.AtAfter,
			[]health.Outcome{fail, fail, fail, fail},
			states{health.Failing, health.Failing, health.Failing, health.Failed},
		},
		"after, its time is not over": {
			check(time.Hour, 1, "", health.AtAfter), health.AtAfter,
			[]health.Outcome{fail, fail, pass},
			states{health.Failing, health.Failing, health.Passing},
		},
		"after, data that never comes is a failure": {
			check(time.Minute, 3, health.NoDataWait, health.AtAfter), health.AtAfter,
			[]health.Outcome{noData, noData, noData},
			states{health.Waiting, health.Waiting, health.Failed},
		},
		"after, no data may pass": {
			check(0, 1, health.NoDataPass, health.AtAfter), health.AtAfter, []health.Outcome{noData}, states{health.Passing},
		},
		"at bake, failures in a row are final": {
			check(0, 3, "", health.AtBake), health.AtBake,
			[]health.Outcome{fail, fail, pass, fail, broken, fail, pass, pass},
			states{
				health.Suspect, health.Suspect, health.Passing, health.Suspect, health.Suspect, health.Failed, health.Failed,
				health.Failed,
			},
		},
		"at bake, missing data is no failure and no pass": {
			check(0, 2, health.NoDataWait, health.AtBake), health.AtBake,
			[]health.Outcome{pass, noData, noData, fail, noData, fail},
			states{health.Passing, health.Waiting, health.Waiting, health.Suspect, health.Waiting, health.Failed},
		},
		"for the campaign, it must pass first, and may pass again": {
			check(0, 2, "", health.AtCampaign), health.AtCampaign,
			[]health.Outcome{fail, pass, fail, pass, fail, fail, fail, pass},
			states{
				health.Failing, health.Passing, health.Suspect, health.Passing, health.Suspect, health.Failing, health.Failing,
				health.Passing,
			},
		},
	} {
		got, _ := follow(c.check, c.at, c.answers...)
		require.Equal(t, c.want, got, name)
	}
}

// A source is asked at a bounded rate, and gives the same answer to whoever asks within two seconds.
func TestAnAnswerThatIsSharedCountsOnce(t *testing.T) {
	t.Parallel()
	c := check(0, 2, "", health.AtBake)
	w := health.Begin(noon)
	for range 3 {
		w = w.On(c, health.AtBake, health.Answer{Outcome: broken, At: noon})
		require.Equal(t, health.Suspect, w.State)
	}
	w = w.On(c, health.AtBake, health.Answer{Outcome: fail, At: noon.Add(time.Second)})
	require.Equal(t, health.Failed, w.State)
}

func TestOnlyAFreshAnswerPermits(t *testing.T) {
	t.Parallel()
	for at, age := range map[health.Moment]time.Duration{
		health.AtBefore: 30 * time.Second, health.AtAfter: 2 * time.Minute, health.AtBake: 2 * time.Minute, health.AtCampaign: 2 * time.Minute,
	} {
		c := check(0, 0, "", at)
		_, w := follow(c, at, pass)
		require.True(t, w.Permits(c, at, noon.Add(age)), at)
		require.False(t, w.Permits(c, at, noon.Add(age+1)), at)
		require.False(t, health.Begin(noon).Permits(c, at, noon), "without an answer")
	}
	c := check(0, 0, "", health.AtCampaign, health.AtBake)
	_, w := follow(c, health.AtCampaign, pass, fail)
	require.True(t, w.Permits(c, health.AtCampaign, noon.Add(time.Minute)), "one failure does not stop a campaign")
	_, w = follow(c, health.AtBake, pass, fail)
	require.False(t, w.Permits(c, health.AtBake, noon.Add(time.Minute)), "and no bake ends with one")
}

func TestWhatBlocksSaysWhatWasSeenAndSinceWhen(t *testing.T) {
	t.Parallel()
	c := check(5*time.Minute, 0, "", health.AtBefore)
	asked := map[string]health.Watch{}
	gate := func(now time.Time) []health.Block {
		return health.Gate{Checks: []health.Check{c}, Watches: asked}.Blocks(health.AtBefore, now)
	}
	require.Equal(t, []health.Block{{Check: "orders", State: health.Unasked, Reason: `check "orders" has no answer yet`}}, gate(noon))
	w := health.Begin(noon)
	for i, status := range []int{200, 503, 500} {
		at := noon.Add(time.Duration(i) * time.Minute)
		w = w.On(c, health.AtBefore, c.Judge(health.AtBefore, health.Subject{}, health.Question{}, health.Reading{At: at, Status: status}, nil))
	}
	asked["orders"] = w
	require.Equal(t, []health.Block{{
		Check: "orders", State: health.Failing, Since: noon.Add(time.Minute), Until: noon.Add(5 * time.Minute),
		Reason: `check "orders": status 500 Internal Server Error, must be 200; since 2026-11-29 12:01:00Z, until 2026-11-29 12:05:00Z at the latest`,
	}}, gate(noon.Add(2*time.Minute)))
	_, asked["orders"] = follow(c, health.AtBefore, pass)
	require.Empty(t, gate(noon.Add(health.MaxAge)))
	old := gate(noon.Add(time.Minute))
	require.Len(t, old, 1)
	require.Contains(t, old[0].Reason, `check "orders" has no fresh answer: `)
	require.Contains(t, old[0].Reason, ` at 2026-11-29 12:00:00Z, which is too old to count`)
	require.Empty(t, health.Gate{Checks: []health.Check{c}, Watches: asked}.Blocks(health.AtAfter, noon), "it is not asked then")
}

// anyCheck is a check with defaults at one moment.
func anyCheck(t *rapid.T, m health.Moment) health.Check {
	noData := rapid.SampledFrom([]health.NoData{health.NoDataFail, health.NoDataPass, health.NoDataWait}).Draw(t, "no data")
	within := time.Duration(rapid.IntRange(0, 10).Draw(t, "within")) * 30 * time.Second
	c := check(within, 0, noData, m)
	if m != health.AtBefore {
		c.Failures = rapid.IntRange(1, 5).Draw(t, "failures")
	}
	return c
}

// The whole history of answers, judged at once, must agree with the watch that saw them one by one.
func TestNothingGoesOnWhileACheckFails(t *testing.T) {
	t.Parallel()
	moments := []health.Moment{health.AtBefore, health.AtAfter, health.AtBake, health.AtCampaign}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(moments).Draw(t, "moment")
		c := anyCheck(t, m)
		w, now := health.Begin(noon), noon
		var given []health.Answer
		for range rapid.IntRange(0, 15).Draw(t, "answers") {
			now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "later")) * time.Second)
			a := health.Answer{At: now, Outcome: rapid.SampledFrom([]health.Outcome{pass, fail, noData, broken}).Draw(t, "outcome")}
			given = append(given, a)
			w = w.On(c, m, a)
		}
		now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "age")) * time.Second)
		gate := health.Gate{Checks: []health.Check{c}, Watches: map[string]health.Watch{c.Name: w}}
		require.Equal(t, !mayGoOn(c, m, given, now), len(gate.Blocks(m, now)) > 0)
	})
}

// mayGoOn says it again, from all answers.
func mayGoOn(c health.Check, m health.Moment, given []health.Answer, now time.Time) bool {
	inARow, everPassed, lastPasses, lastWaits := 0, false, false, false
	for _, a := range given {
		lastPasses = a.Outcome == pass || a.Outcome == noData && c.NoData == health.NoDataPass
		lastWaits = a.Outcome == noData && c.NoData == health.NoDataWait
		late := a.At.Sub(noon) >= c.Within.Std()
		switch {
		case lastPasses:
			inARow, everPassed = 0, true
			continue
		case !lastWaits:
			inARow++
		}
		switch m {
		case health.AtBefore:
			if late && c.Within > 0 {
				return false
			}
		case health.AtAfter:
			if late && (lastWaits || inARow >= c.Failures) {
				return false
			}
		case health.AtBake:
			if !lastWaits && inARow >= c.Failures {
				return false
			}
		case health.AtCampaign:
			if lastWaits || inARow >= c.Failures {
				everPassed = false // from here on it must pass once more
			}
		}
	}
	age := 2 * time.Minute
	if m == health.AtBefore {
		age = health.MaxAge
	}
	fresh := len(given) > 0 && now.Sub(given[len(given)-1].At) <= age
	return fresh && (lastPasses || m == health.AtCampaign && everPassed && !lastWaits)
}

func TestAWaiverNamesACheckAndItsReason(t *testing.T) {
	t.Parallel()
	checks := []health.Check{check(0, 0, "", health.AtBefore), {Name: "incident", At: []health.Moment{health.AtCampaign}}}
	given, err := health.Waivers(nil).Add(checks, health.Waiver{Check: "orders", Target: "a", By: "ann", Why: "known", At: noon})
	require.NoError(t, err)
	require.Len(t, given, 1)
	for want, more := range map[string]health.Waiver{
		`needs a reason and a name`: {Check: "orders", By: "ann"},

		`the plan has no check "order": it has "orders", "incident"`: {Check: "order", By: "ann", Why: "x"},

		`check "incident" is asked for the whole campaign: waive it without a target`: {
			Check: "incident", Target: "a", By: "ann", Why: "x",
		},
		`ann has waived check "orders" already, at 2026-11-29 12:00:00Z: known`: {
			Check: "orders", Target: "a", By: "bob", Why: "x",
		},
	} {
		_, err := given.Add(checks, more)
		require.ErrorContains(t, err, want)
	}
	given, err = given.Add(checks, health.Waiver{Check: "orders", By: "ann", Why: "all of them"})
	require.NoError(t, err)
	_, is := given.Of("orders", "b")
	require.True(t, is)
	_, is = given.Of("incident", "")
	require.False(t, is)
	_, err = health.Waivers(nil).Add(nil, health.Waiver{Check: "orders"})
	require.ErrorContains(t, err, "it has none")
}

func TestAWatchTravels(t *testing.T) {
	t.Parallel()
	c := check(0, 0, "", health.AtBake)
	w := health.Begin(noon).On(c, health.AtBake, c.Judge(health.AtBake, health.Subject{}, health.Question{}, health.Reading{At: noon, Status: 503}, nil))
	text, err := json.Marshal(w)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"state": "suspect", "started": "2026-11-29T12:00:00Z", "since": "2026-11-29T12:00:00Z", "inARow": 1,
		"last": {"outcome": "fail", "at": "2026-11-29T12:00:00Z", "values": [
			{"of": "status", "number": 503, "text": "503 Service Unavailable", "limit": "200", "outcome": "fail"}
		]}}`, string(text))
	var read health.Watch
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, w, read)
}
