package awscloud_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// An error of 20 MB took the worker from 36 to 510 MB: the SDK reads without bound.
func TestAnAnswerWithoutBoundIsGivenUp(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	for name, status := range map[string]int{"an error": 400, "a fault of the service": 500, "success": 200} {
		t.Run(name, func(t *testing.T) {
			piece := strings.Repeat("x", 1<<20)
			aws := answers(t, func(w http.ResponseWriter, _ request) {
				w.WriteHeader(status)
				io.WriteString(w, `{"__type":"ThrottlingException","message":"`) //nolint:errcheck // the client may be gone
				for range 20 {
					if _, err := io.WriteString(w, piece); err != nil {
						return
					}
				}
			})
			cloud := aws.cloud()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := cloud.Gateway(t.Context(), gatewayARN)
			runtime.ReadMemStats(&after)
			requireSentinel(t, err, maintenance.ErrUnavailable)
			require.ErrorContains(t, err, "describe gateway sgw-12A3456B: the cloud did not answer properly: no answer of AWS came from "+aws.URL)
			require.ErrorContains(t, err, ": the answer has more than ")
			require.ErrorContains(t, err, "was not read to its end")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20), "allocated")
			_, err = aws.cloud().CreateSnapshot(t.Context(), volumeARN, "key")
			requireSentinel(t, err, maintenance.ErrUnknownOutcome)
		})
	}
}

// The SDK closes a request's body when the answer starts, also while it is sent: the
// transport then cut the connection, and the answer broke off.
func TestAnAnswerThatStartsBeforeTheRequestIsSentIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"the request was read": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat("x", bounded.MaxAnswer/2)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if reads {
					io.Copy(io.Discard, r.Body) //nolint:errcheck // seen below
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				io.WriteString(w, `{"GatewayARN":"`+gatewayARN+`","GatewayState":"RUNNING","GatewayName":"`+long+`"}`) //nolint:errcheck // seen below
			}))
			t.Cleanup(server.Close)
			cloud := awscloud.New(settings(), wire.Place{Account: "prod", Endpoint: server.URL}, nil, nil)
			for range 50 {
				_, err := cloud.Gateway(t.Context(), gatewayARN)
				require.NoError(t, err)
			}
		})
	}
}
