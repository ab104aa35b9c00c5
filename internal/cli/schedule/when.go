package schedule

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// whenFlags say when a schedule starts a campaign.
type whenFlags struct {
	cron, calendar string
	every, offset  maintenance.Duration
	faults         shell.Faults
}

func (w *whenFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.cron, "cron", "", `cron, five fields in UTC: "0 2 * * 1"; if days of the month and of the week are given, both must match`)
	cmd.Flags().StringVar(&w.calendar, "calendar", "", `days and a time, in UTC: "Mon 02:00", "Mon-Fri 02:00", "2nd Tue 02:00", "day 1,15 02:00", "daily 02:00"`)
	w.faults.Text(cmd, &w.every, "every", "duration", shell.WantDuration, "interval from 1h to 8760h, counted from 1970-01-01T00:00Z, a Thursday")
	w.faults.Text(cmd, &w.offset, "offset", "duration", shell.WantDuration,
		"with --every: offset from the start of the interval")
}

// The shortest and the longest interval.
const (
	minEvery = time.Hour
	maxEvery = 365 * 24 * time.Hour
)

// spec is what the flags say, or all that is wrong with them.
func (w *whenFlags) spec(cmd *cobra.Command) (client.ScheduleSpec, error) {
	errs := []error(w.faults)
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	ways := slices.DeleteFunc([]string{"cron", "calendar", "every"}, func(flag string) bool { return !given(flag) })
	if len(ways) != 1 {
		errs = append(errs, errors.New(`one of --cron "0 2 * * 1", --calendar "Mon 02:00" and --every 168h is required`))
	}
	if given("offset") && !given("every") {
		errs = append(errs, maintenance.Invalid("--offset", w.offset.String(), "used with --every"))
	}
	// The server would take its own zone's name for none; the Web UI shows this one.
	spec := client.ScheduleSpec{TimeZoneName: time.UTC.String()}
	for _, way := range ways {
		var err error
		switch way {
		case "cron":
			spec.CronExpressions, err = cronSpec(w.cron)
		case "calendar":
			spec.Calendars, err = calendarSpec(w.calendar)
		case "every":
			spec.Intervals, err = w.interval()
		}
		errs = append(errs, err)
	}
	return spec, errors.Join(errs...)
}

func (w *whenFlags) interval() ([]client.ScheduleIntervalSpec, error) {
	var errs []error
	if len(w.faults) > 0 {
		return nil, nil // they are reported already
	}
	if w.every.Std() < minEvery || w.every.Std() > maxEvery {
		errs = append(errs, maintenance.Invalid("--every", w.every.String(), "1h to 8760h"))
	}
	if w.offset < 0 || w.offset >= w.every {
		errs = append(errs, maintenance.Invalid("--offset", w.offset.String(), "0s or more, and less than --every"))
	}
	return []client.ScheduleIntervalSpec{{Every: w.every.Std(), Offset: w.offset.Std()}}, errors.Join(errs...)
}

// wantUTC is why a schedule has no zone.
const wantUTC = "in UTC, without a zone: with summer time, one night has no 02:30 and another has two, and a campaign would be " +
	"skipped or started twice. The campaign itself uses each gateway's own zone"

// isUTC is true of what people write for it.
func isUTC(zone string) bool {
	return slices.Contains([]string{"utc", "etc/utc", "gmt", "z"}, strings.ToLower(zone))
}

// cronSpec takes a zone off, if it is UTC, and leaves the fields to the server,
// which knows them. What was given stands as the comment, by which it is shown.
func cronSpec(text string) ([]string, error) {
	const want = `five fields (minute, hour, day of the month, month, day of the week), such as "0 2 * * 1", or @daily, @weekly, @monthly`
	fields := strings.Fields(text)
	if len(fields) > 0 && strings.Contains(fields[0], "TZ=") {
		if _, zone, _ := strings.Cut(fields[0], "="); !isUTC(zone) {
			return nil, maintenance.Invalid("--cron", text, wantUTC)
		}
		fields = fields[1:]
	}
	named := len(fields) == 1 && slices.Contains([]string{
		"@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually",
	}, fields[0])
	if strings.Contains(text, "#") || (!named && len(fields) != 5) {
		return nil, maintenance.Invalid("--cron", text, want)
	}
	cron := strings.Join(fields, " ")
	return []string{cron + " # cron " + cron}, nil
}

const wantCalendar = `days and a time in UTC: "Mon 02:00", "Mon,Thu 02:00", "Mon-Fri 02:00", "2nd Tue 02:00", "day 1,15 02:00" or "daily 02:00"`

var timeForm = regexp.MustCompile(`^([01]?\d|2[0-3]):([0-5]\d)$`)

// calendarSpec reads the days and the time that people write.
func calendarSpec(text string) ([]client.ScheduleCalendarSpec, error) {
	words := strings.Fields(strings.ToLower(text))
	if n := len(words); n > 1 && isUTC(words[n-1]) {
		words = words[:n-1]
	}
	at := slices.IndexFunc(words, timeForm.MatchString)
	switch {
	case at < 1:
		return nil, maintenance.Invalid("--calendar", text, wantCalendar)
	case at < len(words)-1:
		return nil, maintenance.Invalid("--calendar", text, wantUTC)
	}
	spec, err := daysSpec(words[:at])
	if err != nil {
		return nil, maintenance.Invalid("--calendar", text, wantCalendar)
	}
	hour, minute, _ := strings.Cut(words[at], ":")
	spec.Hour, spec.Minute = one(hour), one(minute)
	spec.Comment = strings.Join(strings.Fields(text), " ")
	return []client.ScheduleCalendarSpec{spec}, nil
}

// one is the range of one number, whose digits have been checked.
func one(digits string) []client.ScheduleRange {
	n, _ := strconv.Atoi(digits) // as said
	return []client.ScheduleRange{{Start: n, End: n}}
}

var errDays = errors.New("no days")

// daysSpec reads what stands before the time.
func daysSpec(words []string) (client.ScheduleCalendarSpec, error) {
	var spec client.ScheduleCalendarSpec
	var err error
	switch {
	case len(words) == 1 && words[0] == "daily":
	case len(words) == 2 && words[0] == "day":
		spec.DayOfMonth, err = ranges(words[1], func(s string) (int, error) {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > 28 { // not every month has the 29th
				return 0, errDays
			}
			return n, nil
		})
	case len(words) == 2:
		n := slices.Index([]string{"1st", "2nd", "3rd", "4th"}, words[0])
		if n < 0 {
			return spec, errDays
		}
		spec.DayOfMonth = []client.ScheduleRange{{Start: 7*n + 1, End: 7*n + 7}}
		spec.DayOfWeek, err = ranges(words[1], weekday)
	case len(words) == 1:
		spec.DayOfWeek, err = ranges(words[0], weekday)
	default:
		err = errDays
	}
	return spec, err
}

// weekday reads a day of the week, of which three letters are enough.
func weekday(s string) (int, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(s) >= 3 && strings.HasPrefix(strings.ToLower(day.String()), s) {
			return int(day), nil
		}
	}
	return 0, errDays
}

// ranges reads a list such as "1,15" or "mon-fri,sun".
func ranges(text string, number func(string) (int, error)) ([]client.ScheduleRange, error) {
	var all []client.ScheduleRange
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := number(first)
		if err != nil {
			return nil, err
		}
		to, err := number(last)
		if err != nil {
			return nil, err
		}
		if to < from {
			return nil, errDays // fri-mon is two: fri-sat and sun-mon
		}
		all = append(all, client.ScheduleRange{Start: from, End: to})
	}
	return all, nil
}
