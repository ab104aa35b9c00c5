package workflows_test

import (
	"cmp"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-12A3456B"
	gatewayID  = "sgw-12A3456B"
	instanceID = "0123456789abcdef0123456789abcdefin07"
)

// proxyIDs are those of the fake instance, canary first.
var proxyIDs = []string{
	"00000000000000000000000000000001po01",
	"00000000000000000000000000000002po01",
	"00000000000000000000000000000003po01",
}

// noon is of a Sunday: inside the window that opens at noon on that day.
var noon = teststart.On(time.Sunday, 12)

// the22nd is noon of a day of the month, for windows that recur monthly.
var the22nd = teststart.OnDay(22, 12)

// newCloud has one gateway with an available update, a weekly window that opens
// on Sunday at noon, and two volumes.
func newCloud() *cloud {
	return &cloud{
		gateway: maintenance.Gateway{
			ARN: gatewayARN, ID: gatewayID, Name: "payments-1", Type: "CACHED", State: "RUNNING",
			SoftwareVersion: "1.0.0", NextUpdateAvailable: noon.AddDate(0, 0, -21).Format("2006-01-02T15:04:05"),
		},
		schedule: maintenance.RawSchedule{
			DayOfWeek: new(0), Hour: new(12), Minute: new(0), Timezone: "GMT", AutomaticUpdates: maintenance.AllVersions,
		},
		gap: 20 * time.Second, restart: 5 * time.Minute, stale: 20 * time.Second, unseen: 2 * time.Second, pending: 10 * time.Minute,
		volumes: []maintenance.Volume{
			{ARN: gatewayARN + "/volume/vol-1122AABB", ID: "vol-1122aabb", Status: "AVAILABLE"},
			{ARN: gatewayARN + "/volume/vol-3344CCDD", ID: "vol-3344ccdd", Status: "AVAILABLE"},
		},
		proxies: map[string]*fakeProxy{},
		jobs:    map[string]*fakeJob{},
		lose:    map[string]int{},
		blind:   map[string]int{},
		refuse:  map[string]int{},
		started: map[string]time.Time{},
	}
}

// withProxies adds n proxies that can be upgraded.
func (c *cloud) withProxies(n int) *cloud {
	for _, id := range proxyIDs[:n] {
		c.proxies[id] = &fakeProxy{
			instance: instanceID,
			proxy: maintenance.Proxy{ID: id, Status: "ACTIVE", PoolStatus: "ACTIVE", Routing: maintenance.ProxyRouting{
				ReadWeights: []maintenance.NodeWeight{{ID: "replica-1", Weight: 100}},
			}},
			kernel: maintenance.ProxyKernel{Current: "2.23.12.000", Latest: "2.24.03.000", CanUpgrade: true},
		}
	}
	return c
}

// input is the maintenance of everything that the cloud holds.
func (c *cloud) input(policy maintenance.Policy) api.MaintenanceInput {
	policy.UpdateDelay = cmp.Or(policy.UpdateDelay, new(maintenance.Duration(0)))
	policy.SteadyFor = maintenance.Duration(3 * time.Millisecond) // the one wait in real time
	target := maintenance.Target{Name: "payments-1", Gateway: maintenance.GatewayRef{Account: "prod", ARN: gatewayARN}}
	for _, id := range proxyIDs[:len(c.proxies)] {
		target.Proxies = append(target.Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: id})
	}
	return api.MaintenanceInput{Target: target, Policy: policy}
}

// maintain runs the whole workflow and gives its record, however it ended.
func maintain(t *testing.T, env environment, in api.MaintenanceInput) (maintenance.Result, error) {
	t.Helper()
	env.ExecuteWorkflow(api.GatewayMaintenanceName, in)
	require.True(t, env.IsWorkflowCompleted())
	err := env.GetWorkflowError()
	var result maintenance.Result
	var app *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case err == nil:
		require.NoError(t, env.GetWorkflowResult(&result))
	case errors.As(err, &app) && app.HasDetails():
		require.NoError(t, app.Details(&result))
		require.Equal(t, string(result.State), app.Type())
	case errors.As(err, &cancelled):
		require.NoError(t, cancelled.Details(&result))
	default:
		require.NoError(t, err)
	}
	return result, err
}

// notes are the steps with their states, for comparing.
func notes(r maintenance.Result) []string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, fmt.Sprintf("%s: %s", s.Step, s.State))
	}
	return all
}
