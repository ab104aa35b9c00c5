package health_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// judge asks the check about the till and judges the reading.
func judge(t *testing.T, c health.Check, m health.Moment, r health.Reading, before *health.Answer) health.Answer {
	t.Helper()
	asked, err := c.Ask(till("till"))
	require.NoError(t, err)
	r.At = noon
	answer := c.Judge(m, till("till"), asked, r, before)
	require.Equal(t, noon, answer.At)
	return answer
}

func requireAnswer(t *testing.T, outcome health.Outcome, text string, got health.Answer) {
	t.Helper()
	require.Equal(t, outcome, got.Outcome, got.String())
	require.Equal(t, text, got.String())
}

func TestACacheIsCleanBelowItsLimit(t *testing.T) {
	t.Parallel()
	check := health.Check{Gateway: &health.GatewayCheck{CacheDirtyBelow: 5, UploadBufferBelow: 50}}
	numbers := func(dirty float64, used int64) health.Reading {
		return health.Reading{Gateway: health.GatewayNumbers{
			Cache: &health.Cache{AllocatedBytes: 1 << 30, DirtyPercent: dirty}, UploadBuffer: &health.UploadBuffer{AllocatedBytes: 400, UsedBytes: used},
		}}
	}
	requireAnswer(t, health.OutcomePass, "cache dirty 4.99%; upload buffer used 25%", judge(t, check, health.AtBefore, numbers(4.99, 100), nil))
	requireAnswer(t, health.OutcomeFail, "cache dirty 5%, must be below 5%", judge(t, check, health.AtBefore, numbers(5, 100), nil))
	requireAnswer(t, health.OutcomeFail, "upload buffer used 50%, must be below 50%", judge(t, check, health.AtBefore, numbers(0, 200), nil))
	requireAnswer(t, health.OutcomeNoData, "cache dirty unknown, must be below 5%; upload buffer used unknown, must be below 50%", judge(t, check, health.AtBefore, health.Reading{}, nil))
	requireAnswer(t, health.OutcomeNoData, "cache dirty unknown, must be below 5%", judge(t, check, health.AtBefore, numbers(math.NaN(), 100), nil))
	requireAnswer(t, health.OutcomeError, "the gateway is not connected", judge(t, check, health.AtBefore, health.Reading{Err: maintenance.ErrNotConnected}, nil))
}

func TestANumberThatAGatewayLacksDoesNotCount(t *testing.T) {
	t.Parallel()
	wants := health.Check{Gateway: &health.GatewayCheck{
		CacheDirtyBelow: 5, UploadBufferBelow: 50, Initiators: health.AsBefore, Volumes: health.VolumesAvailable,
	}}
	for gatewayType, want := range map[string]health.GatewayQuestion{
		"":        {Cache: true, UploadBuffer: true, Volumes: true, Initiators: true},
		"CACHED":  {Cache: true, UploadBuffer: true, Volumes: true, Initiators: true},
		"STORED":  {UploadBuffer: true, Volumes: true, Initiators: true},
		"VTL":     {Cache: true, UploadBuffer: true},
		"FILE_S3": {Cache: true},
	} {
		s := till("till")
		s.GatewayType = gatewayType
		asked, err := wants.Ask(s)
		require.NoError(t, err)
		want.Account, want.ARN, want.Type = "prod", s.Gateway.ARN, gatewayType
		require.Equal(t, want, *asked.Gateway)
	}
	s := till("till")
	s.GatewayType = "FILE_S3"
	volumes := health.Check{Gateway: &health.GatewayCheck{Volumes: health.VolumesAvailable}}
	asked, err := volumes.Ask(s)
	require.NoError(t, err)
	requireAnswer(t, health.OutcomePass, "does not apply: the gateway is of type FILE_S3",
		volumes.Judge(health.AtBefore, health.Subject{}, asked, health.Reading{At: noon}, nil))
}

