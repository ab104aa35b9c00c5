package planfile_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
)

// Plans from the field that were refused.
func TestPlansFromTheFieldAreRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bom.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/" + name)
			require.NoError(t, err)
			p, err := planfile.Parse(name, text, planfile.Options{Now: now})
			require.NoError(t, err)
			require.Len(t, p.Targets, 1)
			require.Empty(t, p.Warnings)
		})
	}
}
