package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// fleet is what a capture shows: what exists, what happened to it, and how long that took.
type fleet struct {
	start     time.Time
	gateways  map[string]*gateway // by ARN
	snapshots map[string]*snapshot
	alarms    map[string]cloudwatch.Alarm
	instances map[string]*instance
	projects  map[string]huawei.Project
	versions  map[string]bool // of proxies
	jobs      map[string]*job
	owners    map[string]string // accounts' numbers by the pseudonyms of their names
	measures  []*measure
}

// observe reads a capture.
func observe(all []exchange) *fleet {
	f := &fleet{
		start:    all[0].At.Add(-before),
		gateways: map[string]*gateway{}, snapshots: map[string]*snapshot{}, alarms: map[string]cloudwatch.Alarm{},
		instances: map[string]*instance{}, projects: map[string]huawei.Project{}, versions: map[string]bool{},
		jobs: map[string]*job{}, owners: map[string]string{},
	}
	for _, e := range all {
		if _, _, account, ok := e.gatewayOf(); ok && e.Account != "" {
			f.owners[e.Account] = account
		}
		switch e.Service {
		case "storagegateway":
			f.observeAWS(e)
			f.created(e)
		case "ec2":
			f.observeSnapshots(e)
		case "cloudwatch":
			f.observeAlarms(e)
		case "taurusdb":
			f.observeHuawei(e)
		}
	}
	for _, g := range f.all() {
		g.settle(f)
		f.bootstraps(g, all)
	}
	f.settleSnapshots()
	f.settleJobs()
	return f
}

// all are the gateways, by ARN.
func (f *fleet) all() (out []*gateway) {
	for _, name := range slices.Sorted(maps.Keys(f.gateways)) {
		out = append(out, f.gateways[name])
	}
	return out
}

// bootstraps measures how long a gateway's volumes took to be available again, one after the other.
func (f *fleet) bootstraps(g *gateway, all []exchange) {
	if g.update.renewed.IsZero() || g.update.flaps > 0 {
		return
	}
	last := g.update.renewed
	for _, e := range all {
		volumes := described(e)
		if len(volumes) == 0 || e.At.Before(g.update.renewed) {
			continue
		}
		if _, _, _, id, ok := arn(text(volumes[0], "VolumeARN")); !ok || id != g.conf.ID {
			continue
		}
		if !slices.ContainsFunc(volumes, func(v any) bool { return text(v, "VolumeStatus") != "AVAILABLE" }) {
			if len(volumes) == len(g.volumes) {
				m := f.measure("aws.timing.bootstrap", g.conf.ID, g.update.renewed, window{last, e.At}, nil)
				m.times, m.slack = len(volumes), took(e)+time.Second // the end of the update is known by polls only
			}
			return
		}
		last = e.At
	}
}

// snapshot is one that was created in the capture, or is older.
type snapshot struct {
	id, volume string // in EC2's lower case
	gateway    string // its id
	created    time.Time
	took       time.Duration
	tagged     bool
	old        time.Time // start of one that was there before
	byID       track
	byFilter   track
	completed  track
	tags       track
}

// track is when something was last seen not to be so, and first seen to be.
type track struct {
	not, is time.Time
	took    time.Duration
}

func (t *track) see(is bool, e exchange) {
	switch {
	case !t.is.IsZero():
	case is:
		t.is, t.took = e.At, took(e)
	default:
		t.not = e.At
	}
}

// window is when it became so: after start at the earliest.
func (t track) window(start time.Time) (window, bool) {
	from := t.not
	if from.Before(start) {
		from = start
	}
	return window{from, t.is}, !t.is.IsZero()
}

func (f *fleet) created(e exchange) {
	id := text(e.answer, "SnapshotId")
	if id == "" || !strings.HasPrefix(e.Operation, "CreateSnapshot") {
		return
	}
	_, _, _, gatewayID, _ := arn(text(e.asked, "VolumeARN"))
	_, volume, _ := strings.Cut(text(e.asked, "VolumeARN"), "/volume/")
	f.snapshots[id] = &snapshot{
		id: id, volume: strings.ToLower(volume), gateway: gatewayID, created: e.At, took: took(e),
		tagged: len(list(e.asked, "Tags")) > 0,
	}
}

func (f *fleet) observeSnapshots(e exchange) {
	if e.Operation != "DescribeSnapshots" {
		return
	}
	asked := parameters(e.asked, "SnapshotId.")
	if e.result.has("InvalidSnapshot.NotFound") && len(asked) == 1 && f.snapshots[asked[0]] != nil {
		f.snapshots[asked[0]].byID.see(false, e)
	}
	if !e.result.ok() {
		return
	}
	found := map[string]any{}
	for _, item := range list(e.answer, "DescribeSnapshotsResponse.snapshotSet.item") {
		found[text(item, "snapshotId")] = item
	}
	for id, s := range f.snapshots {
		s.see(e, asked, found[id])
	}
	for id, item := range found {
		at, err := time.Parse(time.RFC3339, text(item, "startTime"))
		if f.snapshots[id] == nil && err == nil && at.Before(f.start) {
			f.snapshots[id] = &snapshot{id: id, volume: text(item, "volumeId"), old: at}
		}
	}
}

// see takes an answer of EC2 to a question for ids, or for a volume where there are none; item is nil where it does
// not have the snapshot.
func (s *snapshot) see(e exchange, asked []string, item any) {
	switch {
	case !s.old.IsZero():
		return
	case slices.Contains(asked, s.id):
		s.byID.see(item != nil, e)
	case len(asked) == 0 && slices.Contains(parameters(e.asked, "Filter.1.Value."), s.volume):
		s.byFilter.see(item != nil, e)
	}
	if item != nil {
		s.completed.see(text(item, "status") == "completed", e)
		s.tags.see(len(list(item, "tagSet.item")) > 0, e)
	}
}

