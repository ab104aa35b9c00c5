package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func survey() activities.SurveyInput {
	return activities.SurveyInput{Gateway: gatewayRef(), Pace: pace()}
}

func TestSurveyGatewayReadsAllThatPlacesIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	found := gatewayBefore()
	found.Tags = map[string]string{"app": "payments"}
	raw := rawWeekly()
	r.aws.gateway, r.aws.schedule, r.aws.tags = says(found), says(raw), says(found.Tags)
	out, err := run(t, r, r.gateways.SurveyGateway, survey())
	require.NoError(t, err)
	schedule, err := maintenance.ParseSchedule(raw, "")
	require.NoError(t, err)
	require.Equal(t, activities.SurveyOutput{Gateway: found, Schedule: schedule, AutomaticUpdates: raw.AutomaticUpdates}, out)
	require.Empty(t, r.aws.sent)
}

func TestSurveyGatewaySaysWhatASelectorMakesOfTheGateway(t *testing.T) {
	t.Parallel()
	found := gatewayBefore()
	found.Name = "Payments 1" // and its description does not show the tag, which is the eleventh
	all := found
	all.Tags = map[string]string{"app": "payments"}
	for name, tc := range map[string]struct {
		selector plan.Selector
		matches  bool
	}{
		"its tag":             {plan.Selector{Tags: map[string]string{"app": "payments"}, UpdateAvailable: true, LabelsFromTags: []string{"app"}}, true},
		"a tag it has not":    {plan.Selector{Tags: map[string]string{"app": "archive"}}, false},
		"by name and by type": {plan.Selector{Name: "Pay*", Types: []string{"CACHED"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway, r.aws.schedule, r.aws.tags = says(found), says(rawWeekly()), says(all.Tags)
			in := survey()
			in.Selector = &tc.selector
			out, err := run(t, r, r.gateways.SurveyGateway, in)
			require.NoError(t, err)
			if !tc.matches {
				require.Nil(t, out.Target)
				return
			}
			require.Equal(t, found, out.Gateway)
			require.Equal(t, tc.selector.Target(all, gatewayRef()), *out.Target)
			require.NotZero(t, out.Schedule)
		})
	}
	// A gateway that is not wanted may well have no window.
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = says(found), fails[maintenance.RawSchedule](maintenance.ErrNoWindow)
	in := survey()
	in.Selector = &plan.Selector{Types: []string{"VTL"}}
	_, err := run(t, r, r.gateways.SurveyGateway, in)
	require.NoError(t, err)
}

func TestSurveyGatewayTakesTheWantedOneOfTwoWindows(t *testing.T) {
	t.Parallel()
	raw := rawWeekly()
	raw.DayOfMonth = new(3)
	for _, prefer := range []maintenance.Recurrence{maintenance.Weekly, maintenance.Monthly} {
		r := newRig(t)
		r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(raw)
		in := survey()
		in.Prefer = prefer
		out, err := run(t, r, r.gateways.SurveyGateway, in)
		require.NoError(t, err)
		require.Equal(t, prefer, out.Schedule.Recurrence)
	}
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(raw)
	_, err := run(t, r, r.gateways.SurveyGateway, survey())
	require.True(t, requireKind(t, err, names.TypeNoWindow).NonRetryable())
}

func TestSurveyGatewayAsksAgainWhereTheGatewayIsNotConnected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
	_, err := run(t, r, r.gateways.SurveyGateway, survey())
	requireNotYet(t, err, "not connected")
	r = newRig(t)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), fails[maintenance.RawSchedule](maintenance.ErrNotConnected)
	_, err = run(t, r, r.gateways.SurveyGateway, survey())
	requireNotYet(t, err, "not connected")
}

func TestSurveyGatewaySaysWhatBlocksATarget(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule = says(gatewayBefore()), says(rawWeekly())
	r.runs = fakeRuns{"m": {status: open, run: "run-9"}}
	in := survey()
	out, err := run(t, r, r.gateways.SurveyGateway, in)
	require.NoError(t, err)
	require.Empty(t, out.Obstacle, "nobody asked")
	in.Obstacle = &activities.ObstacleLookup{Gateway: "sgw-1", Quarantine: "q", Maintenance: "m"}
	out, err = run(t, r, r.gateways.SurveyGateway, in)
	require.NoError(t, err)
	require.Equal(t, "run-9", out.Obstacle.RunID)
	require.Contains(t, out.Obstacle.Reason, "in the run m")
}

// AWS tells the tags of a gateway that is not connected: one that is no target is not
// waited for.
func TestSurveyGatewayDoesNotAskForAGatewayWhoseTagsAreNotWanted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.tags = fails[maintenance.Gateway](maintenance.ErrNotConnected), says(map[string]string{"app": "reports"})
	in := survey()
	in.Selector = &plan.Selector{Tags: map[string]string{"app": "billing"}}
	out, err := run(t, r, r.gateways.SurveyGateway, in)
	require.NoError(t, err)
	require.Nil(t, out.Target)
	in.Selector = &plan.Selector{Tags: map[string]string{"app": plan.AnyValue}}
	_, err = run(t, r, r.gateways.SurveyGateway, in)
	requireNotYet(t, err, "not connected")
}

