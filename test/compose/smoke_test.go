package compose_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// place is where the services run: containers, or processes of this machine.
type place interface {
	up(t *testing.T)   // starts what does not run, and waits until it is healthy
	kill(t *testing.T) // kills Temporal and the worker without a warning
	more(t *testing.T) // looks at what only this place has, with everything up
}

// ports are those that the compose file publishes, by the variables that move them.
func ports(t *testing.T) map[string]string {
	t.Helper()
	free := map[string]string{}
	for _, name := range []string{"TEMPORAL_PORT", "TEMPORAL_UI_PORT", "TIDEGATE_SIM_PORT", "TIDEGATE_PROMETHEUS_PORT"} {
		var config net.ListenConfig
		l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		_, free[name], err = net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	return free
}

// programs builds what somebody has on their own machine.
func programs(t *testing.T, paths ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	build := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", folder}, paths...)...)
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return folder
}

// asAUserWould starts a campaign, kills Temporal and the worker once a gateway was told to update, brings them up
// again, and expects that the campaign completes and nothing was sent twice.
func asAUserWould(t *testing.T, p place, tidegate string, ports map[string]string) {
	t.Helper()
	run := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		command := exec.CommandContext(ctx, tidegate, args...)
		command.Dir = root
		command.Env = append(os.Environ(), "TEMPORAL_ADDRESS=127.0.0.1:"+ports["TEMPORAL_PORT"], "TEMPORAL_NAMESPACE=default")
		out, err := command.CombinedOutput()
		require.NoError(t, err, "tidegate %s\n%s", strings.Join(args, " "), out)
		return string(out)
	}
	updates := func() (sent map[string]int) {
		sent = map[string]int{}
		var effects []struct{ Kind, Resource string }
		body, ok := get(t, "http://127.0.0.1:"+ports["TIDEGATE_SIM_PORT"]+"/_sim/effects")
		require.True(t, ok)
		require.NoError(t, json.Unmarshal(body, &effects))
		for _, e := range effects {
			if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" {
				sent[e.Resource]++
			}
		}
		return sent
	}
	p.up(t)
	run("doctor", "deploy/local/campaign.yaml")
	run("run", "deploy/local/campaign.yaml", "--detach")
	require.Eventually(t, func() bool { return len(updates()) > 0 }, 2*time.Minute, 200*time.Millisecond, "no gateway is updated")
	p.kill(t)
	p.up(t)
	require.Contains(t, run("watch", "local"), "3 of 4 targets succeeded")
	require.Contains(t, run("status", "local"), "COMPLETED")
	sent := updates()
	require.Len(t, sent, 3)
	for gateway, times := range sent {
		require.Equal(t, 1, times, gateway)
	}
	p.more(t)
}

func get(t *testing.T, url string) (body []byte, ok bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, false
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	body, err = io.ReadAll(answer.Body)
	return body, err == nil && answer.StatusCode == http.StatusOK
}

// engine is Docker Compose, with the file as it is.
type engine struct{ env []string }

