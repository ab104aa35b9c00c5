package chaos_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	plans "github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// gates hold the answers of calls that the clouds have carried out.
type gates struct {
	mu  sync.Mutex
	all []*gate
}

// gate holds the answer of the first call of an operation whose request names something.
type gate struct {
	operation, names string
	came             chan int      // the worker whose call it is
	open             chan struct{} // is closed to let the answer go
}

// hold adds a gate.
func (g *gates) hold(operation, names string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := &gate{operation: operation, names: names, came: make(chan int, 1), open: make(chan struct{})}
	g.all = append(g.all, one)
	return one
}

// take is the gate of a request; nil: none.
func (g *gates) take(r *http.Request, body []byte) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, one := range g.all {
		if one != nil && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+one.operation) && bytes.Contains(body, []byte(one.names)) {
			g.all[i] = nil
			return one
		}
	}
	return nil
}

// of is the way of one worker to the clouds.
func (g *gates) of(worker int, clouds http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the worker was killed
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		held := g.take(r, body)
		if held == nil {
			clouds.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		clouds.ServeHTTP(answer, r)
		held.came <- worker
		select {
		case <-held.open:
		case <-r.Context().Done():
			return
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the worker may have been killed
	}
}

const (
	manyWorkers = 3
	manyMembers = 12
)

// TestOneOfThreeWorkersIsKilledAndOneStopped: in a campaign, the first worker that triggers an update is killed before
// it has the answer, and one is told to stop, as by a rolling update, while it waits for the answer to a snapshot. That
// one takes the answer first and loses nothing; the third carries the campaign to its end. Nothing is done twice, and no
// sum over the workers counts a target twice.
func TestOneOfThreeWorkersIsKilledAndOneStopped(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes in real time: a minute")
	}
	programs := build(t)
	s := &stage{t: t}
	for n := range manyMembers {
		s.members = append(s.members, plain(n+1))
	}
	var held gates
	crew, ports := s.raiseCrew(programs, &held)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	trigger := held.hold("UpdateGatewaySoftwareNow", s.members[0].gateway.ID)
	snapshot := held.hold("CreateSnapshot", volume(s.members[3].gateway, 0)[len("vol-"):])
	run := s.start(ctx, s.plan(manyMembers/2))
	sums := watchSums(ctx, t, ports)

	killed := arrives(ctx, t, trigger)
	crew[killed].kill()
	close(trigger.open)
	t.Logf("worker %d was killed while it waited for the answer to its trigger", killed)

	stopped := arrives(ctx, t, snapshot)
	require.NotEqual(t, killed, stopped)
	status := make(chan int, 1)
	began := time.Now()
	go func() { status <- crew[stopped].terminate(workers.StopTimeout + 5*time.Second) }()
	require.Eventually(t, func() bool {
		return strings.Contains(tail(t, crew[stopped].name, 1<<20), "worker stops")
	}, time.Minute, 10*time.Millisecond)
	close(snapshot.open)
	require.Zero(t, <-status, tail(t, crew[stopped].name, 4000))
	t.Logf("worker %d stopped %s after SIGTERM", stopped, time.Since(began).Round(time.Millisecond))

	result := s.ended(ctx, run)
	require.Equal(t, campaigns.Counts{Total: manyMembers, Succeeded: manyMembers}, result.Counts, result.Summary)
	s.worker = crew[manyWorkers-killed-stopped] // 0, 1 and 2
	require.InDelta(t, manyMembers, sums(), 0, "the most targets that the workers showed at once")
	require.Empty(t, s.retried(ctx, s.members[3], "CreateSnapshot"), "the worker that stopped has lost its answer")
	s.runs = append(s.runs, run)
	for _, m := range s.members {
		s.runs = append(s.runs, s.client.GetWorkflow(ctx, api.GatewayWorkflowID(m.gateway.ID), ""))
	}
	s.require(s.aftermath(), 0)
}

// plain is a target with a volume; every third has a proxy too.
func plain(number int) member {
	g := gateway(number, 1)
	m := member{
		name: fmt.Sprintf("plain-%d", number), gateway: g,
		effects: concat(updates(g), snapshots(g, maintenance.PointAfter)),
	}
	if number%3 == 0 {
		p := proxy(number, 1)
		m.proxies, m.effects = []huawei.Proxy{p}, concat(m.effects, shifts(p), upgrades(p))
	}
	return m
}

