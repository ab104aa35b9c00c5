package activities_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// The vendor's own example of an answer holds an ACCEPT and a REJECT without ids, so the
// adapter leaves the outcome open: nothing is sent again before the proxy has shown what
// happened, and what was answered stays in the message.
func TestAnAnswerThatNobodyCanAttributeIsLookedInto(t *testing.T) {
	t.Parallel()
	said := errors.New(`the reply has no single verdict on the proxy: ACCEPT (workflow_id "w-1"), REJECT (workflow_id "w-2")`)
	for name, tc := range map[string]struct {
		status  string
		started bool
	}{"it was accepted": {"UPGRADING PROXY", true}, "it was rejected": {"ACTIVE", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
			r.huawei.upgrade = fails[string](fmt.Errorf("%w: %w", maintenance.ErrUnknownOutcome, said))
			_, err := run(t, r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
			app := requireKind(t, err, names.TypeUnknownOutcome)
			require.True(t, app.NonRetryable())
			require.Contains(t, app.Message(), "REJECT")
			require.Len(t, r.huawei.sent, 1)

			r.huawei.proxies = proxies(tc.status)
			find := activities.FindJobInput{ProxyLookup: proxyLookup(), Alone: true, Until: r.now.Add(time.Minute)}
			if !tc.started {
				_, err = run(t, r, r.proxies.FindUpgrade, find)
				requireNotYet(t, err, "shows no sign")
				find.Until = r.now
			}
			out, err := run(t, r, r.proxies.FindUpgrade, find)
			require.NoError(t, err)
			require.Equal(t, activities.FindJobOutput{Started: tc.started}, out)
			require.Len(t, r.huawei.sent, 1)
		})
	}
}
