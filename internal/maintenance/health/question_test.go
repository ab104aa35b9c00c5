package health_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestEqualQuestionsAreAskedOnce(t *testing.T) {
	t.Parallel()
	prometheus := func(server, query string) health.Question {
		return health.Question{Prometheus: &health.PrometheusQuestion{Server: server, Query: query}}
	}
	gateway := func(arn string) health.Question {
		return health.Question{Gateway: &health.GatewayQuestion{Account: "prod", ARN: arn, Cache: true}}
	}
	asked := []health.Question{
		prometheus("prod", "up"), gateway("a"), prometheus("prod", "up"), prometheus("lab", "up"), prometheus("prod", "down"), gateway("b"),
	}
	require.Equal(t, []health.Call{
		{Question: asked[0], For: []int{0, 2}},
		{Question: asked[1], For: []int{1}},
		{Question: asked[3], For: []int{3}},
		{Question: asked[4], For: []int{4}},
		{Question: asked[5], For: []int{5}},
	}, health.Calls(asked))
	require.Empty(t, health.Calls(nil))
}

func TestAThousandTargetsAskForTheirAlarmsInTenCalls(t *testing.T) {
	t.Parallel()
	var asked []health.Question
	for i := range 1000 {
		asked = append(asked, health.Question{Alarms: &health.AlarmQuestion{Account: "prod", Names: []string{fmt.Sprintf("sgw-%d", i)}, Prefix: "orders-"}})
	}
	calls := health.Calls(asked)
	require.Len(t, calls, 11, "ten by names, and one for the prefix that all share")
	for _, call := range calls {
		require.LessOrEqual(t, len(call.Question.Alarms.Names), 100)
	}
}

// cloud answers each call from the alarms that there are.
type cloud struct {
	alarms map[string][]health.Alarm
	broken string // the name of an alarm with which each call fails
}

func (c cloud) read(q health.Question, at time.Time) health.Reading {
	r := health.Reading{At: at}
	if q.Alarms == nil {
		r.Status = len(q.Key())
		return r
	}
	if slices.Contains(q.Alarms.Names, c.broken) {
		r.Err = errors.New("denied")
		return r
	}
	for _, a := range c.alarms[q.Alarms.Account] {
		if slices.Contains(q.Alarms.Names, a.Name) || q.Alarms.Prefix != "" && strings.HasPrefix(a.Name, q.Alarms.Prefix) {
			r.Alarms = append(r.Alarms, a)
		}
	}
	return r
}

func anyQuestion() *rapid.Generator[health.Question] {
	return rapid.Custom(func(t *rapid.T) health.Question {
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			return health.Question{HTTP: &health.HTTPQuestion{Server: "a", Path: rapid.SampledFrom([]string{"/", "/x", "/xy"}).Draw(t, "path")}}
		}
		name := rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("p%d-%d", rapid.IntRange(0, 2).Draw(t, "p"), rapid.IntRange(0, 99).Draw(t, "n"))
		})
		q := health.AlarmQuestion{
			Account: rapid.SampledFrom([]string{"prod", "lab"}).Draw(t, "account"),
			Names:   rapid.SliceOfNDistinct(name, 0, 100, rapid.ID).Draw(t, "names"),
			Prefix:  rapid.SampledFrom([]string{"", "p0", "p1-", "p2-7"}).Draw(t, "prefix"),
		}
		if q.Prefix == "" && len(q.Names) == 0 {
			q.Prefix = "p"
		}
		return health.Question{Alarms: &q}
	})
}

// Sharing changes no answer: each question has the reading that it would have had alone.
func TestASharedReadingIsAsGoodAsOnesOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cloud{alarms: map[string][]health.Alarm{}}
		for i := range rapid.IntRange(0, 200).Draw(t, "alarms") {
			c.alarms["prod"] = append(c.alarms["prod"], health.Alarm{Name: fmt.Sprintf("p%d-%d", i%3, i/3), State: health.AlarmOK})
		}
		asked := rapid.SliceOfN(anyQuestion(), 0, 8).Draw(t, "questions")
		calls := health.Calls(asked)
		var readings []health.Reading
		names := map[string]int{}
		for _, call := range calls {
			readings = append(readings, c.read(call.Question, noon))
			if a := call.Question.Alarms; a != nil {
				require.LessOrEqual(t, len(a.Names), health.MostAlarmNames)
				require.NotEqual(t, len(a.Names) == 0, a.Prefix == "", "names or a prefix")
				for _, name := range a.Names {
					names[a.Account+" "+name]++
				}
			}
		}
		for name, times := range names {
			require.Equal(t, 1, times, name)
		}
		all := health.Distribute(asked, calls, readings)
		require.Len(t, all, len(asked))
		for i, q := range asked {
			own := c.read(q, noon)
			require.ElementsMatch(t, own.Alarms, all[i].Alarms)
			all[i].Alarms, own.Alarms = nil, nil
			require.Equal(t, own, all[i])
		}
	})
}

func TestAReadingOfSeveralCallsIsAsOldAndAsBadAsTheWorst(t *testing.T) {
	t.Parallel()
	asked := []health.Question{
		{Alarms: &health.AlarmQuestion{Account: "prod", Names: []string{"api"}, Prefix: "db-"}},
		{Alarms: &health.AlarmQuestion{Account: "prod", Prefix: "db-"}},
	}
	calls := health.Calls(asked)
	require.Len(t, calls, 2)
	c := cloud{broken: "api"}
	readings := []health.Reading{c.read(calls[0].Question, noon.Add(time.Second)), c.read(calls[1].Question, noon)}
	all := health.Distribute(asked, calls, readings)
	require.EqualError(t, all[0].Err, "denied")
	require.Equal(t, noon, all[0].At)
	require.NoError(t, all[1].Err)
}
