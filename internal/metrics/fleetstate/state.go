// Package fleetstate reads the state of campaigns and maintenances from Temporal, as `tidegate list` and
// `tidegate status` do, and shows it to Prometheus while this worker is the one that does. Start at State.
package fleetstate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/activities/export"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	// askAgain is when a campaign is asked again at the latest in whose history nothing has happened: what it says also
	// changes with the time. One that did not answer, for want of a worker of its build, is left alone until then too.
	askAgain = 2 * time.Minute
	// patience is how long one may take to answer, and atOnce how many are asked at a time.
	patience, atOnce = 5 * time.Second, 8
)

// State is what was read last. It may be used by many goroutines at once.
type State struct {
	now  func() time.Time
	desc map[string]*prometheus.Desc

	reading sync.Mutex
	session operate.Session
	queue   string            // of the workflows that it is about
	known   map[string]answer // by run id; of the campaigns that run

	mu    sync.Mutex
	read  []prometheus.Metric
	until time.Time // shown before that
}

var (
	_ export.State         = (*State)(nil)
	_ prometheus.Collector = (*State)(nil)
)

// answer is the last that a campaign gave.
type answer struct {
	status fleet.Status
	at     time.Time // zero: it has given none
	asked  time.Time // last
	events int64     // of its history then
}

// New makes a state of which nothing was read. now is the clock of this worker.
func New(now func() time.Time) *State {
	s := &State{now: now, desc: map[string]*prometheus.Desc{}, known: map[string]answer{}}
	for _, d := range metric.State() {
		s.desc[d.Name] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
	}
	return s
}

// Of says from where it is read, and of which task queue: the workers of another one in the namespace show their own.
func (s *State) Of(session operate.Session, queue string) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.session, s.queue = session, queue
}

// Describe gives the metrics that it may show.
func (s *State) Describe(to chan<- *prometheus.Desc) {
	for _, d := range s.desc {
		to <- d
	}
}

// Collect gives what was read last while it is to be shown, by both clocks of the machine: the one that only counts
// stands still while the machine does.
func (s *State) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	read, until := s.read, s.until
	s.mu.Unlock()
	now := s.now()
	if !now.Before(until) || !now.Round(0).Before(until.Round(0)) {
		return
	}
	for _, m := range read {
		to <- m
	}
}

// Show shows what was read last, until a time; zero: no longer.
func (s *State) Show(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until = until; until.IsZero() {
		s.read = nil
	}
}

// Read reads the state. A campaign that does not answer is shown with what Temporal itself knows of it; any other error
// leaves what was read before.
func (s *State) Read(ctx context.Context) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	campaigns, err := operate.RunningCampaigns(ctx, s.session)
	if err != nil {
		return err
	}
	campaigns = slices.DeleteFunc(campaigns, func(g operate.Campaign) bool { return g.TaskQueue != s.queue })
	r := round{state: s, at: s.now()}
	of, answers := make([]round, len(campaigns)), make([]answer, len(campaigns))
	var asking errgroup.Group
	asking.SetLimit(atOnce)
	for i, g := range campaigns {
		of[i] = round{state: s, at: r.at}
		asking.Go(func() error {
			answers[i] = of[i].campaign(ctx, g)
			return nil
		})
	}
	_ = asking.Wait() // none fails
	known := make(map[string]answer, len(campaigns))
	for i, g := range campaigns {
		r.metrics, known[g.RunID] = append(r.metrics, of[i].metrics...), answers[i]
	}
	if err := errors.Join(r.maintenances(ctx), ctx.Err()); err != nil {
		return err
	}
	s.known = known
	r.gauge(metric.StateReadTimestamp, stamp(r.at))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = r.metrics
	return nil
}

// round is one reading.
type round struct {
	state   *State
	at      time.Time
	metrics []prometheus.Metric
}

func (r *round) gauge(name string, value float64, labels ...string) {
	r.metrics = append(r.metrics,
		prometheus.MustNewConstMetric(r.state.desc[name], prometheus.GaugeValue, value, labels...))
}

// time is gauge for a time; zero: there is none.
func (r *round) time(name string, at time.Time, labels ...string) {
	if !at.IsZero() {
		r.gauge(name, stamp(at), labels...)
	}
}

