package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/internal/strict"
)

// newValidate is the command that judges plan files.
func newValidate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Say whether plan files are right, or everything that is wrong with them",
		Long: "validate reads plan files as docs/campaigns.md describes them. It asks neither Temporal nor a cloud. Of a file\n" +
			"that is right it says what it holds; of any other every fault, each with line, column, field and what would be\n" +
			"right. Exit status: 0 all are right, 2 one is not.",
		Example: "  tidegate validate plan.yaml\n  tidegate validate plans/*.yaml --output json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("FILE is missing; see %s --help", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkOutput(); err != nil {
				return usageError{err}
			}
			return a.validate(cmd, args)
		},
	}
	a.outputFlag(cmd)
	return cmd
}

// judgement is what is said of one plan file.
type judgement struct {
	File   string         `json:"file"`
	OK     bool           `json:"ok"`
	Faults []strict.Fault `json:"faults,omitempty"`
	// What a file that is right holds.
	Name      string               `json:"name,omitempty"`
	Targets   int                  `json:"targets,omitempty"`
	Selectors int                  `json:"selectors,omitempty"`
	Waves     int                  `json:"waves,omitempty"`
	Freezes   []maintenance.Freeze `json:"freezes,omitempty"` // in UTC, those that are not over
	summary   string
}

func (a *app) validate(cmd *cobra.Command, files []string) error {
	now := time.Now()
	judgements := make([]judgement, 0, len(files))
	all := true
	for _, file := range files {
		j, err := judge(file, now)
		if err != nil {
			return usageError{fmt.Errorf("FILE: %w", err)}
		}
		judgements = append(judgements, j)
		all = all && j.OK
	}
	err := a.printer(cmd).Print(judgements, func(p show.Printer) {
		wrongs := show.Printer{Out: cmd.ErrOrStderr()}
		for _, j := range judgements {
			for _, f := range j.Faults {
				wrongs.Linef("%s", f)
			}
			if j.OK {
				p.Linef("%s: OK: %s", j.File, j.summary)
			}
		}
	})
	if err == nil && !all {
		return endError{statusUsage}
	}
	return err
}

// judge reads a plan file. Its error is a file that cannot be read.
func judge(file string, now time.Time) (judgement, error) {
	p, err := planfile.Load(file, now)
	if wrongs, ok := errors.AsType[*strict.FaultsError](err); ok {
		return judgement{File: file, Faults: wrongs.Faults}, nil
	}
	if err != nil {
		return judgement{}, err
	}
	waves, _ := p.Waves()
	return judgement{
		File: file, OK: true, Name: p.Name, Targets: len(p.Targets), Selectors: len(p.Selectors), Waves: waves,
		Freezes: p.Policy.Freezes, summary: summaryOf(p),
	}, nil
}

// summaryOf is a plan in one line.
func summaryOf(p plan.Plan) string {
	var parts []string
	add := func(n int, one, many string) {
		if n == 1 {
			many = one
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(len(p.Targets), "target", "targets")
	add(len(p.Selectors), "selector", "selectors")
	waves, open := p.Waves()
	if open {
		parts = append(parts, fmt.Sprintf("up to %d waves", waves))
	} else {
		add(waves, "wave", "waves")
	}
	if len(p.Policy.Freezes) == 0 {
		return strings.Join(append(parts, "no freeze ahead"), ", ")
	}
	add(len(p.Policy.Freezes), "freeze ahead", "freezes ahead")
	return strings.Join(parts, ", ")
}
