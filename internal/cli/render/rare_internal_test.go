package render

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
)

var update = flag.Bool("update", false, "write the golden files again")

// What no session shows at its leisure keeps its form too.
func TestTheJSONOfWhatIsRareKeepsItsForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	status := fleet.Status{
		Name: "fleet", Phase: fleet.Discovering, Doing: "reading the clouds: 3 targets to go", Submitter: "alice", Start: at,
		Waves:    []fleet.WaveLine{{Wave: 1, State: fleet.WaveBaking, Until: at.Add(time.Hour)}},
		Stopped:  "aborted by bob: enough",
		Warnings: []string{"fleet.yaml:5:3: freezes[0]: has ended"},
		Running: []fleet.Row{{
			Name: "two", Gateway: "sgw-12A3456C", Wave: 1, State: fleet.Running, Started: at, End: at.Add(time.Hour), Attempts: 1,
			Blocker: maintenance.BlockedByCheck, Reason: "check \"cache is clean\": cache dirty 12%, must be below 5%",
			Check: "cache is clean", Since: at,
		}, {Name: "three", Gateway: "sgw-12A3456D", Wave: 1, State: fleet.Armed, Started: at, Trigger: at.Add(time.Minute), End: at.Add(time.Hour), Attempts: 1}},
		Failures: []fleet.Row{{Name: "one", Gateway: "sgw-12A3456B", Wave: 1, State: fleet.Failed, Note: "FAILED: refused"}},
		Unavailable: []fleet.Row{{
			Name: "two", Gateway: "sgw-12A3456C", Wave: 1, State: fleet.Waiting, Blocker: maintenance.BlockedByUnread, Reason: "could not be read",
			UnreadSince: at, ReadAt: at.Add(time.Minute),
		}},
		Measured: fleet.Measured{Proxy: fleet.Sample{Last: []maintenance.Duration{maintenance.Duration(time.Minute)}}},
		Result:   &fleet.Result{Name: "fleet", State: fleet.Aborted, Summary: "aborted", Submitter: "alice", Start: at, End: at, Warnings: []string{"fleet.yaml:5:3: freezes[0]: has ended"}},
	}
	status.Checks = []fleet.CheckLine{{
		Check: "error rate", Wave: 1, State: health.Failed, Reason: "0.41, must be below 0.1; since 02:15", Since: at, Targets: []string{"one"}, Of: 1,
	}}
	var late fleet.Result
	status.Approval, late = rareApproval()
	gateway := maintenance.Gateway{ID: "sgw-12A3456B", Tags: map[string]string{"env": "prod"}}
	again := maintenance.Decision{What: "abort", By: "bob", At: at, Campaign: "campaign-fleet", Note: "it is stopped already: aborted by alice (enough); nothing is in progress any more"}
	detailed := again
	detailed.Step, detailed.Wave, detailed.NotBefore, detailed.MaxConcurrent = maintenance.StepSnapshot, 2, at, 20
	detailed.Check = "error rate"
	decided := at.Add(20 * time.Minute)
	asked := maintenance.FailedAttempt{
		At: at, Why: "snapshot failed: refused", Asked: []string{"oncall"}, Until: &decided,
		Decision: &maintenance.Decision{What: "retry", By: "bob", Why: "fixed", At: decided, Step: maintenance.StepSnapshot},
	}
	run := maintenance.Status{
		Target: maintenance.Target{
			Name: "one", Labels: map[string]string{"app": "pay"},
			Proxies: []maintenance.ProxyRef{{Account: "prod", InstanceID: "in07", ProxyID: "po01", Version: "2.24.03.000"}},
		},
		Step: maintenance.StepSnapshot, Steps: []maintenance.StepReport{{Step: maintenance.StepSnapshot, State: maintenance.StepActive, Start: &at, Failed: []maintenance.FailedAttempt{asked}}},
		Gateway:   maintenance.GatewayOutcome{Before: gateway, After: gateway},
		Snapshots: []maintenance.SnapshotOutcome{{VolumeID: "vol-1", SnapshotID: "snap-1", Point: maintenance.PointAfter, Deleted: true}},
		Calls: []maintenance.Call{{
			ID: "gateway-sgw-12A3456B/4", What: "read the gateway", Target: "one", Since: at, Until: at.Add(time.Hour), Attempt: 7, LastResponse: "the gateway is not connected", LastAt: at.Add(time.Minute),
		}},
		Checks: []maintenance.CheckRecord{{
			Check: "cache is clean", Moment: "before", State: "failing", Waived: "bob: fixed", Values: []maintenance.CheckValue{
				{At: at, Of: "cache dirty", Number: new(12.5), Text: "12.5%", Limit: "below 5%", Names: []string{"vol-1 iqn.a"}, Outcome: "fail"},
			},
		}},
		Ledger:    []maintenance.Change{{What: "read weights", Reversible: true, State: maintenance.ChangeStuck, Why: "refused"}},
		Decisions: []maintenance.Decision{again},
	}
	rare := struct {
		Campaigns []record.Campaign    `json:"campaigns"`
		Gateways  []record.Maintenance `json:"gateways"`
		Answers   []Answered           `json:"answers"`
		Kept      []Kept               `json:"kept"`
		Reports   []report.Document    `json:"reports"`
		Files     []Judgement          `json:"files"`
	}{
		Campaigns: []record.Campaign{{Campaign: "fleet", Execution: record.Running, Status: &status, Calls: run.Calls}, {Campaign: "late", WorkflowID: "campaign-late", Execution: "Failed", Result: &late}},
		Gateways:  []record.Maintenance{{Gateway: "sgw-12A3456B", Execution: record.Running, Status: &run, Calls: run.Calls}},
		Answers:   []Answered{{Campaign: "fleet", Error: "no worker answers"}},
		Kept: []Kept{{
			Campaign: "fleet", WorkflowID: "campaign-fleet", RunID: "run-1", State: report.StateRunning,
			File: "records/fleet.run-1.json", Outcome: RecordFailed, Error: "no connection to Temporal",
		}},
		Files: []Judgement{{
			File: "fleet.yaml", OK: true, Warnings: []string{"fleet.yaml:5:3: freezes[0]: has ended"}, Name: "fleet", Targets: 3, Waves: 2, WaveSizes: []int{1, 2}, Servers: []string{"prometheus/prod"},
		}},
		Reports: []report.Document{{
			SchemaVersion: report.SchemaVersion, Name: "fleet", Schedule: "weekly", Targets: []report.Target{{
				Name: "one", Gateway: "sgw-12A3456B", Wave: 1, State: fleet.Held, HeldAt: maintenance.StepSnapshot, Held: maintenance.Duration(20 * time.Minute),
				Runs: []report.Run{{Ended: "running", Start: at, Failed: []maintenance.StepFailure{{Step: maintenance.StepSnapshot, FailedAttempt: asked}}}},
			}}, Decisions: []report.Decision{{Decision: detailed}},
			Chain: report.Chain{Links: []report.Link{{WorkflowID: "campaign-fleet", Gone: true}}},
		}},
	}
	var out bytes.Buffer
	require.NoError(t, printer.Printer{Out: &out, Form: printer.FormJSON}.Print(rare, func(printer.Printer) {}))
	const golden = "testdata/rare.json"
	if *update {
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), "fields may be added (-update), never renamed or retyped")
}

