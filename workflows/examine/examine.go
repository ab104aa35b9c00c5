package examine

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
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// examineLimit is how long the looks may take together, from the workflow's start: a
// person waits for them. What has not answered by then is part of the answer.
const examineLimit = 25 * time.Second

// examineLeast is what a call gets where that time is over.
const examineLeast = time.Second

// Examine reads everything side by side. That something is wrong is its
// answer, and no failure.
func Examine(ctx workflow.Context, in api.ExamineInput) (api.ExamineOutput, error) {
	out := api.ExamineOutput{Server: workflow.Now(ctx), Probes: make([]api.Finding, len(in.Probes))}
	err := workflow.SideEffect(ctx, func(workflow.Context) any { return time.Now().UTC() }).Get(&out.Worker) //nolint:forbidigo // to compare the worker's clock is the purpose
	if err != nil {
		return out, err
	}
	looks := workflow.NewWaitGroup(ctx)
	if in.Plan != nil {
		looks.Go(ctx, func(ctx workflow.Context) {
			_, err := examine(ctx, "does the worker know the plan's accounts?", call.Engine.CheckPlan,
				activities.CheckPlanInput{Plan: *in.Plan})
			blame(&out.Plan, err)
		})
	}
	looks.Go(ctx, func(ctx workflow.Context) { tryServers(ctx, &out) })
	for i, p := range in.Probes {
		looks.Go(ctx, func(ctx workflow.Context) { out.Probes[i] = look(ctx, p) })
	}
	looks.Wait(ctx)
	return out, ctx.Err()
}

// tryServers asks the monitoring servers of the worker's configuration, whether a plan names them or not.
func tryServers(ctx workflow.Context, out *api.ExamineOutput) {
	tried, err := examine(ctx, "do the monitoring servers answer?", call.Engine.TryServers, activities.TryServersInput{})
	if err != nil {
		out.NoServers = call.Explain(err).Error()
	}
	for _, t := range tried {
		out.Servers = append(out.Servers, api.ServerFinding{Server: t.Kind + "/" + t.Name, Fault: t.Fault, Says: t.Says})
	}
}

// examine makes one call that a person waits for.
func examine[In activities.Input, Out any](
	ctx workflow.Context, summary string, activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	var out Out
	left := max(examineLeast, examineLimit-workflow.Now(ctx).Sub(workflow.GetInfo(ctx).WorkflowStartTime))
	err := call.Start(ctx, workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    left,
		ScheduleToCloseTimeout: left,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: call.FirstRetry, BackoffCoefficient: 2, MaximumInterval: call.LongestRetry,
		},
	}, activity, in).Get(ctx, &out)
	return out, err
}

func look(ctx workflow.Context, p api.Probe) api.Finding {
	switch {
	case p.Huawei:
		return probeProxies(ctx, p)
	case p.Alarms:
		return probeAlarms(ctx, p)
	}
	return probeGateways(ctx, p)
}

func probeAlarms(ctx workflow.Context, p api.Probe) (f api.Finding) {
	in := activities.TryAlarmsInput{Account: p.Account}
	tried, err := examine(ctx, "read alarms of "+p.Account, call.Engine.TryAlarms, in)
	f.Fault, f.Says = tried.Fault, tried.Says
	blame(&f, err)
	return f
}

func probeProxies(ctx workflow.Context, p api.Probe) (f api.Finding) {
	ids, err := examine(ctx, "list the proxies of "+p.Instance, call.Proxies.ListProxies,
		activities.ListProxiesInput{Account: p.Account, InstanceID: p.Instance, Pace: examinePace()})
	f.Seen = len(ids)
	blame(&f, err)
	if err != nil {
		return f
	}
	proxy := maintenance.ProxyRef{Account: p.Account, InstanceID: p.Instance}
	if f.Seen > 0 {
		proxy.ProxyID = ids[0]
	}
	found, err := examine(ctx, "read the tags and jobs of "+p.Instance, call.Proxies.TryProxy,
		activities.ProxyLookup{Proxy: proxy, Pace: examinePace()})
	f.Further = new(api.Finding)
	blame(f.Further, err)
	judgeFoundMarks(ctx, &f, found, nil)
	return f
}

