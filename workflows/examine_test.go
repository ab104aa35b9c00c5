package workflows_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// examine runs an Examine of a sky with two gateways and three proxies.
func examine(t *testing.T, in api.ExamineInput) api.ExamineOutput {
	t.Helper()
	s := newSky(2)
	s.gateways[0].withProxies(3)
	env := under(t, noon, s)
	env.ExecuteWorkflow(api.ExamineName, in)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var out api.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Empty(t, s.triggered())
	return out
}

func TestExamineOfNothingReadsTheClocks(t *testing.T) {
	t.Parallel()
	out := examine(t, api.ExamineInput{})
	require.Equal(t, noon, out.Server.UTC())
	require.False(t, out.Worker.IsZero())
	require.Empty(t, out.Plan)
	require.Empty(t, out.Probes)
}

func TestExamineSaysWhatItSawInTheOrderOfTheProbes(t *testing.T) {
	t.Parallel()
	p := newSky(0).plan()
	out := examine(t, api.ExamineInput{Plan: &p, Probes: []api.Probe{
		{Account: "prod"},
		{Account: "prod", Gateway: arnOf(1)},
		{Account: "prod", Gateway: arnOf(7)},
		{Account: "prod", Huawei: true, Instance: instanceID},
		{Account: "lab"},
		{Account: "lab", Huawei: true, Instance: instanceID},
	}})
	require.Empty(t, out.Plan)
	first, second, third := maintenance.GatewayID(arnOf(0)), maintenance.GatewayID(arnOf(1)), maintenance.GatewayID(arnOf(7))
	require.Equal(t, api.Finding{Seen: 2, Gateway: first}, out.Probes[0], "the first that is listed")
	require.Equal(t, api.Finding{Seen: 2, Gateway: second}, out.Probes[1])
	require.Equal(t, names.TypeNotFound, out.Probes[2].Fault)
	require.Equal(t, third, out.Probes[2].Gateway)
	require.Contains(t, out.Probes[2].Says, third)
	require.Equal(t, api.Finding{Seen: 3, Further: &api.Finding{}}, out.Probes[3])
	require.Equal(t, names.TypeNotFound, out.Probes[4].Fault)
	require.Equal(t, names.TypeNotFound, out.Probes[5].Fault)
}

// One gateway that has volumes stands for all: of those that the plan names, where it
// names them.
func TestExamineReadsTheVolumesOfOneGatewayThatHasThem(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[1].gateway.Type, s.gateways[2].gateway.Type = "CACHED", "STORED"
	s.gateways[0].volumes = []maintenance.Volume{{ID: "vol-1"}, {ID: "vol-2"}} // the sky's volumes are all kept there
	env := under(t, noon, s)
	env.ExecuteWorkflow(api.ExamineName, api.ExamineInput{Probes: []api.Probe{
		{Account: "prod", Volumes: true},
		{Account: "prod", Volumes: true, Named: []string{arnOf(0), arnOf(2)}},
		{Account: "prod", Volumes: true, Named: []string{arnOf(0)}},
		{Account: "lab", Volumes: true},
	}})
	var out api.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, &api.Finding{Seen: 2, Gateway: maintenance.GatewayID(arnOf(1))}, out.Probes[0].Further)
	require.Equal(t, &api.Finding{Seen: 2, Gateway: maintenance.GatewayID(arnOf(2))}, out.Probes[1].Further)
	require.Nil(t, out.Probes[2].Further, "no gateway that is named has volumes")
	require.Nil(t, out.Probes[3].Further, "an account that the worker does not have")
}

func TestExamineOfAWrongPlanIsAnAnswerAndNoFailure(t *testing.T) {
	t.Parallel()
	p := newSky(0).plan()
	p.Rollout.MaxConcurrent = -1
	out := examine(t, api.ExamineInput{Plan: &p})
	require.Equal(t, names.TypeInvalid, out.Plan.Fault)
	require.Contains(t, out.Plan.Says, "maxConcurrent")
}

func TestExamineFindsWhatRunsHaveLeft(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[0].leave(t, testNamespace)
	s.gateways[1].leave(t, "elsewhere")
	s.gateways[2].tags = map[string]string{maintenance.AutomaticUpdatesTag: "held by ann"}
	env := under(t, noon, s)
	env.ExecuteWorkflow(api.ExamineName, api.ExamineInput{Probes: []api.Probe{
		{Account: "prod"}, {Account: "prod", Gateway: arnOf(1), Named: []string{arnOf(1)}},
	}})
	var out api.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	all, named := out.Probes[0], out.Probes[1]
	require.Len(t, all.Marks, 2)
	require.Equal(t, maintenance.MarkLeft, all.Marks[0].Standing)
	require.Equal(t, maintenance.MarkForeign, all.Marks[1].Standing)
	require.Len(t, all.Unmarked, 1)
	require.Contains(t, all.Unmarked[0], "held by ann")
	require.Equal(t, all.Marks[1:], named.Marks)
	require.Empty(t, named.Unmarked)
}

// monitoring are monitoring servers of which one does not answer.
type monitoring struct{}

func (monitoring) Try(context.Context) []activities.ServerTried {
	return []activities.ServerTried{
		{Kind: "alertmanager", Name: "prod", Err: fmt.Errorf("%w: wrong token", maintenance.ErrDenied)},
		{Kind: "prometheus", Name: "prod"},
	}
}

func (monitoring) Check([]string) error { return nil }

func TestExamineAsksTheMonitoringServers(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon, s)
	activities.Register(env, activities.Providers{AWS: s, Huawei: s, Known: s, Runs: s, Now: env.Now, Servers: monitoring{}})
	env.ExecuteWorkflow(api.ExamineName, api.ExamineInput{})
	var out api.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Empty(t, out.NoServers)
	require.Equal(t, []api.ServerFinding{
		{Server: "alertmanager/prod", Fault: names.TypeDenied, Says: maintenance.ErrDenied.Error() + ": wrong token"}, {Server: "prometheus/prod"},
	}, out.Servers)
}
