package target

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// windowFlags say a schedule as AWS does, and a policy's part of a window.
type windowFlags struct {
	hour, minute, dayOfWeek, dayOfMonth int
	zone                                maintenance.Zone
	duration, cutoff                    maintenance.Duration
	now                                 shell.TimeFlag
	count                               int
	faults                              shell.Faults
}

// wantZone is what is right of a zone.
const wantZone = "GMT, GMT-h:mm or GMT+h:mm, at most 14:00 away"

// maxCount bounds number of windows are printed.
const maxCount = 1000

// NewWindow is the command that shows when a schedule's windows are. It decides
// by the function that decides in the workflow, and asks nobody.
func NewWindow(a *shell.App) *cobra.Command {
	policy := maintenance.Policy{}.WithDefaults()
	w := &windowFlags{
		duration: policy.WindowLength, cutoff: *policy.Cutoff, now: shell.TimeFlag{Time: time.Now()}, count: 5,
	}
	cmd := &cobra.Command{
		Use:   "window --hour H --minute M (--day-of-week D | --day-of-month D) --timezone ZONE",
		Short: "Print the next windows of a gateway's maintenance schedule",
		Long: "window prints the next windows of a schedule in the form of AWS's DescribeMaintenanceStartTime, including\n" +
			"a window that is open now. Nothing disruptive starts at or after lastStart, which is the window's end\n" +
			"minus the cutoff.",
		Example: "  tidegate window --hour 2 --minute 15 --day-of-week 0 --timezone GMT-4:00\n" +
			"  tidegate window --hour 2 --minute 15 --day-of-month 28 --timezone GMT+5:30 --count 12 --output json",
		Args: shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			schedule, err := w.schedule(cmd)
			if err := errors.Join(err, a.CheckOutput()); err != nil {
				return shell.Usage(err)
			}
			windows := w.windows(schedule)
			return a.Printer(cmd).Print(windows, func(p printer.Printer) {
				render.PrintWindows(p, windows, schedule, w.now.Time)
			})
		},
	}
	w.register(cmd)
	a.OutputFlag(cmd)
	return cmd
}

func (w *windowFlags) register(cmd *cobra.Command) {
	f := &w.faults
	f.Number(cmd, &w.hour, "hour", 0, 23, "hour of the window's start (required)")
	f.Number(cmd, &w.minute, "minute", 0, 59, "minute of the window's start (required)")
	f.Number(cmd, &w.dayOfWeek, "day-of-week", 0, 6, "weekday of a weekly window, 0 is Sunday")
	f.Number(cmd, &w.dayOfMonth, "day-of-month", 1, 28, "day of a monthly window")
	f.Text(cmd, &w.zone, "timezone", "zone", wantZone, "the gateway's zone (required)")
	cmd.Flags().Lookup("timezone").DefValue = "" // that of the type is not taken
	f.Text(cmd, &w.duration, "duration", "duration", shell.WantDuration,
		"length of a window; AWS does not define one")
	f.Text(cmd, &w.cutoff, "cutoff", "duration", shell.WantDuration, "how long before its end nothing disruptive starts")
	f.Text(cmd, &w.now, "now", "time", "a time in RFC 3339, such as 2026-12-01T12:00:00Z",
		"the time from which to list windows (default: now)")
	f.Number(cmd, &w.count, "count", 1, maxCount, "number of windows")
}

// schedule is what the flags say, or all that is wrong with them.
func (w *windowFlags) schedule(cmd *cobra.Command) (maintenance.Schedule, error) {
	errs := []error(w.faults)
	given := cmd.Flags().Changed
	for _, required := range [][2]string{{"hour", "0 to 23"}, {"minute", "0 to 59"}, {"timezone", wantZone}} {
		if !given(required[0]) {
			errs = append(errs, fmt.Errorf("--%s is required: %s", required[0], required[1]))
		}
	}
	weekly, monthly := given("day-of-week"), given("day-of-month")
	if weekly == monthly {
		errs = append(errs, errors.New("one of --day-of-week (0, Sunday, to 6) and --day-of-month (1 to 28) is required"))
	}
	policy := maintenance.Policy{}.WithDefaults()
	policy.WindowLength, policy.Cutoff = w.duration, &w.cutoff
	flags := map[string]string{"policy.windowLength": "--duration", "policy.cutoff": "--cutoff"}
	errs = append(errs, renamed(policy.Validate(), func(field string) string { return flags[field] })...)
	s := maintenance.Schedule{
		Recurrence: maintenance.Weekly, Day: w.dayOfWeek, Hour: w.hour, Minute: w.minute, Zone: w.zone,
	}
	if monthly {
		s.Recurrence, s.Day = maintenance.Monthly, w.dayOfMonth
	}
	return s, errors.Join(errs...)
}

func (w *windowFlags) windows(s maintenance.Schedule) []render.WindowTimes {
	window := s.WindowAt(w.now.Time, w.duration.Std())
	windows := make([]render.WindowTimes, 0, w.count)
	for range w.count {
		windows = append(windows, render.WindowTimes{
			Start: window.Start, End: window.End, LastStart: window.End.Add(-w.cutoff.Std()),
		})
		start := s.NextStart(window.Start)
		window = maintenance.Window{Start: start, End: start.Add(w.duration.Std())}
	}
	return windows
}
