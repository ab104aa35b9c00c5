package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/workers"
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
	// perSecond is the rate of the AWS account; 0: the default.
	perSecond float64
	channels  activities.Channels // nil: none
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
				{ID: "sgw-33333334", Window: open, Type: "FILE_S3"},
				{ID: "sgw-44444444", NextVersion: "1.3.0", Window: open, Type: "FILE_S3", NeverComesBack: true},
				{ID: "sgw-55555555", NextVersion: "1.3.0", Window: aws.Window{OpensIn: 2 * time.Hour}, Type: "FILE_S3"},
			},
		},
		Huawei: huawei.Scenario{
			Durations: huawei.Durations{Upgrade: fast, Weights: fast, Restart: fast, JobVisible: fast},
			Instances: []huawei.Instance{{ID: huawei.DefaultInstanceID, Proxies: []huawei.Proxy{
				{ID: proxyOne, CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000"},
				{ID: proxyTwo, CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000", Outcome: huawei.Outcome{Reject: "insufficient subnet ip"}},
			}}},
		},
	}
}

// work sets the namespace up, and starts workers whose accounts are both called
// sim. It gives the clouds' address.
func (w *world) work() (url string) {
	w.t.Helper()
	require.Equal(w.t, 0, w.tidegate("setup").status)
	clouds := httptest.NewServer(w.sim)
	w.t.Cleanup(clouds.Close)
	w.t.Cleanup(w.workers(clouds, workers.Options{Channels: w.channels}))
	return clouds.URL
}

// workers starts workers on the simulated clouds.
func (w *world) workers(clouds *httptest.Server, o workers.Options) (stop func()) {
	w.t.Helper()
	known := accounts.New(w.t.Context(),
		[]accounts.AWS{{
			Account: awsaccounts.Account{Name: "sim", Region: aws.DefaultRegion, Endpoint: clouds.URL},
			Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey}, PerSecond: w.perSecond,
		}},
		[]accounts.Huawei{{
			Account:     huaweicloud.Account{Name: "sim", Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: clouds.URL},
			Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
		}})
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	stop, err = workers.Start(c, known, o)
	require.NoError(w.t, err)
	return stop
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
	at := w.server.FrontendAddress()
	status := cli.Run(ctx, append([]string{"--address", at}, args...), &out, &errs)
	w.t.Logf("tidegate %q: %d\n%s%s", args, status, out.String(), errs.String())
	// Each command that is advised repeats the address, which no test knows.
	plain := strings.NewReplacer("tidegate --address "+at+" ", "tidegate ")
	return answer{status, plain.Replace(out.String()), plain.Replace(errs.String())}
}

// quick are the flags of a maintenance that does not wait longer than it must.
func quick(gateway string, more ...string) []string {
	return append([]string{
		"run", "--name", "one", "--account", "sim", "--gateway", arnPrefix + gateway,
		"--pace-min", "20ms", "--pace-max", "100ms", "--steady-for", "20ms",
	}, more...)
}

// printed is the JSON that run, watch and status print.
type printed struct {
	Gateway    string                  `json:"gateway"`
	WorkflowID string                  `json:"workflowId"`
	RunID      string                  `json:"runId"`
	Execution  string                  `json:"execution"`
	Status     *maintenance.Status     `json:"status"`
	Result     *maintenance.Result     `json:"result"`
	Quarantine *maintenance.Quarantine `json:"quarantine"`
	May        []string                `json:"may"`
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
