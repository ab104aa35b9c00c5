package checks_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/test/teststart"
)

func now() time.Time { return teststart.On(time.Monday, 12) }

// dirty is a source in which each gateway's cache is dirty by the last digit of its id, and everything else fails.
type dirty struct{ err error }

func (d dirty) Ask(_ context.Context, _ time.Time, questions []health.Question) (all []health.Reading) {
	for _, q := range questions {
		r := health.Reading{At: now()}
		switch {
		case q.Gateway != nil:
			digit := q.Gateway.ARN[len(q.Gateway.ARN)-1] - '0'
			r.Gateway.Cache = &health.Cache{AllocatedBytes: 1, DirtyPercent: float64(digit)}
			r.Gateway.Initiators = map[string][]string{"vol-1": {"iqn.a"}}
		default:
			r.Err = d.err
		}
		all = append(all, r)
	}
	return all
}

func TestTriesAnswerForEachTargetAndTheCampaign(t *testing.T) {
	t.Parallel()
	trials := checks.Watcher{Asker: dirty{fmt.Errorf("%w: no route", maintenance.ErrUnavailable)}, Now: now}
	subject := func(n int) health.Subject {
		ref := maintenance.GatewayRef{Account: "prod", ARN: fmt.Sprintf("arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-1234567%d", n)}
		return health.Subject{Target: maintenance.Target{Name: fmt.Sprint("files-", n), Gateway: ref}, GatewayType: "CACHED"}
	}
	asked, err := trials.TryChecks(t.Context(), checks.TryChecksInput{
		Checks: []health.Check{
			{Name: "clean", Gateway: &health.GatewayCheck{CacheDirtyBelow: 5}, At: []health.Moment{health.AtBefore}},
			{Name: "initiators", Gateway: &health.GatewayCheck{Initiators: health.AsBefore}, At: []health.Moment{health.AtAfter}},
			{Name: "no page", Alertmanager: &health.AlertmanagerCheck{AlertSelector: health.AlertSelector{Server: "prod"}}, At: []health.Moment{health.AtCampaign}},
		},
		Targets: []health.Subject{subject(3), subject(7)}, Campaign: true,
	})
	require.NoError(t, err)
	var texts []string
	for _, a := range asked {
		texts = append(texts, fmt.Sprintf("%s/%s: %s: %s", a.Target, a.Check, a.Answer.Outcome, a.Answer))
		for _, v := range a.Answer.Values {
			require.Empty(t, v.Names)
		}
	}
	require.Equal(t, []string{
		"/no page: error: the cloud did not answer properly: no route",
		"files-3/clean: pass: cache dirty 3%",
		"files-3/initiators: pass: initiators 1 connected",
		"files-7/clean: fail: cache dirty 7%, must be below 5%",
		"files-7/initiators: pass: initiators 1 connected",
	}, texts)
}
