package cloudwatch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

type muteSchedule struct {
	Expression, Duration *string
	Timezone             *string `json:",omitempty"`
}

type muteTiming struct {
	Schedule *muteSchedule
}

type muteTargets struct {
	AlarmNames wire.List[string]
}

type tag struct {
	Key, Value *string
}

type putMuteInput struct {
	Name, Description     *string
	Rule                  *muteTiming
	MuteTargets           *muteTargets
	Tags                  []tag
	StartDate, ExpireDate *wire.Time
}

// check finds what breaks the service's model. A rule without a schedule has no members to check.
func (in putMuteInput) check() *wire.Error {
	var v wire.Violations
	v.Length("name", in.Name, 1, 255)
	v.Longest("description", in.Description, 0, 1024)
	switch {
	case in.Rule == nil:
		v.Missing("rule")
	case in.Rule.Schedule == nil:
		v.Missing("rule.schedule")
	default:
		v.Length("rule.schedule.expression", in.Rule.Schedule.Expression, 1, 256)
		v.Length("rule.schedule.duration", in.Rule.Schedule.Duration, 1, 50)
		v.Longest("rule.schedule.timezone", in.Rule.Schedule.Timezone, 1, 50)
	}
	if in.MuteTargets != nil {
		in.MuteTargets.check(&v)
	}
	for i, t := range in.Tags {
		v.Length(fmt.Sprintf("tags.%d.member.key", i+1), t.Key, 1, 128)
		v.Length(fmt.Sprintf("tags.%d.member.value", i+1), t.Value, 0, 256)
	}
	if text := v.Text(); text != "" {
		return wire.Invalid(text)
	}
	if start, end := in.StartDate.Time(), in.ExpireDate.Time(); !end.IsZero() && !start.Before(end) {
		return wire.Invalid("ExpireDate must be after StartDate")
	}
	return nil
}

func (t muteTargets) check(v *wire.Violations) {
	if t.AlarmNames == nil {
		v.Missing("muteTargets.alarmNames")
	}
	if len(t.AlarmNames) > maxRecords {
		v.Add(fmt.Sprintf("%d names", len(t.AlarmNames)), "muteTargets.alarmNames", "have length less than or equal to 100")
	}
	for i, name := range t.AlarmNames {
		v.Longest(fmt.Sprintf("muteTargets.alarmNames.%d.member", i+1), &name, 1, 255)
	}
}

// putMute makes a rule, or replaces the one of the name whole. The same rule again changes nothing
// but the time at which it was updated.
func (s *Service) putMute(call *wire.Call, in putMuteInput) *wire.Error {
	if err := in.check(); err != nil {
		return err
	}
	mine, schedule := s.mine(call), in.Rule.Schedule
	m := &mute{
		name: *in.Name, arn: fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm-mute-rule:%s", call.Region, call.Account, *in.Name),
		description: deref(in.Description), tags: map[string]string{}, updated: call.Now,
		expression: schedule.Expression, duration: schedule.Duration, timezone: schedule.Timezone,
		start: in.StartDate.Time(), expire: in.ExpireDate.Time(),
	}
	if in.MuteTargets != nil {
		m.alarms = in.MuteTargets.AlarmNames
	}
	for _, t := range in.Tags {
		m.tags[*t.Key] = *t.Value
	}
	if err := m.schedule(call.Now, s.lateMutes); err != nil {
		return err
	}
	for _, name := range m.alarms {
		if mine.alarms[name] == nil {
			return wire.Invalid("MuteTargets has the name of no alarm: " + name)
		}
	}
	replaced := mine.mutes[m.name] != nil
	mine.unmute(m.name)
	mine.mutes[m.name] = m
	for _, name := range m.alarms {
		mine.alarms[name].mutes = append(mine.alarms[name].mutes, m)
	}
	s.ringAll(call.Now)
	call.Effect(s.book, m.arn, map[string]string{
		"rule": m.name, "alarms": strings.Join(m.alarms, " "), "replaced": fmt.Sprint(replaced),
		"from": stamp(m.from), "until": stamp(m.until), "description": m.description,
	})
	return nil
}

// stamp writes a time for an effect's detail.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// unmute takes a rule away, if there is one.
func (in *inventory) unmute(name string) {
	old := in.mutes[name]
	if old == nil {
		return
	}
	delete(in.mutes, name)
	for _, target := range old.alarms {
		a := in.alarms[target]
		a.mutes = slices.DeleteFunc(a.mutes, func(m *mute) bool { return m == old })
	}
}

type namedMuteInput struct {
	AlarmMuteRuleName *string
}