func stamp(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

// campaign shows one campaign. Its own answer needs a worker of its build; the rest does not.
func (r *round) campaign(ctx context.Context, g operate.Campaign) answer {
	if g.Blocker != "" {
		r.gauge(metric.CampaignBlocked, stamp(cmp.Or(g.Since, r.at)), g.Name, g.Blocker)
	}
	last := r.state.known[g.RunID]
	described, err := r.state.session.DescribeWorkflowExecution(ctx, g.WorkflowID, "")
	if err == nil {
		r.gauge(metric.CampaignTaskAttempts, float64(described.GetPendingWorkflowTask().GetAttempt()), g.Name)
		events := described.GetWorkflowExecutionInfo().GetHistoryLength()
		if last.events != events || r.at.Sub(last.asked) >= askAgain {
			last = r.ask(ctx, g, last)
			last.events = events
		}
	}
	if !last.at.IsZero() {
		r.status(g.Name, last)
	}
	return last
}

func (r *round) ask(ctx context.Context, g operate.Campaign, last answer) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var status fleet.Status
	last.asked = r.state.now()
	if err := g.Ask(ctx, r.state.session, api.StatusQuery, &status); err == nil {
		last.status, last.at = status, last.asked
	}
	return last
}

// status shows what a campaign answered.
func (r *round) status(campaign string, a answer) {
	s := a.status
	r.gauge(metric.CampaignAnswered, stamp(a.at), campaign)
	r.targets(campaign, s)
	waves := map[string]int{
		fleet.WaveWaiting: 0, fleet.WaveOpen: 0, fleet.WaveBaking: 0, fleet.WaveEnded: 0, fleet.WaveStopped: 0,
	}
	for _, w := range s.Waves {
		waves[w.State]++
	}
	for state, n := range waves {
		r.gauge(metric.CampaignWaves, float64(n), campaign, state)
	}
	r.gauge(metric.CampaignFailuresLeft, float64(s.MaxFailures-s.Counts.Failed), campaign)
	missing := 0
	if s.Asks() {
		missing = s.Approval.Wanted - len(s.Approval.Given)
	}
	r.gauge(metric.CampaignApprovals, float64(missing), campaign)
	r.time(metric.CampaignNext, s.Next, campaign)
	waiting := 0
	if s.Closing != nil {
		waiting = s.Closing.Waiting
		r.time(metric.CampaignWindowCloses, s.Closing.At, campaign)
	}
	r.gauge(metric.CampaignWindowWaiting, float64(waiting), campaign)
}

// targets shows each target once: those that wait by what blocks them, the others by their state alone.
func (r *round) targets(campaign string, s fleet.Status) {
	waiting := s.Counts.Waiting
	for blocker, n := range s.Blockers {
		waiting -= n
		r.gauge(metric.CampaignTargets, float64(n), campaign, string(fleet.Waiting), string(blocker))
	}
	for state, n := range map[fleet.State]int{
		fleet.Waiting: waiting, // that the last decision does not know yet
		fleet.Armed:   s.Counts.Armed, fleet.Running: s.Counts.Running, fleet.Held: s.Counts.Held,
		fleet.Succeeded: s.Counts.Succeeded, fleet.Failed: s.Counts.Failed, fleet.Skipped: s.Counts.Skipped,
		fleet.UpToDate: s.Counts.UpToDate,
	} {
		r.gauge(metric.CampaignTargets, float64(n), campaign, string(state), "")
	}
}

// maintenances shows how many there are, as Temporal lists them.
func (r *round) maintenances(ctx context.Context) error {
	running := func(kind string) string {
		return fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", kind)
	}
	maintained := running(api.GatewayMaintenanceName)
	counts := []count{
		{metric.MaintenancesRunning, maintained, nil},
		{metric.MaintenancesHeld, fmt.Sprintf("%s AND TidegateBlocker = '%s'", maintained, maintenance.BlockedByHold), nil},
		{metric.QuarantinedGateways, running(api.QuarantineName), nil},
	}
	yesterday := r.at.UTC().Add(-24 * time.Hour).Format(time.RFC3339)
	for _, state := range []maintenance.EndState{
		maintenance.StateFailed, maintenance.StateCompensated, maintenance.StatePartial,
		maintenance.StateCompensationFailed, maintenance.StateVerificationFailed,
	} {
		counts = append(counts, count{
			metric.MaintenancesFailed, fmt.Sprintf("WorkflowType = '%s' AND TidegateState = '%s' AND CloseTime > '%s'",
				api.GatewayMaintenanceName, state, yesterday), []string{string(state)},
		})
	}
	for _, c := range counts {
		found, err := r.state.session.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Query: fmt.Sprintf("%s AND TaskQueue = '%s'", c.query, r.state.queue),
		})
		if err != nil {
			return fmt.Errorf("count workflows for %s: %w", c.name, err)
		}
		r.gauge(c.name, float64(found.GetCount()), c.labels...)
	}
	return nil
}

// count is how many workflows a query finds, as a metric.
type count struct {
	name, query string
	labels      []string
}
