package huaweicloud_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestAnAnswerWithoutBoundIsGivenUp(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	for name, tc := range map[string]struct {
		status      int
		credentials huaweicloud.Credentials
		change      error
	}{
		"an error":        {400, keys(), maintenance.ErrUnknownOutcome},
		"success":         {200, keys(), maintenance.ErrUnknownOutcome},
		"IAM's, an error": {401, login(), maintenance.ErrUnavailable},
		"IAM's, success":  {201, login(), maintenance.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			piece := strings.Repeat("x", 1<<20)
			srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Subject-Token", plantedToken)
				w.WriteHeader(tc.status)
				io.WriteString(w, `{"error_code":"DBS.200019","error_msg":"`) //nolint:errcheck // the client may be gone
				for range 20 {
					if _, err := io.WriteString(w, piece); err != nil {
						return
					}
				}
			})
			cloud := open(t, srv.URL, tc.credentials)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read(t.Context(), cloud)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, maintenance.ErrUnavailable)
			require.ErrorContains(t, err, "the answer has more than ")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20), "allocated")
			require.ErrorIs(t, change(t.Context(), cloud), tc.change)
		})
	}
}
