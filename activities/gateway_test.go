package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func rawWeekly() maintenance.RawSchedule {
	return maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(2), Minute: new(15), Timezone: "GMT", AutomaticUpdates: maintenance.AllVersions}
}

func rawBoth() maintenance.RawSchedule {
	raw := rawWeekly()
	raw.DayOfMonth = new(28)
	return raw
}

func weeklySchedule() maintenance.Schedule {
	return maintenance.Schedule{Recurrence: maintenance.Weekly, Day: 0, Hour: 2, Minute: 15}
}

func volume(status string) maintenance.Volume {
	return maintenance.Volume{ARN: volumeARN, ID: volumeID, Status: status}
}

func target() maintenance.Target {
	return maintenance.Target{Name: "store-7", Gateway: gatewayRef()}
}

func TestAssessGatewayReturnsAllThatARunNeeds(t *testing.T) {
	t.Parallel()
	tape := gatewayBefore()
	tape.Type = "FILE_S3"
	volumes := []maintenance.Volume{volume("AVAILABLE")}
	for name, tc := range map[string]struct {
		gateway maintenance.Gateway
		raw     maintenance.RawSchedule
		policy  maintenance.Policy
		volumes []maintenance.Volume
	}{
		"a volume gateway":            {gateway: gatewayBefore(), raw: rawWeekly(), volumes: volumes},
		"a gateway without volumes":   {gateway: tape, raw: rawWeekly()},
		"no snapshot wanted":          {gateway: gatewayBefore(), raw: rawWeekly(), policy: maintenance.Policy{Snapshot: maintenance.SnapshotNever}},
		"two days, and a preference":  {gateway: gatewayBefore(), raw: rawBoth(), policy: maintenance.Policy{WindowPreference: maintenance.Weekly}, volumes: volumes},
		"a gateway that does not run": {gateway: gatewayAway(), raw: rawWeekly(), volumes: volumes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway, r.aws.schedule, r.aws.volumes = says(tc.gateway), says(tc.raw), says(volumes)
			out, err := run(t, r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target(), Policy: tc.policy})
			require.NoError(t, err)
			require.Equal(t, activities.AssessGatewayOutput{
				Policy: new(tc.policy.WithDefaults()), Gateway: tc.gateway, Schedule: weeklySchedule(),
				AutomaticUpdates: maintenance.AllVersions, Volumes: tc.volumes,
			}, out)
			require.Empty(t, r.aws.sent)
		})
	}
}

func TestAssessGatewayReturnsNoPolicyThatTheInputHas(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(rawWeekly())
	in := activities.AssessGatewayInput{Target: target(), Policy: maintenance.Policy{}.WithDefaults()}
	out, err := run(t, r, r.gateways.AssessGateway, in)
	require.NoError(t, err)
	require.Nil(t, out.Policy)
}

func TestAssessGatewayNamesEveryFaultOfTheInput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := activities.AssessGatewayInput{Policy: maintenance.Policy{Cutoff: new(maintenance.Duration(-time.Hour)), Snapshot: "maybe"}}
	_, err := run(t, r, r.gateways.AssessGateway, in)
	app := requireKind(t, err, names.TypeInvalid)
	require.True(t, app.NonRetryable())
	for _, field := range []string{"target.name", "target.gateway.account", "target.gateway.arn", "policy.cutoff", "policy.snapshot"} {
		require.Contains(t, app.Message(), field)
	}
}

func TestAssessGatewayFailsWhereAWSKnowsNoGatewayOrNoWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gateway  answers[maintenance.Gateway]
		schedule answers[maintenance.RawSchedule]
		volumes  answers[[]maintenance.Volume]
		kind     string
	}{
		"unknown gateway":  {fails[maintenance.Gateway](maintenance.ErrNotFound), says(rawWeekly()), nil, names.TypeNotFound},
		"no schedule":      {says(gatewayBefore()), says(maintenance.RawSchedule{}), nil, names.TypeNoWindow},
		"two days":         {says(gatewayBefore()), says(rawBoth()), nil, names.TypeNoWindow},
		"not supported":    {says(gatewayBefore()), fails[maintenance.RawSchedule](maintenance.ErrNoWindow), nil, names.TypeNoWindow},
		"volumes not told": {says(gatewayBefore()), says(rawWeekly()), fails[[]maintenance.Volume](maintenance.ErrDenied), names.TypeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway, r.aws.schedule, r.aws.volumes = tc.gateway, tc.schedule, tc.volumes
			_, err := run(t, r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
			require.True(t, requireKind(t, err, tc.kind).NonRetryable())
		})
	}
}

func TestReadsReturnWhatAWSSays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(rawBoth())
	r.aws.volumes = says([]maintenance.Volume{volume("BOOTSTRAPPING")})

	found, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
	require.NoError(t, err)
	require.Equal(t, maintenance.Found{
		Gateway: gatewayBefore(), Volumes: []maintenance.Volume{volume("BOOTSTRAPPING")}, AutomaticUpdates: rawBoth().AutomaticUpdates,
	}, found)

	volumes, err := run(t, r, r.gateways.ListVolumes, activities.ListVolumesInput{Lookup: lookup()})
	require.NoError(t, err)
	require.Equal(t, []maintenance.Volume{volume("BOOTSTRAPPING")}, volumes)

	schedule, err := run(t, r, r.gateways.ReadSchedule, activities.ReadScheduleInput{Lookup: lookup(), Prefer: maintenance.Weekly})
	require.NoError(t, err)
	require.Equal(t, weeklySchedule(), schedule)

	_, err = run(t, r, r.gateways.ReadSchedule, activities.ReadScheduleInput{Lookup: lookup()})
	require.True(t, requireKind(t, err, names.TypeNoWindow).NonRetryable())
}

