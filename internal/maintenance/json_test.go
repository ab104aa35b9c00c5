package maintenance_test

import (
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

var update = flag.Bool("update", false, "write the golden files again")

func samplePolicy() maintenance.Policy {
	d := func(d time.Duration) maintenance.Duration { return maintenance.Duration(d) }
	return maintenance.Policy{
		WindowLength: d(3 * time.Hour), Cutoff: new(d(20 * time.Minute)), WindowPreference: monthly, WindowRecheck: d(12 * time.Hour),
		OnWindowEnd: maintenance.WindowEndFinish, Freezes: []maintenance.Freeze{freeze(sunday(2, 0), sunday(3, 0))}, Approval: true,
		AutomaticUpdates: maintenance.AutomaticUpdatesHold,
		UpdateStart:      d(10 * time.Minute), UpdateDeadline: d(50 * time.Minute), SteadyFor: d(45 * time.Second),
		Snapshot: maintenance.SnapshotBoth, SnapshotDeadline: d(5 * time.Hour), SnapshotSettle: d(4 * time.Minute),
		Proxies: maintenance.ProxyPolicy{Parallel: 2, ShiftReads: true, Deadline: d(30 * time.Minute), Settle: d(2 * time.Minute)},
		Pace:    maintenance.Pace{Min: d(2 * time.Second), Max: d(40 * time.Second)},

		OnFailure: maintenance.OnFailureHold, UpdateDelay: new(d(time.Minute)), ArmBefore: new(d(3 * time.Minute)), FailedSnapshots: maintenance.FailedSnapshotsDelete, CompensationDeadline: d(time.Hour), Attempt: d(time.Minute),
	}
}

func sampleGateway(version string) maintenance.Gateway {
	return maintenance.Gateway{
		ARN: gatewayARN, ID: "sgw-12A3456B", Name: "till", Type: "CACHED", State: "RUNNING",
		SoftwareVersion: version, LastSoftwareUpdate: "2026-01-02T16:00:00", NextUpdateAvailable: "2026-11-20T00:00:00",
		Tags: map[string]string{"app": "till"},
	}
}

func sampleResult() maintenance.Result {
	start, end := sunday(2, 0), sunday(2, 12)
	return maintenance.Result{
		Target: "store-7", State: maintenance.StatePartial, Summary: "the gateway runs 1.2.4, one proxy of two was rejected",
		Window: &maintenance.Window{Start: start, End: sunday(6, 0)}, Margin: maintenance.Duration(3 * time.Hour), Overrun: maintenance.Duration(time.Minute),
		Gateway:   maintenance.GatewayOutcome{Before: sampleGateway("1.2.3"), After: sampleGateway("1.2.4"), Updated: true, Cause: maintenance.CauseTidegate},
		Snapshots: []maintenance.SnapshotOutcome{{VolumeID: "vol-1122aabb", SnapshotID: "snap-0a", Point: maintenance.PointAfter, Completed: true, Deleted: true}},
		Proxies: []maintenance.ProxyOutcome{{
			InstanceID: instanceID, ProxyID: proxyID, State: maintenance.ProxyRejected, From: "2.23.12.000", To: "2.24.03.000", JobID: "job-1", Note: "insufficient subnet ip",
		}},
		Steps: []maintenance.StepReport{{Step: maintenance.StepUpdate, State: maintenance.StepDone, Start: &start, End: &end, Note: "triggered", Failed: []maintenance.FailedAttempt{{
			At: start, Why: "update failed: denied", Asked: []string{"oncall"}, Until: &end,
			Decision: &maintenance.Decision{
				What: "retry", Target: "store-7", Step: maintenance.StepUpdate, Wave: 2, NotBefore: end, MaxConcurrent: 20, Check: "error rate",
				By: "ann", Why: "fixed", At: end, Campaign: "fleet", Note: "it is stopped already", Proof: sampleProof(),
			},
		}}}},
		Ledger: []maintenance.Change{{What: "read weights", Reversible: true, Undo: "set as they were", State: takenBack, Why: "none", Leftover: true}},
		Decisions: []maintenance.Decision{{
			What: "approve", Target: "store-7", Step: maintenance.StepSnapshot, Wave: 2, NotBefore: end, MaxConcurrent: 20, Check: "error rate",
			By: "ann", Why: "change 4711", At: start, Campaign: "fleet", Note: "it is stopped already", Proof: sampleProof(),
		}},
		Checks: []maintenance.CheckRecord{{
			Check: "volumes came back", Moment: "before", State: "passing", Waived: "ann: change 4711", Values: []maintenance.CheckValue{{
				At: start, Of: "initiators", Number: new(1.0), Text: "1", Limit: "as before", Names: []string{"iqn.1993-08.org.debian:01:a"}, Outcome: "pass",
			}},
		}},
		Quarantined: true, Start: start, End: end,
	}
}

func sampleProof() maintenance.Proof {
	return maintenance.Proof{
		Principal: "ann@example.com", Key: "SHA256:0", KeyType: "ssh-ed25519", Groups: "storage-leads", Files: "sha256:0", At: sunday(2, 0),
		Statement: "Tidegate statement, version 1", Signature: "-----BEGIN SSH SIGNATURE-----",
	}
}

func sampleStatus() maintenance.Status {
	result := sampleResult()
	next := nextSunday(2, 0)
	return maintenance.Status{
		May:    []string{"retry", "abort"},
		Target: wholeTarget(), Step: maintenance.StepWait, Steps: result.Steps,
		Blocker: maintenance.BlockedByWindow, Reason: "the window opens 2026-11-29 02:00 GMT", Next: &next, Window: result.Window, Gateway: result.Gateway,
		Schedule:     &maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 2, Minute: 15, Zone: zoneMinus4()},
		Calls:        []maintenance.Call{{ID: "7", What: "read the gateway", Target: "store-7", Since: sunday(2, 0), Until: sunday(3, 0), Attempt: 2, LastResponse: "the gateway is not connected", LastAt: sunday(2, 1)}},
		PastNoReturn: true, Held: true, Snapshots: result.Snapshots, Proxies: result.Proxies, Ledger: result.Ledger, Decisions: result.Decisions, Checks: result.Checks, Result: &result,
	}
}

