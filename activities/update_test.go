package activities_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func trigger() activities.TriggerUpdateInput {
	return activities.TriggerUpdateInput{Lookup: lookup(), Baseline: maintenance.BaselineOf(gatewayBefore())}
}

func TestTriggerUpdateSendsOnceWhereTheUpdateIsNeeded(t *testing.T) {
	t.Parallel()
	for name, notAfter := range map[string]time.Duration{"without a limit": 0, "in time": time.Hour, "at the last moment": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway = says(gatewayBefore())
			in := trigger()
			if notAfter > 0 {
				in.NotAfter = r.now.Add(notAfter)
			}
			out, err := run(t, r, r.gateways.TriggerUpdate, in)
			require.NoError(t, err)
			require.Equal(t, activities.TriggerUpdateOutput{Sent: true, Evidence: maintenance.EvidenceNone}, out)
			require.Equal(t, []string{"update " + gatewayARN}, r.aws.sent)
		})
	}
}

func TestTriggerUpdateSendsNothingWhereThereIsNothingToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		found maintenance.Gateway
		want  maintenance.Evidence
	}{
		"AWS has made the update":     {gatewayAfter(), maintenance.EvidenceUpdated},
		"AWS has withdrawn the offer": {withdrawn(), maintenance.EvidenceWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway = says(tc.found)
			out, err := run(t, r, r.gateways.TriggerUpdate, trigger())
			require.NoError(t, err)
			require.Equal(t, activities.TriggerUpdateOutput{Evidence: tc.want, Gateway: tc.found}, out)
			require.Empty(t, r.aws.sent)
		})
	}
}

func TestTriggerUpdateWaitsForAGatewayThatIsAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = says(gatewayAway())
	_, err := run(t, r, r.gateways.TriggerUpdate, trigger())
	requireNotYet(t, err, "the gateway is in state SHUTDOWN")

	r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
	_, err = run(t, r, r.gateways.TriggerUpdate, trigger())
	requireNotYet(t, err, "not connected")
	require.Empty(t, r.aws.sent)
}

func TestTriggerUpdateSendsNothingWhenItIsTooLate(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]answers[maintenance.Gateway]{
		"it runs": says(gatewayBefore()), "it is away": says(gatewayAway()), "it is out of reach": fails[maintenance.Gateway](maintenance.ErrUnavailable),
	} {
		for _, late := range []time.Duration{0, 1, 24 * time.Hour} {
			t.Run(name+" "+late.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.aws.gateway = found
				in := trigger()
				in.NotAfter = r.now.Add(-late)
				_, err := run(t, r, r.gateways.TriggerUpdate, in)
				require.True(t, requireKind(t, err, names.TypeWindowMissed).NonRetryable())
				require.Empty(t, r.aws.sent)
			})
		}
	}
}

// The poll may take until the time is up.
func TestTriggerUpdateSendsNothingWhenItsReadTookTooLong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = says(gatewayBefore())
	in := trigger()
	in.NotAfter = r.now.Add(time.Second)
	start, asked := r.now, 0
	r.clock = func() time.Time {
		asked++
		if asked == 1 {
			return start
		}
		return start.Add(time.Second)
	}
	_, err := run(t, r, r.gateways.TriggerUpdate, in)
	require.True(t, requireKind(t, err, names.TypeWindowMissed).NonRetryable())
	require.Empty(t, r.aws.sent)
}

func TestTriggerUpdateThatWasNotAnsweredIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = says(gatewayBefore())
	r.aws.update = maintenance.ErrUnknownOutcome
	_, err := run(t, r, r.gateways.TriggerUpdate, trigger())
	require.True(t, requireKind(t, err, names.TypeUnknownOutcome).NonRetryable())
	require.Len(t, r.aws.sent, 1)
}

func awaitUpdated(r *rig) activities.AwaitUpdatedInput {
	return activities.AwaitUpdatedInput{
		Lookup: lookup(), Baseline: maintenance.BaselineOf(gatewayBefore()),
		StartBy: r.now.Add(15 * time.Minute), Start: maintenance.Duration(15 * time.Minute), SteadyFor: maintenance.Duration(30 * time.Second),
	}
}

