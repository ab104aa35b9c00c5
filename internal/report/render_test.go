package report_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/test/browsertest"
)

func TestTheFormsOfAReportAreAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, form := range []report.Format{report.Markdown, report.HTML, report.JSON} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			text, err := report.Render(document(), form)
			require.NoError(t, err)
			again, err := report.Render(document(), form)
			require.NoError(t, err)
			require.Equal(t, string(text), string(again))
			golden := "testdata/campaign." + string(form)
			if *update {
				require.NoError(t, os.WriteFile(golden, text, 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text), "where this changes (-update), the version of the documents rises")
			read, as, err := report.Parse(text)
			require.NoError(t, err)
			require.Equal(t, form, as)
			require.Equal(t, document(), read, "every form holds the whole report")
		})
	}
	_, err := report.Render(document(), "pdf")
	require.ErrorContains(t, err, `write the report as "pdf": must be md, html or json`)
}

func TestAFilesEndingAsksForAForm(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]report.Format{
		"r.md": report.Markdown, "a.b/r.markdown": report.Markdown, "r.HTML": report.HTML, "r.htm": report.HTML, "r.html.json": report.JSON,
		"r.pdf": "", "r": "", "": "",
	} {
		form, ok := report.FormatOf(path)
		require.Equal(t, want, form, path)
		require.Equal(t, want != "", ok, path)
	}
}

// picturesEnv, where it is 1, lets the browser test write the docs' picture.
const picturesEnv = "TIDEGATE_PICTURES"

// serve is the address of a report, on a server that has nothing else.
func serve(t *testing.T, text []byte) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/report.html" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(text) // the browser would show less
	}))
	t.Cleanup(site.Close)
	return site.URL + "/report.html"
}

func TestTheReportIsReadableOnDesksPhonesAndPaper(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	text, err := report.Render(document(), report.HTML)
	require.NoError(t, err)
	page := serve(t, text)
	folder := t.TempDir()
	desk := filepath.Join(folder, "report.png")
	if os.Getenv(picturesEnv) == "1" {
		desk = "../../docs/images/report.png"
	}
	browsertest.Visit(tab, t, page, "stores-q4", "INC-9: <script>alert(1)</script>", "over by", "is gone")
	for _, width := range []int64{1280, 390, 320} {
		path := desk
		if width < 1000 {
			path = filepath.Join(folder, "narrow.png")
		}
		browsertest.Screenshot(tab, t, path, width, 900)
		overflow, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
		require.NoError(t, err)
		require.LessOrEqual(t, overflow, 0, "at %d pixels the page scrolls sideways", width)
	}
	references, err := chromedp.Run(tab, chromedp.Evaluate[int](`performance.getEntriesByType("resource").filter(r => !r.name.endsWith("favicon.ico")).length`))
	require.NoError(t, err)
	require.Zero(t, references, "the file stands alone")
	paper, err := chromedp.Run(tab, chromedp.PrintToPDF())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(paper, []byte("%PDF-")))
	pages := bytes.Count(paper, []byte("/Type /Page\n"))
	require.Positive(t, pages)
}
