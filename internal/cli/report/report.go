// Package report has the command that writes and verifies the report of a campaign. What a report
// says is in internal/report, and how it is made from histories in internal/report/histories. Start at New.
package report

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	outside "github.com/tidegate/tidegate/internal/bounded" // this package has a function of its name
	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/report/histories"
)

// reportFlags are those of report.
type reportFlags struct {
	format, file, verify string
	signers, revoked     []string // FILE, or GROUP=FILE
	offline              bool
	output               bool // --output was given
	all                  bool
	since, dir           string
}

// New is the command that makes a campaign's report, and verifies one.
func New(a *shell.App) *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report CAMPAIGN",
		Short: "Write or verify the record of a campaign, for auditors",
		Long: "report writes the record of a campaign from its workflow histories: the plan's digest, who decided what\n" +
			"and why, the timeline, and for each target its versions, snapshots, durations, ledger and end state; also\n" +
			"what was not done, and why. A running campaign is reported as of its last event. The same histories always\n" +
			"give the same report.\n\n" +
			"With --verify it reads the histories again, up to the time of the report, and checks that nothing was\n" +
			"altered or left out: exit status 0 if so, else 1. It also says whether more has happened since. No worker\n" +
			"is needed. With --signers it also verifies each signature again, as of the time at which it was accepted.\n\n" +
			"With --all it writes the record of each campaign that runs, or has ended since a time, to a folder, so that\n" +
			"records outlive the namespace's retention. It may be repeated: names stay the same, an ended campaign whose\n" +
			"record is there is not read again, and no record is replaced by one that has less. Exit status 1 if one failed.",
		Example: "  tidegate report payments-q4 --file report.html\n" +
			"  tidegate report payments-q4 --format md\n" +
			"  tidegate report --verify report.html\n" +
			"  tidegate report --verify report.html --output json | jq .ok\n" +
			"  tidegate report --all --since 720h --dir records",
		Args: func(cmd *cobra.Command, args []string) error {
			if f.verify != "" || f.all {
				return shell.Arguments()(cmd, args)
			}
			return shell.Arguments("CAMPAIGN")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.output = cmd.Flags().Changed("output")
			switch {
			case f.all:
				return keepRecords(a, cmd, f)
			case f.verify != "":
				return verifyReport(a, cmd, f)
			}
			return writeReport(a, cmd, f, args[0])
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "", "md, html or json (default: the extension of FILE, or md)")
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "write the report to `FILE` atomically")
	cmd.Flags().StringVar(&f.verify, "verify", "", "verify the report in `FILE`, in any format")
	cmd.Flags().StringArrayVar(&f.signers, "signers", nil,
		"with --verify: verify its signatures again, by OpenSSH's allowed_signers `FILE`, as of their acceptance; GROUP=FILE for each of several groups")
	cmd.Flags().StringArrayVar(&f.revoked, "revoked", nil, "the group's revoked keys `FILE`, or GROUP=FILE, with --signers")
	cmd.Flags().BoolVar(&f.offline, "offline", false, "verify the signatures alone, without Temporal, with --signers")
	cmd.Flags().BoolVar(&f.all, "all", false, "write the record of each campaign to --dir, as JSON unless --format says otherwise")
	cmd.Flags().StringVar(&f.since, "since", "", "with --all: leave out campaigns that ended before; a `TIME`, or how long ago, such as 720h (default: none)")
	cmd.Flags().StringVar(&f.dir, "dir", "", "with --all: the `FOLDER` of the records")
	a.OutputFlag(cmd)
	cmd.Flags().Lookup("output").Usage = "with --verify or --all: " + printer.Forms
	return cmd
}

// form is the report's format.
func (f reportFlags) form() (report.Format, error) {
	if f.format != "" {
		if form, ok := report.FormatNamed(f.format); ok {
			return form, nil
		}
		return "", maintenance.Invalid("--format", f.format, "md, html or json")
	}
	if filepath.Ext(f.file) == "" {
		return report.Markdown, nil
	}
	if form, ok := report.FormatOf(f.file); ok {
		return form, nil
	}
	return "", maintenance.Invalid("--file", f.file, "a file that ends in .md, .html or .json, or --format")
}

func writeReport(a *shell.App, cmd *cobra.Command, f reportFlags, name string) error {
	form, formErr := f.form()
	var fileErr error
	if f.file != "" && formErr == nil {
		fileErr = report.Check(f.file)
	}
	if f.output {
		fileErr = errors.Join(fileErr, errors.New("--output: requires --verify or --all; to write a report: --file FILE and --format"))
	}
	if f.since != "" || f.dir != "" {
		fileErr = errors.Join(fileErr, errors.New("--since and --dir: require --all"))
	}
	_, signersErr := loadSigners(f)
	c, err := a.Dial(cmd.Context(), shell.CampaignArgument(name), formErr, fileErr, signersErr)
	if err != nil {
		return err
	}
	defer c.Close()
	g, err := operate.FindCampaign(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	d, err := histories.Make(cmd.Context(), histories.Temporal{Client: c}, g.WorkflowID, g.RunID)
	if err != nil {
		return err
	}
	text, err := report.Render(d, form)
	if err != nil {
		return err
	}
	if f.file == "" {
		if _, err := cmd.OutOrStdout().Write(text); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		return nil
	}
	if err := report.Save(f.file, text); err != nil {
		return err
	}
	cmd.PrintErrf("The report of %s is in %s: %s, %s.\nTo verify it: tidegate report --verify %s\n",
		d.Name, f.file, d.State, maintenance.Counted(len(d.Chain.Links), "history", "histories"), f.file)
	return nil
}

func verifyReport(a *shell.App, cmd *cobra.Command, f reportFlags) error {
	var flags error
	if f.format != "" || f.file != "" {
		flags = errors.New("--verify writes no report: cannot be combined with --format or --file")
	}
	text, fileErr := outside.ReadFile(f.verify, outside.MaxReport)
	if fileErr != nil {
		fileErr = fmt.Errorf("--verify: %w", fileErr)
	}
	known, signersErr := loadSigners(f)
	if f.offline {
		if err := errors.Join(flags, fileErr, signersErr, a.CheckOutput()); err != nil {
			return err
		}
		ok, err := verifyOffline(a.Printer(cmd), text, known)
		if err == nil && !ok {
			return shell.EndError{Status: shell.StatusFailed}
		}
		return err
	}
	c, err := a.Dial(cmd.Context(), flags, fileErr, signersErr, a.CheckOutput())
	if err != nil {
		return err
	}
	defer c.Close()
	v, err := histories.Verify(cmd.Context(), histories.Temporal{Client: c}, text)
	if err != nil {
		return fmt.Errorf("verify %s: %w", f.verify, err)
	}
	d := v.Document
	said := render.Verdict{
		OK: len(v.Differences) == 0, File: f.verify, Name: d.Name, WorkflowID: d.WorkflowID, State: d.State, AsOf: d.AsOf,
		Histories: len(d.Chain.Links), Head: d.Chain.Head, Later: v.Later, Differences: v.Differences,
	}
	if len(known) > 0 {
		said.Signatures = checkSignatures(d, known)
		said.OK = said.OK && render.AllGood(said.Signatures)
	}
	err = a.Printer(cmd).Print(said, func(p printer.Printer) { said.Print(p, cmd.ErrOrStderr()) })
	if err == nil && !said.OK {
		return shell.EndError{Status: shell.StatusFailed}
	}
	return err
}
