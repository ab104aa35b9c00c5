package inventory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// now is a Tuesday.
var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// aGateway is up to date in every way.
func aGateway() inventory.Gateway {
	recent := now.Add(-day)
	return inventory.Gateway{
		Account: "prod", Region: "eu-central-1", Described: true, Connection: inventory.Connected, AllTags: true,
		Details: inventory.Details{
			Gateway: maintenance.Gateway{
				ARN: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-11111111", ID: "sgw-11111111",
				Name: "files", Type: "CACHED", State: "RUNNING", SoftwareVersion: "1.2.3",
				LastSoftwareUpdate: "2026-11-01T03:00:00",
			},
			Timezone: "GMT+1:00",
		},
		Schedule: &maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(3), Minute: new(0), Timezone: "GMT+1:00"},
		Volumes: []inventory.Volume{{
			Volume:     maintenance.Volume{ID: "vol-1111aaaa", Status: "AVAILABLE"},
			Initiators: []string{"iqn.app"}, Snapshots: &inventory.Snapshots{Count: 1, Completed: &recent},
		}},
	}
}

func aProxy() inventory.Proxy {
	return inventory.Proxy{
		Account: "prod", Instance: inventory.Instance{ID: strings.Repeat("1", 32) + "in07", Status: "ACTIVE"},
		Proxy: maintenance.Proxy{
			ID: strings.Repeat("2", 32) + "po01", Name: "reads", Status: "ACTIVE", PoolStatus: "ACTIVE",
			Nodes: []maintenance.ProxyNode{{ID: "a", Status: "ACTIVE"}, {ID: "b", Status: "ACTIVE"}},
		},
		Kernel:    &maintenance.ProxyKernel{Current: "2.24.03.000", Latest: "2.24.03.000"},
		Scheduled: new(false), InstanceTags: map[string]string{},
	}
}

func kinds(all []inventory.Finding) (found []string) {
	for _, f := range all {
		found = append(found, string(f.Urgency)+" "+string(f.Kind))
	}
	return found
}

func open(all []inventory.Open) (found []string) {
	for _, o := range all {
		if !slices.Contains(found, string(o.Kind)) {
			found = append(found, string(o.Kind))
		}
	}
	return found
}

