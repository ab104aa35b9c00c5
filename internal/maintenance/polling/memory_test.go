package polling_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

var noon = time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)

// together are changes that started together and took 1, 2, 3, ... minutes, in the order of their ends.
func together(started time.Time, n int) (all []polling.Change) {
	for i := range n {
		took := time.Duration(i+1) * time.Minute
		all = append(all, polling.Change{Started: started, Took: polling.SpanOf(took-10*time.Second, took)})
	}
	return all
}

func TestTheQuickOnesDoNotSpeakForThoseThatStartedWithThem(t *testing.T) {
	t.Parallel()
	m := polling.Memory{}
	m.Add(polling.Memory{"update": together(noon, 10)})
	require.Empty(t, m.Before("update", noon))
	require.Len(t, m.Before("update", noon.Add(4*time.Minute+time.Second)), 4)
	require.Len(t, m.Before("update", noon.Add(time.Hour)), 10)
	require.Empty(t, m.Before("snapshot", noon.Add(time.Hour)))
}

// Of a thousand that started together, neither the quick ones nor the slow ones are forgotten first.
func TestALargeRoundIsKeptFairly(t *testing.T) {
	t.Parallel()
	m := polling.Memory{}
	for _, c := range together(noon, 1000) {
		m.Add(polling.Memory{"update": {c}})
	}
	require.Len(t, m["update"], 96)
	seen := m.Before("update", noon.AddDate(0, 0, 7))
	require.Len(t, seen, 24)
	sum := time.Duration(0)
	for _, s := range seen {
		sum += s.By.Std() / 24
	}
	require.InDelta(t, 500, sum.Minutes(), 150)
}

func TestOlderRoundsAreForgottenFirst(t *testing.T) {
	t.Parallel()
	m := polling.Memory{}
	for week := range 4 {
		m.Add(polling.Memory{"update": together(noon.AddDate(0, 0, 7*week), 40)})
	}
	weeks := map[int]int{}
	for _, c := range m["update"] {
		weeks[int(c.Started.Sub(noon).Hours())/24/7]++
	}
	require.Equal(t, map[int]int{1: 16, 2: 40, 3: 40}, weeks)
}

// What arrives twice, or in another order, changes nothing, and all is bounded.
func TestAMemoryIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, other := polling.Memory{}, polling.Memory{}
		var all []polling.Memory
		for range rapid.IntRange(1, 150).Draw(t, "changes") {
			started := noon.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			took := time.Duration(rapid.IntRange(1, 100).Draw(t, "minutes")) * time.Minute
			c := polling.Change{Started: started, Took: polling.SpanOf(took/2, took)}
			all = append(all, polling.Memory{rapid.SampledFrom([]string{"update", "proxy"}).Draw(t, "kind"): {c}})
		}
		for _, m := range all {
			one.Add(m)
		}
		slices.Reverse(all)
		for _, m := range append(all, all...) {
			other.Add(m)
		}
		require.Equal(t, one, other)
		for _, changes := range one {
			require.LessOrEqual(t, len(changes), 96)
		}
	})
}

func TestAMemoryHoldsSoManyKinds(t *testing.T) {
	t.Parallel()
	m := polling.Memory{}
	for i := range 100 {
		m.Add(polling.Memory{fmt.Sprint(i): together(noon.Add(time.Duration(i)*time.Minute), 1)})
	}
	require.Len(t, m, 64)
	require.Contains(t, m, "99")
	require.NotContains(t, m, "0")
}

func TestAMemoryTravelsAsJSON(t *testing.T) {
	t.Parallel()
	m := polling.Memory{}
	m.Add(polling.Memory{"update FILE_S3": together(noon.Add(300*time.Millisecond), 1)})
	text, err := json.Marshal(m)
	require.NoError(t, err)
	require.JSONEq(t, `{"update FILE_S3": [{"started": "2026-12-01T12:00:00Z", "took": "50s..1m"}]}`, string(text))
	var back polling.Memory
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, m, back)
}

func TestASpanIsShortText(t *testing.T) {
	t.Parallel()
	for text, span := range map[string]polling.Span{
		`"9m..9m12s"`:   polling.SpanOf(9*time.Minute+400*time.Millisecond, 9*time.Minute+12*time.Second+1),
		`"0s..40ms"`:    polling.SpanOf(0, 40*time.Millisecond+1),
		`"59.5s..1m1s"`: {After: maintenance.Duration(59500 * time.Millisecond), By: maintenance.Duration(61 * time.Second)},
	} {
		out, err := json.Marshal(span)
		require.NoError(t, err)
		require.Equal(t, text, string(out))
		var back polling.Span
		require.NoError(t, json.Unmarshal(out, &back))
		require.Equal(t, span, back)
	}
	for _, text := range []string{`"9m"`, `"..9m"`, `"9m.."`, `"a..b"`} {
		require.Error(t, json.Unmarshal([]byte(text), new(polling.Span)), text)
	}
}

// Three hundred things that are polled every ten seconds are too many for 20 calls a second.
func TestPollsTakeHalfOfAnAccountsRate(t *testing.T) {
	t.Parallel()
	crowd := polling.Crowd{}
	for i := range 300 {
		crowd.Interval(fmt.Sprint(i), 10*time.Second, 20, noon)
	}
	require.Equal(t, 30*time.Second, crowd.Interval("7", 10*time.Second, 20, noon))
	require.Equal(t, time.Minute, crowd.Interval("7", time.Minute, 20, noon), "few polls need no more room")
	require.Equal(t, 10*time.Second, crowd.Interval("7", 10*time.Second, 0, noon), "no limit")
	for i := range 300 {
		crowd.Interval(fmt.Sprint(i), 5*time.Minute, 20, noon)
	}
	require.Equal(t, 10*time.Second, crowd.Interval("new", 10*time.Second, 20, noon), "the others are polled seldom")
	require.Equal(t, 10*time.Second, crowd.Interval("8", 10*time.Second, 20, noon.Add(time.Hour)), "what ended no longer counts")
}
