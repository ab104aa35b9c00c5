package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	oldKernel = "2.23.12.000"
	newKernel = "2.24.03.000"
)

func proxyLookup() activities.ProxyLookup {
	return activities.ProxyLookup{Pace: pace(), Proxy: maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: proxyID, Version: newKernel}}
}

// proxies are the instance's: another one, and the one in the given status.
func proxies(status string) answers[[]maintenance.Proxy] {
	other := maintenance.Proxy{ID: "fedcba9876543210fedcba9876543210po01", Status: "FAILED"}
	return says([]maintenance.Proxy{other, proxy(status)})
}

func proxy(status string) maintenance.Proxy {
	return maintenance.Proxy{ID: proxyID, Status: status, PoolStatus: "ACTIVE", Nodes: []maintenance.ProxyNode{{ID: "node-1", Status: "ACTIVE"}}}
}

func kernel(current string) answers[maintenance.ProxyKernel] {
	return says(maintenance.ProxyKernel{Current: current, Latest: newKernel, CanUpgrade: current != newKernel})
}

func job(status string) answers[maintenance.Job] {
	return says(maintenance.Job{ID: "job-1", Status: status, Progress: "60%", FailReason: "no subnet ip"})
}

func TestReadProxyReturnsStateAndGoal(t *testing.T) {
	t.Parallel()
	for want, done := range map[string]bool{"latest": false, "": false, newKernel: false, oldKernel: true, "2.9.0.0": true} {
		r := newRig(t)
		r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
		in := proxyLookup()
		in.Proxy.Version = want
		out, err := run(t, r, r.proxies.ReadProxy, in)
		require.NoError(t, err)
		require.Equal(t, proxy("ACTIVE"), out.Proxy)
		require.Equal(t, done, out.Done, "%q", want)
	}
}

func TestReadProxyFailsForOneThatTheCloudDoesNotKnowOrAVersionThatIsNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies = says([]maintenance.Proxy{})
	_, err := run(t, r, r.proxies.ReadProxy, proxyLookup())
	require.Contains(t, requireKind(t, err, names.TypeNotFound).Message(), "proxy "+proxyID+" of instance "+instanceID)

	r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel("beta")
	_, err = run(t, r, r.proxies.ReadProxy, proxyLookup())
	require.Contains(t, requireKind(t, err, names.TypeInvalid).Message(), `"beta"`)
}

func TestUpgradeProxySendsOnceWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]time.Duration{"without a limit": 0, "in time": time.Hour, "at the last moment": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel, r.huawei.upgrade = proxies("ACTIVE"), kernel(oldKernel), says("job-1")
			in := activities.UpgradeProxyInput{ProxyLookup: proxyLookup()}
			if left > 0 {
				in.NotAfter = r.now.Add(left)
			}
			out, err := run(t, r, r.proxies.UpgradeProxy, in)
			require.NoError(t, err)
			require.Equal(t, activities.UpgradeProxyOutput{JobID: "job-1"}, out)
			require.Equal(t, []string{"upgrade " + proxyID + " of " + instanceID + " from " + oldKernel + " to " + newKernel}, r.huawei.sent)
		})
	}
}

func TestUpgradeProxySendsNothingWhereTheProxyRunsTheVersion(t *testing.T) {
	t.Parallel()
	for _, current := range []string{newKernel, "2.24.12.000"} {
		r := newRig(t)
		r.huawei.proxies, r.huawei.kernel = proxies("ABNORMAL"), kernel(current)
		out, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		require.NoError(t, err)
		require.Equal(t, activities.UpgradeProxyOutput{Done: true}, out)
		require.Empty(t, r.huawei.sent)
	}
}

