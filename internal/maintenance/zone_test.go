package maintenance_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func zoneText(minutes int) string {
	if minutes < 0 {
		return fmt.Sprintf("GMT-%d:%02d", -minutes/60, -minutes%60)
	}
	return fmt.Sprintf("GMT+%d:%02d", minutes/60, minutes%60)
}

func TestParseZoneReadsEveryFormThatAWSWrites(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		minutes int
		written string
	}{
		"GMT":       {0, "GMT"},
		"GMT+0:00":  {0, "GMT"},
		"GMT-0:00":  {0, "GMT"},
		"GMT-4:00":  {-240, "GMT-4:00"},
		"GMT-04:00": {-240, "GMT-4:00"},
		"GMT+5:30":  {330, "GMT+5:30"},
		"GMT+05:45": {345, "GMT+5:45"},
		"GMT-0:30":  {-30, "GMT-0:30"},
		"GMT-3:30":  {-210, "GMT-3:30"},
		"GMT+10:00": {600, "GMT+10:00"},
		"GMT-12:00": {-720, "GMT-12:00"},
		"GMT+14:00": {840, "GMT+14:00"},
		"GMT-14:00": {-840, "GMT-14:00"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			z, err := maintenance.ParseZone(text)
			require.NoError(t, err)
			require.Equal(t, want.written, z.String())

			name, offset := utc(2026, 7, 1, 12, 0).In(z.Location()).Zone()
			require.Equal(t, want.minutes*60, offset, "the sign is the ordinary one: minus is behind GMT")
			require.Equal(t, want.written, name)
			_, winter := utc(2026, 1, 1, 12, 0).In(z.Location()).Zone()
			require.Equal(t, offset, winter, "daylight saving never applies")
		})
	}
}

func TestParseZoneRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "gmt", "UTC", "Z", "GMT ", " GMT", "GMT\n", "GMT+", "GMT-", "GMT4:00", "GMT+4", "GMT+4:", "GMT+4:0", "GMT+4:000", "GMT+400",
		"GMT+:30", "GMT+4:60", "GMT+4:99", "GMT+123:00", "GMT+14:01", "GMT-14:30", "GMT+15:00", "GMT+99:59", "GMT--4:00", "GMT+-4:00", "GMT +4:00",
		"GMT+4.00", "GMT+٤:٠٠", "GMT−4:00", "Etc/GMT+4", "Europe/Berlin", "GMT+4:00 ", "GMT+4:00\n", "GMT+4:00GMT",
	} {
		_, err := maintenance.ParseZone(text)
		requireFields(t, err, map[string]string{"timezone": text})
	}
}

func TestTheZeroZoneIsGMT(t *testing.T) {
	t.Parallel()
	require.Equal(t, maintenance.Zone{}, zone(t, "GMT"))
	require.Equal(t, maintenance.Zone{}, zone(t, "GMT-0:00"), "zones of one offset are equal, however written")
}

func TestZoneTravelsAsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := anyZone().Draw(t, "zone")
		text, err := json.Marshal(z)
		require.NoError(t, err)
		require.Equal(t, `"`+z.String()+`"`, string(text))
		var back maintenance.Zone
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, z, back)
	})
}

func TestZoneIsLeftAloneByAWrongText(t *testing.T) {
	t.Parallel()
	z := zone(t, "GMT+5:30")
	require.ErrorContains(t, json.Unmarshal([]byte(`"CET"`), &z), `timezone: invalid value "CET": must be GMT, GMT-h:mm or GMT+h:mm`)
	require.Equal(t, zone(t, "GMT+5:30"), z)
}
