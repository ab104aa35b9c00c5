package campaign_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// size is how much the histories of some runs hold.
type size struct {
	runs    int
	events  int // of the longest
	bytes   int // of the largest
	payload int // the largest single one, in bytes
}

// add takes a run's history in, and gives the run that continues it.
func (s *size) add(l *lab, workflowID, runID string) (next string) {
	l.t.Helper()
	s.runs++
	events, bytes := 0, 0
	pages := l.client.GetWorkflowHistory(l.t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		require.NoError(l.t, err)
		events++
		bytes += proto.Size(event)
		s.payload = max(s.payload, largestPayload(l, event))
		next = event.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	s.events, s.bytes = max(s.events, events), max(s.bytes, bytes)
	return next
}

// chain is the size of a workflow's runs, from the first on.
func (l *lab) chain(workflowID, firstRunID string) (s size) {
	l.t.Helper()
	for id := firstRunID; id != ""; {
		id = s.add(l, workflowID, id)
	}
	return s
}

func largestPayload(l *lab, event *historypb.HistoryEvent) (largest int) {
	l.t.Helper()
	err := proxy.VisitPayloads(l.t.Context(), event, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			for _, p := range payloads {
				largest = max(largest, proto.Size(p))
			}
			return payloads, nil
		},
	})
	require.NoError(l.t, err)
	return largest
}

// executions are all runs that a visibility query finds.
func (l *lab) executions(query string) []*workflowpb.WorkflowExecutionInfo {
	l.t.Helper()
	var all []*workflowpb.WorkflowExecutionInfo
	for token := []byte(nil); ; {
		page, err := l.client.ListWorkflow(context.WithoutCancel(l.t.Context()), &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000, NextPageToken: token})
		require.NoError(l.t, err)
		all = append(all, page.GetExecutions()...)
		if token = page.GetNextPageToken(); len(token) == 0 {
			return all
		}
	}
}

// closed are the runs that a query finds, once none of them is open.
func (l *lab) closed(query string) (all []*workflowpb.WorkflowExecutionInfo) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		all = l.executions(query)
		for _, e := range all {
			if e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				return false
			}
		}
		return len(all) > 0
	}, time.Minute, 200*time.Millisecond, "%s: some are still open", query)
	return all
}
