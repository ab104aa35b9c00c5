package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// examinePrefix starts the workflow ids of doctor's reads.
const examinePrefix = "examine-"

// examineTimeout is how long a worker may take for them: someone waits. A worker
// that runs answers within 25 seconds, whatever its clouds do.
const examineTimeout = 30 * time.Second

// noticeAfter is when a command without a terminal says what it waits for.
const noticeAfter = 3 * time.Second

// clockTolerance is by how much clocks may differ: a workflow task takes some of
// it. skewLimit is where AWS starts to refuse signatures.
const (
	clockTolerance = 10 * time.Second
	skewLimit      = 5 * time.Minute
)

// probes are the reads those accounts of the plan that workers poll for.
func (d *doctor) probes(ctx context.Context, c operate.Session) []api.Probe {
	if d.plan == nil {
		return nil
	}
	var probes []api.Probe
	for _, a := range d.plan.Plan.Accounts.AWS {
		probe := api.Probe{
			Account: a.Name, Gateway: d.gatewayIn(a.Name),
			Volumes: d.plan.Plan.Policy.Snapshot != maintenance.SnapshotNever, Named: d.gatewaysIn(a.Name),
		}
		if d.polled(ctx, c, probe.Queue(d.queue), "AWS account "+a.Name, client.TaskQueueTypeActivity) {
			probes = append(probes, probe)
		}
	}
	for _, account := range d.plan.Plan.AlarmAccounts() {
		probes = append(probes, api.Probe{Account: account, Alarms: true})
	}
	for _, a := range d.plan.Plan.Accounts.Huawei {
		probe := api.Probe{Account: a.Name, Huawei: true, Instance: d.instanceIn(a.Name)}
		switch {
		case !d.polled(ctx, c, probe.Queue(d.queue), "Huawei Cloud account "+a.Name, client.TaskQueueTypeActivity):
		case probe.Instance == "":
			d.add(render.CheckWarn, "account", "huawei/"+a.Name, "not checked: the plan names none of its DB instances",
				"tidegate plan "+d.file+" reads all of them")
		default:
			probes = append(probes, probe)
		}
	}
	return probes
}

// namedMost bounds how many gateways a poll names.
const namedMost = 100

// gatewaysIn are the first gateways that the plan names in an AWS account; none where
// selectors find more.
func (d *doctor) gatewaysIn(account string) []string {
	var arns []string
	for _, t := range d.plan.Plan.Targets {
		if t.Gateway.Account == account && len(arns) < namedMost {
			arns = append(arns, t.Gateway.ARN)
		}
	}
	if slices.ContainsFunc(d.plan.Plan.Selectors, func(s plan.Selector) bool { return s.Account == account }) {
		return nil
	}
	return arns
}

// gatewayIn is the first gateway that the plan names in an AWS account.
func (d *doctor) gatewayIn(account string) string {
	for _, t := range d.plan.Plan.Targets {
		if t.Gateway.Account == account {
			return t.Gateway.ARN
		}
	}
	return ""
}

// instanceIn is the first DB instance that the plan names in a Huawei Cloud
// account.
func (d *doctor) instanceIn(account string) string {
	for _, t := range d.plan.Plan.Targets {
		for _, p := range t.Proxies {
			if p.Account == account {
				return p.InstanceID
			}
		}
	}
	for _, s := range d.plan.Plan.Selectors {
		for _, p := range s.Proxies {
			if p.Account == account && p.InstanceID != "" {
				return p.InstanceID
			}
		}
	}
	return ""
}

