package faultmatrix_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/server/temporaltest"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/test/faultmatrix"
	"github.com/tidegate/tidegate/test/waiting"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// engine is the Temporal server that all cells share.
var engine *temporaltest.TestServer

func TestMain(m *testing.M) {
	waiting.SideBySide()
	debug.SetGCPercent(400) // two cores for hundreds of runs: memory is the cheaper
	stopProxy := startProxy()
	logger := slog.New(slog.NewTextHandler(diary, &slog.HandlerOptions{Level: slog.LevelDebug}))
	slog.SetDefault(logger)
	engine = temporaltest.NewServer(temporaltest.WithBaseClientOptions(client.Options{
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}))
	talkative = engine.NewClientWithOptions(client.Options{Logger: sdklog.NewStructuredLogger(logger)})
	m.Run()
	engine.Stop()
	stopProxy()
}

// The credentials that everything is played with, recognisable wherever they
// come to light.
const (
	awsKey      = "AKIAMATRIXPLANTED001"
	awsSecret   = "planted/AWS+secret/0123456789abcdefghijk"
	awsSession  = "planted-AWS-session-token-0123456789/+=="
	huaweiAK    = "PLANTEDHUAWEIAK00001"
	huaweiSK    = "planted-Huawei-secret-key-0123456789abcd"
	huaweiToken = "planted-Huawei-security-token-0123456789"
	iamUser     = "operator"
	iamPassword = "planted-IAM-pass&word=\"0123456789\""
	iamDomain   = "acme"
)

// planted are those that nobody may read.
func planted() []secretscan.Secret {
	return []secretscan.Secret{
		{Name: "AWS access key id", Value: awsKey},
		{Name: "AWS secret key", Value: awsSecret},
		{Name: "AWS session token", Value: awsSession},
		{Name: "Huawei access key", Value: huaweiAK},
		{Name: "Huawei secret key", Value: huaweiSK},
		{Name: "Huawei security token", Value: huaweiToken},
		{Name: "IAM password", Value: iamPassword},
	}
}

// lab is the clouds and the workers of one maintenance.
type lab struct {
	client client.Client
	queue  string
	stage  *faultmatrix.Stage
	aws    accounts.AWS
	huawei accounts.Huawei
	sim    *simcloud.Simulation
	mark   faultmatrix.Mark
	arm    func() error // injects the cell's fault, once
	run    client.WorkflowRun

	endpoint string       // of the simulated clouds, once they answer
	prepare  func() error // changes the accounts then
	said     transcript   // what the clouds answered

	mu     sync.Mutex
	issued []secretscan.Secret // tokens that the simulated IAM gave out
}

// newLab sets the stage for a scenario, with a fault or without. The number tells
// labs apart.
func newLab(number int, scenario faultmatrix.Scenario, cell *faultmatrix.Cell) (*lab, error) {
	l := &lab{
		client: engine.GetDefaultClient(), queue: fmt.Sprintf("matrix-%d", number),
		stage: faultmatrix.NewStage(fmt.Sprintf("sgw-%08X", 0xFA000000+number)),
		arm:   func() error { return nil }, prepare: func() error { return nil },
		aws: accounts.AWS{
			Account: awsaccounts.Account{Name: faultmatrix.OnAWS, Region: aws.DefaultRegion},
			Keys:    &accounts.Keys{AccessKeyID: awsKey, SecretAccessKey: awsSecret, SessionToken: awsSession},
		},
		huawei: accounts.Huawei{
			Account:     huaweicloud.Account{Name: faultmatrix.OnHuawei, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion},
			Credentials: huaweicloud.Credentials{AccessKey: huaweiAK, SecretKey: huaweiSK, SecurityToken: huaweiToken},
		},
	}
	scenario.Set(l.stage)
	if cell != nil && cell.Hangs() {
		l.stage.Hangs()
	}
	if l.stage.Password {
		l.huawei.Credentials = huaweicloud.Credentials{User: iamUser, Password: iamPassword, Domain: iamDomain}
	}
	s := &l.stage.Scenario
	s.AWS.Credentials = []aws.Credential{{AccessKeyID: awsKey, SecretAccessKey: awsSecret, SessionToken: awsSession}}
	s.Huawei.Credentials = []huawei.Credential{{AccessKey: huaweiAK, SecretKey: huaweiSK, SecurityToken: huaweiToken}}
	s.Huawei.Users = []huawei.User{{Domain: iamDomain, Name: iamUser, Password: iamPassword}}
	sim, err := simcloud.New(*s, simcloud.Options{})
	if err != nil {
		return nil, err
	}
	l.sim = sim
	if cell != nil {
		l.mark = cell.Call.After
		l.arm = sync.OnceValue(func() error { return sim.Inject(cell.Rule()) })
	}
	return l, nil
}