func TestVolumesAreAvailable(t *testing.T) {
	t.Parallel()
	check := health.Check{Gateway: &health.GatewayCheck{Volumes: health.VolumesAvailable}}
	volumes := func(status ...string) (r health.Reading) {
		for i, s := range status {
			r.Gateway.Volumes = append(r.Gateway.Volumes, maintenance.Volume{ID: "vol-" + string(rune('a'+i)), Status: s})
		}
		return r
	}
	requireAnswer(t, health.OutcomePass, "volumes 2 of 2 available", judge(t, check, health.AtAfter, volumes("AVAILABLE", "detached", "Available"), nil))
	requireAnswer(t, health.OutcomeFail, "volumes 1 of 2 available: vol-b is BOOTSTRAPPING, must be all available",
		judge(t, check, health.AtAfter, volumes("AVAILABLE", "BOOTSTRAPPING"), nil))
	for _, none := range []health.Reading{volumes(), volumes("DETACHED")} {
		requireAnswer(t, health.OutcomeNoData, "volumes none attached, must be all available", judge(t, check, health.AtAfter, none, nil))
	}
}

func TestInitiatorsComeBack(t *testing.T) {
	t.Parallel()
	check := health.Check{Gateway: &health.GatewayCheck{Initiators: health.AsBefore}, At: []health.Moment{health.AtAfter}}
	require.True(t, check.NeedsBaseline())
	connected := func(a, b []string) health.Reading {
		return health.Reading{Gateway: health.GatewayNumbers{Initiators: map[string][]string{"vol-a": a, "vol-b": b}}}
	}
	before := judge(t, check, health.AtBefore, connected([]string{"iqn.x", "iqn.y"}, []string{"iqn.x"}), nil)
	requireAnswer(t, health.OutcomePass, "initiators 3 connected", before)
	requireAnswer(t, health.OutcomePass, "initiators 4 connected",
		judge(t, check, health.AtAfter, connected([]string{"iqn.y", "iqn.x"}, []string{"iqn.z", "iqn.x"}), &before))
	requireAnswer(t, health.OutcomeFail, "initiators 2 of 3 connected: vol-b iqn.x missing, must be as before the update",
		judge(t, check, health.AtBake, connected([]string{"iqn.x", "iqn.y"}, nil), &before))
	requireAnswer(t, health.OutcomeNoData, "initiators 1 connected, and those before the update are not known, must be as before the update",
		judge(t, check, health.AtAfter, connected([]string{"iqn.x"}, nil), nil))
	none := judge(t, check, health.AtBefore, connected(nil, nil), nil)
	requireAnswer(t, health.OutcomePass, "initiators 0 connected", judge(t, check, health.AtAfter, connected(nil, nil), &none))
}

func TestAlarmsAreNotInAlarm(t *testing.T) {
	t.Parallel()
	named := health.Check{Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{
		Names: []health.Template{"api", "db-{{gateway}}", "api"}, Prefix: "c-{{name}}-",
	}}}
	asked, err := named.Ask(till("till"))
	require.NoError(t, err)
	require.Equal(t, health.AlarmQuestion{Account: "prod", Names: []string{"api", "db-sgw-12A3456B"}, Prefix: "c-store-7-"}, *asked.Alarms)
	const db = "db-sgw-12A3456B"
	alarms := func(states ...health.Alarm) health.Reading { return health.Reading{Alarms: states} }
	ok := func(name string) health.Alarm { return health.Alarm{Name: name, State: health.AlarmOK} }
	for text, c := range map[string]struct {
		outcome health.Outcome
		seen    health.Reading
	}{
		"0 of 3 alarms in alarm": {health.OutcomePass, alarms(ok("api"), ok(db), ok("c-store-7-x"))},
		"1 of 3 alarms in alarm: api since 2026-11-29 12:00:00Z, must be none in alarm": {
			health.OutcomeFail, alarms(health.Alarm{Name: "api", State: health.AlarmInAlarm, Since: noon}, ok(db), ok("c-store-7-x")),
		},
		"1 of 1 alarm in alarm: api, must be none in alarm": {health.OutcomeFail, alarms(health.Alarm{Name: "api", State: health.AlarmInAlarm})},
		"api does not exist":                 {health.OutcomeNoData, alarms(ok(db), ok("c-store-7-x"))},
		"no alarm has the prefix c-store-7-": {health.OutcomeNoData, alarms(ok("api"), ok(db))},
		"api does not exist, db-sgw-12A3456B does not exist, no alarm has the prefix c-store-7-": {health.OutcomeNoData, alarms()},
		"api has insufficient data": {
			health.OutcomeNoData, alarms(health.Alarm{Name: "api", State: health.AlarmInsufficientData}, ok(db), ok("c-store-7-x")),
		},
		`api has the unknown state "NEW"`: {health.OutcomeNoData, alarms(health.Alarm{Name: "api", State: "NEW"}, ok(db), ok("c-store-7-x"))},
	} {
		requireAnswer(t, c.outcome, text, judge(t, named, health.AtBefore, c.seen, nil))
	}
}

