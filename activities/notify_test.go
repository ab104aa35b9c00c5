package activities_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// fakeChannels has one, oncall, which answers with err.
type fakeChannels struct {
	err      error
	told     []activities.Message
	deadline time.Duration
}

func (f *fakeChannels) CheckChannels(names []string) error {
	var errs []error
	for _, name := range names {
		if name != "oncall" {
			errs = append(errs, &activities.UnknownChannelError{Name: name, Known: []string{"oncall"}})
		}
	}
	return errors.Join(errs...)
}

func (f *fakeChannels) Tell(ctx context.Context, _ string, m activities.Message) error {
	f.told = append(f.told, m)
	until, _ := ctx.Deadline()
	f.deadline = time.Until(until) //nolint:forbidigo // a context counts by the machine's clock
	return f.err
}

func TestAMessageIsSentOnceWithinADeadline(t *testing.T) {
	t.Parallel()
	for kind, err := range map[string]error{
		"":                       nil,
		names.TypeNotSent:        errors.New("403 Forbidden"),
		names.TypeUnknownOutcome: fmt.Errorf("%w: no answer", maintenance.ErrUnknownOutcome),
	} {
		r := newRig(t)
		r.channels = &fakeChannels{err: err}
		message := activities.Message{Title: "q4: it ended", Text: "well"}
		_, failure := run(t, r, r.engine.Notify, activities.NotifyInput{Channel: "oncall", Event: "ended", Message: message})
		require.Equal(t, []activities.Message{message}, r.channels.told)
		require.LessOrEqual(t, r.channels.deadline, activities.CallTimeout)
		if err == nil {
			require.NoError(t, failure)
			continue
		}
		app := requireKind(t, failure, kind)
		require.True(t, app.NonRetryable(), "a message is never repeated")
		require.Contains(t, app.Message(), err.Error())
	}
}

// Where the worker knows the Web UI, a message ends with a link to the campaign's page.
func TestAMessageLinksToItsCampaign(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.channels, r.webUI = &fakeChannels{}, "https://temporal.example.com/ui"
	_, err := run(t, r, r.engine.Notify, activities.NotifyInput{Channel: "oncall", Event: "ended", Message: activities.Message{Title: "q4: it ended", Text: "well"}})
	require.NoError(t, err)
	require.Len(t, r.channels.told, 1)
	require.Regexp(t, `^well\nhttps://temporal\.example\.com/ui/namespaces/[^/]+/workflows/[^/]+$`, r.channels.told[0].Text)
}

func TestNotifyGoesByItsName(t *testing.T) {
	t.Parallel()
	_, ok := reflect.TypeFor[*activities.Engine]().MethodByName(activities.NotifyName)
	require.True(t, ok, "an activity is registered by its method's name")
}

func TestAnUnknownChannelIsRefused(t *testing.T) {
	t.Parallel()
	for known, channels := range map[string]*fakeChannels{"none": nil, "oncall": {}} {
		r := newRig(t)
		r.channels = channels
		_, err := run(t, r, r.engine.Notify, activities.NotifyInput{Channel: "nobody", Event: "ended"})
		require.Contains(t, requireKind(t, err, names.TypeNotFound).Message(), `no channel "nobody"; it has: `+known)

		p := plan.Plan{Notify: []plan.Notify{{Channel: "nobody"}}}
		_, err = run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: p})
		require.Contains(t, requireKind(t, err, names.TypeInvalid).Message(), `no channel "nobody"; it has: `+known)
	}
	r := newRig(t)
	r.channels = &fakeChannels{}
	checked, err := run(t, r, r.engine.CheckPlan, activities.CheckPlanInput{Plan: plan.Plan{Notify: []plan.Notify{{Channel: "oncall"}}}})
	require.NoError(t, err)
	require.Equal(t, maintenance.UsualEvents(), checked.Notify[0].On)
	require.Empty(t, r.channels.told)
}
