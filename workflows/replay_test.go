package workflows_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tidegate/tidegate/workflows"
)

// TestReplay runs the workflows of today over the histories of released builds.
// A difference means that runs which sleep now would fail on waking.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files, "no history to replay: record some with make record")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var history historypb.History
			require.NoError(t, protojson.Unmarshal(text, &history))
			started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
			// A campaign names its batches after itself.
			require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, &history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
			}))
		})
	}
}
