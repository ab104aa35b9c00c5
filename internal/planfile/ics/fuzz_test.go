package ics_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile/ics"
)

var lineForm = regexp.MustCompile(`^line (\d+): `)

// Whatever a calendar holds, there is no panic, no endless work, no interval outside
// of the span, and no error without its line.
func FuzzCalendar(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	require.NoError(f, err)
	for _, file := range append(files, filepath.Join("..", "..", "..", "examples", "holidays.ics")) {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(text))
	}
	for _, event := range []string{
		vevent("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
		vevent("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2;BYSETPOS=-1", "EXDATE:20261202T090000Z"),
		vevent("DTSTART:20261224T180000", "DTEND:20261224T200000", "RDATE:20261225T180000", "RRULE:FREQ=WEEKLY;BYDAY=2MO,-1FR;WKST=SU"),
		vevent("RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T100000Z", "DTSTART:20261209T120000Z", "DURATION:PT2H"),
		"BEGIN:VTIMEZONE\r\nTZID:A\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0230\r\nTZOFFSETTO:+0130\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" + vevent("DTSTART;TZID=A:20261201T120000"),
		"BEGIN;X=\"a:b\":VEV\r\n ENT\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT",
	} {
		f.Add(calendar(event))
	}
	zone, _ := ics.LoadZone("Europe/Berlin")
	o := ics.Options{Zone: zone, From: now, Until: now.AddDate(0, 0, 400)}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ics.Read([]byte(text), o)
		if err == nil {
			require.LessOrEqual(t, len(got.Events), ics.MaxEvents)
			for _, e := range got.Events {
				if !e.To.After(o.From) || !e.From.Before(o.Until) || !e.From.Before(e.To) {
					t.Fatal("outside of the span, or empty", e)
				}
			}
			return
		}
		require.Empty(t, got)
		place := lineForm.FindStringSubmatch(err.Error())
		require.NotNil(t, place, err.Error())
		line, err := strconv.Atoi(place[1])
		require.NoError(t, err)
		require.Positive(t, line)
		require.LessOrEqual(t, line, 1+strings.Count(text, "\n")+strings.Count(text, "\r"))
	})
}
