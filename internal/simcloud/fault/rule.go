package fault

import (
	"encoding/json"
	"fmt"
	"path"
	"time"
)

// Rule says which calls go wrong, and how. Operation and Kind are required. A
// call counts as matching when it is authenticated and is of the operation and
// the resource, whether or not another rule befalls it; of several rules that
// are due, the one that was injected first befalls the call.
type Rule struct {
	// Operation is a name such as "ec2:DeleteSnapshot", or a pattern such as
	// "ec2:Describe*" or "*". A pattern leaves out the operations that the kind
	// cannot befall.
	Operation string `yaml:"operation" json:"operation"`
	// Resource, where set, is the ARN or id of something that the request
	// names, or of what that belongs to: a gateway, volume, snapshot, instance,
	// proxy, job or project. In any case.
	Resource string `yaml:"resource,omitempty" json:"resource,omitempty"`

	// Nth is the one matching call that the fault befalls, from 1.
	Nth int `yaml:"nth,omitempty" json:"nth,omitempty"`
	// From is the first matching call that it may befall; default 1.
	From int `yaml:"from,omitempty" json:"from,omitempty"`
	// Times is how many calls it befalls; default all.
	Times int `yaml:"times,omitempty" json:"times,omitempty"`
	// Probability lets chance decide, for each matching call again: above 0, to 1.
	Probability float64 `yaml:"probability,omitempty" json:"probability,omitempty"`
	// Seed makes chance repeatable: the same seed and order of calls, the same faults.
	Seed uint64 `yaml:"seed,omitempty" json:"seed,omitempty"`

	Kind Kind `yaml:"kind" json:"kind"`
	// Code is the error's code; of Storage Gateway, the exception's name or the
	// inner errorCode of an InvalidGatewayRequestException.
	Code string `yaml:"code,omitempty" json:"code,omitempty"`
	// Status is the HTTP status of the error, 400 to 599; default that of the code.
	Status int `yaml:"status,omitempty" json:"status,omitempty"`
	// Message is the error's text; default the cloud's own.
	Message string `yaml:"message,omitempty" json:"message,omitempty"`
	// RetryAfter is the answer's Retry-After, in whole seconds; default none.
	RetryAfter time.Duration `yaml:"retryAfter,omitempty" json:"-"`
	// Limit ends a hang; default 5 minutes.
	Limit time.Duration `yaml:"limit,omitempty" json:"-"`
	// NotDone keeps the call from taking effect, for kinds that let it otherwise.
	NotDone bool `yaml:"notDone,omitempty" json:"notDone,omitempty"`
}

// Done reports whether a call that the rule befalls takes effect, as far as the
// cloud itself serves it.
func (r Rule) Done() bool {
	info, _ := Find(r.Kind)
	return info.Done && !r.NotDone
}

// MarshalJSON writes durations as the scenario file has them.
func (r Rule) MarshalJSON() ([]byte, error) {
	type plain Rule
	out := struct {
		plain

		RetryAfter string `json:"retryAfter,omitempty"`
		Limit      string `json:"limit,omitempty"`
	}{plain: plain(r)}
	if r.RetryAfter != 0 {
		out.RetryAfter = r.RetryAfter.String()
	}
	if r.Limit != 0 {
		out.Limit = r.Limit.String()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write the rule as JSON: %w", err)
	}
	return text, nil
}

// matches reports whether the rule is about an operation.
func (r Rule) matches(op Operation) bool {
	named, err := path.Match(r.Operation, op.Name)
	info, known := Find(r.Kind)
	return err == nil && named && known && info.CanBefall(op)
}
