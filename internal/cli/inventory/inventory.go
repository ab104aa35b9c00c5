// Package inventory has the command that shows a fleet as the clouds describe it. It alone of all
// commands reads clouds itself, through internal/accounts, and it changes nothing. How a fleet is read
// is in internal/inventory, and how it is judged in internal/maintenance/inventory. Start at New.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/config"
	reading "github.com/tidegate/tidegate/internal/inventory"
	"github.com/tidegate/tidegate/internal/inventory/page"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/report"
)

// The forms of an inventory, in addition to those of every answer.
const (
	formWide = "wide"
	formCSV  = "csv"
	formHTML = "html"

	forms = "table, wide, json, yaml, csv or html"
)

// stdout is a plan's file that means the standard output.
const stdout = "-"

// call is one call of inventory.
type call struct {
	capture   string // a directory; empty: nothing is recorded
	accounts  string
	regions   []string
	fast      bool
	perSecond float64
	rules     string
	civil     string
	failOn    string
	file      string
	plan      string
	draft     page.Draft
	temporal  bool
}

// New is the command that reads, judges and shows a fleet.
func New(a *shell.App) *cobra.Command {
	var c call
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Show and judge the gateways and proxies that there are; changes nothing",
		Long: "inventory reads every gateway and every TaurusDB proxy of the accounts of the worker's accounts file, or\n" +
			"with --region what the AWS SDK's usual environment reaches, and judges them: updates that wait, support that\n" +
			"ends, what is disconnected, windows that cannot be used, what a run left behind. It needs no Temporal, and\n" +
			"changes nothing. --plan writes the first plan file. docs/first-contact.md is the way in.\n\n" +
			"Exit status: 0 everything was read and no condition of --fail-on holds, 1 one holds, 2 usage error, 3 not\n" +
			"everything could be read, or a condition could not be decided.",
		Example: "  tidegate inventory --region eu-central-1\n" +
			"  tidegate inventory --accounts accounts.yaml --output html --file fleet.html\n" +
			"  tidegate inventory --accounts accounts.yaml --fail-on support-ends=90d,disconnected\n" +
			"  tidegate inventory --region eu-central-1 --plan first.yaml --group-by app",
		Args: shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd, a) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.accounts, "accounts", "", "the worker's accounts `FILE`")
	flags.StringSliceVar(&c.regions, "region", nil, "AWS `REGION` to read with the AWS SDK's usual environment, in place of --accounts; may be repeated")
	flags.BoolVar(&c.fast, "fast", false, "leave out volumes, initiators and snapshots: two calls for each gateway")
	flags.Float64Var(&c.perSecond, "per-second", 0, "calls per second for each account (default: its perSecond, or 20)")
	flags.StringVar(&c.rules, "rules", "", "judge windows by the window, freezes and forecast of the plan `FILE` (default: a plan's defaults)")
	flags.StringVar(&c.capture, "capture", "", "record what the clouds answer, redacted, in directory `DIR` (docs/reference/captures.md)")
	flags.StringVar(&c.civil, "civil-zone", "", "IANA `ZONE`, such as Europe/Berlin, of which fixed offsets may drift")
	flags.StringVar(&c.failOn, "fail-on", "", "`CONDITIONS` for exit status 1, such as support-ends=90d,update-waiting=30d,disconnected")
	flags.StringVarP(&c.file, "file", "f", "", "write the inventory to `FILE` atomically")
	flags.StringVar(&c.plan, "plan", "", "write a plan for what was found to `FILE`; - is standard output, in place of the inventory")
	flags.StringVar(&c.draft.GroupBy, "group-by", "", "with --plan: AWS `TAG` by which targets are grouped and kept apart")
	flags.StringVar(&c.draft.Name, "plan-name", "first", "with --plan: name of the campaign")
	flags.BoolVar(&c.temporal, "temporal", false, "also ask Temporal which gateways are quarantined")
	flags.StringVarP(&a.Output, "output", "o", printer.FormTable, forms)
	return cmd
}

// request is a call whose flags were found to be right.
type request struct {
	call
	onAWS    []accounts.AWS
	onHuawei []accounts.Huawei
	criteria inventory.Criteria
	fail     inventory.FailOn
}

