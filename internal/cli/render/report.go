package render

import (
	"io"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// Verdict is what --verify prints. Its fields are added to, and never renamed.
type Verdict struct {
	OK         bool      `json:"ok"` // nothing was altered
	File       string    `json:"file"`
	Name       string    `json:"name"` // of the campaign
	WorkflowID string    `json:"workflowId"`
	State      string    `json:"state"`
	AsOf       time.Time `json:"asOf"`
	Histories  int       `json:"histories"`
	Head       string    `json:"head"`  // of their chain
	Later      bool      `json:"later"` // more has happened since
	// Differences say what is not as the histories say.
	Differences []string `json:"differences,omitempty"`
}

// Print prints the verdict; where the report is not as the histories say, the differences go to errs.
func (v Verdict) Print(p printer.Printer, errs io.Writer) {
	if v.OK {
		p.Linef("OK: %s, %s as of %s. The report matches its %s; the head of their chain is %s.",
			v.Name, v.State, printer.Clock(&v.AsOf), maintenance.Counted(v.Histories, "history", "histories"), v.Head)
		if v.Later {
			p.Linef("More has happened since. For the current state: tidegate report %s", v.WorkflowID)
		}
		return
	}
	for _, difference := range v.Differences {
		p.Linef("%s", difference)
	}
	printer.Printer{Out: errs}.Linef("tidegate: the report in %s does not match the histories; to make a new one and compare: tidegate report %s --file FILE", v.File, v.WorkflowID)
}
