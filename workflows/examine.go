package workflows

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// ExamineInput says what to look at.
type ExamineInput struct {
	// Plan is without its targets and selectors; nil: only the clock is read.
	Plan   *plan.Plan `json:"plan,omitempty"`
	Probes []Probe    `json:"probes,omitempty"` // at most one for each account
}

// Probe is a look into one account, by calls that only read.
type Probe struct {
	// Account is the name by which the worker knows it.
	Account string `json:"account"`
	// Huawei is true for a Huawei Cloud account, false for an AWS account.
	Huawei bool `json:"huawei,omitempty"`
	// Instance is the DB instance of the Huawei Cloud account whose proxies are
	// listed.
	Instance string `json:"instance,omitempty"`
	// Gateway is the ARN of one of the AWS account, which is read with its tags and
	// its window; empty: the first that is listed.
	Gateway string `json:"gateway,omitempty"`
	// Volumes asks for a look at the volumes and the snapshots of one gateway that
	// has volumes: of Named, or, where that is empty, of any.
	Volumes bool     `json:"volumes,omitempty"`
	Named   []string `json:"named,omitempty"` // ARNs
}

// Queue is the task queue of the probe's account, beside that of the workflows.
func (p Probe) Queue(workflows string) string {
	if p.Huawei {
		return activities.HuaweiQueue(workflows, p.Account)
	}
	return activities.AWSQueue(workflows, p.Account)
}

// ExamineOutput is what was seen.
type ExamineOutput struct {
	Server time.Time `json:"server"` // the server's clock
	Worker time.Time `json:"worker"` // the worker's, at most a workflow task later
	Plan   Finding   `json:"plan,omitzero"`
	// Probes are in the input's order.
	Probes []Finding `json:"probes,omitempty"`
}

// Finding is what came of one look.
type Finding struct {
	// Fault is the type of the activity's error, such as FaultDenied, or FaultSilent;
	// empty where there was none.
	Fault string `json:"fault,omitempty"`
	// Says is the error for people, without secrets.
	Says string `json:"says,omitempty"`
	// Seen is how many gateways or proxies the first page of the list has.
	Seen int `json:"seen,omitempty"`
	// Gateway is the one that was read; empty where there is none.
	Gateway string `json:"gateway,omitempty"`
	// Further is what came of the calls that a run makes later and that only read
	// too: of an AWS account those on the volumes and the snapshots of its Gateway,
	// where Seen is how many volumes that has; of a Huawei Cloud account those on jobs
	// and planned upgrades. nil: there was nothing to look at.
	Further *Finding `json:"further,omitempty"`
	// Marks are the settings that runs have changed for a while, of the gateways that the
	// probe names, else of the first page, or of the proxies of its instance; Unmarked says what is not known of them.
	Marks    []maintenance.Marked `json:"marks,omitempty"`
	Unmarked []string             `json:"unmarked,omitempty"`
}

// The faults of a look that say what to do about it.
const (
	FaultDenied      = activities.TypeDenied
	FaultNotFound    = activities.TypeNotFound
	FaultNotReady    = activities.TypeNotReady
	FaultThrottled   = activities.TypeThrottled
	FaultUnavailable = activities.TypeUnavailable
	FaultNoWindow    = activities.TypeNoWindow
	FaultUnsupported = activities.TypeUnsupported
	// FaultSilent is the fault of a look that ended with its time.
	FaultSilent = "Silent"
)

// examineLimit is how long the looks may take together, from the workflow's start: a
// person waits for them. What has not answered by then is part of the answer.
const examineLimit = 25 * time.Second

// examineLeast is what a call gets where that time is over.
const examineLeast = time.Second

// Examine looks at everything side by side. That something is wrong is its
// answer, and no failure.
func Examine(ctx workflow.Context, in ExamineInput) (ExamineOutput, error) {
	out := ExamineOutput{Server: workflow.Now(ctx), Probes: make([]Finding, len(in.Probes))}
	err := workflow.SideEffect(ctx, func(workflow.Context) any { return time.Now().UTC() }).Get(&out.Worker) //nolint:forbidigo // to compare the worker's clock is the purpose
	if err != nil {
		return out, err
	}
	looks := workflow.NewWaitGroup(ctx)
	if in.Plan != nil {
		looks.Go(ctx, func(ctx workflow.Context) {
			_, err := examine(ctx, "does the worker know the plan's accounts?", runs.CheckPlan, activities.CheckPlanInput{Plan: *in.Plan})
			out.Plan.blame(err)
		})
	}
	for i, p := range in.Probes {
		looks.Go(ctx, func(ctx workflow.Context) { out.Probes[i] = p.look(ctx) })
	}
	looks.Wait(ctx)
	return out, ctx.Err()
}

// examine makes one call that a person waits for.
func examine[In activities.Input, Out any](ctx workflow.Context, summary string, activity func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	left := max(examineLeast, examineLimit-workflow.Now(ctx).Sub(workflow.GetInfo(ctx).WorkflowStartTime))
	err := begin(ctx, workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    left,
		ScheduleToCloseTimeout: left,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: first, BackoffCoefficient: 2, MaximumInterval: most},
	}, activity, in).Get(ctx, &out)
	return out, err
}

