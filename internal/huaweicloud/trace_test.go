package huaweicloud_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// cut ends the connection without an answer.
func cut(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler) //nolint:forbidigo // as net/http wants it
}

func TestEachCallIsReportedWithItsOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		outcome error
	}{
		"an answer":      {always(canned{body: `{"update_result":[{"workflow_id":"w","state":"ACCEPT"}]}`}), nil},
		"refused":        {always(canned{status: 403, body: `{"error_code":"DBS.200010","error_msg":"no"}`}), maintenance.ErrDenied},
		"throttled":      {always(canned{status: 429, body: `{"error_code":"APIGW.0308","error_msg":"slow"}`}), maintenance.ErrThrottled},
		"without answer": {cut, maintenance.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen []calltrace.Request
			ctx := calltrace.With(t.Context(), func(_ context.Context, r calltrace.Request) { seen = append(seen, r) })
			_, _ = open(t, newServer(t, c.answer).URL, keys()).Upgrade(ctx, instance, proxy, "2.23.12.000", "2.24.03.000")
			require.Len(t, seen, 1)
			require.Equal(t, "huawei", seen[0].Cloud)
			require.Equal(t, "UpgradeProxyVersion", seen[0].Operation)
			require.ErrorIs(t, seen[0].Err, c.outcome)
		})
	}
}
