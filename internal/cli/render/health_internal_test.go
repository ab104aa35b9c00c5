package render

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
)

func asked() Health {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	checks := []health.Check{
		{Name: "cache is clean", At: []health.Moment{health.AtBefore}},
		{Name: "error rate", At: []health.Moment{health.AtBefore, health.AtBake}, NoData: health.NoDataPass},
		{Name: "no page", At: []health.Moment{health.AtCampaign}},
	}
	return NewHealth("payments-q4", checks, []health.Asked{
		{Check: "no page", At: checks[2].At, Answer: health.Answer{Outcome: health.OutcomeError, At: at, Note: "the Alertmanager \"prod\" did not answer"}},
		{Target: "till-1", Check: "cache is clean", At: checks[0].At, Answer: health.Answer{Outcome: health.OutcomeFail, At: at, Values: []health.Value{
			{Of: "cache dirty", Number: new(12.5), Text: "12.5%", Limit: "below 5%", Outcome: health.OutcomeFail},
			{Of: "upload buffer used", Number: new(1.0), Text: "1%", Limit: "below 50%", Outcome: health.OutcomePass},
		}}},
		{Target: "till-1", Check: "error rate", At: checks[1].At, Answer: health.Answer{Outcome: health.OutcomeNoData, At: at, Note: "the query has no result"}},
		{Target: "till-2", Check: "cache is clean", At: checks[0].At, Answer: health.Answer{Outcome: health.OutcomePass, At: at, Values: []health.Value{
			{Of: "cache dirty", Number: new(0.5), Text: "0.5%", Limit: "below 5%", Outcome: health.OutcomePass},
		}}},
	})
}

func TestTheAnswersOfHealthChecksKeepTheirForm(t *testing.T) {
	t.Parallel()
	h := asked()
	require.False(t, h.OK)
	require.Len(t, h.Failing(), 2, "no data passes, where the plan says so")
	now := h.Answers[0].Asked
	table := NewTimetable(plan.Plan{Name: "payments-q4"}, "d1ge57", Survey{}, now, now.Add(time.Hour))
	table.Health = &h
	for name, print := range map[string]func(*bytes.Buffer) error{
		"testdata/health.golden": func(out *bytes.Buffer) error {
			p := printer.Printer{Out: out}
			PrintHealth(p, h)
			p.Linef("")
			PrintTimetable(p, table)
			return nil
		},
		"testdata/health.json": func(out *bytes.Buffer) error {
			return printer.Printer{Out: out, Form: printer.FormJSON}.Print(table, nil)
		},
	} {
		var out bytes.Buffer
		require.NoError(t, print(&out))
		if *update {
			require.NoError(t, os.WriteFile(name, out.Bytes(), 0o600))
		}
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), out.String())
	}
	require.Equal(t, "1 health check asked: all pass", NewHealth("p", nil, []health.Asked{{Answer: health.Answer{Outcome: health.OutcomePass}}}).Text())
}
