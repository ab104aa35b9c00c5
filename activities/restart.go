package activities

import (
	"context"

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
	if proxy.AtWork() {
		return out, notYet("proxy %s is %s", proxy.ID, proxy.Status)
	}
	out.JobID, err = call2(ctx, cloud.Restart, in.Proxy.InstanceID, in.Proxy.ProxyID)
	return out, err
}

// FindRestart looks for signs of a restart until it finds one or the time is up: the proxy is
// well or at work, or its instance has a job. The job of a restart that failed is a sign too: it
// is not tried again.
func (a *TaurusDB) FindRestart(ctx context.Context, in FindJobInput) (out FindJobOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	proxy, err := readProxy(ctx, cloud, in.Proxy)
	if err != nil {
		return out, err
	}
	own := func(maintenance.Job) bool { return true }
	return a.findJob(ctx, cloud, in, proxy.Healthy() || proxy.AtWork(), own, "a restart")
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
	job, out, err := a.jobAndProxy(ctx, in.ProxyLookup, in.JobID)
	if err != nil || out.Healthy() {
		return out, err
	}
	if job.Failed() || job.Completed() {
		return out, settled(out)
	}
	return out, notYet("proxy %s is %s, its restart %s %s", out.ID, out.Status, job.Status, job.Progress)
}