// rareApproval is an approval with all that it can say, and the end of a campaign that did
// not get its own in time.
func rareApproval() (*fleet.Approval, fleet.Result) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	given := fleet.Consent{Wave: 1, By: "bob", At: noon.Add(-time.Hour)}
	late := fleet.Result{
		Name: "late", State: fleet.Expired, Summary: "0 of 1 targets succeeded, 1 was not started; wave 1 was not approved within 24h: 1 of 2 given (bob).",
		Counts:    fleet.Counts{Total: 1, Waiting: 1},
		Decisions: []maintenance.Decision{{What: "approve", Wave: 1, By: given.By, Why: "CHG-1", At: given.At, Note: "wave 1, 1 of 2 given"}},
		Approval:  &fleet.Approval{Wave: 1, EachWave: true, Wanted: 2, Given: []fleet.Consent{given}, Targets: 1, Names: []string{"files-1"}},
		Submitter: "alice", Start: noon.Add(-2 * time.Hour), End: noon.Add(22 * time.Hour),
	}
	given.Wave, given.Why = 2, "CHG-1"
	return &fleet.Approval{
		Wave: 2, EachWave: true, Wanted: 2, Given: []fleet.Consent{given}, MayNot: "alice", Window: noon.AddDate(0, 0, 3),
		AskFrom: noon, Asked: noon, Deadline: noon.AddDate(0, 0, 7), Targets: 1, Names: []string{"files-1"},
	}, late
}
