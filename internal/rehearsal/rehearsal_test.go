package rehearsal_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/rehearsal"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/test/teststart"
)

var now = teststart.On(time.Wednesday, 12)

const (
	instance = "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
	proxy    = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	project  = "0123456789abcdef0123456789abcdef"
)

// gateway is a connected one with an update on offer, whose window opens on a weekday at an hour.
func gateway(number, weekday, hour int) inventory.JudgedGateway {
	id := fmt.Sprintf("sgw-%08X", number)
	var g inventory.JudgedGateway
	g.Account, g.Region, g.Described, g.Connection = "prod", "eu-central-1", true, inventory.Connected
	g.Gateway.Gateway = maintenance.Gateway{
		ARN: "arn:aws:storagegateway:eu-central-1:222222222222:gateway/" + id, ID: id, Name: fmt.Sprintf("gw-%d", number),
		Type: "CACHED", State: "RUNNING", SoftwareVersion: "1.2.3", NextUpdateAvailable: "2026-01-01T00:00:00",
		LastSoftwareUpdate: "2020-01-01T00:00:00", Tags: map[string]string{"app": "orders"},
	}
	g.Timezone, g.Host = "GMT+1:00", "VMWARE"
	g.Schedule = &maintenance.RawSchedule{DayOfWeek: &weekday, Hour: &hour, Minute: new(0), Timezone: "GMT+1:00", AutomaticUpdates: "ALL_VERSIONS"}
	g.Volumes = []inventory.Volume{{Volume: maintenance.Volume{ID: fmt.Sprintf("vol-%08x", number), Status: "AVAILABLE", SizeBytes: 50 << 30}}}
	return g
}

func fleet() inventory.Document {
	var p inventory.JudgedProxy
	p.Account, p.Region, p.Instance = "db", "ap-southeast-3", inventory.Instance{ID: instance, Name: "orders", Status: "ACTIVE"}
	p.Proxy.Proxy = maintenance.Proxy{ID: proxy, Name: "orders-proxy", Status: "ACTIVE", Nodes: make([]maintenance.ProxyNode, 2), Routing: maintenance.ProxyRouting{
		MasterWeight: 100, ReadWeights: []maintenance.NodeWeight{{Weight: 100}, {Weight: 50}},
	}}
	p.Kernel = &maintenance.ProxyKernel{Current: "2.24.03.000", Latest: "2.26.06.000", CanUpgrade: true}
	return inventory.Document{
		AsOf:     now,
		Gateways: []inventory.JudgedGateway{gateway(1, 0, 3), gateway(2, 6, 2), gateway(3, 4, 1), gateway(4, 6, 2)},
		Proxies:  []inventory.JudgedProxy{p},
	}
}

func thePlan() plan.Plan {
	return plan.Plan{
		Name: "quarterly",
		Accounts: plan.Accounts{
			AWS:    []plan.AWSAccount{{Name: "prod", Region: "eu-central-1"}},
			Huawei: []plan.HuaweiAccount{{Name: "db", Project: project, Region: "ap-southeast-3"}},
		},
		Targets: []maintenance.Target{{
			Name: "first", Gateway: maintenance.GatewayRef{Account: "prod", ARN: gateway(1, 0, 3).ARN},
			Proxies: []maintenance.ProxyRef{{Account: "db", InstanceID: instance, ProxyID: plan.AllProxies, Version: maintenance.Latest}},
		}},
		Selectors: []plan.Selector{{Account: "prod", Tags: map[string]string{"app": "orders"}}},
	}.WithDefaults()
}

func TestWindowsOpenInTheirOrder(t *testing.T) {
	t.Parallel()
	r, err := rehearsal.Make(fleet(), thePlan(), rehearsal.Options{Now: now, Minutes: 5})
	require.NoError(t, err)
	var seen []string
	for _, w := range r.Windows {
		seen = append(seen, fmt.Sprint(w.In, " ", strings.Join(w.Gateways, ",")))
	}
	require.Equal(t, []string{"1m0s gw-3", "2m0s gw-2,gw-4", "3m0s gw-1"}, seen, "Thursday, Saturday, Sunday")
	for i, in := range []int{3, 2, 1, 2} {
		require.Equal(t, aws.Window{OpensIn: time.Duration(in) * time.Minute}, r.Clouds.AWS.Gateways[i].Window)
	}
}

// However many windows there are, they open within the minutes, and none before one that opens earlier.
func TestWindowsKeepTheirOrderWithinTheMinutes(t *testing.T) {
	t.Parallel()
	for range 100 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		found := inventory.Document{AsOf: now}
		for i := range 1 + random.IntN(60) {
			found.Gateways = append(found.Gateways, gateway(i, random.IntN(7), random.IntN(24)))
		}
		p := thePlan()
		p.Targets = nil
		minutes := 1 + random.IntN(10)
		r, err := rehearsal.Make(found, p, rehearsal.Options{Now: now, Minutes: minutes})
		require.NoError(t, err, "seed %d", seed)
		var last rehearsal.Window
		for _, w := range r.Windows {
			require.True(t, w.Opens.After(last.Opens), "seed %d", seed)
			require.GreaterOrEqual(t, w.In, last.In, "seed %d", seed)
			require.LessOrEqual(t, w.In, time.Duration(minutes)*time.Minute, "seed %d", seed)
			last = w
		}
	}
}

