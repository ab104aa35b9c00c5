package chaos_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// stage is everything that one seed needs: the clouds in this process, the
// server and the worker as processes of their own.
type stage struct {
	t        *testing.T
	members  []member
	clouds   *simcloud.Simulation
	server   *process
	worker   *process
	client   client.Client
	runs     []client.WorkflowRun // the members', in their order, or those of their campaign
	folder   string
	database string
}

// raise starts everything and the runs of the members.
func raise(t *testing.T, programs string, members []member) *stage {
	t.Helper()
	s := &stage{t: t, members: members}
	s.raisePrograms(programs, scenario(members))
	for _, m := range s.members {
		in := m.input()
		run, err := s.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: api.GatewayWorkflowID(m.gateway.ID), TaskQueue: api.TaskQueue,
			TypedSearchAttributes: webui.StartAttributes(in.Target), StaticSummary: "Maintenance of " + m.name,
		}, api.GatewayMaintenanceName, in)
		require.NoError(t, err)
		s.runs = append(s.runs, run)
	}
	return s
}

// raisePrograms starts the clouds, the server and the worker.
func (s *stage) raisePrograms(programs string, in simcloud.Scenario) {
	s.t.Helper()
	s.folder = s.t.TempDir()
	var err error
	s.clouds, err = simcloud.New(in, simcloud.Options{})
	require.NoError(s.t, err)
	endpoint, stop, err := s.clouds.Start(s.t.Context(), "127.0.0.1:0")
	require.NoError(s.t, err)
	s.t.Cleanup(stop)
	address := s.raiseServer(filepath.Join(programs, "devserver"))
	s.worker = s.newWorker("worker", filepath.Join(programs, "worker"), "http://"+endpoint, address)
	s.worker.start()
}

func (s *stage) raiseServer(program string) (address string) {
	s.t.Helper()
	port := freePort(s.t)
	address = net.JoinHostPort("127.0.0.1", port)
	s.database = filepath.Join(s.folder, "temporal.db")
	s.server = newProcess(s.t, "server", program, []string{"HOME=" + s.folder}, "--db", s.database, "--port", port, "--headless")
	s.server.start()
	require.Eventually(s.t, func() bool {
		var err error
		s.client, err = client.DialContext(s.t.Context(), client.Options{
			HostPort: address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		})
		return err == nil
	}, time.Minute, 100*time.Millisecond, "the server does not answer")
	s.t.Cleanup(s.client.Close)
	return address
}

// newWorker is a worker that reaches the clouds at an endpoint, and Temporal at an address.
func (s *stage) newWorker(name, program, endpoint, address string, flags ...string) *process {
	s.t.Helper()
	accounts := filepath.Join(s.folder, name+"-accounts.yaml")
	text := fmt.Sprintf("aws:\n  - {name: %s, region: %s, endpoint: %q, perSecond: 200}\nhuawei:\n  - {name: %s, project: %s, region: %s, endpoint: %q, perSecond: 200}\n",
		awsAccount, aws.DefaultRegion, endpoint, huaweiAccount, huawei.DefaultProjectID, huawei.DefaultRegion, endpoint)
	text += fmt.Sprintf("servers:\n  prometheus: [{name: %[1]s, url: %[2]q, perSecond: 200}]\n  alertmanager: [{name: %[1]s, url: %[3]q, perSecond: 200}]\n",
		monitor, endpoint+monitoring.PrometheusPath, endpoint+monitoring.AlertmanagerPath)
	require.NoError(s.t, os.WriteFile(accounts, []byte(text), 0o600))
	// Nothing of this process's environment: someone's real credentials may be in it.
	env := []string{"HOME=" + s.folder, "TEMPORAL_ADDRESS=" + address}
	for name, value := range credentials {
		env = append(env, name+"="+value)
	}
	args := append([]string{"--accounts", accounts, "--health-listen", "", "--log-format", "json"}, flags...)
	return newProcess(s.t, name, program, env, args...)
}

// ports counts the ports that this process has tried.
var ports atomic.Int64

// freePort is a port that the server can have again after each kill: below those
// that systems assign to programs that ask for any port.
func freePort(t *testing.T) string {
	t.Helper()
	const first, many = 20_000, 12_000
	for range 100 {
		port := strconv.Itoa(first + (os.Getpid()*61+int(ports.Add(1)))%many)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	require.Fail(t, "no free port below 32000")
	return ""
}

func logFile(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(t.ArtifactDir(), name+".log")
}

// tail is the end of a log.
func tail(t *testing.T, name string, most int64) string {
	t.Helper()
	f, err := os.Open(logFile(t, name))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	info, err := f.Stat()
	require.NoError(t, err)
	_, err = f.Seek(max(0, info.Size()-most), io.SeekStart)
	require.NoError(t, err)
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}
