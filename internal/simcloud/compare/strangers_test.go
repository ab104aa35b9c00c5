package compare_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/redact"
	"github.com/tidegate/tidegate/internal/simcloud/compare"
	"github.com/tidegate/tidegate/test/teststart"
)

// documentedExamples are AWS's own examples of Storage Gateway's calls, as botocore ships them: one exchange each.
func documentedExamples(t *testing.T) capture.Capture {
	t.Helper()
	found, err := exec.CommandContext(t.Context(), "python3", "-c", "import botocore; print(botocore.__path__[0])").Output()
	if err != nil {
		t.Skipf("python3 with botocore is missing (%v); install it to compare AWS's documented examples", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(found)), "data/storagegateway/2013-06-30/examples-1.json"))
	if err != nil {
		t.Skipf("this botocore has no examples of Storage Gateway: %v", err)
	}
	var file struct {
		Examples map[string][]struct{ Input, Output json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(text, &file))
	r, err := redact.New([]byte("key"))
	require.NoError(t, err)
	var c capture.Capture
	at := teststart.On(2, 12)
	for operation, examples := range file.Examples {
		for _, example := range examples {
			c.Exchanges = append(c.Exchanges, r.Exchange(redact.Raw{
				At: at, Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: "storagegateway.us-east-1.amazonaws.com", Path: "/"},
				Header: http.Header{"X-Amz-Target": {"StorageGateway_20130630." + operation}, "Content-Type": {"application/x-amz-json-1.1"}},
				Body:   redact.Bytes{Start: example.Input, Size: len(example.Input)},
				Status: http.StatusOK, Answer: redact.Bytes{Start: example.Output, Size: len(example.Output)},
			}))
		}
	}
	return c
}

// What AWS documents is compared: what the simulator lacks of it is found and named, and nothing stops the comparison.
func TestAWSsDocumentedExamplesAreCompared(t *testing.T) {
	t.Parallel()
	c := documentedExamples(t)
	require.Greater(t, len(c.Exchanges), 40)
	r, printed := report(t, c)
	t.Log(printed)
	passed := 0
	for _, p := range r.NotPlayed {
		passed += p.Times
		require.Contains(t, p.Reason, "the simulator does not have the call storagegateway:")
	}
	require.Equal(t, r.Exchanges, r.Played+passed)
	require.GreaterOrEqual(t, r.Played, 10)
	for _, d := range r.Differences {
		require.Contains(t, compare.Assumptions(), d.Assumption)
		require.NotEqual(t, compare.KindErrorCode, d.Kind, printed)
	}
}
