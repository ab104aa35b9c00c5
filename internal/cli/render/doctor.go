package render

import "github.com/tidegate/tidegate/internal/printer"

// The states of a checkup.
const (
	CheckOK   = "OK"
	CheckWarn = "WARN"
	CheckFail = "FAIL"
)

// Checkup is one line of doctor. Its fields are added to, and never renamed.
type Checkup struct {
	State   string `json:"state"`   // OK, WARN or FAIL
	Check   string `json:"check"`   // temporal, namespace, search-attributes, runs, worker, plan, account or clock
	Subject string `json:"subject"` // what was read
	Result  string `json:"result"`
	Fix     string `json:"fix,omitempty"` // what to do about it
}

// Checkups are all lines. Its fields are added to, and never renamed.
type Checkups struct {
	OK     bool      `json:"ok"` // no check is FAIL
	Checks []Checkup `json:"checks"`
}

// PrintCheckups prints what doctor has checked, a row each.
func PrintCheckups(p printer.Printer, all []Checkup) {
	rows := make([][]string, 0, len(all))
	for _, c := range all {
		result := c.Result
		if c.Fix != "" {
			result += ". Fix: " + c.Fix
		}
		rows = append(rows, []string{c.State, c.Check, c.Subject, result})
	}
	p.Table([]string{"STATE", "CHECK", "SUBJECT", "RESULT"}, rows)
}
