package main

import "strings"

// ToYAML is toYAML, for the tests of what no command can be brought to print.
var ToYAML = toYAML

// Table is a table on a terminal of so many columns; 0: not on one.
func Table(columns int, head []string, rows [][]string) string {
	var out strings.Builder
	printer{out: &out, width: columns}.table(head, rows)
	return out.String()
}
