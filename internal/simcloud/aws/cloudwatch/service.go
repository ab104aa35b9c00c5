package cloudwatch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/check"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// ErrUnknown is an alarm that there is not.
var ErrUnknown = errors.New("unknown")

// Service is the simulated CloudWatch of all accounts and regions. The cloud that it is
// part of lets in one caller at a time.
type Service struct {
	book      *record.Book
	lateMutes string
	// seen is the time that the alarms were brought to.
	seen   time.Time
	places map[place]*inventory
	// alarms are in the order of their ARNs.
	alarms []*alarm
	// followers are the alarms that follow a gateway, by its id.
	followers map[string][]*alarm
}

// place is where alarms and mute rules have unique names.
type place struct{ account, region string }

// inventory is what one account has in one region.
type inventory struct {
	alarms map[string]*alarm
	mutes  map[string]*mute
}

// Happening is what happens to a gateway.
type Happening int

// The happenings that alarms may follow.
const (
	Restarting Happening = iota
	Updated
)

// New takes validated alarms with their defaults in place. Effects go into the book.
func New(alarms []Alarm, lateMutes string, book *record.Book, now time.Time) *Service {
	s := &Service{
		book: book, lateMutes: lateMutes, seen: now, places: map[place]*inventory{}, followers: map[string][]*alarm{},
	}
	for _, conf := range alarms {
		s.add(conf, now)
	}
	for _, a := range s.alarms {
		s.at(place{a.conf.Account, a.conf.Region}).link(a)
	}
	for _, a := range s.alarms {
		a.loud = a.rings(now)
	}
	s.sort()
	return s
}

// add puts an alarm into the service, whose children must be linked later.
func (s *Service) add(conf Alarm, now time.Time) *alarm {
	a := newAlarm(conf, now)
	s.at(place{conf.Account, conf.Region}).alarms[conf.Name] = a
	s.alarms = append(s.alarms, a)
	for _, change := range conf.Changes {
		if id := cmp.Or(change.Restarting, change.Updated); id != "" && !slices.Contains(s.followers[id], a) {
			s.followers[id] = append(s.followers[id], a)
		}
	}
	return a
}

func (s *Service) sort() {
	slices.SortFunc(s.alarms, func(a, b *alarm) int { return strings.Compare(a.arn, b.arn) })
}

func (s *Service) at(p place) *inventory {
	if s.places[p] == nil {
		s.places[p] = &inventory{alarms: map[string]*alarm{}, mutes: map[string]*mute{}}
	}
	return s.places[p]
}

// link finds a composite alarm's children.
func (in *inventory) link(a *alarm) {
	if a.rule == nil {
		return
	}
	a.children = map[string]*alarm{}
	for _, name := range a.rule.names() {
		a.children[name] = in.alarms[name]
	}
}

// Gateways are those whose restarts and updates alarms follow, by id: the service must be
// told of them with Happened.
func (s *Service) Gateways() []string { return slices.Sorted(maps.Keys(s.followers)) }

// Happened tells the alarms what happened to a gateway.
func (s *Service) Happened(gatewayID string, what Happening, at time.Time) {
	late := false
	for _, a := range s.followers[gatewayID] {
		for _, change := range a.conf.Changes {
			if what == Restarting && change.Restarting == gatewayID || what == Updated && change.Updated == gatewayID {
				given := change.from(at)
				a.settings = append(a.settings, given)
				late = late || !given.from.After(s.seen)
			}
		}
	}
	if late { // it starts at the very time that the alarms were brought to
		s.ringAll(s.seen)
	}
}

// Advance brings the alarms to a time: actions run whenever an alarm goes into ALARM, or is
// no longer muted in it. What happened to gateways by then must have been told.
func (s *Service) Advance(now time.Time) {
	if !s.seen.Before(now) {
		return
	}
	for _, a := range s.alarms {
		if len(a.conf.Actions) == 0 {
			continue
		}
		for _, edge := range append(a.edgesIn(s.seen, now), now) {
			s.ring(a, edge)
		}
	}
	s.seen = now
}

// edgesIn are the times after one and up to another at which the alarm may ring, in order.
func (a *alarm) edgesIn(after, upTo time.Time) []time.Time {
	edges := a.edges()
	for _, m := range a.mutes {
		edges = append(edges, m.from, m.until)
	}
	edges = slices.DeleteFunc(edges, func(at time.Time) bool { return !at.After(after) || at.After(upTo) })
	slices.SortFunc(edges, time.Time.Compare)
	return edges
}

// ring runs an alarm's actions if they are due at a time.
func (s *Service) ring(a *alarm, at time.Time) {
	rings := a.rings(at)
	if rings && !a.loud && len(a.conf.Actions) > 0 {
		s.book.EffectAt(at, "vendor:AlarmActions", a.arn, "", map[string]string{
			"state": stateAlarm, "actions": strings.Join(a.conf.Actions, " "),
			"alarmSince": a.transitioned(at).UTC().Format(time.RFC3339),
		})
	}
	a.loud = rings
}

// ringAll runs the actions of alarms that are in ALARM, and not muted, since something changed now.
func (s *Service) ringAll(now time.Time) {
	for _, a := range s.alarms {
		s.ring(a, now)
	}
}

// AddAlarm puts one more alarm, with its defaults in place, into the service, which is
// brought to now.
func (s *Service) AddAlarm(conf Alarm, gateways map[string]bool, now time.Time) error {
	in := s.at(place{conf.Account, conf.Region})
	faults, known := &check.Checker{}, map[string]Alarm{conf.Name: conf}
	for name, a := range in.alarms {
		if name == conf.Name {
			faults.Wrong("alarm.name", name, "a name that no other alarm of the account and region has")
			continue
		}
		known[name] = a.conf
	}
	conf.check(faults, "alarm", gateways)
	checkRule(faults, "alarm.rule", conf, known)
	if err := faults.Err(); err != nil {
		return err
	}
	a := s.add(conf, now)
	in.link(a)
	a.loud = a.rings(now)
	s.sort()
	return nil
}

// StateChange gives an alarm a state from now on. Region and Account have the defaults of a gateway.
type StateChange struct {
	State   string        `yaml:"state"`
	Reason  string        `yaml:"reason,omitempty"`
	For     time.Duration `yaml:"for,omitempty"` // zero: until the next change
	Region  string        `yaml:"region,omitempty"`
	Account string        `yaml:"account,omitempty"`
}

// SetState changes an alarm's state. The service is brought to now.
func (s *Service) SetState(name string, change StateChange, now time.Time) (arn string, err error) {
	a := s.at(place{change.Account, change.Region}).alarms[name]
	if a == nil {
		return "", fmt.Errorf("%w alarm %q in account %s, region %s: see GET /_sim/state for those that there are",
			ErrUnknown, name, change.Account, change.Region)
	}
	if a.rule != nil {
		return "", maintenance.Invalid("state", change.State,
			"given to the alarms of its rule: "+name+" is a composite alarm")
	}
	faults := &check.Checker{}
	faults.OneOf("state", change.State, stateOK, stateAlarm, stateNoData)
	faults.NotNegative("for", change.For)
	if err := faults.Err(); err != nil {
		return "", err
	}
	a.settings = append(a.settings, Change{State: change.State, Reason: change.Reason, For: change.For}.from(now))
	s.ringAll(now)
	return a.arn, nil
}