func TestAGatewayIsJudged(t *testing.T) {
	t.Parallel()
	mark, err := maintenance.PolicyMark{
		Mark:  maintenance.Mark{WorkflowID: "gateway-sgw-11111111", RunID: "4f0e", Namespace: "default", Since: now.Add(-3 * day)},
		Owner: maintenance.AllVersions, Set: maintenance.EmergencyVersionsOnly,
	}.Value()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(g *inventory.Gateway)
		finds  []string // urgency and kind
		says   string   // part of the reasons
		open   []string
	}{
		"all well":              {change: func(*inventory.Gateway) {}},
		"AWS's other spelling":  {change: func(g *inventory.Gateway) { g.State = "STATE_RUNNING" }},
		"an update waits":       {func(g *inventory.Gateway) { g.NextUpdateAvailable = "2026-11-10T00:00:00" }, []string{"soon update-waiting"}, "an update waits since 2026-11-10, for 21 days", nil},
		"an update is to come":  {func(g *inventory.Gateway) { g.NextUpdateAvailable = "2026-12-24T00:00:00" }, []string{"notice update-waiting"}, "available from 2026-12-24", nil},
		"an update, date odd":   {func(g *inventory.Gateway) { g.NextUpdateAvailable = "yesterday" }, []string{"soon update-waiting"}, `since when is unknown: AWS says "yesterday"`, nil},
		"support ends soon":     {func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = "2027-01-31" }, []string{"soon support-ends"}, "support ends 2027-01-31 (SoftwareUpdatesEndDate), in 60 days", nil},
		"support ends later":    {func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = "2027-12-31" }, nil, "", nil},
		"no features since":     {func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = "2026-10-31" }, []string{"soon support-ends"}, "support ended 2026-10-31", nil},
		"no fixes since":        {func(g *inventory.Gateway) { g.Deprecation = "2026-10-31" }, []string{"urgent support-ends"}, "fixes neither", nil},
		"an absurd date":        {func(g *inventory.Gateway) { g.Deprecation = "9999-99-99" }, []string{"unknown unknown"}, `DeprecationDate is "9999-99-99", which is not understood`, []string{"support-ends"}},
		"a date of year 1":      {func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = "0001-01-01T00:00:00Z" }, []string{"unknown unknown"}, "not understood", []string{"support-ends"}},
		"an absurd last update": {func(g *inventory.Gateway) { g.LastSoftwareUpdate = "🙂" }, []string{"unknown unknown"}, "LastSoftwareUpdate", nil},
		"shut down":             {func(g *inventory.Gateway) { g.State = "SHUTDOWN" }, []string{"urgent not-running"}, "shut down", nil},
		"a state to come":       {func(g *inventory.Gateway) { g.State = "HIBERNATING" }, []string{"unknown not-running"}, `its state is "HIBERNATING", which is not documented`, nil},
		"no state":              {func(g *inventory.Gateway) { g.State = "" }, []string{"unknown unknown"}, "does not say in what state", []string{"not-running"}},
		"no window":             {func(g *inventory.Gateway) { g.Schedule, g.NoWindow = nil, "the gateway has no maintenance window" }, []string{"soon no-window"}, "no maintenance window", []string{"window-unusable", "window-frozen", "zone-drift"}},
		"half a window":         {func(g *inventory.Gateway) { g.Schedule.Hour = nil }, []string{"soon no-window"}, "no complete day", []string{"window-unusable", "window-frozen", "zone-drift"}},
		"two windows":           {func(g *inventory.Gateway) { g.Schedule.DayOfMonth = new(4) }, []string{"soon no-window"}, "ambiguous", []string{"window-unusable", "window-frozen", "zone-drift"}},
		"a zone to come":        {func(g *inventory.Gateway) { g.Schedule.Timezone = "Europe/Berlin" }, []string{"soon no-window"}, "Europe/Berlin", []string{"window-unusable", "window-frozen", "zone-drift"}},
		"a mark":                {func(g *inventory.Gateway) { g.Tags = map[string]string{maintenance.AutomaticUpdatesTag: mark} }, []string{"soon mark"}, "restores ALL_VERSIONS", nil},
		"half a mark":           {func(g *inventory.Gateway) { g.Tags = map[string]string{maintenance.AutomaticUpdatesTag: mark[:20]} }, []string{"urgent mark"}, "cannot be read", nil},
		"some tags":             {func(g *inventory.Gateway) { g.AllTags = false }, nil, "", []string{"mark"}},
		"quarantined":           {func(g *inventory.Gateway) { g.Quarantine = "the update failed" }, []string{"urgent quarantined"}, "the update failed", nil},
		"irrecoverable":         {func(g *inventory.Gateway) { g.Volumes[0].Status = "IRRECOVERABLE" }, []string{"urgent volume"}, "", nil},
		"passes through":        {func(g *inventory.Gateway) { g.Volumes[0].Status = "PASS THROUGH" }, []string{"soon volume"}, "PASS THROUGH", nil},
		"detached":              {func(g *inventory.Gateway) { g.Volumes[0].Status = "DETACHED" }, []string{"notice volume"}, "", nil},
		"no status":             {func(g *inventory.Gateway) { g.Volumes[0].Status = "" }, []string{"unknown unknown"}, "no status", []string{"volume"}},
		"no snapshot":           {func(g *inventory.Gateway) { g.Volumes[0].Snapshots = &inventory.Snapshots{} }, []string{"notice snapshot-missing"}, "no complete snapshot", nil},
		"an old snapshot":       {func(g *inventory.Gateway) { g.Volumes[0].Snapshots.Completed = new(now.Add(-20 * day)) }, []string{"notice snapshot-missing"}, "2026-11-11", nil},
		"a pending snapshot":    {func(g *inventory.Gateway) { g.Volumes[0].Snapshots.Unfinished = new(now.Add(-2 * day)) }, []string{"soon snapshot-pending"}, "2026-11-29", nil},
		"snapshots not read":    {func(g *inventory.Gateway) { g.Volumes[0].Snapshots = nil }, nil, "", []string{"snapshot-pending", "snapshot-missing"}},
		"volumes not read": {
			func(g *inventory.Gateway) {
				g.Volumes, g.Unread = nil, []inventory.Unread{{What: "its volumes", Why: "denied"}}
			},
			[]string{"unknown unknown"},
			"its volumes could not be read: denied",
			[]string{"volume", "snapshot-pending", "snapshot-missing"},
		},
		"not described": {
			func(g *inventory.Gateway) {
				*g = inventory.Gateway{
					Details: inventory.Details{Gateway: maintenance.Gateway{ID: "sgw-1", Type: "VTL"}}, Connection: inventory.NotKnown,
					AllTags: true, Unread: []inventory.Unread{{What: "the gateway", Why: "denied"}},
				}
			},
			[]string{"unknown unknown"},
			"denied",
			[]string{"not-running", "support-ends", "update-waiting", "disconnected", "window-unusable", "window-frozen", "zone-drift", "no-window"},
		},
		"disconnected": {
			func(g *inventory.Gateway) {
				*g = inventory.Gateway{
					Details:    inventory.Details{Gateway: maintenance.Gateway{ID: "sgw-1", Type: "VTL"}, Deprecation: "2026-01-01"},
					Connection: inventory.Disconnected, AllTags: true,
				}
			},
			[]string{"urgent disconnected", "urgent support-ends"},
			"since when, AWS does not say",
			[]string{"support-ends", "update-waiting", "no-window", "window-unusable", "window-frozen", "zone-drift"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := aGateway()
			c.change(&g)
			got := inventory.JudgeGateway(g, now, inventory.DefaultCriteria())
			require.Equal(t, c.finds, kinds(got.Findings))
			require.Contains(t, inventory.Reasons(got.Findings), c.says)
			require.Equal(t, c.open, open(got.Undecided))
			if len(c.finds) == 0 {
				require.Equal(t, inventory.Healthy, got.Urgency)
			}
		})
	}
}

