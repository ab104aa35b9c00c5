// Package browsertest drives a headless Chromium in tests, by the DevTools protocol
// (chromedp). A test that needs it skips where there is no browser, saying what is missing,
// unless the environment says that there must be one. It holds no tests of pages: those are
// with what they test. Start at Open.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	// EnvPath is the variable that names the browser's program, for one that is not on the PATH.
	EnvPath = "CHROME_PATH"
	// EnvRequired is the variable that, when it is 1 and CI is true, turns the skip into a failure.
	EnvRequired = "REQUIRE_BROWSER"

	// timeout bounds everything that one test does with its browser.
	timeout = 6 * time.Minute
	// textTimeout bounds the wait for a text: the Web UI asks its server every few seconds.
	textTimeout = 2 * time.Minute
	// patience is how long a page may lack a text before Visit opens it again.
	patience = 20 * time.Second
	// visibleText is the page's text with that of its frames: the Web UI renders
	// what a workflow says about itself, in Markdown, in frames of its own.
	visibleText = `[document, ...[...document.querySelectorAll("iframe")].map(f => f.contentDocument)]
		.map(d => d?.body?.innerText ?? "").join("\n")`
	// pollInterval is the time between two reads of a page.
	pollInterval = 100 * time.Millisecond
)

// ErrNoBrowser means that no Chromium or Chrome is installed.
var ErrNoBrowser = errors.New("no browser: install Debian's chromium or Google Chrome, or set " + EnvPath)

// Find returns the browser's program: what CHROME_PATH names, else the first of
// the usual names that lookPath (exec.LookPath) knows. It returns ErrNoBrowser if
// there is none; a CHROME_PATH that cannot be run is another error, never a skip.
func Find(getenv func(string) string, lookPath func(string) (string, error)) (string, error) {
	if named := getenv(EnvPath); named != "" {
		path, err := lookPath(named)
		if err != nil {
			return "", fmt.Errorf("%s=%s: %w", EnvPath, named, err)
		}
		return path, nil
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := lookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

// Required says whether a missing browser is a failure: in a CI that installs one.
func Required(getenv func(string) string) bool {
	return getenv("CI") == "true" && getenv(EnvRequired) == "1"
}

// Open starts a browser of its own for the test and returns the context of an
// empty tab, for chromedp.Do and chromedp.Run. The browser reaches loopback
// only, and is gone when the test ends, after six minutes at the latest.
func Open(t *testing.T) context.Context {
	t.Helper()
	path, err := Find(os.Getenv, exec.LookPath)
	if errors.Is(err, ErrNoBrowser) && !Required(os.Getenv) {
		t.Skip(err)
	}
	require.NoError(t, err)

	bounded, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	allocator, stop := chromedp.NewExecAllocator(bounded, options(path)...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf))
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(ctx), "start %s", path)
	return ctx
}

func options(path string) []chromedp.ExecAllocatorOption {
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts,
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// A page that wants anything from elsewhere must show that here, not on a
		// machine that happens to be offline.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	if os.Geteuid() == 0 {
		// Chromium refuses to start its sandbox as root, which is what CI is.
		opts = append(opts, chromedp.NoSandbox)
	}
	return opts
}

// Visit opens the page and waits until it shows all of the texts. Where they are
// missing for long it opens the page again, as a person would: the Web UI asks a
// busy worker once for what a workflow says of itself, and not again.
func Visit(ctx context.Context, t *testing.T, page string, texts ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	for {
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(page)))
		if shows(ctx, t, patience, texts) {
			return
		}
	}
}

// WaitForText waits until the page shows all of the texts, as a reader sees
// them, and fails the test after two minutes with what it shows instead.
func WaitForText(ctx context.Context, t *testing.T, texts ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	shows(ctx, t, 2*textTimeout, texts) // the context ends first, and fails the test
}

// shows tells whether the page shows all of the texts within the time, and
// fails the test where the context ends before.
func shows(ctx context.Context, t *testing.T, within time.Duration, texts []string) bool {
	t.Helper()
	enough := time.NewTimer(within)
	defer enough.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for seen := ""; ; {
		if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](visibleText)); err == nil {
			seen = text
		}
		missing := firstMissing(seen, texts)
		if missing == "" {
			return true
		}
		select {
		case <-ctx.Done():
			require.Failf(t, "the page does not show a text", "%q is missing from:\n%s", missing,
				strings.Join(strings.Fields(seen), " "))
		case <-enough.C:
			return false
		case <-tick.C:
		}
	}
}

func firstMissing(seen string, texts []string) string {
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			return text
		}
	}
	return ""
}

// Screenshot writes what a window of that many CSS pixels shows, as a PNG with
// twice the pixels, so that it is sharp in a README. It makes the folder.
func Screenshot(ctx context.Context, t *testing.T, path string, width, height int64) {
	t.Helper()
	const scale = 2
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale))))
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, png, 0o600))
}
