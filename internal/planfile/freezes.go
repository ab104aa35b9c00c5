package planfile

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/ics"
	"github.com/tidegate/tidegate/internal/strict"
)

const (
	// maxFreezes bounds what every run of a campaign carries in its history.
	maxFreezes = 500
	// maxFreeze is the longest that one freeze may be: a longer one is a wrong year.
	maxFreeze = 400 * 24 * time.Hour
	// ahead is how far recurring freezes are written out.
	ahead = 400 * 24 * time.Hour
)

const wantZone = "an IANA zone such as Europe/Berlin or UTC"

// freezes are the plan's freezes in UTC that are not over, by their starting.
func (c *checker) freezes(list []freeze) []maintenance.Freeze {
	var all []maintenance.Freeze
	for i, f := range list {
		at := fmt.Sprintf("freezes[%d]", i)
		zone, ok := c.zone(at+".zone", f.Zone)
		switch {
		case !ok:
		case f.ICS != "" || c.Has(at+".ics"):
			all = append(all, c.calendar(at, f, zone)...)
		default:
			all = append(all, c.interval(at, f, zone)...)
		}
	}
	all = slices.DeleteFunc(all, func(f maintenance.Freeze) bool { return !f.To.After(c.options.Now) })
	slices.SortStableFunc(all, func(a, b maintenance.Freeze) int { return a.From.Compare(b.From) })
	if len(all) > maxFreezes {
		c.Fault("freezes", strict.Fault{
			Problem: fmt.Sprintf("expand to %d intervals from %s", len(all), c.options.Now.UTC().Format(time.DateOnly)),
			Want:    fmt.Sprintf("at most %d", maxFreezes),
		})
	}
	return all
}

// zone is what a zone's name stands for; nil for none.
func (c *checker) zone(path, name string) (zone *time.Location, ok bool) {
	if name == "" && !c.Has(path) {
		return nil, true
	}
	if zone, ok = ics.LoadZone(name); !ok {
		c.Wrong(path, "", wantZone)
	}
	return zone, ok
}

// interval is a freeze that is written out.
func (c *checker) interval(at string, f freeze, zone *time.Location) []maintenance.Freeze {
	if c.Has(at + ".allowEmpty") {
		c.Wrong(at+".allowEmpty", "", "left out without ics")
	}
	from, to, ok := c.ends(at, f)
	if !ok {
		return nil
	}
	if zone == nil && (!from.fixed || !to.fixed) {
		c.Wrong(at+".zone", "", wantZone+", since this date or time names none")
		return nil
	}
	start, end := from.earliest(zone), to.end(zone)
	switch {
	case !start.Before(end):
		c.Wrong(at+".to", "", "an end after the start, "+f.From)
		return nil
	case end.Sub(start) > maxFreeze:
		c.Wrong(at+".to", "", "an end at most 400 days after the start, "+f.From)
		return nil
	}
	if !end.After(c.options.Now) {
		c.Warn(at, strict.Fault{
			Problem: "freezes nothing: it ended " + end.UTC().Format(time.RFC3339),
			Want:    "in the future; check the year",
		})
	}
	return []maintenance.Freeze{{From: start, To: end, Reason: f.Reason}}
}

// ends are the times between which a freeze lasts. A date alone is both.
func (c *checker) ends(at string, f freeze) (from, to timestamp, ok bool) {
	const want = "a date such as 2026-12-24, or a time such as 2026-12-24T18:00 or 2026-12-24T18:00:00Z"
	from, ok = parseTimestamp(f.From)
	c.require(ok, at+".from", want)
	if ok && from.date && !c.Has(at+".to") {
		return from, from, true
	}
	to, toOK := parseTimestamp(f.To)
	c.require(toOK, at+".to", want)
	return from, to, ok && toOK
}
