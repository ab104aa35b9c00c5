package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/webui"
)

// server reads Temporal itself.
func (d *doctor) server(ctx context.Context, c operate.Session) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		d.unanswered(ctx, "temporal", "connection", err, "check the server's log, and the network between")
		return false
	}
	version := info.GetServerVersion()
	if version == "" {
		version = "of an unknown version"
	}
	d.add(render.CheckOK, "temporal", "connection", "the server answers, "+version, "")
	return true
}

// namespace checks whether the namespace exists.
func (d *doctor) namespace(ctx context.Context, c operate.Session) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	described, err := c.WorkflowService().DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		d.add(render.CheckFail, "namespace", c.Namespace, "does not exist",
			"tidegate setup --namespace "+c.Namespace+" makes it; or say another with --namespace")
		return false
	}
	if err != nil {
		d.unanswered(ctx, "namespace", c.Namespace, err, "check that this API key or certificate may use the namespace")
		return false
	}
	kept := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	d.add(render.CheckOK, "namespace", c.Namespace, "ended runs stay readable for "+
		maintenance.Counted(int(kept.Hours()/24), "day", "days"), "")
	return true
}

// attributes reads the namespace's search attributes, and registers what is
// missing where that is wanted.
func (d *doctor) attributes(ctx context.Context, c operate.Session) {
	const check = "search-attributes"
	ctx, cancel := context.WithTimeout(ctx, shell.SetupTimeout)
	defer cancel()
	missing, err := namespace.Missing(ctx, c, c.Namespace, webui.SearchAttributes())
	if _, conflict := errors.AsType[*namespace.TypeConflictError](err); conflict {
		d.unanswered(ctx, check, c.Namespace, err, "")
		return
	}
	if err != nil {
		d.unanswered(ctx, check, c.Namespace, err, "check that this API key or certificate may read them")
		return
	}
	names := strings.Join(slices.Sorted(maps.Keys(missing)), ", ")
	switch {
	case names == "":
		d.add(render.CheckOK, check, c.Namespace, fmt.Sprintf("all %d are there", len(webui.SearchAttributes())), "")
	case !d.fix:
		d.add(render.CheckFail, check, c.Namespace, "not registered: "+names, "tidegate doctor --fix, or tidegate setup")
	default:
		d.register(ctx, c, missing, names)
	}
}

func (d *doctor) register(
	ctx context.Context, c operate.Session, missing map[string]enumspb.IndexedValueType, names string,
) {
	err := namespace.Ensure(ctx, c, c.Namespace, missing)
	if refused, is := errors.AsType[*namespace.RefusedError](err); is {
		d.add(render.CheckFail, "search-attributes", c.Namespace,
			"not registered: "+names+"; the server does not let this login register them",
			"in Temporal Cloud run: "+refused.Fix)
		return
	}
	if err != nil {
		d.unanswered(ctx, "search-attributes", c.Namespace, err, "ask an administrator to run: tidegate setup")
		return
	}
	d.add(render.CheckOK, "search-attributes", c.Namespace, "registered: "+names, "")
}

// polled checks whether a worker polls a task queue for tasks of these kinds, one
// of the build to which Temporal gives them.
func (d *doctor) polled(
	ctx context.Context, c operate.Session, queue, whose string, kinds ...enumspb.TaskQueueType,
) bool {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	workers := map[string]bool{}
	for _, kind := range kinds {
		described, err := c.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			d.unanswered(ctx, "worker", queue, err, "check that this API key or certificate may use the namespace")
			return false
		}
		want := operate.CurrentOf(described)
		found, others := operate.PollersOf(described, want)
		if len(found) == 0 && len(others) > 0 {
			d.add(render.CheckFail, "worker", queue, fmt.Sprintf("Temporal gives its tasks to %s, and no such worker polls; there is %s", want, strings.Join(others, ", ")),
				"make the intended build current, or start a worker of it; see docs/how-to/upgrade-the-worker.md")
			return false
		}
		if len(found) == 0 {
			d.add(render.CheckFail, "worker", queue, "no worker polls it for the "+whose,
				"start one whose accounts file has them: tidegate-worker --accounts FILE"+operate.QueueFlag(d.queue))
			return false
		}
		for _, identity := range found {
			workers[identity] = true
		}
	}
	d.add(render.CheckOK, "worker", queue, "polled for the "+whose+" by "+
		strings.Join(slices.Sorted(maps.Keys(workers)), ", "), "")
	return true
}
