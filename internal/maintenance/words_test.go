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
