package aws_test

import (
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

// both kinds of alarms.
func bothTypes() []types.AlarmType {
	return []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}
}

// states are the alarms that an input shows, with their states.
func (w *world) states(t *testing.T, in cloudwatch.DescribeAlarmsInput) map[string]string {
	t.Helper()
	found := map[string]string{}
	for pages := cloudwatch.NewDescribeAlarmsPaginator(w.cw, &in); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, a := range out.MetricAlarms {
			found[*a.AlarmName] = string(a.StateValue)
		}
		for _, a := range out.CompositeAlarms {
			found[*a.AlarmName] = string(a.StateValue)
		}
	}
	return found
}

func (w *world) state(t *testing.T, name string) string {
	t.Helper()
	return w.states(t, cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}, AlarmTypes: bothTypes()})[name]
}

// shop is a few alarms of one application.
func shop() []simalarms.Alarm {
	return []simalarms.Alarm{
		{Name: "orders-5xx", Actions: []string{"arn:aws:sns:us-east-1:123456789012:pager"}},
		{Name: "orders-latency", State: "ALARM", StateFor: time.Hour, Reason: "slow"},
		{Name: "orders-queue", State: "INSUFFICIENT_DATA"},
		{Name: "orders", Rule: `(ALARM("orders-5xx") AND ALARM(orders-latency)) OR INSUFFICIENT_DATA(other)`},
		{Name: "shop", Rule: "ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders) AND NOT OK(orders-latency)"},
		{Name: "other"},
		{Name: "elsewhere", Region: "eu-west-1"},
	}
}

func TestAlarmsAreFoundByNamePrefixTypeStateAndRelation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	for name, tc := range map[string]struct {
		in   cloudwatch.DescribeAlarmsInput
		want []string
	}{
		"metric alarms only, unless asked": {cloudwatch.DescribeAlarmsInput{}, []string{"orders-5xx", "orders-latency", "orders-queue", "other"}},
		"composite ones only":              {cloudwatch.DescribeAlarmsInput{AlarmTypes: bothTypes()[1:]}, []string{"orders", "shop"}},
		"both":                             {cloudwatch.DescribeAlarmsInput{AlarmTypes: bothTypes()}, []string{"orders", "orders-5xx", "orders-latency", "orders-queue", "other", "shop"}},
		"log alarms, of which there are none": {
			cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeLogAlarm}}, nil,
		},
		"prefix":                          {cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: new("orders-l")}, []string{"orders-latency"}},
		"names, missing ones left out":    {cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"other", "gone", "other", "elsewhere"}}, []string{"other"}},
		"names of composite ones, unseen": {cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"orders"}}, nil},
		"state":                           {cloudwatch.DescribeAlarmsInput{StateValue: types.StateValueAlarm, AlarmTypes: bothTypes()}, []string{"orders-latency"}},
		"action":                          {cloudwatch.DescribeAlarmsInput{ActionPrefix: new("arn:aws:sns")}, []string{"orders-5xx"}},
		"children":                        {cloudwatch.DescribeAlarmsInput{ChildrenOfAlarmName: new("shop")}, []string{"orders", "orders-latency"}},
		"parents":                         {cloudwatch.DescribeAlarmsInput{ParentsOfAlarmName: new("orders-latency")}, []string{"orders", "shop"}},
		"children of none":                {cloudwatch.DescribeAlarmsInput{ChildrenOfAlarmName: new("gone")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := w.states(t, tc.in)
			names := []string{}
			for name := range found {
				names = append(names, name)
			}
			require.ElementsMatch(t, tc.want, names)
		})
	}
}