func TestAwaitUpdatedWaitsWhileNothingIsProven(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		found    answers[maintenance.Gateway]
		after    time.Duration // StartBy
		restart  any           // seen by an attempt before
		says     string
		remember bool
	}{
		"it runs as before, just after the trigger": {says(gatewayBefore()), -15 * time.Minute, nil, "the gateway runs 1.2.3 as before the trigger", false},
		"it runs as before, at the last moment":     {says(gatewayBefore()), -1, nil, "as before", false},
		"it runs as before, after a restart":        {says(gatewayBefore()), time.Minute, true, "as before", true},
		"the offer is gone, just after the trigger": {says(withdrawn()), -1, nil, "as before", false},
		"the offer is gone, after a restart":        {says(withdrawn()), time.Minute, true, "as before", true},
		"it is away":                                {says(gatewayAway()), -time.Minute, nil, "not connected (state SHUTDOWN)", true},
		"it is away, late":                          {says(gatewayAway()), time.Hour, nil, "not connected", true},
		"it is not connected":                       {fails[maintenance.Gateway](maintenance.ErrNotConnected), -time.Minute, nil, "not connected", true},
		"it is not connected, late":                 {fails[maintenance.Gateway](maintenance.ErrNotConnected), time.Hour, nil, "not connected", true},
		"its network connection is busy, late":      {fails[maintenance.Gateway](maintenance.ErrBusy), time.Hour, nil, "in progress", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			in := awaitUpdated(r)
			in.StartBy = r.now.Add(-tc.after)
			r.aws.gateway, r.heartbeat = tc.found, tc.restart
			_, err := run(t, r, r.gateways.AwaitUpdated, in)
			requireNotYet(t, err, tc.says)
			require.Equal(t, tc.remember, signSeen(t, r))
		})
	}
}

// noted is what one attempt tells the next one.
type noted struct {
	Sign          bool
	Last, StartBy time.Time
}

func signSeen(t *testing.T, r *rig) bool {
	t.Helper()
	require.Len(t, r.heartbeats, 1)
	text, err := json.Marshal(r.heartbeats[0])
	require.NoError(t, err)
	var n noted
	require.NoError(t, json.Unmarshal(text, &n))
	require.True(t, r.now.Equal(n.Last))
	return n.Sign
}

// A gateway that nobody watched may have restarted, and show its old version
// once more: it is watched for the whole time again.
func TestAwaitUpdatedCountsOnlyTimeThatWasWatched(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		waited    time.Duration // since the trigger
		unwatched time.Duration // since the last poll; 0: there was none
		over      bool
	}{
		"watched all the time":                     {waited: 20 * time.Minute, unwatched: time.Minute, over: true},
		"nobody looked for hours":                  {waited: 5 * time.Hour, unwatched: 4 * time.Hour},
		"the first poll comes hours after trigger": {waited: 5 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway = says(gatewayBefore())
			in := awaitUpdated(r)
			in.StartBy = r.now.Add(15*time.Minute - tc.waited)
			if tc.unwatched > 0 {
				r.heartbeat = noted{Last: r.now.Add(-tc.unwatched), StartBy: in.StartBy}
			}
			_, err := run(t, r, r.gateways.AwaitUpdated, in)
			if tc.over {
				require.True(t, requireKind(t, err, names.TypeNoEffect).NonRetryable())
				return
			}
			requireNotYet(t, err, "as before the trigger")
			require.Len(t, r.heartbeats, 1)
			r.heartbeat, r.heartbeats = r.heartbeats[0], nil

			r.now = r.now.Add(15 * time.Minute)
			r.heartbeat = noted{Last: r.now.Add(-time.Minute), StartBy: r.now}
			_, err = run(t, r, r.gateways.AwaitUpdated, in)
			require.True(t, requireKind(t, err, names.TypeNoEffect).NonRetryable())
		})
	}
}

