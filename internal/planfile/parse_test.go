package planfile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/strict"
)

const (
	arnB      = "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456B"
	arnC      = "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456C"
	instance3 = "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
	instance4 = "4e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
)

func parse(text string) (plan.Plan, error) {
	return planfile.Parse("p.yaml", []byte(text), planfile.Options{Now: now, Dir: examplesDir})
}

func span(d time.Duration) maintenance.Duration { return maintenance.Duration(d) }

func share(t *testing.T, text string) maintenance.Share {
	t.Helper()
	s, err := maintenance.ParseShare(text)
	require.NoError(t, err)
	return s
}

func TestEveryFieldOfTheCompletePlanArrives(t *testing.T) {
	t.Parallel()
	p, err := planfile.Parse("docs", example(t, "A complete plan"), planfile.Options{Now: now, Dir: examplesDir})
	require.NoError(t, err)
	p.Policy.Freezes = nil // TestFreezesAreResolvedToUTC
	var kinds []string
	for _, c := range p.Checks {
		kinds = append(kinds, c.Kind())
	}
	require.Equal(t, []string{"gateway", "gateway", "alarms", "prometheus", "prometheus", "alertmanager", "http"}, kinds)
	require.InDelta(t, 0.1, *p.Checks[3].Prometheus.Below, 0)
	require.InDelta(t, 20, float64(p.Checks[3].Prometheus.OrWorseBy), 0)
	require.Len(t, p.Mutes, 2)
	p.Checks, p.Mutes = nil, nil // TestHealthChecksHaveTheirDefaults
	cutoff, delay, armed := span(30*time.Minute), span(time.Minute), span(2*time.Minute)
	require.Equal(t, plan.Plan{
		CalendarsUntil: now.AddDate(0, 0, 400),
		Name:           "payments-q4",
		Accounts: plan.Accounts{
			AWS: []plan.AWSAccount{
				{Name: "prod", Region: "eu-central-1", AssumeRole: "arn:aws:iam::123456789012:role/tidegate"},
				{Name: "prod-us", Region: "us-east-1"},
			},
			Huawei: []plan.HuaweiAccount{
				{Name: "prod", Project: "0123456789abcdef0123456789abcdef", Region: "ap-southeast-3"},
				{Name: "lab", Project: "fedcba9876543210fedcba9876543210", Endpoint: "https://gaussdb.eu-west-101.myhuaweicloud.com"},
			},
		},
		Policy: maintenance.Policy{
			WindowLength: span(4 * time.Hour), Cutoff: &cutoff, WindowPreference: maintenance.Weekly,
			WindowRecheck: span(12 * time.Hour), OnWindowEnd: maintenance.WindowEndHold,
			AutomaticUpdates: maintenance.AutomaticUpdatesHold,
			UpdateDelay:      &delay, ArmBefore: &armed, UpdateStart: span(15 * time.Minute), UpdateDeadline: span(90 * time.Minute), SteadyFor: span(time.Minute),
			Snapshot: maintenance.SnapshotBoth, SnapshotDeadline: span(6 * time.Hour), FailedSnapshots: maintenance.FailedSnapshotsKeep,
			SnapshotSettle: span(5 * time.Minute),
			Proxies:        maintenance.ProxyPolicy{Parallel: 2, ShiftReads: true, Deadline: span(time.Hour), Settle: span(3 * time.Minute)},
			Pace:           maintenance.Pace{Min: span(5 * time.Second), Max: span(time.Minute)},
			OnFailure:      maintenance.OnFailureHold, CompensationDeadline: span(2 * time.Hour), Attempt: span(90 * time.Second),
		},
		Rollout: maintenance.Rollout{
			Waves: []maintenance.Share{share(t, "1"), share(t, "10%"), share(t, "40%")}, Bake: span(24 * time.Hour),
			MaxConcurrent: 8, MaxFailures: share(t, "5%"), ConstraintKey: "app", Order: maintenance.OrderByWindow,
			Forecast: maintenance.Forecast{Update: span(25 * time.Minute), Snapshot: span(45 * time.Minute), Proxy: span(15 * time.Minute)},
		},
		Approvals: maintenance.Approvals{Count: 2, Lead: span(48 * time.Hour), TimeLimit: span(72 * time.Hour), EachWave: true},
		Targets: []maintenance.Target{
			{
				Name: "payments-1", Gateway: maintenance.GatewayRef{Account: "prod", ARN: arnB},
				Proxies: []maintenance.ProxyRef{
					{Account: "prod", InstanceID: instance3, ProxyID: "151c14381ac14ecfb9703a745b992677po01", Version: "2.24.03.000"},
					{Account: "prod", InstanceID: instance3, ProxyID: "151c14381ac14ecfb9703a745b992678po01"},
				},
				Labels: map[string]string{"app": "payments", "tier": "1"},
			},
			{
				Name: "payments-2", Gateway: maintenance.GatewayRef{Account: "prod", ARN: arnC},
				Proxies: []maintenance.ProxyRef{{Account: "lab", InstanceID: instance4, ProxyID: plan.AllProxies, Version: "latest"}},
				Labels:  map[string]string{"app": "payments"},
			},
		},
		Selectors: []plan.Selector{{
			Account: "prod-us", Types: []string{"CACHED", "STORED"}, Name: "payments-*",
			Tags: map[string]string{"env": "prod", "patch": "*"}, UpdateAvailable: true,
			Labels: map[string]string{"tier": "2"}, LabelsFromTags: []string{"app"},
			Proxies: []plan.Proxies{{Account: "prod", InstanceTag: "taurusdb-instance", ProxyID: "all", Version: "latest"}},
		}},
		Notify: []plan.Notify{
			{Channel: "oncall", On: maintenance.UsualEvents()},
			{Channel: "storage-team", On: []maintenance.Event{maintenance.EventWindow, maintenance.EventEnded}},
		},
	}, p)
	encoded, err := json.Marshal(p)
	require.NoError(t, err)
	var again plan.Plan
	require.NoError(t, json.Unmarshal(encoded, &again))
	require.Equal(t, p, again, "it travels in histories")
}