func TestWindowsAreJudgedByThePlansRules(t *testing.T) {
	t.Parallel()
	freeze := func(from, to, reason string) maintenance.Freeze {
		start, err := time.Parse(time.DateOnly, from)
		require.NoError(t, err)
		end, err := time.Parse(time.DateOnly, to)
		require.NoError(t, err)
		return maintenance.Freeze{From: start, To: end, Reason: reason}
	}
	for name, c := range map[string]struct {
		change func(*inventory.Criteria)
		finds  []string
		says   string
		opens  string // the next window
	}{
		"as it is":  {func(*inventory.Criteria) {}, nil, "", "2026-12-06T02:00:00Z"},
		"too short": {func(c *inventory.Criteria) { c.Rules.Length = time.Hour }, []string{"soon window-unusable"}, "50m0s are needed, and a window of 1h0m0s has", "2026-12-06T02:00:00Z"},
		"a freeze in December": {
			func(c *inventory.Criteria) {
				c.Rules.Freezes = []maintenance.Freeze{freeze("2026-12-05", "2027-01-02", "")}
			},
			[]string{"notice window-frozen"},
			"4 windows are frozen; the first one with room opens 2027-01-03 02:00Z", "2027-01-03T02:00:00Z",
		},
		"frozen for good": {
			func(c *inventory.Criteria) {
				c.Rules.Freezes = []maintenance.Freeze{freeze("2026-12-01", "2036-01-02", "")}
			},
			[]string{"soon window-unusable"},
			"freezes leave no window", "2026-12-06T02:00:00Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			criteria := inventory.DefaultCriteria()
			c.change(&criteria)
			got := inventory.JudgeGateway(aGateway(), now, criteria)
			require.Equal(t, c.finds, kinds(got.Findings), got.Findings)
			require.Contains(t, inventory.Reasons(got.Findings), c.says)
			require.Equal(t, c.opens, got.NextWindow.Start.Format(time.RFC3339))
			require.Equal(t, "every Sunday at 03:00 GMT+1:00", got.Window)
		})
	}
}

func TestAFixedOffsetDriftsFromAZoneWithSummerTime(t *testing.T) {
	t.Parallel()
	criteria := inventory.DefaultCriteria()
	// Zone data is the caller's: a zone of two offsets is enough here.
	berlin, err := time.LoadLocation("Europe/Berlin") //nolint:forbidigo // a test of what the zone does to a window
	require.NoError(t, err)
	criteria.Civil, criteria.CivilName = berlin, "Europe/Berlin"
	got := inventory.JudgeGateway(aGateway(), now, criteria)
	require.Equal(t, []string{"notice zone-drift"}, kinds(got.Findings))
	require.Contains(t, got.Findings[0].Reason, "GMT+1:00 has no summer time: the window opens Sun 03:00 and Sun 04:00 of Europe/Berlin")
	criteria.Civil, criteria.CivilName = time.FixedZone("IST", 5*3600+1800), "Asia/Kolkata"
	require.Empty(t, inventory.JudgeGateway(aGateway(), now, criteria).Findings)
}

func TestAProxyIsJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(p *inventory.Proxy)
		finds  []string
		says   string
		open   []string
	}{
		"all well":          {change: func(*inventory.Proxy) {}},
		"a version waits":   {func(p *inventory.Proxy) { p.Kernel.Latest = "2.24.06.000" }, []string{"soon update-waiting"}, "since when, Huawei Cloud does not say", nil},
		"an absurd version": {func(p *inventory.Proxy) { p.Kernel.Latest = "newest!" }, []string{"unknown unknown"}, `newest "newest!"`, []string{"update-waiting"}},
		"version not read":  {func(p *inventory.Proxy) { p.Kernel = nil }, nil, "", []string{"update-waiting"}},
		"abnormal":          {func(p *inventory.Proxy) { p.Status = "ABNORMAL" }, []string{"urgent proxy-unhealthy"}, "ABNORMAL", nil},
		"a status to come":  {func(p *inventory.Proxy) { p.Status = "UPGRADING" }, []string{"unknown proxy-unhealthy"}, "UPGRADING", nil},
		"no status":         {func(p *inventory.Proxy) { p.Status = "" }, []string{"unknown unknown"}, "no status", []string{"proxy-unhealthy"}},
		"a node":            {func(p *inventory.Proxy) { p.Nodes[1].Status = "FAILED" }, []string{"soon proxy-unhealthy"}, "1 of 2 nodes are not ACTIVE", nil},
		"scheduled":         {func(p *inventory.Proxy) { p.Scheduled = new(true) }, []string{"notice upgrade-scheduled"}, "", nil},
		"tags not read":     {func(p *inventory.Proxy) { p.InstanceTags = nil }, nil, "", []string{"mark"}},
		"half a mark": {
			func(p *inventory.Proxy) { p.InstanceTags = map[string]string{"tg0-" + strings.Repeat("2", 32): "2x"} },
			[]string{"urgent mark"},
			"", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := aProxy()
			c.change(&p)
			got := inventory.JudgeProxy(p, now)
			require.Equal(t, c.finds, kinds(got.Findings), got.Findings)
			require.Contains(t, inventory.Reasons(got.Findings), c.says)
			require.Equal(t, c.open, open(got.Undecided))
		})
	}
}

func TestTheMostUrgentComesFirst(t *testing.T) {
	t.Parallel()
	named := func(name string, change func(*inventory.Gateway)) inventory.Gateway {
		g := aGateway()
		g.Name, g.ID, g.ARN = name, "sgw-"+name, "arn:"+name
		change(&g)
		return g
	}
	waits := func(since string) func(*inventory.Gateway) {
		return func(g *inventory.Gateway) { g.NextUpdateAvailable = since }
	}
	d := inventory.Make(inventory.Found{Gateways: []inventory.Gateway{
		named("well", func(*inventory.Gateway) {}),
		named("newer", waits("2026-11-20")),
		named("odd", func(g *inventory.Gateway) { g.State = "X" }),
		named("older", waits("2026-10-01")),
		named("ends", func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = "2027-01-31" }),
		named("away", func(g *inventory.Gateway) { g.Connection, g.Described = inventory.Disconnected, false }),
		named("ended", func(g *inventory.Gateway) { g.Deprecation = "2026-01-31" }),
		named("old", func(g *inventory.Gateway) { g.Volumes[0].Status = "DETACHED" }),
		named("away", func(*inventory.Gateway) {}), // of another account: there once
	}}, now, inventory.DefaultCriteria())
	var names []string
	for _, g := range d.Gateways {
		names = append(names, g.Name)
	}
	require.Equal(t, []string{"away", "ended", "ends", "older", "newer", "odd", "old", "well"}, names)
	require.Equal(t, inventory.Summary{Gateways: 8, Urgent: 2, Soon: 3, Unknown: 1, Notice: 1, UpToDate: 1}, d.Summary)
	require.True(t, d.Complete())
}
