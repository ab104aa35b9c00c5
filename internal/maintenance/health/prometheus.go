package health

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// PrometheusCheck holds the result of an instant query against a limit. Of several series the worst counts. A result
// without a series, or whose series are all NaN, is no data; so is one in which some are NaN and no other fails.
type PrometheusCheck struct {
	Server string   `json:"server"` // of the worker's configuration
	Query  Template `json:"query"`
	// Below is what every value must be under; nil: there is no such limit.
	Below *float64 `json:"below,omitempty"`
	// Above is what every value must be over; nil: there is no such limit. At most one of Below and Above is given.
	Above *float64 `json:"above,omitempty"`
	// OrWorseBy lets a value pass after the update that is at most so much worse than the one before it: higher, or
	// with Above lower. Without Below and Above it is the only limit.
	OrWorseBy Percent `json:"orWorseBy,omitzero"`
}

func (c *PrometheusCheck) question(s Subject) (Question, error) {
	query, err := c.Query.query(s.values)
	return Question{Prometheus: &PrometheusQuestion{Server: c.Server, Query: query}}, err
}

func (c *PrometheusCheck) judge(e evidence) Answer {
	note := ""
	if warnings := e.reading.Query.Warnings; len(warnings) > 0 {
		note = "Prometheus warns: " + strings.Join(warnings, "; ")
	}
	samples := slices.DeleteFunc(slices.Clone(e.reading.Query.Samples), func(s Sample) bool { return math.IsNaN(s.Value) })
	if len(samples) == 0 {
		return noData(e.reading.At, strings.TrimSuffix("the query has no result; "+note, "; "))
	}
	worst := slices.MaxFunc(samples, func(a, b Sample) int {
		if c.Above != nil {
			a, b = b, a
		}
		return compare(a.Value, b.Value)
	})
	v := Value{Number: finite(worst.Value), Text: number(worst.Value)}
	if n := len(e.reading.Query.Samples); n > 1 {
		v.Text = shorten(fmt.Sprintf("%s (the worst of %d series: %s)", v.Text, n, worst.Series))
	}
	v.Outcome, v.Limit = c.hold(worst.Value, e)
	if v.Outcome == OutcomePass && len(samples) < len(e.reading.Query.Samples) {
		v.Outcome, v.Text = OutcomeNoData, v.Text+", and others are NaN"
	}
	return answered(e.reading.At, note, v)
}

// hold judges a value, and says in words against what.
func (c *PrometheusCheck) hold(seen float64, e evidence) (Outcome, string) {
	var limits []string
	passes := false
	if c.Below != nil {
		passes = seen < *c.Below
		limits = append(limits, "below "+number(*c.Below))
	}
	if c.Above != nil {
		passes = seen > *c.Above
		limits = append(limits, "above "+number(*c.Above))
	}
	if c.OrWorseBy == 0 || e.moment != AtAfter && e.moment != AtBake {
		if len(limits) == 0 {
			return OutcomePass, "" // before the update it is only recorded
		}
		return judged(passes), limits[0]
	}
	before := e.before.value("")
	if before == nil || before.Number == nil {
		if len(limits) == 0 {
			return OutcomeNoData, fmt.Sprintf("at most %s worse than before the update, and that value is not known", c.OrWorseBy)
		}
		return judged(passes), limits[0] + "; the value before the update is not known"
	}
	room := math.Abs(*before.Number) * float64(c.OrWorseBy) / 100
	if c.Above != nil {
		passes = passes || seen >= *before.Number-room
		limits = append(limits, "at least "+number(*before.Number-room))
	} else {
		passes = passes || seen <= *before.Number+room
		limits = append(limits, "at most "+number(*before.Number+room))
	}
	return judged(passes), fmt.Sprintf("%s (%s before the update, and %s)", strings.Join(limits, ", or "),
		number(*before.Number), c.OrWorseBy)
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (c *PrometheusCheck) validate(f *faults, at string, check Check) {
	at += ".prometheus"
	f.server(at, c.Server)
	_, err := c.Query.query(anyValues)
	f.text(at+".query", string(c.Query), "PromQL", err)
	absolute := c.Below != nil || c.Above != nil
	f.unless(absolute || c.OrWorseBy != 0, at, "", "a limit: below, above or orWorseBy")
	f.unless(c.Below == nil || c.Above == nil, at, "", "given below or above, not both: make two checks")
	for field, limit := range map[string]*float64{"below": c.Below, "above": c.Above} {
		f.unless(limit == nil || finite(*limit) != nil, at+"."+field, "", "a finite number")
	}
	f.unless(c.OrWorseBy >= 0 && c.OrWorseBy <= 1000, at+".orWorseBy", c.OrWorseBy.String(), "above 0%, at most 1000%")
	f.unless(c.OrWorseBy == 0 || check.followsUpdate(), at+".orWorseBy", c.OrWorseBy.String(),
		"left out of a check that is not at after or bake: it compares with the value before the update")
	f.unless(absolute || !check.Has(AtBefore) && !check.Has(AtCampaign), at, "",
		"given below or above, since before and campaign have nothing to compare with")
	if check.Has(AtCampaign) {
		f.campaignWide(at+".query", c.Query)
	}
}