// start lets the clouds answer, the workers work and the maintenance start.
func (l *lab) start(ctx context.Context) (stop func(), err error) {
	server := httptest.NewServer(l)
	l.endpoint = server.URL
	for _, endpoint := range []*string{&l.aws.Endpoint, &l.huawei.Endpoint, &l.huawei.IAMEndpoint} {
		*endpoint = server.URL
	}
	if err := l.prepare(); err != nil {
		server.Close()
		return nil, err
	}
	clouds := accounts.New(ctx, []accounts.AWS{l.aws}, []accounts.Huawei{l.huawei})
	//nolint:contextcheck // they end by what it returns
	stopWorkers, err := workers.Start(l.client, clouds,
		workers.Options{Queue: l.queue, Each: worker.Options{MaxConcurrentWorkflowTaskPollers: 2, MaxConcurrentActivityTaskPollers: 2}})
	if err != nil {
		server.Close()
		return nil, err
	}
	stop = func() {
		stopWorkers()
		server.Close()
	}
	l.run, err = l.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: l.queue, TaskQueue: l.queue,
		TypedSearchAttributes: webui.StartAttributes(l.stage.Target), StaticSummary: "Maintenance of " + l.stage.Target.Name,
	}, api.GatewayMaintenanceName, api.MaintenanceInput{Target: l.stage.Target, Policy: l.stage.Policy, Checks: l.stage.Checks, Mutes: l.stage.Mutes})
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// seen is what came of a maintenance.
type seen struct {
	result  maintenance.Result
	history []byte // as the server keeps it: payloads and failures stand in it as they are
	effects []faultmatrix.Effect
	before  string // the settings
	after   string
	open    []string // snapshots that are neither completed nor deleted
	fired   int
	early   string   // a trigger in a freeze
	leaks   []string // credentials in the history
}

// play plays one scenario to its end.
func play(ctx context.Context, number int, scenario faultmatrix.Scenario, cell *faultmatrix.Cell) (out seen, err error) {
	l, err := newLab(number, scenario, cell)
	if err != nil {
		return out, err
	}
	if out.before, err = l.settings(ctx); err != nil {
		return out, err
	}
	stop, err := l.start(ctx)
	if err != nil {
		return out, err
	}
	defer stop()
	if scenario.During != nil {
		if err := scenario.During(ctx, l); err != nil {
			return out, fmt.Errorf("during the run: %w", err)
		}
	}
	if out.result, err = endrecord.Of(ctx, l.run); err != nil {
		return out, err
	}
	return out, l.look(ctx, &out)
}

// look reads what the run left behind.
func (l *lab) look(ctx context.Context, out *seen) (err error) {
	out.effects = faultmatrix.EffectsOf(l.sim.Effects())
	for _, rule := range l.sim.Faults() {
		out.fired += rule.Fired
	}
	for _, e := range l.sim.Effects() {
		for _, f := range l.stage.Policy.Freezes {
			if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" && e.Time.Before(f.To) {
				out.early = fmt.Sprintf("it was triggered %s before the end of a freeze", f.To.Sub(e.Time))
			}
		}
	}
	for _, s := range l.sim.AWS().State().Snapshots {
		if s.Status != "completed" && !s.Deleted {
			out.open = append(out.open, s.ID+" "+s.Status)
		}
	}
	if out.after, err = l.settings(ctx); err != nil {
		return err
	}
	out.history, err = l.history(ctx, l.run.GetID(), l.run.GetRunID())
	out.leaks = secretscan.Find(out.history, l.secrets()...)
	return err
}