func TestAnAlarmsNameIsWithinAWSsLimits(t *testing.T) {
	t.Parallel()
	for app, want := range map[string]string{strings.Repeat("ä", 256): "1 to 255 characters", "a\nb": "without control characters"} {
		check := health.Check{Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{Prefix: `{{label "app"}}`}}}
		_, err := check.Ask(till(app))
		require.ErrorContains(t, err, want)
	}
}

func samples(values ...float64) (r health.Reading) {
	for _, v := range values {
		r.Query.Samples = append(r.Query.Samples, health.Sample{Series: `{pod="x"}`, Value: v})
	}
	return r
}

func TestAQueryIsHeldAgainstItsLimit(t *testing.T) {
	t.Parallel()
	below := health.Check{Prometheus: &health.PrometheusCheck{Server: "prod", Query: "a", Below: new(0.1)}}
	above := health.Check{Prometheus: &health.PrometheusCheck{Server: "prod", Query: "a", Above: new(0.99)}}
	for _, c := range []struct {
		check   health.Check
		seen    health.Reading
		outcome health.Outcome
		text    string
	}{
		{below, samples(0.0999), health.OutcomePass, "0.0999"},
		{below, samples(0.1), health.OutcomeFail, "0.1, must be below 0.1"},
		{below, samples(0, 0.3, 0.2), health.OutcomeFail, `0.3 (the worst of 3 series: {pod="x"}), must be below 0.1`},
		{below, samples(), health.OutcomeNoData, "the query has no result"},
		{below, samples(math.NaN()), health.OutcomeNoData, "the query has no result"},
		{below, samples(math.NaN(), 0.5), health.OutcomeFail, `0.5 (the worst of 2 series: {pod="x"}), must be below 0.1`},
		{below, samples(math.NaN(), 0.05), health.OutcomeNoData, `0.05 (the worst of 2 series: {pod="x"}), and others are NaN, must be below 0.1`},
		{below, samples(math.Inf(1)), health.OutcomeFail, "+Inf, must be below 0.1"},
		{below, samples(math.Inf(-1)), health.OutcomePass, "-Inf"},
		{above, samples(0.991, 0.999), health.OutcomePass, `0.991 (the worst of 2 series: {pod="x"})`},
		{above, samples(0.99), health.OutcomeFail, "0.99, must be above 0.99"},
	} {
		requireAnswer(t, c.outcome, c.text, judge(t, c.check, health.AtBefore, c.seen, nil))
	}
	warned := samples(0)
	warned.Query.Warnings = []string{"a store did not answer"}
	requireAnswer(t, health.OutcomePass, "0; Prometheus warns: a store did not answer", judge(t, below, health.AtBefore, warned, nil))
	require.Nil(t, judge(t, below, health.AtBefore, samples(math.Inf(1)), nil).Values[0].Number, "JSON has no infinity")
}

func TestAQueryMayBeAsBadAsBeforeTheUpdate(t *testing.T) {
	t.Parallel()
	check := func(below, above *float64) health.Check {
		return health.Check{At: []health.Moment{health.AtAfter}, Prometheus: &health.PrometheusCheck{
			Server: "prod", Query: "a", Below: below, Above: above, OrWorseBy: 20,
		}}
	}
	const unknown = ", must be at most 20% worse than before the update, and that value is not known"
	for _, c := range []struct {
		check       health.Check
		before, now float64
		outcome     health.Outcome
		text        string
	}{
		{check(new(0.1), nil), 0.5, 0.05, health.OutcomePass, "0.05"},
		{check(new(0.1), nil), 0.5, 0.6, health.OutcomePass, "0.6"},
		{check(new(0.1), nil), 0.5, 0.61, health.OutcomeFail, "0.61, must be below 0.1, or at most 0.6 (0.5 before the update, and 20%)"},
		{check(nil, nil), 0.5, 0.6, health.OutcomePass, "0.6"},
		{check(nil, nil), 0, 0.1, health.OutcomeFail, "0.1, must be at most 0 (0 before the update, and 20%)"},
		{check(nil, nil), -10, -8, health.OutcomePass, "-8"},
		{check(nil, nil), -10, -7, health.OutcomeFail, "-7, must be at most -8 (-10 before the update, and 20%)"},
		{check(nil, new(100.0)), 50, 40, health.OutcomePass, "40"},
		{check(nil, new(100.0)), 50, 39, health.OutcomeFail, "39, must be above 100, or at least 40 (50 before the update, and 20%)"},
		{check(new(0.1), nil), math.Inf(1), 0.5, health.OutcomeFail, "0.5, must be below 0.1; the value before the update is not known"},
		{check(nil, nil), math.NaN(), 0.5, health.OutcomeNoData, "0.5" + unknown},
	} {
		require.True(t, c.check.NeedsBaseline())
		before := judge(t, c.check, health.AtBefore, samples(c.before), nil)
		requireAnswer(t, c.outcome, c.text, judge(t, c.check, health.AtBake, samples(c.now), &before))
	}
	requireAnswer(t, health.OutcomePass, "7", judge(t, check(nil, nil), health.AtBefore, samples(7), nil))
}

