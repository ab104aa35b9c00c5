package live

// helpLines say what the keys do.
func helpLines(t theme, width int) []string {
	columns := []column{{title: "KEY", keep: 1}, {title: "ACTION", keep: 2}}
	var rows [][]cell
	add := func(key, says string) { rows = append(rows, []cell{{key, t.bold}, {says, t.plain}}) }
	add("p", "pause: start nothing new; r: resume")
	add("a", "approve what waits for an approval")
	add("t", "retry the selected target, or its failed step; s: skip it")
	add("w", "waive the health check that blocks the target, or all")
	add("x", "abort the campaign; X: the selected target's maintenance")
	add("tab, arrows", "select a target")
	add("enter", "its details; esc: back")
	add("1 2 3 4 5", "list running, waiting, failed, done, skipped targets")
	add("0, esc", "the overview")
	add("page up/down", "previous or next page of a list")
	add("q, ctrl+c", "quit; the campaign keeps running")
	lines := t.table(width, columns, rows, -1)
	return append(lines, "", t.faint.Render("Each action asks for its reason first. MARGIN: from the"),
		t.faint.Render("expected end to the end of the gateway's window."), t.faint.Render("Any key: back."))
}
