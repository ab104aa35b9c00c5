package histories

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/report"
)

// Verdict is what came of verifying a report.
type Verdict struct {
	Document report.Document // as the report has it
	// Differences say what is not as the histories have it; none: the report is
	// genuine.
	Differences []string
	// Later is true where more has happened since the report was made.
	Later bool
}

// Verify reads the histories of a report again, as far as they had come at the
// time as of which it is, makes the report again, and compares. Of what the report
// says that time alone, and which campaign it is about, is taken for granted. An
// error says that it could not.
func Verify(ctx context.Context, r Reader, text []byte) (Verdict, error) {
	d, form, err := report.Parse(text)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Document: d}
	e, err := (&reading{from: r, until: d.AsOf}).collect(ctx, d.WorkflowID, d.RunID, nil)
	if err != nil {
		return v, err
	}
	v.Later = e.later
	rebuilt, err := build(e)
	if err != nil {
		return v, err
	}
	v.Differences = differentLinks(d, rebuilt.Chain)
	want, err := report.Render(rebuilt, form)
	if err != nil {
		return v, err
	}
	v.Differences = append(v.Differences, differentLines(string(text), string(want))...)
	return v, nil
}

// differentLinks are the histories that are not those that a report was made of.
func differentLinks(d report.Document, rebuilt report.Chain) (list []string) {
	say := func(l report.Link, format string, args ...any) {
		list = append(list, fmt.Sprintf("the history of %s, run %s: ", l.WorkflowID, l.RunID)+fmt.Sprintf(format, args...))
	}
	there, counted := byRun(d.Chain), byRun(rebuilt)
	for _, l := range d.Chain.Links {
		now, known := counted[[2]string{l.WorkflowID, l.RunID}]
		switch {
		case !known:
			say(l, "the report counts on it, and the campaign's histories do not lead to it")
		case now.Gone && !l.Gone:
			say(l, "it is gone: the namespace does not keep it any longer, so nothing about it can be verified")
		case now.Events != l.Events:
			say(l, "it had %s as of %s, and the report counts on %d", maintenance.Counted(int(now.Events), "event", "events"),
				d.AsOf.UTC().Format(time.RFC3339Nano), l.Events)
		case now.SHA256 != l.SHA256:
			say(l, "its events are not those that the report was made of (SHA-256 %.12s..., the report has %.12s...)", now.SHA256, l.SHA256)
		}
	}
	for _, l := range rebuilt.Links {
		if _, known := there[[2]string{l.WorkflowID, l.RunID}]; !known {
			say(l, "it is missing from the report")
		}
	}
	return list
}

// byRun are a chain's links by workflow and run; of two for one run the later counts.
func byRun(c report.Chain) map[[2]string]report.Link {
	links := make(map[[2]string]report.Link, len(c.Links))
	for _, l := range c.Links {
		links[[2]string{l.WorkflowID, l.RunID}] = l
	}
	return links
}

// mostLines is how many different lines of a report are shown.
const mostLines = 5

// differentLines are the lines of a report that are not as they would be written.
func differentLines(has, want string) (list []string) {
	if has == want {
		return nil
	}
	ours, theirs := strings.Split(want, "\n"), strings.Split(has, "\n")
	n := 0
	for i := range max(len(ours), len(theirs)) {
		a, b := line(theirs, i), line(ours, i)
		if a == b {
			continue
		}
		if n++; n <= mostLines {
			a, b = around(a, b)
			list = append(list, fmt.Sprintf("line %d of the report says %s; the histories say %s", i+1, a, b))
		}
	}
	if n > mostLines {
		list = append(list, "and "+maintenance.Counted(n-mostLines, "more line differs", "more lines differ"))
	}
	return list
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// around is what two lines have around the place where they part, quoted.
func around(a, b string) (_, _ string) {
	const before, after = 30, 50
	part := 0
	for part < min(len(a), len(b)) && a[part] == b[part] {
		part++
	}
	from := max(0, part-before)
	cut := func(s string) string {
		return fmt.Sprintf("%q", strings.ToValidUTF8(s[min(from, len(s)):min(part+after, len(s))], ""))
	}
	return cut(a), cut(b)
}
