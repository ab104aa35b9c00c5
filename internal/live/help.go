package live

// helpLines say what the keys do.
func helpLines(t theme, width int) []string {
	columns := []column{{title: "KEY", keep: 1}, {title: "WHAT IT DOES", keep: 2}}
	var rows [][]cell
	add := func(key, says string) { rows = append(rows, []cell{{key, t.bold}, {says, t.plain}}) }
	add("p", "pause: start nothing new; r: resume")
	add("a", "approve what waits for an approval")
	add("t", "retry the chosen target, or the step at which it is held")
	add("s", "skip the chosen target, or the step at which it is held")
	add("x", "abort the campaign; X: the chosen target's maintenance")
	add("tab, arrows", "choose a target")
	add("enter", "all that is known of it; esc: back")
	add("1 2 3 4 5", "list what runs, waits, failed, is done, was skipped")
	add("0, esc", "the overview")
	add("page up/down", "turn a list's page")
	add("q, ctrl+c", "leave; the campaign goes on")
	lines := t.table(width, columns, rows, -1)
	return append(lines, "", t.faint.Render("Each action asks for its reason first. MARGIN: from the"),
		t.faint.Render("expected end to the end of the gateway's window."), t.faint.Render("Any key: back."))
}
