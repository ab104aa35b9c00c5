package campaign

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/strict"
)

// validation is one call of validate.
type validation struct{ strict bool }

// NewValidate is the command that judges plan files.
func NewValidate(a *shell.App) *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Validate plan files offline",
		Long: "validate checks plan files without contacting Temporal or a cloud. For a valid file it prints a summary,\n" +
			"and warnings about what may be a mistake. For an invalid file it prints every error with its line, column,\n" +
			"field and the expected value. - is standard input. docs/reference/plan.md describes plan files.\n\n" +
			"Exit status: 0 all files are valid, 2 a file is invalid or, with --strict, has a warning.",
		Example: "  tidegate validate plan.yaml\n  tidegate validate --strict plans/*.yaml --output json\n  generate-plan | tidegate validate -",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return shell.Usage(fmt.Errorf("FILE is required; see %s --help", cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.CheckOutput(); err != nil {
				return shell.Usage(err)
			}
			return v.run(cmd, a, args)
		},
	}
	cmd.Flags().BoolVar(&v.strict, "strict", false, "treat warnings as errors")
	a.OutputFlag(cmd)
	return cmd
}

func (v validation) run(cmd *cobra.Command, a *shell.App, files []string) error {
	now := time.Now()
	judgements := make([]render.Judgement, 0, len(files))
	all := true
	for _, file := range files {
		j := v.judge(cmd, file, now)
		judgements = append(judgements, j)
		all = all && j.OK
	}
	err := a.Printer(cmd).Print(judgements, func(p printer.Printer) {
		for _, j := range judgements {
			render.PrintJudgement(p, printer.Printer{Out: cmd.ErrOrStderr()}, j)
		}
	})
	if err == nil && !all {
		return shell.EndError{Status: shell.StatusUsage}
	}
	return err
}

// judge reads a plan file.
func (v validation) judge(cmd *cobra.Command, file string, now time.Time) render.Judgement {
	f, err := ReadPlan(cmd, file, now)
	if wrongs, ok := errors.AsType[*strict.FaultsError](err); ok {
		return render.Judgement{File: file, Faults: wrongs.Faults}
	}
	p := f.Plan
	waves, _ := p.Waves()
	var sizes []int
	if len(p.Selectors) == 0 {
		sizes = p.Rollout.WaveSizes(len(p.Targets))
	}
	return render.Judgement{
		File: file, OK: !v.strict || len(p.Warnings) == 0, Warnings: p.Warnings,
		Name: p.Name, Targets: len(p.Targets), Selectors: len(p.Selectors), Waves: waves, WaveSizes: sizes,
		Freezes: p.Policy.Freezes, Servers: p.Servers(), Summary: p.Summary() + render.WavesOf(p, sizes),
	}
}
