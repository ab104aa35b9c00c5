package inventory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	reading "github.com/tidegate/tidegate/internal/inventory"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// served are the simulated clouds of a scenario, with an account for each AWS region and project.
func served(t *testing.T, s simcloud.Scenario, regions ...string) (*simcloud.Simulation, reading.Options) {
	t.Helper()
	sim, err := simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	var onAWS []accounts.AWS
	for _, region := range regions {
		onAWS = append(onAWS, accounts.AWS{
			Account: awsaccounts.Account{Name: region, Region: region, Endpoint: server.URL},
			Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
		})
	}
	onHuawei := []accounts.Huawei{{
		Account:     huaweicloud.Account{Name: "db", Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: server.URL},
		Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
	}}
	o := reading.Options{Backoff: reading.Backoff(time.Millisecond)}
	o.AWS, o.Huawei = accounts.ForInventory(t.Context(), onAWS, onHuawei)
	return sim, o
}

// scenario has one gateway of every sort, and the default proxies.
func scenario() simcloud.Scenario {
	tags := map[string]string{}
	for i := range 12 {
		tags[fmt.Sprintf("tag-%02d", i)] = "x"
	}
	return simcloud.Scenario{
		AWS: aws.Scenario{Gateways: []aws.Gateway{
			{
				ID: "sgw-11111111", Name: "cached", NextVersion: "2.0.0", UpdateOfferedAgo: 480 * time.Hour, Tags: map[string]string{"app": "files"},
				Shown: aws.Shown{EC2InstanceID: "i-0123456789abcdef0"},
				Volumes: []aws.Volume{{
					ID: "vol-1111AAAA", ScheduledAgo: []time.Duration{time.Hour, 300 * time.Hour},
					Initiators: []aws.Initiator{{Name: "iqn.app"}},
				}, {ID: "vol-1111BBBB", AttachmentStatus: "DETACHED"}},
			},
			{ID: "sgw-22222222", Name: "tapes", Type: "VTL", Tags: tags, Window: aws.Window{NotSupported: true}},
			{ID: "sgw-33333333", Name: "away", State: "DISCONNECTED", Shown: aws.Shown{DeprecatedIn: -time.Hour}},
			{ID: "sgw-44444444", Name: "stored", Type: "STORED", Region: "eu-west-1", Volumes: []aws.Volume{{ID: "vol-4444AAAA"}}},
			{ID: "sgw-55555555", Name: "odd", State: "HIBERNATING", Type: "FILE_S3"},
		}},
		Huawei: huawei.DefaultScenario(),
	}
}

func byName(found inventory.Found) map[string]inventory.Gateway {
	all := map[string]inventory.Gateway{}
	for _, g := range found.Gateways {
		all[g.Name] = g
	}
	return all
}

func TestAFleetIsReadWholeAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	sim, o := served(t, scenario(), "us-east-1", "eu-west-1")
	var last reading.Progress
	o.Progress = func(p reading.Progress) { last = p }
	found := reading.Read(t.Context(), o)
	require.Empty(t, found.Unread)
	require.False(t, found.Interrupted)
	all := byName(found)
	require.Len(t, all, 5)

	cached := all["cached"]
	require.Empty(t, cached.Unread)
	require.Equal(t, inventory.Connected, cached.Connection)
	require.True(t, cached.AllTags)
	require.Equal(t, "i-0123456789abcdef0", cached.EC2Instance)
	require.NotNil(t, cached.Schedule)
	require.Len(t, cached.Volumes, 2)
	slices.SortFunc(cached.Volumes, func(a, b inventory.Volume) int { return strings.Compare(a.ID, b.ID) })
	require.Len(t, cached.Volumes[0].Initiators, 1)
	require.Contains(t, cached.Volumes[0].Initiators[0], "iqn.app")
	require.Equal(t, 2, cached.Volumes[0].Snapshots.Count)
	require.WithinDuration(t, time.Now().Add(-time.Hour), *cached.Volumes[0].Snapshots.Completed, time.Minute)
	require.Nil(t, cached.Volumes[1].Initiators, "a detached volume is not asked")
	require.NotEmpty(t, all["tapes"].NoWindow)
	require.Len(t, all["tapes"].Tags, 12, "all of them, of which the description shows ten")
	require.True(t, all["tapes"].AllTags)
	require.Equal(t, inventory.Disconnected, all["away"].Connection)
	require.NotEmpty(t, all["away"].Deprecation, "the list tells it")
	require.Empty(t, all["away"].State, "ACTIVE is a registration")
	require.Equal(t, "HIBERNATING", all["odd"].State)
	require.Equal(t, "eu-west-1", all["stored"].Region)

	require.Len(t, found.Proxies, 3)
	for _, p := range found.Proxies {
		require.Empty(t, p.Unread)
		require.NotNil(t, p.Kernel)
		require.NotNil(t, p.Scheduled)
		require.NotNil(t, p.InstanceTags)
	}
	require.Equal(t, 8, last.Found)
	require.Equal(t, 8, last.Read)

	require.Empty(t, sim.Effects(), "nothing was changed")
	sum := 0
	for operation, n := range sim.Calls() {
		sum += n
		i := slices.IndexFunc(simcloud.Operations(), func(op fault.Operation) bool { return op.Name == operation })
		require.False(t, simcloud.Operations()[i].Writes, operation)
	}
	require.Equal(t, sum, last.Calls, "every request is counted")
	counted := 0
	for _, a := range found.Accounts {
		require.True(t, a.Complete)
		counted += a.Calls
	}
	require.Equal(t, sum, counted)
}

