package campaign_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/workflows/api"
)

// Three gateways, each with a proxy of the one DB instance.
const (
	inOne, inOther, alone = 3, 10, 4
)

// oneInstance is the clouds of the three; each upgrade takes so long.
func oneInstance(upgrade time.Duration) simcloud.Scenario {
	s := simcloud.Scenario{AWS: aws.Scenario{Timing: seconds()}, Huawei: huawei.Scenario{Durations: quickly()}}
	s.Huawei.Durations.Upgrade = upgrade
	db := huawei.Instance{ID: instanceOf(inOne)}
	for _, i := range []int{inOne, inOther, alone} {
		s.AWS.Gateways = append(s.AWS.Gateways, gateway(i))
		db.Proxies = append(db.Proxies, huawei.Proxy{ID: proxyOf(i), CurrentVersion: oldKernel, LatestVersion: newKernel})
	}
	s.Huawei.Instances = []huawei.Instance{db}
	return s
}

func ofOneInstance(i int) maintenance.Target {
	t := target(i)
	t.Proxies = []maintenance.ProxyRef{{Account: db, InstanceID: instanceOf(inOne), ProxyID: proxyOf(i)}}
	return t
}

// single starts the maintenance of one gateway without a campaign.
func (l *lab) single(i int) client.WorkflowRun {
	l.t.Helper()
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID: api.GatewayWorkflowID(gatewayOf(i)), TaskQueue: api.TaskQueue,
	}, api.GatewayMaintenanceName, api.MaintenanceInput{Target: ofOneInstance(i), Policy: impatient()})
	require.NoError(l.t, err)
	return run
}

// work is the time in which the clouds saw a proxy being changed.
type work struct {
	proxy       string
	first, last time.Time
}

// worked gives them in the order of their beginnings.
func (l *lab) worked() (all []work) {
	for _, i := range []int{inOne, inOther, alone} {
		w := work{proxy: proxyOf(i)}
		for _, e := range l.sim.Effects() {
			if e.Resource != w.proxy {
				continue
			}
			if w.first.IsZero() {
				w.first = e.Time
			}
			w.last = e.Time
		}
		if !w.first.IsZero() {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b work) int { return a.first.Compare(b.first) })
	return all
}

func TestOneRunAtATimeWorksOnADBInstanceWhoeverStartedIt(t *testing.T) {
	t.Parallel()
	l := newLab(t, oneInstance(2*time.Second))
	campaigns := []client.WorkflowRun{
		l.launch(api.CampaignInput{Plan: planOf("one", ofOneInstance(inOne))}),
		l.launch(api.CampaignInput{Plan: planOf("other", ofOneInstance(inOther))}),
	}
	single := l.single(alone)
	for _, run := range campaigns {
		t.Cleanup((&played{lab: l, run: run}).explain)
		result, err := endrecord.OfCampaign(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, fleet.Completed, result.State, result.Summary)
	}
	var result maintenance.Result
	require.NoError(t, single.Get(t.Context(), &result))
	require.Equal(t, maintenance.StateCompleted, result.State)

	_, upgrades := l.done()
	require.Equal(t, map[string]int{proxyOf(inOne): 1, proxyOf(inOther): 1, proxyOf(alone): 1}, upgrades)
	all := l.worked()
	require.Len(t, all, 3)
	for n, w := range all[1:] {
		before := all[n]
		require.False(t, w.first.Before(before.last), "%s was worked on from %s, and %s until %s", w.proxy, w.first, before.proxy, before.last)
	}
}

// An instance is released once its holder is gone, however that ended.
func TestInstanceIsFreeOnceItsHolderIsGone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(l *lab, run client.WorkflowRun) error{
		"terminated": func(l *lab, run client.WorkflowRun) error {
			return l.client.TerminateWorkflow(l.t.Context(), run.GetID(), run.GetRunID(), "for the test")
		},
		"cancelled": func(l *lab, run client.WorkflowRun) error {
			return l.client.CancelWorkflow(l.t.Context(), run.GetID(), run.GetRunID())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := oneInstance(time.Second)
			for i := range s.Huawei.Instances[0].Proxies {
				p := &s.Huawei.Instances[0].Proxies[i]
				p.Outcome.Stuck = p.ID == proxyOf(alone)
			}
			l := newLab(t, s)
			holder := l.single(alone)
			require.Eventually(t, func() bool {
				_, upgrades := l.done()
				return upgrades[proxyOf(alone)] == 1
			}, time.Minute, 50*time.Millisecond, "the holder has started")

			waiting := &played{lab: l, run: l.launch(api.CampaignInput{Plan: planOf("waiting", ofOneInstance(inOne))})}
			t.Cleanup(waiting.explain)
			l.untilBlocked(inOne, maintenance.BlockedByInstance, fmt.Sprintf("run %s (target %s)", holder.GetID(), nameOf(alone)))
			require.NoError(t, end(l, holder))
			l.endUpgrade(alone) // a cancelled run watches it to its end, and nothing starts alongside it

			result, err := endrecord.OfCampaign(t.Context(), waiting.run)
			require.NoError(t, err)
			require.Equal(t, fleet.Completed, result.State, result.Summary)
			_, upgrades := l.done()
			require.Equal(t, map[string]int{proxyOf(inOne): 1, proxyOf(alone): 1}, upgrades)
		})
	}
}

// endUpgrade has the cloud end the upgrade of a proxy that is stuck.
func (l *lab) endUpgrade(i int) {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost,
		l.endpoint+"/_sim/huawei/proxies/"+proxyOf(i)+"/status", strings.NewReader(`{"status": "ACTIVE"}`))
	require.NoError(l.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	require.NoError(l.t, answer.Body.Close())
	require.Equal(l.t, http.StatusOK, answer.StatusCode)
}

// untilBlocked waits until the run of a target says that this blocks it, and why.
func (l *lab) untilBlocked(i int, by maintenance.Blocker, why string) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		value, err := l.client.QueryWorkflow(l.t.Context(), api.GatewayWorkflowID(gatewayOf(i)), "", api.StatusQuery)
		if err != nil {
			return false
		}
		var s maintenance.Status
		if value.Get(&s) != nil || s.Blocker != by {
			return false
		}
		require.Contains(l.t, s.Reason, why)
		return true
	}, time.Minute, 50*time.Millisecond, "%s is blocked by %s", nameOf(i), by)
}
