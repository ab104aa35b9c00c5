package maintenance_test

import (
	"testing"

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
		require.ErrorContains(t, err, "is wrong: want a number", text)
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