func probeGateways(ctx workflow.Context, p api.Probe) (f api.Finding) {
	page, err := examine(ctx, "list the gateways of "+p.Account, call.Gateways.ListGateways,
		activities.ListGatewaysInput{Selector: plan.Selector{Account: p.Account}, Pace: examinePace()})
	f.Seen = len(page.Gateways)
	blame(&f, err)
	arn := p.Gateway
	if arn == "" && f.Seen > 0 {
		arn = page.Gateways[0].ARN
	}
	if err != nil || arn == "" {
		return f
	}
	ref := maintenance.GatewayRef{Account: p.Account, ARN: arn}
	f.Gateway = ref.ID()
	_, err = examine(ctx, "read "+f.Gateway, call.Gateways.SurveyGateway,
		activities.SurveyInput{Gateway: ref, Pace: examinePace()})
	blame(&f, err)
	if p.Volumes {
		f.Further = probeVolumes(ctx, p)
	}
	probeMarks(ctx, &f, p, page.Gateways)
	return f
}

// probeMarks finds the marks that runs have left on the gateways, whichever runs.
func probeMarks(ctx workflow.Context, f *api.Finding, p api.Probe, listed []maintenance.GatewayRef) {
	arns := p.Named
	if len(arns) == 0 {
		for _, g := range listed {
			arns = append(arns, g.ARN)
		}
	}
	found, err := examine(ctx, "is anything left on the gateways of "+p.Account+"?", call.Gateways.ListMarks,
		activities.ListMarksInput{Account: p.Account, ARNs: arns, Pace: examinePace()})
	judgeFoundMarks(ctx, f, found, err)
}

// judgeFoundMarks notes what was found, and of which runs it is.
func judgeFoundMarks(ctx workflow.Context, f *api.Finding, found activities.ListMarksOutput, err error) {
	f.Unmarked = found.Unread
	if err == nil && len(found.Marks) > 0 {
		f.Marks, err = examine(ctx, "which runs have left the marks?", call.Engine.JudgeMarks,
			activities.MarksLookup{Marks: found.Marks, Pace: examinePace()})
	}
	if err != nil {
		f.Unmarked = append(f.Unmarked, call.Explain(err).Error())
	}
}

// probeVolumes is nil where no gateway has volumes, as far as the first page of the
// list shows it.
func probeVolumes(ctx workflow.Context, p api.Probe) *api.Finding {
	var f api.Finding
	with := plan.Selector{Account: p.Account, Types: []string{"CACHED", "STORED"}}
	page, err := examine(ctx, "list the gateways of "+p.Account+" that have volumes", call.Gateways.ListGateways,
		activities.ListGatewaysInput{Selector: with, Pace: examinePace()})
	if err != nil {
		blame(&f, err)
		return &f
	}
	i := slices.IndexFunc(page.Gateways, func(g maintenance.GatewayRef) bool {
		return len(p.Named) == 0 || slices.Contains(p.Named, g.ARN)
	})
	if i < 0 {
		return nil
	}
	f.Gateway = page.Gateways[i].ID()
	out, err := examine(ctx, "read the volumes and snapshots of "+f.Gateway, call.Gateways.TryVolumes,
		activities.Lookup{Gateway: page.Gateways[i], Pace: examinePace()})
	f.Seen = out.Volumes
	blame(&f, err)
	return &f
}

// examinePace is that of someone who waits for the answer.
func examinePace() maintenance.Pace {
	return maintenance.Pace{Min: maintenance.Duration(call.FirstRetry), Max: maintenance.Duration(2 * call.FirstRetry)}
}

// blame notes an error.
func blame(f *api.Finding, err error) {
	if err == nil {
		return
	}
	f.Fault, f.Says = api.FaultSilent, call.Explain(err).Error()
	// Also of a poll whose time ran out: its last attempt says why.
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		f.Fault = app.Type()
	}
}
