package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// CheckSeries are the values of one name that a health check saw in a run at one moment, in their order.
type CheckSeries struct {
	maintenance.CheckRecord
	Of string // such as "cache dirty"; empty: what the check is named after
}

// checkSeries are the values of the checks of a run, each name of each check by itself.
func checkSeries(records []maintenance.CheckRecord) (all []CheckSeries) {
	for _, r := range records {
		values := map[string][]maintenance.CheckValue{}
		var names []string
		for _, v := range r.Values {
			if _, is := values[v.Of]; !is {
				names = append(names, v.Of)
			}
			values[v.Of] = append(values[v.Of], v)
		}
		if len(names) == 0 {
			all = append(all, CheckSeries{CheckRecord: r})
		}
		for _, of := range names {
			s := CheckSeries{CheckRecord: r, Of: of}
			s.Values = values[of]
			all = append(all, s)
		}
	}
	return all
}

// Last is the last value; the zero one: there is none.
func (s CheckSeries) Last() maintenance.CheckValue {
	if n := len(s.Values); n > 0 {
		return s.Values[n-1]
	}
	return maintenance.CheckValue{}
}

// What names the check, and which of its values these are.
func (s CheckSeries) What() string {
	if s.Of == "" {
		return s.Check
	}
	return s.Check + ": " + s.Of
}

// How is where the check stood in the end, and who waived it.
func (s CheckSeries) How() string {
	if s.Waived != "" {
		return s.State + ", waived by " + s.Waived
	}
	return s.State
}

// Limit is the last limit that the values were held against; empty: they were only recorded.
func (s CheckSeries) Limit() string {
	limit := ""
	for _, v := range s.Values {
		if v.Limit != "" {
			limit = v.Limit
		}
	}
	return limit
}

// mostInCell is how many values a cell of a table names.
const mostInCell = 8

// Over are the values over time, for a cell of a table: the first, the last, and those at which the outcome changes.
func (s CheckSeries) Over() string {
	var texts []string
	values, left := s.Values, 0
	if n := len(values) - mostInCell; n > 0 {
		values, left = worth(values), n
	}
	day := ""
	for _, v := range values {
		at := v.At.UTC().Format("15:04:05Z")
		if d := v.At.UTC().Format("2006-01-02"); d != day {
			at, day = d+" "+at, d
		}
		text := fmt.Sprintf("%s %s", at, v.Text)
		if v.Outcome != "pass" {
			text += " (" + v.Outcome + ")"
		}
		texts = append(texts, text)
	}
	if left > 0 {
		texts = append(texts, maintenance.Counted(left, "value more in the data", "values more in the data"))
	}
	return strings.Join(texts, "; ")
}

// worth are the values that a person wants to see first, mostInCell of them.
func worth(values []maintenance.CheckValue) (some []maintenance.CheckValue) {
	last := len(values) - 1
	for i, v := range values[:last] {
		if (i == 0 || v.Outcome != values[i-1].Outcome) && len(some) < mostInCell-1 {
			some = append(some, v)
		}
	}
	return append(some, values[last])
}

// A chart's measures, in pixels.
const (
	chartWidth  = 260.0
	chartHeight = 56.0
	chartPad    = 5.0
)

// Chart draws the values of a check over time, and its limits.
type Chart struct {
	Width, Height float64
	Label         string // for people who do not see it
	Line          string // points of a polyline
	Limits        []chartLimit
	Dots          []chartDot
}

type chartLimit struct {
	Y     float64
	Title string
}

type chartDot struct {
	X, Y  float64
	Class string // pass, fail, no-data or error
	Title string
}

// limitForm is a number in a limit: below 5%, at most 0.12.
var limitForm = regexp.MustCompile(`\b(?:below|above|at most|at least) (-?[0-9.]+(?:e[+-]?[0-9]+)?)`)

// Chart is nil where there are fewer than two numbers.
func (s CheckSeries) Chart() *Chart {
	low, high, numbers := 0.0, 0.0, 0
	see := func(n float64) {
		if numbers == 0 {
			low, high = n, n
		}
		low, high, numbers = min(low, n), max(high, n), numbers+1
	}
	for _, v := range s.Values {
		if v.Number != nil {
			see(*v.Number)
		}
	}
	if numbers < 2 {
		return nil
	}
	type limit struct {
		at   float64
		text string
	}
	var limits []limit
	for _, form := range limitForm.FindAllStringSubmatch(s.Limit(), -1) {
		if at, err := strconv.ParseFloat(strings.TrimSuffix(form[1], "."), 64); err == nil {
			limits = append(limits, limit{at, form[0]})
			see(at)
		}
	}
	c := &Chart{Width: chartWidth, Height: chartHeight, Label: fmt.Sprintf("%s over time, %s to %s",
		s.What(), s.Values[0].Text, s.Last().Text)}
	from, to := s.Values[0].At, s.Last().At
	var line []string
	for _, v := range s.Values {
		dot := chartDot{
			X: chartX(v.At, from, to), Y: chartHeight - chartPad, Class: strings.ReplaceAll(v.Outcome, " ", "-"),
			Title: stamp(v.At) + " " + v.Text,
		}
		if v.Number != nil {
			dot.Y = chartY(*v.Number, low, high)
			line = append(line, fmt.Sprintf("%v,%v", dot.X, dot.Y))
		}
		c.Dots = append(c.Dots, dot)
	}
	c.Line = strings.Join(line, " ")
	for _, l := range limits {
		c.Limits = append(c.Limits, chartLimit{Y: chartY(l.at, low, high), Title: l.text})
	}
	return c
}

func chartX(at, from, to time.Time) float64 {
	part := 0.5
	if span := to.Sub(from); span > 0 {
		part = at.Sub(from).Seconds() / span.Seconds()
	}
	return px(chartPad + part*(chartWidth-2*chartPad))
}

func chartY(n, low, high float64) float64 {
	part := 0.5
	if high > low {
		part = (n - low) / (high - low)
	}
	return px(chartHeight - chartPad - part*(chartHeight-2*chartPad))
}
