package ics_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile/ics"
)

// now is the present of every test.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// read reads a file as that of a plan in Berlin's zone.
func read(t *testing.T, text string) (ics.Calendar, error) {
	t.Helper()
	zone, ok := ics.LoadZone("Europe/Berlin")
	require.True(t, ok)
	return ics.Read([]byte(text), ics.Options{Zone: zone, From: now, Until: now.AddDate(0, 0, 400)})
}

// calendar is a whole one of these lines.
func calendar(lines ...string) string {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"}, lines...)
	return strings.Join(append(all, "END:VCALENDAR", ""), "\r\n")
}

// vevent is an event s with the UID 1.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:s\r\n" + strings.Join(append(lines, "END:VEVENT"), "\r\n")
}

// spans are events as FROM TO in UTC.
func spans(events []ics.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.From.UTC().Format("2006-01-02T15:04")+" "+e.To.UTC().Format("2006-01-02T15:04"))
	}
	return all
}

// Files as people found them in the field: what each has to come to.
func TestFilesFromTheField(t *testing.T) {
	t.Parallel()
	type want struct {
		spans    []string
		count    int
		err      string
		warnings []string
		blank    bool
	}
	for name, want := range map[string]want{
		"01-winzone.ics":             {spans: []string{"2026-12-15T19:00 2026-12-15T21:00"}, count: 1},
		"06-lowercase-cancelled.ics": {count: 1},
		"10-rrule-semicolon.ics":     {spans: []string{"2026-12-14T23:00 2026-12-15T23:00", "2026-12-21T23:00 2026-12-22T23:00", "2026-12-28T23:00 2026-12-29T23:00"}, count: 1},
		"13-zerolength.ics":          {count: 1, warnings: []string{`line 4: event "Zero" ends when it starts and freezes nothing`}},
		"18-empty.ics":               {blank: true},
		"21-nouid.ics":               {err: `line 10: event "Other team moved": it has a RECURRENCE-ID and no UID: its series is unknown`},
		"30-cut-after-event.ics":     {err: "line 7: it is incomplete: VCALENDAR, started on line 1, has no END; check whether the file was cut off"},
		"36-lowerrrule.ics":          {spans: []string{"2026-12-14T23:00 2026-12-15T23:00"}, count: 1},
		"outlook.ics": {spans: []string{
			"2026-12-07T21:00 2026-12-08T00:00", "2026-12-14T21:00 2026-12-15T00:00", "2026-12-24T13:00 2026-12-24T17:00", "2027-02-07T23:00 2027-02-09T23:00",
		}, count: 4},
		"google.ics": {spans: []string{"2026-11-30T14:00 2026-11-30T15:00", "2026-12-08T14:00 2026-12-08T16:00", "2026-12-14T14:00 2026-12-14T15:00", "2026-12-23T23:00 2026-12-26T23:00"}, count: 4},
		"icloud.ics": {spans: []string{"2026-12-01T07:00 2026-12-01T08:00", "2026-12-11T23:00 2026-12-12T23:00"}, count: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			got, err := read(t, string(text))
			if want.err != "" {
				require.EqualError(t, err, want.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want.spans, spans(got.Events))
			require.Equal(t, want.count, got.Count)
			require.Equal(t, want.warnings, got.Warnings)
			require.Equal(t, want.blank, got.Blank)
		})
	}
}

