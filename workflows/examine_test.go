package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// examine runs an Examine of a sky with two gateways and three proxies.
func examine(t *testing.T, in workflows.ExamineInput) workflows.ExamineOutput {
	t.Helper()
	s := newSky(2)
	s.gateways[0].withProxies(3)
	env := under(t, noon, s)
	env.ExecuteWorkflow(workflows.ExamineName, in)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var out workflows.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Empty(t, s.triggered())
	return out
}

func TestExamineOfNothingReadsTheClocks(t *testing.T) {
	t.Parallel()
	out := examine(t, workflows.ExamineInput{})
	require.Equal(t, noon, out.Server.UTC())
	require.False(t, out.Worker.IsZero())
	require.Empty(t, out.Plan)
	require.Empty(t, out.Probes)
}

func TestExamineSaysWhatItSawInTheOrderOfTheProbes(t *testing.T) {
	t.Parallel()
	p := newSky(0).plan()
	out := examine(t, workflows.ExamineInput{Plan: &p, Probes: []workflows.Probe{
		{Account: "prod"},
		{Account: "prod", Gateway: arnOf(1)},
		{Account: "prod", Gateway: arnOf(7)},
		{Account: "prod", Huawei: true, Instance: instanceID},
		{Account: "lab"},
		{Account: "lab", Huawei: true, Instance: instanceID},
	}})
	require.Empty(t, out.Plan)
	first, second, third := maintenance.GatewayID(arnOf(0)), maintenance.GatewayID(arnOf(1)), maintenance.GatewayID(arnOf(7))
	require.Equal(t, workflows.Finding{Seen: 2, Gateway: first}, out.Probes[0], "the first that is listed")
	require.Equal(t, workflows.Finding{Seen: 2, Gateway: second}, out.Probes[1])
	require.Equal(t, activities.TypeNotFound, out.Probes[2].Fault)
	require.Equal(t, third, out.Probes[2].Gateway)
	require.Contains(t, out.Probes[2].Says, third)
	require.Equal(t, workflows.Finding{Seen: 3}, out.Probes[3])
	require.Equal(t, activities.TypeNotFound, out.Probes[4].Fault)
	require.Equal(t, activities.TypeNotFound, out.Probes[5].Fault)
}

func TestExamineOfAWrongPlanIsAnAnswerAndNoFailure(t *testing.T) {
	t.Parallel()
	p := newSky(0).plan()
	p.Rollout.MaxConcurrent = -1
	out := examine(t, workflows.ExamineInput{Plan: &p})
	require.Equal(t, activities.TypeInvalid, out.Plan.Fault)
	require.Contains(t, out.Plan.Says, "maxConcurrent")
}
