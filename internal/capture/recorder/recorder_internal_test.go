package recorder

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/capture"
)

// disk is one that is full or slow.
type disk struct {
	full   bool
	free   chan struct{} // nil: at once
	mu     sync.Mutex
	wrote  []capture.Exchange
	closed int // with so many dropped
}

func (d *disk) Write(e capture.Exchange, _ int) error {
	if d.free != nil {
		<-d.free
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return errors.New("no space left on device")
	}
	d.wrote = append(d.wrote, e)
	return nil
}

func (d *disk) Close(dropped int, _ string) error {
	d.closed = dropped
	return nil
}

func recorder(t *testing.T, files writer, log *bytes.Buffer) *Recorder {
	t.Helper()
	r, err := start(files, make([]byte, keyBytes), Options{Logger: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now})
	require.NoError(t, err)
	return r
}

func ask(t *testing.T, r *Recorder, url string, times int) {
	t.Helper()
	ctx := r.Context(t.Context(), 3)
	client := &http.Client{Transport: calltrace.Transport(ctx, "prod", http.DefaultTransport)}
	for range times {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"GatewayARN":"arn"}`))
		require.NoError(t, err)
		request.Header.Set("X-Amz-Target", "StorageGateway_20130630.ListGateways")
		answer, err := client.Do(request)
		require.NoError(t, err)
		var text bytes.Buffer
		_, err = text.ReadFrom(answer.Body)
		require.NoError(t, err)
		require.JSONEq(t, `{"Gateways":[]}`, text.String())
		require.NoError(t, answer.Body.Close())
	}
}

func cloud(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"Gateways":[]}`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAFullDiskDropsAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	full := &disk{full: true}
	r := recorder(t, full, &log)
	ask(t, r, cloud(t), 5)
	r.Close()
	require.Equal(t, 5, r.Dropped())
	require.Equal(t, 5, full.closed)
	require.Equal(t, 1, strings.Count(log.String(), "the capture is incomplete"), log.String())
}

func TestASlowDiskHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slow := &disk{free: make(chan struct{})}
	r := recorder(t, slow, &log)
	url := cloud(t)
	ask(t, r, url, queueLength+10)
	require.GreaterOrEqual(t, r.Dropped(), 9, "one is being written")
	close(slow.free)
	r.Close()
	<-r.done
	require.Equal(t, queueLength+10, len(slow.wrote)+r.Dropped())
	require.Equal(t, 1, strings.Count(log.String(), "the capture is incomplete"))
	ask(t, r, url, 1)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "capture")
	r, err := Open(dir, Options{Program: "test 1", Limits: capture.Limits{FileBytes: 2000}})
	require.NoError(t, err)
	ask(t, r, cloud(t), 20)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, dead.URL, nil)
	require.NoError(t, err)
	_, err = calltrace.Transport(r.Context(t.Context(), 0), "prod", http.DefaultTransport).RoundTrip(request) //nolint:bodyclose // there is none
	require.Error(t, err)
	r.Close()
	r.Close()

	got, err := capture.Read(dir)
	require.NoError(t, err)
	require.Len(t, got.Exchanges, 21)
	require.Empty(t, got.Unended)
	require.Zero(t, got.Dropped)
	require.Greater(t, got.Files, 3, "they rotate")
	first, last := got.Exchanges[0], got.Exchanges[20]
	require.Equal(t, "ListGateways", first.Operation)
	require.Equal(t, 3, first.Attempt)
	require.Equal(t, capture.JSON, first.Response.Body.Form)
	require.Equal(t, 20, first.Request.Body.Bytes)
	require.Equal(t, "refused", last.Failure)
	require.Nil(t, last.Response)

	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, file := range append(files, dir+".key") {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	again, err := Open(dir, Options{})
	require.NoError(t, err)
	ask(t, again, cloud(t), 1)
	again.Close()
	more, err := capture.Read(dir)
	require.NoError(t, err)
	require.Equal(t, first.Account, more.Exchanges[21].Account, "the key is kept")
	require.NoError(t, os.WriteFile(dir+".key", []byte("no key"), 0o600))
	_, err = Open(dir, Options{})
	require.ErrorContains(t, err, "delete it")
}

func TestAnswersThatBreakOffAreSaid(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"Gateways":[]}`))
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	d := &disk{}
	r := recorder(t, d, &log)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	answer, err := calltrace.Transport(r.Context(t.Context(), 0), "prod", http.DefaultTransport).RoundTrip(request)
	require.NoError(t, err)
	_, err = new(bytes.Buffer).ReadFrom(answer.Body)
	require.Error(t, err)
	require.NoError(t, answer.Body.Close())
	r.Close()
	require.Len(t, d.wrote, 1)
	require.Equal(t, "closed", d.wrote[0].Failure)
	require.Equal(t, capture.Unreadable, d.wrote[0].Response.Body.Form)
}
