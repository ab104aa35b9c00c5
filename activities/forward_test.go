package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestPassOnGivesTheRunsAnswer(t *testing.T) {
	t.Parallel()
	const id, parent = "gateway-sgw-1", "batch-0"
	decided := maintenance.Decision{What: "retry", By: "alice", Why: "fixed"}
	for name, tc := range map[string]struct {
		runs fakeRuns
		kind string // of the error; empty: none
		says string
	}{
		"taken":              {runs: fakeRuns{id: {status: open, run: "run-7", parent: parent, answer: decided}}},
		"refused":            {fakeRuns{id: {status: open, run: "run-7", parent: parent, refuses: temporal.NewApplicationError("nothing is held", "")}}, names.TypeRefused, "its maintenance refuses it: nothing is held"},
		"ended":              {fakeRuns{id: {status: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, run: "run-7", parent: parent}}, names.TypeNotFound, "does not run any more"},
		"none":               {fakeRuns{}, names.TypeNotFound, "does not run any more"},
		"another campaign's": {fakeRuns{id: {status: open, run: "run-7", parent: "batch-9", answer: decided}}, names.TypeNotFound, "does not run any more"},
		"no worker answers":  {fakeRuns{id: {status: open, run: "run-7", parent: parent, refuses: serviceerror.NewUnavailable("try later")}}, names.TypeUnavailable, "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = tc.runs
			got, err := run(t, r, r.engine.PassOn, activities.PassOnInput{
				WorkflowID: id, Parent: parent, Update: "retry", UpdateID: "u-1", Action: activities.OperatorAction{By: "alice", Why: "fixed"},
			})
			if tc.kind == "" {
				require.NoError(t, err)
				require.Equal(t, decided, got)
				return
			}
			app := requireKind(t, err, tc.kind)
			require.Contains(t, app.Message(), tc.says)
			require.Equal(t, tc.kind != names.TypeUnavailable, app.NonRetryable())
		})
	}
}
