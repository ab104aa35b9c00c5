package activities

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// FindJobInput asks whether a change of a proxy has started whose call was not answered.
type FindJobInput struct {
	ProxyLookup
	Since time.Time `json:"since"` // when the call may first have been sent
	// Alone: nothing else of this run is at work on the instance, so that a job of it since
	// then, but for the known ones, is this change's.
	Alone bool `json:"alone"`
	// Known are the run's jobs that are something else: a change of weights in the same
	// second, since the cloud's times have whole ones.
	Known []string `json:"known,omitempty"`
	// Until is when a change of which there is no sign counts as never started: Huawei Cloud
	// shows a job some seconds late.
	Until time.Time `json:"until"`
}

// FindJobOutput says what was found.
type FindJobOutput struct {
	Started bool   `json:"started"`
	JobID   string `json:"jobId,omitempty"` // where the cloud shows one
}

// findJob finds the job of a change, where the proxy itself shows that it has started or not.
// The names of the jobs are not documented, so one counts by instance and time, and where own
// says so.
func (a *TaurusDB) findJob(
	ctx context.Context, cloud ProxyReader, in FindJobInput, shown bool, own func(maintenance.Job) bool, change string,
) (out FindJobOutput, err error) {
	jobs, err := call2(ctx, cloud.Jobs, in.Proxy.InstanceID, in.Since)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(jobs, func(j maintenance.Job) bool { return own(j) && !slices.Contains(in.Known, j.ID) })
	if in.Alone && i >= 0 {
		return FindJobOutput{Started: true, JobID: jobs[i].ID}, nil
	}
	if !shown && a.Now().Before(in.Until) {
		return out, notYet("proxy %s shows no sign of %s", in.Proxy.ProxyID, change)
	}
	return FindJobOutput{Started: shown}, nil
}

// watchJob reads the job of a change, and is "not yet" while the job runs: the proxy is not read
// then, so that a poll costs one call. A job without an id, one that the cloud does not show (it
// may be too new, or lost), and one with a status that is not known prove nothing: the proxy is
// read. It also is where a job runs for more than half of the time that the change has: the job
// may hang although the change is made.
func watchJob(ctx context.Context, cloud ProxyReader, in ProxyLookup, id string) (maintenance.Job, error) {
	if id == "" {
		return maintenance.Job{Status: "unknown"}, nil
	}
	job, err := call(ctx, cloud.Job, id)
	info := activity.GetInfo(ctx)
	switch {
	case err != nil && judge(err).kind == names.TypeNotFound:
		return maintenance.Job{ID: id, Status: "not shown"}, nil
	case err == nil && job.Running() && waited(info) < info.ScheduleToCloseTimeout/2:
		return job, notYet("job %s of proxy %s is %s %s", id, in.Proxy.ProxyID, job.Status, job.Progress)
	}
	return job, err
}

// jobAndProxy reads the job of a change and, unless it runs, the proxy.
func (a *TaurusDB) jobAndProxy(
	ctx context.Context, in ProxyLookup, jobID string,
) (job maintenance.Job, proxy maintenance.Proxy, err error) {
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return job, proxy, err
	}
	if job, err = watchJob(ctx, cloud, in, jobID); err != nil {
		return job, proxy, err
	}
	proxy, err = readProxy(ctx, cloud, in.Proxy)
	return job, proxy, err
}
