package maintenance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestANumberOfThingsAgreesWithItsNoun(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"0 targets", "1 target", "2 targets"} {
		require.Equal(t, want, maintenance.Counted(n, "target", "targets"))
		require.Equal(t, "0 of "+want, maintenance.CountedOf(0, n, "target", "targets"))
	}
}
