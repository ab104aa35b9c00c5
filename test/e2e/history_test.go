package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// size is what histories hold.
type size struct {
	events, bytes int
	kinds         map[enumspb.EventType]int
}

func (s *size) add(history []*historypb.HistoryEvent) {
	if s.kinds == nil {
		s.kinds = map[enumspb.EventType]int{}
	}
	for _, e := range history {
		s.events++
		s.bytes += proto.Size(e)
		s.kinds[e.GetEventType()]++
	}
}

// per is the share of one of n.
func (s *size) per(n int) (share size) {
	round := func(total int) int { return (total + n/2) / n }
	share = size{events: round(s.events), bytes: round(s.bytes), kinds: map[enumspb.EventType]int{}}
	for kind, total := range s.kinds {
		share.kinds[kind] = round(total)
	}
	return share
}

func (s *size) String() string {
	text := fmt.Sprintf("%d events, %d bytes", s.events, s.bytes)
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		text += fmt.Sprintf("\n%5d %s", s.kinds[kind], kind)
	}
	return text
}

// withoutTasks counts the events without those of workflow tasks: on a busy machine fewer results share one.
func (s *size) withoutTasks() int {
	return s.events - s.kinds[enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED] -
		s.kinds[enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED] - s.kinds[enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
}

// atMost holds a history to some figures: events without those of workflow tasks, and bytes with a third more than on a
// quiet machine, for the same reason.
func (s *size) atMost(t *testing.T, events, bytes, activities, upserts int) {
	t.Helper()
	t.Logf("%d without workflow tasks, %s", s.withoutTasks(), s)
	require.LessOrEqual(t, s.withoutTasks(), events)
	require.LessOrEqual(t, s.bytes, bytes)
	require.LessOrEqual(t, s.kinds[enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED], activities)
	require.LessOrEqual(t, s.kinds[enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES], upserts)
}

func TestHistoryOfOneTarget(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ volumes, proxies, events, bytes, activities, upserts int }{
		"gateway":                         {0, 0, 21, 13_000, 5, 4},
		"gateway, one volume":             {1, 0, 31, 19_000, 8, 5},
		"gateway, one volume and a proxy": {1, 1, 67, 43_000, 19, 6},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := fleet()
			scenario.AWS.Gateways[0].Volumes = scenario.AWS.Gateways[0].Volumes[:tc.volumes]
			// An instance of its own: nobody on this server holds it.
			own := strings.Replace(instanceID, "0e2e", "0e2f", 1)
			scenario.Huawei.Instances[0].ID = own
			in := input(tc.proxies)
			for i := range in.Target.Proxies {
				in.Target.Proxies[i].InstanceID = own
			}
			_, history := newLabOn(t, prepared(t), fmt.Sprintf("h%d-", tc.volumes+tc.proxies), scenario).maintain(in)
			var s size
			s.add(history)
			s.atMost(t, tc.events, tc.bytes, tc.activities, tc.upserts)
		})
	}
}

// The share of one of twenty targets, file gateways, with what its campaign and its batch need for it.
func TestHistoryOfATargetInACampaign(t *testing.T) {
	t.Parallel()
	const targets = 20
	var scenario simcloud.Scenario
	p := plan.Plan{
		Name: "share", Policy: quick(),
		Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}}},
		Rollout:  maintenance.Rollout{MaxConcurrent: targets},
	}
	for n := range targets {
		g := fleet().AWS.Gateways[0]
		g.ID, g.Name, g.Volumes = fmt.Sprintf("sgw-0E2E2%03d", n), fmt.Sprintf("share-%d", n), nil
		g.Type = "FILE_S3"
		scenario.AWS.Gateways = append(scenario.AWS.Gateways, g)
		p.Targets = append(p.Targets, maintenance.Target{
			Name: g.Name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + g.ID},
		})
	}
	l := newLabOn(t, prepared(t), "h-", scenario)
	run, err := l.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: l.prefix + api.CampaignWorkflowID("share"), TaskQueue: l.queue, TypedSearchAttributes: webui.CampaignAttributes("share"),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(t, err)
	batches := l.await(run, func(s campaigns.Status) bool { return len(s.Batches) > 0 }).Batches
	var result campaigns.Result
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, campaigns.Counts{Total: targets, Succeeded: targets}, result.Counts)
	var all size
	all.add(l.history(run))
	for _, id := range batches {
		all.add(l.history(l.client.GetWorkflow(t.Context(), id, "")))
	}
	for _, target := range p.Targets {
		all.add(l.history(l.client.GetWorkflow(t.Context(), api.GatewayWorkflowID(target.Gateway.ID()), "")))
	}
	share := all.per(targets)
	share.atMost(t, 28, 20_000, 5, 3)
}