func TestASmallPlanTakesTheDefaults(t *testing.T) {
	t.Parallel()
	p, err := planfile.Parse("docs", example(t, "One gateway"), planfile.Options{Now: now, Dir: examplesDir})
	require.NoError(t, err)
	require.Equal(t, maintenance.Policy{}.WithDefaults(), p.Policy)
	require.Equal(t, maintenance.Rollout{}.WithDefaults(), p.Rollout)
	require.Zero(t, p.Approvals, "nobody is asked")
}

// head is a plan's starting, up to its targets.
const head = `apiVersion: tidegate/v1
name: p
accounts: {aws: [{name: prod, region: eu-central-1, assumeRole: "arn:aws:iam::123456789012:role/t"}], huawei: [{name: hw, project: 0123456789abcdef0123456789abcdef, region: eu-west-101}]}
`

// target is one of a plan's list, on one line.
func target(name, arn string, more ...string) string {
	return fmt.Sprintf("  - {name: %s, gateway: {account: prod, arn: %q}%s}\n", name, arn, strings.Join(more, ""))
}

// proxies are those of a target, as INSTANCE/PROXY.
func proxies(names ...string) string {
	var list []string
	for _, name := range names {
		instance, proxy, _ := strings.Cut(name, "/")
		list = append(list, fmt.Sprintf("{account: hw, instanceId: %s, proxyId: %s}", instance, proxy))
	}
	return ", proxies: [" + strings.Join(list, ", ") + "]"
}