// check reports all wrong flags at once.
func (c call) check(cmd *cobra.Command, a *shell.App, now time.Time) (request, error) {
	r := request{call: c, criteria: inventory.DefaultCriteria()}
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	switch a.Output {
	case printer.FormTable, printer.FormJSON, printer.FormYAML, formWide, formCSV, formHTML:
	default:
		note(maintenance.Invalid("--output", a.Output, forms))
	}
	note(r.find())
	if c.perSecond < 0 || c.perSecond > 1000 {
		note(maintenance.Invalid("--per-second", fmt.Sprint(c.perSecond), "above 0, to 1000"))
	}
	var err error
	r.fail, err = inventory.ParseFailOn(c.failOn)
	note(err)
	note(r.judgeBy(cmd, now))
	if c.civil != "" {
		r.criteria.CivilName = c.civil
		//nolint:forbidigo // no workflow: what a person named is judged
		if r.criteria.Civil, err = time.LoadLocation(c.civil); err != nil || c.civil == "Local" {
			note(maintenance.Invalid("--civil-zone", c.civil, "an IANA zone such as Europe/Berlin"))
		}
	}
	note(c.checkFiles())
	r.criteria.SupportSoon = r.fail.SupportSoon(r.criteria.SupportSoon)
	return r, errors.Join(errs...)
}

// checkFiles judges what is to be written.
func (c call) checkFiles() error {
	var errs []error
	if c.draft.GroupBy != "" && c.plan == "" {
		errs = append(errs, errors.New("--group-by: requires --plan"))
	}
	if shell.CampaignArgument(c.draft.Name) != nil {
		errs = append(errs, maintenance.Invalid("--plan-name", c.draft.Name, "a campaign's name"))
	}
	for _, file := range []string{c.file, c.plan} {
		if file != "" && file != stdout {
			errs = append(errs, report.Check(file))
		}
	}
	if c.file != "" && c.plan == stdout {
		errs = append(errs, errors.New("--plan -: cannot be combined with --file"))
	}
	return errors.Join(errs...)
}

// find finds the accounts to read.
func (r *request) find() error {
	switch {
	case r.accounts != "" && len(r.regions) > 0:
		return errors.New("--region: cannot be combined with --accounts, whose accounts have regions")
	case len(r.regions) > 0:
		var errs []error
		for _, region := range r.regions {
			if !maintenance.AWSRegionForm.MatchString(region) {
				errs = append(errs, maintenance.Invalid("--region", region, "an AWS region such as eu-central-1"))
			}
		}
		r.onAWS = accounts.OfEnvironment(r.regions)
		return errors.Join(errs...)
	case r.accounts == "":
		return errors.New("--region or --accounts is required: an AWS region such as eu-central-1, or the worker's accounts file")
	}
	found, err := config.Load(r.accounts, os.Getenv)
	if err != nil {
		return err
	}
	r.onAWS, r.onHuawei = found.AWS, found.Huawei
	return nil
}

// judgeBy takes the rules of a plan.
func (r *request) judgeBy(cmd *cobra.Command, now time.Time) error {
	if r.rules == "" {
		return nil
	}
	f, err := campaign.ReadPlan(cmd, r.rules, now)
	if err != nil {
		return fmt.Errorf("--rules: %w", err)
	}
	r.criteria = r.criteria.WithPolicy(f.Plan.Policy)
	r.criteria.Forecast = f.Plan.Rollout.Forecast
	return nil
}

func (c call) run(cmd *cobra.Command, a *shell.App) error {
	now := time.Now()
	r, err := c.check(cmd, a, now)
	if err != nil {
		return shell.Usage(err)
	}
	if c.capture != "" {
		record, err := recorder.Open(c.capture, recorder.Options{Program: "tidegate " + program.ThisBuild().Version})
		if err != nil {
			return shell.Usage(fmt.Errorf("--capture %s: must be a directory that you can write to: %w", c.capture, err))
		}
		defer record.Close()
		cmd.SetContext(record.Context(cmd.Context(), 0))
	}
	d := r.read(cmd, a, now)
	if c.plan != "" {
		if err := r.writePlan(cmd, d); err != nil {
			return err
		}
	}
	if c.plan != stdout {
		if err := r.write(cmd, a, d); err != nil {
			return err
		}
	}
	switch {
	case len(d.Failing) > 0:
		return shell.EndError{Status: shell.StatusFailed}
	case !d.Complete() || len(d.Undecided) > 0:
		return shell.EndError{Status: shell.StatusPartial}
	}
	return nil
}

