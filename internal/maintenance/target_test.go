package maintenance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	instanceID = "0123456789abcdef0123456789abcdefin07"
	proxyID    = "0123456789abcdef0123456789abcdefpo01"
	otherProxy = "fedcba9876543210fedcba9876543210po01"
)

func wholeTarget() maintenance.Target {
	return maintenance.Target{
		Name:    "store-7",
		Gateway: maintenance.GatewayRef{Account: "prod", ARN: gatewayARN},
		Proxies: []maintenance.ProxyRef{
			{Account: "hw-prod", InstanceID: instanceID, ProxyID: proxyID, Version: "2.24.03.000"},
			{Account: "hw-prod", InstanceID: instanceID, ProxyID: otherProxy, Version: maintenance.Latest},
		},
		Labels: map[string]string{"app": "till"},
	}
}

func TestAWholeTargetIsValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, wholeTarget().Validate())
	require.NoError(t, maintenance.Target{Name: "a", Gateway: maintenance.GatewayRef{Account: "a", ARN: gatewayARN}}.Validate())
	long := wholeTarget()
	long.Name = strings.Repeat("a", 63)
	long.Proxies[0].Version = ""
	require.NoError(t, long.Validate())
}

func TestATargetsFaultsAreNamedOneByOne(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*maintenance.Target)
		want   map[string]string
	}{
		"no name":                 {func(g *maintenance.Target) { g.Name = "" }, map[string]string{"target.name": ""}},
		"upper case":              {func(g *maintenance.Target) { g.Name = "Store" }, map[string]string{"target.name": "Store"}},
		"a blank":                 {func(g *maintenance.Target) { g.Name = "store 7" }, map[string]string{"target.name": "store 7"}},
		"a line break":            {func(g *maintenance.Target) { g.Name = "store\n" }, map[string]string{"target.name": "store\n"}},
		"a slash":                 {func(g *maintenance.Target) { g.Name = "a/b" }, map[string]string{"target.name": "a/b"}},
		"starts with a dash":      {func(g *maintenance.Target) { g.Name = "-a" }, map[string]string{"target.name": "-a"}},
		"too long":                {func(g *maintenance.Target) { g.Name = strings.Repeat("a", 64) }, map[string]string{"target.name": strings.Repeat("a", 64)}},
		"no account":              {func(g *maintenance.Target) { g.Gateway.Account = "" }, map[string]string{"target.gateway.account": ""}},
		"an id for an ARN":        {func(g *maintenance.Target) { g.Gateway.ARN = "sgw-12A3456B" }, map[string]string{"target.gateway.arn": "sgw-12A3456B"}},
		"a proxy without account": {func(g *maintenance.Target) { g.Proxies[1].Account = "" }, map[string]string{"target.proxies[1].account": ""}},
		"a wrong instance":        {func(g *maintenance.Target) { g.Proxies[0].InstanceID = proxyID }, map[string]string{"target.proxies[0].instanceId": proxyID}},
		"a wrong proxy":           {func(g *maintenance.Target) { g.Proxies[0].ProxyID = instanceID }, map[string]string{"target.proxies[0].proxyId": instanceID}},
		"an upper-case proxy": {
			func(g *maintenance.Target) { g.Proxies[0].ProxyID = strings.ToUpper(proxyID) },
			map[string]string{"target.proxies[0].proxyId": strings.ToUpper(proxyID)},
		},
		"a wrong version": {func(g *maintenance.Target) { g.Proxies[1].Version = "2.24" }, map[string]string{"target.proxies[1].version": "2.24"}},
		"a proxy twice":   {func(g *maintenance.Target) { g.Proxies[1].ProxyID = proxyID }, map[string]string{"target.proxies[1].proxyId": proxyID}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := wholeTarget()
			tc.change(&target)
			requireFields(t, target.Validate(), tc.want)
		})
	}
}

func TestAllOfATargetsFaultsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	target := maintenance.Target{
		Name:    "Store 7",
		Gateway: maintenance.GatewayRef{ARN: "sgw"},
		Proxies: []maintenance.ProxyRef{{Version: "newest"}, {Account: "HW", InstanceID: "i", ProxyID: "p"}},
	}
	requireFields(t, target.Validate(), map[string]string{
		"target.name": "Store 7", "target.gateway.account": "", "target.gateway.arn": "sgw",
		"target.proxies[0].account": "", "target.proxies[0].instanceId": "", "target.proxies[0].proxyId": "", "target.proxies[0].version": "newest",
		"target.proxies[1].account": "HW", "target.proxies[1].instanceId": "i", "target.proxies[1].proxyId": "p",
	})
}

func TestAFieldErrorSaysFieldValueAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	err := &maintenance.FieldError{Field: "policy.cutoff", Value: "5h", Want: "1s to 3h59m"}
	require.EqualError(t, err, `policy.cutoff: invalid value "5h": must be 1s to 3h59m`)
}
