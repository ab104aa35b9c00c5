package workers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// secretPath stands in the addresses of the channels.
const secretPath = "PlantedSecret0123456789abcdefghij"

// webhook keeps the messages that it gets, and dies where it is told to.
type webhook struct {
	titles chan string
	deadly string        // a message that is taken, and never answered
	taken  chan struct{} // is closed when that one is there
}

func (w *webhook) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var message struct{ Title, Message string }
	err := json.NewDecoder(r.Body).Decode(&message)
	if err != nil || r.URL.Path != "/"+secretPath || !strings.Contains(message.Message, "tidegate ") {
		message.Title = fmt.Sprintf("wrong: %s %q %v", r.URL.Path, message.Message, err)
	}
	w.titles <- message.Title
	if message.Title == w.deadly {
		close(w.taken)
		<-r.Context().Done()
	}
}

// stage is everything around worker processes.
type stage struct {
	t      *testing.T
	server *devserver.Server
	client client.Client
	args   []string
	env    []string
	logs   log
}

func newStage(t *testing.T, oncall string) *stage {
	t.Helper()
	s := &stage{t: t}
	var err error
	s.server, err = devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI, SearchAttributes: webui.SearchAttributes()})
	require.NoError(t, err)
	t.Cleanup(s.server.Stop)
	s.client, err = s.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(s.client.Close)
	quick := 50 * time.Millisecond
	open := aws.Window{OpenedAgo: 5 * time.Minute}
	sim, err := simcloud.New(simcloud.Scenario{
		AWS: aws.Scenario{
			Timing: aws.Timing{Gap: quick, Restart: 4 * quick, OldVersion: quick},
			Gateways: []aws.Gateway{
				{ID: "sgw-11111111", NextVersion: "1.3.0", Window: open, Type: "FILE_S3"},
				{ID: "sgw-22222222", NextVersion: "1.3.0", Window: open, Type: "FILE_S3"},
			},
		},
		Faults: []fault.Rule{{Operation: "storagegateway:UpdateGatewaySoftwareNow", Resource: "sgw-22222222", Kind: fault.RefusedBefore, Times: 1}},
	}, simcloud.Options{})
	require.NoError(t, err)
	clouds, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	file := filepath.Join(t.TempDir(), "accounts.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `aws: [{name: sim, region: %s, endpoint: "http://%s"}]
channels:
  - {name: oncall, urlFrom: ONCALL_URL}
  - {name: gone, urlFrom: GONE_URL}
`, aws.DefaultRegion, clouds), 0o600))
	s.args = []string{"--accounts", file, "--address", s.server.FrontendAddress(), "--health-listen", "", "--log-level", "debug"}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "AWS_") {
			s.env = append(s.env, pair)
		}
	}
	s.env = append(s.env, "AWS_ACCESS_KEY_ID="+aws.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY="+aws.DefaultSecretAccessKey,
		"ONCALL_URL=generic://"+oncall+"/"+secretPath+"?disabletls=yes&template=json",
		"GONE_URL=generic://"+freeAddress(t)+"/"+secretPath+"?disabletls=yes")
	return s
}

// work starts a worker, which kill ends as a power cut would.
func (s *stage) work() (kill func()) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "tidegate-worker", s.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, &s.logs, &s.logs
	require.NoError(s.t, cmd.Start())
	return func() {
		s.t.Logf("the worker was killed: %v, %v", cmd.Process.Kill(), cmd.Wait())
	}
}

func (s *stage) run() client.WorkflowRun {
	s.t.Helper()
	everything, err := maintenance.ParseShare("100%")
	require.NoError(s.t, err)
	p := plan.Plan{
		Name: "q4", Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: "sim", Region: aws.DefaultRegion}}},
		Approvals: maintenance.Approvals{Count: 1}, Rollout: maintenance.Rollout{MaxFailures: everything},
		Policy: maintenance.Policy{
			SteadyFor: maintenance.Duration(20 * time.Millisecond), UpdateDelay: new(maintenance.Duration(0)),
			Pace: maintenance.Pace{Min: maintenance.Duration(20 * time.Millisecond), Max: maintenance.Duration(100 * time.Millisecond)},
		},
		Notify: []plan.Notify{{Channel: "oncall", On: maintenance.Events()}, {Channel: "gone"}},
	}
	for _, id := range []string{"sgw-11111111", "sgw-22222222"} {
		arn := "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + id
		p.Targets = append(p.Targets, maintenance.Target{Name: "files-" + id[4:5], Gateway: maintenance.GatewayRef{Account: "sim", ARN: arn}})
	}
	run, err := s.client.ExecuteWorkflow(s.t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID("q4"), TaskQueue: api.TaskQueue, TypedSearchAttributes: webui.CampaignAttributes("q4"),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(s.t, err)
	return run
}

// history is all of a run's history, as JSON and as it is encoded.
func (s *stage) history(run client.WorkflowRun) []byte {
	s.t.Helper()
	var all bytes.Buffer
	events := s.client.GetWorkflowHistory(s.t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(s.t, err)
		text, err := protojson.Marshal(event)
		require.NoError(s.t, err)
		all.Write(text)
		all.WriteString(event.String())
	}
	return all.Bytes()
}

// A worker that is killed between a message and its answer sends it no second
// time, and a channel that is gone holds up nothing.
func TestPeopleAreNotifiedOnceThoughTheWorkerIsKilled(t *testing.T) {
	t.Parallel()
	hook := &webhook{titles: make(chan string, 100), taken: make(chan struct{}), deadly: "q4: the campaign needs approval (0 of 1 given)"}
	receiver := httptest.NewServer(hook)
	t.Cleanup(receiver.Close)
	s := newStage(t, strings.TrimPrefix(receiver.URL, "http://"))
	kill := s.work()
	run := s.run()
	<-hook.taken
	kill()
	s.work()
	update, err := s.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: api.ApproveUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{api.CampaignAction{Action: api.Action{By: "bob", Why: "for the test"}}},
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(t.Context(), nil))
	var app *temporal.ApplicationError
	require.ErrorAs(t, run.Get(t.Context(), nil), &app, s.logs.String())
	require.Equal(t, string(fleet.Partial), app.Type(), app.Error())

	close(hook.titles)
	var titles []string
	for title := range hook.titles {
		titles = append(titles, title)
	}
	require.ElementsMatch(t, []string{hook.deadly, "q4: wave 1 starts", "q4: files-2 failed", "q4: PARTIAL"}, titles)
	value, err := s.client.QueryWorkflow(t.Context(), run.GetID(), run.GetRunID(), api.StatusQuery)
	require.NoError(t, err)
	var status fleet.Status
	require.NoError(t, value.Get(&status))
	states := map[string]fleet.NoticeState{}
	for _, n := range status.Notices {
		states[n.Channel+" "+n.ID] = n.State
		if n.Channel == "gone" && n.State == fleet.NoticeFailed {
			require.Contains(t, n.Why, "connection refused")
		}
	}
	// The two were sent side by side: the other's answer may have been lost too.
	require.Contains(t, []fleet.NoticeState{fleet.NoticeFailed, fleet.NoticeUnknown}, states["gone approval/1"])
	delete(states, "gone approval/1")
	require.Equal(t, map[string]fleet.NoticeState{
		"oncall approval/1": fleet.NoticeUnknown, "oncall window/1": fleet.NoticeSent,
		"oncall failed/sgw-22222222/1": fleet.NoticeSent, "oncall ended": fleet.NoticeSent,
		"gone failed/sgw-22222222/1": fleet.NoticeFailed, "gone ended": fleet.NoticeFailed,
	}, states)

	secret := secretscan.Secret{Name: "the channels' address", Value: secretPath}
	history := s.history(run)
	require.Contains(t, string(history), "files-2 failed")
	require.Empty(t, secretscan.Find(history, secret))
	require.Contains(t, s.logs.String(), "worker polls")
	require.Empty(t, secretscan.Find([]byte(s.logs.String()), secret), s.logs.String())
}
