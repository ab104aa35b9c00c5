package maintenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestShares(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ of, within int }{
		"0": {0, 0}, "3": {3, 3}, "500": {25, 500}, "0%": {0, 0}, "10%": {3, 2}, "50%": {13, 12}, "100%": {25, 25},
	} {
		s, err := maintenance.ParseShare(text)
		require.NoError(t, err)
		require.Equal(t, want.of, s.Of(25), text)
		require.Equal(t, want.within, s.Within(25), text)
		require.Equal(t, text, s.String())
	}
	for _, text := range []string{"", "%", "-1", "101%", "ten", "5 %", "1.5"} {
		_, err := maintenance.ParseShare(text)
		require.ErrorContains(t, err, "must be a number", text)
	}
}

func TestWavesTakeTheWholeFleetInOrder(t *testing.T) {
	t.Parallel()
	waves := func(texts ...string) maintenance.Rollout {
		var r maintenance.Rollout
		for _, text := range texts {
			s, err := maintenance.ParseShare(text)
			require.NoError(t, err)
			r.Waves = append(r.Waves, s)
		}
		return r
	}
	require.Equal(t, []int{0, 0, 0}, waves().WaveOf(3))
	require.Equal(t, []int{0, 1, 1, 2, 2, 2}, waves("1", "30%").WaveOf(6))
	require.Equal(t, []int{0, 0}, waves("5", "5").WaveOf(2), "the first wave takes all there is")
	rapid.Check(t, func(t *rapid.T) {
		r := waves(rapid.SliceOfN(rapid.SampledFrom([]string{"1", "7", "10%", "100%"}), 0, 4).Draw(t, "waves")...)
		of := r.WaveOf(rapid.IntRange(0, 50).Draw(t, "targets"))
		for i := 1; i < len(of); i++ {
			require.Contains(t, []int{0, 1}, of[i]-of[i-1], "a wave was left out or came back: %v", of)
		}
	})
}

func TestRolloutFaultsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	require.NoError(t, maintenance.Rollout{}.WithDefaults().Validate())
	nothing, err := maintenance.ParseShare("0%")
	require.NoError(t, err)
	err = maintenance.Rollout{MaxConcurrent: 501, Bake: -1, Order: "random", Waves: []maintenance.Share{nothing}}.Validate()
	for _, field := range []string{"rollout.forecast.update", "rollout.forecast.snapshot", "rollout.forecast.proxy", "rollout.maxConcurrent", "rollout.bake", "rollout.order", "rollout.waves[0]"} {
		require.ErrorContains(t, err, field)
	}
}

func TestASharesText(t *testing.T) {
	t.Parallel()
	var s maintenance.Share
	require.True(t, s.IsZero())
	require.NoError(t, s.UnmarshalText([]byte("10%")))
	require.False(t, s.IsZero())
	require.Error(t, s.UnmarshalText([]byte("ten")))
	require.Equal(t, "10%", s.String(), "a wrong text leaves it alone")
}

func parsedShare(t require.TestingT, text string) maintenance.Share {
	s, err := maintenance.ParseShare(text)
	require.NoError(t, err)
	return s
}

// TestSharesOfOneKindCanBeCompared: how much 5% are, a plan does not say.
func TestSharesOfOneKindCanBeCompared(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b    string
		smaller bool
	}{
		{"1", "2", true},
		{"2", "2", false},
		{"3", "2", false},
		{"1%", "2%", true},
		{"2%", "2%", false},
		{"3%", "2%", false},
		{"1", "2%", false},
		{"1%", "2", false},
	} {
		require.Equal(t, tc.smaller, parsedShare(t, tc.a).Smaller(parsedShare(t, tc.b)), "%s, %s", tc.a, tc.b)
	}
}

func TestSharesExceedAFleetThatTheyAreMoreThan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		shares string
		n      int
		exceed bool
	}{
		{"", 0, false},
		{"", 5, false},
		{"5", 5, false},
		{"6", 5, true},
		{"2 3", 5, false},
		{"3 3", 5, true},
		{"50% 50%", 10, false},
		{"50% 51%", 10, true},
		{"50% 51%", 0, true},
		{"50% 50%", 0, false},
		{"50% 5", 10, false},
		{"50% 6", 10, true},
		{"51% 5", 10, true},
		{"1000", 0, false},
		{"50% 1000", 0, false},
		{"1", 1, false},
		{"2", 1, true},
	} {
		var shares []maintenance.Share
		for text := range strings.FieldsSeq(tc.shares) {
			shares = append(shares, parsedShare(t, text))
		}
		require.Equal(t, tc.exceed, maintenance.Exceed(shares, tc.n), "%s of %d", tc.shares, tc.n)
	}
}