func TestAnAlertThatOnlyWeSilenceIsFiring(t *testing.T) {
	t.Parallel()
	check := health.Check{Alertmanager: &health.AlertmanagerCheck{AlertSelector: health.AlertSelector{
		Server: "prod", Matchers: []health.Template{`severity="critical"`},
	}}}
	ours, other := health.Silence{ID: "1", Comment: muteMark().Comment()}, health.Silence{ID: "2", Comment: "disk"}
	neighbour := muteMark()
	neighbour.GatewayID = "sgw-99999999"
	another := health.Silence{ID: "3", Comment: neighbour.Comment()}
	const down = "1 alert firing: Down since 2026-11-29 12:00:00Z, must be none firing"
	for _, c := range []struct {
		alert    health.Alert
		at       health.Moment
		outcome  health.Outcome
		expected string
	}{
		{health.Alert{}, health.AtBefore, health.OutcomeFail, down},
		{health.Alert{}, health.AtCampaign, health.OutcomeFail, down},
		{health.Alert{SilencedBy: []health.Silence{other}}, health.AtAfter, health.OutcomePass, "0 alerts firing"},
		{health.Alert{InhibitedBy: 1}, health.AtAfter, health.OutcomePass, "0 alerts firing"},
		{health.Alert{SilencedBy: []health.Silence{ours}, InhibitedBy: 1}, health.AtAfter, health.OutcomePass, "0 alerts firing"},
		{health.Alert{SilencedBy: []health.Silence{ours, other}}, health.AtBake, health.OutcomePass, "0 alerts firing"},
		{health.Alert{SilencedBy: []health.Silence{ours}}, health.AtAfter, health.OutcomeFail, down},
		{health.Alert{SilencedBy: []health.Silence{ours}}, health.AtBake, health.OutcomeFail, down},
		{health.Alert{SilencedBy: []health.Silence{ours}}, health.AtBefore, health.OutcomeFail, down},
		{health.Alert{SilencedBy: []health.Silence{another}}, health.AtBefore, health.OutcomePass, "0 alerts firing"},
		{health.Alert{SilencedBy: []health.Silence{ours}}, health.AtCampaign, health.OutcomePass, "0 alerts firing"},
	} {
		c.alert.Name, c.alert.StartsAt = "Down", noon
		requireAnswer(t, c.outcome, c.expected, judge(t, check, c.at, health.Reading{Alerts: []health.Alert{c.alert}}, nil))
	}
	requireAnswer(t, health.OutcomePass, "0 alerts firing", judge(t, check, health.AtAfter, health.Reading{}, nil))
}

func TestAServerAnswersWithItsStatus(t *testing.T) {
	t.Parallel()
	check := health.Check{HTTP: &health.HTTPCheck{Server: "orders", Path: "/healthz"}}.WithDefaults()
	requireAnswer(t, health.OutcomePass, "status 200 OK", judge(t, check, health.AtAfter, health.Reading{Status: 200}, nil))
	requireAnswer(t, health.OutcomeFail, "status 503 Service Unavailable, must be 200", judge(t, check, health.AtAfter, health.Reading{Status: 503}, nil))
	long := health.Reading{Err: errors.New(strings.Repeat("ä", 1000))}
	answer := judge(t, check, health.AtAfter, long, nil)
	require.Equal(t, health.OutcomeError, answer.Outcome)
	require.LessOrEqual(t, len(answer.Note), 300, "what a server says may be of any length")
	require.True(t, strings.HasSuffix(answer.Note, "ä..."))
}
