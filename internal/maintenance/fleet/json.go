package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// wire is an entry in what JSON has: texts, numbers and lists.
type wire struct {
	name, gateway, schedule, state, note, bar, unavailable, heldAt, check     string
	ref, wave, attempts                                                       int
	started, end, notBefore, held, unread, readAt, trigger, checkSince, baked int64
	work                                                                      []int
	keys                                                                      []string
}

// elements are the fields in the order in which they are written. The list may
// only grow at its end: entries are in histories.
func (w *wire) elements() [23]any {
	return [...]any{
		&w.name, &w.gateway, &w.ref, &w.wave, &w.schedule, &w.work, &w.keys,
		&w.state, &w.started, &w.end, &w.attempts, &w.note, &w.unavailable, &w.notBefore,
		&w.held, &w.heldAt, &w.bar, &w.unread, &w.readAt, &w.trigger,
		&w.check, &w.checkSince, &w.baked,
	}
}

// MarshalJSON writes an entry as one array, without the empty elements at its end:
//
//	["store-7","sgw-12A3456B",7,0,"weekly 0 12:00 GMT-4:00",[1,1],["app=till"]]
//
// Work is five numbers: update (0 or 1), snapshots, proxies, restore, recheck (0 or 1). A time is its
// seconds since 1970, what is left of a second cut off; 0 is none. For the letters
// of the states see codes.
func (e Entry) MarshalJSON() ([]byte, error) {
	w := wire{
		name: e.Name, gateway: e.Gateway, ref: e.Ref, wave: e.Wave, schedule: writeSchedule(e.Schedule),
		work: writeWork(e.Work), keys: append([]string{}, e.Keys...), state: string(e.State),
		started: seconds(e.Started), end: seconds(e.End), attempts: e.Attempts,
		note: e.Note, unavailable: e.Unavailable, notBefore: seconds(e.NotBefore),
		held: seconds(e.Hold.Since), heldAt: string(e.Hold.Step),
		bar: string(e.Bar), unread: seconds(e.UnreadSince), readAt: seconds(e.ReadAt),
		trigger: seconds(e.Trigger), check: e.Check.Name, checkSince: seconds(e.Check.Since), baked: seconds(e.Baked),
	}
	for _, c := range codes() {
		if c.state == e.State {
			w.state = c.code
		}
	}
	all := w.elements()
	elements := all[:]
	for len(elements) > 0 && empty(elements[len(elements)-1]) {
		elements = elements[:len(elements)-1]
	}
	text, err := json.Marshal(elements)
	if err != nil {
		return nil, fmt.Errorf("write target %q of a campaign: %w", e.Name, err)
	}
	return text, nil
}

// UnmarshalJSON reads what MarshalJSON writes. Elements that a later release has
// added are ignored.
func (e *Entry) UnmarshalJSON(text []byte) error {
	var w wire
	elements := w.elements()
	if err := json.Unmarshal(text, &elements); err != nil {
		return fmt.Errorf("read target %q of a campaign: %w", w.name, err)
	}
	schedule, err := readSchedule(w.schedule)
	if err != nil {
		return fmt.Errorf("read target %q of a campaign: %w", w.name, err)
	}
	*e = Entry{
		Name: w.name, Gateway: w.gateway, Ref: w.ref, Wave: w.wave, Schedule: schedule,
		Work: readWork(w.work), State: State(w.state), Started: instant(w.started), End: instant(w.end),
		Attempts: w.attempts, Note: w.note, Unavailable: w.unavailable, NotBefore: instant(w.notBefore),
		Hold: Hold{Since: instant(w.held), Step: maintenance.Step(w.heldAt)},
		Bar:  maintenance.Blocker(w.bar), UnreadSince: instant(w.unread), ReadAt: instant(w.readAt),
		Trigger: instant(w.trigger),
		Check:   Check{Name: w.check, Since: instant(w.checkSince)}, Baked: instant(w.baked),
	}
	if len(w.keys) > 0 {
		e.Keys = w.keys
	}
	for _, c := range codes() {
		if c.code == w.state {
			e.State = c.state
		}
	}
	return nil
}

// code is a letter that stands for a state.
type code struct {
	code  string
	state State
}

// codes are the states as they are written. A later release's is kept as it is.
func codes() [7]code {
	return [...]code{
		{"", Waiting}, {"r", Running}, {"h", Held}, {"s", Succeeded}, {"f", Failed}, {"x", Skipped}, {"c", UpToDate},
	}
}

func empty(element any) bool {
	switch v := element.(type) {
	case *string:
		return *v == ""
	case *int:
		return *v == 0
	case *int64:
		return *v == 0
	case *[]int:
		return len(*v) == 0
	case *[]string:
		return len(*v) == 0
	}
	return false
}

// writeSchedule keeps a schedule's parts as they are; of none, nothing.
func writeSchedule(s maintenance.Schedule) string {
	if s == (maintenance.Schedule{}) {
		return ""
	}
	return fmt.Sprintf("%s %d %02d:%02d %s", s.Recurrence, s.Day, s.Hour, s.Minute, s.Zone)
}

// readSchedule does not judge the window: that was done when it was read from AWS.
func readSchedule(text string) (maintenance.Schedule, error) {
	if text == "" {
		return maintenance.Schedule{}, nil
	}
	recurrence, rest, _ := strings.Cut(text, " ")
	day, rest, _ := strings.Cut(rest, " ")
	clock, zone, _ := strings.Cut(rest, " ")
	hour, minute, _ := strings.Cut(clock, ":")
	s := maintenance.Schedule{Recurrence: maintenance.Recurrence(recurrence)}
	errs := []error{s.Zone.UnmarshalText([]byte(zone))}
	for _, part := range []struct {
		text string
		into *int
	}{{day, &s.Day}, {hour, &s.Hour}, {minute, &s.Minute}} {
		n, err := strconv.Atoi(part.text)
		*part.into = n
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return maintenance.Schedule{}, fmt.Errorf("invalid schedule %q: must be in the form weekly 0 12:00 GMT-4:00: %w", text, err)
	}
	return s, nil
}

// writeWork leaves out the zeros at the end.
func writeWork(w Work) []int {
	numbers := []int{0, w.Snapshots, w.Proxies, 0, 0}
	if w.Update {
		numbers[0] = 1
	}
	if w.Restore {
		numbers[3] = 1
	}
	if w.Recheck {
		numbers[4] = 1
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers
}

func readWork(numbers []int) Work {
	var of [5]int
	copy(of[:], numbers)
	return Work{Update: of[0] != 0, Snapshots: of[1], Proxies: of[2], Restore: of[3] != 0, Recheck: of[4] != 0}
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