// parameters are the values of a query's parameters that start so.
func parameters(tree any, prefix string) (out []string) {
	all, _ := tree.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if value, is := all[name].(string); is && strings.HasPrefix(name, prefix) {
			out = append(out, value)
		}
	}
	return out
}

func (f *fleet) settleSnapshots() {
	for _, id := range slices.Sorted(maps.Keys(f.snapshots)) {
		s := f.snapshots[id]
		if s.created.IsZero() {
			continue
		}
		for setting, t := range map[string]track{
			"aws.timing.snapshot": s.completed, "aws.timing.visibleById": s.byID, "aws.timing.visibleByFilter": s.byFilter,
		} {
			if w, seen := t.window(s.created); seen {
				f.measure(setting, s.gateway, s.created, w, nil).slack = s.took + t.took
			}
		}
	}
}

func (f *fleet) observeAlarms(e exchange) {
	for _, info := range list(e.answer, "MetricAlarms") {
		name := text(info, "AlarmName")
		if _, known := f.alarms[name]; known || name == "" {
			continue
		}
		parts := strings.SplitN(text(info, "AlarmArn"), ":", 6)
		alarm := cloudwatch.Alarm{Name: name, State: oneOf(text(info, "StateValue"), "StateValue", "OK")}
		if len(parts) == 6 {
			alarm.Region, alarm.Account = parts[3], parts[4]
		}
		f.alarms[name] = alarm
	}
}

// key is the access key of an account of the made scenario.
func key(account string) (id, secret string) { return "AKIACAPTURE" + account, "capture-" + account }

// scenario is the fleet as it was at the start.
func (f *fleet) scenario() simcloud.Scenario {
	var s simcloud.Scenario
	accounts, ids := map[string]bool{}, map[string]bool{}
	twice := func(id string) bool { // the simulator has one of an id, whatever account or region it is in
		was := ids[id]
		ids[id] = true
		return was
	}
	for _, g := range f.all() {
		conf := g.scenario(f)
		accounts[conf.Account] = true
		if twice(conf.ID) {
			continue
		}
		conf.Volumes = slices.DeleteFunc(conf.Volumes, func(v aws.Volume) bool { return twice(v.ID) })
		for i := range conf.Volumes {
			for _, id := range slices.Sorted(maps.Keys(f.snapshots)) {
				if old := f.snapshots[id]; old.volume == strings.ToLower(conf.Volumes[i].ID) && !old.old.IsZero() {
					conf.Volumes[i].ScheduledAgo = append(conf.Volumes[i].ScheduledAgo, f.start.Sub(old.old).Round(time.Second))
				}
			}
		}
		s.AWS.Gateways = append(s.AWS.Gateways, conf)
	}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		id, secret := key(account)
		s.AWS.Credentials = append(s.AWS.Credentials,
			aws.Credential{AccessKeyID: id, SecretAccessKey: secret, Account: account})
	}
	for _, name := range slices.Sorted(maps.Keys(f.alarms)) {
		s.AWS.Alarms = append(s.AWS.Alarms, f.alarms[name])
	}
	s.Huawei = f.huawei()
	return s
}

// orders are the updates whose states, and the snapshots whose members, came in an order that the simulator does not
// have.
func (f *fleet) orders() (out []Difference) {
	for _, g := range f.all() {
		if g.update.start.IsZero() || slices.Contains(knownOrders(g.update.flaps), g.update.order) {
			continue
		}
		out = append(out, Difference{
			Kind: KindOrder, Service: "storagegateway", Operation: "DescribeGatewayInformation", Path: "update",
			Captured: g.update.order, Simulated: "O A O N", Times: 1, First: g.seen[0].number,
			Assumption: AssumptionLastUpdate,
			Proposal: fmt.Sprintf("internal/simcloud/aws/update.go newUpdate: phases for %s (O: old software, D: with another date, A: away, N: new software)",
				g.update.order),
		})
	}
	if late, times := f.lateTags(); times > 0 {
		out = append(out, Difference{
			Kind: KindTiming, Service: "ec2", Operation: "DescribeSnapshots", Path: "tagSet", Captured: late,
			Simulated: "tags are shown with the snapshot", Times: times, Assumption: AssumptionTags,
			Proposal: "internal/simcloud/aws/ops_ec2.go: show a new snapshot's tags later",
		})
	}
	return out
}

// lateTags says when snapshots that were shown without their tags had them, and how many there were.
func (f *fleet) lateTags() (when string, times int) {
	var low, high time.Duration
	for _, s := range f.snapshots {
		if !s.tagged || s.tags.not.IsZero() {
			continue
		}
		times++
		w, seen := s.tags.window(s.created)
		if !seen {
			return "not within " + seconds(s.tags.not.Sub(s.created)) + " of CreateSnapshot", times
		}
		if after := w.from.Sub(s.created); times == 1 || after < low {
			low = after
		}
		high = max(high, w.to.Sub(s.created))
	}
	return fmt.Sprintf("%s to %s after CreateSnapshot", seconds(low), seconds(high)), times
}

// knownOrders are those that polls may see of the simulator's phases, any of which may be missed.
func knownOrders(flaps int) (out []string) {
	for bits := range 1 << 3 {
		var order []string
		for i, word := range []string{"O", "A", "O"} {
			if bits&(1<<i) != 0 && (len(order) == 0 || order[len(order)-1] != word) {
				order = append(order, word)
			}
		}
		text := strings.Join(order, " ")
		out = append(out, text)
		for range flaps + 1 {
			text = strings.TrimSpace(text + " N")
			out = append(out, text)
			text += " A"
			out = append(out, text)
		}
	}
	return out
}
