package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/printer"
)

// Health is what health checks were answered now. Its fields are added to, and never renamed.
type Health struct {
	Plan    string         `json:"plan"` // its name
	OK      bool           `json:"ok"`   // all pass
	Answers []HealthAnswer `json:"answers"`
}

// HealthAnswer is one check of one target, or of the whole campaign.
type HealthAnswer struct {
	Target string          `json:"target,omitempty"` // empty: the whole campaign
	Check  string          `json:"check"`
	At     []health.Moment `json:"at"` // when a campaign asks it
	// OK is true if it passes: also without data, where the plan says that this passes.
	OK     bool           `json:"ok"`
	Answer health.Outcome `json:"answer"`
	Asked  time.Time      `json:"asked"`
	Values []HealthValue  `json:"values,omitempty"`
	Note   string         `json:"note,omitempty"` // why there is no answer or no data
}

// HealthValue is a value that was seen.
type HealthValue struct {
	Of     string         `json:"of,omitempty"`
	Number *float64       `json:"number,omitempty"`
	Text   string         `json:"text"`
	Limit  string         `json:"limit,omitempty"` // empty: it is only recorded
	Answer health.Outcome `json:"answer"`
}

// NewHealth judges the answers to a plan's checks.
func NewHealth(plan string, checks []health.Check, asked []health.Asked) Health {
	h := Health{Plan: plan, OK: true, Answers: make([]HealthAnswer, 0, len(asked))}
	passes := map[string]bool{} // without data
	for _, c := range checks {
		passes[c.Name] = c.NoData == health.NoDataPass
	}
	for _, a := range asked {
		outcome := a.Answer.Outcome
		line := HealthAnswer{
			Target: a.Target, Check: a.Check, At: a.At, Answer: outcome, Asked: a.Answer.At.UTC(), Note: a.Answer.Note,
			OK: outcome == health.OutcomePass || outcome == health.OutcomeNoData && passes[a.Check],
		}
		for _, v := range a.Answer.Values {
			line.Values = append(line.Values, HealthValue{
				Of: v.Of, Number: v.Number, Text: v.Text, Limit: v.Limit, Answer: v.Outcome,
			})
		}
		h.Answers, h.OK = append(h.Answers, line), h.OK && line.OK
	}
	return h
}

// Failing are the answers that do not pass.
func (h Health) Failing() []HealthAnswer {
	return slices.DeleteFunc(slices.Clone(h.Answers), func(a HealthAnswer) bool { return a.OK })
}

// Text says in a line how they stand.
func (h Health) Text() string {
	asked := maintenance.Counted(len(h.Answers), "health check", "health checks") + " asked"
	if failing := len(h.Failing()); failing > 0 {
		return fmt.Sprintf("%s: %d %s not pass now", asked, failing, map[bool]string{true: "does", false: "do"}[failing == 1])
	}
	return asked + ": all pass"
}

// PrintHealth prints the answers for people.
func PrintHealth(p printer.Printer, h Health) {
	p.Linef("plan      %s", h.Plan)
	p.Linef("")
	p.Linef("%s", h.Text())
	printer.Section(p, h.Answers, healthHead(), healthCells)
}

func healthHead() []string {
	return []string{"TARGET", "CHECK", "AT", "ANSWER", "VALUE", "LIMIT", "NOTE"}
}

func healthCells(a HealthAnswer) []string {
	target := a.Target
	if target == "" {
		target = "(campaign)"
	}
	at := make([]string, len(a.At))
	for i, m := range a.At {
		at[i] = string(m)
	}
	var values, limits []string
	for _, v := range a.Values {
		values = append(values, strings.TrimSpace(v.Of+" "+v.Text))
		if v.Limit != "" {
			limits = append(limits, v.Limit)
		}
	}
	return []string{
		target, a.Check, strings.Join(at, ", "), string(a.Answer), dash(strings.Join(values, "; ")),
		dash(strings.Join(limits, "; ")), dash(a.Note),
	}
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
