package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
)

// windowFlags say a schedule as AWS does, and a policy's part of a window.
type windowFlags struct {
	hour, minute, dayOfWeek, dayOfMonth int
	zone                                maintenance.Zone
	duration, cutoff                    maintenance.Duration
	now                                 instant
	count                               int
	faults                              faults
}

// wantZone is what is right of a zone.
const wantZone = "GMT, GMT-h:mm or GMT+h:mm, at most 14:00 away"

// maxCount bounds how many windows are printed.
const maxCount = 1000

// newWindow is the command that shows when a schedule's windows are. It decides
// by the function that decides in the workflow, and asks nobody.
func newWindow(a *app) *cobra.Command {
	policy := maintenance.Policy{}.WithDefaults()
	w := &windowFlags{duration: policy.WindowLength, cutoff: *policy.Cutoff, now: instant{time.Now()}, count: 5}
	cmd := &cobra.Command{
		Use:   "window --hour H --minute M (--day-of-week D | --day-of-month D) --timezone ZONE",
		Short: "Print the next windows of a gateway's maintenance schedule",
		Long: "window prints the next windows of a schedule in the form of AWS's DescribeMaintenanceStartTime, the one\n" +
			"that is open included. Nothing disruptive begins at or after lastStart, the window's end minus the cutoff.",
		Example: "  tidegate window --hour 2 --minute 15 --day-of-week 0 --timezone GMT-4:00\n" +
			"  tidegate window --hour 2 --minute 15 --day-of-month 28 --timezone GMT+5:30 --count 12 --output json",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			schedule, err := w.schedule(cmd)
			if err := errors.Join(err, a.checkOutput()); err != nil {
				return usageError{err}
			}
			windows := w.windows(schedule)
			return a.printer(cmd).Print(windows, func(p show.Printer) { printWindows(p, windows, schedule, w.now.Time) })
		},
	}
	w.register(cmd)
	a.outputFlag(cmd)
	return cmd
}

func (w *windowFlags) register(cmd *cobra.Command) {
	f := &w.faults
	f.number(cmd, &w.hour, "hour", 0, 23, "hour of the window's start (required)")
	f.number(cmd, &w.minute, "minute", 0, 59, "minute of the window's start (required)")
	f.number(cmd, &w.dayOfWeek, "day-of-week", 0, 6, "weekday of a weekly window, 0 is Sunday")
	f.number(cmd, &w.dayOfMonth, "day-of-month", 1, 28, "day of a monthly window")
	f.text(cmd, &w.zone, "timezone", "zone", wantZone, "the gateway's zone (required)")
	cmd.Flags().Lookup("timezone").DefValue = "" // that of the type is not taken
	f.text(cmd, &w.duration, "duration", "duration", wantDuration, "how long a window is; AWS has no length of its own")
	f.text(cmd, &w.cutoff, "cutoff", "duration", wantDuration, "how long before its end nothing disruptive begins")
	f.text(cmd, &w.now, "now", "time", "an instant in RFC 3339, such as 2026-12-01T12:00:00Z", "the instant from which windows are looked for (default the present)")
	f.number(cmd, &w.count, "count", 1, maxCount, "how many windows")
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
		errs = append(errs, errors.New("one of --day-of-week (0, Sunday, to 6) and --day-of-month (1 to 28) is to be given"))
	}
	policy := maintenance.Policy{}.WithDefaults()
	policy.WindowLength, policy.Cutoff = w.duration, &w.cutoff
	flags := map[string]string{"policy.windowLength": "--duration", "policy.cutoff": "--cutoff"}
	errs = append(errs, renamed(policy.Validate(), func(field string) string { return flags[field] })...)
	s := maintenance.Schedule{Recurrence: maintenance.Weekly, Day: w.dayOfWeek, Hour: w.hour, Minute: w.minute, Zone: w.zone}
	if monthly {
		s.Recurrence, s.Day = maintenance.Monthly, w.dayOfMonth
	}
	return s, errors.Join(errs...)
}

// windowTimes is one window as it is printed.
type windowTimes struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	LastStart time.Time `json:"lastStart"`
}

func (w *windowFlags) windows(s maintenance.Schedule) []windowTimes {
	window := s.WindowAt(w.now.Time, w.duration.Std())
	windows := make([]windowTimes, 0, w.count)
	for range w.count {
		windows = append(windows, windowTimes{Start: window.Start, End: window.End, LastStart: window.End.Add(-w.cutoff.Std())})
		start := s.NextStart(window.Start)
		window = maintenance.Window{Start: start, End: start.Add(w.duration.Std())}
	}
	return windows
}

func printWindows(p show.Printer, windows []windowTimes, s maintenance.Schedule, now time.Time) {
	rows := make([][]string, 0, len(windows))
	for i, w := range windows {
		note := ""
		if !now.Before(w.Start) && now.Before(w.End) {
			note = "open"
		}
		local := w.Start.In(s.Zone.Location()).Format("Mon 2006-01-02 15:04")
		rows = append(rows, []string{strconv.Itoa(i + 1), local, stamp(w.Start), stamp(w.LastStart), stamp(w.End), note})
	}
	p.Table([]string{"#", "START (" + s.Zone.String() + ")", "START", "LAST START", "END", ""}, rows)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// instant is a time that a flag can show and set.
type instant struct{ time.Time }

// String is empty, so that help does not show the present as a default.
func (instant) String() string { return "" }
