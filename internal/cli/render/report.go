package render

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// Verdict is what --verify prints. Its fields are added to, and never renamed.
type Verdict struct {
	OK         bool      `json:"ok"` // nothing was altered, and each signature counts
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
	// Signatures are what was found of each signature, where --signers was given.
	Signatures []SignatureVerdict `json:"signatures,omitempty"`
}

// SignatureVerdict is what was found of one signature of a report.
type SignatureVerdict struct {
	OK        bool      `json:"ok"`
	What      string    `json:"what"` // the action
	Target    string    `json:"target,omitempty"`
	Principal string    `json:"principal,omitempty"`
	Key       string    `json:"key,omitempty"`
	At        time.Time `json:"at,omitzero"` // as of when it was verified: that of acceptance
	Problem   string    `json:"problem,omitempty"`
}

// SignaturesVerdict is what --verify --offline prints.
type SignaturesVerdict struct {
	OK         bool               `json:"ok"` // each signature counts
	Name       string             `json:"name"`
	AsOf       time.Time          `json:"asOf"`
	Signatures []SignatureVerdict `json:"signatures"`
}

// AllGood is true where each signature counts.
func AllGood(all []SignatureVerdict) bool {
	return !slices.ContainsFunc(all, func(v SignatureVerdict) bool { return !v.OK })
}

// Print prints the verdict.
func (v SignaturesVerdict) Print(p printer.Printer) {
	printSignatures(p, v.Signatures)
	p.Linef("Only the signatures were verified, of the report of %s as of %s. To compare the report with its histories: leave out --offline.",
		v.Name, printer.Clock(&v.AsOf))
}

func printSignatures(p printer.Printer, all []SignatureVerdict) {
	for _, s := range all {
		what := s.What
		if s.Target != "" {
			what += " " + s.Target
		}
		if s.OK {
			p.Linef("signature of %s: verified as of %s: %s (%s)", what, printer.Clock(&s.At), s.Principal, s.Key)
		} else {
			p.Linef("signature of %s: NOT VERIFIED: %s", what, s.Problem)
		}
	}
	if len(all) == 0 {
		p.Linef("The report has no signatures: nothing in it is verified.")
	}
}

// Print prints the verdict; where the report is not as the histories say, the differences go to errs.
func (v Verdict) Print(p printer.Printer, errs io.Writer) {
	if v.Signatures != nil {
		printSignatures(p, v.Signatures)
	}
	if len(v.Differences) == 0 {
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

// RecordOutcome is what report --all did with the record of a campaign.
type RecordOutcome string

// The outcomes of a record.
const (
	RecordWritten RecordOutcome = "written"
	RecordThere   RecordOutcome = "unchanged" // the campaign has ended, and its record was there
	RecordFailed  RecordOutcome = "failed"
)

// Kept is what report --all prints of a campaign. Its fields are added to, and never renamed.
type Kept struct {
	Campaign   string        `json:"campaign"`
	WorkflowID string        `json:"workflowId"`
	RunID      string        `json:"runId"`           // its last
	State      string        `json:"state,omitempty"` // as the report has it
	File       string        `json:"file"`
	Outcome    RecordOutcome `json:"outcome"`
	Error      string        `json:"error,omitempty"`
}

// PrintKept prints what became of the records of all campaigns.
func PrintKept(p printer.Printer, all []Kept, namespace string) {
	if len(all) == 0 {
		p.Linef("no campaigns in namespace %s run, or have ended since", namespace)
		return
	}
	rows := make([][]string, 0, len(all))
	for _, k := range all {
		rows = append(rows, []string{k.Campaign, cmp.Or(k.State, "-"), string(k.Outcome), cmp.Or(k.Error, k.File)})
	}
	p.Table([]string{"CAMPAIGN", "STATE", "RECORD", "FILE"}, rows)
}
