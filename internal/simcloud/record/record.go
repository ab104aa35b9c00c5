// Package record is the ledger of the simulated clouds: the calls, counted by operation, and the
// effects, in order. The effects are the ground truth of every test of "exactly once". It judges
// none of them. Start at Book.
package record

import (
	"maps"
	"sync"
	"time"
)

// Effect is one change of a simulated cloud's state that took place. A refused
// or a read-only call leaves none.
type Effect struct {
	// Seq counts from 1 over both clouds, in the order of the changes.
	Seq int `json:"seq"`
	// Time is the simulated clouds' clock at the change, UTC.
	Time time.Time `json:"time"`
	// Kind names the change: the cloud's operation, such as
	// "storagegateway:UpdateGatewaySoftwareNow", or "vendor:..." for a change
	// that the cloud made by itself.
	Kind string `json:"kind"`
	// Resource is the ARN or id of what was changed.
	Resource string `json:"resource"`
	// RequestID is the caller's request id where the protocol carries one,
	// else the one that the reply carried.
	RequestID string `json:"requestId"`
	// Detail says what the change was: versions, weights, the new resource's id.
	Detail map[string]string `json:"detail,omitempty"`
}

// Book holds the effects and the calls of one simulation. Its methods may be
// called from many goroutines at once. The zero value is not usable: see New.
type Book struct {
	now func() time.Time

	mu      sync.Mutex
	effects []Effect
	calls   map[string]int
}

// New gives an empty book that stamps effects with now.
func New(now func() time.Time) *Book {
	return &Book{now: now, calls: map[string]int{}}
}

// Effect notes that a change took place and gives it the next number.
func (b *Book) Effect(kind, resource, requestID string, detail map[string]string) {
	b.EffectAt(b.now(), kind, resource, requestID, detail)
}

// EffectAt notes a change that took place at a time before now: one that
// the cloud made by itself and that a simulator, which computes its state
// lazily, finds out about when someone looks. Its number is that of the finding.
func (b *Book) EffectAt(at time.Time, kind, resource, requestID string, detail map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.effects = append(b.effects, Effect{
		Seq:       len(b.effects) + 1,
		Time:      at.UTC(),
		Kind:      kind,
		Resource:  resource,
		RequestID: requestID,
		Detail:    maps.Clone(detail),
	})
}

// Call counts one call of an operation, such as "ec2:DescribeSnapshots",
// whether it was served or refused.
func (b *Book) Call(operation string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[operation]++
}

// Effects is a copy of all effects so far, oldest first.
func (b *Book) Effects() []Effect {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Effect{}, b.effects...) // [] for none, also in JSON
}

// Calls is a copy of the counts so far, by operation.
func (b *Book) Calls() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.calls)
}
