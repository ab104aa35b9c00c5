package huaweicloud

import (
	"context"
	"strconv"
	"time"

	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// jobsPage is the largest page of the list of time tasks (10, 20 or 50).
const jobsPage = 50

// Job reads a job by the id that a change gave. The cloud shows a job some
// seconds after it started, and for a month: before and after it is ErrNotFound.
func (c *Cloud) Job(ctx context.Context, jobID string) (maintenance.Job, error) {
	op := &operation{doing: "read job " + jobID, action: "gaussdbformysql:task:list"}
	if err := checkIDs(op, jobID); err != nil {
		return maintenance.Job{}, err
	}
	reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ShowGaussMySqlJobInfoResponse, error) {
		return client.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: jobID})
	})
	if err != nil {
		return maintenance.Job{}, err
	}
	if reply.Job == nil || reply.Job.Status.Value() == "" {
		return maintenance.Job{}, op.missing("job with a status")
	}
	created, err := parseTime(op, reply.Job.Created)
	if err != nil {
		return maintenance.Job{}, err
	}
	return maintenance.Job{
		ID:         reply.Job.Id,
		InstanceID: value(reply.Job.Instance).Id,
		Name:       reply.Job.Name,
		Status:     reply.Job.Status.Value(),
		Progress:   value(reply.Job.Process),
		FailReason: value(reply.Job.FailReason),
		CreatedAt:  created,
	}, nil
}

// Jobs are the jobs of a DB instance that were created at or after since, which
// counts in whole seconds as the cloud's times do. A job without a time of
// creation is new, says the API, and is among them with a zero CreatedAt.
//
// The API lists the whole project's jobs of a month, and cannot be asked for
// one instance's.
func (c *Cloud) Jobs(ctx context.Context, instanceID string, since time.Time) ([]maintenance.Job, error) {
	op := &operation{doing: "list the jobs of instance " + instanceID, action: "gaussdbformysql:task:list"}
	page := func(offset int32) ([]model.TaskDetailInfo, int, error) {
		start, limit := strconv.Itoa(int(offset)), strconv.Itoa(jobsPage)
		reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ListImmediateJobsResponse, error) {
			return client.ListImmediateJobs(&model.ListImmediateJobsRequest{Offset: &start, Limit: &limit})
		})
		if err != nil {
			return nil, 0, err
		}
		if reply.Jobs == nil {
			return nil, 0, op.missing("jobs")
		}
		total := unknownTotal
		if reply.TotalCount != nil {
			total = int(*reply.TotalCount)
		}
		return *reply.Jobs, total, nil
	}
	tasks, err := discover(op, jobsPage, func(t model.TaskDetailInfo) string { return value(t.JobId) }, page)
	if err != nil {
		return nil, err
	}
	return jobsOf(op, tasks, instanceID, since.Truncate(time.Second))
}

func jobsOf(
	op *operation, tasks []model.TaskDetailInfo, instanceID string, since time.Time,
) ([]maintenance.Job, error) {
	var jobs []maintenance.Job
	for _, task := range tasks {
		if value(task.InstanceId) != instanceID {
			continue
		}
		created, err := parseTime(op, value(task.CreatedTime))
		if err != nil {
			return nil, err
		}
		if !created.IsZero() && created.Before(since) {
			continue
		}
		jobs = append(jobs, maintenance.Job{
			ID:         value(task.JobId),
			InstanceID: instanceID,
			Name:       value(task.JobName),
			Status:     value(task.Status),
			Progress:   value(task.Process),
			FailReason: value(task.FailReason),
			CreatedAt:  created,
		})
	}
	return jobs, nil
}

// parseTime reads yyyy-mm-ddThh:mm:ss with an offset such as +0100 (as the API
// reference has it) or +01:00 or Z. "" is the zero time.
func parseTime(op *operation, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z0700", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, op.fail(maintenance.ErrUnavailable,
		"the reply has the time %q, which is not of the documented form", text)
}
