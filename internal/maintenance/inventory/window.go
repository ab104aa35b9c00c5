package inventory

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// window judges when the gateway may be maintained.
func (j *judging) window() {
	switch {
	case j.NoWindow != "":
		j.add(KindNoWindow, Soon, nil, "%s", j.NoWindow)
		j.leave("it has no window", kindsOfWindow()...)
		return
	case j.Schedule == nil:
		if j.Connection != Disconnected { // then it is said already
			j.leave("its window was not read", append(kindsOfWindow(), KindNoWindow)...)
		}
		return
	}
	schedule, err := maintenance.ParseSchedule(*j.Schedule, j.criteria.Prefer)
	if err != nil {
		j.add(KindNoWindow, Soon, nil, "%s", err)
		j.leave("its window is not understood", kindsOfWindow()...)
		return
	}
	j.Window = schedule.String()
	j.usable(schedule)
	j.drift(schedule)
}

// work is what a maintenance of the gateway would do now, as far as it is known.
func (j *judging) work() fleet.Work {
	w := fleet.Work{Update: true}
	switch {
	case !j.HasVolumes() || j.criteria.Snapshot == maintenance.SnapshotNever:
	case j.criteria.Snapshot == maintenance.SnapshotBoth:
		w.Snapshots = 2
	default:
		w.Snapshots = 1
	}
	return w
}

// need is how long that is expected to take.
func (j *judging) need() time.Duration {
	rollout := maintenance.Rollout{Forecast: j.criteria.Forecast}
	return fleet.Fleet{Rollout: rollout, Rules: j.criteria.Rules}.Forecast(fleet.Entry{Work: j.work()})
}

// usable looks for the first window that has room for the work.
func (j *judging) usable(s maintenance.Schedule) {
	rules := j.criteria.Rules
	next := s.WindowAt(j.now, rules.Length)
	j.NextWindow = &next
	need := j.need()
	bare := rules
	bare.Freezes = nil
	if _, ok := maintenance.Fit(next.Start, s, bare, need); !ok {
		j.add(KindWindowUnusable, Soon, nil, "no window has room: %s are needed, and a window of %s has %s before its cutoff", need,
			rules.Length, rules.Length-rules.Cutoff)
		return
	}
	opening, ok := maintenance.Fit(j.now, s, rules, need)
	if !ok {
		j.add(KindWindowUnusable, Soon, nil, "freezes leave no window with room for %s in the next two years", need)
		return
	}
	j.NextWindow = &opening.Window
	if skipped := frozen(next, opening.Window, s, rules); skipped > 0 {
		j.add(KindWindowFrozen, Notice, nil, "%s frozen; the first one with room opens %s",
			maintenance.Counted(skipped, "window is", "windows are"), opening.From.UTC().Format("2006-01-02 15:04Z"))
	}
}

// frozen is how many windows from the next one on a freeze touches before the first with room.
func frozen(next, first maintenance.Window, s maintenance.Schedule, r maintenance.Rules) (n int) {
	for w := next; w.Start.Before(first.Start); {
		for _, f := range r.Freezes {
			if f.From.Before(w.End) && w.Start.Before(f.To) {
				n++
				break
			}
		}
		start := s.NextStart(w.Start)
		w = maintenance.Window{Start: start, End: start.Add(r.Length)}
	}
	return n
}

// drift says where the window opens at different times of the civil day over the coming year.
func (j *judging) drift(s maintenance.Schedule) {
	if j.criteria.Civil == nil {
		return
	}
	var hours []string // civil times of day, in the order in which they come
	at := s.NextStart(j.now)
	for end := at.AddDate(1, 0, 0); at.Before(end); at = s.NextStart(at) {
		civil := at.In(j.criteria.Civil).Format("Mon 15:04")
		if s.Recurrence == maintenance.Monthly {
			civil = at.In(j.criteria.Civil).Format("15:04")
		}
		if len(hours) == 0 || hours[len(hours)-1] != civil {
			hours = append(hours, civil)
		}
	}
	if len(hours) > 1 {
		j.add(KindZoneDrift, Notice, nil, "its zone %s has no summer time: the window opens %s and %s of %s, depending on the season",
			s.Zone, hours[0], hours[1], j.zoneName())
	}
}

func (j *judging) zoneName() string {
	if j.criteria.CivilName != "" {
		return j.criteria.CivilName
	}
	return fmt.Sprint(j.criteria.Civil)
}
