package maintenance_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestTheTextOfAnErrorIsEnglish(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("describe gateway sgw-1: %w", context.DeadlineExceeded), "describe gateway sgw-1: no answer in time"},
		{fmt.Errorf(`Get "https://x": %w (Client.Timeout)`, context.Canceled), `Get "https://x": interrupted (Client.Timeout)`},
		{errors.New("throttled"), "throttled"},
	} {
		require.Equal(t, tc.want, maintenance.Plain(tc.err))
	}
}

func TestANumberOfThingsAgreesWithItsNoun(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"0 targets", "1 target", "2 targets"} {
		require.Equal(t, want, maintenance.Counted(n, "target", "targets"))
		require.Equal(t, "0 of "+want, maintenance.CountedOf(0, n, "target", "targets"))
	}
}
