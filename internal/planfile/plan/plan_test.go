package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func TestASelectorMatchesWhereAllThatItSaysHolds(t *testing.T) {
	t.Parallel()
	gateway := plan.Found{Name: "payments-1", Type: "CACHED", Tags: map[string]string{"env": "prod", "empty": ""}}
	for name, tc := range map[string]struct {
		selector plan.Selector
		want     bool
	}{
		"nothing":               {plan.Selector{}, true},
		"its type":              {plan.Selector{Types: []string{"STORED", "CACHED"}}, true},
		"another type":          {plan.Selector{Types: []string{"STORED"}}, false},
		"its name":              {plan.Selector{Name: "payments-1"}, true},
		"a pattern":             {plan.Selector{Name: "pay*-[0-9]"}, true},
		"a piece of its name":   {plan.Selector{Name: "payments"}, false},
		"its tag":               {plan.Selector{Tags: map[string]string{"env": "prod"}}, true},
		"another value":         {plan.Selector{Tags: map[string]string{"env": "pro*"}}, false},
		"any value":             {plan.Selector{Tags: map[string]string{"env": "*", "empty": "*"}}, true},
		"an empty value":        {plan.Selector{Tags: map[string]string{"empty": ""}}, true},
		"a tag that it has not": {plan.Selector{Tags: map[string]string{"app": "*"}}, false},
		"an update":             {plan.Selector{UpdateAvailable: true}, false},
		"one of two":            {plan.Selector{Name: "payments-*", Types: []string{"VTL"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.selector.Matches(gateway))
		})
	}
	require.True(t, plan.Selector{UpdateAvailable: true}.Matches(plan.Found{UpdateAvailable: true}))
}

func TestWavesAreCounted(t *testing.T) {
	t.Parallel()
	share := func(text string) maintenance.Share {
		s, err := maintenance.ParseShare(text)
		require.NoError(t, err)
		return s
	}
	waves := []maintenance.Share{share("1"), share("50%")}
	for name, tc := range map[string]struct {
		plan plan.Plan
		want int
		open bool
	}{
		"one":             {plan.Plan{Targets: make([]maintenance.Target, 3)}, 1, false},
		"and the rest":    {plan.Plan{Targets: make([]maintenance.Target, 4), Rollout: maintenance.Rollout{Waves: waves}}, 3, false},
		"without a rest":  {plan.Plan{Targets: make([]maintenance.Target, 2), Rollout: maintenance.Rollout{Waves: waves}}, 2, false},
		"of who is found": {plan.Plan{Selectors: make([]plan.Selector, 1), Rollout: maintenance.Rollout{Waves: waves}}, 3, true},
		"of all found":    {plan.Plan{Selectors: make([]plan.Selector, 1)}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, open := tc.plan.Waves()
			require.Equal(t, tc.want, n)
			require.Equal(t, tc.open, open)
		})
	}
}
