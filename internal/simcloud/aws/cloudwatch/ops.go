package cloudwatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// Operation is a call that is served. It acts on a service that was brought to the call's time.
type Operation struct {
	fault.Operation

	Act func(s *Service, call *wire.Call) (any, *wire.Error)
}

// Operations are the calls that the simulated CloudWatch serves.
func Operations() []Operation {
	return []Operation{
		read("DescribeAlarms", (*Service).describeAlarms),
		read("GetAlarmMuteRule", (*Service).getMute),
		read("ListAlarmMuteRules", (*Service).listMutes),
		write("PutAlarmMuteRule", (*Service).putMute),
		write("DeleteAlarmMuteRule", (*Service).deleteMute),
	}
}

// read makes an operation of a function that takes the decoded input.
func read[In any](name string, act func(s *Service, call *wire.Call, in In) (any, *wire.Error)) Operation {
	return Operation{
		fault.Operation{Name: wire.CloudWatch + ":" + name, Protocol: fault.CloudWatch},
		func(s *Service, call *wire.Call) (any, *wire.Error) {
			in, err := wire.Input[In](call)
			if err != nil {
				return nil, err
			}
			return act(s, call, in)
		},
	}
}

// write answers nothing.
func write[In any](name string, act func(s *Service, call *wire.Call, in In) *wire.Error) Operation {
	op := read(name, func(s *Service, call *wire.Call, in In) (any, *wire.Error) { return nil, act(s, call, in) })
	op.Writes, op.Bodyless = true, true
	return op
}

// Resources are the names of the alarms and mute rules that a request names.
func Resources(call *wire.Call) []string {
	in, err := wire.Input[struct {
		AlarmNames                         []string
		Name, AlarmName, AlarmMuteRuleName *string
		MuteTargets                        *muteTargets
	}](call)
	if err != nil {
		return nil // the operation refuses it
	}
	out := in.AlarmNames
	for _, name := range []*string{in.Name, in.AlarmName, in.AlarmMuteRuleName} {
		out = append(out, deref(name))
	}
	if in.MuteTargets != nil {
		out = append(out, in.MuteTargets.AlarmNames...)
	}
	return out
}

// mine is what the caller's account has in the region.
func (s *Service) mine(call *wire.Call) *inventory { return s.at(place{call.Account, call.Region}) }

const maxRecords = 100

// page cuts one page out of items that are sorted by key.
func page[T any](items []T, key func(T) string, token *string, size *int, usual int) ([]T, *string, *wire.Error) {
	if size != nil {
		usual = *size
	}
	some, next, ok := wire.Page(items, key, token, usual)
	if !ok {
		return nil, nil, wire.Bad("InvalidNextToken", "The next token specified is invalid.")
	}
	return some, next, nil
}

type describeAlarmsInput struct {
	AlarmNames                              []string
	AlarmNamePrefix                         *string
	AlarmTypes                              []string
	ChildrenOfAlarmName, ParentsOfAlarmName *string
	StateValue, ActionPrefix                *string
	MaxRecords                              *int
	NextToken                               *string
}

const (
	typeMetric    = "MetricAlarm"
	typeComposite = "CompositeAlarm"
	// defaultAlarms is how many alarms a page has where the caller does not say.
	defaultAlarms = 50
)

func (in describeAlarmsInput) check() *wire.Error {
	var v wire.Violations
	if len(in.AlarmNames) > maxRecords {
		v.Add(fmt.Sprintf("%d names", len(in.AlarmNames)), "alarmNames", "have length less than or equal to 100")
	}
	for i, name := range in.AlarmNames {
		v.Longest(fmt.Sprintf("alarmNames.%d.member", i+1), &name, 1, 255)
	}
	v.Longest("alarmNamePrefix", in.AlarmNamePrefix, 1, 255)
	v.Longest("childrenOfAlarmName", in.ChildrenOfAlarmName, 1, 255)
	v.Longest("parentsOfAlarmName", in.ParentsOfAlarmName, 1, 255)
	v.Longest("actionPrefix", in.ActionPrefix, 1, 1024)
	for i, kind := range in.AlarmTypes {
		v.OneOf(fmt.Sprintf("alarmTypes.%d.member", i+1), kind, typeMetric, typeComposite, "LogAlarm")
	}
	if in.StateValue != nil {
		v.OneOf("stateValue", *in.StateValue, stateOK, stateAlarm, stateNoData)
	}
	v.Between("maxRecords", in.MaxRecords, 1, maxRecords)
	if text := v.Text(); text != "" {
		return wire.Invalid(text)
	}
	return in.combination()
}