func TestListGatewaysKeepsWhatTheSelectorMaySelect(t *testing.T) {
	t.Parallel()
	listed := func(id, name, kind string) maintenance.Gateway {
		return maintenance.Gateway{ARN: gatewayARN + id, Name: name, Type: kind, State: "ACTIVE"}
	}
	pages := map[string]gatewayPage{
		"":    {gateways: []maintenance.Gateway{listed("1", "payments-1", "CACHED"), listed("2", "archive", "VTL")}, next: "m-2"},
		"m-2": {gateways: []maintenance.Gateway{listed("3", "payments-3", "VTL"), listed("4", "Payments-4", "CACHED")}},
	}
	for name, tc := range map[string]struct {
		selector      plan.Selector
		first, second []string
	}{
		"everything": {plan.Selector{}, []string{"1", "2"}, []string{"3", "4"}},
		"by type":    {plan.Selector{Types: []string{"CACHED"}}, []string{"1"}, []string{"4"}},
		"by name":    {plan.Selector{Name: "payments-*"}, []string{"1"}, []string{"3"}},
		"none here":  {plan.Selector{Name: "*-3"}, nil, []string{"3"}},
		"what the list does not show": {
			plan.Selector{Tags: map[string]string{"app": "x"}, UpdateAvailable: true, Types: []string{"VTL"}}, []string{"2"}, []string{"3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.pages = pages
			tc.selector.Account = "prod"
			refs := func(ids []string) (all []maintenance.GatewayRef) {
				for _, id := range ids {
					all = append(all, maintenance.GatewayRef{Account: "prod", ARN: gatewayARN + id})
				}
				return all
			}
			out, err := run(t, r, r.gateways.ListGateways, activities.ListGatewaysInput{Selector: tc.selector})
			require.NoError(t, err)
			require.Equal(t, activities.ListGatewaysOutput{Gateways: refs(tc.first), Next: "m-2"}, out)
			out, err = run(t, r, r.gateways.ListGateways, activities.ListGatewaysInput{Selector: tc.selector, Marker: out.Next})
			require.NoError(t, err)
			require.Equal(t, activities.ListGatewaysOutput{Gateways: refs(tc.second)}, out)
		})
	}
}

func TestListsAreAskedForAgainOrRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.list, r.huawei.proxies = maintenance.ErrThrottled, fails[[]maintenance.Proxy](maintenance.ErrThrottled)
	_, err := run(t, r, r.gateways.ListGateways, activities.ListGatewaysInput{Selector: plan.Selector{Account: "prod"}})
	require.False(t, requireKind(t, err, names.TypeThrottled).NonRetryable())
	_, err = run(t, r, r.proxies.ListProxies, activities.ListProxiesInput{Account: "prod", InstanceID: instanceID})
	require.False(t, requireKind(t, err, names.TypeThrottled).NonRetryable())
	_, err = run(t, r, r.gateways.ListGateways, activities.ListGatewaysInput{Selector: plan.Selector{Account: "other"}})
	require.True(t, requireKind(t, err, names.TypeNotFound).NonRetryable())
	_, err = run(t, r, r.proxies.ListProxies, activities.ListProxiesInput{Account: "other", InstanceID: instanceID})
	require.True(t, requireKind(t, err, names.TypeNotFound).NonRetryable())
}

func TestListProxiesGivesTheIDsSorted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies = says([]maintenance.Proxy{{ID: "c"}, {ID: "a"}, {ID: "b"}}, nil)
	ids, err := run(t, r, r.proxies.ListProxies, activities.ListProxiesInput{Account: "prod", InstanceID: instanceID})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, ids)
	ids, err = run(t, r, r.proxies.ListProxies, activities.ListProxiesInput{Account: "prod", InstanceID: instanceID})
	require.NoError(t, err)
	require.Empty(t, ids)
}

func TestSurveyProxiesReadsAnInstanceAtOnce(t *testing.T) {
	t.Parallel()
	const otherProxyID = "1123456789abcdef0123456789abcdefpo01"
	r := newRig(t)
	mark := proxyMark("run-7", 100, 50)
	first, second := proxy("ACTIVE"), proxy("ABNORMAL")
	second.ID, second.Routing = otherProxyID, routing(0, 0)
	r.huawei.proxies, r.huawei.kernel = says([]maintenance.Proxy{second, first}), kernel(oldKernel)
	r.huawei.tags = says(proxyMarkTags(t, mark))
	one := proxyLookup().Proxy
	all, other := one, one
	all.ProxyID, other.ProxyID, other.Version = plan.AllProxies, otherProxyID, oldKernel
	ids := func(in ...maintenance.ProxyRef) (ids []string) {
		out, err := run(t, r, r.proxies.SurveyProxies, activities.SurveyProxiesInput{Proxies: in})
		require.NoError(t, err)
		for _, p := range out {
			require.Equal(t, p.Ref.ProxyID, p.Proxy.ID)
			require.Equal(t, p.Ref.Version == oldKernel, p.Done)
			require.Equal(t, p.Ref.ProxyID == proxyID, p.Mark != nil)
			ids = append(ids, p.Ref.ProxyID)
		}
		return ids
	}
	require.Equal(t, []string{otherProxyID, proxyID}, ids(other, one), "in the order of the target")
	require.Equal(t, []string{proxyID, otherProxyID}, ids(all), "sorted")
	require.Equal(t, []string{proxyID}, ids(one))

	missing := one
	missing.ProxyID = "gone"
	_, err := run(t, r, r.proxies.SurveyProxies, activities.SurveyProxiesInput{Proxies: []maintenance.ProxyRef{one, missing}})
	require.Contains(t, requireKind(t, err, names.TypeNotFound).Message(), "proxy gone of instance "+instanceID)
	r.huawei.proxies = says([]maintenance.Proxy{})
	require.Empty(t, ids(all), "an instance without proxies")
}

