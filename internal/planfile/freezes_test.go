package planfile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
)

func freezesOfPlan(t *testing.T, list string, o planfile.Options) ([]maintenance.Freeze, error) {
	t.Helper()
	p, err := planfile.Parse("p.yaml", []byte(head+"freezes: ["+list+"]\ntargets:\n"+target("a", arnB)), o)
	return p.Policy.Freezes, err
}

func TestFreezesAreResolvedToUTC(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ freeze, from, to string }{
		"days, to the end of the last": {"from: 2026-12-24, to: 2026-12-26, zone: Europe/Berlin", "2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z"},
		"one day":                      {"from: 2026-11-27, zone: America/New_York", "2026-11-27T05:00:00Z", "2026-11-28T05:00:00Z"},
		"one day, said twice":          {"from: 2026-11-27, to: 2026-11-27, zone: UTC", "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z"},
		"the day summer time starts":   {"from: 2027-03-28, zone: Europe/Berlin", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"},
		"times in the zone":            {"from: 2026-12-31T18:00, to: 2027-01-02 06:00:30, zone: Asia/Singapore", "2026-12-31T10:00:00Z", "2027-01-01T22:00:30Z"},
		"half an hour's zone":          {"from: 2026-12-31T18:00, to: 2026-12-31T19:00, zone: Asia/Kolkata", "2026-12-31T12:30:00Z", "2026-12-31T13:30:00Z"},
		"times":                        {"from: 2027-01-15T08:00:00Z, to: 2027-01-15T20:00+01:00", "2027-01-15T08:00:00Z", "2027-01-15T19:00:00Z"},
		"a time, then a date":          {"from: 2027-01-15T08:00:00Z, to: 2027-01-15, zone: Europe/Berlin", "2027-01-15T08:00:00Z", "2027-01-15T23:00:00Z"},
		"from the first of two hours":  {"from: 2027-10-31T02:30, to: 2027-10-31T05:00, zone: Europe/Berlin", "2027-10-31T00:30:00Z", "2027-10-31T04:00:00Z"},
		"to the second of two hours":   {"from: 2027-10-31T01:00, to: 2027-10-31T02:30, zone: Europe/Berlin", "2027-10-30T23:00:00Z", "2027-10-31T01:30:00Z"},
		"from an hour left out":        {"from: 2027-03-28T02:30, to: 2027-03-28T05:00, zone: Europe/Berlin", "2027-03-28T00:30:00Z", "2027-03-28T03:00:00Z"},
		"to an hour left out":          {"from: 2027-03-28T01:00, to: 2027-03-28T02:30, zone: Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T01:30:00Z"},
		"a day without midnight":       {"from: 2027-04-30, zone: Africa/Cairo", "2027-04-29T21:00:00Z", "2027-04-30T21:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := freezesOfPlan(t, "{reason: r, "+tc.freeze+"}", planfile.Options{Now: now})
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Equal(t, tc.from, got[0].From.Format(time.RFC3339))
			require.Equal(t, tc.to, got[0].To.Format(time.RFC3339))
			require.Equal(t, "r", got[0].Reason)
		})
	}
}

func TestFreezesThatHaveEndedAreLeftOutAndTheOthersSorted(t *testing.T) {
	t.Parallel()
	got, err := freezesOfPlan(t, `{from: 2026-12-24, zone: UTC, reason: later}, {from: 2026-11-20, zone: UTC}, {from: 2026-11-22, zone: UTC, reason: today}`,
		planfile.Options{Now: now})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "today", got[0].Reason)
	require.Equal(t, "later", got[1].Reason)
}

func TestWrongFreezesSayWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ freeze, want string }{
		"no zone":          {"from: 2026-12-24", "p.yaml:4:12: freezes[0].zone: is required: must be an IANA zone such as Europe/Berlin or UTC, since this date or time names none"},
		"half a zone":      {"from: 2026-12-24T10:00:00Z, to: 2026-12-25", "freezes[0].zone: is required"},
		"no such zone":     {"from: 2026-12-24, zone: Europe/Berln", `p.yaml:4:36: freezes[0].zone: invalid value "Europe/Berln": must be an IANA zone`},
		"the machine's":    {"from: 2026-12-24, zone: Local", `freezes[0].zone: invalid value "Local"`},
		"no starting":      {"to: 2026-12-24, zone: UTC", "freezes[0].from: is required: must be a date such as 2026-12-24"},
		"no end":           {"from: 2026-12-24T18:00, zone: UTC", "freezes[0].to: is required: must be a date such as 2026-12-24"},
		"no date":          {"from: 2026-02-30, zone: UTC", `freezes[0].from: invalid value "2026-02-30": must be a date`},
		"no century":       {"from: 0026-12-24, zone: UTC", `freezes[0].from: invalid value "0026-12-24"`},
		"end before start": {"from: 2026-12-24, to: 2026-12-20, zone: UTC", `freezes[0].to: invalid value "2026-12-20": must be an end after the start, 2026-12-24`},
		"no time between":  {"from: 2026-12-24T10:00:00Z, to: 2026-12-24T11:00:00+01:00", `freezes[0].to: invalid value "2026-12-24T11:00:00+01:00": must be an end after the start`},
		"a wrong year":     {"from: 2026-12-24, to: 2062-12-26, zone: UTC", `freezes[0].to: invalid value "2062-12-26": must be an end at most 400 days after the start`},
		"a file with ends": {"ics: x.ics, zone: UTC, from: 2026-12-24", `freezes[0].from: invalid value "2026-12-24": must be left out where ics is given`},
		"a file, no zone":  {"ics: x.ics", `freezes[0].zone: is required: must be an IANA zone such as Europe/Berlin or UTC, for events that name none`},
		"no such file":     {"ics: none.ics, zone: UTC", `freezes[0].ics: "none.ics" cannot be read: open `},
		"no file":          {"ics: ., zone: UTC", `freezes[0].ics: "." cannot be read: not a file`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := freezesOfPlan(t, "{"+tc.freeze+"}", planfile.Options{Now: now, Dir: t.TempDir()})
			require.ErrorContains(t, err, tc.want)
		})
	}
}
