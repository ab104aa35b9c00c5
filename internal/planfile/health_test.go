package planfile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestHealthChecksHaveTheirDefaults(t *testing.T) {
	t.Parallel()
	p, err := parse(string(example(t, "One gateway")) + `checks:
  - {name: clean, gateway: {cacheDirtyBelow: 5%}, at: [before]}
  - {name: orders, http: {server: orders, path: /healthz}, at: [after], onFailure: hold}
  - {name: no alarm, alarms: {prefix: "sgw-{{gateway}}-"}, at: [bake], every: 1m, failures: 5, noData: pass}
mute:
  - alertmanager: {server: prod, matchers: ['gateway="{{gateway}}"']}
`)
	require.NoError(t, err)
	require.Equal(t, []health.Check{
		{
			Name: "clean", Gateway: &health.GatewayCheck{CacheDirtyBelow: 5}, At: []health.Moment{health.AtBefore},
			Every: maintenance.Duration(30 * time.Second), NoData: health.NoDataFail,
		},
		{
			Name: "orders", HTTP: &health.HTTPCheck{Server: "orders", Path: "/healthz", Status: 200}, At: []health.Moment{health.AtAfter},
			Every: maintenance.Duration(30 * time.Second), NoData: health.NoDataFail, Failures: 3, OnFailure: maintenance.OnFailureHold,
		},
		{
			Name: "no alarm", Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{Prefix: "sgw-{{gateway}}-"}}, At: []health.Moment{health.AtBake},
			Every: maintenance.Duration(time.Minute), NoData: health.NoDataPass, Failures: 5,
		},
	}, p.Checks)
	require.Len(t, p.Mutes, 1)
	require.Len(t, p.Warnings, 1)
	require.Contains(t, p.Warnings[0], "checks[2].at[0]: \"bake\" is never asked", "a single gateway is one wave")
	require.Equal(t, []string{"alertmanager/prod", "http/orders"}, p.Servers())
	require.Equal(t, []string{p.Accounts.AWS[0].Name}, p.AlarmAccounts(), "the gateway's own")
}

func TestFaultsOfHealthChecks(t *testing.T) {
	t.Parallel()
	base := string(example(t, "One gateway"))
	for text, want := range map[string]string{
		"checks: [{}]": `1:10: checks[0]: invalid value: must be a check of one kind: gateway, alarms, prometheus, alertmanager or http`,
		"checks: [{name: a, at: [before], http: {server: s, path: /}, gateway: {}}]":                                               `1:11: checks[0]: invalid value: must be a check of one kind`,
		"checks: [{name: a, at: [before], gateway: {}}]":                                                                           `1:43: checks[0].gateway: invalid value: must be at least one of cacheDirtyBelow`,
		"checks: [{name: a, at: [befor], gateway: {cacheDirtyBelow: 5%}}]":                                                         `1:25: checks[0].at[0]: invalid value "befor": must be before, after, bake or campaign`,
		"checks: [{name: a, gateway: {cacheDirtyBelow: 5%}}]":                                                                      `checks[0].at: is required: must be at least one of before, after, bake or campaign`,
		"checks: [{name: a, at: [before], gateway: {cacheDirtyBelow: 5}}]":                                                         `1:61: checks[0].gateway.cacheDirtyBelow: invalid value "5": must be a number followed by %, such as 5%`,
		"checks: [{name: a, at: [before], gateway: {cacheDirtyBelow: 0%}}]":                                                        `1:61: checks[0].gateway.cacheDirtyBelow: invalid value "0%": must be above 0%`,
		"checks: [{name: a, at: [after], failures: 0, gateway: {volumes: available}}]":                                             `1:43: checks[0].failures: invalid value "0": must be 1 to 20`,
		"checks: [{name: a, at: [after], every: 0s, gateway: {volumes: available}}]":                                               `1:40: checks[0].every: invalid value "0s": must be 1s to 1h`,
		"checks: [{name: a, at: [after], http: {server: s, path: /, status: 0}}]":                                                  `1:68: checks[0].http.status: invalid value "0": must be 200 to 599`,
		"checks: [{name: a, at: [after], http: {server: http://h, path: /}}]":                                                      `checks[0].http.server: invalid value`,
		"checks: [{name: a, at: [after], http: {server: s, url: http://h}}]":                                                       `1:51: checks[0].http.url: is an unknown field: must be one of server, path, status`,
		"checks: [{name: a, at: [after], http: {server: s, path: //h/}}]":                                                          `1:57: checks[0].http.path: invalid value "//h/": must be a path on the server`,
		"checks: [{name: a, at: [after], http: {server: s, path: '/{{gatewey}}'}}]":                                                `1:57: checks[0].http.path: invalid value "/{{gatewey}}": must be a path on the server (at character 2: unknown value "{{gatewey}}"`,
		"checks: [{name: a, at: [after], http: {server: s, path: '/{{label \"nope\"}}'}}]":                                         `1:40: checks[0].http: asks for what a target does not have: at character 2: target "files" has no label "nope"`,
		"checks: [{name: a, at: [before], prometheus: {server: s, query: 'up{{gateway}}', below: 1}}]":                             `1:65: checks[0].prometheus.query: invalid value "up{{gateway}}": must be PromQL (at character 3:`,
		"checks: [{name: a, at: [before], prometheus: {server: s, query: up}}]":                                                    `1:47: checks[0].prometheus: invalid value: must be a limit: below, above or orWorseBy`,
		"checks: [{name: a, at: [campaign], prometheus: {server: s, query: 'up{g=\"{{gateway}}\"}', below: 1}}]":                   `checks[0].prometheus.query: invalid value "up{g=\"{{gateway}}\"}": must be without {{...}} in a check at campaign`,
		"checks: [{name: a, at: [before], alarms: {account: nope, names: [x]}}]":                                                   `1:52: checks[0].alarms.account: invalid value "nope": must be`,
		"checks: [{name: a, at: [before], alarms: {nams: [x]}}]":                                                                   `1:43: checks[0].alarms.nams: is an unknown field (did you mean names?): must be one of account, names, prefix`,
		"checks: [{name: a, at: [before], alertmanager: {server: s, matchers: ['a=b']}}]":                                          `1:71: checks[0].alertmanager.matchers[0]: invalid value "a=b": must be a matcher`,
		"checks: [{name: a, at: [before], gateway: {volumes: available}}, {name: a, at: [before], gateway: {volumes: available}}]": `1:73: checks[1].name: invalid value "a": must be unique`,
		"mute: [{}]": `1:8: mute[0]: invalid value: must be a mute of one kind: alertmanager or alarms`,
		"mute: [{alertmanager: {server: s, matchers: ['a=~\".*\"']}}]": `1:45: mute[0].alertmanager.matchers: invalid value: must be with at least one matcher for a value of the target`,
		"mute: [{alarms: {prefix: '{{label \"nope\"}}-'}}]":            `mute[0].alarms: asks for what a target does not have: alarm prefix {{label "nope"}}-: at character 1: target "files" has no label "nope"`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := parse(text + "\n" + base)
			require.ErrorContains(t, err, want)
		})
	}
}
