package health

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Outcome is what an answer says.
type Outcome string

// The outcomes. Everything but OutcomePass and, if the check says so, OutcomeNoData counts as failed.
const (
	OutcomePass   Outcome = "pass"
	OutcomeFail   Outcome = "fail"
	OutcomeNoData Outcome = "no data" // the source answered, and has no value to judge
	OutcomeError  Outcome = "error"   // the source did not answer, or the question cannot be asked
)

// Answer is what a check was answered with at one time: it travels in histories and stands in reports.
type Answer struct {
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`               // when the question was sent
	Values  []Value   `json:"values,omitempty"` // what was seen
	Note    string    `json:"note,omitempty"`   // what else is to be said: why there is no answer or no data
}

// Asked is a check that was asked once, for people who want to know how things stand.
type Asked struct {
	Target string   `json:"target,omitempty"` // empty: the whole campaign
	Check  string   `json:"check"`
	At     []Moment `json:"at"` // when a campaign asks it
	Answer Answer   `json:"answer"`
}

// Value is one value that was seen, with its limit.
type Value struct {
	Of string `json:"of,omitempty"` // such as "cache dirty"; empty: what the check is named after
	// Number is the value; nil: it is not finite, or there is none.
	Number *float64 `json:"number,omitempty"`
	Text   string   `json:"text"`            // the value for people, such as "12%"
	Limit  string   `json:"limit,omitempty"` // for people, such as "below 5%"; empty: it is only recorded
	// Names are what a later answer is compared with, sorted: the initiators that are connected.
	Names []string `json:"names,omitempty"`
	// Outcome of this value alone; the answer's is the worst.
	Outcome Outcome `json:"outcome"`
}

// WithoutNames is the answer without what only a later one is compared with.
func (a Answer) WithoutNames() Answer {
	a.Values = slices.Clone(a.Values)
	for i := range a.Values {
		a.Values[i].Names = nil
	}
	return a
}

// String is the answer for people, such as "cache dirty 12%, must be below 5%".
func (a Answer) String() string {
	var says []string
	for _, v := range a.Values {
		if v.Outcome == a.Outcome {
			says = append(says, v.String())
		}
	}
	if a.Note != "" {
		says = append(says, a.Note)
	}
	if len(says) == 0 {
		return string(a.Outcome)
	}
	return strings.Join(says, "; ")
}

// String is the value with its limit, for people.
func (v Value) String() string {
	text := strings.TrimSpace(v.Of + " " + v.Text)
	if v.Limit == "" || v.Outcome == OutcomePass {
		return text
	}
	return text + ", must be " + v.Limit
}

// answered is the answer that consists of these values.
func answered(at time.Time, note string, values ...Value) Answer {
	a := Answer{Outcome: OutcomePass, At: at, Values: values, Note: shorten(note)}
	for _, v := range values {
		if v.Outcome.worse(a.Outcome) {
			a.Outcome = v.Outcome
		}
	}
	return a
}

// Unanswered is the answer where the source did not give one, or the question cannot be asked for this target.
func Unanswered(at time.Time, err error) Answer {
	return Answer{Outcome: OutcomeError, At: at, Note: shorten(maintenance.Plain(err))}
}

// noData is the answer of a source that has no value.
func noData(at time.Time, note string) Answer {
	return Answer{Outcome: OutcomeNoData, At: at, Note: shorten(note)}
}

func (o Outcome) worse(than Outcome) bool {
	rank := map[Outcome]int{OutcomePass: 0, OutcomeNoData: 1, OutcomeError: 2, OutcomeFail: 3}
	return rank[o] > rank[than]
}

// value is the value of that name in an earlier answer; nil: it has none.
func (a *Answer) value(of string) *Value {
	if a == nil {
		return nil
	}
	for i := range a.Values {
		if a.Values[i].Of == of {
			return &a.Values[i]
		}
	}
	return nil
}

// finite is the number for an answer: JSON has no other.
func finite(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// judged is pass or fail.
func judged(passes bool) Outcome {
	if passes {
		return OutcomePass
	}
	return OutcomeFail
}
