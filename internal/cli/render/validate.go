package render

import (
	"strconv"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/strict"
)

// Judgement is what is said of one plan file.
type Judgement struct {
	File   string         `json:"file"`
	OK     bool           `json:"ok"`
	Faults []strict.Fault `json:"faults,omitempty"`
	// Warnings are what a person should know of a file without faults.
	Warnings []string `json:"warnings,omitempty"`
	// What a file that is right holds.
	Name      string               `json:"name,omitempty"`
	Targets   int                  `json:"targets,omitempty"`
	Selectors int                  `json:"selectors,omitempty"`
	Waves     int                  `json:"waves,omitempty"`
	WaveSizes []int                `json:"waveSizes,omitempty"` // in targets, where all of them are named
	Freezes   []maintenance.Freeze `json:"freezes,omitempty"`   // in UTC, those that are not over
	// Servers are the monitoring servers that its health checks and mutes name, such as prometheus/prod. Only the worker
	// knows whether there are such.
	Servers []string `json:"servers,omitempty"`
	Summary string   `json:"-"` // in one line
}

// PrintJudgement prints what is said of one file; what is wrong goes to its own printer.
func PrintJudgement(p, wrongs printer.Printer, j Judgement) {
	for _, f := range j.Faults {
		wrongs.Linef("%s", f)
	}
	for _, w := range j.Warnings {
		wrongs.Linef("warning: %s", w)
	}
	switch {
	case j.OK:
		p.Linef("%s: OK: %s", j.File, j.Summary)
		if len(j.Servers) > 0 {
			p.Linef("%s: not checked offline: that the worker's accounts file has the monitoring servers %s", j.File,
				strings.Join(j.Servers, ", "))
		}
	case len(j.Faults) == 0:
		wrongs.Linef("%s: not valid: --strict treats warnings as errors", j.File)
	}
}

// WavesOf says what a plan's waves come to; nothing of one wave, which is the fleet.
func WavesOf(p plan.Plan, sizes []int) string {
	if len(p.Rollout.Waves) == 0 {
		return ""
	}
	var words []string
	for _, n := range sizes {
		words = append(words, strconv.Itoa(n))
	}
	if len(sizes) == 0 {
		for _, share := range p.Rollout.Waves {
			words = append(words, share.String())
		}
		words = append(words, "the rest")
	}
	return "; waves of " + strings.Join(words, ", ")
}
