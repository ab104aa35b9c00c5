package inventory

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const day = 24 * time.Hour

// The years that a date of a cloud may lie in: outside them it was not understood.
const (
	firstYear = 2000
	lastYear  = 2200
)

// ReadDate reads a date as AWS writes those of gateways: a string without a documented form. The
// examples of its API reference have local time without a zone; a day alone, a zone, fractions and
// epoch seconds are understood too. zone is the gateway's. ok is false for what is not understood.
func ReadDate(text string, zone *time.Location) (at time.Time, ok bool) {
	text = strings.TrimSpace(text)
	for _, form := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04",
		"2006-01-02",
	} {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			at, ok = t, true
			break
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); !ok && err == nil && math.Abs(seconds) < math.MaxInt32*4 {
		at, ok = time.Unix(int64(seconds), 0), true
	}
	if !ok || at.UTC().Year() < firstYear || at.UTC().Year() > lastYear {
		return time.Time{}, false
	}
	return at.UTC(), true
}

// daysBetween are whole days, rounded down, so that a date that is past is below 0.
func daysBetween(from, to time.Time) int {
	return int(math.Floor(float64(to.Sub(from)) / float64(day)))
}

// location is the zone of a gateway's clock. Dates are read in GMT where it is not known: no more
// than fourteen hours off.
func (g Gateway) location() *time.Location {
	for _, text := range []string{g.Timezone, g.scheduleZone()} {
		if zone, err := maintenance.ParseZone(text); err == nil {
			return zone.Location()
		}
	}
	return time.UTC
}

func (g Gateway) scheduleZone() string {
	if g.Schedule == nil {
		return ""
	}
	return g.Schedule.Timezone
}
