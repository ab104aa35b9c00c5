package report

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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

// keepRecords writes the record of each campaign to a folder. One that fails keeps no other from being written.
func keepRecords(a *shell.App, cmd *cobra.Command, f reportFlags) error {
	form, since, err := f.records(time.Now())
	c, err := a.Dial(cmd.Context(), err, a.CheckOutput())
	if err != nil {
		return err
	}
	defer c.Close()
	campaigns, err := operate.CampaignsSince(cmd.Context(), c, since)
	if err != nil {
		return err
	}
	rows := make([]render.Kept, 0, len(campaigns))
	for _, g := range campaigns {
		row := render.Kept{Campaign: g.Name, WorkflowID: g.WorkflowID, RunID: g.RunID}
		if err := keepRecord(cmd.Context(), c, g, f.recordOf(g), form, &row); err != nil {
			row.Outcome, row.Error = render.RecordFailed, maintenance.Plain(err)
		}
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		rows = append(rows, row)
	}
	err = a.Printer(cmd).Print(rows, func(p printer.Printer) { render.PrintKept(p, rows, c.Namespace) })
	if err == nil && slices.ContainsFunc(rows, func(r render.Kept) bool { return r.Outcome == render.RecordFailed }) {
		return shell.EndError{Status: shell.StatusFailed}
	}
	return err
}

// records are the format of the records, and since when campaigns count. It makes their folder.
func (f reportFlags) records(now time.Time) (form report.Format, since time.Time, err error) {
	var errs []error
	form = report.JSON
	if f.format != "" {
		form, err = f.form()
		errs = append(errs, err)
	}
	if f.file != "" || f.verify != "" {
		errs = append(errs, errors.New("--all: cannot be combined with --file or --verify; the records' folder is --dir FOLDER"))
	}
	if f.since != "" {
		ago, agoErr := time.ParseDuration(f.since)
		at, atErr := time.Parse(time.RFC3339, f.since)
		switch {
		case agoErr == nil && ago >= 0:
			since = now.Add(-ago)
		case atErr == nil:
			since = at
		default:
			errs = append(errs, maintenance.Invalid("--since", f.since, "how long ago, such as 720h, or a time, such as 2026-10-01T00:00:00Z"))
		}
	}
	if f.dir == "" {
		errs = append(errs, maintenance.Invalid("--dir", "", "the folder of the records, with --all"))
	} else if err := os.MkdirAll(f.dir, 0o755); err != nil { //nolint:gosec // a record has no secret
		errs = append(errs, fmt.Errorf("--dir: %w", err))
	}
	return form, since, errors.Join(errs...)
}

// recordOf is the file of a campaign's record, without its extension. The first run tells it from others of its name,
// and stays the same.
func (f reportFlags) recordOf(g operate.Campaign) string {
	const most = 100 // bytes of the name
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, g.Name)
	return filepath.Join(f.dir, name[:min(len(name), most)]+"."+g.FirstRunID)
}

// keepRecord writes the record of one campaign, and notes what it did. A record that rests on histories which Temporal
// has forgotten since is not replaced: the later one gets a number.
func keepRecord(
	ctx context.Context, c operate.Session, g operate.Campaign, base string, form report.Format, row *render.Kept,
) error {
	number, earlier, err := lastRecord(base, form)
	if row.File = numbered(base, max(number, 1), form); err != nil {
		return err
	}
	row.State, row.Outcome = earlier.State, render.RecordThere
	if number > 0 && !g.Open() && earlier.Final() && earlier.RunID == g.RunID {
		return nil
	}
	d, err := histories.Make(ctx, histories.Temporal{Client: c}, g.WorkflowID, g.RunID)
	if err != nil {
		return err
	}
	if row.State, row.Outcome = d.State, render.RecordWritten; len(report.Lost(earlier, d)) > 0 {
		row.File = numbered(base, number+1, form)
	}
	text, err := report.Render(d, form)
	if err != nil {
		return err
	}
	return report.Save(row.File, text)
}

// numbered is the n-th record of a campaign.
func numbered(base string, n int, form report.Format) string {
	if n > 1 {
		base += fmt.Sprintf(".%d", n)
	}
	return base + "." + string(form)
}

// lastRecord is the last record of a campaign, and its number; 0: there is none. One of another release's version
// cannot be verified by this one, but says what it is of.
func lastRecord(base string, form report.Format) (number int, d report.Document, err error) {
	for {
		path := numbered(base, number+1, form)
		text, err := outside.ReadFile(path, outside.MaxReport)
		if errors.Is(err, fs.ErrNotExist) {
			return number, d, nil
		}
		number++
		if err == nil {
			d, _, err = report.Parse(text)
		}
		if err != nil && d.SchemaVersion == 0 {
			return number, d, fmt.Errorf("%s is there and cannot be read; move it away, and repeat this: %w", path, err)
		}
	}
}