// raiseCrew starts Temporal and the workers, each with its own way to the clouds; ports are those of their metrics.
func (s *stage) raiseCrew(programs string, held *gates) (crew []*process, ports []string) {
	s.t.Helper()
	s.folder = s.t.TempDir()
	var err error
	s.clouds, err = simcloud.New(scenario(s.members), simcloud.Options{})
	require.NoError(s.t, err)
	address := s.raiseServer(filepath.Join(programs, "devserver"))
	for n := range manyWorkers {
		way := httptest.NewServer(held.of(n, s.clouds))
		s.t.Cleanup(way.Close)
		port := freePort(s.t)
		one := s.newWorker(fmt.Sprintf("worker-%d", n), filepath.Join(programs, "worker"), way.URL, address,
			"--health-listen", "127.0.0.1:"+port)
		one.start()
		crew, ports = append(crew, one), append(ports, port)
	}
	return crew, ports
}

// plan is the members' campaign, so many at a time, with a worker's call as long as on real clouds.
func (s *stage) plan(atOnce int) plans.Plan {
	policy := hasty()
	policy.Attempt = maintenance.Duration(15 * time.Second)
	policy.UpdateStart, policy.SnapshotSettle = maintenance.Duration(20*time.Second), maintenance.Duration(20*time.Second)
	p := plans.Plan{
		Name: "chaos", Policy: policy.WithDefaults(),
		Accounts: plans.Accounts{
			AWS:    []plans.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}},
			Huawei: []plans.HuaweiAccount{{Name: huaweiAccount, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion}},
		},
		Rollout: maintenance.Rollout{MaxConcurrent: atOnce}.WithDefaults(),
	}
	for _, m := range s.members {
		p.Targets = append(p.Targets, m.input().Target)
	}
	return p
}

// start starts a campaign.
func (s *stage) start(ctx context.Context, p plans.Plan) client.WorkflowRun {
	s.t.Helper()
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(p.Name), TaskQueue: api.TaskQueue, TypedSearchAttributes: webui.CampaignAttributes(p.Name),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "chaos"})
	require.NoError(s.t, err)
	return run
}

// ended is the result of a campaign.
func (s *stage) ended(ctx context.Context, run client.WorkflowRun) (result campaigns.Result) {
	s.t.Helper()
	s.until(ctx, "the campaign's end", func() (bool, error) {
		var err error
		result, err = endrecord.OfCampaign(ctx, run)
		return err == nil, err
	})
	return result
}

// arrives is the worker whose call is held.
func arrives(ctx context.Context, t *testing.T, g *gate) (worker int) {
	t.Helper()
	select {
	case worker = <-g.came:
	case <-ctx.Done():
		require.Fail(t, "no worker calls "+g.operation)
	}
	return worker
}

// watchSums reads the workers' metrics all the time; the function that it gives ends that, and is the most targets of
// the campaign that all of them together have shown.
func watchSums(ctx context.Context, t *testing.T, ports []string) (most func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan int, 1)
	go func() {
		highest := 0
		for ctx.Err() == nil {
			sum := 0
			for _, port := range ports {
				sum += shown(ctx, port)
			}
			highest = max(highest, sum)
			<-time.After(50 * time.Millisecond)
		}
		seen <- highest
	}()
	return func() int {
		cancel()
		return <-seen
	}
}

// shown is how many targets of the campaign a worker shows; none if it does not answer.
func shown(ctx context.Context, port string) (sum int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/metrics", http.NoBody)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	text, _ := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		var n int
		if _, value, found := strings.Cut(line, "} "); found && strings.HasPrefix(line, "tidegate_campaign_targets{") {
			if _, err := fmt.Sscan(value, &n); err == nil {
				sum += n
			}
		}
	}
	return sum
}

// retried are the activities of a type that a member's run tried more than once.
func (s *stage) retried(ctx context.Context, m member, activity string) (retried []int64) {
	s.t.Helper()
	events, err := s.history(ctx, s.client.GetWorkflow(ctx, api.GatewayWorkflowID(m.gateway.ID), ""))
	require.NoError(s.t, err)
	ours := map[int64]bool{}
	for _, e := range events {
		if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == activity {
			ours[e.GetEventId()] = true
		}
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil && ours[a.GetScheduledEventId()] && a.GetAttempt() > 1 {
			retried = append(retried, e.GetEventId())
		}
	}
	require.NotEmpty(s.t, ours)
	return retried
}
