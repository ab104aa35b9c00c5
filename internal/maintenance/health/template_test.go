package health_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// till is a target with the label app.
func till(app string) health.Subject {
	return health.Subject{GatewayType: "CACHED", Target: maintenance.Target{
		Name:    "store-7",
		Gateway: maintenance.GatewayRef{Account: "prod", ARN: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456B"},
		Labels:  map[string]string{"app": app, "empty": ""},
	}}
}

func query(t require.TestingT, promQL string, s health.Subject) (string, error) {
	asked, err := health.Check{Prometheus: &health.PrometheusCheck{Server: "prod", Query: health.Template(promQL)}}.Ask(s)
	require.NotNil(t, asked.Prometheus)
	return asked.Prometheus.Query, err
}

func TestAQueryHasTheValuesOfItsTarget(t *testing.T) {
	t.Parallel()
	for promQL, want := range map[string]string{
		`up`:                                `up`,
		`a{x="{{name}}",y='{{ gateway }}'}`: `a{x="store-7",y='sgw-12A3456B'}`,
		"a{x=`{{account}}/{{region}}`}":     "a{x=`prod/eu-central-1`}",
		`a{x="{{label "app"}}"}`:            `a{x="a.b\"c"}`,
		`a{x=~"{{label "app"}}.*"}`:         `a{x=~"a\\.b\"c.*"}`,
		`a{x !~ '{{label "app"}}'}`:         `a{x !~ 'a\\.b"c'}`,
		"a{x=~`{{label \"app\"}}`}":         "a{x=~`a\\.b\"c`}",
		"# it's\na{x=\"{{name}}\"}":         "# it's\na{x=\"store-7\"}",
		`a{x="\"{{name}}"}`:                 `a{x="\"store-7"}`,
		`a{x="}} {"}`:                       `a{x="}} {"}`,
	} {
		got, err := query(t, promQL, till(`a.b"c`))
		require.NoError(t, err, promQL)
		require.Equal(t, want, got)
	}
}

func TestAQueryThatCannotBeAskedSaysWhere(t *testing.T) {
	t.Parallel()
	for promQL, want := range map[string]string{
		`a{x="{{id}}"}`:              `at character 6: unknown value "{{id}}": must be {{name}}, {{gateway}}, {{account}}, {{region}} or {{label "KEY"}}`,
		`ä{x="{{name}}{{label}}"}`:   `at character 14: unknown value "{{label}}"`,
		`a{x="{{name | upper}}"}`:    `at character 6: unknown value`,
		`a{x="{{name"}`:              `at character 6: {{ without }}`,
		`a{x={{name}}}`:              `at character 5: a value must stand in a string, such as "{{gateway}}"`,
		`{{name}}_errors`:            `at character 1: a value must stand in a string`,
		`a{x="b"} > {{name}}`:        `at character 12: a value must stand in a string`,
		"a # {{name}}":               `at character 5: a value has no place in a comment`,
		`a{x="\{{name}}"}`:           `at character 7: a value must not follow a backslash`,
		`a{x="{{label "team"}}"}`:    `at character 6: target "store-7" has no label "team"`,
		`a{x="{{label "empty"}}"}`:   `at character 6: target "store-7" has no label "empty"`,
		"a{x=`{{label \"app\"}}`}":   "at character 6: the value \"a`b\" has a character that a string in backquotes cannot have: use double quotes",
		`a{x="{{name}}}`:             `the string that " starts has no end`,
		" \n":                        `must be PromQL of at most 4096 bytes`,
		strings.Repeat("a", 5*1<<10): `must be PromQL of at most 4096 bytes`,
	} {
		_, err := query(t, promQL, till("a`b"))
		require.ErrorContains(t, err, want, promQL)
	}
	_, err := query(t, `a{x="{{region}}"}`, health.Subject{Target: maintenance.Target{Name: "store-7"}})
	require.ErrorContains(t, err, `target "store-7" has no region`)
}

// A label's value is another person's text: it never becomes code, and a regular expression matches it alone.
func TestNoValueLeavesItsString(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.StringN(1, 20, -1), rapid.StringMatching("[\"'`\\\\{}#\n.*+|a]{1,12}")).Draw(t, "value")
		operator := rapid.SampledFrom([]string{"=", "!=", "=~", "!~"}).Draw(t, "operator")
		got, err := query(t, `a{x`+operator+`"{{label "app"}}"} > 0`, till(value))
		require.NoError(t, err)
		literal, found := strings.CutPrefix(got, "a{x"+operator)
		require.True(t, found)
		literal, found = strings.CutSuffix(literal, "} > 0")
		require.True(t, found)
		text, err := strconv.Unquote(literal) // PromQL's strings in double quotes are Go's
		require.NoError(t, err, literal)
		if strings.HasSuffix(operator, "~") {
			require.Equal(t, regexp.QuoteMeta(value), text)
			require.Regexp(t, "^(?s:"+text+")$", value)
		} else {
			require.Equal(t, value, text)
		}
		single, err := query(t, `a{x='{{label "app"}}'}`, till(value))
		require.NoError(t, err)
		inside := strings.TrimSuffix(strings.TrimPrefix(single, "a{x='"), "'}")
		require.NotRegexp(t, `(^|[^\\])(\\\\)*'`, inside)
		require.NotContains(t, inside, "\n")
		require.NotRegexp(t, `(^|[^\\])(\\\\)*\\$`, inside)
	})
}

