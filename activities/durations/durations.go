// Package durations remembers how long changes take, for their polls: each worker knows what all runs of the namespace
// have seen, and a workflow for each cloud account keeps it. A run's history has nothing of it. Start at Memory.
package durations

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

// The names under which the workflow of an account is known.
const (
	WorkflowName = "Durations"
	SeenSignal   = "seen" // takes a polling.Memory
	Query        = "durations"
)

// WorkflowID is the id of the workflow that keeps the durations of an account; queue is the task queue of the account's
// activities.
func WorkflowID(queue string) string { return "durations-" + queue }

const (
	// sendEvery is how often at most a worker tells the workflow of an account what it has seen, and readEvery how often
	// it reads what other workers and earlier campaigns have.
	sendEvery, readEvery = 10 * time.Second, time.Minute
	// patience is how long a poll waits for Temporal at most. Without an answer it goes by what the worker knows.
	patience = 2 * time.Second
)

// Temporal is what a memory needs; a client has it.
type Temporal interface {
	SignalWithStartWorkflow(ctx context.Context, workflowID, signalName string, signalArg any,
		options client.StartWorkflowOptions, workflow any, workflowArgs ...any) (client.WorkflowRun, error)
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
}

// Memory is what one worker process knows of all accounts. A nil one knows nothing, and forgets what it is told.
type Memory struct {
	temporal Temporal
	queue    string             // of the workflows
	rates    map[string]float64 // calls a second, by the queue of an account
	now      func() time.Time

	mu       sync.Mutex
	accounts map[string]*account // by the queue of their activities
}

// account is what is known of one cloud account.
type account struct {
	known, unsent polling.Memory
	crowd         polling.Crowd
	sent, read    time.Time // last
	busy          bool      // with Temporal
}

// New makes a memory that keeps in Temporal what it sees: workflows run in queue. Rates are calls a second by the task
// queue of an account's activities; 0: no limit.
func New(t Temporal, queue string, rates map[string]float64, now func() time.Time) *Memory {
	return &Memory{temporal: t, queue: queue, rates: rates, now: now, accounts: map[string]*account{}}
}

// Before gives the durations of changes of a kind that had ended when another started.
func (m *Memory) Before(ctx context.Context, queue, kind string, started time.Time) []polling.Span {
	if m == nil {
		return nil
	}
	m.exchange(ctx, queue)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(queue).known.Before(kind, started)
}

// Interval is the wait before a poll is repeated, longer where the account's rate would not let all polls through; id
// is the poll's, the same each time.
func (m *Memory) Interval(queue, id string, wait time.Duration) time.Duration {
	if m == nil {
		return wait
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(queue).crowd.Interval(id, wait, m.rates[queue], m.now())
}

// Add remembers a change that has ended.
func (m *Memory) Add(ctx context.Context, queue, kind string, ended polling.Change) {
	if m == nil {
		return
	}
	m.mu.Lock()
	a, one := m.of(queue), polling.Memory{kind: {ended}}
	a.known.Add(one)
	a.unsent.Add(one)
	m.mu.Unlock()
	m.exchange(ctx, queue)
}

// of is the account of a queue, made when it is first asked for.
func (m *Memory) of(queue string) *account {
	a := m.accounts[queue]
	if a == nil {
		a = &account{known: polling.Memory{}, unsent: polling.Memory{}, crowd: polling.Crowd{}}
		m.accounts[queue] = a
	}
	return a
}

// exchange sends what this worker has seen, and reads what others have, when it is time. What could not be sent is sent
// later; that is lost with the process, which costs no more than some polls.
func (m *Memory) exchange(ctx context.Context, queue string) {
	m.mu.Lock()
	a, now := m.of(queue), m.now()
	send := len(a.unsent) > 0 && now.Sub(a.sent) >= sendEvery
	read := now.Sub(a.read) >= readEvery
	if a.busy || !send && !read {
		m.mu.Unlock()
		return
	}
	a.busy = true
	sending := polling.Memory{}
	if send {
		a.sent, sending, a.unsent = now, a.unsent, sending
	}
	if read {
		a.read = now
	}
	m.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent := !send || m.send(ctx, queue, sending) == nil
	found := polling.Memory{}
	if read {
		found = m.ask(ctx, queue)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !sent {
		a.unsent.Add(sending)
	}
	a.known.Add(found)
	a.busy = false
}

func (m *Memory) send(ctx context.Context, queue string, seen polling.Memory) error {
	_, err := m.temporal.SignalWithStartWorkflow(ctx, WorkflowID(queue), SeenSignal, seen, client.StartWorkflowOptions{
		TaskQueue: m.queue, StaticSummary: "How long changes took in the account of " + queue + ", for polls",
	}, WorkflowName, polling.Memory{})
	return err
}

// ask gives nothing where nothing is kept, or no answer came: polls then go by what this worker has seen.
func (m *Memory) ask(ctx context.Context, queue string) polling.Memory {
	found := polling.Memory{}
	answer, err := m.temporal.QueryWorkflow(ctx, WorkflowID(queue), "", Query)
	if err != nil || answer.Get(&found) != nil {
		return polling.Memory{}
	}
	return found
}