// The policies for the inventory allow exactly what it calls.
func TestTheReadOnlyPoliciesAllowWhatTheInventoryCallsAndNoMore(t *testing.T) {
	t.Parallel()
	sim, o := served(t, scenario(), "us-east-1", "eu-west-1")
	reading.Read(t.Context(), o)
	var onAWS, onHuawei []string
	actions := map[string]string{ // the vendor's API reference, "Authorization Information" of each operation
		"CheckScheduleTaskExist":  "gaussdbformysql:instance:getScheduleTask",
		"ListGaussMySqlInstances": "gaussdbformysql:instance:list",
		"ListInstanceTags":        "gaussdbformysql:tag:list",
		"ShowGaussMySqlProxyList": "gaussdbformysql:proxy:list",
		"ShowProxyVersion":        "gaussdbformysql:proxy:list",
	}
	for operation := range sim.Calls() {
		if name, ok := strings.CutPrefix(operation, "taurusdb:"); ok {
			onHuawei = append(onHuawei, actions[name])
		} else {
			onAWS = append(onAWS, operation)
		}
	}
	slices.Sort(onAWS)
	slices.Sort(onHuawei)
	for file, want := range map[string][]string{"aws-inventory-policy.json": onAWS, "huawei-inventory-policy.json": slices.Compact(onHuawei)} {
		text, err := os.ReadFile("../../deploy/iam/" + file)
		require.NoError(t, err)
		var policy struct {
			Statement []struct{ Effect, Action any }
		}
		require.NoError(t, json.Unmarshal(text, &policy))
		var allowed []string
		for _, s := range policy.Statement {
			require.Equal(t, "Allow", s.Effect)
			switch a := s.Action.(type) {
			case string:
				allowed = append(allowed, a)
			case []any:
				for _, one := range a {
					allowed = append(allowed, fmt.Sprint(one))
				}
			}
		}
		slices.Sort(allowed)
		require.Equal(t, want, allowed, file)
	}
}

func TestFastAsksTwoCallsOfAGateway(t *testing.T) {
	t.Parallel()
	sim, o := served(t, scenario(), "eu-west-1")
	o.Fast, o.Huawei = true, nil
	found := reading.Read(t.Context(), o)
	require.Len(t, found.Gateways, 1)
	require.Nil(t, found.Gateways[0].Volumes)
	require.Equal(t, map[string]int{
		"storagegateway:ListGateways": 1, "storagegateway:DescribeGatewayInformation": 1, "storagegateway:DescribeMaintenanceStartTime": 1,
	}, sim.Calls())
}

func TestWhatCannotBeReadIsListedAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule    fault.Rule
		unread  string // of the fleet
		gateway string // of the gateway "cached"
		proxy   string
	}{
		"a gateway":    {rule: fault.Rule{Operation: "storagegateway:DescribeGatewayInformation", Resource: "sgw-11111111", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}, gateway: "the description"},
		"a window":     {rule: fault.Rule{Operation: "storagegateway:DescribeMaintenanceStartTime", Resource: "sgw-11111111", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}, gateway: "the maintenance window"},
		"volumes":      {rule: fault.Rule{Operation: "storagegateway:ListVolumes", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}, gateway: "the volumes"},
		"initiators":   {rule: fault.Rule{Operation: "storagegateway:ListVolumeInitiators", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}, gateway: "the initiators of volume vol-1111aaaa"},
		"snapshots":    {rule: fault.Rule{Operation: "ec2:DescribeSnapshots", Kind: fault.RefusedBefore, Code: "UnauthorizedOperation"}, unread: "the snapshots of 2 volumes"},
		"the list":     {rule: fault.Rule{Operation: "storagegateway:ListGateways", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}, unread: "the list of gateways"},
		"instances":    {rule: fault.Rule{Operation: "taurusdb:ListGaussMySqlInstances", Kind: fault.RefusedBefore, Code: "DBS.200010"}, unread: "the list of DB instances"},
		"proxies":      {rule: fault.Rule{Operation: "taurusdb:ShowGaussMySqlProxyList", Kind: fault.RefusedBefore, Code: "DBS.200010"}, unread: "the proxies of DB instance"},
		"a version":    {rule: fault.Rule{Operation: "taurusdb:ShowProxyVersion", Kind: fault.RefusedBefore, Code: "DBS.200010"}, proxy: "the version"},
		"schedules":    {rule: fault.Rule{Operation: "taurusdb:CheckScheduleTaskExist", Kind: fault.RefusedBefore, Code: "DBS.200010"}, proxy: "the scheduled upgrades"},
		"tags":         {rule: fault.Rule{Operation: "taurusdb:ListInstanceTags", Kind: fault.RefusedBefore, Code: "DBS.200010"}, unread: "the tags of DB instance"},
		"three errors": {rule: fault.Rule{Operation: "storagegateway:DescribeGatewayInformation", Kind: fault.Throttled, Times: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario()
			s.Faults = []fault.Rule{c.rule}
			_, o := served(t, s, "us-east-1")
			found := reading.Read(t.Context(), o)
			has := func(all []inventory.Unread, what string) {
				if what == "" {
					require.Empty(t, all)
					return
				}
				require.True(t, slices.ContainsFunc(all, func(u inventory.Unread) bool { return strings.HasPrefix(u.What, what) && u.Why != "" }), all)
			}
			has(found.Unread, c.unread)
			has(byName(found)["cached"].Unread, c.gateway)
			if len(found.Proxies) > 0 {
				has(found.Proxies[0].Unread, c.proxy)
			}
			if c.unread != "the list of gateways" {
				require.Len(t, found.Gateways, 4)
			}
		})
	}
}

func TestAnAccountThatCannotBeOpenedIsPartialToo(t *testing.T) {
	t.Parallel()
	found := reading.Read(t.Context(), reading.Options{
		AWS:    []reading.AWS{{Name: "prod", Open: func() (reading.Gateways, error) { return nil, errors.New("no such profile") }}},
		Huawei: []reading.Huawei{{Name: "db", Open: func() (reading.Proxies, error) { return nil, errors.New("no key") }}},
	})
	require.Equal(t, []inventory.Unread{
		{Account: "prod", What: "the account", Why: "no such profile"}, {Account: "db", What: "the account", Why: "no key"},
	}, found.Unread)
	require.False(t, found.Accounts[0].Complete)
}

// many is an account of many gateways with two volumes each.
type many struct {
	n, page   int
	took      time.Duration // of one call
	calls     atomic.Int64
	throttled int64 // the first of six calls that are throttled; 0: none
	mu        sync.Mutex
	times     []time.Time
	stop      func() // is called with the hundredth call
}

func (m *many) Listed(ctx context.Context, marker string) (page []inventory.Details, next string, err error) {
	from := 0
	if marker != "" {
		if _, err := fmt.Sscan(marker, &from); err != nil {
			return nil, "", err
		}
	}
	for i := from; i < min(m.n, from+m.page); i++ {
		id := fmt.Sprintf("sgw-%08X", i)
		page = append(page, inventory.Details{Gateway: maintenance.Gateway{ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + id, ID: id, Type: "CACHED"}})
	}
	if from+m.page < m.n {
		next = fmt.Sprint(from + m.page)
	}
	return page, next, m.call(ctx)
}

func (m *many) call(ctx context.Context) error {
	n := m.calls.Add(1)
	if n == 100 && m.stop != nil {
		m.stop()
	}
	m.mu.Lock()
	m.times = append(m.times, time.Now())
	m.mu.Unlock()
	if m.throttled > 0 && n >= m.throttled && n < m.throttled+6 {
		return maintenance.ErrThrottled
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(m.took):
		return nil
	}
}

