package histories_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/report/histories"
	"github.com/tidegate/tidegate/workflows/api"
)

// many is the recorded campaign whose last batch started a maintenance so many
// times, each with a history of its own in memory, as from a server.
type many struct {
	recorded

	maintenance []byte
	mu          *sync.Mutex
	read, most  *uint64 // histories; bytes in use, every thousand histories
}

func manyMaintenances(b *testing.B, n int) many {
	b.Helper()
	r := load(b)
	m := many{recorded: r, mu: &sync.Mutex{}, read: new(uint64), most: new(uint64)}
	for key, events := range r {
		if strings.HasPrefix(key, "gateway-sgw-11111111@0") {
			var err error
			m.maintenance, err = proto.Marshal(&historypb.History{Events: events})
			require.NoError(b, err)
		}
	}
	for key, events := range r {
		if !strings.Contains(key, ".batch-001@") {
			continue
		}
		var more []*historypb.HistoryEvent
		for _, e := range events {
			more = append(more, e)
			if started := e.GetChildWorkflowExecutionStartedEventAttributes(); started.GetWorkflowType().GetName() == api.GatewayMaintenanceName {
				for i := range n / 2 {
					another := proto.CloneOf(e)
					another.GetChildWorkflowExecutionStartedEventAttributes().GetWorkflowExecution().RunId = fmt.Sprintf("many-%d-%d", e.GetEventId(), i)
					more = append(more, another)
				}
			}
		}
		r[key] = more
	}
	return m
}

func (m many) History(ctx context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	if !strings.HasPrefix(runID, "many-") {
		return m.recorded.History(ctx, workflowID, runID)
	}
	m.mu.Lock()
	if *m.read++; *m.read%1000 == 0 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		*m.most = max(*m.most, stats.HeapAlloc)
	}
	m.mu.Unlock()
	var history historypb.History
	if err := proto.Unmarshal(m.maintenance, &history); err != nil {
		return nil, fmt.Errorf("read %s: %w", runID, err)
	}
	return history.GetEvents(), nil
}

// The heap that a report and its verification take: a few kilobytes a maintenance,
// and not its history.
func BenchmarkFourThousandMaintenances(b *testing.B) {
	m := manyMaintenances(b, 4000)
	var d report.Document
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			var err error
			d, err = histories.Make(b.Context(), m, campaignID, "")
			require.NoError(b, err)
		}
		b.ReportMetric(float64(*m.most)/1e6, "MB-heap")
	})
	text, err := report.Render(d, report.JSON)
	require.NoError(b, err)
	b.Run("verify", func(b *testing.B) {
		*m.most = 0
		for b.Loop() {
			v, err := histories.Verify(b.Context(), m, text)
			require.NoError(b, err)
			require.Empty(b, v.Differences)
		}
		b.ReportMetric(float64(*m.most)/1e6, "MB-heap")
	})
}
