package monitoring

import (
	"slices"
	"strconv"
	"time"
)

// Happened says when a gateway, by its id, went away for an update, and when an update of it ended, up to now.
type Happened func(gatewayID string) (restarted, updated []time.Time)

// script is what a value is over time: of several changes that cover a time, the latest to start counts.
type script struct {
	start   time.Time
	value   string
	changes []Change
}

// spell is a value for a while.
type spell struct {
	from, until time.Time // until is zero where it does not end
	value       string
}

func (s spell) covers(at time.Time) bool {
	return !at.Before(s.from) && (s.until.IsZero() || at.Before(s.until))
}

// spells are all that are known up to now.
func (s script) spells(happened Happened) []spell {
	all := []spell{{from: s.start, value: s.value}}
	for _, change := range s.changes {
		times := []time.Time{s.start}
		if change.Restarting != "" {
			times, _ = happened(change.Restarting)
		}
		if change.Updated != "" {
			_, times = happened(change.Updated)
		}
		for _, at := range times {
			one := spell{from: at.Add(change.After), value: change.Value}
			if change.For > 0 {
				one.until = one.from.Add(change.For)
			}
			all = append(all, one)
		}
	}
	return all
}

func valueAt(spells []spell, at time.Time) string {
	var found spell
	for _, one := range spells {
		if one.covers(at) && !one.from.Before(found.from) {
			found = one
		}
	}
	return found.value
}

// since is whether something holds of the value now, and since when.
func since(spells []spell, now time.Time, holds func(value string) bool) (start time.Time, is bool) {
	var edges []time.Time
	for _, one := range spells {
		edges = append(edges, one.from)
		if !one.until.IsZero() {
			edges = append(edges, one.until)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	for _, edge := range edges {
		if edge.After(now) {
			break
		}
		was := is
		if is = holds(valueAt(spells, edge)); is && !was {
			start = edge
		}
	}
	return start, is
}

// number is a series' value; false: it is not there.
func number(value string) (float64, bool) {
	if value == none {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}
