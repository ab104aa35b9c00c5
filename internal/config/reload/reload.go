// Package reload keeps what is made from files up to date while a process runs: certificates, keys and
// secrets that are replaced on disk. It does not read files itself. Start at Value.
package reload

import (
	"sync"
	"time"
)

// Interval is how often a value is made again at most, and so how long a change may go unnoticed by
// something that uses it.
const Interval = 10 * time.Second

// Value is made again from its files when it is used and Interval has passed. If it cannot be made,
// the last one stays. Many goroutines may use it at once.
type Value[T any] struct {
	read func() (T, error)

	mu   sync.Mutex
	last T
	made time.Time // the last attempt
}

// New makes the value for the first time; what cannot be made then is an error.
func New[T any](read func() (T, error)) (*Value[T], error) {
	v := &Value[T]{read: read}
	return v, v.Refresh()
}

// Get is the last value that could be made.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.made) >= Interval {
		_ = v.refresh() // whoever reports faults calls Refresh
	}
	return v.last
}

// Refresh makes the value now. Its error says why the last one stays.
func (v *Value[T]) Refresh() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.refresh()
}

func (v *Value[T]) refresh() error {
	v.made = time.Now()
	made, err := v.read()
	if err == nil {
		v.last = made
	}
	return err
}