func alerts(s health.Subject, matcher ...health.Template) ([]health.Matcher, error) {
	check := health.AlertmanagerCheck{AlertSelector: health.AlertSelector{Server: "prod", Matchers: matcher}}
	asked, err := health.Check{Alertmanager: &check}.Ask(s)
	return asked.Alertmanager.Matchers, err
}

func TestAMatcherIsReadAsAlertmanagerReadsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[health.Template]health.Matcher{
		`severity="critical"`:       {Name: "severity", Value: "critical"},
		` team =~ "storage|db" `:    {Name: "team", Value: "storage|db", Regex: true},
		`team!="a\"b\\c"`:           {Name: "team", Value: `a"b\c`, Negative: true},
		`team!~""`:                  {Name: "team", Regex: true, Negative: true},
		`gw="{{gateway}}-{{name}}"`: {Name: "gw", Value: "sgw-12A3456B-store-7"},
		`app="{{label "app"}}"`:     {Name: "app", Value: `a.b"c\`},
		`app=~"{{label "app"}}.*"`:  {Name: "app", Value: `a\.b"c\\.*`, Regex: true},
	} {
		got, err := alerts(till(`a.b"c\`), text)
		require.NoError(t, err, text)
		require.Equal(t, []health.Matcher{want}, got)
	}
	require.Equal(t, `team!~"a\"b"`, health.Matcher{Name: "team", Value: `a"b`, Regex: true, Negative: true}.String())
}

func TestAMatcherThatIsNoneSaysWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[health.Template]string{
		``:                     "must be in the form",
		`severity`:             "must be in the form",
		`severity=critical`:    "must be in the form",
		`sev-erity="x"`:        "must be in the form",
		`{{name}}="x"`:         "must be in the form",
		`a="x",b="y"`:          "is no string in double quotes",
		`a="\{{name}}"`:        "is no string in double quotes",
		`a="{{id}}"`:           `at character 4: unknown value "{{id}}"`,
		`a="{{label "team"}}"`: `has no label "team"`,
		`a=~"("`:               "the regular expression is invalid",
	} {
		_, err := alerts(till("a"), text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestAMatcherMatchesAValueItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringN(1, 20, -1).Draw(t, "value")
		got, err := alerts(till(value), `app="{{label "app"}}"`, `app=~"{{label "app"}}"`)
		require.NoError(t, err)
		require.Equal(t, value, got[0].Value)
		require.Regexp(t, "^(?s:"+got[1].Value+")$", value)
	})
}

func path(s health.Subject, template health.Template) (string, error) {
	asked, err := health.Check{HTTP: &health.HTTPCheck{Server: "orders", Path: template}}.Ask(s)
	return asked.HTTP.Path, err
}

func TestAPathKeepsItsSegments(t *testing.T) {
	t.Parallel()
	got, err := path(till("a/b&c d"), `/apps/{{label "app"}}/healthz?app={{label "app"}}&all=1`)
	require.NoError(t, err)
	require.Equal(t, "/apps/a%2Fb&c%20d/healthz?app=a%2Fb%26c+d&all=1", got)
	_, err = path(till(".."), `/apps/{{label "app"}}/healthz`)
	require.ErrorContains(t, err, "must have no segment . or ..")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.StringN(1, 20, -1), rapid.StringMatching(`[./\\%#?@:a]{1,8}`)).Draw(t, "value")
		got, err := path(till(value), `/apps/{{label "app"}}/healthz`)
		if err == nil {
			require.Equal(t, 3, strings.Count(got, "/"), got)
			require.NotContains(t, got, "?")
			require.NoError(t, health.CheckPath(got))
		}
	})
}