func TestEventsBecomeIntervals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event string
		want  []string // FROM TO in UTC, the first few
		count int
	}{
		"a day":                          {vevent("DTSTART;VALUE=DATE:20261224"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"a day that ends on itself":      {vevent("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261224"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"days":                           {vevent("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227"), []string{"2026-12-23T23:00 2026-12-26T23:00"}, 1},
		"days by their duration":         {vevent("DTSTART;VALUE=DATE:20261224", "DURATION:P3D"), []string{"2026-12-23T23:00 2026-12-26T23:00"}, 1},
		"a day of 23 hours":              {vevent("DTSTART;VALUE=DATE:20270328", "DURATION:P1D"), []string{"2027-03-27T23:00 2027-03-28T22:00"}, 1},
		"a floating time":                {vevent("DTSTART:20261224T180000", "DTEND:20261224T200000"), []string{"2026-12-24T17:00 2026-12-24T19:00"}, 1},
		"UTC":                            {vevent("DTSTART:20261224T180000Z", "DURATION:PT1H30M"), []string{"2026-12-24T18:00 2026-12-24T19:30"}, 1},
		"small letters":                  {vevent("dtstart:20261224t180000z", "duration:pt1h30m"), []string{"2026-12-24T18:00 2026-12-24T19:30"}, 1},
		"a zone of its own":              {vevent("DTSTART;TZID=Asia/Tokyo:20261224T180000", "DTEND;TZID=Asia/Kolkata:20261224T180000"), []string{"2026-12-24T09:00 2026-12-24T12:30"}, 1},
		"a quoted zone":                  {vevent(`DTSTART;TZID="Asia/Tokyo";VALUE=DATE-TIME:20261224T180000`, "DURATION:PT1H"), []string{"2026-12-24T09:00 2026-12-24T10:00"}, 1},
		"a zone of Windows":              {vevent("DTSTART;TZID=Pacific Standard Time:20261224T180000", "DURATION:PT1H"), []string{"2026-12-25T02:00 2026-12-25T03:00"}, 1},
		"a globally unique zone":         {vevent("DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires:20261224T180000", "DURATION:PT1H"), []string{"2026-12-24T21:00 2026-12-24T22:00"}, 1},
		"over":                           {vevent("DTSTART;VALUE=DATE:20261101"), nil, 0},
		"under way":                      {vevent("DTSTART;VALUE=DATE:20261101", "DTEND;VALUE=DATE:20261201"), []string{"2026-10-31T23:00 2026-11-30T23:00"}, 1},
		"too far ahead":                  {vevent("DTSTART;VALUE=DATE:20280101"), nil, 0},
		"cancelled":                      {vevent("DTSTART;VALUE=DATE:20261224", "STATUS:CANCELLED"), nil, 0},
		"cancelled, and nonsense":        {vevent("DTSTART;TZID=Nowhere:soon", "STATUS:Cancelled"), nil, 0},
		"tentative":                      {vevent("DTSTART;VALUE=DATE:20261224", "STATUS:TENTATIVE"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"marked as free":                 {vevent("DTSTART;VALUE=DATE:20261224", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"private":                        {vevent("DTSTART;VALUE=DATE:20261224", "CLASS:PRIVATE"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"with an alarm":                  {vevent("DTSTART;VALUE=DATE:20261224", "BEGIN:VALARM", "TRIGGER:-PT15M", "ACTION:DISPLAY", "END:VALARM"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"every year, from long ago":      {vevent("DTSTART;VALUE=DATE:19701224", "DTEND;VALUE=DATE:19701227", "RRULE:FREQ=YEARLY"), []string{"2026-12-23T23:00 2026-12-26T23:00", "2027-12-23T23:00 2027-12-26T23:00"}, 2},
		"every year, from centuries ago": {vevent("DTSTART;VALUE=DATE:16011224", "RRULE:FREQ=YEARLY"), []string{"2026-12-23T23:00 2026-12-24T23:00", "2027-12-23T23:00 2027-12-24T23:00"}, 2},
		"every day, from the year 1":     {vevent("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY"), nil, 401},
		"the last Friday":                {vevent("DTSTART;TZID=America/New_York:20261127T120000", "DTEND;TZID=America/New_York:20261127T180000", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5"), []string{"2026-11-27T17:00 2026-11-27T23:00", "2026-12-25T17:00 2026-12-25T23:00", "2027-01-29T17:00 2027-01-29T23:00", "2027-02-26T17:00 2027-02-26T23:00", "2027-03-26T16:00 2027-03-26T22:00"}, 5},
		"weekends":                       {vevent("DTSTART;VALUE=DATE:20261128", "DTEND;VALUE=DATE:20261130", "RRULE:FREQ=WEEKLY;BYDAY=SA"), []string{"2026-11-27T23:00 2026-11-29T23:00", "2026-12-04T23:00 2026-12-06T23:00"}, 57},
		"small letters in a rule":        {vevent("DTSTART;VALUE=DATE:20261128", "rrule:freq=weekly;byday=sa;until=20261212"), []string{"2026-11-27T23:00 2026-11-28T23:00", "2026-12-04T23:00 2026-12-05T23:00", "2026-12-11T23:00 2026-12-12T23:00"}, 3},
		"two rules":                      {vevent("DTSTART;VALUE=DATE:20261128", "RRULE:FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=DAILY;COUNT=2"), []string{"2026-11-27T23:00 2026-11-28T23:00", "2026-11-28T23:00 2026-11-29T23:00", "2026-12-04T23:00 2026-12-05T23:00"}, 3},
		"the calendar of our own days":   {vevent("DTSTART;VALUE=DATE:20261128", "RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT"), []string{"2026-11-27T23:00 2026-11-28T23:00", "2027-11-27T23:00 2027-11-28T23:00"}, 2},
		"until a time":                   {vevent("DTSTART;TZID=Asia/Tokyo:20261201T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261202T230000Z"), []string{"2026-11-30T23:00 2026-12-01T00:00", "2026-12-01T23:00 2026-12-02T00:00", "2026-12-02T23:00 2026-12-03T00:00"}, 3},
		"until a day":                    {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;UNTIL=20261202"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-01T23:00 2026-12-02T23:00"}, 2},
		"a beginning beside its rule":    {vevent("DTSTART;VALUE=DATE:20261202", "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=1"), []string{"2026-12-01T23:00 2026-12-02T23:00", "2026-12-04T23:00 2026-12-05T23:00"}, 2},
		"some days left out":             {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20261202,20261203"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-03T23:00 2026-12-04T23:00"}, 2},
		"a time left out, in UTC":        {vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261202T090000Z"), []string{"2026-12-01T09:00 2026-12-01T10:00"}, 1},
		"a time left out, by its day":    {vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20261201"), []string{"2026-12-02T09:00 2026-12-02T10:00"}, 1},
		// Exchange writes the days of a whole-day series as midnights of its zone, which
		// lie on other days elsewhere.
		"a day left out, by its midnight": {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=Tokyo Standard Time:20261201T000000"), []string{"2026-12-01T23:00 2026-12-02T23:00"}, 1},
		"a day left out, by UTC":          {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261130T230000Z"), []string{"2026-12-01T23:00 2026-12-02T23:00"}, 1},
		"a day left out, by UTC's midnight": {
			vevent("DTSTART;TZID=America/New_York;VALUE=DATE:20261222", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261223T000000Z"),
			[]string{"2026-12-22T05:00 2026-12-23T05:00", "2026-12-24T05:00 2026-12-25T05:00"},
			2,
		},
		"a day changed, by UTC's midnight": {
			vevent("RECURRENCE-ID:20261223T000000Z", "DTSTART;TZID=America/New_York;VALUE=DATE:20261226") + "\r\n" +
				vevent("DTSTART;TZID=America/New_York;VALUE=DATE:20261222", "RRULE:FREQ=DAILY;COUNT=2"),
			[]string{"2026-12-22T05:00 2026-12-23T05:00", "2026-12-26T05:00 2026-12-27T05:00"},
			2,
		},
		"days until UTC's midnight": {
			vevent("DTSTART;TZID=America/New_York;VALUE=DATE:20261222", "RRULE:FREQ=DAILY;UNTIL=20261224T000000Z"),
			[]string{"2026-12-22T05:00 2026-12-23T05:00", "2026-12-23T05:00 2026-12-24T05:00", "2026-12-24T05:00 2026-12-25T05:00"},
			3,
		},
		"an abbreviation that the file defines": {
			"BEGIN:VTIMEZONE\r\nTZID:EST\r\nBEGIN:STANDARD\r\nDTSTART:20071104T020000\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\r\nEND:STANDARD\r\n" +
				"BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n" +
				vevent("DTSTART;TZID=EST:20270701T080000", "DURATION:PT1H"),
			[]string{"2027-07-01T12:00 2027-07-01T13:00"},
			1,
		},
		"an abbreviation":                {vevent("DTSTART;TZID=EST:20270701T080000", "DURATION:PT1H"), []string{"2027-07-01T13:00 2027-07-01T14:00"}, 1},
		"an empty EXDATE":                {vevent("DTSTART;VALUE=DATE:20261201", "EXDATE:"), []string{"2026-11-30T23:00 2026-12-01T23:00"}, 1},
		"further days":                   {vevent("DTSTART;VALUE=DATE:20261201", "RDATE;VALUE=DATE:20261205,20261207"), []string{"2026-11-30T23:00 2026-12-01T23:00", "2026-12-04T23:00 2026-12-05T23:00", "2026-12-06T23:00 2026-12-07T23:00"}, 3},
		"a further day among times":      {vevent("DTSTART:20261201T100000Z", "DURATION:PT1H", "RDATE;VALUE=DATE:20261205"), []string{"2026-12-01T10:00 2026-12-01T11:00", "2026-12-04T23:00 2026-12-05T23:00"}, 2},
		"periods":                        {vevent("DTSTART:20261201T100000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261205T100000Z/PT3H,20261206T100000Z/20261207T100000Z"), []string{"2026-12-01T10:00 2026-12-01T11:00", "2026-12-05T10:00 2026-12-05T13:00", "2026-12-06T10:00 2026-12-07T10:00"}, 3},
		"an hour that is repeated":       {vevent("DTSTART;TZID=Europe/Berlin:20271031T013000", "DURATION:PT2H"), []string{"2027-10-30T23:30 2027-10-31T01:30"}, 1},
		"a night that is an hour longer": {vevent("DTSTART;TZID=Europe/Berlin:20261030T200000", "DTEND;TZID=Europe/Berlin:20261031T060000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SA;COUNT=2"), []string{"2027-10-30T18:00 2027-10-31T05:00"}, 1},
		"a day of 25 hours by DURATION":  {vevent("DTSTART;TZID=Europe/Berlin:20271030T120000", "DURATION:P1D"), []string{"2027-10-30T10:00 2027-10-31T11:00"}, 1},
		"an hour left out of the clock":  {vevent("DTSTART;TZID=Europe/Berlin:20270327T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"), []string{"2027-03-27T01:30 2027-03-27T02:30", "2027-03-28T00:30 2027-03-28T02:30", "2027-03-29T00:30 2027-03-29T01:30"}, 3},
		"a day never seen":               {vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
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
		"one cancelled, without its time": {
			vevent("RECURRENCE-ID;VALUE=DATE:20261202", "STATUS:CANCELLED") + "\r\n" + vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=2"),
			[]string{"2026-11-30T23:00 2026-12-01T23:00"},
			1,
		},
		"all that follow moved": {
			vevent("DTSTART:20261201T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20261222T100000Z") + "\r\n" +
				vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T100000Z", "DTSTART:20261209T120000Z", "DURATION:PT2H"),
			[]string{"2026-12-01T10:00 2026-12-01T11:00", "2026-12-09T12:00 2026-12-09T14:00", "2026-12-16T12:00 2026-12-16T14:00"},
			3,
		},
		"all that follow cancelled": {
			vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY") + "\r\n" +
				vevent("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261208", "DTSTART;VALUE=DATE:20261208", "STATUS:CANCELLED"),
			[]string{"2026-11-30T23:00 2026-12-01T23:00"},
			1,
		},
		"a change without its series": {vevent("RECURRENCE-ID;VALUE=DATE:20261202", "DTSTART;VALUE=DATE:20261203"), []string{"2026-12-02T23:00 2026-12-03T23:00"}, 1},
		"no UID, and none needed":     {"BEGIN:VEVENT\r\nSUMMARY:s\r\nDTSTART;VALUE=DATE:20261224\r\nEND:VEVENT", []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"the same twice":              {vevent("DTSTART;VALUE=DATE:20261224") + "\r\n" + vevent("DTSTART;VALUE=DATE:20261224"), []string{"2026-12-23T23:00 2026-12-24T23:00"}, 1},
		"a zone that the file defines": {
			"BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0230\r\nTZOFFSETTO:+0130\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" +
				"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0130\r\nTZOFFSETTO:+0230\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n" +
				vevent("DTSTART;TZID=Customized Time Zone:20261201T120000", "DURATION:PT1H") + "\r\n" + vevent("DTSTART;TZID=customized time zone:20270601T120000", "DURATION:PT1H"),
			[]string{"2026-12-01T10:30 2026-12-01T11:30", "2027-06-01T09:30 2027-06-01T10:30"},
			2,
		},
		"a zone that never changes": {
			"BEGIN:VTIMEZONE\r\nTZID:tzone://Microsoft/Custom\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:-0330\r\nTZOFFSETTO:-0330\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" +
				vevent(`DTSTART;TZID="tzone://Microsoft/Custom":20261201T120000`, "DURATION:PT1H"),
			[]string{"2026-12-01T15:30 2026-12-01T16:30"},
			1,
		},
		"a zone by its other name": {
			"BEGIN:VTIMEZONE\r\nTZID:Berlin 1\r\nX-LIC-LOCATION:Europe/Berlin\r\nEND:VTIMEZONE\r\n" + vevent("DTSTART;TZID=Berlin 1:20261201T120000", "DURATION:PT1H"),
			[]string{"2026-12-01T11:00 2026-12-01T12:00"},
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, calendar(tc.event))
			require.NoError(t, err)
			require.Empty(t, got.Warnings)
			require.Len(t, got.Events, tc.count, spans(got.Events))
			for i, want := range tc.want {
				require.Equal(t, want, spans(got.Events)[i])
				require.Equal(t, time.UTC, got.Events[i].From.Location())
				require.Equal(t, "s", got.Events[i].Summary)
			}
		})
	}
}

// What has ended is judged by its dates, and refuses no file.
func TestWhatHasEndedDoesNotMatterAnyMore(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"an unknown zone":                     vevent("DTSTART;TZID=Nowhere:20150101T100000", "DURATION:PT1H"),
		"an unknown zone, a counted series":   vevent("DTSTART;TZID=Nowhere:20150101T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10"),
		"an unknown zone of what was skipped": vevent("DTSTART:20150101T100000Z", "DURATION:PT1H", "EXDATE;TZID=Nowhere:20150101T100000"),
		"no time at all":                      vevent("DTSTART:20150101T100000Z", "DTEND:20150101T100000Z"),
		"an end before it began":              vevent("DTSTART:20150101T100000Z", "DTEND:20150101T090000Z"),
		"an unreadable duration":              vevent("DTSTART:20150101T100000Z", "DURATION:1h"),
		"every hour of a day":                 vevent("DTSTART:20150101T100000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;UNTIL=20150102T000000Z"),
		"a change without a UID":              "BEGIN:VEVENT\r\nRECURRENCE-ID:20150101T100000Z\r\nDTSTART:20150101T100000Z\r\nDURATION:PT1H\r\nEND:VEVENT",
		"a task":                              "BEGIN:VTODO\r\nUID:2\r\nDUE:20150101T100000Z\r\nEND:VTODO",
		"a line that is none":                 vevent("DTSTART;VALUE=DATE:20150101", "and goes on"),
		"a parameter twice":                   vevent("DTSTART;VALUE=DATE:20150101", "ATTENDEE;CN=a;CN=b:mailto:x"),
		"all that follow of what has ended":   strings.ReplaceAll(vevent("DTSTART:20150101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20150110T000000Z")+"\r\n"+vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20150103T100000Z", "DTSTART;TZID=Nowhere:20150103T120000", "DURATION:PT1H"), "UID:1", "UID:2"),
		"a rule that is deprecated":           vevent("DTSTART;VALUE=DATE:20150101", "EXRULE:FREQ=DAILY"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, calendar(event, vevent("DTSTART;VALUE=DATE:20261224")))
			require.NoError(t, err)
			require.Empty(t, got.Warnings)
			require.Equal(t, []string{"2026-12-23T23:00 2026-12-24T23:00"}, spans(got.Events))
			ahead, err := read(t, calendar(strings.ReplaceAll(event, "2015", "2027")))
			require.True(t, err != nil || len(ahead.Warnings) > 0, "ahead it is an error or a warning")
		})
	}
}

func TestWhatIsLeftOutIsWarnedAbout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ lines, want string }{
		"a task":                 {"BEGIN:VTODO\r\nUID:2\r\nSUMMARY:Stocktaking\r\nDUE:20261224T100000Z\r\nEND:VTODO", `line 4: VTODO "Stocktaking" is not supported and freezes nothing`},
		"a task without a time":  {"BEGIN:VTODO\r\nUID:2\r\nEND:VTODO", "line 4: VTODO is not supported and freezes nothing"},
		"busy times":             {"BEGIN:VFREEBUSY\r\nFREEBUSY:20261224T100000Z/PT3H\r\nEND:VFREEBUSY", "line 4: VFREEBUSY is not supported"},
		"a component of someone": {"BEGIN:X-FREEZE\r\nDTSTART:20261224T100000Z\r\nEND:X-FREEZE", "line 4: X-FREEZE is not supported"},
		"a misspelt one":         {"begin:vevnt\r\nDTSTART:20261224T100000Z\r\nend:vevnt", "line 4: VEVNT is not supported"},
		"an event in another":    {"BEGIN:VTODO\r\nDUE:20150101\r\n" + vevent("DTSTART;VALUE=DATE:20261201") + "\r\nEND:VTODO", "line 4: VTODO is not supported"},
		"a property outside":     {"RRULE:FREQ=DAILY", "line 4: the calendar has RRULE, which is not supported"},
		"a misspelt property":    {vevent("DTSTART;VALUE=DATE:20261201", "RRLUE:FREQ=DAILY"), `line 9: event "s" has RRLUE, which is not supported`},
		"an exclusion rule":      {vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), `line 10: event "s" has EXRULE, which is not supported`},
		"a part of an event":     {vevent("DTSTART;VALUE=DATE:20261201", "BEGIN:VAVAILABILITY", "END:VAVAILABILITY"), "line 9: VAVAILABILITY in an event is not supported"},
		"a message":              {"METHOD:CANCEL", "line 1: it is an iCalendar message (METHOD:CANCEL), not a calendar"},
		"no end":                 {vevent("DTSTART:20261224T180000Z"), `line 4: event "s" ends when it starts and freezes nothing`},
		"many":                   {strings.Repeat("BEGIN:VTODO\r\nEND:VTODO\r\n", 9) + "X-A:b", "line 12: VTODO is not supported and freezes nothing; and 4 more like these"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, calendar(tc.lines, vevent("DTSTART;VALUE=DATE:20261224")))
			require.NoError(t, err)
			require.Contains(t, strings.Join(got.Warnings, "; "), tc.want)
			require.Contains(t, spans(got.Events), "2026-12-23T23:00 2026-12-24T23:00")
		})
	}
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	zone := "BEGIN:VTIMEZONE\r\nTZID:Odd\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:x\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	for name, tc := range map[string]struct{ text, want string }{
		"no calendar":              {"hello", "line 1: not an iCalendar file: no property name"},
		"HTML":                     {"<!doctype html>\n<title>Log in</title>", "line 1: not an iCalendar file"},
		"an event alone":           {vevent("DTSTART;VALUE=DATE:20261224"), "line 1: not an iCalendar file: BEGIN:VEVENT found outside of BEGIN:VCALENDAR and END:VCALENDAR"},
		"more after it":            {calendar() + "X", "line 5: not an iCalendar file: no property name"},
		"a property after it":      {calendar() + "VERSION:2.0", "line 5: not an iCalendar file: VERSION found outside"},
		"an end too much":          {calendar() + "END:VCALENDAR", "line 5: not an iCalendar file: END found outside"},
		"cut within an event":      {strings.TrimSuffix(calendar(vevent("DTSTART;VALUE=DATE:20261224")), "END:VEVENT\r\nEND:VCALENDAR\r\n"), "line 8: it is incomplete: VEVENT, started on line 4, has no END; check whether the file was cut off"},
		"cut within a line":        {"BEGIN:VCALENDAR\r\nVERS", "line 2: not an iCalendar file: no property name"},
		"an event not ended":       {calendar("BEGIN:VEVENT"), "line 5: it is incomplete: END:VCALENDAR found where VEVENT, started on line 4, has not ended"},
		"two, the first cut":       {strings.TrimSuffix(calendar(), "END:VCALENDAR\r\n") + calendar(), "line 4: not an iCalendar file: BEGIN:VCALENDAR found in VCALENDAR"},
		"an event in an event":     {calendar(vevent("DTSTART;VALUE=DATE:20150101", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261224", "END:VEVENT")), "line 9: an event is nested in an event: add the missing END:VEVENT before it"},
		"inside of an event":       {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DESCRIPTION:a", " b", "END:VALARM")), "line 11: it is incomplete: END:VALARM found where VEVENT, started on line 4, has not ended"},
		"too deep":                 {calendar(strings.Repeat("BEGIN:X-A\r\n", 20)), "line 19: its components are nested more than 16 deep"},
		"UTF-16":                   {"\xff\xfeB\x00E\x00G\x00", "line 1: it is in UTF-16: must be UTF-8"},
		"UTF-16 without a mark":    {"B\x00E\x00G\x00I\x00", "line 1: it is in UTF-16"},
		"too many lines":           {"BEGIN:VCALENDAR\r\n" + strings.Repeat("A:\n", 200_001), "line 200001: it has more than 200000 lines"},
		"vCalendar":                {"BEGIN:VCALENDAR\r\nVERSION:1.0\r\nEND:VCALENDAR", "line 1: the calendar has version 1.0: export it as iCalendar 2.0"},
		"another calendar":         {calendar("CALSCALE:HEBREW"), "line 1: the calendar has CALSCALE HEBREW: must be GREGORIAN"},
		"the second event":         {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DESCRIPTION:a", " b", "BEGIN:VALARM", "END:VALARM"), vevent()), `line 14: event "s": it has no DTSTART`},
		"no beginning":             {calendar(vevent()), `line 4: event "s": it has no DTSTART`},
		"two beginnings":           {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:20150101")), `it has DTSTART 2 times: must be once`},
		"a parameter twice":        {calendar(vevent("DTSTART;TZID=UTC;TZID=Asia/Tokyo:20261224T100000")), `line 4: event "s": line 8 in it cannot be read: DTSTART has the parameter TZID twice`},
		"end before":               {calendar(vevent("DTSTART:20261224T180000Z", "DTEND:20261224T170000Z")), "it ends before it starts"},
		"end before, in a zone":    {calendar(vevent("DTSTART;TZID=America/New_York:20261208T090000", "DTEND:20261208T110000")), "it ends before it starts"},
		"end before, in days":      {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261223")), "it ends before it starts"},
		"a date and a time":        {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DTEND:20261224T170000Z")), "its start and end must both be dates or both be times"},
		"an end and a duration":    {calendar(vevent("DTSTART:20261224T180000Z", "DTEND:20261224T190000Z", "DURATION:PT3H")), "it has DTEND and DURATION: must have one of them"},
		"too long":                 {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DURATION:P900D")), "it lasts more than 400 days"},
		"no date":                  {calendar(vevent("DTSTART:20261324T180000Z")), `its DTSTART "20261324T180000Z" is not a date or time`},
		"a date that is none":      {calendar(vevent("DTSTART;VALUE=DATE:20261224T180000")), `its DTSTART "20261224T180000" is not a date or time`},
		"no duration":              {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:1h")), `its DURATION "1h" is invalid`},
		"an empty duration":        {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:P")), `its DURATION "P" is invalid`},
		"an unknown zone":          {calendar(vevent("DTSTART;TZID=Nowhere:20261224T180000", "DURATION:PT1H")), `the TZID "Nowhere" of its DTSTART is not an IANA or Windows zone, and the calendar does not define it`},
		"an unknown zone, in part": {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "EXDATE;TZID=Nowhere:20261224T180000")), `the TZID "Nowhere" of its EXDATE`},
		"an unknown zone, just so": {calendar(vevent("DTSTART;TZID=Nowhere:20261121T130000", "DURATION:PT1H")), `the TZID "Nowhere"`},
		"a zone defined wrongly":   {calendar(zone + vevent("DTSTART;TZID=Odd:20261224T180000", "DURATION:PT1H")), `the TZID "Odd" of its DTSTART`},
		"the machine's zone":       {calendar(vevent("DTSTART;TZID=Local:20261224T180000", "DURATION:PT1H")), `the TZID "Local"`},
		"no period":                {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261225T180000Z")), `its RDATE "20261225T180000Z" is not a period`},
		"no rule":                  {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=OFTEN")), `its RRULE "FREQ=OFTEN" is invalid: `},
		"a part twice":             {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;FREQ=YEARLY")), `has FREQ twice`},
		"two ends":                 {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101")), "has COUNT and UNTIL: must have one of them"},
		"never":                    {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY;INTERVAL=0")), "has COUNT or INTERVAL below 1"},
		"another calendar's rule":  {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:RSCALE=CHINESE;FREQ=YEARLY")), "is invalid: unknown RRULE property: RSCALE"},
		"every hour":               {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY")), "recurs within a day, which is not supported"},
		"every second":             {calendar(vevent("DTSTART:20261224T180000Z", "DURATION:PT1S", "RRULE:FREQ=DAILY;BYSECOND=0,1,2,3,4")), "it recurs more than 1000 times in the next 400 days"},
		"a ninth Monday":           {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=MONTHLY;BYDAY=9MO")), `its RRULE "FREQ=MONTHLY;BYDAY=+9MO" matches no day`},
		"all before moved":         {calendar(vevent("DTSTART;VALUE=DATE:20261224", "RECURRENCE-ID;RANGE=THISANDPRIOR;VALUE=DATE:20261224")), "the RANGE THISANDPRIOR, which is not supported"},
		"days to times": {
			calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY"), vevent("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261226", "DTSTART:20261226T100000Z", "DURATION:PT1H")),
			"it changes the following occurrences from whole days to times",
		},
		"two series of a UID": {
			calendar(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY"), vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=WEEKLY"), vevent("RECURRENCE-ID;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:20261225")),
			"it has a RECURRENCE-ID, and 2 events have its UID",
		},
		"a line in an event":         {calendar(vevent("DTSTART;VALUE=DATE:20261224", "DESCRIPTION:a", "b")), `line 4: event "s": line 10 in it cannot be read: no property name`},
		"a line in its alarm":        {calendar(vevent("DTSTART;VALUE=DATE:20261224", "BEGIN:VALARM", "b", "END:VALARM")), `line 4: event "s": line 10 in it cannot be read: no property name`},
		"a date in a line":           {calendar(vevent("DTSTART;VALUE=DATE:20150101", "RDATE;VALUE:20261224")), `line 4: event "s": line 9 in it cannot be read`},
		"all that follow, long ago":  {calendar(vevent("DTSTART:20150101T100000Z", "RRULE:FREQ=WEEKLY"), vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20160101T100000Z", "DTSTART:20160101T120000Z", "DTEND:20160101T110000Z")), "it ends before it starts"},
		"all that follow, somewhere": {calendar(vevent("DTSTART:20150101T100000Z", "RRULE:FREQ=WEEKLY"), vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20160101T100000Z", "DTSTART;TZID=Nowhere:20160101T120000", "DURATION:PT1H")), `the TZID "Nowhere"`},
		"all that follow, of two":    {calendar(vevent("DTSTART:20150101T100000Z", "RRULE:FREQ=WEEKLY"), vevent("DTSTART:20150101T100000Z", "RRULE:FREQ=DAILY"), vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20160101T100000Z", "DTSTART:20160101T120000Z", "DURATION:PT1H")), "2 events have its UID"},
		"more than a few":            {calendar(strings.Repeat(vevent()+"\r\n", 7) + vevent()), "and 3 more like these"},
		"far too many":               {calendar(strings.Repeat(vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=DAILY")+"\r\n", 14) + vevent()), "its events expand to more than 5000 intervals"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, tc.text)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// How lines end, and where they are folded, is of no account.
func TestFormsOfLines(t *testing.T) {
	t.Parallel()
	plain := calendar("BEGIN:VEVENT", "UID:1", `SUMMARY:Jahres\, und\; Monatsende\nmit Umlaut: ü`, "DTSTART;VALUE=DATE:20261224", "END:VEVENT")
	for name, text := range map[string]string{
		"CRLF":               plain,
		"LF":                 strings.ReplaceAll(plain, "\r\n", "\n"),
		"CR":                 strings.ReplaceAll(plain, "\r\n", "\r"),
		"CR, then CRLF":      strings.ReplaceAll(plain, "\r\n", "\r\r\n"),
		"BOM":                "\xef\xbb\xbf" + plain,
		"blank lines":        strings.ReplaceAll("\r\n"+plain, "\r\n", "\r\n\r\n"),
		"no end of line":     strings.TrimSuffix(plain, "\r\n"),
		"folded":             strings.ReplaceAll(strings.ReplaceAll(plain, "DTSTART", "DTS\r\n TART"), "Umlaut", "Um\r\n\tlaut"),
		"folded in a letter": strings.ReplaceAll(plain, "ü", "\xc3\r\n \xbc"),
		"spaces at the end":  strings.ReplaceAll(plain, "END:VEVENT", "END:VEVENT "),
		"two calendars":      calendar() + plain,
		"parameters, quoted": strings.ReplaceAll(plain, "SUMMARY:", `SUMMARY;ALTREP="http://x:1/;a";LANGUAGE=de:`),
		"small letters":      strings.NewReplacer("BEGIN", "begin", "VEVENT", "vevent", "SUMMARY", "summary", "DTSTART;VALUE=DATE", "dtstart;value=date").Replace(plain),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, text)
			require.NoError(t, err)
			require.Empty(t, got.Warnings)
			require.Equal(t, []string{"2026-12-23T23:00 2026-12-24T23:00"}, spans(got.Events))
			require.Equal(t, "Jahres, und; Monatsende mit Umlaut: ü", got.Events[0].Summary)
		})
	}
}

// However many rules there are that nothing comes of, they are given up in time.
func TestEndlessRulesAreGivenUp(t *testing.T) {
	t.Parallel()
	started := time.Now()
	_, err := read(t, calendar(strings.Repeat(vevent("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")+"\r\n", 5000)))
	require.ErrorContains(t, err, "the calendar's recurrences take too long to expand")
	require.Less(t, time.Since(started), time.Minute)
}

// The rules of zones are bounded as those of events.
func TestEndlessZonesAreGivenUp(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "BEGIN:VTIMEZONE\r\nTZID:Z%d\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"+
			"RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n%s\r\n", i, vevent(fmt.Sprintf("DTSTART;TZID=Z%d:20261224T080000", i), "DURATION:PT1H"))
	}
	started := time.Now()
	_, err := read(t, calendar(b.String()))
	require.ErrorContains(t, err, `the TZID "Z`)
	require.Less(t, time.Since(started), time.Minute)
}

// The largest files that people or enemies may give take seconds, and not the machine.
func TestLargeFilesAreReadInTime(t *testing.T) {
	t.Parallel()
	large := func(unit string, n int) string { return strings.Repeat(unit, n) }
	for name, text := range map[string]string{
		"events":            calendar(large(vevent("DTSTART;VALUE=DATE:20271224")+"\r\n", 30_000)),
		"series":            calendar(large(vevent("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY;UNTIL=20260101")+"\r\n", 20_000)),
		"exceptions":        calendar(vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261201"+large(",20261202", 400_000))),
		"dates":             calendar(vevent("DTSTART;VALUE=DATE:20261201", "RDATE;VALUE=DATE:20261201"+large(",20250102", 400_000))),
		"changes":           calendar(vevent("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY"), large(vevent("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:20261225")+"\r\n", 20_000)),
		"components":        calendar(large("BEGIN:X-A\r\nEND:X-A\r\n", 90_000)),
		"a line":            calendar("X-A:" + large("x", 4<<20)),
		"a folded line":     calendar("X-A:" + large("\r\n x", 190_000)),
		"quotes":            calendar("X-A;B=\"" + large(";:", 2<<20)),
		"zones":             calendar(large("BEGIN:VTIMEZONE\r\nTZID:A\r\nEND:VTIMEZONE\r\n", 60_000)),
		"zone that changes": calendar("BEGIN:VTIMEZONE\r\nTZID:A\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4\r\nEND:STANDARD\r\nEND:VTIMEZONE", vevent("DTSTART;TZID=A:20261201T100000", "DURATION:PT1H")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			_, err := read(t, text)
			t.Log(time.Since(started), fmt.Sprintf("%.200v", err))
			require.Less(t, time.Since(started), 30*time.Second)
		})
	}
}