func zoneMinus4() (z maintenance.Zone) {
	if err := z.UnmarshalText([]byte("GMT-4:00")); err != nil {
		return maintenance.Zone{}
	}
	return z
}

// Histories hold these types permanently. A change of a golden file may add a
// field, and do nothing else.
func TestWhatTravelsInHistoriesKeepsItsForm(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"target": wholeTarget(),
		"policy": samplePolicy(),
		"result": sampleResult(),
		"status": sampleStatus(),
		"raw-schedule": maintenance.RawSchedule{
			DayOfWeek: new(3), DayOfMonth: new(28), Hour: new(2), Minute: new(15), Timezone: "GMT+5:30", AutomaticUpdates: maintenance.EmergencyVersionsOnly,
		},
		"volume":   maintenance.Volume{ARN: gatewayARN + "/volume/vol-1122AABB", ID: "vol-1122aabb", Status: "AVAILABLE", SizeBytes: 1 << 30},
		"snapshot": maintenance.Snapshot{ID: "snap-0a", VolumeID: "vol-1122aabb", State: "pending", Progress: "42%", Message: "m", Description: "d", StartedAt: sunday(2, 0)},
		"baseline": maintenance.BaselineOf(sampleGateway("1.2.3")),
		"opening":  maintenance.Opening{Window: maintenance.Window{Start: sunday(2, 0), End: sunday(6, 0)}, From: sunday(3, 0), Until: sunday(5, 30)},
		"proxy": maintenance.Proxy{
			ID: proxyID, Name: "p", Status: "ACTIVE", PoolStatus: "ACTIVE", Nodes: []maintenance.ProxyNode{{ID: "n", Status: "ACTIVE"}},
			Routing: maintenance.ProxyRouting{Mode: 1, MasterWeight: 50, ReadWeights: []maintenance.NodeWeight{{ID: "r", Weight: 100}}},
		},
		"proxy-kernel": maintenance.ProxyKernel{Current: "2.23.12.000", Latest: "2.24.03.000", CanUpgrade: true},
		"quarantine": maintenance.Quarantine{
			Target: "store-7", Gateway: "sgw-12A3456B", WorkflowID: "gateway-sgw-12A3456B", RunID: "run-1", Reason: "r", Since: sunday(2, 0),
		},
		"instance-hold": maintenance.InstanceHold{
			InstanceID: instanceID, Target: "store-7", Gateway: "sgw-12A3456B", Campaign: "stores", WorkflowID: "gateway-sgw-12A3456B", RunID: "run-1", Since: sunday(2, 0),
		},
		"job": maintenance.Job{ID: "job-1", InstanceID: instanceID, Name: "n", Status: "Failed", Progress: "60%", FailReason: "f", CreatedAt: sunday(2, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireFull(t, reflect.ValueOf(value), name)
			text, err := json.MarshalIndent(value, "", "  ")
			require.NoError(t, err)
			golden := "testdata/json/" + name + ".json"
			if *update {
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text)+"\n")

			back := reflect.New(reflect.TypeOf(value))
			require.NoError(t, json.Unmarshal(want, back.Interface()))
			require.Equal(t, value, back.Elem().Interface(), "what is written is read")
		})
	}
}

