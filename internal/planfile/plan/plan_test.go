package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func TestASelectorMatchesWhereAllThatItSaysHolds(t *testing.T) {
	t.Parallel()
	gateway := maintenance.Gateway{Name: "payments-1", Type: "CACHED", Tags: map[string]string{"env": "prod", "empty": ""}}
	for name, tc := range map[string]struct {
		selector plan.Selector
		want     bool
	}{
		"nothing":               {plan.Selector{}, true},
		"its type":              {plan.Selector{Types: []string{"STORED", "CACHED"}}, true},
		"another type":          {plan.Selector{Types: []string{"STORED"}}, false},
		"its name":              {plan.Selector{Name: "payments-1"}, true},
		"a pattern":             {plan.Selector{Name: "pay*-[0-9]"}, true},
		"a piece of its name":   {plan.Selector{Name: "payments"}, false},
		"its tag":               {plan.Selector{Tags: map[string]string{"env": "prod"}}, true},
		"a valid value":         {plan.Selector{Tags: map[string]string{"env": "pro*"}}, false},
		"any value":             {plan.Selector{Tags: map[string]string{"env": "*", "empty": "*"}}, true},
		"an empty value":        {plan.Selector{Tags: map[string]string{"empty": ""}}, true},
		"a tag that it has not": {plan.Selector{Tags: map[string]string{"app": "*"}}, false},
		"an update":             {plan.Selector{UpdateAvailable: true}, false},
		"one of two":            {plan.Selector{Name: "payments-*", Types: []string{"VTL"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.selector.Matches(gateway))
		})
	}
	require.True(t, plan.Selector{UpdateAvailable: true}.Matches(maintenance.Gateway{NextUpdateAvailable: "2026-11-20T00:00:00"}))
}

func TestWavesAreCounted(t *testing.T) {
	t.Parallel()
	share := func(text string) maintenance.Share {
		s, err := maintenance.ParseShare(text)
		require.NoError(t, err)
		return s
	}
	waves := []maintenance.Share{share("1"), share("50%")}
	for name, tc := range map[string]struct {
		plan plan.Plan
		want int
		open bool
	}{
		"one":             {plan.Plan{Targets: make([]maintenance.Target, 3)}, 1, false},
		"and the rest":    {plan.Plan{Targets: make([]maintenance.Target, 4), Rollout: maintenance.Rollout{Waves: waves}}, 3, false},
		"without a rest":  {plan.Plan{Targets: make([]maintenance.Target, 2), Rollout: maintenance.Rollout{Waves: waves}}, 2, false},
		"of who is found": {plan.Plan{Selectors: make([]plan.Selector, 1), Rollout: maintenance.Rollout{Waves: waves}}, 3, true},
		"of all found":    {plan.Plan{Selectors: make([]plan.Selector, 1)}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, open := tc.plan.Waves()
			require.Equal(t, tc.want, n)
			require.Equal(t, tc.open, open)
		})
	}
}

const (
	arn      = "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456B"
	instance = "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
	other    = "1e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
	proxy    = "151c14381ac14ecfb9703a745b992677po01"
)

func TestKeysAreTheConstraintsLabelAndTheInstances(t *testing.T) {
	t.Parallel()
	target := maintenance.Target{
		Labels: map[string]string{"app": "payments", "tier": "1"},
		Proxies: []maintenance.ProxyRef{
			{InstanceID: instance, ProxyID: proxy}, {InstanceID: other, ProxyID: plan.AllProxies}, {InstanceID: instance, ProxyID: plan.AllProxies},
		},
	}
	by := func(label string) plan.Plan { return plan.Plan{Rollout: maintenance.Rollout{ConstraintKey: label}} }
	require.Equal(t, []string{"app=payments", "instance " + other, "instance " + instance}, by("app").Keys(target))
	require.Equal(t, []string{"instance " + other, "instance " + instance}, by("").Keys(target), "no constraint")
	require.Equal(t, []string{"instance " + other, "instance " + instance}, by("site").Keys(target), "a label that it has not")
	require.Empty(t, by("app").Keys(maintenance.Target{}))
}

func TestAGatewayThatIsFoundBecomesATarget(t *testing.T) {
	t.Parallel()
	ref := maintenance.GatewayRef{Account: "prod", ARN: arn}
	selector := plan.Selector{
		Labels: map[string]string{"tier": "2"}, LabelsFromTags: []string{"app", "tier", "site"},
		Proxies: []plan.Proxies{
			{Account: "hw", InstanceTag: "db"},
			{Account: "hw", InstanceTag: "none", Version: "latest"},
			{Account: "lab", InstanceID: other, ProxyID: proxy, Version: "2.24.03.000"},
		},
	}
	tags := map[string]string{"app": "Pay ments", "tier": "1", "db": instance}
	require.Equal(t, maintenance.Target{
		Name: "payments-1", Gateway: ref, Labels: map[string]string{"app": "Pay ments", "tier": "2"},
		Proxies: []maintenance.ProxyRef{
			{Account: "hw", InstanceID: instance, ProxyID: plan.AllProxies},
			{Account: "lab", InstanceID: other, ProxyID: proxy, Version: "2.24.03.000"},
		},
	}, selector.Target(maintenance.Gateway{Name: "Payments 1", Tags: tags}, ref))
	require.Equal(t, maintenance.Target{Name: "a", Gateway: ref}, plan.Selector{}.Target(maintenance.Gateway{Name: "a", Tags: tags}, ref))
}

func TestEveryGatewayGetsAValidName(t *testing.T) {
	t.Parallel()
	ref := maintenance.GatewayRef{Account: "prod", ARN: arn}
	for name, want := range map[string]string{
		"a.b_c-1": "a.b_c-1", "Till (Berlin)": "till--berlin", "_till": "till", "Größe": "gr--e",
		"": "sgw-12a3456b", "  ": "sgw-12a3456b", "支付": "sgw-12a3456b",
		strings.Repeat("x", 70):        strings.Repeat("x", 63),
		strings.Repeat("x", 62) + " y": strings.Repeat("x", 62),
	} {
		got := plan.Selector{}.Target(maintenance.Gateway{Name: name}, ref)
		require.Equal(t, want, got.Name)
		require.NoError(t, got.Validate())
	}
}