// read reads the fleet, with its progress on a terminal, and judges it.
func (r request) read(cmd *cobra.Command, a *shell.App, now time.Time) inventory.Document {
	ctx := cmd.Context()
	screen := printer.NewScreen(cmd.ErrOrStderr())
	for i := range r.onAWS {
		r.onAWS[i].PerSecond = r.rate(r.onAWS[i].PerSecond)
	}
	for i := range r.onHuawei {
		r.onHuawei[i].PerSecond = r.rate(r.onHuawei[i].PerSecond)
	}
	o := reading.Options{Fast: r.fast}
	o.AWS, o.Huawei = accounts.ForInventory(ctx, r.onAWS, r.onHuawei)
	var drawn time.Time
	o.Progress = func(p reading.Progress) {
		if at := time.Now(); at.Sub(drawn) > 100*time.Millisecond {
			drawn = at
			screen.Draw(fmt.Sprintf("Read %d of %d gateways and proxies, %d calls", p.Read, p.Found, p.Calls))
		}
	}
	found := reading.Read(ctx, o)
	screen.Close()
	if r.temporal {
		quarantines(ctx, a, &found)
	}
	d := inventory.Make(found, now, r.criteria)
	d.Failing, d.Undecided = r.fail.Judge(d)
	return d
}

// rate is an account's rate, unless the flag says another.
func (r request) rate(configured float64) float64 {
	switch {
	case r.perSecond > 0:
		return r.perSecond
	case configured > 0:
		return configured
	}
	return config.DefaultRate
}

// write prints the inventory, or writes it to its file.
func (r request) write(cmd *cobra.Command, a *shell.App, d inventory.Document) error {
	if r.file == "" && (a.Output == printer.FormTable || a.Output == formWide || a.Output == printer.FormJSON ||
		a.Output == printer.FormYAML) {
		err := a.Printer(cmd).Print(d, func(p printer.Printer) { render.PrintInventory(p, d, a.Output == formWide) })
		if err == nil && r.plan == "" && len(d.Gateways) > 0 && (a.Output == printer.FormTable || a.Output == formWide) {
			cmd.PrintErrln("To write the first plan file: tidegate inventory with --plan FILE")
		}
		return err
	}
	text, err := rendered(a.Output, d)
	if err != nil {
		return err
	}
	if r.file == "" {
		if _, err := cmd.OutOrStdout().Write(text); err != nil {
			return fmt.Errorf("write the inventory: %w", err)
		}
		return nil
	}
	if err := report.Save(r.file, text); err != nil {
		return err
	}
	cmd.PrintErrf("The inventory is in %s: %s, %s.\n", r.file,
		maintenance.Counted(d.Summary.Gateways, "gateway", "gateways"),
		maintenance.Counted(d.Summary.Proxies, "proxy", "proxies"))
	return nil
}

// writePlan writes the plan, and says what to do with it.
func (r request) writePlan(cmd *cobra.Command, d inventory.Document) error {
	text, n := page.Plan(d, r.draft)
	if n == 0 {
		return errors.New("no plan was written: no gateway was found that could be maintained")
	}
	if r.plan == stdout {
		_, err := fmt.Fprint(cmd.OutOrStdout(), text)
		if err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
		return nil
	}
	if err := report.Save(r.plan, []byte(text)); err != nil {
		return err
	}
	cmd.PrintErrf("The plan is in %s: %s.\nTo check it: tidegate validate %s\n", r.plan,
		maintenance.Counted(n, "target", "targets"), printer.ShellWord(r.plan))
	return nil
}

// quarantines asks Temporal which of the gateways are quarantined. That it cannot be asked is said, and
// the inventory goes on.
func quarantines(ctx context.Context, a *shell.App, found *inventory.Found) {
	unread := func(err error) {
		found.Unread = append(found.Unread, inventory.Unread{What: "quarantines in Temporal", Why: maintenance.Plain(err)})
	}
	session, err := a.Dial(ctx)
	if err != nil {
		unread(err)
		return
	}
	defer session.Close()
	all, err := quarantined(ctx, session)
	if err != nil {
		unread(err)
		return
	}
	for i := range found.Gateways {
		found.Gateways[i].Quarantine = all[found.Gateways[i].ID]
	}
}