func TestUpgradeProxySendsNothingWhileSomethingElseGoesOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		proxies answers[[]maintenance.Proxy]
		pending answers[bool]
		kind    string
		says    string
	}{
		"busy":                            {proxies("CHANGING WEIGHTS"), nil, names.TypeNotReady, "is CHANGING WEIGHTS"},
		"broken":                          {proxies("ABNORMAL"), nil, names.TypeBroken, "is ABNORMAL (pool ACTIVE)"},
		"a scheduled upgrade waits":       {proxies("ACTIVE"), says(true), names.TypeRejected, "already holds a scheduled upgrade of proxy " + proxyID + "; cancel it"},
		"scheduled upgrades not answered": {proxies("ACTIVE"), fails[bool](maintenance.ErrUnavailable), names.TypeUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel, r.huawei.pending = tc.proxies, kernel(oldKernel), tc.pending
			_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
			require.Contains(t, requireKind(t, err, tc.kind).Message(), tc.says)
			require.Empty(t, r.huawei.sent)
		})
	}
}

// A run that is gone may have left an upgrade under way on the same DB instance.
func TestNothingIsSentWhileAnotherRunsProxyOfTheInstanceIsAtWork(t *testing.T) {
	t.Parallel()
	const another = "fedcba9876543210fedcba9876543210po01"
	for name, tc := range map[string]struct {
		status string
		own    []string
		sent   int
	}{
		"another is upgraded":          {"PROXY_UPGRADING", nil, 0},
		"another of this very run":     {"PROXY_UPGRADING", []string{another, proxyID}, 1},
		"another that nobody works on": {"ACTIVE", nil, 1},
		"another that is broken":       {"ABNORMAL", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies = says([]maintenance.Proxy{{ID: another, Status: tc.status}, proxy("ACTIVE")})
			r.huawei.kernel, r.huawei.upgrade, r.huawei.weights = kernel(oldKernel), says("job-1"), says("job-2")
			_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup(), Own: tc.own})
			shift := activities.ReadWeightsInput{ProxyLookup: proxyLookup(), Routing: maintenance.ProxyRouting{MasterWeight: 1}, Own: tc.own}
			_, shiftErr := run(t, r, r.proxies.SetReadWeights, shift)
			require.Len(t, r.huawei.sent, 2*tc.sent)
			if tc.sent == 0 {
				require.Contains(t, requireKind(t, err, names.TypeNotReady).Message(), another)
				require.Contains(t, requireKind(t, shiftErr, names.TypeNotReady).Message(), another)
				shift.Restore = new(proxyMark("run-7", 100, 50))
				_, err = run(t, r, r.proxies.SetReadWeights, shift)
				require.NoError(t, err, "what was there is always put back")
			}
		})
	}
}

func TestUpgradeProxySendsNothingWhenItIsTooLate(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]answers[[]maintenance.Proxy]{
		"it is well": proxies("ACTIVE"), "it is busy": proxies("CHANGING WEIGHTS"), "it is out of reach": fails[[]maintenance.Proxy](maintenance.ErrUnavailable),
	} {
		for _, late := range []time.Duration{0, 1, 24 * time.Hour} {
			t.Run(name+" "+late.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.huawei.proxies, r.huawei.kernel = found, kernel(oldKernel)
				_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup(), NotAfter: r.now.Add(-late)})
				require.True(t, requireKind(t, err, names.TypeWindowMissed).NonRetryable())
				require.Empty(t, r.huawei.sent)
			})
		}
	}
}

// The looks may take until the time is up.
func TestUpgradeProxySendsNothingWhenItsReadsTookTooLong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
	start, asked := r.now, 0
	r.clock = func() time.Time {
		asked++
		if asked == 1 {
			return start
		}
		return start.Add(time.Second)
	}
	_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup(), NotAfter: start.Add(time.Second)})
	require.True(t, requireKind(t, err, names.TypeWindowMissed).NonRetryable())
	require.Empty(t, r.huawei.sent)
}

func TestUpgradeProxyThatFailedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for failure, kind := range map[error]string{
		maintenance.ErrUnknownOutcome: names.TypeUnknownOutcome, maintenance.ErrRejected: names.TypeRejected, maintenance.ErrUpToDate: names.TypeInvalid,
	} {
		r := newRig(t)
		r.huawei.proxies, r.huawei.kernel, r.huawei.upgrade = proxies("ACTIVE"), kernel(oldKernel), fails[string](failure)
		_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		require.True(t, requireKind(t, err, kind).NonRetryable())
		require.Len(t, r.huawei.sent, 1)
	}
}

func TestFindUpgradeReportsWhetherAnUnansweredUpgradeStarted(t *testing.T) {
	t.Parallel()
	jobs, completed := says([]maintenance.Job{{ID: "job-7", Status: "Running"}}), says([]maintenance.Job{{ID: "job-7", Status: "Completed"}})
	weighed := says([]maintenance.Job{{ID: "job-6", Status: "Running"}})
	const late = -time.Minute
	for name, tc := range map[string]struct {
		status  string
		current string
		jobs    answers[[]maintenance.Job]
		shared  bool // other upgrades of this run are at work on the instance
		left    time.Duration
		want    activities.FindJobOutput
		notYet  bool
	}{
		"no sign yet":                      {status: "ACTIVE", current: oldKernel, left: 1, notYet: true},
		"no sign in time":                  {status: "ACTIVE", current: oldKernel, left: 0},
		"no sign for long":                 {status: "ACTIVE", current: oldKernel, left: late},
		"the version is there":             {status: "ACTIVE", current: newKernel, left: time.Minute, want: activities.FindJobOutput{Started: true}},
		"the proxy is at work":             {status: "UPGRADING", current: oldKernel, left: time.Minute, want: activities.FindJobOutput{Started: true}},
		"the proxy is not well":            {status: "ABNORMAL", current: oldKernel, left: late, want: activities.FindJobOutput{Started: true}},
		"a job":                            {status: "ACTIVE", current: oldKernel, jobs: jobs, left: time.Minute, want: activities.FindJobOutput{Started: true, JobID: "job-7"}},
		"a job, shown late":                {status: "ACTIVE", current: oldKernel, jobs: jobs, left: late, want: activities.FindJobOutput{Started: true, JobID: "job-7"}},
		"a job of perhaps another proxy":   {status: "ACTIVE", current: oldKernel, jobs: jobs, shared: true, left: time.Minute, notYet: true},
		"another's job, and it is at work": {status: "UPGRADING", current: oldKernel, jobs: jobs, shared: true, left: late, want: activities.FindJobOutput{Started: true}},
		"another's job, until late":        {status: "ACTIVE", current: oldKernel, jobs: jobs, shared: true, left: 0},
		"a known job":                      {status: "ACTIVE", current: oldKernel, jobs: weighed, left: time.Minute, notYet: true},
		"a known job, until late":          {status: "ACTIVE", current: oldKernel, jobs: weighed, left: 0},
		"a job that is completed":          {status: "ACTIVE", current: oldKernel, jobs: completed, left: time.Minute, notYet: true},
		"its job is completed":             {status: "ACTIVE", current: newKernel, jobs: completed, left: time.Minute, want: activities.FindJobOutput{Started: true, JobID: "job-7"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel, r.huawei.jobs = proxies(tc.status), kernel(tc.current), tc.jobs
			since := r.now.Add(-5 * time.Minute)
			out, err := run(t, r, r.proxies.FindUpgrade, activities.FindJobInput{
				ProxyLookup: proxyLookup(), Since: since, Alone: !tc.shared, Known: []string{"job-6"}, Until: r.now.Add(tc.left),
			})
			require.True(t, since.Equal(r.huawei.since))
			require.Empty(t, r.huawei.sent)
			if tc.notYet {
				requireNotYet(t, err, "shows no sign of an upgrade")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, out)
		})
	}
}