func TestARolloutsRanges(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	type rollout = maintenance.Rollout
	for field, tc := range map[string]struct {
		set       func(*rollout, int64)
		low, high int64
	}{
		"rollout.bake":              {func(r *rollout, n int64) { r.Bake = maintenance.Duration(n) }, 0, int64(31 * day)},
		"rollout.forecast.update":   {func(r *rollout, n int64) { r.Forecast.Update = maintenance.Duration(n) }, int64(time.Second), int64(day)},
		"rollout.forecast.snapshot": {func(r *rollout, n int64) { r.Forecast.Snapshot = maintenance.Duration(n) }, int64(time.Second), int64(day)},
		"rollout.forecast.proxy":    {func(r *rollout, n int64) { r.Forecast.Proxy = maintenance.Duration(n) }, int64(time.Second), int64(day)},
		"rollout.maxConcurrent":     {func(r *rollout, n int64) { r.MaxConcurrent = int(n) }, 1, 500},
	} {
		judge := func(n int64) map[string]*maintenance.FieldError {
			r := rollout{}.WithDefaults()
			tc.set(&r, n)
			return fieldErrors(t, r.Validate())
		}
		require.Empty(t, judge(tc.low), field)
		require.Empty(t, judge(tc.high), field)
		for _, n := range []int64{tc.low - 1, tc.high + 1} {
			wrong := judge(n)
			require.Len(t, wrong, 1, "%s: %d", field, n)
			require.Contains(t, wrong, field)
		}
	}
}

func TestWavesThatTakeAllLeaveNone(t *testing.T) {
	t.Parallel()
	r := maintenance.Rollout{Waves: []maintenance.Share{parsedShare(t, "2"), parsedShare(t, "3")}}
	for n, want := range map[int][]int{0: {0, 0}, 4: {2, 2}, 5: {2, 3}, 6: {2, 3, 1}} {
		require.Equal(t, want, r.WaveSizes(n), "%d targets", n)
	}
}

func TestApprovalsThatAskForNobodyStaySo(t *testing.T) {
	t.Parallel()
	require.Zero(t, maintenance.Approvals{}.WithDefaults())
	require.NoError(t, maintenance.Approvals{}.Validate())
}

func TestTheDefaultsOfApprovals(t *testing.T) {
	t.Parallel()
	d := func(d time.Duration) maintenance.Duration { return maintenance.Duration(d) }
	week, weekend := d(7*24*time.Hour), d(72*time.Hour)
	for _, tc := range []struct{ given, want maintenance.Approvals }{
		{maintenance.Approvals{EachWave: true}, maintenance.Approvals{EachWave: true, Count: 1, TimeLimit: week, Lead: weekend}},
		{maintenance.Approvals{Count: 2, TimeLimit: d(time.Hour)}, maintenance.Approvals{Count: 2, TimeLimit: d(time.Hour), Lead: d(time.Hour)}},
		{maintenance.Approvals{Count: 2, Lead: d(time.Minute)}, maintenance.Approvals{Count: 2, TimeLimit: week, Lead: d(time.Minute)}},
	} {
		require.Equal(t, tc.want, tc.given.WithDefaults())
		require.NoError(t, tc.given.WithDefaults().Validate())
	}
	require.Equal(t, d(time.Minute), maintenance.Approvals{TimeLimit: d(time.Second)}.UsualLead(), "a time limit that is wrong makes no lead wrong")
}

func TestTheRangesOfApprovals(t *testing.T) {
	t.Parallel()
	type approvals = maintenance.Approvals
	for field, tc := range map[string]struct {
		set       func(*approvals, int64)
		low, high int64
		want      string
	}{
		"approvals.count":     {func(a *approvals, n int64) { a.Count = int(n) }, 1, 10, "1 to 10"},
		"approvals.lead":      {func(a *approvals, n int64) { a.Lead = maintenance.Duration(n) }, int64(time.Minute), int64(744 * time.Hour), "1m to 744h"},
		"approvals.timeLimit": {func(a *approvals, n int64) { a.TimeLimit = maintenance.Duration(n) }, int64(time.Minute), int64(744 * time.Hour), "1m to 744h"},
	} {
		judge := func(n int64) map[string]*maintenance.FieldError {
			a := approvals{Count: 1}.WithDefaults()
			tc.set(&a, n)
			return fieldErrors(t, a.Validate())
		}
		require.Empty(t, judge(tc.low), field)
		require.Empty(t, judge(tc.high), field)
		for _, n := range []int64{tc.low - 1, tc.high + 1} {
			wrong := judge(n)
			require.Len(t, wrong, 1, "%s: %d", field, n)
			require.Equal(t, tc.want, wrong[field].Want)
		}
	}
}
