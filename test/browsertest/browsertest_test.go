package browsertest_test

import (
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/test/browsertest"
)

const details = `### Waiting for the tide

| step | state |
|---|---|
| assess | done |
| wait | until Sunday 02:15 |`

// wait shows what an operator reads on the run's page, and stays open.
func wait(ctx workflow.Context) error {
	workflow.SetCurrentDetails(ctx, details)
	return workflow.Await(ctx, func() bool { return false })
}

func TestWebUIShowsCurrentDetailsWithoutTheInternet(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	srv, err := devserver.Start(t.Context(), devserver.Options{})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, "tide", worker.Options{})
	w.RegisterWorkflow(wait)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "gateway-1", TaskQueue: "tide", StaticSummary: "Maintenance of gateway-1",
	}, wait)
	require.NoError(t, err)

	browsertest.Visit(tab, t, srv.UIAddress()+"/namespaces/default/workflows/"+run.GetID()+"/"+run.GetRunID()+"/user-metadata",
		"gateway-1", "Maintenance of gateway-1", "Waiting for the tide", "until Sunday 02:15")

	picture := filepath.Join(t.TempDir(), "shots", "ui.png")
	if keep := os.Getenv("KEEP_SCREENSHOT"); keep != "" {
		picture = keep
	}
	browsertest.Screenshot(tab, t, picture, 1440, 900)
	f, err := os.Open(picture)
	require.NoError(t, err)
	conf, err := png.DecodeConfig(f)
	require.NoError(t, errors.Join(err, f.Close()))
	require.Equal(t, []int{2880, 1800}, []int{conf.Width, conf.Height})

	asked, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`performance.getEntriesByType("resource").map(r => r.name)`))
	require.NoError(t, err)
	require.NotEmpty(t, asked)
	for _, url := range asked {
		require.Regexp(t, `^(data:|blob:|`+srv.UIAddress()+`/)`, url, "the page asked someone else")
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	errAbsent := errors.New("not there")
	installed := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if !slices.Contains(names, name) {
				return "", errAbsent
			}
			return "/usr/bin/" + filepath.Base(name), nil
		}
	}
	for name, c := range map[string]struct {
		env  string
		look func(string) (string, error)
		want string
		err  error
	}{
		"Debian's chromium":              {look: installed("chromium", "google-chrome"), want: "/usr/bin/chromium"},
		"Google Chrome":                  {look: installed("google-chrome"), want: "/usr/bin/google-chrome"},
		"none is a skip":                 {look: installed(), err: browsertest.ErrNoBrowser},
		"CHROME_PATH wins":               {env: "/opt/my", look: installed("/opt/my", "chromium"), want: "/usr/bin/my"},
		"a wrong CHROME_PATH is no skip": {env: "/opt/my", look: installed("chromium"), err: errAbsent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := browsertest.Find(func(string) string { return c.env }, c.look)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestRequiredOnlyInACIThatSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ci, browser string
		want        bool
	}{{"true", "1", true}, {"true", "", false}, {"", "1", false}, {"", "", false}} {
		env := map[string]string{"CI": c.ci, "REQUIRE_BROWSER": c.browser}
		require.Equal(t, c.want, browsertest.Required(func(k string) string { return env[k] }), env)
	}
}
