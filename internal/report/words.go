package report

import (
	"cmp"
	"fmt"
	htmltemplate "html/template"
	"math"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// words are what both forms for people say alike; the templates call them.
func words() map[string]any {
	return map[string]any{
		"stamp": stamp, "dur": dur, "software": software, "snapshots": snapshotWords, "proxies": proxyWords,
		"margin": marginWords, "cell": cell, "either": either,
		"plus": func(a, b float64) float64 { return px(a + b) }, "px": px, "odd": func(n int) bool { return n%2 == 1 },
		"none": none, "large": large, "offPaper": offPaper,
		"short": shortened, "legend": legend, "run": runWords, "failures": Run.Failures,
		"series": checkSeries,
	}
}

// runWords say how a run ended, or how it is.
func runWords(r Run) string {
	from := stamp(r.Start)
	hold := r.hold()
	switch {
	case hold != nil:
		return fmt.Sprintf("in progress since %s; held at %s since %s", from, hold.Step, stamp(hold.At))
	case r.Ended == RunRunning:
		return fmt.Sprintf("in progress since %s; its record is made when it ends", from)
	case r.Result == nil:
		return fmt.Sprintf("%s, %s to %s; it left no record", r.Ended, from, stamp(r.End))
	}
	return fmt.Sprintf("%s, %s to %s", r.Ended, from, stamp(r.End))
}

// none is the attribute of a cell that says nothing: a phone has no room for it.
func none(text string) htmltemplate.HTMLAttr {
	if text == "-" {
		return "data-none"
	}
	return ""
}

// paper is how many targets' records are printed; the tables always are.
const paper = 200

// large is true for a report whose records would fill thousands of pages.
func large(d Document) bool { return len(d.Targets) > paper }

// offPaper is true for a target whose record a large report does not print: it
// went as planned.
func offPaper(r shown, t Target) bool {
	return large(r.Document) && (t.State == fleet.Succeeded || t.State == fleet.UpToDate)
}

// either is its first text that is not empty.
func either(texts ...string) string { return cmp.Or(texts...) }

// stamp is a time in UTC. It takes a time or a pointer to one.
func stamp(at any) string {
	switch t := at.(type) {
	case time.Time:
		if !t.IsZero() {
			return t.UTC().Format("2006-01-02 15:04:05") + "Z"
		}
	case *time.Time:
		if t != nil {
			return stamp(*t)
		}
	}
	return "-"
}

// dur is a duration for people: to the second, or to a tenth where it is short.
func dur(d maintenance.Duration) string {
	to := time.Second
	if d.Std() < 10*time.Second {
		to = 100 * time.Millisecond
	}
	return maintenance.Duration(d.Std().Round(to)).String()
}

// software are a target's versions before its first run and after its last.
func software(t Target) string {
	before, after, by := "", "", ""
	for _, r := range t.Runs {
		if r.Result == nil {
			continue
		}
		g := r.Result.Gateway
		before = cmp.Or(before, g.Before.SoftwareVersion)
		after = cmp.Or(g.After.SoftwareVersion, after)
		if g.Updated && g.Cause == maintenance.CauseAWS {
			by = " (by AWS itself)"
		}
	}
	switch {
	case before == "" && after == "":
		return "-"
	case after == "":
		return "was " + before // what it runs now was not seen
	case before == after:
		return after + " as before"
	}
	return before + " → " + after + by
}

func snapshotWords(t Target) string {
	r := t.Latest()
	if r == nil || len(r.Snapshots) == 0 {
		return "-"
	}
	done := 0
	for _, s := range r.Snapshots {
		if s.Completed && !s.Deleted {
			done++
		}
	}
	return fmt.Sprintf("%d of %d", done, len(r.Snapshots))
}

func proxyWords(t Target) string {
	r := t.Latest()
	if r == nil || len(r.Proxies) == 0 {
		return "-"
	}
	var parts []string
	count := make(map[maintenance.ProxyState]int)
	for _, p := range r.Proxies {
		count[p.State]++
	}
	for _, p := range r.Proxies {
		if n := count[p.State]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, p.State))
			count[p.State] = 0
		}
	}
	return strings.Join(parts, ", ")
}

func marginWords(t Target) string {
	r := t.Latest()
	if r == nil {
		return "-"
	}
	text, _ := marginOf(*r)
	return cmp.Or(text, "-")
}

// cell is a text as Markdown shows it as it is, also within a table.
func cell(of any) string {
	text := strings.Join(strings.Fields(fmt.Sprint(of)), " ")
	if text == "" {
		return "-"
	}
	return strings.NewReplacer(
		"\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]", "#", "\\#",
		"&", "&amp;", "<", "&lt;", ">", "&gt;",
	).Replace(text)
}

// px keeps a length to a tenth of a pixel.
func px(length float64) float64 { return math.Round(length*10) / 10 }

// shortened is a target's name as far as the picture has room for it.
func shortened(name string) string {
	const most = 26
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

// legend is what the picture's colours mean.
func legend() []bar {
	return []bar{
		{Class: "window", Title: "the gateway's window"},
		{Class: "step update", Title: "update"},
		{Class: "step await-running", Title: "await running"},
		{Class: "step snapshot", Title: "snapshots"},
		{Class: "step upgrade-proxies", Title: "proxies"},
		{Class: "step", Title: "reading and verifying"},
		{Class: "step broken", Title: "a step that failed"},
		{Class: "held", Title: "held: waits for a person"},
		{Class: "overrun", Title: "overrun"},
		{Class: "freeze", Title: "freeze"},
		{Class: "progress", Title: "in progress"},
		{Class: "open", Title: "no record"},
	}
}
