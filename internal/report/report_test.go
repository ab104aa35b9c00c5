package report_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() report.Report {
	at := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	end := at.Add(25 * time.Second)
	return report.Report{
		Started: at, Ended: end,
		Campaign: &fleet.Result{
			Name: "payments-q4", State: fleet.Completed, Summary: "1 of 1 targets succeeded.", Counts: fleet.Counts{Total: 1, Succeeded: 1},
			Submitter: "alice", Start: at, End: end,
		},
		Targets: []maintenance.Result{{
			Target: "payments-1", State: maintenance.StateCompleted, Summary: "sgw-12A3456B runs 1.3.0 (was 1.2.3).",
			Window: &maintenance.Window{Start: at, End: at.Add(time.Hour)}, Margin: maintenance.Duration(30 * time.Minute),
			Gateway: maintenance.GatewayOutcome{
				Before:  maintenance.Gateway{ARN: "arn", ID: "sgw-12A3456B", Type: "CACHED", State: "RUNNING", SoftwareVersion: "1.2.3"},
				After:   maintenance.Gateway{ARN: "arn", ID: "sgw-12A3456B", Type: "CACHED", State: "RUNNING", SoftwareVersion: "1.3.0"},
				Updated: true, Cause: maintenance.CauseTidegate,
			},
			Snapshots: []maintenance.SnapshotOutcome{{VolumeID: "vol-1", SnapshotID: "snap-1", Point: maintenance.PointAfter, Completed: true}},
			Proxies:   []maintenance.ProxyOutcome{{InstanceID: "in07", ProxyID: "po01", State: maintenance.ProxyUpgraded, From: "2.24.03.000", To: "2.26.06.000", JobID: "job"}},
			Steps:     []maintenance.StepReport{{Step: maintenance.StepAssess, State: maintenance.StepDone, Start: &at, End: &end, Note: "note"}},
			Ledger:    []maintenance.Change{{What: "software", Undo: "cannot be taken back", State: maintenance.ChangeKept}},
			Decisions: []maintenance.Decision{{What: "approve", By: "alice", Why: "quiet night", At: at}},
			Start:     at, End: end,
		}},
		Effects: []report.Effect{{Kind: "storagegateway:UpdateGatewaySoftwareNow", Resource: "arn", Change: "1.2.3 -> 1.3.0", Count: 1}},
	}
}

func TestTheFormOfAReportStaysAsItIs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "r.json")
	require.NoError(t, report.Write(file, sample()))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	const golden = "testdata/report.json"
	if *update {
		require.NoError(t, os.WriteFile(golden, written, 0o600)) //nolint:gosec // the golden file, by -update only
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(written), "fields may be added (-update), never renamed or retyped")
}

func TestWriteReplacesTheFileInOnePiece(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, link := filepath.Join(folder, "r.json"), filepath.Join(folder, "latest.json")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	require.NoError(t, os.Symlink("r.json", link))
	require.NoError(t, report.Check(link))
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "old", string(kept), "a check changes nothing")

	require.NoError(t, report.Write(link, sample()))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	var read report.Report
	require.NoError(t, json.Unmarshal(written, &read))
	require.Equal(t, report.SchemaVersion, read.SchemaVersion)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no unfinished file is left, and the link is still one")
}

func TestAPathThatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, path := range map[string]string{
		"nothing named":  "",
		"a folder":       folder,
		"no such folder": filepath.Join(folder, "no", "such", "r.json"),
		"a device":       os.DevNull,
		"below a file":   filepath.Join(os.Args[0], "r.json"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, report.Check(path), "the report cannot be written to")
			require.Error(t, report.Write(path, sample()))
		})
	}
}
