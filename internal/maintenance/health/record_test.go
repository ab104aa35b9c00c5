package health_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/test/teststart"
)

func TestARecordHasTheValuesOverTime(t *testing.T) {
	t.Parallel()
	start := teststart.On(time.Sunday, 12)
	var records []maintenance.CheckRecord
	answer := func(minute int, text string, o health.Outcome) {
		a := health.Answer{Outcome: o, At: start.Add(time.Duration(minute) * time.Minute), Values: []health.Value{{Of: "cache dirty", Text: text, Outcome: o}}}
		for range 2 { // what is added again changes nothing
			records = health.Record(records, "cache is clean", health.AtBefore, health.Watch{State: health.Failing, Last: &a})
		}
	}
	for minute := range 5 {
		answer(minute, "12%", health.OutcomeFail)
	}
	answer(5, "3%", health.OutcomePass)
	require.Len(t, records, 1)
	var got []string
	for _, v := range records[0].Values {
		got = append(got, fmt.Sprintf("%s %s", v.At.Sub(start), v.Text))
	}
	require.Equal(t, []string{"0s 12%", "4m0s 12%", "5m0s 3%"}, got)
	for minute := 6; minute < 500; minute++ {
		answer(minute, fmt.Sprintf("%d%%", minute), health.OutcomePass)
	}
	values := records[0].Values
	require.LessOrEqual(t, len(values), health.MostValues)
	require.Equal(t, "12%", values[0].Text)
	require.Equal(t, "499%", values[len(values)-1].Text)
}

func TestTheBaselineIsInTheRecord(t *testing.T) {
	t.Parallel()
	start := teststart.On(time.Sunday, 12)
	number := 2.0
	a := health.Answer{Outcome: health.OutcomePass, At: start, Values: []health.Value{
		{Of: "initiators", Number: &number, Text: "2", Names: []string{"a", "b"}, Outcome: health.OutcomePass},
	}}
	records := health.Record(nil, "volumes came back", health.AtBefore, health.Watch{State: health.Passing, Last: &a})
	require.Equal(t, map[string]health.Answer{"volumes came back": a}, health.Baseline(records))
	require.Empty(t, health.Baseline(health.Record(nil, "volumes came back", health.AtAfter, health.Watch{Last: &a})))
}

// The names of the initiators stand in the record once, as they were last.
func TestTheNamesInARecordAreThoseOfItsLastValue(t *testing.T) {
	t.Parallel()
	start := teststart.On(time.Sunday, 12)
	record := func(records []maintenance.CheckRecord, minutes, to int) []maintenance.CheckRecord {
		for ; minutes < to; minutes++ {
			names := []string{"a", fmt.Sprint("b", minutes)}
			a := health.Answer{Outcome: health.OutcomePass, At: start.Add(time.Duration(minutes) * time.Minute), Values: []health.Value{
				{Of: "initiators", Text: fmt.Sprint(minutes/4, " connected"), Names: names, Outcome: health.OutcomePass},
				{Of: "cache dirty", Text: fmt.Sprint(minutes, "%"), Outcome: health.OutcomePass},
			}}
			records = health.Record(records, "came back", health.AtBefore, health.Watch{State: health.Passing, Last: &a})
		}
		return records
	}
	earlier, later := record(nil, 0, 30), record(nil, 30, 60)
	for _, records := range [][]maintenance.CheckRecord{record(nil, 0, 60), record(record(nil, 0, 30), 30, 60), health.Merge(earlier, later)} {
		with := 0
		for _, v := range records[0].Values {
			if v.Names != nil {
				with++
			}
		}
		require.Equal(t, 1, with)
		require.Equal(t, []string{"a", "b59"}, health.Baseline(records)["came back"].Values[0].Names)
	}
	require.Equal(t, []string{"a", "b29"}, health.Baseline(earlier)["came back"].Values[0].Names, "what was merged is as it was")
}

// What nothing is compared with is not carried along.
func TestOnlyWhatIsComparedIsKept(t *testing.T) {
	t.Parallel()
	back := health.Check{
		Name: "came back", At: []health.Moment{health.AtBefore, health.AtBake}, Gateway: &health.GatewayCheck{Initiators: health.AsBefore},
	}
	orders := health.Check{
		Name: "orders", At: []health.Moment{health.AtBefore, health.AtBake}, HTTP: &health.HTTPCheck{Server: "orders", Path: "/"},
	}
	a := health.Answer{Outcome: health.OutcomePass, At: noon}
	before := map[string]health.Answer{back.Name: a, orders.Name: a, "of another plan": a}
	require.Equal(t, map[string]health.Answer{back.Name: a}, health.Compared([]health.Check{back, orders}, before))
	require.Empty(t, health.Compared([]health.Check{back}, nil))
}