func (l *lab) history(ctx context.Context, workflowID, runID string) ([]byte, error) {
	var history historypb.History
	pages := l.client.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, err
		}
		history.Events = append(history.Events, event)
	}
	return proto.Marshal(&history)
}

// ServeHTTP lets the clouds answer, and injects the cell's fault before the
// first request after its mark.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.mark.Operation == "" || l.sim.Calls()[l.mark.Operation] >= l.mark.Times {
		if err := l.arm(); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
	}
	l.sim.ServeHTTP(&overheard{w, &l.said}, r)
	if token := w.Header().Get("X-Subject-Token"); token != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.issued = append(l.issued, secretscan.Secret{Name: "IAM token", Value: token})
	}
}

// overheard keeps what is answered.
type overheard struct {
	http.ResponseWriter

	said *transcript
}

// Write keeps the answer and sends it.
func (o *overheard) Write(p []byte) (int, error) {
	return io.MultiWriter(o.said, o.ResponseWriter).Write(p)
}

// Unwrap lets the faults cut the connection.
func (o *overheard) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// secrets are all credentials of the lab.
func (l *lab) secrets() []secretscan.Secret {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(planted(), l.issued...)
}

// settings are all that a run may change and has to put back.
func (l *lab) settings(ctx context.Context) (string, error) {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/_sim/state", http.NoBody)
	l.sim.ServeHTTP(recorder, request)
	var state struct {
		AWS struct {
			Gateways []struct {
				AutomaticUpdatePolicy string
				Tags                  map[string]string
			}
		}
		Huawei struct {
			Instances []struct {
				Tags    map[string]string
				Proxies []struct {
					ID           string
					RouteMode    int
					MasterWeight int
					ReadWeights  []int
				}
			}
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &state); err != nil {
		return "", fmt.Errorf("read the clouds' state: %w", err)
	}
	return fmt.Sprintf("%+v", state), nil
}

// Clouds are the simulated ones.
func (l *lab) Clouds() *simcloud.Simulation { return l.sim }

// GatewayID of the target.
func (l *lab) GatewayID() string { return l.stage.Target.Gateway.ID() }

// Until waits until the run says so of itself, or has ended.
func (l *lab) Until(ctx context.Context, so func(maintenance.Status) bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		value, err := l.client.QueryWorkflow(ctx, l.run.GetID(), l.run.GetRunID(), api.StatusQuery)
		if _, late := errors.AsType[*serviceerror.DeadlineExceeded](err); late && ctx.Err() == nil {
			continue // a busy machine answers late
		}
		if err != nil {
			return err
		}
		var status maintenance.Status
		if err := value.Get(&status); err != nil {
			return err
		}
		if so(status) || status.Result != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), fmt.Errorf("the run is at %s: %s %s", status.Step, status.Blocker, status.Reason))
		case <-tick.C:
		}
	}
}

// Approve lets the run start.
func (l *lab) Approve(ctx context.Context) error {
	handle, err := l.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: l.run.GetID(), RunID: l.run.GetRunID(), UpdateName: api.ApproveUpdate,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{api.Action{By: "matrix"}},
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
}

// ExpireTokens ends the tokens that the simulated IAM has given out.
func (l *lab) ExpireTokens(ctx context.Context) error {
	recorder := httptest.NewRecorder()
	l.sim.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodDelete, "/_sim/huawei/tokens", http.NoBody))
	if recorder.Code != http.StatusOK {
		return fmt.Errorf("expire the tokens: %s", recorder.Body)
	}
	return nil
}
