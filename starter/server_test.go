package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	starter "github.com/tidegate/tidegate/starter"
	"github.com/tidegate/tidegate/workflows"
)

const (
	arnPrefix = "arn:aws:storagegateway:us-east-1:123456789012:gateway/"
	proxyOne  = "00000000000000000000000000000001po01"
	proxyTwo  = "00000000000000000000000000000002po01"
)

// world is everything around the command: Temporal, both clouds, a worker.
type world struct {
	t      *testing.T
	server *devserver.Server
	sim    *simcloud.Simulation
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	sim, err := simcloud.New(scenario(), simcloud.Options{})
	require.NoError(t, err)
	return &world{t: t, server: server, sim: sim}
}

func scenario() simcloud.Scenario {
	fast := 50 * time.Millisecond
	open := aws.Window{OpenedAgo: 5 * time.Minute}
	return simcloud.Scenario{
		AWS: aws.Scenario{
			Timing: aws.Timing{
				Gap: fast, Restart: 4 * fast, OldVersion: fast, Bootstrap: fast, Snapshot: fast, VisibleByID: fast, VisibleByFilter: fast,
			},
			Gateways: []aws.Gateway{
				{ID: "sgw-11111111", NextVersion: "1.3.0", Window: open, Volumes: []aws.Volume{{ID: "vol-1111AAAA"}}},
				{ID: "sgw-22222222", NextVersion: "1.3.0", Window: open, Type: "FILE_S3"},
				{ID: "sgw-33333333", Window: open, Type: "FILE_S3"},
			},
		},
		Huawei: huawei.Scenario{
			Durations: huawei.Durations{Upgrade: fast, Weights: fast, Restart: fast, JobVisible: fast},
			Instances: []huawei.Instance{{ID: huawei.DefaultInstanceID, Proxies: []huawei.Proxy{
				{ID: proxyOne, CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000"},
				{ID: proxyTwo, CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000", Fate: huawei.Fate{Reject: "insufficient subnet ip"}},
			}}},
		},
	}
}

// work starts a worker whose accounts are both called sim.
func (w *world) work() {
	w.t.Helper()
	clouds := httptest.NewServer(w.sim)
	w.t.Cleanup(clouds.Close)
	known := accounts.New(w.t.Context(),
		[]accounts.AWS{{
			Account: awsaccounts.Account{Name: "sim", Region: aws.DefaultRegion, Endpoint: clouds.URL},
			Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
		}},
		[]accounts.Huawei{{
			Account:     huaweicloud.Account{Name: "sim", Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: clouds.URL},
			Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
		}})
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	run := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.Register(run)
	activities.Register(run, activities.Providers{AWS: known, Huawei: known, Runs: c, Now: time.Now})
	require.NoError(w.t, run.Start())
	w.t.Cleanup(run.Stop)
}

// answer is what one call of tidegate printed and ended with.
type answer struct {
	status      int
	out, errors string
}

func (w *world) tidegate(args ...string) answer { return w.tidegateUntil(w.t.Context(), args...) }

func (w *world) tidegateUntil(ctx context.Context, args ...string) answer {
	w.t.Helper()
	var out, errs bytes.Buffer
	status := starter.Run(ctx, append([]string{"--address", w.server.FrontendAddress()}, args...), &out, &errs)
	w.t.Logf("tidegate %q: %d\n%s%s", args, status, out.String(), errs.String())
	return answer{status, out.String(), errs.String()}
}

// quick are the flags of a maintenance that does not wait longer than it must.
func quick(command, gateway string, more ...string) []string {
	return append([]string{
		command, "--name", "one", "--account", "sim", "--gateway", arnPrefix + gateway,
		"--pace-min", "20ms", "--pace-max", "100ms", "--steady-for", "20ms",
	}, more...)
}

// printed is the JSON that maintain, run and status print.
type printed struct {
	WorkflowID string              `json:"workflowId"`
	RunID      string              `json:"runId"`
	Execution  string              `json:"execution"`
	Status     *maintenance.Status `json:"status"`
	Result     *maintenance.Result `json:"result"`
}

func (a answer) json(t *testing.T) printed {
	t.Helper()
	var p printed
	require.NoError(t, json.Unmarshal([]byte(a.out), &p), a.out)
	return p
}

func (w *world) kinds() []string {
	kinds := []string{}
	for _, e := range w.sim.Effects() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestFromSetUpToTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tidegate(quick("maintain", "sgw-11111111")...)
	require.Equal(t, 1, first.status)
	require.Contains(t, first.errors, "if namespace default was never set up, do so with: tidegate setup")
	for range 2 {
		require.Equal(t, 0, w.tidegate("setup").status, "and again without harm")
	}
	made := w.tidegate("setup", "--namespace", "other")
	require.Equal(t, 0, made.status)
	require.Equal(t, "Namespace other is ready.\n", made.errors)
	w.work()

	none := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 1, none.status)
	require.Contains(t, none.errors, "there is no maintenance of sgw-11111111 in namespace default; start one with: tidegate maintain")

	done := w.tidegate(quick("maintain", "sgw-11111111", "--wait", "--output", "json", "--label", "app=pay")...)
	require.Equal(t, 0, done.status)
	got := done.json(t)
	require.Equal(t, workflows.GatewayWorkflowID("sgw-11111111"), got.WorkflowID)
	require.Equal(t, "Completed", got.Execution)
	require.Equal(t, maintenance.StateCompleted, got.Result.State)
	for _, step := range maintenance.Steps() {
		require.Contains(t, done.errors, string(step), "progress goes to standard error")
	}
	require.Equal(t, []string{"storagegateway:UpdateGatewaySoftwareNow", "storagegateway:CreateSnapshot"}, own(w.kinds()))

	shown := w.tidegate("status", arnPrefix+"sgw-11111111", "-o", "json")
	require.Equal(t, 0, shown.status)
	require.Equal(t, got, shown.json(t))
	table := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 0, table.status)
	require.Contains(t, table.out, "ended     COMPLETED")
	require.Regexp(t, `await-running +done .*from 1\.2\.3 to 1\.3\.0`, table.out)
	require.NotContains(t, table.out, "\x1b", "no colour where there is no terminal")
}

