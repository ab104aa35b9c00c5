package fault

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Engine holds the rules of one simulation and decides for each call. Its
// methods may be called from many goroutines at once; a nil Engine has no
// rules. For the same rules, seeds and order of calls it decides the same.
type Engine struct {
	operations []Operation

	mu    sync.Mutex
	rules []*armed
	added int
}

// armed is a rule at work.
type armed struct {
	State

	chance *rand.Rand
}

// State is a rule and what has come of it.
type State struct {
	// ID counts the rules of a simulation from 1, and is not used again.
	ID   int  `json:"id"`
	Rule Rule `json:"rule"`
	// Seen is how many calls matched, Fired how many of them the fault befell.
	// A call is counted when it comes in, which is before it is done.
	Seen  int `json:"seen"`
	Fired int `json:"fired"`
}

// New gives an engine without rules for clouds that serve the operations.
func New(operations []Operation) *Engine { return &Engine{operations: operations} }

// Inject adds rules behind those that are there; all of them, or none and an
// error as from Check.
func (e *Engine) Inject(rules ...Rule) error {
	if err := Check(e.operations, rules...); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rule := range rules {
		e.added++
		e.rules = append(e.rules, &armed{
			State:  State{ID: e.added, Rule: rule},
			chance: rand.New(rand.NewPCG(rule.Seed, 0)), //nolint:gosec // chance that can be repeated is the purpose
		})
	}
	return nil
}

// Faults are the rules and how often each has struck, in the order of their injection.
func (e *Engine) Faults() []State {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]State, len(e.rules))
	for i, one := range e.rules {
		out[i] = one.State
	}
	return out
}

// Clear takes all rules away. Calls that hang go on hanging.
func (e *Engine) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules = nil
}

// Strike decides what befalls a call; nil is nothing. The resources are the
// ids that Rule.Resource may name, asked for only if a rule needs them.
func (e *Engine) Strike(op Operation, resources func() []string) *Strike {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	resources = sync.OnceValue(resources)
	var struck *Strike
	for _, one := range e.rules {
		if one.Rule.matches(op) && one.about(resources) && one.due() && struck == nil {
			one.Fired++
			struck = &Strike{rule: one.Rule}
		}
	}
	return struck
}

func (a *armed) about(resources func() []string) bool {
	return a.Rule.Resource == "" || slices.ContainsFunc(resources(), func(id string) bool {
		return strings.EqualFold(id, a.Rule.Resource)
	})
}

// due counts a matching call and reports whether the fault is to befall it.
// Chance is asked for every call that it could decide, so that one rule's
// faults do not depend on another's.
func (a *armed) due() bool {
	a.Seen++
	r := a.Rule
	if r.Nth != 0 {
		return a.Seen == r.Nth
	}
	if a.Seen < r.From {
		return false
	}
	lucky := r.Probability == 0 || a.chance.Float64() < r.Probability
	return lucky && (r.Times == 0 || a.Fired < r.Times)
}
