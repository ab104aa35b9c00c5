package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

// The search attributes in which Temporal itself keeps on which build a workflow runs.
const (
	versionAttribute   = "TemporalWorkerDeploymentVersion"    // DEPLOYMENT:BUILD
	behaviourAttribute = "TemporalWorkflowVersioningBehavior" // Pinned or AutoUpgrade
	pinned             = "Pinned"
)

const (
	// mostRuns bounds how many open runs doctor reads.
	mostRuns = 5000
	// runTimeout is how long a worker may take to answer for a run: a query is the
	// matter of a moment.
	runTimeout = 5 * time.Second
)

// runKinds are the workflows that doctor reads, with what they are called.
func runKinds() [][3]string {
	return [][3]string{
		{api.CampaignName, "campaign", "campaigns"},
		{api.BatchName, "page of targets", "pages of targets"},
		{api.GatewayMaintenanceName, "maintenance", "maintenances"},
		{api.QuarantineName, "quarantine", "quarantines"},
	}
}

// crew are the workers that some open runs need: those of one task queue, of the build
// to which the runs are pinned.
type crew struct {
	queue string
	build operate.Build // to which the runs are pinned; the zero value: that of the queue
}

// load are the open runs of one crew.
type load struct {
	crew
	total    int
	kinds    map[string]int
	names    []string // of the first ones, for people
	accounts []string // AWS accounts of the maintenances among them
	one      *workflowpb.WorkflowExecutionInfo
	due      operate.Build // that Temporal gives their tasks to
}

// mostNamed is how many runs a line of doctor names.
const mostNamed = 3

func (l *load) add(info *workflowpb.WorkflowExecutionInfo) {
	kind := info.GetType().GetName()
	l.total++
	l.kinds[kind]++
	l.one = cmp.Or(l.one, info)
	if account := operate.AttributeOf(info, operate.AccountAttribute); account != "" &&
		!slices.Contains(l.accounts, account) {
		l.accounts = append(l.accounts, account)
	}
	if kind != api.BatchName && len(l.names) < mostNamed {
		l.names = append(l.names, info.GetExecution().GetWorkflowId())
	}
}

// String is what they are: 1 campaign, 2 maintenances (campaign-q4, gateway-sgw-..., ...).
func (l *load) String() string {
	var parts []string
	for _, k := range runKinds() {
		if n := l.kinds[k[0]]; n > 0 {
			parts = append(parts, maintenance.Counted(n, k[1], k[2]))
		}
	}
	text := strings.Join(parts, ", ")
	switch {
	case len(l.names) == 0:
		return text
	case l.total-l.kinds[api.BatchName] > len(l.names):
		return text + " (" + strings.Join(l.names, ", ") + " and more)"
	}
	return text + " (" + strings.Join(l.names, ", ") + ")"
}

// runs reads what runs now: on which build each run waits, and whether a worker of
// that build polls and answers.
func (d *doctor) runs(ctx context.Context, c operate.Session) {
	const check = "runs"
	loads, whole, err := openRuns(ctx, c)
	switch {
	case err != nil:
		d.unanswered(ctx, check, c.Namespace, err, "check that this API key or certificate may list workflows")
		return
	case !whole:
		d.add(render.CheckWarn, check, c.Namespace, fmt.Sprintf("more than %d are open: those that started before were not read", mostRuns), "")
	case len(loads) == 0:
		d.add(render.CheckOK, check, c.Namespace, "no campaign and no maintenance is open", "")
	}
	for _, l := range loads {
		d.served(ctx, c, l)
	}
}

// openRuns are the open runs by the workers that they need; whole: these are all.
func openRuns(ctx context.Context, c operate.Session) (loads []*load, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	query := openQuery()
	found := map[crew]*load{}
	var next []byte
	for n := 0; n < mostRuns; {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: next})
		if err != nil {
			return nil, false, fmt.Errorf("list what runs: %w", err)
		}
		for _, info := range page.GetExecutions() {
			n++
			who := crewOf(info)
			if found[who] == nil {
				found[who] = &load{crew: who, kinds: map[string]int{}}
				loads = append(loads, found[who])
			}
			found[who].add(info)
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			whole = true
			break
		}
	}
	slices.SortFunc(loads, func(a, b *load) int {
		return cmp.Or(strings.Compare(a.queue, b.queue), strings.Compare(a.build.String(), b.build.String()))
	})
	return loads, whole, nil
}

// openQuery finds the open runs.
func openQuery() string {
	var kinds []string
	for _, k := range runKinds() {
		kinds = append(kinds, "'"+k[0]+"'")
	}
	return fmt.Sprintf("ExecutionStatus = 'Running' AND WorkflowType IN (%s)", strings.Join(kinds, ", "))
}

