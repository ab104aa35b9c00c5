package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/internal/strict"
)

// validation is one call of validate.
type validation struct{ strict bool }

// newValidate is the command that judges plan files.
func newValidate(a *app) *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Validate plan files offline",
		Long: "validate reads plan files as docs/reference/plan.md describes them. It asks neither Temporal nor a cloud. Of a file\n" +
			"that is right it prints what it holds, and warnings about what may not be meant; of any other every fault, each\n" +
			"with line, column, field and what would be right. - stands for standard input. Exit status: 0 all are right,\n" +
			"2 one is not, or with --strict one has a warning.",
		Example: "  tidegate validate plan.yaml\n  tidegate validate --strict plans/*.yaml --output json\n  generate-plan | tidegate validate -",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("no plan file is given; see %s --help", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkOutput(); err != nil {
				return usageError{err}
			}
			return v.run(cmd, a, args)
		},
	}
	cmd.Flags().BoolVar(&v.strict, "strict", false, "treat warnings as errors")
	a.outputFlag(cmd)
	return cmd
}

// judgement is what is said of one plan file.
type judgement struct {
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
	summary   string
}

func (v validation) run(cmd *cobra.Command, a *app, files []string) error {
	now := time.Now()
	judgements := make([]judgement, 0, len(files))
	all := true
	for _, file := range files {
		j := v.judge(cmd, file, now)
		judgements = append(judgements, j)
		all = all && j.OK
	}
	err := a.printer(cmd).Print(judgements, func(p show.Printer) {
		for _, j := range judgements {
			v.print(p, show.Printer{Out: cmd.ErrOrStderr()}, j)
		}
	})
	if err == nil && !all {
		return endError{statusUsage}
	}
	return err
}

// print prints what is said of one file; what is wrong goes to its own printer.
func (v validation) print(p, wrongs show.Printer, j judgement) {
	for _, f := range j.Faults {
		wrongs.Linef("%s", f)
	}
	for _, w := range j.Warnings {
		wrongs.Linef("warning: %s", w)
	}
	switch {
	case j.OK:
		p.Linef("%s: OK: %s", j.File, j.summary)
	case len(j.Faults) == 0:
		wrongs.Linef("%s: not OK: --strict makes its warnings errors", j.File)
	}
}

// judge reads a plan file.
func (v validation) judge(cmd *cobra.Command, file string, now time.Time) judgement {
	f, err := readPlan(cmd, file, now)
	if wrongs, ok := errors.AsType[*strict.FaultsError](err); ok {
		return judgement{File: file, Faults: wrongs.Faults}
	}
	p := f.plan
	waves, _ := p.Waves()
	var sizes []int
	if len(p.Selectors) == 0 {
		sizes = p.Rollout.WaveSizes(len(p.Targets))
	}
	return judgement{
		File: file, OK: !v.strict || len(p.Warnings) == 0, Warnings: p.Warnings,
		Name: p.Name, Targets: len(p.Targets), Selectors: len(p.Selectors), Waves: waves, WaveSizes: sizes,
		Freezes: p.Policy.Freezes, summary: summaryOf(p) + wavesOf(p, sizes),
	}
}

// wavesOf says what a plan's waves come to; nothing of one wave, which is the fleet.
func wavesOf(p plan.Plan, sizes []int) string {
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

// summaryOf is a plan in one line.
func summaryOf(p plan.Plan) string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, maintenance.Counted(n, one, many))
		}
	}
	add(len(p.Targets), "target", "targets")
	add(len(p.Selectors), "selector", "selectors")
	waves, open := p.Waves()
	if open {
		parts = append(parts, "up to "+maintenance.Counted(waves, "wave", "waves"))
	} else {
		add(waves, "wave", "waves")
	}
	if len(p.Policy.Freezes) == 0 {
		return strings.Join(append(parts, "no freeze ahead"), ", ")
	}
	add(len(p.Policy.Freezes), "freeze ahead", "freezes ahead")
	return strings.Join(parts, ", ")
}
