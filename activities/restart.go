package activities

import (
	"context"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// RestartOutput names the restart's job. It has none where the proxy was well.
type RestartOutput struct {
	JobID string `json:"jobId,omitempty"`
}

// RestartProxy restarts a proxy that is not well, once. One that is at work is
// waited for: it may be restarting already.
func (a *TaurusDB) RestartProxy(ctx context.Context, in ProxyLookup) (out RestartOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	proxy, err := readProxy(ctx, cloud, in.Proxy)
	if err != nil || proxy.Healthy() {
		return out, err
	}
	if atWork(proxy) {
		return out, notYet("proxy %s is %s", proxy.ID, proxy.Status)
	}
	out.JobID, err = call2(ctx, cloud.Restart, in.Proxy.InstanceID, in.Proxy.ProxyID)
	return out, err
}

// atWork is true where something is being done to the proxy.
func atWork(p maintenance.Proxy) bool { return p.Status != "ACTIVE" && !p.Broken() }

// FindRestartInput asks whether a restart has started whose call was not answered.
type FindRestartInput struct {
	ProxyLookup
	Since time.Time `json:"since"` // when the call may first have been sent
	// Alone: nothing else of this run is at work on the instance, so that a job
	// of it since then, but for the known ones, is this restart's.
	Alone bool     `json:"alone"`
	Known []string `json:"known,omitempty"`
	// Until is when a restart of which there is no sign counts as never started.
	Until time.Time `json:"until"`
}

// FindRestartOutput says what was found.
type FindRestartOutput struct {
	Started bool   `json:"started"`
	JobID   string `json:"jobId,omitempty"` // where the cloud shows one
}

// FindRestart looks for signs of a restart until it finds one or the time is up:
// the proxy is well or at work, or its instance has a job. The job of a restart
// that failed is a sign too: it is not tried again.
func (a *TaurusDB) FindRestart(ctx context.Context, in FindRestartInput) (out FindRestartOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	proxy, err := readProxy(ctx, cloud, in.Proxy)
	if err != nil {
		return out, err
	}
	jobs, err := call2(ctx, cloud.Jobs, in.Proxy.InstanceID, in.Since)
	if err != nil {
		return out, err
	}
	own := slices.IndexFunc(jobs, func(j maintenance.Job) bool { return !slices.Contains(in.Known, j.ID) })
	if in.Alone && own >= 0 {
		return FindRestartOutput{Started: true, JobID: jobs[own].ID}, nil
	}
	out.Started = proxy.Healthy() || atWork(proxy)
	if !out.Started && a.Now().Before(in.Until) {
		return out, notYet("proxy %s shows no sign of a restart", in.Proxy.ProxyID)
	}
	return out, nil
}

// AwaitRestartedInput asks to wait for a restart.
type AwaitRestartedInput struct {
	ProxyLookup
	JobID string `json:"jobId,omitempty"`
}

// AwaitRestarted ends when the proxy, its pool and its nodes are ACTIVE.
// TypeBroken: the restart has ended and the proxy is still not well.
func (a *TaurusDB) AwaitRestarted(ctx context.Context, in AwaitRestartedInput) (out maintenance.Proxy, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	job, err := readJob(ctx, cloud, in.JobID)
	if err != nil {
		return out, err
	}
	if out, err = readProxy(ctx, cloud, in.Proxy); err != nil || out.Healthy() {
		return out, err
	}
	if job.Failed() || job.Completed() {
		return out, settled(out)
	}
	return out, notYet("proxy %s is %s, its restart %s %s", out.ID, out.Status, job.Status, job.Progress)
}
