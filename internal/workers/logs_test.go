package workers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The campaign's first gateway restarts, and is polled meanwhile; the second one's update is refused.
func TestALineOfTheLogSaysWhatItIsAboutAndHowBadItIs(t *testing.T) {
	t.Parallel()
	w := &watched{newStage(t, freeAddress(t)), map[string]func(){}}
	w.hire("--log-format", "json")
	run := w.run()
	w.approve(run)
	require.Error(t, run.Get(t.Context(), nil), "it ends PARTIAL")
	levels := map[string]string{} // of what each line says
	for line := range strings.Lines(w.logs.String()) {
		var said struct{ Level, Msg, Type, Campaign, Target, Step, ActivityType, RunID, WorkflowID string }
		require.NoError(t, json.Unmarshal([]byte(line), &said), "each line is JSON: %s", line)
		require.NotEqual(t, "ERROR", said.Level, "nothing is wrong with the worker: %s", line)
		if !strings.HasPrefix(said.WorkflowID, "gateway-") || said.Level == "DEBUG" && said.Msg != "not yet" {
			continue // the SDK's own lines have the workflow and the run alone
		}
		require.Equal(t, "gateway-"+said.Target, said.WorkflowID, line)
		require.Equal(t, "q4", strings.TrimPrefix(said.Campaign, "campaign-"), line)
		require.NotEmpty(t, said.RunID, line)
		require.NotEmpty(t, said.Step, line)
		levels[said.Target[4:5]+" "+said.Step+" "+said.ActivityType+" "+said.Type] = said.Level
	}
	require.Equal(t, "DEBUG", levels["1 await-running AwaitUpdated "], "%v", levels)
	require.Equal(t, "WARN", levels["2 update TriggerUpdate Denied"], "%v", levels)
}
