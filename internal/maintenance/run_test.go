package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestARunThatWaitsForAPersonOrForLongIsAskedSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	far, near := now.Add(maintenance.Soon+1), now.Add(maintenance.Soon)
	for name, tc := range map[string]struct {
		status maintenance.Status
		want   bool
	}{
		"works":         {maintenance.Status{}, false},
		"for a person":  {maintenance.Status{Blocker: maintenance.BlockedByApproval}, true},
		"for long":      {maintenance.Status{Blocker: maintenance.BlockedByWindow, Next: &far}, true},
		"not much more": {maintenance.Status{Blocker: maintenance.BlockedByWindow, Next: &near}, false},
	} {
		require.Equal(t, tc.want, tc.status.Patient(now), name)
	}
}

func TestAStepTookWhatItWasWorkedOn(t *testing.T) {
	t.Parallel()
	at := func(minute int) *time.Time { return new(utc(2026, 12, 1, 3, minute)) }
	s := maintenance.StepReport{Start: at(0), End: at(50), Failed: []maintenance.FailedAttempt{
		{At: *at(10), Until: at(25)}, {At: *at(30), Until: at(35)},
	}}
	require.Equal(t, 20*time.Minute, s.Held(*at(50)))
	require.Equal(t, 30*time.Minute, s.Took(), "while it was held nothing was done")
	require.Zero(t, maintenance.StepReport{Start: at(0)}.Took(), "it runs")
	require.Zero(t, maintenance.StepReport{End: at(50)}.Took(), "it never started")
}

func TestFailuresAreInTheOrderOfTheSteps(t *testing.T) {
	t.Parallel()
	attempt := func(minute int, decided bool) maintenance.FailedAttempt {
		f := maintenance.FailedAttempt{At: utc(2026, 12, 1, 3, minute), Why: "disk"}
		if decided {
			f.Until = new(f.At.Add(time.Minute))
		}
		return f
	}
	first, second, open := attempt(1, true), attempt(3, true), attempt(5, false)
	steps := []maintenance.StepReport{
		{Step: maintenance.StepAssess},
		{Step: maintenance.StepUpdate, Failed: []maintenance.FailedAttempt{first, second}},
		{Step: maintenance.StepSnapshot, Failed: []maintenance.FailedAttempt{open}},
	}
	decided := []maintenance.StepFailure{{Step: maintenance.StepUpdate, FailedAttempt: first}, {Step: maintenance.StepUpdate, FailedAttempt: second}}
	require.Equal(t, append(decided, maintenance.StepFailure{Step: maintenance.StepSnapshot, FailedAttempt: open}), maintenance.FailuresOf(steps))
	require.Equal(t, decided, maintenance.DecidedFailuresOf(steps))
}

func TestAResultSaysWhetherAnythingIsNew(t *testing.T) {
	t.Parallel()
	proxies := func(states ...maintenance.ProxyState) (all []maintenance.ProxyOutcome) {
		for _, s := range states {
			all = append(all, maintenance.ProxyOutcome{State: s})
		}
		return all
	}
	for name, tc := range map[string]struct {
		result maintenance.Result
		want   bool
	}{
		"nothing":           {maintenance.Result{}, false},
		"the gateway":       {maintenance.Result{Gateway: maintenance.GatewayOutcome{Updated: true}}, true},
		"a proxy":           {maintenance.Result{Proxies: proxies(maintenance.ProxyCurrent, maintenance.ProxyUpgraded)}, true},
		"proxies that were": {maintenance.Result{Proxies: proxies(maintenance.ProxyCurrent, maintenance.ProxyFailed)}, false},
	} {
		require.Equal(t, tc.want, tc.result.Updated(), name)
	}
}

func TestAResultSaysWhetherItRestoredAnothersChange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		change maintenance.Change
		want   bool
	}{
		{maintenance.Change{Leftover: true, State: maintenance.ChangeTakenBack}, true},
		{maintenance.Change{Leftover: true, State: maintenance.ChangeStuck}, false},
		{maintenance.Change{State: maintenance.ChangeTakenBack}, false},
	} {
		require.Equal(t, tc.want, maintenance.Result{Ledger: []maintenance.Change{tc.change}}.RestoredLeftovers(), "%+v", tc.change)
	}
}

func TestACallSaysWhatIsTriedAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	until, last := utc(2026, 12, 1, 4, 0), utc(2026, 12, 1, 3, 5)
	for want, tc := range map[string]struct {
		call    maintenance.Call
		retried bool
	}{
		"describe sgw-1":                              {maintenance.Call{What: "describe sgw-1", Attempt: 1}, false},
		"describe sgw-1 (attempt 2)":                  {maintenance.Call{What: "describe sgw-1", Attempt: 2}, false},
		"describe sgw-1; last response: throttled":    {maintenance.Call{What: "describe sgw-1", Attempt: 1, LastResponse: "throttled"}, false},
		"describe sgw-1; tried until Dec 1 04:00:00Z": {maintenance.Call{What: "describe sgw-1", Until: until}, false},
		"describe sgw-1 (attempt 2); tried until Dec 1 04:00:00Z; last response at Dec 1 03:05:00Z: throttled": {
			maintenance.Call{What: "describe sgw-1", Attempt: 2, Until: until, LastResponse: "throttled", LastAt: last}, true,
		},
	} {
		require.Equal(t, want, tc.call.String())
		require.Equal(t, tc.retried, tc.call.Retried(), want)
	}
}
