package health_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// plan reads checks and mutes from JSON, and gives them their defaults.
func plan(t *testing.T, checks, mutes string) ([]health.Check, []health.Mute) {
	t.Helper()
	var c []health.Check
	var m []health.Mute
	require.NoError(t, json.Unmarshal([]byte("["+checks+"]"), &c))
	require.NoError(t, json.Unmarshal([]byte("["+mutes+"]"), &m))
	for i := range c {
		c[i] = c[i].WithDefaults()
	}
	return c, m
}

func TestAPlansChecksAreValid(t *testing.T) {
	t.Parallel()
	checks, mutes := plan(t, `
		{"name": "cache is clean", "gateway": {"cacheDirtyBelow": "5%", "uploadBufferBelow": "50%"}, "at": ["before"], "within": "45m"},
		{"name": "volumes came back", "gateway": {"initiators": "as-before"}, "at": ["after", "bake"], "within": "15m"},
		{"name": "no incident", "alarms": {"account": "prod", "names": ["orders-api-5xx"], "prefix": "composite-orders-"}, "at": ["before", "bake"]},
		{"name": "error rate", "prometheus": {"server": "prod", "query": "sum(rate(errors_total{app=\"{{label \"app\"}}\"}[5m]))", "below": 0.1, "orWorseBy": "20%"},
			"at": ["before", "after", "bake"], "every": "30s", "failures": 3, "noData": "fail"},
		{"name": "no page is firing", "alertmanager": {"server": "prod", "matchers": ["severity=\"critical\"", "team=~\"storage|db\""]}, "at": ["campaign"]},
		{"name": "orders are taken", "http": {"server": "orders", "path": "/healthz", "status": 200}, "at": ["after"], "onFailure": "hold"}`,
		`{"alertmanager": {"server": "prod", "matchers": ["gateway=\"{{gateway}}\""]}}, {"alarms": {"account": "prod", "prefix": "sgw-{{gateway}}-"}}`)
	require.NoError(t, health.Validate(checks, mutes))
	require.Equal(t, "5%", checks[0].Gateway.CacheDirtyBelow.String())
	require.Len(t, health.At(checks, health.AtBake), 3)
	text, err := json.Marshal(checks)
	require.NoError(t, err)
	var again []health.Check
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, checks, again)
}