func (in namedMuteInput) check() *wire.Error {
	var v wire.Violations
	v.Length("alarmMuteRuleName", in.AlarmMuteRuleName, 1, 255)
	if text := v.Text(); text != "" {
		return wire.Invalid(text)
	}
	return nil
}

// deleteMute takes a rule away; one that is not there is no error, and no effect.
func (s *Service) deleteMute(call *wire.Call, in namedMuteInput) *wire.Error {
	if err := in.check(); err != nil {
		return err
	}
	mine := s.mine(call)
	m := mine.mutes[*in.AlarmMuteRuleName]
	if m == nil {
		return nil
	}
	mine.unmute(m.name)
	call.Effect(s.book, m.arn, map[string]string{"rule": m.name, "status": m.status(call.Now)})
	s.ringAll(call.Now)
	return nil
}

type muteOutput struct {
	Name                 string
	AlarmMuteRuleArn     string
	Description          *string `json:",omitempty"`
	Rule                 muteTiming
	MuteTargets          *muteTargets `json:",omitempty"`
	StartDate            *wire.Time   `json:",omitempty"`
	ExpireDate           *wire.Time   `json:",omitempty"`
	Status               string
	LastUpdatedTimestamp *wire.Time
	MuteType             string
}

// oneTime is the type of the rules that are simulated.
const oneTime = "ONE_TIME"

func (s *Service) getMute(call *wire.Call, in namedMuteInput) (any, *wire.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	m := s.mine(call).mutes[*in.AlarmMuteRuleName]
	if m == nil {
		return nil, wire.NotFound("AlarmMuteRule", *in.AlarmMuteRuleName)
	}
	out := muteOutput{
		Name: m.name, AlarmMuteRuleArn: m.arn, Status: m.status(call.Now), MuteType: oneTime,
		Rule:      muteTiming{&muteSchedule{m.expression, m.duration, m.timezone}},
		StartDate: wire.NewTime(m.start), ExpireDate: wire.NewTime(m.expire), LastUpdatedTimestamp: wire.NewTime(m.updated),
	}
	if m.description != "" {
		out.Description = &m.description
	}
	if m.alarms != nil {
		out.MuteTargets = &muteTargets{m.alarms}
	}
	return out, nil
}

type listMutesInput struct {
	AlarmName  *string
	Statuses   []string
	MaxRecords *int
	NextToken  *string
}

type muteSummary struct {
	AlarmMuteRuleArn     string
	ExpireDate           *wire.Time `json:",omitempty"`
	Status               string
	MuteType             string
	LastUpdatedTimestamp *wire.Time
}

type listMutesOutput struct {
	AlarmMuteRuleSummaries wire.List[muteSummary]
	NextToken              *string `json:",omitempty"`
}

// listMutes shows the rules, all or those of an alarm or of some statuses, by name.
func (s *Service) listMutes(call *wire.Call, in listMutesInput) (any, *wire.Error) {
	var v wire.Violations
	v.Longest("alarmName", in.AlarmName, 1, 255)
	for i, status := range in.Statuses {
		v.OneOf(fmt.Sprintf("statuses.%d.member", i+1), status, muteScheduled, muteActive, muteExpired)
	}
	v.Between("maxRecords", in.MaxRecords, 1, maxRecords)
	if text := v.Text(); text != "" {
		return nil, wire.Invalid(text)
	}
	mine := s.mine(call)
	if in.AlarmName != nil && mine.alarms[*in.AlarmName] == nil {
		return nil, wire.NotFound("Alarm", *in.AlarmName)
	}
	matching := mine.mutesLike(in, call.Now)
	some, next, err := page(matching, func(m *mute) string { return m.name }, in.NextToken, in.MaxRecords, maxRecords)
	if err != nil {
		return nil, err
	}
	out := listMutesOutput{AlarmMuteRuleSummaries: wire.List[muteSummary]{}, NextToken: next}
	for _, m := range some {
		out.AlarmMuteRuleSummaries = append(out.AlarmMuteRuleSummaries, muteSummary{
			AlarmMuteRuleArn: m.arn, ExpireDate: wire.NewTime(m.expire), Status: m.status(call.Now), MuteType: oneTime,
			LastUpdatedTimestamp: wire.NewTime(m.updated),
		})
	}
	return out, nil
}

func (in *inventory) mutesLike(want listMutesInput, now time.Time) []*mute {
	var out []*mute
	for _, name := range slices.Sorted(maps.Keys(in.mutes)) {
		m := in.mutes[name]
		of := want.AlarmName == nil || slices.Contains(m.alarms, *want.AlarmName)
		if of && (len(want.Statuses) == 0 || slices.Contains(want.Statuses, m.status(now))) {
			out = append(out, m)
		}
	}
	return out
}