// Where an activity goes is in no history that could be replayed wrongly, but a
// queue that nobody polls is a run that stands still.
func TestEachActivityHasTheQueueOfItsAccount(t *testing.T) {
	t.Parallel()
	for name, form := range forms(t) {
		in, ok := form.In.(activities.Input)
		require.True(t, ok, "the input of %s names no queue", name)
		require.Contains(t, []string{"q", "q-aws-text", "q-huawei-text"}, in.Queue("q"), name)
	}
	for want, in := range map[string]activities.Input{
		"q":             activities.WorkflowLookup{},
		"q-aws-prod":    survey(),
		"q-huawei-prod": proxyLookup(),
	} {
		require.Equal(t, want, in.Queue("q"))
	}
	require.Equal(t, names.AWSQueue("q", "text"), activities.AwaitSnapshotInput{Account: "text"}.Queue("q"))
	require.Equal(t, names.AWSQueue("q", "prod"), volumeLookup().Queue("q"))
}

// What a run finds refused after the update is told before it, all at once.
func TestTryVolumesSaysAllThatIsRefused(t *testing.T) {
	t.Parallel()
	denied := func(what string) error { return fmt.Errorf("%s: %w", what, maintenance.ErrDenied) }
	for name, tc := range map[string]struct {
		volumes   answers[[]maintenance.Volume]
		snapshots answers[[]maintenance.Snapshot]
		want      []string
	}{
		"nothing":   {volumes: says([]maintenance.Volume{volume("AVAILABLE")})},
		"volumes":   {volumes: fails[[]maintenance.Volume](denied("ListVolumes")), want: []string{"ListVolumes"}},
		"snapshots": {snapshots: fails[[]maintenance.Snapshot](denied("DescribeSnapshots")), want: []string{"DescribeSnapshots"}},
		"both": {
			volumes: fails[[]maintenance.Volume](denied("ListVolumes")), snapshots: fails[[]maintenance.Snapshot](denied("DescribeSnapshots")),
			want: []string{"ListVolumes", "DescribeSnapshots"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway, r.aws.volumes, r.aws.snapshots = says(gatewayBefore()), tc.volumes, tc.snapshots
			out, err := run(t, r, r.gateways.TryVolumes, lookup())
			require.Empty(t, r.aws.sent)
			if tc.want == nil {
				require.NoError(t, err)
				require.Equal(t, activities.TryVolumesOutput{Volumes: 1}, out)
				return
			}
			app := requireKind(t, err, names.TypeDenied)
			require.True(t, app.NonRetryable(), "someone waits for it")
			for _, call := range tc.want {
				require.Contains(t, app.Message(), call)
			}
		})
	}
}

func TestTryProxyReadsMarksJobsAndPlannedUpgrades(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	mark := proxyMark("run-7", 100, 50)
	r.huawei.proxies, r.huawei.tags = weighted("ACTIVE", routing(0, 0)), says(proxyMarkTags(t, mark))
	out, err := run(t, r, r.proxies.TryProxy, proxyLookup())
	require.NoError(t, err)
	require.Equal(t, []maintenance.Marked{mark.Found(proxyID, routing(0, 0))}, out.Marks)
	require.Equal(t, r.now.Add(-time.Hour), r.huawei.since)
	require.Empty(t, r.huawei.sent)

	r.huawei.tags = fails[map[string]string](fmt.Errorf("the tags: %w", maintenance.ErrDenied))
	r.huawei.jobs = fails[[]maintenance.Job](fmt.Errorf("the jobs: %w", maintenance.ErrDenied))
	r.huawei.pending = fails[bool](fmt.Errorf("the schedule: %w", maintenance.ErrDenied))
	_, err = run(t, r, r.proxies.TryProxy, proxyLookup())
	require.ErrorContains(t, err, "the tags: ")
	require.ErrorContains(t, err, "; the jobs: ")
	require.ErrorContains(t, err, "; the schedule: ")
	none := proxyLookup()
	none.Proxy.ProxyID = ""
	_, err = run(t, r, r.proxies.TryProxy, none)
	require.NotContains(t, requireKind(t, err, names.TypeDenied).Message(), "the schedule")
}
