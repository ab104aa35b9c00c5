package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MostValues is how many values the record of a check has at most.
const MostValues = 40

// Record adds the last answer of a watch to the records of a run. Of values in a row that say the same, the first and
// the last stay. Adding the same answer again changes nothing.
func Record(records []maintenance.CheckRecord, check string, m Moment, w Watch) []maintenance.CheckRecord {
	same := func(r maintenance.CheckRecord) bool { return r.Check == check && r.Moment == string(m) }
	i := slices.IndexFunc(records, same)
	if i < 0 {
		i = len(records)
		records = append(records, maintenance.CheckRecord{Check: check, Moment: string(m)})
	}
	r := &records[i]
	r.State = string(w.State)
	if w.Last == nil {
		return records
	}
	for _, v := range w.Last.recorded() {
		r.Values = withValue(r.Values, v)
	}
	r.Values = Thinned(r.Values, MostValues)
	return records
}

// Merge adds what was recorded later.
func Merge(records, more []maintenance.CheckRecord) []maintenance.CheckRecord {
	records = slices.Clone(records)
	for _, r := range more {
		i := slices.IndexFunc(records, func(was maintenance.CheckRecord) bool {
			return was.Check == r.Check && was.Moment == r.Moment
		})
		if i < 0 {
			records = append(records, r)
			continue
		}
		values := records[i].Values
		for _, v := range r.Values {
			values = withValue(values, v)
		}
		records[i].State, records[i].Values = r.State, Thinned(values, MostValues)
	}
	return records
}

// recorded are the values of an answer for the record; of one without values, why it has none.
func (a Answer) recorded() []maintenance.CheckValue {
	if len(a.Values) == 0 {
		return []maintenance.CheckValue{{At: a.At, Text: cmp.Or(a.Note, string(a.Outcome)), Outcome: string(a.Outcome)}}
	}
	var all []maintenance.CheckValue
	for _, v := range a.Values {
		all = append(all, maintenance.CheckValue{
			At: a.At, Of: v.Of, Number: v.Number, Text: v.Text, Limit: v.Limit, Names: v.Names, Outcome: string(v.Outcome),
		})
	}
	return all
}

// withValue adds a value. Where the last two of the same name say the same as it, it takes the place of the last. Only
// the last of a name has the names that a later answer is compared with: a record is not to hold them many times.
func withValue(values []maintenance.CheckValue, v maintenance.CheckValue) []maintenance.CheckValue {
	var last []int
	for i := len(values) - 1; i >= 0 && len(last) < 2; i-- {
		if values[i].Of == v.Of {
			last = append(last, i)
		}
	}
	same := func(i int) bool {
		was := values[i]
		return was.Text == v.Text && was.Outcome == v.Outcome && was.Limit == v.Limit
	}
	if len(last) > 0 && !v.At.After(values[last[0]].At) {
		return values
	}
	values = slices.Clone(values)
	switch {
	case len(last) == 2 && same(last[0]) && same(last[1]):
		values = slices.Delete(values, last[0], last[0]+1)
	case len(last) > 0:
		values[last[0]].Names = nil
	}
	return append(values, v)
}

// Thinned leaves at most so many of the values, at least 2: the first, those of the last answer, those where the
// outcome changes before others, and of the rest every so many.
func Thinned(values []maintenance.CheckValue, most int) []maintenance.CheckValue {
	for most = max(most, 2); len(values) > most; {
		var kept []maintenance.CheckValue
		last := values[len(values)-1].At
		for i, v := range values {
			edge := i == 0 || v.At.Equal(last) || v.Outcome != values[i-1].Outcome || v.Outcome != values[i+1].Outcome
			if edge || i%2 == 0 {
				kept = append(kept, v)
			}
		}
		if len(kept) == len(values) { // nothing but changes
			kept = append(slices.Clone(values[:1]), values[len(values)-most+1:]...)
		}
		values = kept
	}
	return values
}

// FailedIn is the first check that has failed for good at a moment of a run and was not waived; empty: none has.
// AtBefore is before its update and before its proxies.
func FailedIn(records []maintenance.CheckRecord, m Moment) string {
	for _, r := range records {
		if strings.HasPrefix(r.Moment, string(m)) && r.State == string(Failed) && r.Waived == "" {
			return r.Check
		}
	}
	return ""
}

// Compared are those of the answers before the trigger that a later answer to one of the checks is compared with.
func Compared(checks []Check, before map[string]Answer) map[string]Answer {
	compared := map[string]Answer{}
	for _, c := range checks {
		if a, known := before[c.Name]; known && c.NeedsBaseline() {
			compared[c.Name] = a
		}
	}
	return compared
}

// Baseline are the answers just before the trigger, by check, from the records of a run.
func Baseline(records []maintenance.CheckRecord) map[string]Answer {
	var all map[string]Answer
	for _, r := range records {
		if r.Moment != string(AtBefore) || len(r.Values) == 0 {
			continue
		}
		var at time.Time
		for _, v := range r.Values {
			if v.At.After(at) {
				at = v.At
			}
		}
		var values []Value
		for _, v := range r.Values {
			if v.At.Equal(at) {
				values = append(values, Value{
					Of: v.Of, Number: v.Number, Text: v.Text, Limit: v.Limit, Names: v.Names, Outcome: Outcome(v.Outcome),
				})
			}
		}
		if all == nil {
			all = map[string]Answer{}
		}
		all[r.Check] = answered(at, "", values...)
	}
	return all
}