func (e engine) compose(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(ctx, "docker", append([]string{"compose", "--profile", "sim", "--profile", "monitoring"}, args...)...)
	command.Dir, command.Env = root, e.env
	out, err := command.CombinedOutput()
	require.NoError(t, err, "docker compose %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

func (e engine) up(t *testing.T) {
	t.Helper()
	e.compose(t.Context(), t, "up", "--build", "--wait")
}

func (e engine) kill(t *testing.T) {
	t.Helper()
	e.compose(t.Context(), t, "kill", "temporal", "worker")
}

// more asks Prometheus whether it reads the worker, and has Tidegate's alerts.
func (e engine) more(t *testing.T) {
	t.Helper()
	prometheus := "http://" + strings.TrimSpace(e.compose(t.Context(), t, "port", "prometheus", "9090"))
	require.Eventually(t, func() bool {
		body, _ := get(t, prometheus+"/api/v1/query?query=tidegate_worker_info")
		return bytes.Contains(body, []byte(`"job":"tidegate"`))
	}, time.Minute, time.Second)
	body, ok := get(t, prometheus+"/api/v1/rules")
	require.True(t, ok)
	require.Contains(t, string(body), "TidegateCampaignHeld")
}

// The compose file on a real engine. It was never run where these tests usually are: there is none.
func TestComposeServesAUserThroughAKill(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "docker", "info").CombinedOutput(); err != nil {
		t.Skipf("no Docker engine answers (docker info: %v: %s)", err, bytes.TrimSpace(out))
	}
	if out, err := exec.CommandContext(t.Context(), "docker", "compose", "version").CombinedOutput(); err != nil {
		t.Skipf("Docker has no compose (docker compose version: %v: %s)", err, bytes.TrimSpace(out))
	}
	ports := ports(t)
	e := engine{append(os.Environ(), "COMPOSE_PROJECT_NAME=tidegate-smoke-"+ports["TEMPORAL_PORT"])}
	for name, port := range ports {
		e.env = append(e.env, name+"="+port)
	}
	t.Cleanup(func() { e.compose(context.WithoutCancel(t.Context()), t, "down", "--volumes", "--timeout", "10") })
	asAUserWould(t, e, filepath.Join(programs(t, "./cmd/tidegate"), "tidegate"), ports)
}

// processes play the containers where no engine is: the same programs, on the same ports, with a database that
// outlives a kill. What they prove is the steps, and not the containers.
type processes struct {
	bin, folder string
	ports       map[string]string
	running     map[string]*exec.Cmd
}

func (p *processes) start(t *testing.T, program string, args ...string) {
	t.Helper()
	if p.running[program] != nil {
		return
	}
	log, err := os.OpenFile(filepath.Join(p.folder, program+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	command := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(p.bin, program), args...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "TEMPORAL_ADDRESS=127.0.0.1:"+p.ports["TEMPORAL_PORT"], "TEMPORAL_NAMESPACE=default",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		"HUAWEICLOUD_SDK_AK=SIMHUAWEIAK", "HUAWEICLOUD_SDK_SK=SIMHUAWEISK")
	require.NoError(t, command.Start())
	p.running[program] = command
}

func (p *processes) end(t *testing.T, with syscall.Signal, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if c := p.running[name]; c != nil {
			require.NoError(t, c.Process.Signal(with))
			_ = c.Wait() // how it ends is not asked
			delete(p.running, name)
		}
	}
}

func (p *processes) up(t *testing.T) {
	t.Helper()
	healthy := func(what string, ok func() bool) {
		t.Helper()
		require.Eventually(t, ok, 2*time.Minute, 200*time.Millisecond, "%s is not up", what)
	}
	p.start(t, "simcloud", "--listen", "127.0.0.1:"+p.ports["TIDEGATE_SIM_PORT"])
	healthy("simcloud", func() bool {
		_, ok := get(t, "http://127.0.0.1:"+p.ports["TIDEGATE_SIM_PORT"]+"/_sim/healthz")
		return ok
	})
	p.start(t, "devserver", "--headless", "--db", filepath.Join(p.folder, "temporal.db"), "--port", p.ports["TEMPORAL_PORT"])
	setup := func() bool {
		command := exec.CommandContext(t.Context(), filepath.Join(p.bin, "tidegate"), "setup", "--address", "127.0.0.1:"+p.ports["TEMPORAL_PORT"])
		return command.Run() == nil
	}
	healthy("devserver", setup)
	health := "127.0.0.1:" + p.ports["TIDEGATE_PROMETHEUS_PORT"] // a port that nothing else has here
	p.start(t, "tidegate-worker", "--accounts", filepath.Join(p.folder, "accounts.yaml"), "--health-listen", health)
	healthy("tidegate-worker", func() bool { _, ok := get(t, "http://"+health+"/readyz"); return ok })
}

func (p *processes) kill(t *testing.T) {
	t.Helper()
	p.end(t, syscall.SIGKILL, "devserver", "tidegate-worker")
}

func (p *processes) more(*testing.T) {}

func TestTheSmokeTestsStepsHoldWithProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the programs, and runs a campaign in real time")
	}
	p := &processes{
		bin:    programs(t, "./cmd/tidegate", "./cmd/tidegate-worker", "./simcloud", "./devserver"),
		folder: t.TempDir(), ports: ports(t), running: map[string]*exec.Cmd{},
	}
	accounts := strings.ReplaceAll(read(t, "deploy/compose/accounts.yaml"), "simcloud:4599", "127.0.0.1:"+p.ports["TIDEGATE_SIM_PORT"])
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "accounts.yaml"), []byte(accounts), 0o600))
	t.Cleanup(func() {
		for _, name := range []string{"tidegate-worker", "devserver", "simcloud"} {
			p.end(t, syscall.SIGTERM, name)
			if log, err := os.ReadFile(filepath.Join(p.folder, name+".log")); err == nil && t.Failed() {
				t.Log(name, string(log))
			}
		}
	})
	asAUserWould(t, p, filepath.Join(p.bin, "tidegate"), p.ports)
}

// The file's head says the command that the test runs.
func TestTheComposeFileSaysHowToStartIt(t *testing.T) {
	t.Parallel()
	require.Contains(t, read(t, "docker-compose.yml"), "docker compose --profile sim up --build --wait ")
}