// probe has a worker read the accounts, and adds the results.
func (d *doctor) probe(ctx context.Context, c operate.Session, probes []api.Probe) {
	in := api.ExamineInput{Probes: probes}
	if d.plan != nil {
		p := d.plan.Plan
		p.Targets, p.Selectors = nil, nil
		in.Plan = &p
	}
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	before := time.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: examinePrefix + shell.RandomDigits(), TaskQueue: d.queue, WorkflowRunTimeout: examineTimeout,
		StaticSummary: "tidegate doctor: reads only, changes nothing",
	}, api.ExamineName, in)
	if err != nil {
		d.unanswered(ctx, "worker", d.queue, fmt.Errorf("the check could not be started: %w", err),
			"check that this API key or certificate may start workflows")
		return
	}
	d.ownClock(ctx, c, run, before, time.Now())
	var out api.ExamineOutput
	if err := d.await(ctx, run, &out); err != nil {
		d.nobody(ctx, err, probes)
		return
	}
	d.skew("worker's", out.Worker.Sub(out.Server))
	if in.Plan != nil {
		d.found("plan", d.file, "the worker has its accounts and channels", out.Plan)
	}
	for i, p := range probes {
		d.account(p, out.Probes[i])
	}
	d.servers(out)
}

// servers adds the results of the monitoring servers.
func (d *doctor) servers(out api.ExamineOutput) {
	if out.NoServers != "" {
		d.add(render.CheckFail, "server", "monitoring", "unknown: "+out.NoServers, "see the worker's log, and try again")
	}
	for _, s := range out.Servers {
		if s.Fault == "" {
			d.add(render.CheckOK, "server", s.Server, "answers", "")
			continue
		}
		fix := "check that the worker's machine can reach it: docs/reference/configuration.md, Monitoring servers"
		switch s.Fault {
		case api.FaultDenied:
			fix = "check its token, password or certificate: docs/reference/configuration.md, Monitoring servers"
		case api.FaultNotFound:
			fix = "check its url: docs/reference/configuration.md, Monitoring servers"
		}
		d.add(render.CheckFail, "server", s.Server, s.Says, fix)
	}
}

