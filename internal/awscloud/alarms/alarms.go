// Package alarms is CloudWatch as Tidegate needs it: alarms are read, and rules that mute them for a while are put and
// deleted. Start at Store.
package alarms

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

const (
	// atOnce is how many alarms one call can name, and how many a page has at most (AWS API, DescribeAlarms).
	atOnce = 100
	// maxAlarms is how many alarms a question may find. A prefix that finds more was meant to be longer.
	maxAlarms = 1000
	maxReason = 300 // bytes that are kept of an alarm's reason
)

// Store is CloudWatch of one account in one region. It may be used by many goroutines at once. Its errors are like
// awscloud's. Every request is sent once, and every method may be repeated without harm.
type Store struct {
	api     *cloudwatch.Client
	account string
}

// New makes the Store of a configuration's account and region. A place's endpoint is where CloudWatch is spoken to;
// without one the configuration says it, AWS_ENDPOINT_URL_CLOUDWATCH and AWS_ENDPOINT_URL included.
func New(cfg aws.Config, place wire.Place) *Store {
	return &Store{account: place.Account, api: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Retryer = wire.NoRetries()
		o.APIOptions = append(o.APIOptions, wire.BoundAnswers)
		o.Credentials = wire.Credentials(o.Credentials)
		if place.Endpoint != "" {
			o.BaseEndpoint = &place.Endpoint
		}
	})}
}

func (s *Store) followed(call *wire.Call) func(*cloudwatch.Options) {
	return func(o *cloudwatch.Options) {
		o.HTTPClient, o.APIOptions = call.Over(o.HTTPClient, s.account), append(o.APIOptions, call.Traced)
	}
}

// Alarms are the alarms, metric and composite, that have one of the question's names or whose name starts with its
// prefix, sorted by name. A name that no alarm has is not among them: that is for the check to notice.
func (s *Store) Alarms(ctx context.Context, q health.AlarmQuestion) ([]health.Alarm, error) {
	found := map[string]health.Alarm{}
	for names := range slices.Chunk(q.Names, atOnce) {
		in := &cloudwatch.DescribeAlarmsInput{AlarmNames: names}
		if err := s.list(ctx, fmt.Sprintf("read %d alarms", len(names)), in, found); err != nil {
			return nil, err
		}
	}
	if q.Prefix != "" { // an empty one would find every alarm
		in := &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &q.Prefix}
		if err := s.list(ctx, fmt.Sprintf("list the alarms that start with %q", q.Prefix), in, found); err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b health.Alarm) int { return cmp.Compare(a.Name, b.Name) }), nil
}

// list reads the pages of a listing.
func (s *Store) list(
	ctx context.Context, doing string, in *cloudwatch.DescribeAlarmsInput, found map[string]health.Alarm,
) error {
	call := wire.Start("%s", doing)
	// Without CompositeAlarm composite alarms are left out (AWS API, DescribeAlarms).
	in.AlarmTypes = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}
	in.MaxRecords = aws.Int32(atOnce)
	pages := cloudwatch.NewDescribeAlarmsPaginator(s.api, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, s.followed(call))
		if err != nil {
			return call.Failed(err)
		}
		for _, a := range page.MetricAlarms {
			note(found, a.AlarmName, a.StateValue, a.StateReason, cmp.Or(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		for _, a := range page.CompositeAlarms {
			note(found, a.AlarmName, a.StateValue, a.StateReason, cmp.Or(a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		if len(found) > maxAlarms {
			return call.Odd(maintenance.ErrInvalid,
				fmt.Sprintf("more than %d alarms were found: choose a longer prefix", maxAlarms))
		}
	}
	return nil
}

// note adds an alarm to those found.
func note(found map[string]health.Alarm, name *string, state types.StateValue, reason *string, since *time.Time) {
	text := aws.ToString(reason)
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "..."
	}
	a := health.Alarm{Name: aws.ToString(name), State: health.AlarmState(state), Reason: text}
	if since != nil {
		a.Since = since.UTC()
	}
	found[a.Name] = a
}
