package bounded_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/bounded"
)

// endless writes until nobody reads any more.
func endless(w io.Writer) {
	zeros := make([]byte, 1<<20)
	for {
		if _, err := w.Write(zeros); err != nil {
			return
		}
	}
}

// bomb is some kilobytes that a client makes 64 MB of.
func bomb(w http.ResponseWriter) {
	w.Header().Set("Content-Encoding", "gzip")
	packed := gzip.NewWriter(w)
	defer packed.Close() //nolint:errcheck // the client may be gone
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := packed.Write(zeros); err != nil {
			return
		}
	}
}

func TestWhatComesWithoutEndIsGivenUp(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		most   int
		says   string
	}{
		"endless":              {func(w http.ResponseWriter, _ *http.Request) { endless(w) }, bounded.MaxAnswer, "more than 4 MB"},
		"an endless error":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); endless(w) }, bounded.MaxError, "more than 64 kB"},
		"unpacked without end": {func(w http.ResponseWriter, _ *http.Request) { bomb(w) }, bounded.MaxAnswer, "more than 4 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.answer)
			t.Cleanup(server.Close)
			client := &http.Client{Transport: bounded.Transport{Over: server.Client().Transport}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			answer, err := client.Get(server.URL) //nolint:noctx // the test's own server
			require.NoError(t, err)
			read, err := io.Copy(io.Discard, answer.Body)
			require.NoError(t, answer.Body.Close())
			runtime.ReadMemStats(&after)
			require.LessOrEqual(t, read, int64(tc.most))
			means, ok := bounded.TooLarge(err)
			require.True(t, ok, "%v", err)
			require.Contains(t, means, tc.says)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "allocated")
		})
	}
}

func TestWhatIsWithinTheBoundArrivesWhole(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, bounded.MaxAnswer))
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	answer, err := (&http.Client{Transport: bounded.Transport{Over: server.Client().Transport}}).Get(server.URL) //nolint:noctx // as above
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, errors.Join(err, answer.Body.Close()))
	require.Len(t, body, bounded.MaxAnswer)
	_, ok := bounded.TooLarge(io.ErrUnexpectedEOF)
	require.False(t, ok)
}
