package planfile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
)

// The files of examples/ are read by people of any year: none has a date that passes.
func TestTheExamplesHoldInAnyYear(t *testing.T) {
	t.Parallel()
	all := examples(t)
	delete(all, "complete") // it shows how dates are written
	for name, text := range all {
		want := -1
		for year := range 12 {
			at := now.AddDate(year, 0, 0)
			p, err := planfile.Parse(name, text, planfile.Options{Now: at, Dir: examplesDir})
			require.NoError(t, err)
			require.Empty(t, p.Warnings, "%s in %s", name, at.Format(time.DateOnly))
			if want < 0 {
				want = len(p.Policy.Freezes)
			}
			require.InDelta(t, want, len(p.Policy.Freezes), 1, "%s in %s", name, at.Format(time.DateOnly))
			require.Equal(t, want > 0, len(p.Policy.Freezes) > 0, name)
		}
	}
}
