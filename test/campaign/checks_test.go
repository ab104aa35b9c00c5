package campaign_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
)

var checked = flag.Int("checked", 1000, "how many targets BenchmarkHealthChecks takes through their maintenance")

// applications are how many share the targets: a query about one is asked once for all of its targets.
const applications = 20

// threeChecks are those of each target: a number of the gateway's own before, an error rate before, after and while the
// wave bakes, and an alert after the update.
func threeChecks() []health.Check {
	limit := 0.1
	all := []health.Check{
		{Name: "cache is clean", At: []health.Moment{health.AtBefore}, Gateway: &health.GatewayCheck{CacheDirtyBelow: 50}},
		{
			Name: "error rate", At: []health.Moment{health.AtBefore, health.AtAfter, health.AtBake},
			Prometheus: &health.PrometheusCheck{
				Server: monitor, Query: `sum(rate(errors_total{app="{{label "app"}}"}[5m]))`, Below: &limit, OrWorseBy: 20,
			},
		},
		{
			Name: "nothing fires", At: []health.Moment{health.AtAfter},
			Alertmanager: &health.AlertmanagerCheck{AlertSelector: health.AlertSelector{
				Server: monitor, Matchers: []health.Template{`gateway="{{gateway}}"`},
			}},
		},
	}
	for i, c := range all {
		all[i] = c.WithDefaults()
	}
	return all
}

// monitored is the multitude with applications that Prometheus knows.
func monitored(n int) simcloud.Scenario {
	s := multitude(n)
	for i := range s.AWS.Gateways {
		s.AWS.Gateways[i].Cache = aws.Cache{Dirty: aws.Load{Percent: 1}}
	}
	for i := range applications {
		app := fmt.Sprintf("app-%d", i)
		s.Monitoring.Series = append(s.Monitoring.Series, monitoring.Series{
			Name: app, Metric: "errors_total", Labels: map[string]string{"app": app}, Value: "0.02",
		})
	}
	return s
}

// BenchmarkHealthChecks takes one fleet through its maintenance without checks, and with three of each target: it
// reports what each target costs.
func BenchmarkHealthChecks(b *testing.B) {
	for name, checks := range map[string][]health.Check{"without": nil, "with": threeChecks()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				measureChecks(b, checks)
			}
		})
	}
}

func measureChecks(b *testing.B, checks []health.Check) {
	b.Helper()
	n := *checked
	l := newLab(b, monitored(n))
	p := everybody(n)
	p.Checks, p.Rollout.Bake = checks, maintenance.Duration(30*time.Second)
	for i := range p.Targets {
		p.Targets[i].Labels = map[string]string{"app": fmt.Sprintf("app-%d", i%applications)}
	}
	start := time.Now()
	run := l.launch(api.CampaignInput{Plan: p})
	result, err := endrecord.OfCampaign(b.Context(), run)
	require.NoError(b, err)
	took := time.Since(start)
	require.Equal(b, fleet.Completed, result.State, result.Summary)
	l.requireEachTriggeredOnce(n)

	each := func(total int) float64 { return float64(total) / float64(n) }
	b.ReportMetric(took.Seconds(), "makespan-s")
	clouds, servers := 0, 0
	for operation, calls := range l.sim.Calls() {
		if strings.HasPrefix(operation, "prometheus:") || strings.HasPrefix(operation, "alertmanager:") {
			servers += calls
		} else {
			clouds += calls
		}
	}
	b.ReportMetric(each(clouds), "cloud-calls/target")
	b.ReportMetric(each(servers), "server-calls/target")
	for _, kind := range []string{"Campaign", "Batch", "GatewayMaintenance"} {
		events, bytes := 0, 0
		for _, e := range l.closed("WorkflowType = '" + kind + "'") {
			events, bytes = events+int(e.GetHistoryLength()), bytes+int(e.GetHistorySizeBytes())
		}
		b.ReportMetric(each(events), kind+"-events/target")
		b.ReportMetric(each(bytes), kind+"-bytes/target")
	}
	b.ReportMetric(0, "ns/op") // the makespan is above
}
