package huawei

import (
	"slices"
	"time"
)

// schedule adds an upgrade that someone planned in the vendor's console.
func (c *Cloud) schedule(p *proxy, task ScheduledUpgrade, now time.Time) *job {
	added := &job{
		id: newID(), name: nameScheduled, proxy: p, outcome: jobCompleted, created: now, visible: now,
		due: now.Add(task.StartsIn), target: orElse(task.TargetVersion, p.LatestVersion),
	}
	c.jobs = append(c.jobs, added)
	return added
}

// due is the scheduled upgrade that the proxy must start by now, nil where
// there is none or where another change is still under way.
func (c *Cloud) due(p *proxy, now time.Time) *job {
	if p.change != nil {
		return nil
	}
	for _, j := range c.jobs {
		if j.proxy == p && j.scheduled() && j.start.IsZero() && !now.Before(j.due) {
			return j
		}
	}
	return nil
}

// runScheduled starts the vendor's upgrade, as soon as it was due and the proxy
// was free; or ends it at once where there is nothing to do or no way to do it.
func (c *Cloud) runScheduled(p *proxy, j *job) {
	j.start = j.due
	if p.freeSince.After(j.due) {
		j.start = p.freeSince
	}
	switch {
	case compareVersions(p.CurrentVersion, j.target) >= 0:
		j.end = j.start
	case p.Status != statusActive:
		j.end, j.outcome, j.reason = j.start, jobFailed, "The database proxy is abnormal."
	default:
		c.book.Effect("vendor:UpgradeProxyVersion", p.ID, j.id, map[string]string{
			"from": p.CurrentVersion, "to": j.target, "workflowId": j.id,
			"started": j.start.UTC().Format(time.RFC3339Nano),
		})
		c.startUpgrade(p, j, j.target, p.outcome())
	}
}

// cancelScheduled is DELETE /v3/{project_id}/scheduled-jobs: all the tasks
// named, or none of them.
func (c *Cloud) cancelScheduled(call *call) (*reply, error) {
	body, err := decodeBody[struct {
		JobIDs []string `json:"job_ids"`
	}](call.body)
	if err != nil {
		return nil, err
	}
	if len(body.JobIDs) == 0 {
		return nil, badParameter()
	}
	var tasks []*job
	for _, id := range body.JobIDs {
		task, found := c.jobByID(id, call.project, call.now)
		if !found || !task.scheduled() {
			return nil, noJob()
		}
		if task.status(call.now) != jobPending {
			return nil, notCancellable()
		}
		if !slices.Contains(tasks, task) {
			tasks = append(tasks, task)
		}
	}
	for _, task := range tasks {
		task.start, task.end, task.outcome = call.now, call.now, jobCanceled
		c.effect(call, task.proxy, map[string]string{"jobId": task.id, "target": task.target})
	}
	return ok(object{"job_ids": body.JobIDs}), nil
}

// checkScheduled is POST .../schedule-tasks/exist: the tasks of a type that
// wait or run.
func (c *Cloud) checkScheduled(call *call) (*reply, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	body, err := decodeBody[struct {
		ScheduleType string `json:"schedule_type"`
		ProxyID      string `json:"proxy_id"`
	}](call.body)
	if err != nil {
		return nil, err
	}
	types := []string{nameScheduled, "VERSION_UPGRADE", "RESIZE_FLAVOR", "REBOOT_NODE", "REBOOT_INSTANCE"}
	if !slices.Contains(types, body.ScheduleType) {
		return nil, badParameter()
	}
	tasks := []object{}
	for _, j := range c.jobs {
		wanted := j.scheduled() && !j.ended(call.now) && j.proxy.instance == i && j.name == body.ScheduleType
		if wanted && (body.ProxyID == "" || body.ProxyID == j.proxy.ID) {
			tasks = append(tasks, scheduledTask(j, call.now))
		}
	}
	return ok(object{"exist": len(tasks) > 0, "scheduled_tasks": tasks}), nil
}

func scheduledTask(j *job, now time.Time) object {
	status := "WAITING"
	if j.status(now) == jobRunning {
		status = "RUNNING"
	}
	i := j.proxy.instance
	return object{
		"task_id": j.id, "task_name": j.name, "task_status": status, "task_order": 0, "project_id": i.ProjectID,
		"instance_id": i.ID, "instance_name": i.Name, "instance_status": "NORMAL",
		"proxy_id": j.proxy.ID, "proxy_name": j.proxy.Name, "datastore_type": "gaussdb-mysql",
		"create_time": j.created.UnixMilli(), "start_time": j.due.UnixMilli(),
		"target_config": map[string]string{"target_version": j.target},
	}
}
