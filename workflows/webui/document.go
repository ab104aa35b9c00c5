package webui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/markdown"
	"github.com/tidegate/tidegate/workflows/api"
)

// mostAddress is how many bytes a document may have in an address: the Web UI asks
// its own server for a document by handing it over in one, and a proxy before that
// takes 8 KB of it where nobody has said otherwise (nginx's
// large_client_header_buffers).
const mostAddress = 7500

// mostShown is how many bytes of one text a document shows.
const mostShown = 900

// md is Markdown. A text of people, clouds or errors becomes so by plain.
type md string

// plain is a text that says in Markdown what it says, on one line, cut where it is
// long.
func plain(text string) md {
	return md(markdown.Plain(CutTo(text, mostShown)))
}

// document is Markdown for the Web UI, of a bounded size: what comes first is the
// most urgent, and of the rows that do not fit only the number is said.
type document struct {
	text strings.Builder
	left int // bytes in an address
}

func newDocument() *document { return &document{left: mostAddress} }

// add writes a text, where there is room.
func (d *document) add(text string) bool {
	cost := escaped(text)
	if cost > d.left {
		return false
	}
	d.left -= cost
	d.text.WriteString(text)
	return true
}

// escaped is how many bytes a text has in an address.
func escaped(text string) int {
	n := len(text)
	for i := range len(text) {
		if !literal(text[i]) {
			n += len("%20") - 1
		}
	}
	return n
}

// literal is true for a byte that stands in an address as it is.
func literal(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0
}

// escape writes a text as it stands in an address. (net/url is not for workflows.)
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if literal(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// say adds a line. Of its arguments those that are strings are plain texts.
func (d *document) say(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = plain(text)
		}
	}
	d.add(fmt.Sprintf(format, args...) + "\n")
}

// part ends a paragraph.
func (d *document) part() { d.add("\n") }

// table adds as many rows as fit into a third of the room that is left, so that
// what follows has some too, and says how many of the total it leaves out.
func (d *document) table(title string, head []string, rows [][]md, total int) {
	if len(rows) == 0 {
		return
	}
	kept := d.left - d.left/3
	d.left -= kept
	start := "\n### " + title + "\n\n|" + strings.Join(head, "|") + "|\n" + strings.Repeat("|---", len(head)) + "|\n"
	shown := 0
	for shown < len(rows) && d.add(start+row(rows[shown])) {
		start = ""
		shown++
	}
	d.left += kept
	switch {
	case shown == 0:
		d.say("**%s:** %d", title, total)
	case shown < total:
		d.say("\n… and %d more", total-shown)
	}
}

func row(cells []md) string {
	var row strings.Builder
	for _, cell := range cells {
		row.WriteString("|" + cmp.Or(string(cell), " ")) // one without anything would be joined to the one before
	}
	return row.String() + "|\n"
}

// Place is where in the Web UI links lead to. They are relative to the frame that
// shows a document, so that they hold where the Web UI lives under a path.
type Place struct{ namespace string }

// PlaceOf is the place of the workflow that runs.
func PlaceOf(ctx workflow.Context) Place {
	return Place{namespace: workflow.GetInfo(ctx).Namespace}
}

// run links a workflow's page, of its last run.
func (p Place) run(text, workflowID string) md {
	return p.link(text, "/"+escape(workflowID))
}

// runOf links the page of one run of a workflow.
func (p Place) runOf(text, workflowID, runID string) md {
	return p.link(text, "/"+escape(workflowID)+"/"+escape(runID))
}

// target links a target's maintenance, and shows its gateway's id to be copied.
func (p Place) target(name, gatewayID string) md {
	return p.run(name, api.GatewayWorkflowID(gatewayID)) + " " + plain(gatewayID)
}

// list links the list of the workflows that a query finds.
func (p Place) list(text, query string) md {
	return p.link(text, "?query="+strings.ReplaceAll(escape(query), "%20", "+"))
}

func (p Place) link(text, to string) md {
	return "[" + plain(text) + "](namespaces/" + md(escape(p.namespace)+"/workflows"+to) + ")"
}

// Clock is a time of now: in UTC, to the second.
func Clock(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format("01-02 15:04:05Z")
}

// stamp is a time of now in a table, where it stays on one line.
func stamp(t *time.Time) md {
	if t == nil || t.IsZero() {
		return ""
	}
	return md(strings.ReplaceAll(t.UTC().Format("2 Jan 15:04:05Z"), " ", "\u00a0"))
}

// when is a time that may be weeks away: in UTC, and in the gateway's own zone
// where that is another.
func when(t time.Time, zone maintenance.Zone) string {
	if t.IsZero() {
		return ""
	}
	said := t.UTC().Format("Mon 2006-01-02 15:04Z")
	if zone != (maintenance.Zone{}) {
		said += t.In(zone.Location()).Format(" (Mon 15:04 MST)")
	}
	return said
}

// Short is the part of a long id that distinguishes it on a screen.
func Short(id string) string {
	const head, tail = 8, 8
	if len(id) <= head+tail {
		return id
	}
	return id[:head] + "…" + id[len(id)-tail:]
}

// maxNote is how long a note on a failed target is at most, in bytes: long enough for
// what the cloud said. Where ten thousand of them are too much for one payload they are
// cut further (shorten). The whole is in the target's own record.
const maxNote = 400

// CutNote is a note of that length at most.
func CutNote(note string) string { return CutTo(note, maxNote) }

// CutTo cuts a text from behind, so that what stands first stays.
func CutTo(note string, most int) string {
	if len(note) > most+len("…") {
		note = strings.ToValidUTF8(note[:most], "") + "…"
	}
	return note
}
