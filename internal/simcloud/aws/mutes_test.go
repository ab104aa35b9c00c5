package aws_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
	simalarms "github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
)

// schedule is a mute from the test's start for two hours.
func schedule() *types.Rule {
	return &types.Rule{Schedule: &types.Schedule{Expression: new(start.Format("at(2006-01-02T15:04)")), Duration: new("PT2H")}}
}

func (w *world) putMute(ctx context.Context, name string, alarms ...string) error {
	_, err := w.cw.PutAlarmMuteRule(ctx, &cloudwatch.PutAlarmMuteRuleInput{
		Name: &name, Rule: schedule(), MuteTargets: &types.MuteTargets{AlarmNames: alarms},
	})
	return err
}

func (w *world) mute(t *testing.T, name string, alarms ...string) {
	t.Helper()
	require.NoError(t, w.putMute(t.Context(), name, alarms...))
}

func (w *world) unmute(t *testing.T, name string) {
	t.Helper()
	_, err := w.cw.DeleteAlarmMuteRule(t.Context(), &cloudwatch.DeleteAlarmMuteRuleInput{AlarmMuteRuleName: &name})
	require.NoError(t, err)
}

// getMute reads the rule "ours".
func (w *world) getMute(t *testing.T) *cloudwatch.GetAlarmMuteRuleOutput {
	t.Helper()
	out, err := w.cw.GetAlarmMuteRule(t.Context(), &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: new("ours")})
	require.NoError(t, err)
	return out
}

func TestAMuteRuleIsPutReadListedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	expires := start.Add(90 * time.Minute)
	_, err := w.cw.PutAlarmMuteRule(t.Context(), &cloudwatch.PutAlarmMuteRuleInput{
		Name: new("ours"), Description: new("run 7"), Rule: schedule(), StartDate: new(start.Add(time.Minute)), ExpireDate: &expires,
		MuteTargets: &types.MuteTargets{AlarmNames: []string{"orders-5xx", "shop"}}, Tags: []types.Tag{{Key: new("a"), Value: new("b")}},
	})
	require.NoError(t, err)
	out := w.getMute(t)
	require.Equal(t, "arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:ours", *out.AlarmMuteRuleArn)
	require.Equal(t, "run 7", *out.Description)
	require.Equal(t, []string{"orders-5xx", "shop"}, out.MuteTargets.AlarmNames)
	require.Equal(t, schedule(), out.Rule)
	require.True(t, expires.Equal(*out.ExpireDate), out.ExpireDate)
	require.True(t, start.Equal(*out.LastUpdatedTimestamp))
	require.Equal(t, "ONE_TIME", *out.MuteType)
	for _, step := range []struct {
		wait   time.Duration
		status types.AlarmMuteRuleStatus
	}{{0, types.AlarmMuteRuleStatusScheduled}, {time.Minute, types.AlarmMuteRuleStatusActive}, {89 * time.Minute, types.AlarmMuteRuleStatusExpired}} {
		w.move(step.wait)
		require.Equal(t, step.status, w.getMute(t).Status)
	}
	state := w.cloud.State()
	require.Equal(t, map[string]string{"a": "b"}, state.MuteRules[0].Tags)
	require.Equal(t, expires.UTC(), state.MuteRules[0].Until)

	w.mute(t, "more", "other")
	list, err := w.cw.ListAlarmMuteRules(t.Context(), &cloudwatch.ListAlarmMuteRulesInput{AlarmName: new("other")})
	require.NoError(t, err)
	require.Len(t, list.AlarmMuteRuleSummaries, 1)
	list, err = w.cw.ListAlarmMuteRules(t.Context(), &cloudwatch.ListAlarmMuteRulesInput{Statuses: []types.AlarmMuteRuleStatus{types.AlarmMuteRuleStatusExpired}})
	require.NoError(t, err)
	require.Equal(t, *out.AlarmMuteRuleArn, *list.AlarmMuteRuleSummaries[0].AlarmMuteRuleArn)
	list, err = w.cw.ListAlarmMuteRules(t.Context(), &cloudwatch.ListAlarmMuteRulesInput{MaxRecords: new(int32(1))})
	require.NoError(t, err)
	require.NotNil(t, list.NextToken)
	_, err = w.cw.ListAlarmMuteRules(t.Context(), &cloudwatch.ListAlarmMuteRulesInput{AlarmName: new("gone")})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)

	w.unmute(t, "ours")
	w.unmute(t, "ours")
	_, err = w.cw.GetAlarmMuteRule(t.Context(), &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: new("ours")})
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "ours", *missing.ResourceId)
	require.Equal(t, []string{"cloudwatch:PutAlarmMuteRule", "cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"}, w.kinds(),
		"deleting what is not there is no error, and no effect")
}

func TestTheSameNameReplacesARuleWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	w.mute(t, "ours", "orders-5xx", "other")
	w.mute(t, "ours", "other")
	require.Equal(t, []string{"other"}, w.getMute(t).MuteTargets.AlarmNames)
	muted := map[string]bool{}
	for _, a := range w.cloud.State().Alarms {
		muted[a.Name] = a.Muted
	}
	require.False(t, muted["orders-5xx"])
	require.True(t, muted["other"])
	effects := w.book.Effects()
	require.Equal(t, "false", effects[0].Detail["replaced"])
	require.Equal(t, "true", effects[1].Detail["replaced"])
	require.Equal(t, "other", effects[1].Detail["alarms"])
}

func TestMuteRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	at := func(expression, duration, zone string) *types.Rule {
		s := &types.Schedule{Expression: &expression, Duration: &duration}
		if zone != "" {
			s.Timezone = &zone
		}
		return &types.Rule{Schedule: s}
	}
	names := func(names ...string) *types.MuteTargets { return &types.MuteTargets{AlarmNames: names} }
	for name, tc := range map[string]struct {
		in   cloudwatch.PutAlarmMuteRuleInput
		says string
	}{
		"no at":               {cloudwatch.PutAlarmMuteRuleInput{Rule: at("2026-11-30T12:00", "PT1H", "")}, "neither at(yyyy-MM-ddThh:mm) nor cron"},
		"seconds":             {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00:00)", "PT1H", "")}, "neither at("},
		"no such day":         {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-02-30T12:00)", "PT1H", "")}, "neither at("},
		"too short":           {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "PT0M", "")}, "from PT1M to P15D"},
		"seconds' length":     {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "PT90S", "")}, "from PT1M to P15D"},
		"too long":            {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "P15DT1M", "")}, "from PT1M to P15D"},
		"nothing":             {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "P", "")}, "from PT1M to P15D"},
		"Go's form":           {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "1h", "")}, "from PT1M to P15D"},
		"half":                {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "P1DT", "")}, "from PT1M to P15D"},
		"zone":                {cloudwatch.PutAlarmMuteRuleInput{Rule: at("at(2026-11-30T12:00)", "PT1H", "Mars/Base")}, "not a time zone"},
		"no such alarm":       {cloudwatch.PutAlarmMuteRuleInput{Rule: schedule(), MuteTargets: names("orders-5xx", "gone")}, "the name of no alarm: gone"},
		"alarm of a region":   {cloudwatch.PutAlarmMuteRuleInput{Rule: schedule(), MuteTargets: names("elsewhere")}, "the name of no alarm"},
		"101 alarms":          {cloudwatch.PutAlarmMuteRuleInput{Rule: schedule(), MuteTargets: names(slices.Repeat([]string{"other"}, 101)...)}, "length less than or equal to 100"},
		"ends before a start": {cloudwatch.PutAlarmMuteRuleInput{Rule: schedule(), StartDate: new(start.Add(time.Hour)), ExpireDate: &start}, "after StartDate"},
		"long name":           {cloudwatch.PutAlarmMuteRuleInput{Name: new(strings.Repeat("n", 256)), Rule: schedule()}, "'name' failed"},
		"tag":                 {cloudwatch.PutAlarmMuteRuleInput{Rule: schedule(), Tags: []types.Tag{{Key: new(""), Value: new("")}}}, "'tags.1.member.key'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.in.Name == nil {
				tc.in.Name = new("ours")
			}
			_, err := w.cw.PutAlarmMuteRule(t.Context(), &tc.in)
			requireCode(t, err, "ValidationError", tc.says)
			require.Empty(t, w.kinds())
		})
	}
	_, err := w.cw.PutAlarmMuteRule(t.Context(), &cloudwatch.PutAlarmMuteRuleInput{Name: new("ours"), Rule: at("cron(0 2 * * *)", "PT1H", "")})
	requireCode(t, err, "NotSimulated", "cron")
}

func TestAMutesTimeIsReadInItsZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	rule := schedule()
	rule.Schedule.Timezone, rule.Schedule.Duration = new("Etc/GMT+5"), new("P1DT2H30M")
	_, err := w.cw.PutAlarmMuteRule(t.Context(), &cloudwatch.PutAlarmMuteRuleInput{Name: new("ours"), Rule: rule})
	require.NoError(t, err)
	from := start.Add(5 * time.Hour) // that far west
	shown := w.cloud.State().MuteRules[0]
	require.Equal(t, from.UTC(), shown.From)
	require.Equal(t, from.UTC().Add(26*time.Hour+30*time.Minute), shown.Until)
	require.Empty(t, shown.Alarms)
}