// own are the effects that were not the vendor's.
func own(kinds []string) []string {
	mine := []string{}
	for _, kind := range kinds {
		if len(kind) < 7 || kind[:7] != "vendor:" {
			mine = append(mine, kind)
		}
	}
	return mine
}

func TestAGatewayIsInOneMaintenanceAndWaitsForItsApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	w.work()
	started := w.tidegate(quick("maintain", "sgw-22222222", "--approval")...)
	require.Equal(t, 0, started.status)
	require.Contains(t, started.errors, "Follow it with: tidegate status sgw-22222222")

	again := w.tidegate(quick("maintain", "sgw-22222222")...)
	require.Equal(t, 1, again.status)
	require.Contains(t, again.errors, "sgw-22222222 is in a maintenance already, workflow "+workflows.GatewayWorkflowID("sgw-22222222")+", run ")

	require.Eventually(t, func() bool {
		s := w.tidegate("status", "sgw-22222222", "-o", "json").json(t).Status
		return s != nil && s.Blocker == maintenance.BlockedByApproval
	}, 20*time.Second, 50*time.Millisecond)
	waiting := w.tidegate("status", "sgw-22222222")
	require.Contains(t, waiting.out, "waits     (approval)")

	approved := w.tidegate("approve", "sgw-22222222", "--by", "alice", "--why", "CHG-1")
	require.Equal(t, 0, approved.status)
	require.Regexp(t, `^sgw-22222222: approved by alice at 20`, approved.out)
	require.Eventually(t, func() bool {
		r := w.tidegate("status", "sgw-22222222", "-o", "json").json(t).Result
		return r != nil && r.State == maintenance.StateCompleted && r.Decisions[0].Why == "CHG-1"
	}, 20*time.Second, 50*time.Millisecond)
	late := w.tidegate("approve", "sgw-22222222", "--by", "bob", "--why", "CHG-2")
	require.Equal(t, 1, late.status)
	require.Contains(t, late.errors, "there is no running maintenance of sgw-22222222 in namespace default")
}

func TestAPartialEndIsStatusThree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	w.work()
	file := filepath.Join(t.TempDir(), "target.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
target:
  name: files
  gateway: {account: sim, arn: `+arnPrefix+`sgw-33333333}
  proxies:
    - {account: sim, instanceId: `+huawei.DefaultInstanceID+`, proxyId: `+proxyOne+`}
    - {account: sim, instanceId: `+huawei.DefaultInstanceID+`, proxyId: `+proxyTwo+`}
policy:
  pace: {min: 20ms, max: 100ms}
  proxies: {shiftReads: true}
`), 0o600))
	ended := w.tidegate("run", file)
	require.Equal(t, 3, ended.status)
	require.Contains(t, ended.out, "ended     PARTIAL")
	require.Regexp(t, proxyTwo+` +rejected .*insufficient subnet ip`, ended.out)
	require.Contains(t, ended.errors, "upgrade-proxies  failed")
}

func TestARunGoesOnWhenNobodyFollowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	w.work()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	left := w.tidegateUntil(ctx, quick("run", "sgw-22222222", "--approval")...)
	require.Equal(t, 1, left.status)
	require.Contains(t, left.errors, "no longer followed; the maintenance goes on; look again with: tidegate status sgw-22222222")
	require.Equal(t, "Running", w.tidegate("status", "sgw-22222222", "-o", "json").json(t).Execution)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.CancelWorkflow(t.Context(), workflows.GatewayWorkflowID("sgw-22222222"), ""))
	require.Eventually(t, func() bool {
		got := w.tidegate("status", "sgw-22222222", "-o", "json").json(t)
		return got.Execution == "Canceled" && got.Result.State == maintenance.StateFailed
	}, 20*time.Second, 50*time.Millisecond)
}

func TestWhatTheWebUIShowsOfARunBeforeItBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	require.Equal(t, 0, w.tidegate(quick("maintain", "sgw-11111111", "--label", "app=pay", "--cutoff", "20m")...).status)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	described, err := c.DescribeWorkflow(t.Context(), workflows.GatewayWorkflowID("sgw-11111111"), "")
	require.NoError(t, err)
	summary, err := described.GetStaticSummary()
	require.NoError(t, err)
	require.Equal(t, "Maintenance of one (sgw-11111111)", summary)
	details, err := described.GetStaticDetails()
	require.NoError(t, err)
	require.Contains(t, details, "gateway `"+arnPrefix+"sgw-11111111` in account `sim`")
	require.Contains(t, details, "cutoff: 20m")
	require.Contains(t, details, "label `app=pay`")
	require.NoError(t, c.TerminateWorkflow(t.Context(), workflows.GatewayWorkflowID("sgw-11111111"), "", "enough"))
	ended := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 1, ended.status)
	require.Contains(t, ended.out, "terminated")
	require.Contains(t, ended.errors, "the run left no result")
}