func TestFindUpgradeDecidesNothingWithoutAllItsReads(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(*fakeHuawei){
		"proxies": func(f *fakeHuawei) { f.proxies = fails[[]maintenance.Proxy](maintenance.ErrUnavailable) },
		"kernel":  func(f *fakeHuawei) { f.kernel = fails[maintenance.ProxyKernel](maintenance.ErrUnavailable) },
		"jobs":    func(f *fakeHuawei) { f.jobs = fails[[]maintenance.Job](maintenance.ErrUnavailable) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
			breaks(&r.huawei)
			_, err := run(t, r, r.proxies.FindUpgrade, activities.FindJobInput{ProxyLookup: proxyLookup(), Alone: true, Until: r.now})
			require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable())
		})
	}
}

func TestAwaitUpgradedBelievesTheVersionAndNotTheJob(t *testing.T) {
	t.Parallel()
	lost := fails[maintenance.Job](maintenance.ErrNotFound)
	for name, tc := range map[string]struct {
		jobID   string
		job     answers[maintenance.Job]
		status  string
		current string
		kind    string // empty: done
		says    string
	}{
		"done":                                   {"job-1", job("Completed"), "ACTIVE", newKernel, "", ""},
		"done, something newer":                  {"job-1", job("Completed"), "ACTIVE", "2.24.12.000", "", ""},
		"a status that is not known, it is done": {"job-1", job("Novel"), "ACTIVE", newKernel, "", ""},
		"the job was lost, it is done":           {"job-1", lost, "ACTIVE", newKernel, "", ""},
		"the job failed, it is done":             {"job-1", job("Failed"), "ACTIVE", newKernel, "", ""},
		"without a job, it is done":              {"", fails[maintenance.Job](maintenance.ErrInvalid), "ACTIVE", newKernel, "", ""},
		"a status that is not known":             {"job-1", job("Novel"), "UPGRADING", oldKernel, names.TypeNotReady, "is UPGRADING at version 2.23.12.000, its job Novel 60%"},
		"the job is not shown":                   {"job-1", lost, "ACTIVE", oldKernel, names.TypeNotReady, "its job not shown"},
		"without a job":                          {"", nil, "ACTIVE", oldKernel, names.TypeNotReady, "its job unknown"},
		"the job ended, the version is late":     {"job-1", job("Completed"), "ACTIVE", oldKernel, names.TypeNotReady, "at version 2.23.12.000"},
		"the version is there, still at work":    {"job-1", job("Completed"), "UPGRADING", newKernel, names.TypeNotReady, "is UPGRADING"},
		"not well, the job not shown":            {"job-1", lost, "ABNORMAL", oldKernel, names.TypeNotReady, "is ABNORMAL"},
		"the job failed":                         {"job-1", job("Failed"), "ACTIVE", oldKernel, names.TypeJobFailed, "proxy " + proxyID + " still runs 2.23.12.000: its job job-1 ended as Failed: no subnet ip"},
		"the job was cancelled":                  {"job-1", job("Canceled"), "ACTIVE", oldKernel, names.TypeJobFailed, "Canceled"},
		"the job waits for a person":             {"job-1", job("Unauthorized"), "ACTIVE", oldKernel, names.TypeJobFailed, "Unauthorized"},
		"not well with the new version":          {"job-1", lost, "ABNORMAL", newKernel, names.TypeBroken, "is ABNORMAL"},
		"not well, the job ended":                {"job-1", job("Completed"), "ABNORMAL", oldKernel, names.TypeBroken, "is ABNORMAL"},
		"not well, the job failed":               {"job-1", job("Failed"), "FAILED", oldKernel, names.TypeBroken, "is FAILED"},
		"the job was not answered":               {"job-1", fails[maintenance.Job](maintenance.ErrUnavailable), "ACTIVE", newKernel, names.TypeUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.job, r.huawei.proxies, r.huawei.kernel = tc.job, proxies(tc.status), kernel(tc.current)
			out, err := run(t, r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: tc.jobID})
			if tc.kind == "" {
				require.NoError(t, err)
				require.True(t, out.Done)
				require.Equal(t, tc.current, out.Kernel.Current)
				return
			}
			app := requireKind(t, err, tc.kind)
			require.Contains(t, app.Message(), tc.says)
			require.Equal(t, tc.kind == names.TypeBroken || tc.kind == names.TypeJobFailed, app.NonRetryable())
		})
	}
}