// await waits for the answer, and shows that it does.
func (d *doctor) await(ctx context.Context, run client.WorkflowRun, out *api.ExamineOutput) error {
	answered := make(chan error, 1)
	go func() { answered <- run.Get(ctx, out) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	defer d.screen.Close()
	asking := fmt.Sprintf("waiting for a worker of task queue %s, up to %s", d.queue, maintenance.Duration(examineTimeout))
	for waited := time.Duration(0); ; waited += time.Second {
		d.screen.Draw(fmt.Sprintf("%s: %s so far", asking, render.Seconds(waited)))
		if waited == noticeAfter && d.screen.Width == 0 {
			d.screen.Line(asking)
		}
		select {
		case err := <-answered:
			return err
		case <-tick.C:
		}
	}
}

// nobody adds the checks that are unknown, since no worker answered.
func (d *doctor) nobody(ctx context.Context, err error, probes []api.Probe) {
	result := fmt.Sprintf("no worker answered within %s", maintenance.Duration(examineTimeout))
	fix := "start a worker; a killed worker stays listed for 2 minutes (tidegate-worker --accounts FILE" + operate.QueueFlag(d.queue) +
		"). Otherwise check its log, and upgrade a worker of an older release"
	// The server and what stands between may end the wait a little earlier, in many words.
	end, _ := ctx.Deadline()
	_, late := errors.AsType[*temporal.TimeoutError](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		result, fix = "interrupted before a worker answered", "run it again"
	case !late && time.Until(end) > time.Second:
		result = "the check failed: " + maintenance.Plain(err)
	}
	d.add(render.CheckFail, "worker", d.queue, result, fix)
	const unknown, same = "unknown: no worker answered", "see the worker check"
	if d.plan != nil {
		d.add(render.CheckFail, "plan", d.file, unknown, same)
	}
	for _, p := range probes {
		d.add(render.CheckFail, "account", subjectOf(p), unknown, same)
	}
}

// ownClock compares this machine's clock with the server's.
func (d *doctor) ownClock(ctx context.Context, c operate.Session, run client.WorkflowRun, before, after time.Time) {
	described, err := c.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
	if err != nil {
		d.add(render.CheckWarn, "clock", "this machine's", "not compared: "+maintenance.Plain(err), "try again")
		return
	}
	start := described.GetWorkflowExecutionInfo().GetStartTime().AsTime()
	switch {
	case start.Before(before):
		d.skew("this machine's", before.Sub(start))
	case start.After(after):
		d.skew("this machine's", after.Sub(start))
	default:
		d.skew("this machine's", 0)
	}
}

// skew judges by how much a clock is ahead of the server's.
func (d *doctor) skew(whose string, ahead time.Duration) {
	const check, fix = "clock", "synchronize it with NTP: windows and the signatures of cloud calls depend on it"
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	result := fmt.Sprintf("%s %s the Temporal server's", render.Seconds(ahead.Abs()), way)
	switch {
	case ahead.Abs() <= clockTolerance:
		d.add(render.CheckOK, check, whose, fmt.Sprintf("within %s of the Temporal server's", render.Seconds(clockTolerance)),
			"")
	case ahead.Abs() <= skewLimit:
		d.add(render.CheckWarn, check, whose, result, fix)
	default:
		d.add(render.CheckFail, check, whose, result, fix)
	}
}

// subjectOf is what a poll into an account is called.
func subjectOf(p api.Probe) string {
	if p.Huawei {
		return "huawei/" + p.Account
	}
	return "aws/" + p.Account
}

// account adds the result of an account.
func (d *doctor) account(p api.Probe, f api.Finding) {
	if p.Alarms {
		d.found("account", subjectOf(p), "reads its CloudWatch alarms", f)
		return
	}
	result, further := fmt.Sprintf("lists its gateways (%d on the first page)", f.Seen), ""
	if f.Gateway != "" {
		result += ", reads " + f.Gateway
	}
	if f.Further != nil {
		further = fmt.Sprintf("reads the volumes of %s (%d) and snapshots", f.Further.Gateway, f.Further.Seen)
	}
	if p.Huawei {
		result, further = fmt.Sprintf("lists the proxies of %s: %d", p.Instance, f.Seen),
			"reads its tags, jobs and planned upgrades"
	}
	d.found("account", subjectOf(p), result, f)
	if f.Further != nil {
		d.found("account", subjectOf(p), further, *f.Further)
	}
	d.marks(p, f)
}

// marks adds what runs have changed for a while and not restored yet.
func (d *doctor) marks(p api.Probe, f api.Finding) {
	for _, m := range f.Marks {
		fix := "see docs/runbook.md, Marks"
		if m.Leftover() {
			fix = "run the maintenance of its target, which restores it; or by hand: docs/runbook.md, Marks"
		}
		if m.Standing != maintenance.MarkHeld { // a run at work is as it should be
			d.add(render.CheckWarn, "mark", subjectOf(p), m.String(), fix)
		}
	}
	for _, text := range f.Unmarked {
		d.add(render.CheckWarn, "mark", subjectOf(p), "could not check for changes left by earlier runs: "+text, "a run with the same result does not start; see docs/runbook.md, Marks")
	}
}

// found adds the result of a read; well is its text where it succeeded.
func (d *doctor) found(check, subject, well string, f api.Finding) {
	if f.Fault == "" {
		d.add(render.CheckOK, check, subject, well, "")
		return
	}
	state, fix := render.CheckFail, "see docs/reference/configuration.md"
	switch f.Fault {
	case api.FaultDenied:
		fix = "check the worker's credentials for it, and their permissions: docs/how-to/aws-permissions.md, huawei-credentials.md"
	case api.FaultNotFound:
		fix = "check the id, and that it belongs to this account"
	case api.FaultNotReady:
		state, fix = render.CheckWarn, "connect it; its maintenance waits until then"
	case api.FaultThrottled:
		state, fix = render.CheckWarn, "try again later; perSecond in the worker's accounts file limits the calls"
	case api.FaultNoWindow, api.FaultUnsupported:
		state, fix = render.CheckWarn, "leave it out, or give it a maintenance window"
	case api.FaultUnavailable, api.FaultSilent:
		fix = "check that the worker's machine can reach the cloud; see its log"
	}
	if check == "plan" {
		fix = "make the plan and the worker's accounts file agree (tidegate-worker --accounts FILE)"
	}
	result := strings.TrimPrefix(f.Says, maintenance.ErrInvalid.Error()+": ") // said of a cloud
	d.add(state, check, subject, cmp.Or(result, f.Fault), fix)
}
