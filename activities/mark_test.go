package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// testNamespace is that of the SDK's test environment.
const testNamespace = "default-test-namespace"

func marked(workflowID, runID, namespace string) maintenance.Marked {
	return maintenance.Marked{
		Setting: "automatic updates of sgw-12A3456B", Tag: maintenance.AutomaticUpdatesTag,
		Owner: "ALL_VERSIONS", Set: "EMERGENCY_VERSIONS_ONLY", Now: "EMERGENCY_VERSIONS_ONLY",
		Mark: maintenance.Mark{WorkflowID: workflowID, RunID: runID, Namespace: namespace},
	}
}

func TestJudgeMarksAsksTemporalForTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mark maintenance.Marked
		runs fakeRuns
		want maintenance.MarkStanding
		kind string // of the error
		says string
	}{
		"in progress":      {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {run: "r", status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}}, want: maintenance.MarkHeld},
		"paused":           {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {run: "r", status: enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED}}, want: maintenance.MarkHeld},
		"terminated":       {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {run: "r", status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED}}, want: maintenance.MarkLeft},
		"not known":        {mark: marked("w", "r", testNamespace), want: maintenance.MarkLeft},
		"a later run of w": {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {run: "s", status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}}, want: maintenance.MarkLeft},
		"of the asker":     {mark: marked("default-test-workflow-id", "default-test-run-id", testNamespace), want: maintenance.MarkOwn},
		"elsewhere":        {mark: marked("w", "r", "elsewhere"), runs: fakeRuns{"w": {fails: errors.New("is not asked")}}, want: maintenance.MarkForeign},
		"Temporal is away": {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {fails: errors.New("connection refused")}}, kind: names.TypeUnavailable, says: "connection refused"},
		"no run's id":      {mark: marked("w", "r", testNamespace), runs: fakeRuns{"w": {fails: serviceerror.NewInvalidArgument("Invalid RunId.")}}, kind: names.TypeInvalid, says: "remove the mark"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = test.runs
			found, err := run(t, r, r.engine.JudgeMarks, activities.MarksLookup{Marks: []maintenance.Marked{test.mark}})
			if test.kind != "" {
				require.ErrorContains(t, requireKind(t, err, test.kind), test.says)
				return
			}
			require.NoError(t, err)
			test.mark.Standing = test.want
			require.Equal(t, []maintenance.Marked{test.mark}, found)
		})
	}
}
