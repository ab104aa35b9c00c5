package cloudwatch

import (
	"maps"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// detail is how much of an alarm an answer shows.
type detail int

const (
	everything detail = iota
	// stateOnly is the name, ARN, state and its time; nameOnly the first two.
	stateOnly
	nameOnly
)

// common are the members that both kinds of alarms have.
type common struct {
	AlarmName                          string
	AlarmArn                           string
	StateValue                         *string           `json:",omitempty"`
	StateUpdatedTimestamp              *wire.Time        `json:",omitempty"`
	StateReason                        *string           `json:",omitempty"`
	StateTransitionedTimestamp         *wire.Time        `json:",omitempty"`
	AlarmDescription                   *string           `json:",omitempty"`
	AlarmConfigurationUpdatedTimestamp *wire.Time        `json:",omitempty"`
	ActionsEnabled                     *bool             `json:",omitempty"`
	AlarmActions                       wire.List[string] `json:",omitempty"`
}

func (a *alarm) common(how detail, now time.Time) common {
	out := common{AlarmName: a.conf.Name, AlarmArn: a.arn}
	if how == nameOnly {
		return out
	}
	out.StateValue, out.StateUpdatedTimestamp = new(a.state(now)), wire.NewTime(a.transitioned(now))
	if how == stateOnly {
		return out
	}
	out.StateReason, out.StateTransitionedTimestamp = new(a.reason(now)), out.StateUpdatedTimestamp
	out.AlarmConfigurationUpdatedTimestamp, out.ActionsEnabled = wire.NewTime(a.created), new(true)
	out.AlarmActions = a.conf.Actions
	if a.conf.Description != "" {
		out.AlarmDescription = &a.conf.Description
	}
	return out
}

type compositeAlarm struct {
	common

	AlarmRule *string `json:",omitempty"`
}

func (a *alarm) describeComposite(how detail, now time.Time) compositeAlarm {
	out := compositeAlarm{common: a.common(how, now)}
	if how == everything {
		out.AlarmRule = &a.conf.Rule
	}
	return out
}

type dimension struct {
	Name, Value string
}

type metricAlarm struct {
	common

	MetricName         *string              `json:",omitempty"`
	Namespace          *string              `json:",omitempty"`
	Statistic          *string              `json:",omitempty"`
	Dimensions         wire.List[dimension] `json:",omitempty"`
	Period             *int                 `json:",omitempty"`
	EvaluationPeriods  *int                 `json:",omitempty"`
	Threshold          *float64             `json:",omitempty"`
	ComparisonOperator *string              `json:",omitempty"`
}

func (a *alarm) describeMetric(how detail, now time.Time) metricAlarm {
	out := metricAlarm{common: a.common(how, now)}
	if how != everything {
		return out
	}
	m := a.conf.Metric
	out.MetricName, out.Namespace, out.Threshold = &m.Name, &m.Namespace, &m.Threshold
	out.Statistic, out.ComparisonOperator = new("Average"), new("GreaterThanThreshold")
	out.Period, out.EvaluationPeriods = new(60), new(1)
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		out.Dimensions = append(out.Dimensions, dimension{name, m.Dimensions[name]})
	}
	return out
}
