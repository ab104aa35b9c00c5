package report_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/test/browsertest"
)

// large is the sample with so many targets, each with a run of its own.
func large(targets int) report.Document {
	d := document()
	d.Targets = nil
	window := maintenance.Window{Start: after(0), End: after(60)}
	for n := range targets {
		t := document().Targets[0]
		t.Name, t.Gateway = fmt.Sprintf("store-%04d", n), gateway(n, "").ID
		run := updated(n, float64(4+n%45), window)
		if n%50 == 7 {
			run = rejected(n, float64(4+n%45), window)
			t.State = fleet.Failed
		}
		t.Runs = []report.Run{run}
		d.Targets = append(d.Targets, t)
		d.Chain.Links = append(d.Chain.Links, report.Link{WorkflowID: run.WorkflowID, RunID: run.RunID, Events: 80, SHA256: d.Chain.Head, Hash: d.Chain.Head})
	}
	d.Counts.Total = targets
	return d
}

func TestAReportOfManyTargetsStaysUsable(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	text, err := report.Render(large(600), report.HTML)
	require.NoError(t, err)
	browsertest.Visit(tab, t, serve(t, text), "store-0000", "100 more targets are not drawn")
	drawn, err := chromedp.Run(tab, chromedp.Evaluate[bool](`[...document.querySelectorAll(".gantt text")].some(t => t.textContent.includes("store-0557"))`))
	require.NoError(t, err)
	require.True(t, drawn, "one that failed is drawn, wherever it stands")
	top, err := chromedp.Run(tab, chromedp.Evaluate[float64](`document.querySelector('a[href="#sgw-00000420"]').click(); document.querySelector("#sgw-00000420").getBoundingClientRect().top`))
	require.NoError(t, err)
	require.InDelta(t, 0, top, 200, "a target's name leads to its record")
	paper, err := chromedp.Run(tab, chromedp.PrintToPDF())
	require.NoError(t, err)
	pages := bytes.Count(paper, []byte("/Type /Page\n"))
	require.Positive(t, pages)
	require.Less(t, pages, 90, "on paper there are the tables, the timeline, and the records of what failed")
}

func BenchmarkRenderFiveThousand(b *testing.B) {
	d := large(5000)
	for _, form := range []report.Format{report.HTML, report.Markdown, report.JSON} {
		b.Run(string(form), func(b *testing.B) {
			size := 0
			for b.Loop() {
				text, err := report.Render(d, form)
				require.NoError(b, err)
				size = len(text)
			}
			b.ReportMetric(float64(size)/1e6, "MB")
		})
	}
}
