package main

import "strings"

// ToYAML is toYAML, for the tests of what no command can be brought to print.
var ToYAML = toYAML

// NewRoot is newRoot, for the tests of what every command has.
var NewRoot = newRoot

// Table is a table on a terminal of so many columns; 0: not on one.
func Table(columns int, head []string, rows [][]string) string {
	var out strings.Builder
	printer{out: &out, width: columns}.table(head, rows)
	return out.String()
}
