package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// FailOn are conditions that a program asks for. The zero value has none.
type FailOn []Condition

// Condition is a kind of finding and, for those that count days, from how many days on it counts.
type Condition struct {
	Kind Kind
	// Days is nil where every finding of the kind counts.
	Days *int
}

// String is the condition as it is written.
func (c Condition) String() string {
	if c.Days == nil {
		return string(c.Kind)
	}
	return fmt.Sprintf("%s=%dd", c.Kind, *c.Days)
}

// maxDays bounds a condition: a hundred years.
const maxDays = 36_500

// counting are the kinds whose findings have days.
func counting() []Kind {
	return []Kind{KindSupportEnds, KindUpdateWaiting, KindMark, KindSnapshotPending, KindSnapshotMissing}
}

// ParseFailOn reads conditions such as "support-ends=90d,update-waiting=30d,disconnected".
func ParseFailOn(text string) (FailOn, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var all FailOn
	for word := range strings.SplitSeq(text, ",") {
		c, err := parseCondition(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other Condition) bool { return other.Kind == c.Kind }) {
			return nil, maintenance.Invalid("--fail-on", word, "each condition once")
		}
		all = append(all, c)
	}
	return all, nil
}

func parseCondition(word string) (Condition, error) {
	name, days, given := strings.Cut(word, "=")
	c := Condition{Kind: Kind(name)}
	if !slices.Contains(Kinds(), c.Kind) {
		return Condition{}, maintenance.Invalid("--fail-on", word, "some of "+kindNames(Kinds())+", separated by commas")
	}
	if !given {
		return c, nil
	}
	if !slices.Contains(counting(), c.Kind) {
		return Condition{}, maintenance.Invalid("--fail-on", word, name+" without days; "+kindNames(counting())+" take them")
	}
	n, err := strconv.Atoi(strings.TrimSuffix(days, "d"))
	if err != nil || !strings.HasSuffix(days, "d") || n < 0 || n > maxDays {
		return Condition{}, maintenance.Invalid("--fail-on", word, name+"=N"+"d, such as "+name+"=30d, with 0 to 36500 days")
	}
	c.Days = &n
	return c, nil
}

func kindNames(kinds []Kind) string {
	words := make([]string, 0, len(kinds))
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// SupportSoon is how long before its end support has to be a finding, so that the conditions see it.
func (f FailOn) SupportSoon(usual time.Duration) time.Duration {
	for _, c := range f {
		if c.Kind == KindSupportEnds && c.Days != nil {
			usual = max(usual, time.Duration(*c.Days)*day)
		}
	}
	return usual
}

// meets is true where a finding is what the condition asks for. A finding without its days may be, and
// so is: what is not known never passes.
func (c Condition) meets(f Finding) bool {
	switch {
	case f.Kind != c.Kind:
		return false
	case c.Days == nil:
		// An update that is yet to come does not wait.
		return f.Kind != KindUpdateWaiting || f.Days == nil || *f.Days >= 0
	case f.Days == nil:
		return true
	case c.Kind == KindSupportEnds:
		return *f.Days <= *c.Days
	}
	return *f.Days >= *c.Days
}

// Hit is a condition with the gateway or the proxy of which it holds, or may hold.
type Hit struct {
	Condition string `json:"condition"`
	Account   string `json:"account"`
	ID        string `json:"id"`
	Name      string `json:"name,omitempty"`
	Reason    string `json:"reason"`
}

// Judge says where the conditions hold, and where they could not be decided: the gateway was not read,
// or what AWS says is not understood.
func (f FailOn) Judge(d Document) (failing, undecided []Hit) {
	for _, c := range f {
		each := func(hit Hit, found []Finding, open []Open) {
			hit.Condition = c.String()
			for _, one := range found {
				if c.meets(one) {
					hit.Reason = one.Reason
					failing = append(failing, hit)
					return
				}
			}
			for _, one := range open {
				if one.Kind == c.Kind {
					hit.Reason = one.Why
					undecided = append(undecided, hit)
					return
				}
			}
		}
		for _, g := range d.Gateways {
			each(Hit{Account: g.Account, ID: g.ID, Name: g.Name}, g.Findings, g.Undecided)
		}
		for _, p := range d.Proxies {
			each(Hit{Account: p.Account, ID: p.ID, Name: p.Name}, p.Findings, p.Undecided)
		}
	}
	return failing, undecided
}