func TestApprovalsThatAreMentionedAskForOnePerson(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]maintenance.Approvals{
		"{}":                            {Count: 1, Lead: span(72 * time.Hour), TimeLimit: span(168 * time.Hour)},
		"{timeLimit: 24h}":              {Count: 1, Lead: span(24 * time.Hour), TimeLimit: span(24 * time.Hour)},
		"{lead: 168h, timeLimit: 744h}": {Count: 1, Lead: span(168 * time.Hour), TimeLimit: span(744 * time.Hour)},
	} {
		p, err := parse(head + "approvals: " + given + "\ntargets:\n" + target("a", arnB))
		require.NoError(t, err)
		require.Equal(t, want, p.Approvals)
		require.Equal(t, want, p.WithDefaults().Approvals, "the worker takes the same defaults")
	}
}

func TestFaultsOfAPlan(t *testing.T) {
	t.Parallel()
	const p1, p2 = "151c14381ac14ecfb9703a745b992677po01", "151c14381ac14ecfb9703a745b992678po01"
	targets := func(lines ...string) string { return "targets:\n" + strings.Join(lines, "") }
	for name, tc := range map[string]struct{ text, want string }{
		"no target": {"", `p.yaml:1:1: targets: is required: must be at least one target, or one selector under selectors`},
		"name twice": {
			targets(target("a", arnB), target("a", arnC)),
			`p.yaml:6:12: targets[1].name: invalid value "a": must be unique; it is also at line 5 (targets[0].name)`,
		},
		"gateway twice": {
			targets(target("a", arnB), target("b", strings.ToLower(arnB))),
			`must be unique; it is also at line 5 (targets[0].gateway.arn)`,
		},
		"a proxy of two targets": {
			targets(target("a", arnB, proxies(instance3+"/"+p1)), target("b", arnC, proxies(instance3+"/"+p2, instance3+"/"+p1))),
			`targets[1].proxies[1].proxyId: invalid value "` + p1 + `": must be under one target only; it is also at line 5 (targets[0].proxies[0].proxyId)`,
		},
		"all proxies of an instance twice": {
			targets(target("a", arnB, proxies(instance3+"/all")), target("b", arnC, proxies(instance3+"/all"))),
			`targets[1].proxies[0].proxyId: invalid value "all": must be under one target only; it is also at line 5 (targets[0].proxies[0].proxyId)`,
		},
		"one of all": {
			targets(target("a", arnB, proxies(instance3+"/all")), target("b", arnC, proxies(instance3+"/"+p1))),
			`targets[1].proxies[0].proxyId: invalid value "` + p1 + `": must be under one target only`,
		},
		"all alongside one": {
			targets(target("a", arnB, proxies(instance3+"/"+p1, instance3+"/all"))),
			`targets[0].proxies[1].proxyId: invalid value "all": must be under one target only`,
		},
		"a selector's instance": {
			targets(target("a", arnB, proxies(instance3+"/"+p1))) + "selectors:\n  - {account: prod, proxies: [{account: hw, instanceId: " + instance3 + "}]}\n",
			`p.yaml:7:57: selectors[0].proxies[0].instanceId: invalid value "` + instance3 + `": must be under one target only`,
		},
		"an instance and a tag": {
			"selectors:\n  - {account: prod, proxies: [{account: hw, instanceTag: db, instanceId: " + instance3 + "}]}\n",
			`selectors[0].proxies[0].instanceTag: invalid value "db": must be left out where an instanceId is given`,
		},
		"one proxy by a tag": {
			"selectors:\n  - {account: prod, proxies: [{account: hw, instanceTag: db, proxyId: " + p1 + "}]}\n",
			`selectors[0].proxies[0].proxyId: invalid value "` + p1 + `": must be all, or left out where an instanceTag is given`,
		},
		"a proxy's form": {targets(target("a", arnB, proxies(instance3+"/x"))), `proxyId: invalid value "x": must be 32 hexadecimal digits followed by po01, or all`},
		"an account that is not listed": {
			strings.ReplaceAll(targets(target("a", arnB)), "account: prod", "account: prd"),
			`targets[0].gateway.account: invalid value "prd": must be an account listed under accounts.aws: prod`,
		},
		"a gateway of another region": {
			targets(target("a", strings.Replace(arnB, "eu-central-1", "eu-west-1", 1))),
			`must be a gateway in eu-central-1, the region of the account "prod"`,
		},
		"a gateway of another account": {
			targets(target("a", strings.Replace(arnB, ":123456789012:", ":210987654321:", 1))),
			`must be a gateway of 123456789012, to which the role of the account "prod" belongs`,
		},
		"a label that nobody has": {
			"rollout: {constraintKey: ap}\n" + targets(target("a", arnB, ", labels: {app: x}")),
			`p.yaml:4:26: rollout.constraintKey: invalid value "ap": must be a label of some target`,
		},
		"a long label":      {targets(target("a", arnB, ", labels: {app: "+strings.Repeat("x", 257)+"}")), `targets[0].labels.app: invalid value "xxx`},
		"a default's fault": {"window: {duration: 20m}\n" + targets(target("a", arnB)), `p.yaml:4:10: window.cutoff: invalid default "30m": must be 0s to 19m`},
		"an explicit zero":  {"rollout: {maxConcurrent: 0}\n" + targets(target("a", arnB)), `rollout.maxConcurrent: invalid value "0": must be 1 to 500`},
		"a wave of nobody":  {"rollout: {waves: [1, 0%]}\n" + targets(target("a", arnB)), `p.yaml:4:22: rollout.waves[1]: invalid value "0%": must be at least 1, or 1%`},
		"no forecast":       {"rollout: {forecast: {proxy: 0s}}\n" + targets(target("a", arnB)), `p.yaml:4:29: rollout.forecast.proxy: invalid value "0s": must be 1s to 24h`},
		"a forecast that fits no window": {
			"window: {duration: 2h}\nrollout: {forecast: {update: 91m}}\n" + targets(target("a", arnB)),
			`p.yaml:5:30: rollout.forecast.update: invalid value "91m": must be at most 1h30m, the part of the window before its cutoff; otherwise no update would ever start`,
		},
		"a window that is too short for an update": {
			"window: {duration: 40m}\n" + targets(target("a", arnB)),
			`p.yaml:4:20: window.duration: invalid value "40m": must be at least 50m: with a cutoff of 30m no update fits, which is expected to take 20m (rollout.forecast.update)`,
		},
		"a policy's fault": {"limits: {pace: {min: 2m}}\n" + targets(target("a", arnB)), `p.yaml:4:22: limits.pace.min: invalid value "2m": must be 1ms to 1m`},
		"approvals":        {"approvals: {count: 11, timeLimit: 1s}\n" + targets(target("a", arnB)), `approvals.count: invalid value "11": must be 1 to 10`},
		"no lead":          {"approvals: {lead: 0s}\n" + targets(target("a", arnB)), `p.yaml:4:19: approvals.lead: invalid value "0s": must be 1m to 744h`},
		"a pattern":        {"selectors: [{account: prod, name: '[a'}]\n", `selectors[0].name: invalid value "[a": must be a pattern such as payments-*`},
		"a type":           {"selectors: [{account: prod, types: [CASHED]}]\n", `selectors[0].types[0]: invalid value "CASHED": must be one of STORED, CACHED`},
		"too many freezes": {freezesOf(501) + targets(target("a", arnB)), `p.yaml:5:3: freezes: expand to 501 intervals from 2026-11-22: must be at most 500`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(head + tc.text)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func freezesOf(n int) string {
	var b strings.Builder
	b.WriteString("freezes:\n")
	for i := range n {
		day := now.AddDate(0, 0, i+1).Format(time.DateOnly)
		fmt.Fprintf(&b, "  - {from: %s, zone: UTC}\n", day)
	}
	return b.String()
}

func TestFaultsAreReportedTogetherInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	_, err := parse(`apiVersion: v2
accounts:
  aws: [{name: Prod, region: nowhere, secretKey: hunter2}, {name: a, region: eu-central-1}, {name: a, region: eu-central-1, assumeRole: x}]
  huawei: [{name: h, project: short}, {name: i, project: 0123456789abcdef0123456789abcdef, endpoint: "user:password@host"}]
snapshot: maybe
targets:
  - gateway: {account: a, arn: x}
    proxies: [{account: h, instanceId: i, proxyId: all, version: newest}]
`)
	require.EqualError(t, err, strings.Join([]string{
		`p.yaml:1:1: name: is required: must be 1 to 63 lower-case letters, digits, dots, underscores or dashes`,
		`p.yaml:1:13: apiVersion: invalid value "v2": must be tidegate/v1`,
		`p.yaml:3:16: accounts.aws[0].name: invalid value "Prod": must be 1 to 63 lower-case letters, digits, dots, underscores or dashes`,
		`p.yaml:3:30: accounts.aws[0].region: invalid value "nowhere": must be an AWS region such as us-east-1`,
		`p.yaml:3:39: accounts.aws[0].secretKey: is an unknown field: must be one of name, region, assumeRole`,
		`p.yaml:3:100: accounts.aws[2].name: invalid value "a": must be unique in its section`,
		`p.yaml:3:137: accounts.aws[2].assumeRole: invalid value "x": must be a role such as arn:aws:iam::123456789012:role/tidegate`,
		`p.yaml:4:13: accounts.huawei[0].region: is required: must be the project's region, or an endpoint`,
		`p.yaml:4:31: accounts.huawei[0].project: invalid value "short": must be the project's id: 32 letters and digits`,
		`p.yaml:4:102: accounts.huawei[1].endpoint: invalid value "(hidden)": must be a host name or URL of TaurusDB, without path, user and password`,
		`p.yaml:5:11: snapshot: invalid value "maybe": must be after, before, both or never`,
		`p.yaml:7:5: targets[0].name: is required: must be 1 to 63 lower-case letters, digits, dots, underscores or dashes`,
		`p.yaml:7:32: targets[0].gateway.arn: invalid value "x": must be arn:aws:storagegateway:REGION:ACCOUNT:gateway/sgw-XXXXXXXX`,
		`p.yaml:8:40: targets[0].proxies[0].instanceId: invalid value "i": must be 32 hexadecimal digits followed by in07`,
		`p.yaml:8:66: targets[0].proxies[0].version: invalid value "newest": must be latest, or four numbers such as 2.24.03.000`,
	}, "\n"))
	var faults *strict.FaultsError
	require.ErrorAs(t, err, &faults)
	require.Equal(t, strict.Fault{
		File: "p.yaml", Line: 5, Column: 11, Field: "snapshot", Value: "maybe", Problem: "invalid value", Want: "after, before, both or never",
	}, faults.Faults[10])
}

// A plan of the size that a campaign must bear is read in seconds.
func TestTenThousandTargetsAreRead(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(head + "targets:\n")
	for i := range 10_000 {
		b.WriteString(target(fmt.Sprintf("t-%d", i), fmt.Sprintf("%s%08X", arnB[:len(arnB)-8], i), proxies(fmt.Sprintf("%032xin07/all", i))))
	}
	p, err := parse(b.String())
	require.NoError(t, err)
	require.Len(t, p.Targets, 10_000)
	encoded, err := json.Marshal(p)
	require.NoError(t, err)
	_, err = parse(head + "targets: [" + strings.Repeat("{}, ", plan.MaxTargets) + "{}]")
	require.ErrorContains(t, err, "p.yaml:4:10: targets: has 12001 targets: must be at most 12000, or several plans")
	t.Logf("%d bytes of YAML, %d of JSON", b.Len(), len(encoded))
}
