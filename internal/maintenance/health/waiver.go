package health

import (
	"fmt"
	"slices"
	"time"
)

// Waiver is a person's decision that one check does not count, for one target or for the whole campaign.
type Waiver struct {
	Check  string    `json:"check"`
	Target string    `json:"target,omitempty"` // empty: the campaign and every target in it
	By     string    `json:"by"`
	Why    string    `json:"why"` // never empty
	At     time.Time `json:"at"`
}

// String is who has waived the check, and why.
func (w Waiver) String() string { return w.By + ": " + w.Why }

// Waivers are all that were given, in their order.
type Waivers []Waiver

// Of is the waiver that covers the check for the target; an empty target asks for the campaign.
func (w Waivers) Of(check, target string) (Waiver, bool) {
	i := slices.IndexFunc(w, func(each Waiver) bool {
		return each.Check == check && (each.Target == "" || each.Target == target)
	})
	if i < 0 {
		return Waiver{}, false
	}
	return w[i], true
}

// Add gives one more. It refuses a check that the plan does not have, or that is not asked of what it is waived for,
// one that is waived already, and one without a reason. Whether the target exists is for the campaign to say.
func (w Waivers) Add(checks []Check, more Waiver) (Waivers, error) {
	i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == more.Check })
	if i < 0 {
		return w, fmt.Errorf("the plan has no check %q: it has %s", more.Check, names(checks))
	}
	if c := checks[i]; more.Target != "" && !c.Has(AtBefore) && !c.followsUpdate() {
		return w, fmt.Errorf("check %q is asked for the whole campaign: waive it without a target", c.Name)
	}
	if more.Why == "" || more.By == "" {
		return w, fmt.Errorf("a waiver of check %q needs a reason and a name", more.Check)
	}
	if before, is := w.Of(more.Check, more.Target); is {
		return w, fmt.Errorf("%s has waived check %q already, at %s: %s", before.By, before.Check, stamp(before.At),
			before.Why)
	}
	return append(slices.Clone(w), more), nil
}

func names(checks []Check) string {
	if len(checks) == 0 {
		return "none"
	}
	quoted := make([]string, 0, len(checks))
	for _, c := range checks {
		quoted = append(quoted, fmt.Sprintf("%q", c.Name))
	}
	return list(quoted)
}