func TestAFaultInAPlansChecksHasItsPlace(t *testing.T) {
	t.Parallel()
	const httpKind = `"http": {"server": "a", "path": "/"}`
	for checks, want := range map[string]string{
		`{"at": ["after"], ` + httpKind + `}`:                                                                `checks[0].name is required`,
		`{"name": " a", "at": ["after"], ` + httpKind + `}`:                                                  `checks[0].name: invalid value " a"`,
		`{"name": "a", "at": ["after"], ` + httpKind + `}, {"name": "a", "at": ["after"], ` + httpKind + `}`: `checks[1].name: invalid value "a": must be unique`,
		`{"name": "a", ` + httpKind + `}`:                                                                    `checks[0].at is required`,
		`{"name": "a", "at": ["later"], ` + httpKind + `}`:                                                   `checks[0].at[0]: invalid value "later": must be before, after, bake or campaign`,
		`{"name": "a", "at": ["after", "after"], ` + httpKind + `}`:                                          `checks[0].at[1]: invalid value "after": must be unique`,
		`{"name": "a", "at": ["after"]}`:                                                                     `checks[0] is required: must be a check of one kind`,
		`{"name": "a", "at": ["after"], ` + httpKind + `, "gateway": {"volumes": "available"}}`:              `must be a check of one kind`,
		`{"name": "a", "at": ["bake"], "within": "1m", ` + httpKind + `}`:                                    `checks[0].within: invalid value "1m"`,
		`{"name": "a", "at": ["after"], "within": "25h", ` + httpKind + `}`:                                  `checks[0].within: invalid value "25h": must be 1s to 24h`,
		`{"name": "a", "at": ["after"], "within": "1ms", ` + httpKind + `}`:                                  `checks[0].within: invalid value "1ms": must be 1s to 24h`,
		`{"name": "a", "at": ["after"], "every": "2h", ` + httpKind + `}`:                                    `checks[0].every: invalid value "2h": must be 1s to 1h`,
		`{"name": "a", "at": ["after"], "failures": 21, ` + httpKind + `}`:                                   `checks[0].failures: invalid value "21": must be 1 to 20`,
		`{"name": "a", "at": ["before"], "failures": 2, ` + httpKind + `}`:                                   `checks[0].failures: invalid value "2": must be left out`,
		`{"name": "a", "at": ["after"], "noData": "skip", ` + httpKind + `}`:                                 `checks[0].noData: invalid value "skip": must be fail, pass or wait`,
		`{"name": "a", "at": ["after"], "onFailure": "stop", ` + httpKind + `}`:                              `checks[0].onFailure: invalid value "stop": must be compensate or hold`,
		`{"name": "a", "at": ["bake"], "onFailure": "hold", ` + httpKind + `}`:                               `checks[0].onFailure: invalid value "hold": must be left out`,

		`{"name": "a", "at": ["after"], "gateway": {}}`:                           `checks[0].gateway is required: must be at least one of`,
		`{"name": "a", "at": ["after"], "gateway": {"cacheDirtyBelow": "101%"}}`:  `checks[0].gateway.cacheDirtyBelow: invalid value "101%"`,
		`{"name": "a", "at": ["after"], "gateway": {"initiators": "all"}}`:        `checks[0].gateway.initiators: invalid value "all": must be as-before`,
		`{"name": "a", "at": ["after"], "gateway": {"volumes": "some"}}`:          `checks[0].gateway.volumes: invalid value "some": must be available`,
		`{"name": "a", "at": ["campaign"], "gateway": {"volumes": "available"}}`:  `a campaign has no gateway of its own`,
		`{"name": "a", "at": ["before"], "gateway": {"initiators": "as-before"}}`: `initiators are compared with those before the update`,

		`{"name": "a", "at": ["after"], "alarms": {}}`:                                                        `checks[0].alarms is required: must be alarms by their names or by a prefix`,
		`{"name": "a", "at": ["after"], "alarms": {"account": "P", "prefix": "a"}}`:                           `checks[0].alarms.account: invalid value "P"`,
		`{"name": "a", "at": ["after"], "alarms": {"names": ["a", ""]}}`:                                      `checks[0].alarms.names[1] is required`,
		`{"name": "a", "at": ["after"], "alarms": {"prefix": "a{{id}}"}}`:                                     `checks[0].alarms.prefix: invalid value "a{{id}}": must be the start of alarms' names (at character 2: unknown value "{{id}}"`,
		`{"name": "a", "at": ["campaign"], "alarms": {"prefix": "a"}}`:                                        `checks[0].alarms.account is required`,
		`{"name": "a", "at": ["campaign"], "alarms": {"account": "p", "names": ["{{name}}"], "prefix": "a"}}`: `checks[0].alarms.names[0]: invalid value "{{name}}": must be without {{...}}`,

		`{"name": "a", "at": ["after"], "prometheus": {"server": "http://x", "query": "up", "below": 1}}`:              `checks[0].prometheus.server: invalid value "http://x": must be the name of a server`,
		`{"name": "a", "at": ["after"], "prometheus": {"server": "p", "below": 1}}`:                                    `checks[0].prometheus.query is required: must be PromQL`,
		`{"name": "a", "at": ["after"], "prometheus": {"server": "p", "query": "a{{name}}", "below": 1}}`:              `checks[0].prometheus.query: invalid value "a{{name}}": must be PromQL (at character 2: a value must stand in a string`,
		`{"name": "a", "at": ["after"], "prometheus": {"server": "p", "query": "up"}}`:                                 `must be a limit: below, above or orWorseBy`,
		`{"name": "a", "at": ["after"], "prometheus": {"server": "p", "query": "up", "below": 1, "above": 0}}`:         `must be given below or above, not both`,
		`{"name": "a", "at": ["before"], "prometheus": {"server": "p", "query": "up", "below": 1, "orWorseBy": "5%"}}`: `checks[0].prometheus.orWorseBy: invalid value "5%": must be left out`,
		`{"name": "a", "at": ["before", "after"], "prometheus": {"server": "p", "query": "up", "orWorseBy": "5%"}}`:    `must be given below or above, since before`,
		`{"name": "a", "at": ["after"], "prometheus": {"server": "p", "query": "up", "orWorseBy": "-5%"}}`:             `checks[0].prometheus.orWorseBy: invalid value "-5%": must be above 0%, at most 1000%`,
		`{"name": "a", "at": ["campaign"], "prometheus": {"server": "p", "query": "a{b='{{name}}'}", "below": 1}}`:     `checks[0].prometheus.query: invalid value "a{b='{{name}}'}": must be without {{...}}`,

		`{"name": "a", "at": ["after"], "alertmanager": {"server": "p", "matchers": []}}`:                    `checks[0].alertmanager.matchers is required: must be 1 to 20 matchers`,
		`{"name": "a", "at": ["after"], "alertmanager": {"server": "p", "matchers": ["x"]}}`:                 `checks[0].alertmanager.matchers[0]: invalid value "x": must be a matcher (`,
		`{"name": "a", "at": ["campaign"], "alertmanager": {"server": "p", "matchers": ["x=\"{{name}}\""]}}`: `checks[0].alertmanager.matchers[0]: invalid value "x=\"{{name}}\"": must be without {{...}}`,

		`{"name": "a", "at": ["after"], "http": {"server": "p", "path": "//x/"}}`:            `checks[0].http.path: invalid value "//x/": must be a path on the server (`,
		`{"name": "a", "at": ["after"], "http": {"server": "p", "path": "/", "status": 99}}`: `checks[0].http.status: invalid value "99": must be 200 to 599`,
		`{"name": "a", "at": ["campaign"], "http": {"server": "p", "path": "/{{name}}"}}`:    `checks[0].http.path: invalid value "/{{name}}": must be without {{...}}`,
	} {
		c, _ := plan(t, checks, "")
		require.ErrorContains(t, health.Validate(c, nil), want, checks)
	}
	for mutes, want := range map[string]string{
		`{}`: `mute[0] is required: must be a mute of one kind`,
		`{"alarms": {"prefix": "a"}, "alertmanager": {"server": "p", "matchers": ["a=\"b\""]}}`: `mute[0] is required: must be a mute of one kind`,
		`{"alarms": {}}`:              `mute[0].alarms is required`,
		`{"alarms": {"prefix": "a"}}`: `mute[0].alarms.prefix: invalid value "a": must be with a value of the target`,
		`{"alertmanager": {"server": "p", "matchers": ["a=~\".*\"", "b!=\"c\"", "d=\"\""]}}`: `mute[0].alertmanager.matchers is required: must be with at least one matcher`,
		`{"alertmanager": {"server": "p", "matchers": ["alertname=~\".+\""]}}`:               `must be with at least one matcher for a value of the target`,
		`{"alertmanager": {"server": "p", "matchers": ["a!=\"{{name}}\""]}}`:                 `must be with at least one matcher for a value of the target`,
		`{"alertmanager": {"server": "p", "matchers": ["a=~\"{{name}}|\""]}}`:                `must be with at least one matcher for a value of the target`,
	} {
		_, m := plan(t, "", mutes)
		require.ErrorContains(t, health.Validate(nil, m), want, mutes)
	}
	_, eleven := plan(t, "", strings.Repeat(`{"alarms": {"prefix": "a"}},`, 10)+`{"alarms": {"prefix": "a"}}`)
	require.ErrorContains(t, health.Validate(nil, eleven), `mute: invalid value "11": must be at most 10 mutes`)
	many, _ := plan(t, strings.Repeat(`{"name": "a", "at": ["after"], `+httpKind+`},`, 50)+`{"name": "b", "at": ["after"], `+httpKind+`}`, "")
	require.ErrorContains(t, health.Validate(many, nil), `checks: invalid value "51": must be at most 50 checks`)
	infinite := health.Check{Name: "a", At: []health.Moment{health.AtAfter}, Prometheus: &health.PrometheusCheck{Server: "p", Query: "up", Below: new(math.Inf(1))}}
	require.ErrorContains(t, health.Validate([]health.Check{infinite.WithDefaults()}, nil), "must be a finite number")
}

func TestAMuteMaySelectByARegularExpression(t *testing.T) {
	t.Parallel()
	for _, matcher := range []string{`a=~\"b+\"`, `a!~\".*\"`, `a!=\"\"`, `a=\"b\"`} {
		_, m := plan(t, "", `{"alertmanager": {"server": "p", "matchers": ["gateway=\"{{gateway}}\"", "`+matcher+`"]}}`)
		require.NoError(t, health.Validate(nil, m), matcher)
	}
}

func TestAPercentageHasItsSign(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]health.Percent{"5%": 5, "0.5%": 0.5, "100%": 100, "0%": 0, "1e-06%": 1e-6} {
		var p health.Percent
		require.NoError(t, p.UnmarshalText([]byte(text)))
		require.InDelta(t, float64(want), float64(p), 0)
		written, err := p.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(written))
	}
	for _, text := range []string{"", "5", "%", "x%", "NaN%", "Inf%", "5 %"} {
		var p health.Percent
		require.Error(t, p.UnmarshalText([]byte(text)), text)
	}
}