func TestAnAlarmSaysItsStateSinceWhenAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: append(shop(), simalarms.Alarm{
		Name: "dirty", Description: "cache", State: "ALARM", Metric: simalarms.Metric{
			Dimensions: map[string]string{"GatewayId": "sgw-1", "GatewayName": "one"}, Threshold: 12.5,
		},
	})})
	out, err := w.cw.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"orders-latency", "dirty"}})
	require.NoError(t, err)
	dirty, latency := out.MetricAlarms[0], out.MetricAlarms[1]
	require.Equal(t, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders-latency", *latency.AlarmArn)
	require.Equal(t, "slow", *latency.StateReason)
	require.True(t, start.Add(-time.Hour).Equal(*latency.StateTransitionedTimestamp), latency.StateTransitionedTimestamp)
	require.True(t, start.Add(-time.Hour).Equal(*latency.StateUpdatedTimestamp))
	require.Contains(t, *dirty.StateReason, "greater than the threshold (12.5)")
	require.InDelta(t, 12.5, *dirty.Threshold, 0)
	require.Equal(t, "cache", *dirty.AlarmDescription)
	require.Equal(t, "AWS/StorageGateway CachePercentDirty", *dirty.Namespace+" "+*dirty.MetricName)
	require.Equal(t, []types.Dimension{{Name: new("GatewayId"), Value: new("sgw-1")}, {Name: new("GatewayName"), Value: new("one")}}, dirty.Dimensions)
	require.True(t, *dirty.ActionsEnabled)

	out, err = w.cw.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{ParentsOfAlarmName: new("orders-latency")})
	require.NoError(t, err)
	require.Equal(t, []types.CompositeAlarm{
		{AlarmName: new("orders"), AlarmArn: new("arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders")},
		{AlarmName: new("shop"), AlarmArn: new("arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop")},
	}, out.CompositeAlarms, "a relation shows names only")
}

func TestAlarmsArePaged(t *testing.T) {
	t.Parallel()
	var alarms []simalarms.Alarm
	for i := range 230 {
		alarms = append(alarms, simalarms.Alarm{Name: fmt.Sprintf("a-%03d", i)})
	}
	w := newWorld(t, aws.Scenario{Alarms: alarms})
	for limit, want := range map[int32][]int{0: {50, 50, 50, 50, 30}, 100: {100, 100, 30}, 230: nil} {
		var sizes []int
		in := &cloudwatch.DescribeAlarmsInput{}
		if limit > 0 {
			in.MaxRecords = &limit
		}
		seen := []string{}
		for pages := cloudwatch.NewDescribeAlarmsPaginator(w.cw, in); pages.HasMorePages(); {
			out, err := pages.NextPage(t.Context())
			if limit > 100 {
				requireCode(t, err, "ValidationError", "Value '230' at 'maxRecords'")
				break
			}
			require.NoError(t, err)
			sizes = append(sizes, len(out.MetricAlarms))
			for _, a := range out.MetricAlarms {
				seen = append(seen, *a.AlarmName)
			}
		}
		require.Equal(t, want, sizes)
		require.True(t, slices.IsSorted(seen))
	}
	_, err := w.cw.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{NextToken: new("?")})
	var token *types.InvalidNextToken
	require.ErrorAs(t, err, &token)
	many := make([]string, 101)
	for i := range many {
		many[i] = alarms[i].Name
	}
	require.Len(t, w.states(t, cloudwatch.DescribeAlarmsInput{AlarmNames: many[:100], MaxRecords: new(int32(100))}), 100)
	_, err = w.cw.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: many})
	requireCode(t, err, "ValidationError", "'alarmNames' failed to satisfy constraint: Member must have length less than or equal to 100")
}

func TestAlarmsThatCannotBeAskedForSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	for says, in := range map[string]cloudwatch.DescribeAlarmsInput{
		"AlarmNames and AlarmNamePrefix":                      {AlarmNames: []string{"a"}, AlarmNamePrefix: new("a")},
		"ChildrenOfAlarmName and ParentsOfAlarmName can be":   {ChildrenOfAlarmName: new("shop"), StateValue: types.StateValueOk},
		"ChildrenOfAlarmName and ParentsOfAlarmName can":      {ChildrenOfAlarmName: new("shop"), ParentsOfAlarmName: new("shop")},
		"satisfy enum value set: [OK, ALARM, INSUFFICIENT_DA": {StateValue: "FINE"},
		"'alarmTypes.1.member' failed":                        {AlarmTypes: []types.AlarmType{"Metric"}},
		"'alarmNamePrefix' failed":                            {AlarmNamePrefix: new("")},
		"'alarmNames.1.member' failed":                        {AlarmNames: []string{strings.Repeat("a", 256)}},
	} {
		_, err := w.cw.DescribeAlarms(t.Context(), &in)
		requireCode(t, err, "ValidationError", says)
	}
}

func TestAlarmsFollowAScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: []simalarms.Alarm{
		{Name: "errors", Changes: []simalarms.Change{
			{State: "ALARM", After: time.Minute, For: time.Minute, Reason: "first"},
			{State: "ALARM", After: 10 * time.Minute},
			{State: "INSUFFICIENT_DATA", After: 20 * time.Minute},
		}},
		{Name: "app", Rule: "ALARM(errors)"},
	}})
	for at, want := range map[time.Duration][2]string{ // the states, and since when
		0:                             {"OK OK", "-24h0m0s"},
		time.Minute:                   {"ALARM ALARM", "1m0s"},
		2*time.Minute - 1:             {"ALARM ALARM", "1m0s"},
		2 * time.Minute:               {"OK OK", "2m0s"},
		10*time.Minute + time.Second:  {"ALARM ALARM", "10m0s"},
		300 * 24 * time.Hour:          {"INSUFFICIENT_DATA OK", "20m0s"},
		15 * time.Minute:              {"ALARM ALARM", "10m0s"},
		20 * time.Minute:              {"INSUFFICIENT_DATA OK", "20m0s"},
		2*time.Minute + time.Second/2: {"OK OK", "2m0s"},
	} {
		w.now = start.Add(at) // the alarms have no actions: the clock may go back
		out, err := w.cw.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmTypes: bothTypes()})
		require.NoError(t, err)
		metric, composite := out.MetricAlarms[0], out.CompositeAlarms[0]
		require.Equal(t, want[0], string(metric.StateValue)+" "+string(composite.StateValue), at)
		require.Equal(t, want[1], metric.StateTransitionedTimestamp.Sub(start).String(), at)
		require.Equal(t, want[1], composite.StateTransitionedTimestamp.Sub(start).String(), at)
	}
	require.Empty(t, w.kinds())
}

func TestAlarmsFollowAGatewaysRestartsAndUpdates(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}, Alarms: []simalarms.Alarm{
		{Name: "availability", Changes: []simalarms.Change{{State: "ALARM", Restarting: g.ID, After: time.Second, For: 5 * time.Minute}}},
		{Name: "errors", Changes: []simalarms.Change{{State: "ALARM", Updated: g.ID, After: 2 * time.Minute, For: 10 * time.Minute}}},
	}})
	states := func() string { return w.state(t, "availability") + " " + w.state(t, "errors") }
	require.Equal(t, "OK OK", states())
	w.trigger(t, gatewayARN+g.ID)
	require.Equal(t, "OK OK", states())
	_, err := w.describe(t.Context(), gatewayARN+g.ID)
	require.NoError(t, err)
	w.move(4 * time.Second) // the gap is over after two
	require.Equal(t, "ALARM OK", states())
	w.move(10 * time.Second)
	w.finish(t, gatewayARN+g.ID)
	w.move(2 * time.Minute)
	require.Equal(t, "ALARM ALARM", states())
	w.move(10 * time.Minute)
	require.Equal(t, "OK OK", states())

	require.NoError(t, w.cloud.Publish(g.ID, "1.4.0"))
	w.finishUpdate(t, gatewayARN+g.ID)
	w.move(2 * time.Minute)
	require.Equal(t, "ALARM ALARM", states(), "so after each update")
}

