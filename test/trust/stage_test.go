// Package trust_test runs campaigns as an auditor distrusts them: with the database open on the desk,
// the network cut by TLS that is wrong, and secrets that change. Each test has a Temporal server with a
// database file, simulated clouds, and the worker's and the operator's own commands.
package trust_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/workers"
)

const (
	arnPrefix = "arn:aws:storagegateway:us-east-1:123456789012:gateway/"
	proxy     = "00000000000000000000000000000001po01"
	soon      = time.Minute // until a condition must hold
)

// stage is everything around the commands.
type stage struct {
	t        *testing.T
	server   *devserver.Server
	sim      *simcloud.Simulation
	database string // its file
	folder   string // of the files that tests write
}

// newStage starts a Temporal server and the clouds. What is set for the commands is set in the process's environment.
func newStage(t *testing.T, change ...func(*devserver.Options)) *stage {
	t.Helper()
	s := &stage{t: t, folder: t.TempDir(), database: filepath.Join(t.TempDir(), "temporal.db")}
	options := devserver.Options{UIPort: devserver.NoUI, DBFile: s.database}
	for _, f := range change {
		f(&options)
	}
	var err error
	s.server, err = devserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(s.server.Stop)
	s.sim, err = simcloud.New(scenario(), simcloud.Options{})
	require.NoError(t, err)
	clouds := httptest.NewServer(s.sim)
	t.Cleanup(clouds.Close)
	for name, value := range map[string]string{
		"TEMPORAL_ADDRESS": s.server.FrontendAddress(), "TEMPORAL_CONFIG_FILE": s.path("none.toml"),
		"AWS_ACCESS_KEY_ID": aws.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY": aws.DefaultSecretAccessKey,
		"HUAWEICLOUD_SDK_AK": huawei.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": huawei.DefaultSecretKey,
		"CHANNEL_URL": "generic://127.0.0.1:1/?disabletls=yes",
	} {
		t.Setenv(name, value)
	}
	s.write("accounts.yaml", strings.ReplaceAll(`
aws: [{name: zephyraccount, region: us-east-1, endpoint: CLOUDS}]
huawei: [{name: zephyrdatabase, project: `+huawei.DefaultProjectID+`, region: `+huawei.DefaultRegion+`, endpoint: CLOUDS}]
channels: [{name: zephyrchannel, urlFrom: CHANNEL_URL}]
servers: {http: [{name: zephyrserver, url: "http://127.0.0.1:1", timeout: 1s}]}
`, "CLOUDS", clouds.URL))
	return s
}

func scenario() simcloud.Scenario {
	fast := 50 * time.Millisecond
	open := aws.Window{OpenedAgo: 5 * time.Minute}
	return simcloud.Scenario{
		AWS: aws.Scenario{
			Timing: aws.Timing{Gap: fast, Restart: 4 * fast, OldVersion: fast, Bootstrap: fast, Snapshot: fast, VisibleByID: fast, VisibleByFilter: fast},
			Gateways: []aws.Gateway{
				{ID: "sgw-0E000001", NextVersion: "1.3.0", Window: open, Volumes: []aws.Volume{{ID: "vol-0E000001"}}},
				{ID: "sgw-0E000002", NextVersion: "1.3.0", Window: open, Type: "FILE_S3"},
			},
		},
		Huawei: huawei.Scenario{
			Durations: huawei.Durations{Upgrade: fast, Weights: fast, Restart: fast, JobVisible: fast},
			Instances: []huawei.Instance{{ID: huawei.DefaultInstanceID, Proxies: []huawei.Proxy{
				{ID: proxy, CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000"},
			}}},
		},
	}
}

func (s *stage) path(name string) string { return filepath.Join(s.folder, name) }

// write replaces a file as one that is mounted is replaced: at once.
func (s *stage) write(name, text string) string {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path(name)+".new", []byte(text), 0o600))
	require.NoError(s.t, os.Rename(s.path(name)+".new", s.path(name)))
	return s.path(name)
}

// key is a line of a file of keys.
func key(id, letter string) string {
	return id + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32))) + "\n"
}

// encrypted has all that starts from now on use a file of keys.
func (s *stage) encrypted(keys ...string) {
	s.t.Helper()
	s.t.Setenv("TIDEGATE_ENCRYPTION_KEYS_FILE", s.write("keys", strings.Join(keys, "")))
}

// log is what a program says while it runs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// work starts the worker's command. It ends with the test, or before.
func (s *stage) work(args ...string) (said *log, stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	said, ended := &log{}, make(chan int, 1)
	args = append([]string{"--accounts", s.path("accounts.yaml"), "--health-listen", "", "--log-format", "json"}, args...)
	go func() { ended <- workers.Run(ctx, args, said, said) }()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		if s.t.Failed() {
			s.t.Log(said.String())
		}
	})
	s.t.Cleanup(stop)
	return said, stop
}

// answer is what one call of tidegate printed and ended with.
type answer struct {
	status      int
	out, errors string
}

func (s *stage) tidegate(args ...string) answer {
	s.t.Helper()
	var out, errs bytes.Buffer
	status := cli.Run(s.t.Context(), args, &out, &errs)
	s.t.Logf("tidegate %q: %d\n%s%s", args, status, out.String(), errs.String())
	return answer{status, out.String(), errs.String()}
}

// done is tidegate, which must succeed.
func (s *stage) done(args ...string) string {
	s.t.Helper()
	got := s.tidegate(args...)
	require.Zero(s.t, got.status, "%q: %s%s", args, got.out, got.errors)
	return got.out + got.errors
}

// until repeats a command until it prints something.
func (s *stage) until(want string, args ...string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		got := s.tidegate(args...)
		return strings.Contains(got.out+got.errors, want)
	}, soon, 100*time.Millisecond, "%q never said %s", args, want)
}

// plan writes a plan of distinctive words, which takes the gateways in waves of one.
func (s *stage) plan(more string) string {
	s.t.Helper()
	return s.write("plan.yaml", `
apiVersion: tidegate/v1
name: zephyrplan
accounts:
  aws: [{name: zephyraccount, region: us-east-1}]
  huawei: [{name: zephyrdatabase, project: `+huawei.DefaultProjectID+`, region: `+huawei.DefaultRegion+`}]
rollout: {waves: [1]}
limits: {steadyFor: 20ms, updateDelay: 0s, pace: {min: 20ms, max: 100ms}}
`+more+`
targets:
  - name: zephyrtarget
    labels: {zephyrlabel: zephyrvalue}
    gateway: {account: zephyraccount, arn: "`+arnPrefix+`sgw-0E000001"}
    proxies: [{account: zephyrdatabase, instanceId: `+huawei.DefaultInstanceID+`, proxyId: `+proxy+`}]
  - name: zephyrsecond
    gateway: {account: zephyraccount, arn: "`+arnPrefix+`sgw-0E000002"}
`)
}
