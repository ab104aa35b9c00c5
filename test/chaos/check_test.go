package chaos_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// check is what must hold after every run, whatever was killed.
func (s *stage) check(results []maintenance.Result) (faults []string) {
	s.t.Helper()
	for i, m := range s.members {
		faults = append(faults, m.differences(results[i])...)
	}
	return append(faults, s.aftermath()...)
}

// aftermath is what must hold of what the runs have left, however they ended.
func (s *stage) aftermath() (faults []string) {
	s.t.Helper()
	faults = append(faults, miscounts(intended(s.members), tally(s.clouds.Effects()))...)
	faults = append(faults, s.settings()...)
	faults = append(faults, s.mutes()...)
	faults = append(faults, s.histories()...)
	return append(faults, s.secrets()...)
}

// differences are where a result departs from the target's outcome.
func (m member) differences(r maintenance.Result) []string {
	if r.State == "" {
		return []string{m.name + ": it left no record"}
	}
	var faults []string
	same := func(what string, want, got any) {
		// As text, so that no list and an empty one are alike.
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
			faults = append(faults, fmt.Sprintf("%s: %s: %s, should be %s (%s)", m.name, what, g, w, r.Summary))
		}
	}
	same("end state", m.state, r.State)
	same("updated", m.cause != "", r.Gateway.Updated)
	same("cause of the update", m.cause, r.Gateway.Cause)
	same("software after", newSoftware, r.Gateway.After.SoftwareVersion)
	same("quarantined", false, r.Quarantined)
	var points []maintenance.RecoveryPoint
	for _, p := range r.Snapshots {
		if p.Completed {
			points = append(points, p.Point)
		} else {
			points = append(points, unfinished)
		}
	}
	same("snapshots", sorted(m.snapshots), sorted(points))
	var becomes []maintenance.ProxyState
	for _, p := range r.Proxies {
		becomes = append(becomes, p.State)
	}
	same("proxies", m.becomes, becomes)
	var ledger []maintenance.ChangeState
	for _, c := range r.Ledger {
		ledger = append(ledger, c.State)
	}
	same("ledger", m.ledger, ledger)
	if !strings.Contains(r.Summary, m.says) {
		same("summary", m.says, r.Summary)
	}
	return faults
}

func sorted[T ~string](list []T) []T { return slices.Sorted(slices.Values(list)) }

// settings are those around the steps that are not as they were before the runs.
func (s *stage) settings() (faults []string) {
	for _, g := range s.clouds.AWS().State().Gateways {
		if g.AutomaticUpdatePolicy != string(maintenance.AllVersions) {
			faults = append(faults, fmt.Sprintf("%s: automatic updates are left at %s", g.ID, g.AutomaticUpdatePolicy))
		}
	}
	var state struct {
		Huawei struct {
			Instances []struct {
				Proxies []struct {
					ID, Status  string
					ReadWeights []int
				}
			}
		}
	}
	answer := httptest.NewRecorder()
	s.clouds.ServeHTTP(answer, httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "/_sim/state", nil))
	require.NoError(s.t, json.Unmarshal(answer.Body.Bytes(), &state))
	for _, i := range state.Huawei.Instances {
		for _, p := range i.Proxies {
			if p.Status != "ACTIVE" || !slices.Equal(p.ReadWeights, []int{200, 300}) {
				faults = append(faults, fmt.Sprintf("proxy %s: is left %s with the read weights %v", p.ID, p.Status, p.ReadWeights))
			}
		}
	}
	return faults
}

// mutes are the silences that are left in force, and those that were in force beside another of the same mute.
func (s *stage) mutes() (faults []string) {
	for _, one := range s.clouds.Monitoring().Silenced() {
		faults = append(faults, fmt.Sprintf("a silence is left in force until %s: %s", one.EndsAt.Format(time.TimeOnly), one.Comment))
	}
	for _, e := range s.clouds.Effects() {
		if n := e.Detail["inForce"]; n != "" && n != "0" && n != "1" {
			faults = append(faults, fmt.Sprintf("%s silences of one mute are in force at %s: %s", n, e.Time.Format(time.TimeOnly), e.Detail["comment"]))
		}
	}
	return faults
}

// harmless are the failures of workflow tasks that are none of the workflow's: a command was closed by force, or an event
// came while the task ended the workflow.
var harmless = []enumspb.WorkflowTaskFailedCause{
	enumspb.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND, enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
}

// histories are the faults of the runs' histories: workflow tasks that failed,
// and what cannot be replayed.
func (s *stage) histories() (faults []string) {
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	for _, run := range s.runs {
		var events []*historypb.HistoryEvent
		s.until(s.t.Context(), "the history of "+run.GetID(), func() (bool, error) {
			var err error
			events, err = s.history(s.t.Context(), run)
			return err == nil, err
		})
		for _, e := range events {
			failed := e.GetWorkflowTaskFailedEventAttributes()
			if failed != nil && !slices.Contains(harmless, failed.GetCause()) {
				faults = append(faults, fmt.Sprintf("%s: a workflow task failed: %s: %s", run.GetID(), failed.GetCause(), failed.GetFailure().GetMessage()))
			}
		}
		// A campaign names its batches after itself.
		original := workflow.Execution{ID: run.GetID(), RunID: events[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId()}
		if err := replayer.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
			&historypb.History{Events: events}, worker.ReplayWorkflowHistoryOptions{OriginalExecution: original}); err != nil {
			faults = append(faults, fmt.Sprintf("%s: replay: %v", run.GetID(), err))
		}
	}
	return faults
}

// secrets are credentials that are found where the runs left anything: in the
// database, which holds the histories, and in the logs.
func (s *stage) secrets() (faults []string) {
	s.worker.kill()
	s.server.kill()
	files, err := filepath.Glob(s.database + "*")
	require.NoError(s.t, err)
	require.NotEmpty(s.t, files)
	logs, err := filepath.Glob(filepath.Join(s.t.ArtifactDir(), "*.log"))
	require.NoError(s.t, err)
	require.GreaterOrEqual(s.t, len(logs), 2)
	for _, file := range append(files, logs...) {
		text, err := os.ReadFile(file)
		require.NoError(s.t, err)
		for name, value := range credentials {
			if bytes.Contains(text, []byte(value)) {
				faults = append(faults, fmt.Sprintf("%s holds %s", filepath.Base(file), name))
			}
		}
		for _, alarm := range []string{"panic", "nondeterminis", "non-determinis", "TMPRL1100"} {
			if strings.HasSuffix(file, ".log") && bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(alarm))) {
				faults = append(faults, fmt.Sprintf("%s says %q", filepath.Base(file), alarm))
			}
		}
	}
	return faults
}