// TestWhileAJobRunsItAloneIsAskedFor: what is read of the proxy would not end the wait.
func TestWhileAJobRunsItAloneIsAskedFor(t *testing.T) {
	t.Parallel()
	const half = 5 * time.Minute // of the time that the test environment gives an activity
	for name, do := range map[string]func(*rig) error{
		"upgrade": func(r *rig) error {
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
		},
		"restart": func(r *rig) error {
			return fail(r, r.proxies.AwaitRestarted, activities.AwaitRestartedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
		},
		"weights": func(r *rig) error {
			return fail(r, r.proxies.AwaitReadWeights, activities.AwaitReadWeightsInput{ReadWeightsInput: shift(), JobID: "job-1"})
		},
	} {
		for _, status := range []string{"Pending", "Running"} {
			t.Run(name+" "+status, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.waited, r.huawei.job = half-1, job(status)
				requireNotYet(t, do(r), "job job-1 of proxy "+proxyID+" is "+status+" 60%")

				r.waited, r.huawei.proxies, r.huawei.kernel = half, weighted("ACTIVE", routing(0, 0)), kernel(newKernel)
				require.NoError(t, do(r), "a job that hangs keeps nobody waiting for what is done")
			})
		}
	}
}

func TestAwaitUpgradedWantsEveryNodeActive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := proxy("ACTIVE")
	p.Nodes[0].Status = "ABNORMAL"
	r.huawei.job, r.huawei.proxies, r.huawei.kernel = job("Completed"), says([]maintenance.Proxy{p}), kernel(newKernel)
	_, err := run(t, r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
	requireNotYet(t, err, "")
}

func TestRestartProxyRestartsOneThatIsNotWell(t *testing.T) {
	t.Parallel()
	pool := proxy("ACTIVE")
	pool.PoolStatus = "ABNORMAL"
	node := proxy("ACTIVE")
	node.Nodes[0].Status = "ABNORMAL"
	for name, found := range map[string]maintenance.Proxy{"abnormal": proxy("ABNORMAL"), "failed": proxy("FAILED"), "its pool": pool, "its node": node} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.restart = says([]maintenance.Proxy{found}), says("job-2")
			out, err := run(t, r, r.proxies.RestartProxy, proxyLookup())
			require.NoError(t, err)
			require.Equal(t, "job-2", out.JobID)
			require.Equal(t, []string{"restart " + proxyID + " of " + instanceID}, r.huawei.sent)
		})
	}
}

func TestRestartProxyLeavesAProxyThatIsWellOrAtWork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies = proxies("ACTIVE")
	out, err := run(t, r, r.proxies.RestartProxy, proxyLookup())
	require.NoError(t, err)
	require.Empty(t, out.JobID)

	r.huawei.proxies = proxies("RESTARTING")
	_, err = run(t, r, r.proxies.RestartProxy, proxyLookup())
	requireNotYet(t, err, "is RESTARTING")
	require.Empty(t, r.huawei.sent)
}

func TestRestartProxyThatWasNotAnsweredIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies, r.huawei.restart = proxies("ABNORMAL"), fails[string](maintenance.ErrUnknownOutcome)
	_, err := run(t, r, r.proxies.RestartProxy, proxyLookup())
	require.True(t, requireKind(t, err, names.TypeUnknownOutcome).NonRetryable())
	require.Len(t, r.huawei.sent, 1)
}

