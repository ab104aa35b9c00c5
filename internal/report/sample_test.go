package report_test

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/report"
)

// night is when the sample's campaign starts.
var night = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

func after(minutes float64) time.Time {
	return night.Add(time.Duration(minutes * float64(time.Minute))).UTC()
}

func minutes(n float64) maintenance.Duration { return maintenance.Duration(n * float64(time.Minute)) }

// step is one that was done, from a minute of the night to another.
func step(s maintenance.Step, from, to float64, note string) maintenance.StepReport {
	return maintenance.StepReport{Step: s, State: maintenance.StepDone, Start: new(after(from)), End: new(after(to)), Note: note}
}

func gateway(n int, version string) maintenance.Gateway {
	id := fmt.Sprintf("sgw-0000%04d", n)
	return maintenance.Gateway{ARN: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/" + id, ID: id, Type: "CACHED", State: "RUNNING", SoftwareVersion: version}
}

// updated is a run that updates a gateway and snapshots one volume, from a minute
// of the night on, within a window.
func updated(n int, from float64, window maintenance.Window) report.Run {
	g := gateway(n, "1.2.3")
	took := 6 + float64(n%4)
	end := after(from + took + 4)
	r := maintenance.Result{
		Target: fmt.Sprintf("store-%02d", n), State: maintenance.StateCompleted, Summary: g.ID + " runs 1.3.0 (was 1.2.3); 1 of 1 snapshot completed.",
		Window: &window, Gateway: maintenance.GatewayOutcome{Before: g, After: gateway(n, "1.3.0"), Updated: true, Cause: maintenance.CauseTidegate},
		Snapshots: []maintenance.SnapshotOutcome{{VolumeID: fmt.Sprintf("vol-%04d", n), SnapshotID: fmt.Sprintf("snap-%04d", n), Point: maintenance.PointAfter, Completed: true}},
		Steps: []maintenance.StepReport{
			step(maintenance.StepAssess, from, from+0.2, "update 1.3.0 is on offer"), step(maintenance.StepWait, from+0.2, from+0.3, ""),
			step(maintenance.StepUpdate, from+0.3, from+1, ""), step(maintenance.StepRunning, from+1, from+took, "from 1.2.3 to 1.3.0"),
			step(maintenance.StepSnapshot, from+took, from+took+3.5, "1 of 1"),
			{Step: maintenance.StepProxies, State: maintenance.StepSkipped, Note: "no proxies"},
			step(maintenance.StepVerify, from+took+3.5, from+took+4, "all is as reported"),
		},
		Ledger: []maintenance.Change{{What: "software of " + g.ID, State: maintenance.ChangeKept}},
		Start:  after(from), End: end,
	}
	if margin := window.End.Sub(after(from + took + 3.5)); margin > 0 {
		r.Margin = maintenance.Duration(margin)
	} else {
		r.Overrun = maintenance.Duration(-margin)
	}
	return report.Run{WorkflowID: "gateway-" + g.ID, RunID: fmt.Sprintf("00000000-0000-4000-8000-00000000%04d", n), Ended: "completed", Start: r.Start, End: end, Result: &r}
}

// checked are the health checks of a run that waited for its cache, and whose error rate rose while it baked.
func checked(from float64) []maintenance.CheckRecord {
	value := func(at, n float64, text, limit, outcome string) maintenance.CheckValue {
		return maintenance.CheckValue{At: after(from + at), Number: &n, Text: text, Limit: limit, Outcome: outcome}
	}
	cache := func(at, n float64, outcome string) maintenance.CheckValue {
		v := value(at, n, fmt.Sprint(n, "%"), "below 5%", outcome)
		v.Of = "cache dirty"
		return v
	}
	const rose = "below 0.1, or at most 0.144 (0.12 before the update, and 20%)"
	rate := maintenance.CheckRecord{Check: "error rate <5xx>", Moment: "bake", State: "failed", Waived: "carol: the shop was slow before | INC-9"}
	for i, n := range []float64{0.05, 0.06, 0.05, 0.05, 0.06, 0.05, 0.12, 0.3, 0.41, 0.4} {
		outcome := "pass"
		if n > 0.144 {
			outcome = "fail"
		}
		rate.Values = append(rate.Values, value(10+float64(i), n, fmt.Sprint(n), rose, outcome))
	}
	return []maintenance.CheckRecord{
		{Check: "cache is clean", Moment: "before", State: "passing", Values: []maintenance.CheckValue{cache(0.1, 12, "fail"), cache(0.2, 7, "fail"), cache(0.3, 4, "pass")}},
		rate,
		{Check: "orders are taken", Moment: "after", State: "failing", Values: []maintenance.CheckValue{
			{At: after(from + 9), Text: "https://orders did not answer", Outcome: "error"}, value(9.5, 503, "503 Service Unavailable", "200", "fail"),
		}},
		{Check: "no page", Moment: "after", State: "not asked"},
	}
}

// rejected is a run whose second proxy Huawei Cloud rejects.
func rejected(n int, from float64, window maintenance.Window) report.Run {
	run := updated(n, from, window)
	run.Ended = "failed"
	r := run.Result
	r.State, r.Quarantined = maintenance.StatePartial, true
	r.Checks = checked(from)
	r.Summary = "upgrade-proxies: proxy ...0002po01 was rejected: insufficient subnet ip. Now: " + r.Gateway.After.ID + " runs 1.3.0 (was 1.2.3); proxies upgraded: 1; proxies rejected: 1."
	r.Proxies = []maintenance.ProxyOutcome{
		{InstanceID: "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07", ProxyID: "00000000000000000000000000000001po01", State: maintenance.ProxyUpgraded, From: "2.23.12.000", To: "2.24.03.000", JobID: "job-1"},
		{InstanceID: "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07", ProxyID: "00000000000000000000000000000002po01", State: maintenance.ProxyRejected, From: "2.23.12.000", To: "2.24.03.000", Note: "insufficient subnet ip"},
	}
	r.Steps[5] = step(maintenance.StepProxies, from+8, from+14, "proxy ...0002po01 was rejected: insufficient subnet ip")
	r.Steps[5].State = maintenance.StepFailed
	r.Steps[6] = maintenance.StepReport{Step: maintenance.StepVerify, State: maintenance.StepPending}
	r.Ledger = append(r.Ledger, maintenance.Change{
		What: "read weights of proxy ...0002po01", Reversible: true, Undo: "set them to 100 and 100", State: maintenance.ChangeTakenBack,
	})
	r.Decisions = []maintenance.Decision{{What: "abort", By: "dora", Why: "no addresses left tonight", At: after(from + 13)}}
	return run
}

// heldAndRetried is a run whose snapshot failed, was held for twenty minutes and was
// then taken.
func heldAndRetried(n int, from float64, window maintenance.Window) report.Run {
	run := updated(n, from, window)
	snapshot := &run.Result.Steps[4]
	failed, decided := snapshot.Start.Add(time.Minute), snapshot.Start.Add(21*time.Minute)
	retry := maintenance.Decision{What: "retry", By: "dora", Why: "the limit is raised", At: decided}
	snapshot.Failed = []maintenance.FailedAttempt{{
		At: failed, Why: "snapshot failed: You have reached the snapshot limit", Asked: []string{"oncall"}, Decision: &retry, Until: &decided,
	}}
	for _, late := range []**time.Time{&snapshot.End, &run.Result.Steps[6].Start, &run.Result.Steps[6].End} {
		*late = new((*late).Add(20 * time.Minute))
	}
	run.Result.Margin -= minutes(20)
	run.Result.Decisions = []maintenance.Decision{retry}
	run.End, run.Result.End = run.End.Add(20*time.Minute), run.Result.End.Add(20*time.Minute)
	return run
}

// deferred is a run that found too little of its window left.
func deferred(n int, from float64, window maintenance.Window) report.Run {
	run := updated(n, from, window)
	run.RunID = fmt.Sprintf("00000000-0000-4000-8000-10000000%04d", n)
	r := run.Result
	r.State, r.Summary, r.Snapshots, r.Ledger = maintenance.StateDeferred, "Left to the campaign: the window has too little left. Now: it runs 1.2.3 as before.", nil, nil
	r.Gateway = maintenance.GatewayOutcome{Before: gateway(n, "1.2.3"), After: gateway(n, "1.2.3")}
	r.Steps = []maintenance.StepReport{r.Steps[0], {Step: maintenance.StepWait, State: maintenance.StepPending, Start: new(after(from + 0.2)), End: new(after(from + 0.3)), Note: "left to the campaign"}}
	r.Margin, r.Overrun, r.End = 0, 0, after(from+0.3)
	run.End = r.End
	return run
}

// document is a campaign of three waves over two nights, in which most that can
// happen does.
func document() report.Document {
	first := maintenance.Window{Start: after(0), End: after(60)}
	second := maintenance.Window{Start: after(24 * 60), End: after(25 * 60)}
	d := report.Document{
		SchemaVersion: report.SchemaVersion, Name: "stores-q4", WorkflowID: "campaign-stores", RunID: "00000000-0000-4000-8000-000000000000",
		Run: fleet.PlanRun{
			Digest: "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef", AsOf: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
			FirstRun: "0193", Signers: signing.Rule{{Signers: "storage-leads", Count: 1}}, Demanded: []string{"prod"},
			Started: maintenance.Proof{Principal: "alice", Key: "SHA256:a", KeyType: "ssh-ed25519", Groups: "storage-leads"},
		},
		Submitter: "alice", PlanDigest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", State: "PARTIAL",
		Summary: "11 of 14 targets succeeded, 1 was up to date, 1 failed, 1 was skipped.",
		Start:   after(-30), End: after(25*60 + 9), AsOf: after(25*60 + 9),
		Counts: fleet.Counts{Total: 14, Succeeded: 11, Failed: 1, Skipped: 1, UpToDate: 1},
		Waves: []fleet.WaveLine{
			{Wave: 1, State: fleet.WaveEnded, Counts: fleet.Counts{Total: 1, Succeeded: 1}},
			{Wave: 2, State: fleet.WaveEnded, Counts: fleet.Counts{Total: 4, Succeeded: 3, Failed: 1}},
			{Wave: 3, State: fleet.WaveEnded, Counts: fleet.Counts{Total: 9, Succeeded: 7, Skipped: 1, UpToDate: 1}},
		},
		Plan: plan.Plan{Name: "stores-q4", Warnings: []string{"stores.yaml:9:5: freezes[1]: has ended <last year>"}, Policy: maintenance.Policy{
			Freezes: []maintenance.Freeze{{From: after(-30), To: after(4), Reason: "month's end | closing"}},
		}},
		Decisions: []report.Decision{
			{Decision: maintenance.Decision{What: "approve", By: "bob", Why: "CHG-4711", At: after(-12)}, Via: "tidegate (bob@desk)"},
			{Decision: maintenance.Decision{What: "pause", By: "carol", Why: "INC-9: <script>alert(1)</script>", At: after(30)}, Via: "tidegate (carol@oncall)"},
			{Decision: maintenance.Decision{What: "resume", By: "carol", Why: "INC-9 is closed", At: after(34)}, Via: "tidegate (carol@oncall)"},
			{Decision: maintenance.Decision{What: "abort", Target: "store-03", By: "dora", Why: "no addresses left tonight", At: after(31)}},
			{Decision: maintenance.Decision{What: "skip", Target: "store-13", By: "carol", Why: "is being replaced", At: after(40)}, Via: "tidegate (carol@oncall)"},
		},
		Undone: []report.Undone{
			{Target: "store-03", What: "the target failed", Why: "proxy ...0002po01 was rejected: insufficient subnet ip"},
			{Target: "store-03", What: "proxy 00000000000000000000000000000002po01 to 2.24.03.000", Why: "rejected: insufficient subnet ip"},
			{Target: "store-13", What: "the target was skipped", Why: "by carol: is being replaced"},
		},
		Undelivered: []report.Undelivered{
			{At: after(33), Channel: "oncall", Event: "held:sgw-00000003#1", Title: "stores-q4: store-03 is held", State: fleet.NoticeFailed, Why: "not sent: 403 Forbidden"},
		},
		Remarks: []string{"The history of gateway-sgw-00000012, run unknown, is gone: the namespace does not keep it any longer. What it held is not in this report."},
		Chain: report.Chain{PlanDigest: "9f86", Head: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", Links: []report.Link{
			{WorkflowID: "campaign-stores", RunID: "00000000-0000-4000-8000-000000000000", Events: 412, SHA256: "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13", Hash: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"},
		}},
	}
	for n := 1; n <= 14; n++ {
		g := gateway(n, "1.2.3")
		t := report.Target{
			Name: fmt.Sprintf("store-%02d", n), Gateway: g.ID, ARN: g.ARN, Account: "prod", Wave: 3, State: fleet.Succeeded,
			Window: "every Sunday at 02:00 GMT", Forecast: minutes(12), Took: minutes(9.2 + float64(n%4)),
		}
		switch {
		case n == 1:
			t.Wave, t.Runs = 1, []report.Run{updated(n, 4, first)}
		case n == 3:
			t.Wave, t.State, t.Took, t.Runs = 2, fleet.Failed, minutes(14), []report.Run{rejected(n, 18, first)}
		case n <= 5:
			t.Wave, t.Runs = 2, []report.Run{updated(n, 16+2*float64(n), first)}
		case n == 6:
			t.Held, t.Runs = minutes(20), []report.Run{heldAndRetried(n, 22, first)}
		case n == 9:
			t.Runs = []report.Run{updated(n, 51.5, first)}
		case n == 10:
			t.Runs = []report.Run{deferred(n, 52, first), updated(n, 24*60, second)}
		case n == 12:
			t.State, t.Took, t.Note = fleet.UpToDate, 0, "nothing to do"
		case n == 13:
			t.State, t.Took, t.Note = fleet.Skipped, 0, "by carol: is being replaced"
		case n > 10:
			t.Runs = []report.Run{updated(n, 24*60, second)}
		default:
			t.Runs = []report.Run{updated(n, 30+2*float64(n%3), first)}
		}
		d.Targets = append(d.Targets, t)
	}
	return d
}
