package planfile_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
)

// calendar resolves the events of a calendar in a plan's folder.
func calendar(t *testing.T, zone string, events ...string) ([]maintenance.Freeze, error) {
	t.Helper()
	dir := t.TempDir()
	lines := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"}, events...)
	text := strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.ics"), []byte(text), 0o600))
	return freezesOfPlan(t, "{ics: c.ics, reason: calendar, zone: "+zone+"}", planfile.Options{Now: now, Dir: dir})
}

// vevent is an event with a summary.
func vevent(lines ...string) string {
	all := append([]string{"BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:s"}, lines...)
	return strings.Join(append(all, "END:VEVENT"), "\r\n")
}

func TestEventsBecomeFreezes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event string
		want  []string // FROM TO in UTC, the first few
		count int
	}{
		"a day":                          {vevent("DTSTART;VALUE=DATE:20261224"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"days":                           {vevent("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227"), []string{"2026-12-23T23:00 2026-12-26T23:00"}, 1},
		"days by their duration":         {vevent("DTSTART;VALUE=DATE:20261224", "DURATION:P3D"), []string{"2026-12-23T23:00 2026-12-26T23:00"}, 1},
		"a floating time":                {vevent("DTSTART:20261224T180000", "DTEND:20261224T200000"), []string{"2026-12-24T17:00 2026-12-24T19:00"}, 1},
		"UTC":                            {vevent("DTSTART:20261224T180000Z", "DURATION:PT1H30M"), []string{"2026-12-24T18:00 2026-12-24T19:30"}, 1},
		"a zone of its own":              {vevent("DTSTART;TZID=Asia/Tokyo:20261224T180000", "DTEND;TZID=Asia/Kolkata:20261224T180000"), []string{"2026-12-24T09:00 2026-12-24T12:30"}, 1},
		"over":                           {vevent("DTSTART;VALUE=DATE:20261101"), nil, 0},
		"under way":                      {vevent("DTSTART;VALUE=DATE:20261101", "DTEND;VALUE=DATE:20261201"), []string{"2026-10-31T23:00 2026-11-30T23:00"}, 1},
		"too far ahead":                  {vevent("DTSTART;VALUE=DATE:20280101"), nil, 0},
		"cancelled":                      {vevent("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED"), nil, 0},
		"marked as free":                 {vevent("DTSTART;VALUE=DATE:20261224", "TRANSP:TRANSPARENT"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"every year, from long ago":      {vevent("DTSTART;VALUE=DATE:19701224", "DTEND;VALUE=DATE:19701227", "RRULE:FREQ=YEARLY"), []string{"2026-12-23T23:00 2026-12-26T23:00", "2027-12-23T23:00 2027-12-26T23:00"}, 2},
		"every year, from centuries ago": {vevent("DTSTART;VALUE=DATE:16011224", "RRULE:FREQ=YEARLY"), []string{"2026-12-23T23:00 2026-12-24T23:00", "2027-12-23T23:00 2027-12-24T23:00"}, 2},
		"every day, from the year 1":     {vevent("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY"), nil, 401},
		"the last Friday":                {vevent("DTSTART;TZID=America/New_York:20261127T120000", "DTEND;TZID=America/New_York:20261127T180000", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5"), []string{"2026-11-27T17:00 2026-11-27T23:00", "2026-12-25T17:00 2026-12-25T23:00", "2027-01-29T17:00 2027-01-29T23:00", "2027-02-26T17:00 2027-02-26T23:00", "2027-03-26T16:00 2027-03-26T22:00"}, 5},
		"weekends":                       {vevent("DTSTART;VALUE=DATE:20261128", "DTEND;VALUE=DATE:20261130", "RRULE:FREQ=WEEKLY;BYDAY=SA"), []string{"2026-11-27T23:00 2026-11-29T23:00", "2026-12-04T23:00 2026-12-06T23:00"}, 57},
		"until an instant":               {vevent("DTSTART;TZID=Asia/Tokyo:20261201T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261202T230000Z"), []string{"2026-11-30T23:00 2026-12-01T00:00", "2026-12-01T23:00 2026-12-02T00:00", "2026-12-02T23:00 2026-12-03T00:00"}, 3},
		"until a day":                    {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;UNTIL=20261202"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-01T23:00 2026-12-02T23:00"}, 2},
		"a beginning beside its rule":    {vevent("DTSTART;VALUE=DATE:20261202", "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=1"), []string{"2026-12-01T23:00 2026-12-02T23:00", "2026-12-04T23:00 2026-12-05T23:00"}, 2},
		"some days left out":             {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20261202,20261203"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-03T23:00 2026-12-04T23:00"}, 2},
		"a time left out, in UTC":        {vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261202T090000Z"), []string{"2026-12-01T09:00 2026-12-01T10:00"}, 1},
		"a time left out, by its day":    {vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20261201"), []string{"2026-12-02T09:00 2026-12-02T10:00"}, 1},
		"further days":                   {vevent("DTSTART;VALUE=DATE:20261201", "RDATE;VALUE=DATE:20261205,20261207"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-04T23:00 2026-12-05T23:00", "2026-12-06T23:00 2026-12-07T23:00"}, 3},
		"one moved": {
			vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2") + "\r\n" +
				vevent("RECURRENCE-ID;TZID=Europe/Berlin:20261202T100000", "DTSTART;TZID=Europe/Berlin:20261203T120000", "DURATION:PT1H"),
			[]string{"2026-12-01T09:00 2026-12-01T10:00", "2026-12-03T11:00 2026-12-03T12:00"},
			2,
		},
		"one cancelled": {
			vevent("RECURRENCE-ID;VALUE=DATE:20261202", "DTSTART;VALUE=DATE:20261202", "STATUS:CANCELLED") + "\r\n" +
				vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=2"),
			[]string{"2026-11-30T23:00 2026-12-01T23:00"},
			1,
		},
		// On the day summer time begins the clock shows 02:30 never; it is not lost.
		"an hour left out": {vevent("DTSTART;TZID=Europe/Berlin:20270327T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"), []string{"2027-03-27T01:30 2027-03-27T02:30", "2027-03-28T00:30 2027-03-28T01:30", "2027-03-29T00:30 2027-03-29T01:30"}, 3},
		"a day never seen": {vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"other components": {"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VTODO\r\nUID:2\r\nEND:VTODO", nil, 0},
		"nothing":          {"METHOD:PUBLISH", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := calendar(t, "Europe/Berlin", tc.event)
			require.NoError(t, err)
			require.Len(t, got, tc.count)
			for i, want := range tc.want {
				require.Equal(t, want, got[i].From.Format("2006-01-02T15:04")+" "+got[i].To.Format("2006-01-02T15:04"))
				require.Equal(t, time.UTC, got[i].From.Location())
				require.Equal(t, "s", got[i].Reason)
			}
		})
	}
}

func TestAnEventWithoutASummaryHasTheFreezesReason(t *testing.T) {
	t.Parallel()
	got, err := calendar(t, "UTC", "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261224\r\nEND:VEVENT")
	require.NoError(t, err)
	require.Equal(t, "calendar", got[0].Reason)
}

func TestWrongEventsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ event, want string }{
		"no calendar":        {"END:VCALENDAR\r\nx", `freezes[0].ics: "c.ics" is wrong: line 5: it is no iCalendar file: there is no property`},
		"no property":        {"X", `"c.ics" is wrong: line 4: it is no iCalendar file: there is no property`},
		"inside of an event": {vevent("DTSTART;VALUE=DATE:20261224", "DESCRIPTION:a", " b", "END:VALARM"), `"c.ics" is wrong: line 11: it is no iCalendar file: unbalanced end`},
		"an end too much":    {"END:VCALENDAR\r\nVERSION:2.0", `"c.ics" is wrong: line 5: it is no iCalendar file: malformed calendar; unexpected end`},
		"the second event":   {vevent("DTSTART;VALUE=DATE:20261224", "DESCRIPTION:a", " b", "BEGIN:VALARM", "END:VALARM") + "\r\n" + vevent(), `"c.ics" is wrong: line 14: event "s": it has no DTSTART`},
		"no beginning":       {vevent(), `"c.ics" is wrong: line 4: event "s": it has no DTSTART`},
		"no end":             {vevent("DTSTART:20261224T180000Z"), `event "s": it has no end after its beginning`},
		"end before":         {vevent("DTSTART:20261224T180000Z", "DTEND:20261224T170000Z"), "it has no end after its beginning"},
		"too long":           {vevent("DTSTART;VALUE=DATE:20261224", "DURATION:P900D"), "it lasts more than 400 days"},
		"no date":            {vevent("DTSTART:20261324T180000Z"), `its DTSTART "20261324T180000Z" is no date and no time`},
		"no duration":        {vevent("DTSTART:20261224T180000Z", "DURATION:1h"), `its DURATION "1h" is none`},
		"a zone of Outlook":  {vevent("DTSTART;TZID=W. Europe Standard Time:20261224T180000", "DURATION:PT1H"), `the TZID "W. Europe Standard Time" of its DTSTART is no IANA zone`},
		"a period":           {vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261225T180000Z/PT1H"), "is no date and no time"},
		"no rule":            {vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=OFTEN"), `its RRULE "FREQ=OFTEN": `},
		"two rules":          {vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "it has several RRULEs"},
		"every hour":         {vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"), "recurs more than once a day"},
		"a ninth Monday":     {vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=MONTHLY;BYDAY=9MO"), `its RRULE "FREQ=MONTHLY;BYDAY=+9MO" cannot be followed: is there such a day?`},
		"every second":       {vevent("DTSTART:20261224T180000Z", "DURATION:PT1S", "RRULE:FREQ=DAILY;BYSECOND=0,1,2,3,4"), "it recurs more than 1000 times in 400 days"},
		"a range moved":      {vevent("DTSTART;VALUE=DATE:20261224", "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261224"), "a RANGE, which is not supported"},
		"more than a few":    {strings.Repeat(vevent()+"\r\n", 7) + vevent(), "and 3 more events"},
		"more than 500 days": {vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYHOUR=1,2"), "freezes: come to 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := calendar(t, "UTC", tc.event)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// Whatever a calendar holds, there is no panic, no endless work, and no error
// without its line.
func FuzzCalendar(f *testing.F) {
	holidays, err := os.ReadFile(filepath.Join(examplesDir, "holidays.ics"))
	require.NoError(f, err)
	f.Add(string(holidays))
	for _, event := range []string{
		vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
		vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2;BYSETPOS=-1", "EXDATE:20261202T090000Z"),
		vevent("DTSTART:20261224T180000", "DTEND:20261224T200000", "RDATE:20261225T180000", "RRULE:FREQ=WEEKLY;BYDAY=2MO,-1FR;WKST=SU"),
		"BEGIN;X=\"a:b\":VEV\r\n ENT\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT",
	} {
		f.Add("BEGIN:VCALENDAR\r\n" + event + "\r\nEND:VCALENDAR\r\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := planfile.Events(text, now)
		if err == nil {
			return
		}
		require.Zero(t, n)
		place := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(err.Error())
		require.NotNil(t, place, err.Error())
		line, err := strconv.Atoi(place[1])
		require.NoError(t, err)
		require.Positive(t, line)
		require.LessOrEqual(t, line, 1+strings.Count(text, "\n"))
	})
}
