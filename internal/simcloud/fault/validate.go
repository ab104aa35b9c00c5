package fault

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// Check reports everything that is wrong with rules for clouds that serve the
// operations: joined FieldErrors, nil if nothing is.
func Check(operations []Operation, rules ...Rule) error {
	c := &checker{operations: operations}
	for i, rule := range rules {
		c.at = fmt.Sprintf("faults[%d].", i)
		info, known := Find(rule.Kind)
		if !known {
			c.wrong("kind", string(rule.Kind), "one of "+names(Kinds(), func(i Info) string { return string(i.Kind) }))
		}
		c.operation(rule, info, known)
		c.calls(rule)
		if known {
			c.parameters(rule, info)
		}
	}
	return errors.Join(c.faults...)
}

type checker struct {
	operations []Operation
	at         string
	faults     []error
}

func (c *checker) wrong(field, value, want string) {
	c.faults = append(c.faults, maintenance.Invalid(c.at+field, value, want))
}

func names[T any](all []T, name func(T) string) string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = name(one)
	}
	return strings.Join(out, ", ")
}

func operationName(op Operation) string { return op.Name }

func (c *checker) operation(rule Rule, info Info, kindKnown bool) {
	named := slices.DeleteFunc(slices.Clone(c.operations), func(op Operation) bool {
		match, err := path.Match(rule.Operation, op.Name)
		return err != nil || !match
	})
	if len(named) == 0 {
		c.wrong("operation", rule.Operation, "a pattern such as ec2:* or one of "+names(c.operations, operationName))
		return
	}
	if kindKnown && !slices.ContainsFunc(named, info.CanBefall) {
		able := slices.DeleteFunc(slices.Clone(c.operations), func(op Operation) bool { return !info.CanBefall(op) })
		c.wrong("operation", rule.Operation, fmt.Sprintf("one that %s can befall: %s", rule.Kind, names(able, operationName)))
	}
}

// calls checks which of the matching calls the rule is about.
func (c *checker) calls(r Rule) {
	for _, n := range []struct {
		field string
		value int
		want  string
	}{
		{"nth", r.Nth, "the number of a call, 1 or more"},
		{"from", r.From, "the number of a call, 1 or more"},
		{"times", r.Times, "how many calls, 1 or more, or nothing for all"},
	} {
		if n.value < 0 {
			c.wrong(n.field, fmt.Sprint(n.value), n.want)
		}
	}
	if r.Nth != 0 && (r.From != 0 || r.Times != 0 || r.Probability != 0) {
		c.wrong("nth", fmt.Sprint(r.Nth), "nth alone, or from, times and probability without it")
	}
	if !(r.Probability >= 0 && r.Probability <= 1) { // so written, NaN is refused too
		c.wrong("probability", fmt.Sprint(r.Probability), "above 0 and at most 1, or nothing for every call")
	}
	if r.Seed != 0 && r.Probability == 0 {
		c.wrong("seed", fmt.Sprint(r.Seed), "used with a probability")
	}
}

// parameters checks that those that are set are the kind's, and right.
func (c *checker) parameters(r Rule, info Info) {
	for _, p := range []struct {
		name  string
		set   bool
		value any
		right bool
		want  string
	}{
		{"code", r.Code != "", r.Code, codeForm.MatchString(r.Code), "an error code of the cloud, such as VolumeNotReady or DBS.200019"},
		{"status", r.Status != 0, r.Status, r.Status >= http.StatusBadRequest && r.Status <= 599, "an HTTP status from 400 to 599"},
		{"message", r.Message != "", r.Message, true, ""},
		{"retryAfter", r.RetryAfter != 0, r.RetryAfter, r.RetryAfter >= time.Second && r.RetryAfter%time.Second == 0, "whole seconds, such as 2s"},
		{"limit", r.Limit != 0, r.Limit, r.Limit > 0, "a duration such as 30s"},
		{"notDone", r.NotDone, r.NotDone, true, ""},
	} {
		switch {
		case p.set && !slices.Contains(info.Parameters, p.name):
			c.wrong(p.name, fmt.Sprint(p.value), fmt.Sprintf("nothing: %s takes %s", info.Kind, orNone(info.Parameters)))
		case p.set && !p.right:
			c.wrong(p.name, fmt.Sprint(p.value), p.want)
		}
	}
}

func orNone(parameters []string) string {
	if len(parameters) == 0 {
		return "no parameters"
	}
	return "only " + strings.Join(parameters, ", ")
}