func (m *many) Describe(ctx context.Context, arn string) (inventory.Details, error) {
	return inventory.Details{Gateway: maintenance.Gateway{ARN: arn, ID: maintenance.GatewayID(arn), Type: "CACHED", State: "RUNNING"}}, m.call(ctx)
}

func (m *many) Schedule(ctx context.Context, _ string) (maintenance.RawSchedule, error) {
	return maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(3), Minute: new(0), Timezone: "GMT"}, m.call(ctx)
}

func (m *many) Tags(ctx context.Context, _ string) (map[string]string, error) {
	return nil, m.call(ctx)
}

func (m *many) Volumes(ctx context.Context, g maintenance.Gateway) ([]maintenance.Volume, error) {
	return []maintenance.Volume{{ID: "vol-" + g.ID, Status: "AVAILABLE"}, {ID: "vol2-" + g.ID, Status: "AVAILABLE"}}, m.call(ctx)
}

func (m *many) Initiators(ctx context.Context, _ string) ([]string, error) { return nil, m.call(ctx) }

func (m *many) EachOf(ctx context.Context, ids []string, each func(maintenance.Snapshot)) error {
	for _, id := range ids {
		for range 300 {
			each(maintenance.Snapshot{VolumeID: id, State: "completed", StartedAt: time.Now()})
		}
	}
	return m.call(ctx)
}

// A thousand gateways in three accounts take as long as the rates say, in virtual time, and the accounts
// go side by side.
func TestAThousandGatewaysTakeTheTimeThatTheRatesAllow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o reading.Options
		var clouds []*many
		for _, n := range []int{334, 333, 333} {
			m := &many{n: n, page: 100, took: 200 * time.Millisecond}
			clouds = append(clouds, m)
			o.AWS = append(o.AWS, reading.AWS{Name: fmt.Sprint(n), PerSecond: 20, Open: func() (reading.Gateways, error) { return m, nil }})
		}
		start := time.Now()
		found := reading.Read(t.Context(), o)
		took := time.Since(start)
		require.Len(t, found.Gateways, 1000)
		calls := clouds[0].calls.Load() // 4 pages, 5 of each gateway, 7 of snapshots
		require.Equal(t, int64(4+5*334+7), calls)
		allowed := time.Duration(calls) * time.Second / 20
		t.Logf("%d calls of the largest account in %s; the rate allows them in %s", calls, took, allowed)
		require.Less(t, took, allowed+5*time.Second)
		require.GreaterOrEqual(t, took, allowed-time.Second)
		for _, g := range found.Gateways {
			require.Len(t, g.Volumes, 2)
			require.Equal(t, 300, g.Volumes[0].Snapshots.Count)
		}
	})
}

func TestThrottlingSlowsTheAccountDownAndItRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &many{n: 100, page: 100, took: time.Millisecond, throttled: 20}
		start := time.Now()
		found := reading.Read(t.Context(), reading.Options{
			Fast: true,
			AWS:  []reading.AWS{{Name: "prod", PerSecond: 20, Open: func() (reading.Gateways, error) { return m, nil }}},
		})
		require.NotEmpty(t, found.Accounts)
		t.Logf("%d calls, of which 6 were throttled, in %s", m.calls.Load(), time.Since(start))
		require.Less(t, time.Since(start), 40*time.Second)
		last := m.times[len(m.times)-1].Sub(m.times[len(m.times)-21])
		require.Less(t, last, 1200*time.Millisecond, "the rate is back")
	})
}

func TestAnInterruptLeavesWhatWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		m := &many{n: 500, page: 100, took: 100 * time.Millisecond, stop: interrupt}
		found := reading.Read(ctx, reading.Options{AWS: []reading.AWS{{Name: "prod", PerSecond: 50, Open: func() (reading.Gateways, error) { return m, nil }}}})
		require.True(t, found.Interrupted)
		require.Len(t, found.Gateways, 500, "the list was read")
		read := 0
		for _, g := range found.Gateways {
			switch g.Connection {
			case inventory.Connected:
				read++
			default:
				require.Equal(t, inventory.NotKnown, g.Connection)
				require.Len(t, g.Unread, 1)
				require.Contains(t, g.Unread[0].Why, "interrupted")
			}
		}
		require.Greater(t, read, 5)
		require.Less(t, read, 100)
	})
}
