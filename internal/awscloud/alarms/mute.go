package alarms

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// atForm is the schedule's expression of a rule that mutes once.
const atForm = "at(2006-01-02T15:04)"

// PutMute puts a mute rule in place of the one with its name, if there is one. Repeating it does no harm, so there is
// no ErrUnknownOutcome; but a rule with a later start unmutes its alarms until then.
func (s *Store) PutMute(ctx context.Context, rule health.MuteRule) error {
	call := wire.Start("mute %d alarms by the rule %s", len(rule.Alarms), rule.Name)
	if err := check(rule); err != nil {
		return call.Invalid(err)
	}
	_, err := s.api.PutAlarmMuteRule(ctx, &cloudwatch.PutAlarmMuteRuleInput{
		Name: &rule.Name, Description: &rule.Comment, ExpireDate: &rule.Until,
		MuteTargets: &types.MuteTargets{AlarmNames: rule.Alarms},
		Rule: &types.Rule{Schedule: &types.Schedule{
			Expression: aws.String(rule.From.UTC().Format(atForm)), Timezone: aws.String("UTC"),
			Duration: aws.String(fmt.Sprintf("PT%dM", rule.Until.Sub(rule.From)/time.Minute)),
		}},
	}, s.followed(call))
	if err != nil {
		return call.Failed(err)
	}
	return nil
}

// check reports what AWS would refuse.
func check(rule health.MuteRule) error {
	lasts := rule.Until.Sub(rule.From)
	full := func(t time.Time) bool { return t.Equal(t.Truncate(time.Minute)) }
	switch {
	case rule.Name == "":
		return maintenance.Invalid("name", "", "a rule's name")
	case len(rule.Alarms) == 0 || len(rule.Alarms) > health.MostMuted:
		return maintenance.Invalid("alarms", fmt.Sprint(len(rule.Alarms)),
			fmt.Sprintf("1 to %d names of alarms", health.MostMuted))
	case lasts < time.Minute || lasts > health.MaxMuted || !full(rule.From) || !full(rule.Until):
		return maintenance.Invalid("until", rule.Until.UTC().Format(time.RFC3339), "1 minute to 15 days after "+
			rule.From.UTC().Format(time.RFC3339)+", both in full minutes")
	}
	return nil
}

// Mute is the mute rule of a name as CloudWatch has it, or ErrNotFound. Of a rule with another schedule than those that
// PutMute makes, From and Until are zero.
func (s *Store) Mute(ctx context.Context, name string) (health.MuteRule, error) {
	call := wire.Start("read the mute rule %s", name)
	in := &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: &name}
	out, err := s.api.GetAlarmMuteRule(ctx, in, s.followed(call))
	if err != nil {
		return health.MuteRule{}, call.Failed(err)
	}
	rule := health.MuteRule{Name: name, Comment: aws.ToString(out.Description)}
	if out.MuteTargets != nil {
		rule.Alarms = slices.Sorted(slices.Values(out.MuteTargets.AlarmNames))
	}
	rule.From, rule.Until = interval(out)
	return rule, nil
}

// interval reads the interval of a rule that PutMute made.
func interval(out *cloudwatch.GetAlarmMuteRuleOutput) (from, until time.Time) {
	if out.Rule == nil || out.Rule.Schedule == nil || out.ExpireDate == nil {
		return time.Time{}, time.Time{}
	}
	from, err := time.Parse(atForm, aws.ToString(out.Rule.Schedule.Expression))
	if err != nil || aws.ToString(out.Rule.Schedule.Timezone) != "UTC" {
		return time.Time{}, time.Time{}
	}
	return from, out.ExpireDate.UTC()
}

// DeleteMute deletes the mute rule of a name. Its alarms are unmuted at once, and the actions of those in ALARM run.
// One that is gone counts as deleted (AWS API, DeleteAlarmMuteRule).
func (s *Store) DeleteMute(ctx context.Context, name string) error {
	call := wire.Start("delete the mute rule %s", name)
	in := &cloudwatch.DeleteAlarmMuteRuleInput{AlarmMuteRuleName: &name}
	_, err := s.api.DeleteAlarmMuteRule(ctx, in, s.followed(call))
	if err != nil {
		return call.Failed(err)
	}
	return nil
}
