package ics

//go:generate go run gen.go FOLDER

import (
	"cmp"
	"strings"
	"time"
	_ "time/tzdata" // a calendar means the same on a machine without zone data
)

// LoadZone finds an IANA zone. The empty name and Local, which the time package
// knows in addition, are none.
func LoadZone(name string) (zone *time.Location, ok bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name) //nolint:forbidigo // a plan is read before any workflow begins
	return zone, err == nil
}

// zones find what the TZIDs of a calendar stand for.
type zones struct {
	defined map[string]*component // VTIMEZONEs
	until   time.Time             // up to when their rules are followed
	budget  *budget               // for how long
	found   map[string]*time.Location
}

func newZones(calendar *component, until time.Time, b *budget) *zones {
	z := &zones{defined: map[string]*component{}, until: until, budget: b, found: map[string]*time.Location{}}
	for _, c := range calendar.children {
		if c.name == "VTIMEZONE" {
			z.defined[strings.ToLower(c.text("TZID"))] = c
		}
	}
	return z
}

// zone is what a TZID stands for; nil where that is not known. Names of IANA's regions
// and of Windows are taken at their word; any other is what the calendar defines it to
// be, also an abbreviation: EST is without summer time in IANA's, and with it elsewhere.
func (z *zones) zone(id string) *time.Location {
	id = strings.TrimSpace(id)
	zone, known := z.found[id]
	if !known {
		zone = z.find(id)
		z.found[id] = zone
	}
	return zone
}

func (z *zones) find(id string) *time.Location {
	definition := z.defined[strings.ToLower(id)]
	abbreviation, ok := LoadZone(id)
	if ok && (definition == nil || strings.Contains(id, "/")) {
		return abbreviation
	}
	if zone, ok := LoadZone(windowsZones[strings.ToLower(id)]); ok {
		return zone
	}
	// A globally unique name, such as /freeassociation.sourceforge.net/Europe/Berlin.
	if parts := strings.Split(id, "/"); parts[0] == "" {
		for n := min(3, len(parts)-1); n > 1; n-- {
			if zone, ok := LoadZone(strings.Join(parts[len(parts)-n:], "/")); ok {
				return zone
			}
		}
	}
	if definition == nil {
		return nil
	}
	if zone, ok := LoadZone(definition.text("X-LIC-LOCATION")); ok {
		return zone
	}
	return cmp.Or(definedZone(definition, z.until, z.budget), abbreviation)
}