func TestAdminChangesAlarms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}, Alarms: shop()})
	w.change(t, "/alarms/orders-5xx", `{"state": "ALARM", "reason": "by hand", "for": "10m"}`)
	require.Equal(t, "ALARM", w.state(t, "orders-5xx"))
	require.Equal(t, "ALARM", w.state(t, "shop"), "of which it is a child's child")
	w.move(10 * time.Minute)
	require.Equal(t, "OK", w.state(t, "orders-5xx"))
	w.change(t, "/alarms", `{"name": "added/with a slash", "rule": "ALARM(orders)", "changes": []}`)
	w.change(t, "/alarms", `{"name": "late", "changes": [{"state": "ALARM", "after": "1m"}, {"state": "ALARM", "updated": "sgw-11111111"}]}`)
	require.Equal(t, "OK", w.state(t, "late"))
	w.move(time.Minute)
	require.Equal(t, "ALARM", w.state(t, "late"))
	w.change(t, "/alarms/elsewhere", `{"state": "INSUFFICIENT_DATA", "region": "eu-west-1"}`)
	require.Equal(t, []string{"vendor:AlarmActions", "admin:AlarmState", "admin:AddAlarm", "admin:AddAlarm", "admin:AlarmState"}, w.kinds())
	for name, tc := range map[string]struct {
		path, body string
		status     int
		want       string
		field      any
	}{
		"no alarm":       {"/alarms/gone", `{"state": "OK"}`, 404, `unknown alarm "gone" in account 123456789012, region us-east-1`, nil},
		"composite":      {"/alarms/shop", `{"state": "OK"}`, 400, "shop is a composite alarm", "state"},
		"state":          {"/alarms/other", `{"state": "FINE"}`, 400, "must be one of OK, ALARM, INSUFFICIENT_DATA", "state"},
		"same name":      {"/alarms", `{"name": "other"}`, 400, "a name that no other alarm of the account and region has", "alarm.name"},
		"no such child":  {"/alarms", `{"name": "n", "rule": "OK(gone)"}`, 400, "gone is not one", "alarm.rule"},
		"itself":         {"/alarms", `{"name": "n", "rule": "OK(n)"}`, 400, "n is in one", "alarm.rule"},
		"no such gate":   {"/alarms", `{"name": "n", "changes": [{"state": "OK", "updated": "sgw-1"}]}`, 400, "the id of a gateway", "alarm.changes[0].updated"},
		"not a duration": {"/alarms/other", `{"state": "OK", "for": "soon"}`, 400, "must be a number with a unit", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out := w.post(t, tc.path, tc.body)
			require.Equal(t, tc.status, status, out)
			require.Contains(t, out["error"], tc.want)
			require.Equal(t, tc.field, out["field"])
		})
	}
}

func TestScenariosAlarmsAreChecked(t *testing.T) {
	t.Parallel()
	deep := []simalarms.Alarm{{Name: "c-0"}}
	for i := range 22 {
		deep = append(deep, simalarms.Alarm{Name: fmt.Sprintf("c-%d", i+1), Rule: fmt.Sprintf("ALARM(c-%d)", i)})
	}
	for want, alarms := range map[string][]simalarms.Alarm{
		"alarms[0].name":  {{}},
		"alarms[1].name":  {{Name: "a"}, {Name: "a"}},
		"alarms[0].state": {{Name: "a", State: "FINE"}},
		"alarms[0].actions[0]: invalid value \"pager\": must be an ARN":    {{Name: "a", Actions: []string{"pager"}}},
		"alarms[0].changes[0].updated: invalid value \"sgw-2\": must be":   {{Name: "a", Changes: []simalarms.Change{{State: "OK", Restarting: "sgw-1", Updated: "sgw-2"}}}},
		"alarms[0].changes[0].after":                                       {{Name: "a", Changes: []simalarms.Change{{State: "OK", After: -1}}}},
		"alarms[0].changes: invalid value \"1 changes\": must be none":     {{Name: "a", Rule: "TRUE", Changes: []simalarms.Change{{State: "OK"}}}},
		"must be composite alarms in no circle: a is in one":               {{Name: "a", Rule: "OK(b)"}, {Name: "b", Rule: "OK(a)"}},
		"composite alarms in at most 20 levels":                            deep,
		"a rule whose parentheses are closed":                              {{Name: "a", Rule: "(TRUE"}},
		"a rule that ends before )":                                        {{Name: "a", Rule: "TRUE)"}},
		"a rule with an alarm in parentheses after OK":                     {{Name: "a", Rule: "OK b"}},
		"a rule whose quotes are closed":                                   {{Name: "a", Rule: `OK("b)`}},
		`with no "MAYBE" there`:                                            {{Name: "a", Rule: "NOT MAYBE"}},
		`with no "" there`:                                                 {{Name: "a", Rule: "TRUE AND"}},
		"a rule of at most 50 levels":                                      {{Name: "a", Rule: strings.Repeat("(", 60)}},
		"a rule of at most 10240 characters":                               {{Name: "a", Rule: strings.Repeat("NOT ", 3000)}},
		"alarms[0].description":                                            {{Name: "a", Description: strings.Repeat("d", 1025)}},
		"alarms[0].actions: invalid value \"6 actions\": must be at most":  {{Name: "a", Actions: slices.Repeat([]string{"arn:aws:sns:x"}, 6)}},
		"alarms[0].stateFor: invalid value \"-1s\": must be a duration su": {{Name: "a", StateFor: -time.Second}},
	} {
		err := aws.Scenario{Alarms: alarms}.Validate()
		require.ErrorContains(t, err, want)
	}
	require.ErrorContains(t, aws.Scenario{LateMutes: "often"}.Validate(), "lateMutes")
}