func TestFindRestartReportsWhetherAnUnansweredRestartStarted(t *testing.T) {
	t.Parallel()
	jobs, known := says([]maintenance.Job{{ID: "job-7", Status: "Failed"}}), says([]maintenance.Job{{ID: "job-6", Status: "Completed"}})
	for name, tc := range map[string]struct {
		status string
		jobs   answers[[]maintenance.Job]
		shared bool // other changes of this run are at work on the instance
		left   time.Duration
		want   activities.FindJobOutput
		notYet bool
	}{
		"no sign yet":               {status: "ABNORMAL", left: 1, notYet: true},
		"no sign in time":           {status: "ABNORMAL", left: 0},
		"its nodes are not well":    {status: "ACTIVE", left: 1, notYet: true},
		"it is at work":             {status: "RESTARTING", left: time.Minute, want: activities.FindJobOutput{Started: true}},
		"a job that failed":         {status: "ABNORMAL", jobs: jobs, left: time.Minute, want: activities.FindJobOutput{Started: true, JobID: "job-7"}},
		"the upgrade's job":         {status: "ABNORMAL", jobs: known, left: time.Minute, notYet: true},
		"perhaps another's job":     {status: "ABNORMAL", jobs: jobs, shared: true, left: time.Minute, notYet: true},
		"another's job, until late": {status: "ABNORMAL", jobs: jobs, shared: true, left: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := proxy(tc.status)
			p.Nodes[0].Status = "ABNORMAL"
			r.huawei.proxies, r.huawei.jobs = says([]maintenance.Proxy{p}), tc.jobs
			since := r.now.Add(-time.Minute)
			out, err := run(t, r, r.proxies.FindRestart, activities.FindJobInput{
				ProxyLookup: proxyLookup(), Since: since, Alone: !tc.shared, Known: []string{"job-6"}, Until: r.now.Add(tc.left),
			})
			require.True(t, since.Equal(r.huawei.since))
			require.Empty(t, r.huawei.sent)
			if tc.notYet {
				requireNotYet(t, err, "shows no sign of a restart")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, out)
		})
	}
}

func TestFindRestartFindsAProxyThatIsWell(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies = proxies("ACTIVE")
	out, err := run(t, r, r.proxies.FindRestart, activities.FindJobInput{ProxyLookup: proxyLookup(), Until: r.now.Add(time.Minute)})
	require.NoError(t, err)
	require.True(t, out.Started)
}

func TestAwaitRestarted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		jobID  string
		job    answers[maintenance.Job]
		status string
		kind   string
		says   string
	}{
		"well again":                  {"job-2", job("Completed"), "ACTIVE", "", ""},
		"well, whatever the job says": {"job-2", job("Failed"), "ACTIVE", "", ""},
		"well, without a job":         {"", nil, "ACTIVE", "", ""},
		"a status that is not known":  {"job-2", job("Novel"), "RESTARTING", names.TypeNotReady, "is RESTARTING, its restart Novel 60%"},
		"not well, job not shown":     {"job-2", fails[maintenance.Job](maintenance.ErrNotFound), "ABNORMAL", names.TypeNotReady, "not shown"},
		"at work after the job":       {"job-2", job("Completed"), "RESTARTING", names.TypeNotReady, "is RESTARTING"},
		"not well after the job":      {"job-2", job("Completed"), "ABNORMAL", names.TypeBroken, "is ABNORMAL"},
		"the job failed":              {"job-2", job("Failed"), "FAILED", names.TypeBroken, "is FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.job, r.huawei.proxies = tc.job, proxies(tc.status)
			out, err := run(t, r, r.proxies.AwaitRestarted, activities.AwaitRestartedInput{ProxyLookup: proxyLookup(), JobID: tc.jobID})
			if tc.kind == "" {
				require.NoError(t, err)
				require.Equal(t, proxy("ACTIVE"), out)
				return
			}
			require.Contains(t, requireKind(t, err, tc.kind).Message(), tc.says)
		})
	}
}
