package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows"
)

// examinePrefix stands before the workflow ids of doctor's looks.
const examinePrefix = "examine-"

// examineTimeout is how long a worker may take for them. Each call has half a
// minute, and two are made one after the other.
const examineTimeout = 90 * time.Second

// clockTolerance is by how much clocks may differ: a workflow task takes some of
// it. skewLimit is where AWS begins to refuse signatures.
const (
	clockTolerance = 10 * time.Second
	skewLimit      = 5 * time.Minute
)

// probes are the looks at those accounts of the plan that workers poll for.
func (d *doctor) probes(ctx context.Context, c operate.Session) []workflows.Probe {
	if d.plan == nil {
		return nil
	}
	var probes []workflows.Probe
	for _, a := range d.plan.plan.Accounts.AWS {
		probe := workflows.Probe{Account: a.Name, Gateway: d.gatewayIn(a.Name)}
		if d.polled(ctx, c, probe.Queue(d.queue), "AWS account "+a.Name, client.TaskQueueTypeActivity) {
			probes = append(probes, probe)
		}
	}
	for _, a := range d.plan.plan.Accounts.Huawei {
		probe := workflows.Probe{Account: a.Name, Huawei: true, Instance: d.instanceIn(a.Name)}
		switch {
		case !d.polled(ctx, c, probe.Queue(d.queue), "Huawei Cloud account "+a.Name, client.TaskQueueTypeActivity):
		case probe.Instance == "":
			d.add(checkWarn, "account", "huawei/"+a.Name, "not looked into: the plan names none of its DB instances", "tidegate plan "+d.file+" reads all of them")
		default:
			probes = append(probes, probe)
		}
	}
	return probes
}

// gatewayIn is the first gateway that the plan names in an AWS account.
func (d *doctor) gatewayIn(account string) string {
	for _, t := range d.plan.plan.Targets {
		if t.Gateway.Account == account {
			return t.Gateway.ARN
		}
	}
	return ""
}

// instanceIn is the first DB instance that the plan names in a Huawei Cloud
// account.
func (d *doctor) instanceIn(account string) string {
	for _, t := range d.plan.plan.Targets {
		for _, p := range t.Proxies {
			if p.Account == account {
				return p.InstanceID
			}
		}
	}
	for _, s := range d.plan.plan.Selectors {
		for _, p := range s.Proxies {
			if p.Account == account && p.InstanceID != "" {
				return p.InstanceID
			}
		}
	}
	return ""
}

// look has a worker look, and says what it saw.
func (d *doctor) look(ctx context.Context, c operate.Session, probes []workflows.Probe) {
	in := workflows.ExamineInput{Probes: probes}
	if d.plan != nil {
		p := d.plan.plan
		p.Targets, p.Selectors = nil, nil
		in.Plan = &p
	}
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	before := time.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: examinePrefix + randomDigits(), TaskQueue: d.queue, WorkflowRunTimeout: examineTimeout,
		StaticSummary: "tidegate doctor: looks, and changes nothing",
	}, workflows.ExamineName, in)
	if err != nil {
		d.add(checkFail, "worker", d.queue, "a look could not be started: "+err.Error(), "may this API key or certificate start workflows?")
		return
	}
	d.ownClock(ctx, c, run, before, time.Now())
	var out workflows.ExamineOutput
	if err := run.Get(ctx, &out); err != nil {
		d.add(checkFail, "worker", d.queue, fmt.Sprintf("it did not answer within %s: %v", maintenance.Duration(examineTimeout), err),
			"look at the worker's log; one of an older release does not know this question: bring it up to date")
		return
	}
	d.skew("worker's", out.Worker.Sub(out.Server))
	if in.Plan != nil {
		d.found("plan", d.file, "the worker has its accounts and channels", out.Plan)
	}
	for i, p := range probes {
		d.account(p, out.Probes[i])
	}
}

// ownClock compares this machine's clock with the server's.
func (d *doctor) ownClock(ctx context.Context, c operate.Session, run client.WorkflowRun, before, after time.Time) {
	described, err := c.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
	if err != nil {
		d.add(checkWarn, "clock", "this machine's", "not compared: "+err.Error(), "try again")
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
	const check, cure = "clock", "set it by NTP: windows are kept, and calls to clouds are signed, by it"
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	says := fmt.Sprintf("%s %s the Temporal server's", whole(ahead.Abs()), way)
	switch {
	case ahead.Abs() <= clockTolerance:
		d.add(checkOK, check, whose, fmt.Sprintf("within %s of the Temporal server's", whole(clockTolerance)), "")
	case ahead.Abs() <= skewLimit:
		d.add(checkWarn, check, whose, says, cure)
	default:
		d.add(checkFail, check, whose, says, cure)
	}
}

// account says what was seen in an account.
func (d *doctor) account(p workflows.Probe, f workflows.Finding) {
	if p.Huawei {
		d.found("account", "huawei/"+p.Account, fmt.Sprintf("lists the proxies of %s: %d", p.Instance, f.Seen), f)
		return
	}
	says := fmt.Sprintf("lists its gateways (%d on the first page)", f.Seen)
	if f.Gateway != "" {
		says += ", reads " + f.Gateway
	}
	d.found("account", "aws/"+p.Account, says, f)
}

// found says what came of a look; well is said where it was good.
func (d *doctor) found(check, subject, well string, f workflows.Finding) {
	if f.Fault == "" {
		d.add(checkOK, check, subject, well, "")
		return
	}
	state, cure := checkFail, "see docs/configuration.md"
	switch f.Fault {
	case workflows.FaultDenied:
		cure = "check the worker's credentials for it, and their permissions: docs/configuration.md, Permissions; deploy/iam"
	case workflows.FaultNotFound:
		cure = "is the id right, and does this account hold it?"
	case workflows.FaultNotReady:
		state, cure = checkWarn, "bring it up, or look again later: its maintenance waits until it is connected"
	case workflows.FaultThrottled:
		state, cure = checkWarn, "look again later; perSecond in the worker's accounts file bounds the calls"
	case workflows.FaultNoWindow, workflows.FaultUnsupported:
		state, cure = checkWarn, "leave it out, or give it a maintenance window"
	case workflows.FaultUnavailable, workflows.FaultSilent:
		cure = "can the worker's machine reach the cloud? Its log says more"
	}
	if check == "plan" {
		cure = "make the plan and the worker's accounts file agree (worker --accounts FILE)"
	}
	says := strings.TrimPrefix(f.Says, maintenance.ErrInvalid.Error()+": ") // said of a cloud
	d.add(state, check, subject, cmp.Or(says, f.Fault), cure)
}