func crewOf(info *workflowpb.WorkflowExecutionInfo) crew {
	who := crew{queue: info.GetTaskQueue()}
	if operate.AttributeOf(info, behaviourAttribute) == pinned {
		who.build.Deployment, who.build.ID, _ = strings.Cut(operate.AttributeOf(info, versionAttribute), ":")
	}
	return who
}

// served checks whether the workers that some runs need exist.
func (d *doctor) served(ctx context.Context, c operate.Session, l *load) {
	looked, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		if !d.staffed(looked, c, l, l.queue, kind, render.CheckFail) {
			return
		}
	}
	if err := answers(ctx, c, l.one); err != nil {
		d.add(render.CheckFail, "runs", l.queue, fmt.Sprintf("no %s answers, although one polled recently; nothing progresses, and deadlines keep running: %s", l.due.Worker(), l),
			"a killed worker stays listed for 2 minutes; start it again ("+l.due.Command(l.queue)+"), or check its log")
		return
	}
	well := true
	for _, queue := range d.accountQueues(looked, c, l) {
		state := render.CheckWarn // perhaps nothing open needs the account
		if slices.ContainsFunc(l.accounts, func(a string) bool { return awsQueue(l.queue, a) == queue }) {
			state = render.CheckFail
		}
		well = d.staffed(looked, c, l, queue, enumspb.TASK_QUEUE_TYPE_ACTIVITY, state) && well
	}
	if well {
		d.add(render.CheckOK, "runs", l.queue, fmt.Sprintf("%s: a worker polls and answers (%s)", l, l.due), "")
	}
}

// staffed checks whether a worker that these runs need polls a queue, and adds a result where
// none does.
func (d *doctor) staffed(
	ctx context.Context, c operate.Session, l *load, queue string, kind enumspb.TaskQueueType, state string,
) bool {
	described, err := c.DescribeTaskQueue(ctx, queue, kind)
	if err != nil {
		d.unanswered(ctx, "runs", queue, err, "check that this API key or certificate may use the namespace")
		return false
	}
	want := cmp.Or(l.build, operate.CurrentOf(described))
	found, others := operate.PollersOf(described, want)
	if l.due = want; len(found) > 0 {
		return true
	}
	wait := "waiting for it"
	if l.build != (operate.Build{}) {
		wait = "pinned to it"
	}
	result := fmt.Sprintf("no %s polls; nothing progresses, and deadlines keep running; %s: %s", want.Worker(), wait, l)
	if len(others) > 0 {
		result += "; there is only " + strings.Join(others, ", ")
	}
	fix := "start one (" + want.Command(l.queue) + "), and keep it running until they have ended; see docs/how-to/upgrade-the-worker.md"
	if l.build == (operate.Build{}) && len(others) > 0 {
		fix = "start one (" + want.Command(l.queue) + "), or make the build current that polls: docs/how-to/upgrade-the-worker.md"
	}
	d.add(state, "runs", queue, result, fix)
	return false
}

// awsQueue is the queue of the activities in an AWS account, alongside that of the workflows.
func awsQueue(queue, account string) string {
	return api.Probe{Account: account}.Queue(queue)
}

// accountQueues are the queues of activities that a crew has in addition to its own.
func (d *doctor) accountQueues(ctx context.Context, c operate.Session, l *load) (queues []string) {
	if l.build == (operate.Build{}) {
		for _, account := range l.accounts {
			queues = append(queues, awsQueue(l.queue, account))
		}
		slices.Sort(queues)
		return queues
	}
	// What a build has never polled, another one does in its place.
	described, err := c.WorkerDeploymentClient().GetHandle(l.build.Deployment).
		DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: l.build.ID})
	if err != nil {
		d.unanswered(ctx, "runs", l.queue, fmt.Errorf("read which task queues %s polls: %w", l.build, err),
			"check that this API key or certificate may read worker deployments")
		return nil
	}
	for _, q := range described.Info.TaskQueuesInfos {
		if q.Type == client.TaskQueueTypeActivity && q.Name != l.queue && strings.HasPrefix(q.Name, l.queue) {
			queues = append(queues, q.Name)
		}
	}
	slices.Sort(queues)
	return queues
}

// answers asks a run how far it is: that a worker is listed does not prove that it lives.
func answers(ctx context.Context, c operate.Session, info *workflowpb.WorkflowExecutionInfo) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	_, err := c.QueryWorkflow(ctx, info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId(), api.StatusQuery)
	if _, refused := errors.AsType[*serviceerror.QueryFailed](err); refused {
		return nil // a worker said so
	}
	return err // only whether there is one counts
}
