package campaign_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
)

var (
	targets    = flag.Int("targets", 10_000, "how many targets BenchmarkTenThousand takes through their maintenance")
	concurrent = flag.Int("concurrent", 100, "how many of them at a time")
)

// BenchmarkTenThousand takes a fleet whose clouds need no time through one
// campaign, and reports what Temporal had to carry.
func BenchmarkTenThousand(b *testing.B) {
	for b.Loop() {
		l := newLab(b, multitude(*targets))
		start := time.Now()
		run := l.launch(api.CampaignInput{Plan: everybody(*targets)})
		first := run.GetRunID() // it becomes the last one's
		result, err := endrecord.OfCampaign(b.Context(), run)
		require.NoError(b, err)
		took := time.Since(start)
		require.Equal(b, fleet.Completed, result.State, result.Summary)
		require.Equal(b, fleet.Counts{Total: *targets, Succeeded: *targets}, result.Counts)
		l.requireEachTriggeredOnce(*targets)

		b.ReportMetric(took.Seconds(), "wall-s")
		b.ReportMetric(float64(*targets)/took.Seconds(), "targets/s")
		report(b, "campaign", l.chain(run.GetID(), first))
		var batches, maintenances size
		for _, e := range l.closed("WorkflowType = 'Batch'") {
			batches.add(l, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
		}
		report(b, "batch", batches)
		for _, e := range l.closed("WorkflowType = 'GatewayMaintenance'")[:10] {
			maintenances.add(l, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
		}
		report(b, "target", maintenances)
		b.ReportMetric(0, "ns/op") // the wall time is above
		if peak := peakMemory(b); peak > 0 {
			b.ReportMetric(peak, "peak-MB")
		}
	}
}

func report(b *testing.B, of string, s size) {
	b.Helper()
	b.ReportMetric(float64(s.runs), of+"-runs")
	b.ReportMetric(float64(s.events), of+"-events")
	b.ReportMetric(float64(s.bytes), of+"-bytes")
	b.ReportMetric(float64(s.payload), of+"-payload-bytes")
}

// peakMemory is the most that this process has used so far, in MB: the worker's
// memory, and the server's and the clouds', which are in the same process. 0 where
// the system does not tell.
func peakMemory(b *testing.B) float64 {
	b.Helper()
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { require.NoError(b, status.Close()) }()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if peak, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(peak), " kB"), 64)
			require.NoError(b, err)
			return kB / 1000
		}
	}
	return 0
}

// multitude is n gateways, all of whose doings are over at once.
func multitude(n int) simcloud.Scenario {
	const once = time.Millisecond
	s := aws.Scenario{Timing: aws.Timing{
		Gap: once, GapPolls: new(0), Restart: once, OldVersion: once, OldVersionPolls: new(0),
	}}
	for i := range n {
		g := aws.Gateway{ID: many(i), NextVersion: "1.3.0", Type: "FILE_S3", Window: aws.Window{OpenedAgo: 5 * time.Minute}}
		if i%2 == 1 {
			g.Account, g.Region = awayID, awayRegion
		}
		s.Gateways = append(s.Gateways, g)
	}
	return simcloud.Scenario{AWS: s}
}

func many(i int) string { return fmt.Sprintf("sgw-%08X", 0xB0000000+i) }

// everybody is a plan for all of a multitude.
func everybody(n int) plan.Plan {
	p := plan.Plan{
		Name: "multitude", Accounts: theAccounts(),
		Policy: maintenance.Policy{
			WindowLength: maintenance.Duration(24 * time.Hour), UpdateDelay: new(maintenance.Duration(0)),
			SteadyFor: maintenance.Duration(time.Millisecond),
			Pace:      maintenance.Pace{Min: maintenance.Duration(20 * time.Millisecond), Max: maintenance.Duration(time.Second)},
		}.WithDefaults(),
		Rollout: maintenance.Rollout{Waves: shares("1", "10%"), MaxConcurrent: *concurrent}.WithDefaults(),
	}
	for i := range n {
		account, arn := home, "arn:aws:storagegateway:"+homeRegion+":"+homeID+":gateway/"+many(i)
		if i%2 == 1 {
			account, arn = away, "arn:aws:storagegateway:"+awayRegion+":"+awayID+":gateway/"+many(i)
		}
		p.Targets = append(p.Targets, maintenance.Target{
			Name: fmt.Sprintf("target-%05d", i), Gateway: maintenance.GatewayRef{Account: account, ARN: arn},
		})
	}
	return p
}

func shares(texts ...string) (all []maintenance.Share) {
	for _, text := range texts {
		var s maintenance.Share
		if s.UnmarshalText([]byte(text)) == nil {
			all = append(all, s)
		}
	}
	return all
}

func (l *lab) requireEachTriggeredOnce(n int) {
	l.t.Helper()
	triggers, _ := l.done()
	require.Len(l.t, triggers, n)
	for gateway, times := range triggers {
		require.Equal(l.t, 1, times, gateway)
	}
}
