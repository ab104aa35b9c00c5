package huawei

import (
	"fmt"
	"time"
)

// Statuses of jobs, from the vendor's ShowGaussMySqlJobInfo of 2026-02.
const (
	jobPending   = "Pending"
	jobRunning   = "Running"
	jobCompleted = "Completed"
	jobFailed    = "Failed"
	jobCanceled  = "Canceled"
)

// Names of jobs. That of the weights is the vendor's; the others are not
// documented, and no client may depend on them.
const (
	nameUpgrade   = "UpgradeGaussDBforMySQLProxyVersion"
	nameWeights   = "GaussDBforMySQLModifyProxyWeight"
	nameRouteMode = "GaussDBforMySQLModifyProxyRouteMode"
	nameRestart   = "RestartGaussDBforMySQLProxy"
	// nameScheduled is documented, as a type of scheduled task.
	nameScheduled = "PROXY_VERSION_UPGRADE"
)

// jobTime is the form of the jobs API's instants, which have whole seconds:
// "yyyy-mm-ddThh:mm:ssZ", Z as +0100.
const jobTime = "2006-01-02T15:04:05-0700"

// job is a task of the task centre. Its status follows from the clock.
type job struct {
	id, name string
	proxy    *proxy
	created  time.Time
	// visible is when the jobs API first knows the job; a lost one is never seen.
	visible time.Time
	lost    bool
	// begin is zero until a scheduled job runs, end until it is known: for ever
	// where the job is stuck.
	begin, end time.Time
	// outcome is the status once the end has come, reason a failure's text.
	outcome, reason string
	// due and target are of scheduled jobs: the planned start and the version.
	due    time.Time
	target string
}

func (j *job) scheduled() bool { return !j.due.IsZero() }

func (j *job) ended(now time.Time) bool { return !j.end.IsZero() && !now.Before(j.end) }

func (j *job) known(now time.Time) bool { return !j.lost && !now.Before(j.visible) }

func (j *job) status(now time.Time) string {
	switch {
	case j.ended(now):
		return j.outcome
	case j.begin.IsZero():
		return jobPending
	default:
		return jobRunning
	}
}

// process is the progress in per cent, shown only while the job runs.
func (j *job) process(now time.Time, usual time.Duration) string {
	if j.status(now) != jobRunning {
		return ""
	}
	total := usual
	if !j.end.IsZero() {
		total = j.end.Sub(j.begin)
	}
	tenths := min(9, 1+int(9*now.Sub(j.begin)/max(total, 1)))
	return fmt.Sprintf("%d%%", 10*tenths)
}

func (j *job) failReason(now time.Time) string {
	if j.ended(now) {
		return j.reason
	}
	return ""
}

func (j *job) endedAt(now time.Time) string {
	if !j.ended(now) {
		return ""
	}
	return formatTime(j.end)
}

// newJob adds a job of the proxy that begins now.
func (c *Cloud) newJob(p *proxy, name string, now time.Time) *job {
	added := &job{
		id: newID(), name: name, proxy: p, outcome: jobCompleted,
		created: now, begin: now, visible: now.Add(c.durations.JobVisible),
	}
	c.jobs = append(c.jobs, added)
	return added
}

// jobByID finds a job that the project may see by now.
func (c *Cloud) jobByID(id, project string, now time.Time) (*job, bool) {
	for _, j := range c.jobs {
		if j.id == id && j.known(now) && j.proxy.instance.ProjectID == project {
			return j, true
		}
	}
	return nil, false
}

// showJob is GET /v3/{project_id}/jobs?id=.
func (c *Cloud) showJob(call *call) (*reply, error) {
	id := call.query.Get("id")
	if id == "" {
		return nil, badParameter()
	}
	j, found := c.jobByID(id, call.project, call.now)
	if !found {
		return nil, noJob()
	}
	i := j.proxy.instance
	return ok(object{"job": object{
		"id": j.id, "name": j.name, "status": j.status(call.now),
		"created": formatTime(j.created), "ended": j.endedAt(call.now),
		"process":     j.process(call.now, c.durations.Upgrade),
		"instance":    object{"id": i.ID, "name": i.Name},
		"entities":    object{},
		"fail_reason": j.failReason(call.now),
	}}), nil
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(jobTime)
}
