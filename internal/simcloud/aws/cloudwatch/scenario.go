// Package cloudwatch simulates the alarms of Amazon CloudWatch, metric and composite ones, and the rules
// that mute their actions. An alarm's state is what the scenario or the simulator's admin side says,
// at which times; no metric is evaluated. As in the package above, state is computed from times.
//
// Start at Alarm, what can be described, and Service.
package cloudwatch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/check"
)

// The states of an alarm.
const (
	stateOK     = "OK"
	stateAlarm  = "ALARM"
	stateNoData = "INSUFFICIENT_DATA"
)

// What becomes of a mute rule whose at(...) has passed when it is put.
const (
	LateMutesActive = "active"
	LateMutesNever  = "never"
)

// Alarm is one alarm and its outcome. Name, Region and Account are required once the
// scenario's defaults are in place.
type Alarm struct {
	Name string `yaml:"name"`
	// Region and Account have the defaults of a gateway.
	Region      string `yaml:"region,omitempty"`
	Account     string `yaml:"account,omitempty"`
	Description string `yaml:"description,omitempty"`
	// Rule makes the alarm a composite one, whose state follows other alarms, in AWS's own
	// form: ALARM(orders-5xx) AND NOT OK("orders latency").
	Rule string `yaml:"rule,omitempty"`
	// State of a metric alarm at the start: OK (default), ALARM or INSUFFICIENT_DATA.
	State string `yaml:"state,omitempty"`
	// StateFor is how long it has had the state by then; default 24 hours.
	StateFor time.Duration `yaml:"stateFor,omitempty"`
	// Reason is the text beside the state; default one in AWS's form.
	Reason string `yaml:"reason,omitempty"`
	Metric Metric `yaml:"metric,omitempty"`
	// Actions are the ARNs that run when the alarm goes into ALARM and no rule mutes it.
	Actions []string `yaml:"actions,omitempty"`
	// Changes give a metric alarm other states later.
	Changes []Change `yaml:"changes,omitempty"`
}

// Metric is what a metric alarm says that it watches.
type Metric struct {
	Namespace  string            `yaml:"namespace,omitempty"` // default AWS/StorageGateway
	Name       string            `yaml:"name,omitempty"`      // default CachePercentDirty
	Dimensions map[string]string `yaml:"dimensions,omitempty"`
	Threshold  float64           `yaml:"threshold,omitempty"`
}

// Change is a state that an alarm has from a time on: so long after the start, or after
// each restart or update of a gateway.
type Change struct {
	State  string        `yaml:"state"`
	Reason string        `yaml:"reason,omitempty"`
	After  time.Duration `yaml:"after,omitempty"`
	// Restarting is the id of a gateway: After counts from when it goes away for its update.
	Restarting string `yaml:"restarting,omitempty"`
	// Updated is the id of a gateway: After counts from when it runs the new software.
	Updated string `yaml:"updated,omitempty"`
	// For is how long the state lasts; then the alarm has the one that it would have had. Zero: until
	// the next change.
	For time.Duration `yaml:"for,omitempty"`
}

// WithDefaults fills in what an alarm leaves out.
func (a Alarm) WithDefaults(region, account string) Alarm {
	for _, field := range []struct {
		to   *string
		from string
	}{
		{&a.Region, region},
		{&a.Account, account},
		{&a.State, stateOK},
		{&a.Metric.Namespace, "AWS/StorageGateway"},
		{&a.Metric.Name, "CachePercentDirty"},
	} {
		if *field.to == "" {
			*field.to = field.from
		}
	}
	if a.StateFor == 0 {
		a.StateFor = 24 * time.Hour
	}
	return a
}

var (
	nameForm   = regexp.MustCompile(`^.{1,255}$`)
	actionForm = regexp.MustCompile(`^arn:\S{1,1000}$`)
)

// Check finds what is wrong with a scenario's alarms, whose defaults are in place. The
// gateways are those that there are, by id.
func Check(c *check.Checker, path string, alarms []Alarm, gateways map[string]bool) {
	inventories := map[place]map[string]Alarm{}
	for i, a := range alarms {
		at := fmt.Sprintf("%s[%d]", path, i)
		a.check(c, at, gateways)
		in := place{a.Account, a.Region}
		if inventories[in] == nil {
			inventories[in] = map[string]Alarm{}
		}
		if _, taken := inventories[in][a.Name]; taken {
			c.Wrong(at+".name", a.Name, "a name that no other alarm of the account and region has")
		}
		inventories[in][a.Name] = a
	}
	for i, a := range alarms {
		checkRule(c, fmt.Sprintf("%s[%d].rule", path, i), a, inventories[place{a.Account, a.Region}])
	}
}

func (a Alarm) check(c *check.Checker, path string, gateways map[string]bool) {
	c.Form(path+".name", a.Name, nameForm, "1 to 255 characters")
	c.OneOf(path+".state", a.State, stateOK, stateAlarm, stateNoData)
	c.NotNegative(path+".stateFor", a.StateFor)
	if len(a.Description) > 1024 {
		c.Wrong(path+".description", a.Description[:20]+"...", "at most 1024 characters")
	}
	if len(a.Actions) > 5 {
		c.Wrong(path+".actions", fmt.Sprintf("%d actions", len(a.Actions)), "at most 5")
	}
	for i, action := range a.Actions {
		c.Form(fmt.Sprintf("%s.actions[%d]", path, i), action, actionForm, "an ARN")
	}
	if a.Rule != "" && len(a.Changes) > 0 {
		c.Wrong(path+".changes", fmt.Sprintf("%d changes", len(a.Changes)),
			"none: a composite alarm's state follows its rule")
	}
	for i, change := range a.Changes {
		change.check(c, fmt.Sprintf("%s.changes[%d]", path, i), gateways)
	}
}

func (h Change) check(c *check.Checker, path string, gateways map[string]bool) {
	c.OneOf(path+".state", h.State, stateOK, stateAlarm, stateNoData)
	c.NotNegative(path+".after", h.After)
	c.NotNegative(path+".for", h.For)
	for _, field := range []struct{ name, id string }{{"restarting", h.Restarting}, {"updated", h.Updated}} {
		if field.id != "" && !gateways[field.id] {
			c.Wrong(path+"."+field.name, field.id, "the id of a gateway of the scenario")
		}
	}
	if h.Restarting != "" && h.Updated != "" {
		c.Wrong(path+".updated", h.Updated, "nothing beside restarting")
	}
}

// checkRule wants no rule, or one that can be read, over alarms that there are, and in no circle.
func checkRule(c *check.Checker, path string, a Alarm, all map[string]Alarm) {
	if err := circle(a, all, nil); err != nil {
		c.Wrong(path, a.Rule, err.Error())
	}
}

// circle follows a rule's alarms. Those that led here are on the way.
func circle(a Alarm, all map[string]Alarm, way []string) error {
	if a.Rule == "" {
		return nil
	}
	if way = append(way, a.Name); len(way) > 20 {
		return fmt.Errorf("composite alarms in at most 20 levels, not %s", strings.Join(way, " of "))
	}
	parsed, err := parseRule(a.Rule)
	if err != nil {
		return err
	}
	for _, name := range parsed.names() {
		child, there := all[name]
		switch {
		case !there:
			return fmt.Errorf("a rule over alarms that there are: %s is not one", name)
		case slices.Contains(way, name):
			return fmt.Errorf("composite alarms in no circle: %s is in one", name)
		}
		if err := circle(child, all, way); err != nil {
			return err
		}
	}
	return nil
}
