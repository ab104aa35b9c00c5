package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// server looks at Temporal itself.
func (d *doctor) server(ctx context.Context, c operate.Session) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		d.unanswered(ctx, "temporal", "connection", err, "look at the server's log, and at what stands between")
		return false
	}
	version := info.GetServerVersion()
	if version == "" {
		version = "of an unknown version"
	}
	d.add(checkOK, "temporal", "connection", "the server answers, "+version, "")
	return true
}

// namespace looks whether the namespace is there.
func (d *doctor) namespace(ctx context.Context, c operate.Session) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		d.add(checkFail, "namespace", c.Namespace, "there is no such namespace", "tidegate setup --namespace "+c.Namespace+" makes it; or say another with --namespace")
		return false
	}
	if err != nil {
		d.unanswered(ctx, "namespace", c.Namespace, err, "may this API key or certificate use the namespace?")
		return false
	}
	kept := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	d.add(checkOK, "namespace", c.Namespace, "ended runs stay readable for "+maintenance.Counted(int(kept.Hours()/24), "day", "days"), "")
	return true
}

// attributes looks at the namespace's search attributes, and registers what is
// missing where that is wanted.
func (d *doctor) attributes(ctx context.Context, c operate.Session) {
	const check = "search-attributes"
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	missing, err := namespace.Missing(ctx, c, c.Namespace, webui.SearchAttributes())
	if _, conflict := errors.AsType[*namespace.TypeConflictError](err); conflict {
		d.unanswered(ctx, check, c.Namespace, err, "")
		return
	}
	if err != nil {
		d.unanswered(ctx, check, c.Namespace, err, "may this API key or certificate read them?")
		return
	}
	names := strings.Join(slices.Sorted(maps.Keys(missing)), ", ")
	switch {
	case names == "":
		d.add(checkOK, check, c.Namespace, fmt.Sprintf("all %d are there", len(webui.SearchAttributes())), "")
	case !d.fix:
		d.add(checkFail, check, c.Namespace, "not registered: "+names, "tidegate doctor --fix, or tidegate setup")
	default:
		d.register(ctx, c, missing, names)
	}
}

func (d *doctor) register(ctx context.Context, c operate.Session, missing map[string]enumspb.IndexedValueType, names string) {
	if err := namespace.Ensure(ctx, c, c.Namespace, missing); err != nil {
		d.unanswered(ctx, "search-attributes", c.Namespace, err, "have somebody register them who may: tidegate setup")
		return
	}
	d.add(checkOK, "search-attributes", c.Namespace, "registered: "+names, "")
}

// pollFresh is how old a worker's last poll may be: a long poll lasts a minute.
const pollFresh = 2 * time.Minute

// polled looks whether a worker polls a task queue for tasks of these kinds, one
// of the build to which Temporal gives them.
func (d *doctor) polled(ctx context.Context, c operate.Session, queue, whose string, kinds ...enumspb.TaskQueueType) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	workers := map[string]bool{}
	for _, kind := range kinds {
		described, err := c.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			d.unanswered(ctx, "worker", queue, err, "may this API key or certificate use the namespace?")
			return false
		}
		want := currentOf(described)
		found, others := pollersOf(described, want)
		if len(found) == 0 && len(others) > 0 {
			d.add(checkFail, "worker", queue, fmt.Sprintf("Temporal gives its tasks to %s, and no such worker polls; there is %s", want, strings.Join(others, ", ")),
				"make the build current that is meant to be, or start a worker of it: docs/runbook.md, a release")
			return false
		}
		if len(found) == 0 {
			d.add(checkFail, "worker", queue, "no worker polls it for the "+whose,
				"start one whose accounts file has them: worker --accounts FILE"+queueFlag(d.queue))
			return false
		}
		for _, identity := range found {
			workers[identity] = true
		}
	}
	d.add(checkOK, "worker", queue, "polled for the "+whose+" by "+strings.Join(slices.Sorted(maps.Keys(workers)), ", "), "")
	return true
}

func queueFlag(queue string) string {
	if queue == api.TaskQueue {
		return ""
	}
	return " --task-queue " + queue
}

// currentOf is the build to which Temporal gives the tasks of a queue, where a run is
// not pinned to another one.
func currentOf(described *workflowservice.DescribeTaskQueueResponse) build {
	v := described.GetVersioningInfo().GetCurrentDeploymentVersion()
	return build{v.GetDeploymentName(), v.GetBuildId()}
}

// pollersOf are the workers of a build that polled lately, and the others, each with its
// build.
func pollersOf(described *workflowservice.DescribeTaskQueueResponse, want build) (found, others []string) {
	for _, p := range described.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) > pollFresh {
			continue
		}
		var has build
		if o := p.GetDeploymentOptions(); o.GetWorkerVersioningMode() == enumspb.WORKER_VERSIONING_MODE_VERSIONED {
			has = build{o.GetDeploymentName(), o.GetBuildId()}
		}
		if has == want {
			found = append(found, p.GetIdentity())
		} else {
			others = append(others, fmt.Sprintf("%s (%s)", p.GetIdentity(), has))
		}
	}
	return found, others
}
