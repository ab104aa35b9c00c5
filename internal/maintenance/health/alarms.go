package health

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// AlarmsCheck passes while no CloudWatch alarm, metric or composite, of those that it names is in the state ALARM. One
// that is missing or has insufficient data is no data.
type AlarmsCheck struct{ AlarmSelector }

// AlarmSelector selects CloudWatch alarms by their names and by a prefix.
type AlarmSelector struct {
	// Account is an AWS account of the worker's configuration; empty: the gateway's.
	Account string     `json:"account,omitempty"`
	Names   []Template `json:"names,omitempty"`
	Prefix  Template   `json:"prefix,omitempty"`
}

// mostAlarmName is how long a name or a prefix may be (AWS API, AlarmName: 1 to 255 characters).
const mostAlarmName = 255

// MostAlarmNames is how many alarms one DescribeAlarms names (AWS API, AlarmNames).
const MostAlarmNames = 100

func (c *AlarmSelector) question(s Subject) (Question, error) {
	q, err := c.ask(s.values)
	if q.Account == "" {
		q.Account = s.Gateway.Account
	}
	return Question{Alarms: &q}, err
}

// ask puts the values into the names.
func (c *AlarmSelector) ask(of values) (AlarmQuestion, error) {
	q := AlarmQuestion{Account: c.Account}
	for _, t := range c.Names {
		name, err := t.alarmName(of)
		if err != nil {
			return q, fmt.Errorf("alarm name %s: %w", t, err)
		}
		if !slices.Contains(q.Names, name) {
			q.Names = append(q.Names, name)
		}
	}
	if c.Prefix != "" {
		prefix, err := c.Prefix.alarmName(of)
		if err != nil {
			return q, fmt.Errorf("alarm prefix %s: %w", c.Prefix, err)
		}
		q.Prefix = prefix
	}
	return q, nil
}

func (t Template) alarmName(of values) (string, error) {
	name, err := t.expand(of, plain)
	if err != nil {
		return "", err
	}
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if n := len([]rune(name)); n < 1 || n > mostAlarmName || strings.ContainsFunc(name, control) {
		return "", fmt.Errorf("must be 1 to %d characters, without control characters", mostAlarmName)
	}
	return name, nil
}

func (c *AlarmsCheck) judge(e evidence) Answer {
	var alarming, unknown []string
	for _, name := range e.question.Alarms.Names {
		if !slices.ContainsFunc(e.reading.Alarms, func(a Alarm) bool { return a.Name == name }) {
			unknown = append(unknown, name+" does not exist")
		}
	}
	for _, alarm := range e.reading.Alarms {
		switch alarm.State {
		case AlarmOK:
		case AlarmInAlarm:
			alarming = append(alarming, alarm.String())
		case AlarmInsufficientData:
			unknown = append(unknown, alarm.Name+" has insufficient data")
		default: // AWS may add one: it is not OK
			unknown = append(unknown, fmt.Sprintf("%s has the unknown state %q", alarm.Name, alarm.State))
		}
	}
	prefix := e.question.Alarms.Prefix
	has := func(a Alarm) bool { return strings.HasPrefix(a.Name, prefix) }
	if prefix != "" && !slices.ContainsFunc(e.reading.Alarms, has) {
		unknown = append(unknown, "no alarm has the prefix "+prefix)
	}
	slices.Sort(alarming)
	slices.Sort(unknown)
	v := Value{
		Number: finite(float64(len(alarming))), Limit: "none in alarm", Outcome: OutcomePass,
		Text: fmt.Sprintf("%d of %s in alarm", len(alarming), maintenance.Counted(len(e.reading.Alarms), "alarm", "alarms")),
	}
	switch {
	case len(alarming) > 0:
		v.Outcome, v.Text = OutcomeFail, shorten(v.Text+": "+list(alarming))
	case len(unknown) > 0:
		v.Outcome, v.Text, v.Limit = OutcomeNoData, shorten(list(unknown)), ""
	}
	return answered(e.reading.At, "", v)
}

// String is the alarm for people.
func (a Alarm) String() string {
	if a.Since.IsZero() {
		return a.Name
	}
	return fmt.Sprintf("%s since %s", a.Name, stamp(a.Since))
}

func (c *AlarmsCheck) validate(f *faults, at string, check Check) {
	at += ".alarms"
	c.AlarmSelector.validate(f, at)
	if check.Has(AtCampaign) {
		f.unless(c.Account != "", at+".account", "", "an AWS account: a campaign has no gateway of its own")
		for i, name := range c.Names {
			f.campaignWide(fmt.Sprintf("%s.names[%d]", at, i), name)
		}
		f.campaignWide(at+".prefix", c.Prefix)
	}
}

func (c *AlarmSelector) validate(f *faults, at string) {
	f.unless(c.Account == "" || nameForm.MatchString(c.Account), at+".account", c.Account, wantName)
	f.unless(len(c.Names) > 0 || c.Prefix != "", at, "", "alarms by their names or by a prefix")
	f.unless(len(c.Names) <= MostAlarmNames, at+".names", strconv.Itoa(len(c.Names)),
		fmt.Sprintf("at most %d names", MostAlarmNames))
	for i, name := range c.Names {
		_, err := name.alarmName(anyValues)
		f.text(fmt.Sprintf("%s.names[%d]", at, i), string(name), "the name of an alarm", err)
	}
	if c.Prefix != "" {
		_, err := c.Prefix.alarmName(anyValues)
		f.text(at+".prefix", string(c.Prefix), "the start of alarms' names", err)
	}
}