func TestAwaitUpdatedDoesNotTakeACloudThatIsOutOfReachForARestart(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{maintenance.ErrUnavailable, maintenance.ErrThrottled} {
		r := newRig(t)
		r.aws.gateway = fails[maintenance.Gateway](failure)
		_, err := run(t, r, r.gateways.AwaitUpdated, awaitUpdated(r))
		require.Error(t, err)
		require.Empty(t, r.heartbeats)
	}
}

func TestAwaitUpdatedEndsWithoutEffectWhereNothingHappened(t *testing.T) {
	t.Parallel()
	for _, late := range []time.Duration{0, 1, time.Hour} {
		r := newRig(t)
		in := awaitUpdated(r)
		in.StartBy = r.now.Add(-late)
		r.aws.gateway, r.heartbeat = says(gatewayBefore()), noted{Last: r.now.Add(-time.Minute), StartBy: in.StartBy}
		_, err := run(t, r, r.gateways.AwaitUpdated, in)
		app := requireKind(t, err, names.TypeNoEffect)
		require.True(t, app.NonRetryable())
		require.Contains(t, app.Message(), "sgw-12A3456B still runs 1.2.3 and was not seen to restart")
	}
}

func TestAwaitUpdatedEndsWhereTheOfferIsGoneAndNothingHappened(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := awaitUpdated(r)
	in.StartBy = r.now
	r.aws.gateway, r.heartbeat = says(withdrawn()), noted{Last: r.now.Add(-time.Minute), StartBy: in.StartBy}
	out, err := run(t, r, r.gateways.AwaitUpdated, in)
	require.NoError(t, err)
	require.Equal(t, activities.AwaitUpdatedOutput{Gateway: withdrawn(), Evidence: maintenance.EvidenceWithdrawn}, out)
}

func TestAwaitUpdatedWantsTheNewSoftwareToKeepRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		last := gatewayAfter()
		last.Name = "as last seen"
		r.aws.gateway = says(gatewayAfter(), gatewayAfter(), gatewayAfter(), last)
		started := time.Now() //nolint:forbidigo // the bubble's clock
		out, err := run(t, r, r.gateways.AwaitUpdated, awaitUpdated(r))
		require.NoError(t, err)
		require.Equal(t, activities.AwaitUpdatedOutput{Gateway: last, Evidence: maintenance.EvidenceUpdated}, out)
		require.Equal(t, 30*time.Second, time.Since(started)) //nolint:forbidigo // the bubble's clock
	})
}

func TestAwaitUpdatedWaitsForAGatewayThatFlaps(t *testing.T) {
	t.Parallel()
	away := answer[maintenance.Gateway]{err: maintenance.ErrNotConnected}
	after, before := answer[maintenance.Gateway]{value: gatewayAfter()}, answer[maintenance.Gateway]{value: gatewayBefore()}
	for name, tc := range map[string]struct {
		found answers[maintenance.Gateway]
		says  string
	}{
		"away again at once":     {answers[maintenance.Gateway]{after, away}, "not connected"},
		"away again at the end":  {answers[maintenance.Gateway]{after, after, after, away}, "not connected"},
		"the old version again":  {answers[maintenance.Gateway]{after, after, before}, "does not keep running"},
		"another state than RUN": {answers[maintenance.Gateway]{after, {value: gatewayAway()}}, "does not keep running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.aws.gateway = tc.found
				in := awaitUpdated(r)
				_, err := run(t, r, r.gateways.AwaitUpdated, in)
				requireNotYet(t, err, tc.says)
				require.True(t, signSeen(t, r), "the new software is a sign that the trigger had an effect")
			})
		})
	}
}

func TestAwaitUpdatedFinishesAtOnceWhereNoSteadyTimeIsAsked(t *testing.T) {
	t.Parallel()
	for _, steady := range []maintenance.Duration{-1, 0, 1} {
		r := newRig(t)
		r.aws.gateway = says(gatewayAfter())
		in := awaitUpdated(r)
		in.SteadyFor = steady
		out, err := run(t, r, r.gateways.AwaitUpdated, in)
		require.NoError(t, err)
		require.Equal(t, maintenance.EvidenceUpdated, out.Evidence)
	}
}
