package huawei

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
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

// jobTime is the form of the jobs API's times, which have whole seconds:
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
	// start is zero until a scheduled job runs, end until it is known: permanently
	// where the job is stuck.
	start, end time.Time
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
	case j.start.IsZero():
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
		total = j.end.Sub(j.start)
	}
	tenths := min(9, 1+int(9*now.Sub(j.start)/max(total, 1)))
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

// newJob adds a job of the proxy that starts now.
func (c *Cloud) newJob(p *proxy, name string, now time.Time) *job {
	added := &job{
		id: newID(), name: name, proxy: p, outcome: jobCompleted,
		created: now, start: now, visible: now.Add(c.durations.JobVisible),
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

// jobFilter is what the two lists of jobs have in common.
type jobFilter struct {
	status, name, id, instance string
	from, to                   time.Time
}

func (c *Cloud) listImmediate(call *call) (*reply, error) {
	// The documented limits are these three.
	limits := func(n int) bool { return n == 10 || n == 20 || n == 50 }
	jobs, total, err := c.list(call, false, limits, 10)
	if err != nil {
		return nil, err
	}
	list := make([]object, 0, len(jobs))
	for _, j := range jobs {
		i := j.proxy.instance
		list = append(list, object{
			"instance_id": i.ID, "instance_name": i.Name, "instance_status": unified(i.Status),
			"job_id": j.id, "job_name": j.name, "order_id": nil,
			"status": j.status(call.now), "process": j.process(call.now, c.durations.Upgrade),
			"created_time": formatTime(j.created), "ended_time": j.endedAt(call.now),
			"fail_reason": j.failReason(call.now), "show_detail": false,
		})
	}
	names := []string{nameUpgrade, nameWeights, nameRouteMode, nameRestart}
	return ok(object{"jobs": list, "total_count": total, "action_names": names}), nil
}

func (c *Cloud) listScheduled(call *call) (*reply, error) {
	limits := func(n int) bool { return n >= 1 && n <= 100 }
	jobs, total, err := c.list(call, true, limits, 10)
	if err != nil {
		return nil, err
	}
	list := make([]object, 0, len(jobs))
	for _, j := range jobs {
		i := j.proxy.instance
		list = append(list, object{
			"job_id": j.id, "job_name": j.name, "job_status": j.status(call.now), "project_id": i.ProjectID,
			"instance_id": i.ID, "instance_name": i.Name, "instance_status": unified(i.Status),
			"proxy_id": j.proxy.ID, "proxy_name": j.proxy.Name,
			"create_time": formatTime(j.created), "start_time": formatTime(j.due), "end_time": j.endedAt(call.now),
			"datastore_type": "gaussdb-mysql", "target_config": object{"target_version": j.target},
		})
	}
	return ok(object{"schedules": list, "total_count": total}), nil
}

// list gives one page of the jobs that the query asks for, newest first, and
// how many there are on all pages.
func (c *Cloud) list(call *call, scheduled bool, limits func(int) bool, usual int) ([]*job, int, error) {
	filter, err := parseFilter(call.query)
	if err != nil {
		return nil, 0, err
	}
	if !scheduled {
		filter.instance = "" // the vendor's list of time tasks cannot be asked for one instance's
	}
	var jobs []*job
	for _, j := range slices.Backward(c.jobs) {
		mine := j.proxy.instance.ProjectID == call.project
		if mine && j.scheduled() == scheduled && j.known(call.now) && filter.match(j, call.now) {
			jobs = append(jobs, j)
		}
	}
	page, err := paged(call.query, jobs, limits, usual)
	return page, len(jobs), err
}

func parseFilter(query url.Values) (jobFilter, error) {
	f := jobFilter{
		status: query.Get("status"), name: query.Get("job_name"),
		id: query.Get("job_id"), instance: query.Get("instance_id"),
	}
	for name, instant := range map[string]*time.Time{"start_time": &f.from, "end_time": &f.to} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		parsed, err := time.Parse(jobTime, text)
		if err != nil {
			return f, badParameter()
		}
		*instant = parsed
	}
	return f, nil
}

func (f jobFilter) match(j *job, now time.Time) bool {
	// Times have whole seconds on the wire, so they are compared as such.
	created := j.created.Truncate(time.Second)
	for _, wanted := range []struct{ filter, value string }{
		{f.status, j.status(now)},
		{f.name, j.name},
		{f.id, j.id},
		{f.instance, j.proxy.instance.ID},
	} {
		if wanted.filter != "" && wanted.filter != wanted.value {
			return false
		}
	}
	return (f.from.IsZero() || !created.Before(f.from)) && (f.to.IsZero() || !created.After(f.to))
}

// paged is the page that the query's offset (in rows, from 0) and limit ask for.
func paged[T any](query url.Values, all []T, limits func(int) bool, usual int) ([]T, error) {
	offset, err := number(query, "offset", 0)
	if err != nil {
		return nil, err
	}
	limit, err := number(query, "limit", usual)
	if err != nil || offset < 0 || !limits(limit) {
		return nil, badParameter()
	}
	start := min(offset, len(all))
	return all[start:min(start+limit, len(all))], nil
}

func number(query url.Values, name string, usual int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badParameter()
	}
	return n, nil
}

// unified is an instance's status in the words of the task centre.
func unified(status string) string {
	if status == statusFailed {
		return "createfail"
	}
	if status == "BUILD" {
		return "creating"
	}
	return "normal"
}
