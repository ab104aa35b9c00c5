package planfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// withCalendar is a plan with a calendar of this text alongside it.
func withCalendar(t *testing.T, text, more string) (plan.Plan, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.ics"), []byte(text), 0o600))
	return planfile.Parse("p.yaml", []byte(head+"freezes: [{ics: c.ics, reason: calendar, zone: Europe/Berlin"+more+"}]\ntargets:\n"+target("a", arnB)),
		planfile.Options{Now: now, Dir: dir})
}

func calendarOf(events ...string) string {
	lines := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0"}, events...)
	return strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
}

func eventOn(day string, lines ...string) string {
	return strings.Join(append([]string{"BEGIN:VEVENT", "UID:" + day, "DTSTART;VALUE=DATE:" + day}, append(lines, "END:VEVENT")...), "\r\n")
}

func TestACalendarsEventsAreFreezes(t *testing.T) {
	t.Parallel()
	p, err := withCalendar(t, calendarOf(eventOn("20261226"), eventOn("20261224", "SUMMARY:Christmas Eve"), eventOn("20261101")), "")
	require.NoError(t, err)
	require.Empty(t, p.Warnings)
	require.Len(t, p.Policy.Freezes, 2)
	require.Equal(t, "Christmas Eve", p.Policy.Freezes[0].Reason)
	require.Equal(t, "calendar", p.Policy.Freezes[1].Reason, "of an event without a summary")
	require.Equal(t, now.AddDate(0, 0, 400), p.CalendarsUntil)
}

// Nothing of a calendar is lost without a word.
func TestWhatACalendarLacks(t *testing.T) {
	t.Parallel()
	const refused = `p.yaml:4:17: freezes[0].ics: "c.ics" `
	many := eventOn("20261224", "RRULE:FREQ=DAILY") + "\r\n" + eventOn("20261225", "RRULE:FREQ=DAILY", "DURATION:PT1H")
	for name, tc := range map[string]struct {
		text, more, err string
		warnings        []string
	}{
		"empty":                        {text: "", err: refused + "is empty: must be a calendar with events; or set allowEmpty: true"},
		"blank":                        {text: "\r\n \n", err: refused + "is empty"},
		"empty, allowed":               {text: "", more: ", allowEmpty: true", warnings: []string{refused + "is empty, without even a calendar header: check whether its export was cut off"}},
		"no event":                     {text: calendarOf(), err: refused + "has no events: must be a calendar with events; or set allowEmpty: true"},
		"no event, allowed":            {text: calendarOf(), more: ", allowEmpty: true"},
		"cut, though empty is allowed": {text: "BEGIN:VCALENDAR\r\n", more: ", allowEmpty: true", err: refused + "is not a valid calendar: line 1: it is incomplete: VCALENDAR, started on line 1, has no END; check whether the file was cut off"},
		"all have ended":               {text: calendarOf(eventOn("20251224"), eventOn("20251225")), warnings: []string{refused + "freezes nothing: none of its events (2) is in the 400 days from 2026-11-22"}},
		"cancelled":                    {text: calendarOf(eventOn("20261224", "STATUS:cancelled")), warnings: []string{"freezes nothing: none of its events (1) is in"}},
		"something left out":           {text: calendarOf("BEGIN:VTODO", "END:VTODO", eventOn("20261224")), warnings: []string{refused + "line 3: VTODO is not supported and freezes nothing"}},
		"more than 500 days":           {text: calendarOf(many), err: "p.yaml:4:10: freezes: expand to 737 intervals from 2026-11-22: must be at most 500"},
		"allowEmpty alone":             {text: calendarOf(eventOn("20261224")), more: "}, {from: 2026-12-24, zone: UTC, allowEmpty: true", err: `p.yaml:4:106: freezes[1].allowEmpty: invalid value "true": must be left out without ics`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := withCalendar(t, tc.text, tc.more)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Len(t, p.Warnings, len(tc.warnings), p.Warnings)
			for i, want := range tc.warnings {
				require.Contains(t, p.Warnings[i], want)
			}
		})
	}
}

// Plans with calendars from the field: how many freezes they come to, or why they are
// refused, or what people are warned about.
func TestPlansWithCalendarsFromTheField(t *testing.T) {
	t.Parallel()
	form, err := os.ReadFile(filepath.Join("testdata", "plan.tmpl"))
	require.NoError(t, err)
	for name, want := range map[string]struct {
		freezes   int
		err, warn string
	}{
		"01-winzone.ics":             {freezes: 1},
		"06-lowercase-cancelled.ics": {warn: "freezes nothing: none of its events (1) is in"},
		"10-rrule-semicolon.ics":     {freezes: 3},
		"13-zerolength.ics":          {warn: `event "Zero" ends when it starts and freezes nothing`},
		"18-empty.ics":               {err: "is empty: must be a calendar with events; or set allowEmpty: true"},
		"21-nouid.ics":               {err: "it has a RECURRENCE-ID and no UID"},
		"30-cut-after-event.ics":     {err: "has no END; check whether the file was cut off"},
		"36-lowerrrule.ics":          {freezes: 1},
		"outlook.ics":                {freezes: 4},
		"google.ics":                 {freezes: 4},
		"icloud.ics":                 {freezes: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := planfile.Parse("plan.yaml", []byte(strings.ReplaceAll(string(form), "CAL", name)), planfile.Options{Now: now, Dir: filepath.Join("ics", "testdata")})
			if want.err != "" {
				require.ErrorContains(t, err, "plan.yaml:7:11: freezes[0].ics: ")
				require.ErrorContains(t, err, want.err)
				return
			}
			require.NoError(t, err)
			require.Len(t, p.Policy.Freezes, want.freezes)
			require.Equal(t, want.warn != "", len(p.Warnings) > 0, p.Warnings)
			require.Contains(t, strings.Join(p.Warnings, "; "), want.warn)
		})
	}
}