func watch() activities.WatchGatewayInput {
	return activities.WatchGatewayInput{
		Gateway: gatewayRef(), Schedule: weeklySchedule(), Baseline: maintenance.BaselineOf(gatewayBefore()),
		Every: maintenance.Duration(24 * time.Hour),
	}
}

func TestWatchGatewayPollsAfterOneIntervalFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = fails[maintenance.Gateway](maintenance.ErrNotFound), fails[maintenance.RawSchedule](maintenance.ErrNotFound)
	_, err := run(t, r, r.gateways.WatchGateway, watch())
	requireNotYet(t, err, "the first poll comes after 24h")
	requireDaily(t, err)
}

func TestWatchGatewayPollsAtOnceWhereTheRunHasWaitedAlready(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	moved := rawWeekly()
	moved.Hour = new(3)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(moved)
	in := watch()
	in.AtOnce = true
	out, err := run(t, r, r.gateways.WatchGateway, in)
	require.NoError(t, err)
	require.Equal(t, 3, out.Schedule.Hour)
}

// requireDaily says that the next poll comes within a day, and not much sooner.
func requireDaily(t *testing.T, err error) {
	t.Helper()
	next := requireKind(t, err, names.TypeNotReady).NextRetryDelay()
	require.LessOrEqual(t, next, 24*time.Hour)
	require.Greater(t, next, 12*time.Hour)
}

func TestWatchGatewayEndsWhenWhatTheRunReliesOnChanges(t *testing.T) {
	t.Parallel()
	moved := rawWeekly()
	moved.Hour = new(3)
	rezoned := rawWeekly()
	rezoned.Timezone = "GMT+5:30"
	for name, tc := range map[string]struct {
		gateway  maintenance.Gateway
		schedule maintenance.RawSchedule
		evidence maintenance.Evidence
	}{
		"the window moved":                   {gatewayBefore(), moved, maintenance.EvidenceNone},
		"the zone changed":                   {gatewayBefore(), rezoned, maintenance.EvidenceNone},
		"AWS updated it":                     {gatewayAfter(), rawWeekly(), maintenance.EvidenceUpdated},
		"the window moved while it was away": {gatewayAway(), moved, maintenance.EvidenceAway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.attempt = 2
			r.aws.gateway, r.aws.schedule = says(tc.gateway), says(tc.schedule)
			out, err := run(t, r, r.gateways.WatchGateway, watch())
			require.NoError(t, err)
			require.Equal(t, tc.gateway, out.Gateway)
			require.Equal(t, tc.evidence, out.Evidence)
			want, err := maintenance.ParseSchedule(tc.schedule, "")
			require.NoError(t, err)
			require.Equal(t, want, out.Schedule)
		})
	}
}

func TestWatchGatewayWatchesOnWhileNothingChanges(t *testing.T) {
	t.Parallel()
	otherPolicy := rawWeekly()
	otherPolicy.AutomaticUpdates = maintenance.EmergencyVersionsOnly
	for name, tc := range map[string]struct {
		gateway  answers[maintenance.Gateway]
		schedule answers[maintenance.RawSchedule]
	}{
		"the same":              {says(gatewayBefore()), says(rawWeekly())},
		"away":                  {says(gatewayAway()), says(rawWeekly())},
		"no longer on offer":    {says(withdrawn()), says(rawWeekly())},
		"another policy of AWS": {says(gatewayBefore()), says(otherPolicy)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.attempt, r.waited = 27, 26*24*time.Hour
			r.aws.gateway, r.aws.schedule = tc.gateway, tc.schedule
			_, err := run(t, r, r.gateways.WatchGateway, watch())
			requireNotYet(t, err, "")
			requireDaily(t, err)
		})
	}
}

// The run reads everything again before it starts: a poll that is refused in a
// month of waiting ends nothing, and is soon tried again.
func TestWatchGatewayOutlastsPollsThatFail(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{
		maintenance.ErrNotConnected, maintenance.ErrDenied, maintenance.ErrNotFound, maintenance.ErrThrottled, maintenance.ErrNoWindow, errors.New("odd"),
	} {
		r := newRig(t)
		r.attempt = 5
		r.aws.gateway, r.aws.schedule = says(gatewayBefore()), fails[maintenance.RawSchedule](failure)
		_, err := run(t, r, r.gateways.WatchGateway, watch())
		requireNotYet(t, err, failure.Error())
		require.LessOrEqual(t, requireKind(t, err, names.TypeNotReady).NextRetryDelay(), time.Hour)
	}
}

// What a poll at the end wants is a gateway that runs.
// After a restart a gateway may list its volumes one by one.
func TestListVolumesWaitsForThoseThatAreExpected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.volumes = says(gatewayBefore()), says([]maintenance.Volume{})
	in := activities.ListVolumesInput{Lookup: lookup(), Expected: []maintenance.Volume{volume("AVAILABLE")}, Until: r.now.Add(time.Minute)}
	_, err := run(t, r, r.gateways.ListVolumes, in)
	require.Contains(t, requireKind(t, err, names.TypeNotReady).Message(), volume("AVAILABLE").ID)

	in.Until = r.now
	volumes, err := run(t, r, r.gateways.ListVolumes, in)
	require.NoError(t, err)
	require.Empty(t, volumes)
}

func TestVerifyGatewayWaitsForOneThatRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = says(gatewayAway())
	_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
	requireNotYet(t, err, "the gateway is in state")
}