// requireFull says that a sample fills every field, so that a new one cannot be
// left out of the golden files.
func requireFull(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	require.False(t, v.IsZero(), "%s is empty in the sample", path)
	if _, text := reflect.TypeAssert[encoding.TextMarshaler](v); text {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		requireFull(t, v.Elem(), path)
	case reflect.Slice:
		requireFull(t, v.Index(0), path+"[0]")
	case reflect.Struct:
		for field := range v.Type().Fields() {
			requireFull(t, v.FieldByIndex(field.Index), path+"."+field.Name)
		}
	default:
	}
}

// What a person has left out is not written, so that a later release's default
// can be told from what was asked for.
func TestWhatIsLeftOutIsNotWritten(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(maintenance.Policy{})
	require.NoError(t, err)
	require.Equal(t, "{}", string(text))
}

func TestTheWordsInHistoriesNeverChange(t *testing.T) {
	t.Parallel()
	require.Equal(t, []maintenance.Step{"assess", "wait", "update", "await-running", "snapshot", "upgrade-proxies", "verify"}, maintenance.Steps())
	for word, want := range map[any]string{
		maintenance.StepPending: "pending", maintenance.StepActive: "running", maintenance.StepWaiting: "waiting",
		maintenance.StepDone: "done", maintenance.StepSkipped: "skipped", maintenance.StepFailed: "failed",
		maintenance.StateCompleted: "COMPLETED", maintenance.StateFailed: "FAILED", maintenance.StateCompensated: "COMPENSATED",
		maintenance.StatePartial: "PARTIAL", maintenance.StateCompensationFailed: "COMPENSATION_FAILED", maintenance.StateDeferred: "DEFERRED",
		maintenance.StateVerificationFailed: "VERIFICATION_FAILED",
		maintenance.CauseTidegate:           "tidegate", maintenance.CauseAWS: "aws",
		maintenance.ProxyPending: "pending", maintenance.ProxyActive: "upgrading", maintenance.ProxyUpgraded: "upgraded", maintenance.ProxyCurrent: "already up to date",
		maintenance.ProxyRejected: "rejected", maintenance.ProxyFailed: "failed", maintenance.ProxyNotStarted: "not started",
		maintenance.NotBlocked: "", maintenance.BlockedByWindow: "window", maintenance.BlockedByCutoff: "cutoff",
		maintenance.BlockedByFreeze: "freeze", maintenance.BlockedByApproval: "approval", maintenance.BlockedByHold: "held",
		maintenance.OnFailureCompensate: "compensate", maintenance.OnFailureHold: "hold",
		maintenance.FailedSnapshotsKeep: "keep", maintenance.FailedSnapshotsDelete: "delete",
		maintenance.EvidenceNone: "none", maintenance.EvidenceAway: "away", maintenance.EvidenceWithdrawn: "withdrawn", maintenance.EvidenceUpdated: "updated",
		intended: "intended", inForce: "in force", kept: "kept", takenBack: "reverted", stuck: "could not be reverted", expires: "ends by itself", notMade: "not made",
		maintenance.Weekly: "weekly", maintenance.Monthly: "monthly",
		maintenance.SnapshotAfter: "after", maintenance.SnapshotBefore: "before", maintenance.SnapshotBoth: "both", maintenance.SnapshotNever: "never",
		maintenance.PointBefore: "before", maintenance.PointAfter: "after", maintenance.WindowEndHold: "hold", maintenance.WindowEndFinish: "finish",
		maintenance.AutomaticUpdatesKeep: "keep", maintenance.AutomaticUpdatesHold: "hold",
		maintenance.AllVersions: "ALL_VERSIONS", maintenance.EmergencyVersionsOnly: "EMERGENCY_VERSIONS_ONLY",
	} {
		require.Equal(t, want, reflect.ValueOf(word).String(), "%T", word)
	}
}
