// Package slots spaces the triggers of an account by its rate: each has a time, over all workers, and in a worker
// they go before the other activities of the account. Start at SendSlots and Turns.
package slots

import (
	"context"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/activities/names"
)

// Allot asks the workflow SendSlots of an account for slots.
type Allot struct {
	// Distance is the time between two triggers of the account, by the rate of its configuration.
	Distance time.Duration `json:"distance"`
	Triggers []For         `json:"triggers"`
}

// For is one trigger that needs a slot.
type For struct {
	Key  string    `json:"key"`
	From time.Time `json:"from"`
}

// Client is what SendSlots needs of a Temporal client.
type Client interface {
	NewWithStartWorkflowOperation(
		options client.StartWorkflowOptions, workflow any, args ...any,
	) client.WithStartWorkflowOperation
	UpdateWithStartWorkflow(
		ctx context.Context, options client.UpdateWithStartWorkflowOptions,
	) (client.WorkflowUpdateHandle, error)
}

const (
	// collectFor is for how long a worker collects what it asks of one account's workflow: Temporal
	// takes some ten updates of a workflow at a time.
	collectFor = 200 * time.Millisecond
	timeout    = 10 * time.Second
)

// SendSlots gets slots from the workflow of each account.
type SendSlots struct {
	Client Client
	Queue  string             // of the workflows
	Rates  map[string]float64 // the triggers of an account in a second; 0: no limit

	mu   sync.Mutex
	open map[string]*batch // by account: what is collected
}

// batch is one update.
type batch struct {
	asks  []For
	done  chan struct{}
	slots []time.Time
	err   error
}

// Slot is when the trigger of that key is sent in the account: at or after a time, and so that the
// account's rate holds over all workers, campaigns and single runs. The same key has the same slot.
func (s *SendSlots) Slot(ctx context.Context, account, key string, from time.Time) (time.Time, error) {
	rate := s.Rates[account]
	if rate <= 0 {
		return from, nil
	}
	s.mu.Lock()
	if s.open == nil {
		s.open = map[string]*batch{}
	}
	round := s.open[account]
	if round == nil {
		round = &batch{done: make(chan struct{})}
		s.open[account] = round
		all := context.WithoutCancel(ctx) // it outlives the one who asks first
		time.AfterFunc(collectFor, func() { s.ask(all, account, time.Duration(float64(time.Second)/rate), round) })
	}
	mine := len(round.asks)
	round.asks = append(round.asks, For{Key: key, From: from})
	s.mu.Unlock()
	select {
	case <-round.done:
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("wait for a slot of the account's rate: %w", context.Cause(ctx))
	}
	if round.err != nil {
		return time.Time{}, round.err
	}
	return round.slots[mine], nil
}

// ask ends a round.
func (s *SendSlots) ask(ctx context.Context, account string, distance time.Duration, round *batch) {
	s.mu.Lock()
	delete(s.open, account)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer close(round.done)
	id := names.SendSlotsWorkflowID(s.Queue, account)
	handle, err := s.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.Client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: id, TaskQueue: s.Queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			StaticSummary: "Times of the triggers in AWS account " + account,
		}, names.SendSlotsName),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: names.AllotUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{Allot{Distance: distance, Triggers: round.asks}},
		},
	})
	if err == nil {
		err = handle.Get(ctx, &round.slots)
	}
	switch {
	case err != nil:
		round.err = fmt.Errorf("get a slot of the account's rate from %s: %w", id, err)
	case len(round.slots) != len(round.asks):
		round.err = fmt.Errorf("%s gave %d slots for %d triggers", id, len(round.slots), len(round.asks))
	}
}
