package activities_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func TestRefuseQuarantined(t *testing.T) {
	t.Parallel()
	const id = "quarantine-sgw-1"
	q := maintenance.Quarantine{WorkflowID: "gateway-sgw-1", RunID: "run-7", Reason: "the upgrade of proxy p failed"}
	for name, tc := range map[string]struct {
		runs fakeRuns
		kind string
		says []string
	}{
		"never quarantined":     {},
		"released":              {runs: fakeRuns{id: {status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, memo: q}}},
		"terminated by a hand":  {runs: fakeRuns{id: {status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, memo: q}}},
		"quarantined":           {runs: fakeRuns{id: {status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, memo: q}}, kind: names.TypeQuarantined, says: []string{"gateway-sgw-1", "run-7", "proxy p failed", "tidegate release sgw-1"}},
		"quarantined, unknown":  {runs: fakeRuns{id: {status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, memo: 7}}, kind: names.TypeQuarantined, says: []string{id, "does not say why"}},
		"Temporal does not say": {runs: fakeRuns{id: {fails: errors.New("connection refused")}}, kind: names.TypeUnavailable, says: []string{"quarantine-sgw-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = tc.runs
			_, err := run(t, r, r.engine.RefuseQuarantined, activities.QuarantineLookup{Gateway: "sgw-1", WorkflowID: id})
			if tc.kind == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tc.kind == names.TypeQuarantined, requireKind(t, err, tc.kind).NonRetryable())
			for _, words := range tc.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
}

func TestARunOfAnAccountThatNoWorkerKnowsIsRefused(t *testing.T) {
	t.Parallel()
	needed := plan.Accounts{AWS: []plan.AWSAccount{{Name: "prod"}}, Huawei: []plan.HuaweiAccount{{Name: "db"}}}
	r := newRig(t)
	r.known.err = fmt.Errorf("%w: no account db", maintenance.ErrNotFound)
	_, err := run(t, r, r.engine.RefuseQuarantined, activities.QuarantineLookup{Gateway: "sgw-1", WorkflowID: "q", Accounts: needed})
	app := requireKind(t, err, names.TypeNotFound)
	require.True(t, app.NonRetryable())
	require.Contains(t, app.Message(), "no account db")
	require.Equal(t, needed, r.known.asked)
}

func TestCheckPlanRefusesWhatTheWorkerHasOtherwise(t *testing.T) {
	t.Parallel()
	planned := plan.Accounts{AWS: []plan.AWSAccount{{Name: "prod", Region: "eu-west-1"}}}
	for _, cause := range []error{maintenance.ErrNotFound, maintenance.ErrInvalid} {
		r := newRig(t)
		r.known.err = fmt.Errorf("%w: another region", cause)
		_, err := run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: plan.Plan{Accounts: planned}})
		app := requireKind(t, err, names.TypeInvalid)
		require.True(t, app.NonRetryable())
		require.Contains(t, app.Message(), "another region")
		require.Equal(t, planned, r.known.asked)
	}
	r := newRig(t)
	checked, err := run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: plan.Plan{Accounts: planned}})
	require.NoError(t, err)
	require.Equal(t, maintenance.Policy{}.WithDefaults(), checked.Policy)

	wrong := plan.Plan{Rollout: maintenance.Rollout{MaxConcurrent: 9000}, Approvals: maintenance.Approvals{Count: 11}}
	_, err = run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: wrong})
	app := requireKind(t, err, names.TypeInvalid)
	require.Contains(t, app.Message(), "rollout.maxConcurrent")
	require.Contains(t, app.Message(), "approvals.count")
}

// monitoring are servers of which those that are named are missing.
type monitoring struct{ missing []string }

func (monitoring) Try(context.Context) []activities.ServerTried { return nil }

func (m monitoring) Check(named []string) error {
	var errs []error
	for _, name := range named {
		if slices.Contains(m.missing, name) {
			errs = append(errs, fmt.Errorf("%w: no server %s", maintenance.ErrNotFound, name))
		}
	}
	return errors.Join(errs...)
}

func TestCheckPlanRefusesServersAndAccountsOfHealthChecksThatTheWorkerDoesNotHave(t *testing.T) {
	t.Parallel()
	limit := 0.1
	planned := plan.Plan{Checks: []health.Check{
		{Name: "error rate", Prometheus: &health.PrometheusCheck{Server: "prod", Query: "up", Below: &limit}, At: []health.Moment{health.AtBefore}},
		{Name: "no alarm", Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{Account: "other", Prefix: "p"}}, At: []health.Moment{health.AtCampaign}},
		{Name: "orders", HTTP: &health.HTTPCheck{Server: "orders", Path: "/"}, At: []health.Moment{health.AtAfter}},
	}}
	r := newRig(t)
	_, err := run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: planned})
	require.Contains(t, requireKind(t, err, names.TypeInvalid).Message(), "no monitoring servers; the plan names http/orders, prometheus/prod")
	require.Equal(t, plan.Accounts{AWS: []plan.AWSAccount{{Name: "other"}}}, r.known.asked)

	r.servers = monitoring{missing: []string{"http/orders"}}
	_, err = run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: planned})
	require.Contains(t, requireKind(t, err, names.TypeInvalid).Message(), "no server http/orders")

	r.servers = monitoring{}
	checked, err := run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: planned})
	require.NoError(t, err)
	require.Equal(t, 200, checked.Checks[2].HTTP.Status, "with its defaults")
	planned.Checks[2].Name = planned.Checks[0].Name
	_, err = run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: planned})
	require.Contains(t, requireKind(t, err, names.TypeInvalid).Message(), "checks[2].name")
}

func TestTriesOfAlarmsSayWhatAPersonHasToDo(t *testing.T) {
	t.Parallel()
	for err, fault := range map[error]string{
		nil:                        "",
		maintenance.ErrDenied:      names.TypeDenied,
		maintenance.ErrNotFound:    names.TypeNotFound,
		maintenance.ErrThrottled:   names.TypeThrottled,
		maintenance.ErrUnavailable: names.TypeUnavailable,
	} {
		r := newRig(t)
		r.health.Says = func(health.Question) health.Reading { return health.Reading{Err: err} }
		out, failed := run(t, r, r.engine.TryAlarms, activities.TryAlarmsInput{Account: "prod"})
		require.NoError(t, failed)
		require.Equal(t, fault, out.Fault)
		require.Equal(t, err == nil, out.Says == "")
	}
}
