package rehearsal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// world is the clouds while they are made.
type world struct {
	clouds  simcloud.Scenario
	windows []Window
	notes   []string
}

// offered is the version on offer, which AWS does not tell.
const offered = "-next"

func newWorld(found inventory.Document, p plan.Plan, o Options) *world {
	w := &world{}
	used := map[string]bool{}
	for i, a := range p.Accounts.AWS {
		used[a.Name] = true
		w.clouds.AWS.Credentials = append(w.clouds.AWS.Credentials, aws.Credential{
			AccessKeyID: fmt.Sprintf("REHEARSAL%02d", i), SecretAccessKey: aws.DefaultSecretAccessKey,
			Account: owner(found, a.Name),
		})
	}
	opens := map[time.Time][]int{} // the gateways whose windows next open then
	for _, g := range found.Gateways {
		if used[g.Account] {
			if next, ok := nextWindow(g.Gateway, p, o.Now); ok {
				opens[next] = append(opens[next], len(w.clouds.AWS.Gateways))
			}
			w.addGateway(g.Gateway, o.Now)
		}
	}
	w.spread(opens, max(o.Minutes, 1))
	for _, a := range p.Accounts.Huawei {
		w.clouds.Huawei.Projects = append(w.clouds.Huawei.Projects, huawei.Project{
			ID: a.Project, Region: cmp.Or(a.Region, huawei.DefaultRegion),
		})
		w.addInstances(found.Proxies, a)
	}
	return w
}

// owner is the AWS account number of an account's gateways.
func owner(found inventory.Document, account string) string {
	for _, g := range found.Gateways {
		if arn, err := maintenance.ParseGatewayARN(g.ARN); err == nil && g.Account == account {
			return arn.Account
		}
	}
	return aws.DefaultAccount
}

// nextWindow is when a gateway's window next opens.
func nextWindow(g inventory.Gateway, p plan.Plan, now time.Time) (time.Time, bool) {
	if g.Schedule == nil {
		return time.Time{}, false
	}
	schedule, err := maintenance.ParseSchedule(*g.Schedule, p.Policy.WindowPreference)
	if err != nil {
		return time.Time{}, false
	}
	return schedule.NextStart(now).UTC(), true
}

// addGateway puts a gateway into the cloud as it was found, with its window still to be moved.
func (w *world) addGateway(g inventory.Gateway, now time.Time) {
	arn, _ := maintenance.ParseGatewayARN(g.ARN) // another form has no account, and gets the first one
	out := aws.Gateway{
		ID: g.ID, Name: g.Label(), Region: g.Region, Account: arn.Account, Type: g.Type, State: g.State,
		Timezone: g.Timezone, HostEnvironment: g.Host, Tags: g.Tags, Version: cmp.Or(g.SoftwareVersion, aws.NoVersion),
		Window: windowAsItIs(g), NeverUpdated: g.LastSoftwareUpdate == "", LastUpdatedAgo: age(g, now),
	}
	if g.Schedule != nil {
		out.AutomaticUpdatePolicy = string(g.Schedule.AutomaticUpdates)
	}
	if g.UpdateOffered() {
		out.NextVersion = g.SoftwareVersion + offered
	}
	if g.Connection != inventory.Connected {
		out.State = "DISCONNECTED"
		w.notes = append(w.notes, fmt.Sprintf("%s is not connected, as it was when the inventory was made", g.Label()))
	}
	for _, v := range g.Volumes {
		volume := aws.Volume{ID: "vol-" + strings.ToUpper(strings.TrimPrefix(v.ID, "vol-")), SizeGiB: int(v.SizeBytes >> 30)}
		switch {
		case v.Detached():
			volume.AttachmentStatus = strings.ToUpper(v.Status)
		case !v.Available():
			volume.Status = v.Status
		}
		out.Volumes = append(out.Volumes, volume)
	}
	w.clouds.AWS.Gateways = append(w.clouds.AWS.Gateways, out)
}

// age is how long ago a gateway was updated, in whole seconds.
func age(g inventory.Gateway, now time.Time) time.Duration {
	zone, err := maintenance.ParseZone(g.Timezone)
	if err != nil {
		return 0
	}
	at, ok := inventory.ReadDate(g.LastSoftwareUpdate, zone.Location())
	if !ok {
		return 0
	}
	return max(now.Sub(at).Truncate(time.Second), 0)
}

// windowAsItIs is for a gateway without a window that could be used: it stays as it is.
func windowAsItIs(g inventory.Gateway) aws.Window {
	if g.Schedule == nil {
		return aws.Window{NotSupported: true, HourOfDay: new(0), MinuteOfHour: new(0), DayOfWeek: new(0)}
	}
	s := g.Schedule
	return aws.Window{
		HourOfDay: s.Hour, MinuteOfHour: s.Minute, DayOfWeek: s.DayOfWeek, DayOfMonth: s.DayOfMonth, Malformed: true,
	}
}

// spread lets the windows open in their order, a minute or more apart where there are enough of them.
func (w *world) spread(opens map[time.Time][]int, minutes int) {
	order := slices.SortedFunc(maps.Keys(opens), time.Time.Compare)
	for n, at := range order {
		one := Window{Opens: at, In: time.Duration(1+n*min(minutes, len(order))/len(order)) * time.Minute}
		for _, i := range opens[at] {
			g := &w.clouds.AWS.Gateways[i]
			g.Window = aws.Window{OpensIn: one.In}
			one.Gateways = append(one.Gateways, g.Name)
		}
		slices.Sort(one.Gateways)
		w.windows = append(w.windows, one)
	}
}

// addInstances puts the DB instances of one account into the cloud, with their proxies.
func (w *world) addInstances(found []inventory.JudgedProxy, account plan.HuaweiAccount) {
	at := map[string]int{}
	for _, p := range found {
		if p.Account != account.Name {
			continue
		}
		i, known := at[p.Instance.ID]
		if !known {
			i = len(w.clouds.Huawei.Instances)
			at[p.Instance.ID] = i
			w.clouds.Huawei.Instances = append(w.clouds.Huawei.Instances, huawei.Instance{
				ID: p.Instance.ID, Name: p.Instance.Name, Status: p.Instance.Status, ProjectID: account.Project,
				Tags: p.InstanceTags, ReadReplicas: max(len(p.Routing.ReadWeights), 1),
			})
		}
		instance := &w.clouds.Huawei.Instances[i]
		instance.Proxies = append(instance.Proxies, w.proxy(p.Proxy))
	}
}

func (w *world) proxy(p inventory.Proxy) huawei.Proxy {
	out := huawei.Proxy{
		ID: p.ID, Name: p.Name, Status: p.Status, NodeCount: len(p.Nodes), RouteMode: p.Routing.Mode,
		MasterWeight: p.Routing.MasterWeight,
	}
	for _, weight := range p.Routing.ReadWeights {
		out.ReadWeights = append(out.ReadWeights, weight.Weight)
	}
	if p.Kernel != nil {
		out.CurrentVersion, out.LatestVersion = p.Kernel.Current, p.Kernel.Latest
		w.publish(out.CurrentVersion, out.LatestVersion)
	}
	if p.Scheduled != nil && *p.Scheduled {
		out.ScheduledUpgrade = &huawei.ScheduledUpgrade{StartsIn: 24 * time.Hour}
	}
	return out
}

// publish makes versions known to the cloud.
func (w *world) publish(versions ...string) {
	for _, v := range versions {
		if v != "" && !slices.Contains(w.clouds.Huawei.Versions, v) {
			w.clouds.Huawei.Versions = append(w.clouds.Huawei.Versions, v)
		}
	}
}