func TestWhatIsFoundIsSimulated(t *testing.T) {
	t.Parallel()
	found := fleet()
	found.Gateways[1].Connection = inventory.Disconnected
	found.Gateways[2].NextUpdateAvailable = ""
	found.Gateways[3].Schedule, found.Gateways[3].NoWindow = nil, "AWS gives none"
	r, err := rehearsal.Make(found, thePlan(), rehearsal.Options{Now: now, Minutes: 3})
	require.NoError(t, err)
	first := r.Clouds.AWS.Gateways[0]
	require.Equal(t, "222222222222", r.Clouds.AWS.Credentials[0].Account)
	require.Equal(t, "1.2.3", first.Version)
	require.Equal(t, "1.2.3-next", first.NextVersion, "AWS does not tell which")
	require.Equal(t, []aws.Volume{{ID: "vol-00000001", SizeGiB: 50}}, first.Volumes)
	require.Equal(t, "DISCONNECTED", r.Clouds.AWS.Gateways[1].State)
	require.Empty(t, r.Clouds.AWS.Gateways[2].NextVersion)
	require.True(t, r.Clouds.AWS.Gateways[3].Window.NotSupported)
	require.Contains(t, r.Otherwise, "gw-2 is not connected, as it was when the inventory was made")
	x := r.Clouds.Huawei.Instances[0].Proxies[0]
	require.Equal(t, []int{100, 50}, x.ReadWeights)
	require.Equal(t, "2.26.06.000", x.LatestVersion)
}

func TestAPlanIsShortenedAndSaysSo(t *testing.T) {
	t.Parallel()
	p := thePlan()
	p.Name = strings.Repeat("a", 63)
	p.Policy.Freezes = []maintenance.Freeze{{From: now, To: now.Add(time.Hour)}}
	p.Checks = []health.Check{
		{Name: "ours", Gateway: &health.GatewayCheck{}, At: []health.Moment{health.AtBefore}},
		{Name: "theirs", HTTP: &health.HTTPCheck{Server: "orders"}, At: []health.Moment{health.AtBefore}},
	}
	p.Notify = []plan.Notify{{}, {}}
	p.Approvals = maintenance.Approvals{Count: 1, Signers: "leads", Commands: maintenance.CommandsSigned}.WithDefaults()
	p.Rollout.Bake = maintenance.Duration(24 * time.Hour)
	r, err := rehearsal.Make(fleet(), p, rehearsal.Options{Now: now, Minutes: 3})
	require.NoError(t, err)
	require.Len(t, r.Plan.Name, 63)
	require.True(t, strings.HasSuffix(r.Plan.Name, "-rehearsal"))
	require.Empty(t, r.Plan.Policy.Freezes)
	require.Len(t, r.Plan.Checks, 1)
	require.False(t, r.Plan.Approvals.Signed(), "the worker of a rehearsal has no signers")
	require.Equal(t, maintenance.Duration(15*time.Second), r.Plan.Rollout.Bake)
	require.NoError(t, r.Plan.Policy.Validate())
	said := strings.Join(r.Otherwise, "\n")
	for _, want := range []string{"1 freeze is left out", "2 notifications are left out", "1 health check is left out", "approvals are not signed here", "a bake 15s"} {
		require.Contains(t, said, want)
	}
}

func TestWhatThePlanNamesAndNobodyFoundIsNamed(t *testing.T) {
	t.Parallel()
	p := thePlan()
	p.Targets[0].Gateway.ARN += "F"
	p.Selectors[0].Account = "other"
	_, err := rehearsal.Make(fleet(), p, rehearsal.Options{Now: now, Minutes: 3})
	require.ErrorContains(t, err, "a gateway of the account other, the gateway "+p.Targets[0].Gateway.ARN+" of the target first")
}

func TestFaultsBefallWhatTheyName(t *testing.T) {
	t.Parallel()
	faults := func(texts ...string) (r rehearsal.Rehearsal, err error) {
		o := rehearsal.Options{Now: now, Minutes: 3}
		for _, text := range texts {
			f, err := rehearsal.ParseFault(text)
			require.NoError(t, err)
			o.Faults = append(o.Faults, f)
		}
		return rehearsal.Make(fleet(), thePlan(), o)
	}
	r, err := faults("first=never-comes-back", "gw-2=snapshot-stuck", "sgw-00000003=update-refused", "first=proxy-rejected")
	require.NoError(t, err)
	require.True(t, r.Clouds.AWS.Gateways[0].NeverComesBack)
	require.Equal(t, "stuck", r.Clouds.AWS.Gateways[1].Volumes[0].SnapshotOutcome)
	require.Equal(t, "sgw-00000003", r.Clouds.Faults[0].Resource)
	require.NotEmpty(t, r.Clouds.Huawei.Instances[0].Proxies[0].Outcome.Reject)

	_, err = faults("nobody=flaps", "gw-2=proxy-fails")
	require.ErrorContains(t, err, "the fault nobody=flaps befalls nothing")
	require.ErrorContains(t, err, "the fault gw-2=proxy-fails befalls nothing")
	for _, wrong := range []string{"", "first", "=flaps", "first=earthquake"} {
		_, err := rehearsal.ParseFault(wrong)
		require.ErrorContains(t, err, "must be NAME=KIND", wrong)
	}
	for _, kind := range rehearsal.Kinds() {
		_, err := faults("first=" + kind)
		require.NoError(t, err, kind)
	}
}
