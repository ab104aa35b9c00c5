package cloudwatch

import (
	"fmt"
	"slices"
	"time"
)

// alarm is one alarm, with all the states that it was and will be given.
type alarm struct {
	conf    Alarm
	arn     string
	created time.Time
	// rule is nil for a metric alarm.
	rule rule
	// children are those that the rule names.
	children map[string]*alarm
	settings []setting
	mutes    []*mute
	// loud is so where the alarm was in ALARM, and not muted, when it was last looked at.
	loud bool
}

// setting gives an alarm a state from a time on, and where until is set up to that time.
type setting struct {
	from, until   time.Time
	state, reason string
}

func (s setting) covers(at time.Time) bool {
	return !at.Before(s.from) && (s.until.IsZero() || at.Before(s.until))
}

// newAlarm takes a validated alarm with its defaults in place. The children are linked later.
func newAlarm(conf Alarm, now time.Time) *alarm {
	a := &alarm{
		conf:    conf,
		arn:     fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", conf.Region, conf.Account, conf.Name),
		created: now.Add(-365 * 24 * time.Hour),
	}
	if conf.Rule != "" {
		a.rule, _ = parseRule(conf.Rule) // Check has refused it before
		return a
	}
	a.settings = []setting{{from: now.Add(-conf.StateFor), state: conf.State, reason: conf.Reason}}
	for _, change := range conf.Changes {
		if change.Restarting == "" && change.Updated == "" {
			a.settings = append(a.settings, change.from(now))
		}
	}
	return a
}

// from is the setting of a change whose time counts from one.
func (h Change) from(at time.Time) setting {
	s := setting{from: at.Add(h.After), state: h.State, reason: h.Reason}
	if h.For > 0 {
		s.until = s.from.Add(h.For)
	}
	return s
}

// setting is what the alarm is given at a time: of several the latest to start.
func (a *alarm) setting(at time.Time) setting {
	var found setting
	for _, s := range a.settings {
		if s.covers(at) && !s.from.Before(found.from) {
			found = s
		}
	}
	return found
}

// state at a time. A composite alarm follows its rule without delay.
func (a *alarm) state(at time.Time) string {
	if a.rule == nil {
		return a.setting(at).state
	}
	if a.rule.holds(func(name string) string { return a.children[name].state(at) }) {
		return stateAlarm
	}
	return stateOK
}

// edges are the times at which the state may change.
func (a *alarm) edges() []time.Time {
	var out []time.Time
	for _, s := range a.settings {
		out = append(out, s.from)
		if !s.until.IsZero() {
			out = append(out, s.until)
		}
	}
	for _, child := range a.children {
		out = append(out, child.edges()...)
	}
	return out
}

// transitioned is when the state last changed to what it is at a time.
func (a *alarm) transitioned(at time.Time) time.Time {
	edges := slices.DeleteFunc(a.edges(), func(edge time.Time) bool { return edge.After(at) })
	slices.SortFunc(edges, time.Time.Compare)
	var since time.Time
	last := ""
	for _, edge := range edges {
		if state := a.state(edge); state != last {
			since, last = edge, state
		}
	}
	return since
}

// reason is the text beside the state at a time.
func (a *alarm) reason(at time.Time) string {
	state := a.state(at)
	if a.rule != nil {
		return "The alarm's rule puts it into " + state
	}
	if given := a.setting(at).reason; given != "" {
		return given
	}
	switch state {
	case stateAlarm:
		return fmt.Sprintf("Threshold Crossed: 1 out of the last 1 datapoints was greater than the threshold (%v)", a.conf.Metric.Threshold)
	case stateNoData:
		return "Insufficient Data: 1 datapoint was unknown."
	}
	return fmt.Sprintf("Threshold Crossed: 1 out of the last 1 datapoints was not greater than the threshold (%v)", a.conf.Metric.Threshold)
}

// muted is so while a rule mutes the alarm's actions.
func (a *alarm) muted(at time.Time) bool {
	return slices.ContainsFunc(a.mutes, func(m *mute) bool { return m.active(at) })
}

// rings is so while the alarm's actions run, or have run and would not run again.
func (a *alarm) rings(at time.Time) bool { return a.state(at) == stateAlarm && !a.muted(at) }
