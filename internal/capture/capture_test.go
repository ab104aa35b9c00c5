package capture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/capture"
)

func files(t *testing.T, now *time.Time, limits capture.Limits) (*capture.Files, string) {
	t.Helper()
	dir := t.TempDir()
	return &capture.Files{Dir: dir, Program: "test", Limits: limits.WithDefaults(), Now: func() time.Time { return *now }}, dir
}

func TestFilesAreBoundInSizeAndAge(t *testing.T) {
	t.Parallel()
	now := time.Now()
	f, dir := files(t, &now, capture.Limits{FileBytes: 1000, DirBytes: 5000, FileAge: time.Hour, DirAge: 24 * time.Hour})
	for range 200 {
		now = now.Add(time.Second)
		require.NoError(t, f.Write(capture.Exchange{At: now, Cloud: "aws", Service: strings.Repeat("x", 100)}, 0))
	}
	require.NoError(t, f.Close(3, "closed"))
	var total int64
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, name := range names {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(1200), "and its last line")
		total += info.Size()
	}
	require.LessOrEqual(t, total, int64(6500))
	require.Greater(t, len(names), 3)
	c, err := capture.Read(dir)
	require.NoError(t, err)
	require.Equal(t, 3, c.Dropped)
	require.True(t, c.Exchanges[len(c.Exchanges)-1].At.Equal(now), "the newest are there")

	now = now.Add(48 * time.Hour)
	require.NoError(t, f.Write(capture.Exchange{At: now, Cloud: "aws"}, 0))
	require.NoError(t, f.Close(0, "closed"))
	c, err = capture.Read(dir)
	require.NoError(t, err)
	require.Len(t, c.Exchanges, 1, "the old ones are gone")
}

func TestReadSaysWhatIsNoCapture(t *testing.T) {
	t.Parallel()
	header := `{"tidegateCapture":1,"started":"2026-01-01T00:00:00Z"}` + "\n"
	line := `{"at":"2026-01-01T00:00:00Z","cloud":"aws","request":{"method":"GET","url":"x"}}` + "\n"
	for text, want := range map[string]string{
		"":                             "holds no exchange",
		header:                         "holds no exchange",
		line:                           "is not the header of a capture",
		`{"tidegateCapture":2}` + "\n": "is of version 2 of the form; this program reads version 1",
		header + "{\n":                 "line 2: is not an exchange",
		header + "{}\n":                "line 2: is not an exchange: at is required",
	} {
		name := filepath.Join(t.TempDir(), "a.jsonl")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := capture.Read(name)
		require.ErrorContains(t, err, want)
	}
	_, err := capture.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)

	var c capture.Capture
	ended, err := c.Parse(strings.NewReader(header + line + line[:20]))
	require.NoError(t, err, "the process died in its last line")
	require.False(t, ended)
	require.Len(t, c.Exchanges, 1)
	ended, err = c.Parse(strings.NewReader(header + line + `{"end":{"written":1,"dropped":0,"reason":"closed"}}` + "\n"))
	require.NoError(t, err)
	require.True(t, ended)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"tidegateCapture":1}` + "\n" + `{"at":"2026-01-01T00:00:00Z"}` + "\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		var c capture.Capture
		_, _ = c.Parse(strings.NewReader(string(text)))
	})
}
