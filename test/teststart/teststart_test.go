package teststart_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/test/teststart"
)

func TestTheStartIsTheNextSuchDayOfTheGivenInstant(t *testing.T) {
	for given, tc := range map[string]struct{ sunday, day string }{
		"":                          {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z"},
		"2031-03-01T00:00:00Z":      {"2031-03-02T12:00:00Z", "2031-03-22T12:00:00Z"},
		"2032-02-29T12:00:00Z":      {"2032-02-29T12:00:00Z", "2032-03-22T12:00:00Z"},
		"2032-02-29T12:00:01Z":      {"2032-03-07T12:00:00Z", "2032-03-22T12:00:00Z"},
		"2028-12-31T23:00:00-05:00": {"2029-01-07T12:00:00Z", "2029-01-22T12:00:00Z"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Setenv(teststart.Variable, given)
			require.Equal(t, tc.sunday, teststart.On(time.Sunday, 12).Format(time.RFC3339))
			require.Equal(t, tc.day, teststart.OnDay(22, 12).Format(time.RFC3339))
		})
	}
}

func TestAnInvalidTimeIsNotTakenForNone(t *testing.T) {
	t.Setenv(teststart.Variable, "2031-03-01")
	require.PanicsWithValue(t, `TIDEGATE_TEST_START="2031-03-01": want a time in RFC 3339, such as 2031-03-01T00:00:00Z: `+
		`parsing time "2031-03-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"`, func() { teststart.OnDay(22, 12) })
}