func (p Probe) look(ctx workflow.Context) Finding {
	if p.Huawei {
		return p.lookAtProxies(ctx)
	}
	return p.lookAtGateways(ctx)
}

func (p Probe) lookAtProxies(ctx workflow.Context) (f Finding) {
	ids, err := examine(ctx, "list the proxies of "+p.Instance, proxies.ListProxies,
		activities.ListProxiesInput{Account: p.Account, InstanceID: p.Instance, Pace: examinePace()})
	f.Seen = len(ids)
	f.blame(err)
	if err != nil {
		return f
	}
	proxy := maintenance.ProxyRef{Account: p.Account, InstanceID: p.Instance}
	if f.Seen > 0 {
		proxy.ProxyID = ids[0]
	}
	found, err := examine(ctx, "read the tags and jobs of "+p.Instance, proxies.TryProxy, activities.ProxyLookup{Proxy: proxy, Pace: examinePace()})
	f.Further = new(Finding)
	f.Further.blame(err)
	f.judgeMarks(ctx, found, nil)
	return f
}

func (p Probe) lookAtGateways(ctx workflow.Context) (f Finding) {
	page, err := examine(ctx, "list the gateways of "+p.Account, gateways.ListGateways,
		activities.ListGatewaysInput{Selector: plan.Selector{Account: p.Account}, Pace: examinePace()})
	f.Seen = len(page.Gateways)
	f.blame(err)
	arn := p.Gateway
	if arn == "" && f.Seen > 0 {
		arn = page.Gateways[0].ARN
	}
	if err != nil || arn == "" {
		return f
	}
	ref := maintenance.GatewayRef{Account: p.Account, ARN: arn}
	f.Gateway = ref.ID()
	_, err = examine(ctx, "read "+f.Gateway, gateways.SurveyGateway, activities.SurveyInput{Gateway: ref, Pace: examinePace()})
	f.blame(err)
	if p.Volumes {
		f.Further = p.lookAtVolumes(ctx)
	}
	f.lookAtMarks(ctx, p, page.Gateways)
	return f
}

// lookAtMarks finds what runs have left on the gateways, whoever they were.
func (f *Finding) lookAtMarks(ctx workflow.Context, p Probe, listed []maintenance.GatewayRef) {
	arns := p.Named
	if len(arns) == 0 {
		for _, g := range listed {
			arns = append(arns, g.ARN)
		}
	}
	found, err := examine(ctx, "is anything left on the gateways of "+p.Account+"?", gateways.ListMarks,
		activities.ListMarksInput{Account: p.Account, ARNs: arns, Pace: examinePace()})
	f.judgeMarks(ctx, found, err)
}

// judgeMarks notes what was found, and of which runs it is.
func (f *Finding) judgeMarks(ctx workflow.Context, found activities.ListMarksOutput, err error) {
	f.Unmarked = found.Unread
	if err == nil && len(found.Marks) > 0 {
		f.Marks, err = examine(ctx, "which runs have left the marks?", runs.JudgeMarks, activities.MarksLookup{Marks: found.Marks, Pace: examinePace()})
	}
	if err != nil {
		f.Unmarked = append(f.Unmarked, explain(err).Error())
	}
}

// lookAtVolumes is nil where no gateway has volumes, as far as the first page of the
// list shows it.
func (p Probe) lookAtVolumes(ctx workflow.Context) *Finding {
	var f Finding
	with := plan.Selector{Account: p.Account, Types: []string{"CACHED", "STORED"}}
	page, err := examine(ctx, "list the gateways of "+p.Account+" that have volumes", gateways.ListGateways,
		activities.ListGatewaysInput{Selector: with, Pace: examinePace()})
	if err != nil {
		f.blame(err)
		return &f
	}
	i := slices.IndexFunc(page.Gateways, func(g maintenance.GatewayRef) bool {
		return len(p.Named) == 0 || slices.Contains(p.Named, g.ARN)
	})
	if i < 0 {
		return nil
	}
	f.Gateway = page.Gateways[i].ID()
	out, err := examine(ctx, "read the volumes and snapshots of "+f.Gateway, gateways.TryVolumes,
		activities.Lookup{Gateway: page.Gateways[i], Pace: examinePace()})
	f.Seen = out.Volumes
	f.blame(err)
	return &f
}

// examinePace is that of somebody who waits for the answer.
func examinePace() maintenance.Pace {
	return maintenance.Pace{Min: maintenance.Duration(first), Max: maintenance.Duration(2 * first)}
}

// blame notes an error.
func (f *Finding) blame(err error) {
	if err == nil {
		return
	}
	f.Fault, f.Says = FaultSilent, explain(err).Error()
	// Also of a look whose time ran out: its last attempt says why.
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		f.Fault = app.Type()
	}
}