// combination refuses members that cannot be used together.
func (in describeAlarmsInput) combination() *wire.Error {
	relatives := in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil
	others := in.AlarmNames != nil || in.AlarmNamePrefix != nil || in.AlarmTypes != nil ||
		in.StateValue != nil || in.ActionPrefix != nil
	switch {
	case in.AlarmNames != nil && in.AlarmNamePrefix != nil:
		return wire.Invalid("AlarmNames and AlarmNamePrefix cannot be used together")
	case relatives && others, in.ChildrenOfAlarmName != nil && in.ParentsOfAlarmName != nil:
		return wire.Invalid("ChildrenOfAlarmName and ParentsOfAlarmName can be used with MaxRecords and NextToken only")
	}
	return nil
}

type describeAlarmsOutput struct {
	MetricAlarms    wire.List[metricAlarm]
	CompositeAlarms wire.List[compositeAlarm]
	NextToken       *string `json:",omitempty"`
}

// describeAlarms shows the alarms that match, by name. Without CompositeAlarm in AlarmTypes
// composite alarms are left out, but for those related to the named one.
func (s *Service) describeAlarms(call *wire.Call, in describeAlarmsInput) (any, *wire.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	matching := s.mine(call).matching(in, call.Now)
	byName := func(a *alarm) string { return a.conf.Name }
	some, next, err := page(matching, byName, in.NextToken, in.MaxRecords, defaultAlarms)
	if err != nil {
		return nil, err
	}
	out := describeAlarmsOutput{
		MetricAlarms: wire.List[metricAlarm]{}, CompositeAlarms: wire.List[compositeAlarm]{}, NextToken: next,
	}
	for _, a := range some {
		if a.rule == nil {
			out.MetricAlarms = append(out.MetricAlarms, a.describeMetric(in.detail(), call.Now))
		} else {
			out.CompositeAlarms = append(out.CompositeAlarms, a.describeComposite(in.detail(), call.Now))
		}
	}
	return out, nil
}

// matching are the alarms that an input asks for, by name.
func (in *inventory) matching(want describeAlarmsInput, now time.Time) []*alarm {
	var out []*alarm
	if want.AlarmNames != nil {
		for _, name := range want.AlarmNames {
			if a := in.alarms[name]; a != nil && !slices.Contains(out, a) && want.fits(a, now) {
				out = append(out, a)
			}
		}
	} else {
		for _, a := range in.alarms {
			if want.fits(a, now) && in.related(a, want) {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b *alarm) int { return strings.Compare(a.conf.Name, b.conf.Name) })
	return out
}

// related is so for a child or parent of the alarm that is named, if one is.
func (in *inventory) related(a *alarm, want describeAlarmsInput) bool {
	if of := want.ChildrenOfAlarmName; of != nil {
		parent := in.alarms[*of]
		return parent != nil && parent.children[a.conf.Name] != nil
	}
	return want.ParentsOfAlarmName == nil || a.children[*want.ParentsOfAlarmName] != nil
}

// fits is so for an alarm of the types, state, prefix and actions that are wanted.
func (in describeAlarmsInput) fits(a *alarm, now time.Time) bool {
	kind := typeMetric
	if a.rule != nil {
		kind = typeComposite
	}
	ofType := slices.Contains(in.AlarmTypes, kind)
	switch {
	case in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil:
		ofType = true
	case len(in.AlarmTypes) == 0:
		ofType = kind == typeMetric
	}
	acts := in.ActionPrefix == nil || slices.ContainsFunc(a.conf.Actions, func(action string) bool {
		return strings.HasPrefix(action, *in.ActionPrefix)
	})
	return ofType && acts && strings.HasPrefix(a.conf.Name, deref(in.AlarmNamePrefix)) &&
		(in.StateValue == nil || a.state(now) == *in.StateValue)
}

// detail says how much of an alarm is shown.
func (in describeAlarmsInput) detail() detail {
	switch {
	case in.ParentsOfAlarmName != nil:
		return nameOnly
	case in.ChildrenOfAlarmName != nil:
		return stateOnly
	}
	return everything
}