// rings are the times at which alarms' actions ran, after the start.
func (w *world) rings() []string {
	w.cloud.Settle()
	out := []string{}
	for _, e := range w.book.Effects() {
		if e.Kind == "vendor:AlarmActions" {
			_, name, _ := strings.Cut(e.Resource, ":alarm:")
			out = append(out, fmt.Sprintf("%s at %s", name, e.Time.Sub(start)))
		}
	}
	return out
}

func TestActionsRunUnlessMutedAndAfterwardsIfStillInAlarm(t *testing.T) {
	t.Parallel()
	pager := []string{"arn:aws:sns:us-east-1:123456789012:pager"}
	alarm := func(name string, after, length time.Duration) simalarms.Alarm {
		return simalarms.Alarm{Name: name, Actions: pager, Changes: []simalarms.Change{{State: "ALARM", After: after, For: length}}}
	}
	w := newWorld(t, aws.Scenario{Alarms: []simalarms.Alarm{
		alarm("never muted", 10*time.Minute, 0),
		alarm("over while muted", 10*time.Minute, 30*time.Minute),
		alarm("unmuted in alarm", 10*time.Minute, 0),
		alarm("outlasts the mute", 10*time.Minute, 0),
		alarm("before the mute", time.Minute, 0),
		{Name: "from the start", State: "ALARM", Actions: pager},
		{Name: "without actions", Changes: []simalarms.Change{{State: "ALARM", After: time.Minute}}},
		{Name: "composite", Rule: `ALARM("over while muted")`, Actions: pager},
	}})
	w.move(2 * time.Minute)
	w.mute(t, "long", "over while muted", "outlasts the mute", "before the mute")
	w.mute(t, "short", "unmuted in alarm")
	w.move(18 * time.Minute)
	require.Equal(t, []string{"before the mute at 1m0s", "composite at 10m0s", "never muted at 10m0s"}, w.rings())
	w.unmute(t, "short")
	require.Equal(t, []string{"unmuted in alarm at 20m0s"}, w.rings()[3:])
	w.move(3 * time.Hour)
	require.Equal(t, []string{"before the mute at 2h0m0s", "outlasts the mute at 2h0m0s"}, w.rings()[4:], "the mute ended by itself")
	w.move(24 * time.Hour)
	require.Len(t, w.rings(), 6)
}

func TestActionsRunForAnAlarmThatStartsAtTheTimeOfTheLastLook(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}, Alarms: []simalarms.Alarm{{
		Name: "short", Actions: []string{"arn:aws:sns:us-east-1:123456789012:pager"},
		Changes: []simalarms.Change{{State: "ALARM", Restarting: g.ID, For: time.Second}},
	}}})
	w.trigger(t, gatewayARN+g.ID)
	w.move(4 * time.Second)
	require.Empty(t, w.rings(), "nobody has seen it running")
	_, err := w.describe(t.Context(), gatewayARN+g.ID)
	require.NoError(t, err)
	_, err = w.describe(t.Context(), gatewayARN+g.ID)
	inner(t, err, "GatewayNotConnected")
	w.move(2 * time.Second)
	require.Equal(t, []string{"short at 4s"}, w.rings())
}

func TestAMuteWhoseTimeHasPassedIsPlayedBothWays(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]types.AlarmMuteRuleStatus{
		"": types.AlarmMuteRuleStatusActive, "active": types.AlarmMuteRuleStatusActive, "never": types.AlarmMuteRuleStatusExpired,
	} {
		w := newWorld(t, aws.Scenario{Alarms: shop(), LateMutes: setting})
		w.move(30 * time.Second)
		w.mute(t, "ours", "other")
		require.Equal(t, want, w.getMute(t).Status, setting)
	}
}

func TestMutesAndAlarmsAreOfAnAccountAndARegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	w.mute(t, "ours", "other")
	ireland := w.alarms(aws.DefaultSecretAccessKey, "eu-west-1")
	out, err := ireland.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	require.NoError(t, err)
	require.Len(t, out.MetricAlarms, 1)
	list, err := ireland.ListAlarmMuteRules(t.Context(), &cloudwatch.ListAlarmMuteRulesInput{})
	require.NoError(t, err)
	require.Empty(t, list.AlarmMuteRuleSummaries)
	_, err = w.alarms("wrong", "us-east-1").DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	requireCode(t, err, "InvalidSignatureException", "signature")
}
