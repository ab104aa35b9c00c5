package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// gateway is one of the capture.
type gateway struct {
	conf     aws.Gateway
	seen     []look // every description and refusal of one, by time
	triggers []time.Time
	window   bool // was read
	volumes  map[string]*aws.Volume
	ends     []window // of volumes that came back
	update   update
}

// look is one DescribeGatewayInformation.
type look struct {
	at, end time.Time
	number  int
	away    bool
	state   string
	version string
	last    string
	next    bool
}

// window is between two times.
type window struct{ from, to time.Time }

// update is what was seen of a gateway's update: each time is the middle between the last poll before and the first
// after. Zero times were not seen.
type update struct {
	byAWS               bool
	start               time.Time
	gone, back, renewed time.Time
	flaps               int
	order               string // such as O A O N: old, away, new
	version             string // that it brought
}

func (f *fleet) gateway(arnText string) *gateway {
	whole, region, account, id, ok := arn(arnText)
	if !ok {
		return nil
	}
	g := f.gateways[whole]
	if g == nil {
		g = &gateway{
			conf:    aws.Gateway{ID: id, Region: region, Account: account, Version: "1.0.0", NeverUpdated: true},
			volumes: map[string]*aws.Volume{},
		}
		f.gateways[whole] = g
	}
	return g
}

// observeAWS takes what an answer of Storage Gateway says.
func (f *fleet) observeAWS(e exchange) {
	named, _, _, _, has := e.gatewayOf()
	if e.result.has("GatewayNotFound") || e.result.has("VolumeNotFound") {
		return // it does not exist
	}
	var g *gateway
	if has {
		g = f.gateway(named)
	}
	switch e.Operation {
	case "ListGateways":
		for _, info := range list(e.answer, "Gateways") {
			if g := f.gateway(text(info, "GatewayARN")); g != nil {
				g.describe(info)
			}
		}
	case "DescribeGatewayInformation":
		g.look(e)
	case "DescribeMaintenanceStartTime":
		g.schedule(e)
	case "UpdateGatewaySoftwareNow":
		if g != nil && (e.result.ok() || e.result.status == 0) {
			g.triggers = append(g.triggers, e.At)
		}
	case "ListVolumes":
		for _, info := range list(e.answer, "VolumeInfos") {
			f.gateway(text(info, "VolumeARN")).volume(info)
		}
	case "DescribeCachediSCSIVolumes", "DescribeStorediSCSIVolumes":
		for _, info := range append(list(e.answer, "CachediSCSIVolumes"), list(e.answer, "StorediSCSIVolumes")...) {
			f.gateway(text(info, "VolumeARN")).volume(info)
		}
	case "ListVolumeInitiators":
		if g != nil {
			g.initiators(e)
		}
	}
}

// describe takes the members that do not change.
func (g *gateway) describe(info any) {
	g.conf.Name = cmp.Or(text(info, "GatewayName"), g.conf.Name)
	g.conf.Type = cmp.Or(text(info, "GatewayType"), g.conf.Type)
	g.conf.HostEnvironment = cmp.Or(text(info, "HostEnvironment"), g.conf.HostEnvironment)
	if len(g.seen) == 0 {
		g.conf.Version = cmp.Or(text(info, "SoftwareVersion"), g.conf.Version)
	}
}

func (g *gateway) look(e exchange) {
	if g == nil {
		return
	}
	l := look{at: e.At, end: e.At.Add(took(e)), number: e.number}
	switch {
	case e.result.ok():
		l.state, l.version, l.last = text(e.answer, "GatewayState"), text(e.answer, "SoftwareVersion"),
			text(e.answer, "LastSoftwareUpdate")
		l.next = get(e.answer, "NextUpdateAvailabilityDate") != nil
		if !slices.ContainsFunc(g.seen, func(l look) bool { return !l.away }) {
			g.first(e, l)
		}
	case e.result.has("GatewayNotConnected"):
		l.away = true
	default:
		return
	}
	g.seen = append(g.seen, l)
}

// first takes the first description: the state at the start.
func (g *gateway) first(e exchange, l look) {
	g.describe(e.answer)
	g.conf.State = l.state
	g.conf.Timezone = text(e.answer, "GatewayTimezone")
	for member, value := range map[string]string{
		"SoftwareVersion": l.version, "GatewayState": l.state,
	} {
		if value == "" {
			g.conf.Omit = append(g.conf.Omit, member)
		}
	}
	slices.Sort(g.conf.Omit)
	if zone, err := maintenance.ParseZone(g.conf.Timezone); err == nil && l.last != "" {
		if at, err := time.ParseInLocation("2006-01-02T15:04:05", l.last, zone.Location()); err == nil && at.Before(e.At) {
			g.conf.NeverUpdated, g.conf.LastUpdatedAgo = false, e.At.Sub(at)
		}
	}
	if l.next {
		g.conf.NextVersion = "offered"
	}
	g.conf.Tags = map[string]string{}
	for _, tag := range list(e.answer, "Tags") {
		g.conf.Tags[text(tag, "Key")] = text(tag, "Value")
	}
}

func (g *gateway) schedule(e exchange) {
	if g == nil || g.window {
		return
	}
	if e.result.has("NotSupported") {
		g.window, g.conf.Window = true, aws.Window{NotSupported: true}
	}
	if !e.result.ok() {
		return
	}
	g.window, g.conf.Window = true, windowOf(e.answer)
	g.conf.AutomaticUpdatePolicy = text(e.answer, "SoftwareUpdatePreferences.AutomaticUpdatePolicy")
}

// windowOf is the schedule of an answer. One that is no whole schedule is marked as malformed.
func windowOf(answer any) aws.Window {
	w := aws.Window{
		HourOfDay: number(answer, "HourOfDay"), MinuteOfHour: number(answer, "MinuteOfHour"),
		DayOfWeek: number(answer, "DayOfWeek"), DayOfMonth: number(answer, "DayOfMonth"),
	}
	w.Malformed = w.HourOfDay == nil || w.MinuteOfHour == nil || (w.DayOfWeek == nil) == (w.DayOfMonth == nil)
	return w
}

func (g *gateway) volume(info any) {
	id := text(info, "VolumeId")
	if g == nil || id == "" {
		return
	}
	v := g.volumes[id]
	if v == nil {
		v = &aws.Volume{ID: id}
		g.volumes[id] = v
	}
	if size := number(info, "VolumeSizeInBytes"); size != nil {
		v.SizeGiB = *size >> 30
	}
	v.AttachmentStatus = cmp.Or(text(info, "VolumeAttachmentStatus"), v.AttachmentStatus)
}

func (g *gateway) initiators(e exchange) {
	_, id, _ := strings.Cut(text(e.asked, "VolumeARN"), "/volume/")
	v := g.volumes[id]
	if v == nil || len(v.Initiators) > 0 {
		return
	}
	for _, one := range texts(e.answer, "Initiators") {
		name, _, _ := strings.Cut(one, ":")
		v.Initiators = append(v.Initiators, aws.Initiator{Name: name})
	}
}

// settle finds the gateway's first update in what was seen, and adds what was measured of it.
func (g *gateway) settle(f *fleet) {
	start := slices.IndexFunc(g.seen, func(l look) bool { return !l.away })
	if start < 0 {
		return
	}
	base, from := g.seen[start], start
	if len(g.triggers) > 0 {
		g.update.start = g.triggers[0]
		for i, l := range g.seen {
			if !l.away && l.at.Before(g.update.start) {
				base, from = l, i+1
			}
		}
	}
	after := g.seen[min(from, len(g.seen)):]
	renewed := func(l look) bool { return !l.away && (l.version != base.version || l.last != base.last) }
	n := slices.IndexFunc(after, renewed)
	g.update.order = orderOf(after, renewed)
	if len(g.triggers) == 0 {
		if n < 0 {
			return
		}
		g.update.byAWS = true // nobody here asked for it
	}
	a := slices.IndexFunc(after, func(l look) bool { return l.away })
	g.phases(f, after, a, n)
	if n >= 0 {
		g.update.version = after[n].version
	}
	g.conf.NextVersion = cmp.Or(g.update.version, "offered")
}

// orderOf is what was seen one after the other.
func orderOf(seen []look, renewed func(look) bool) string {
	var order []string
	for _, l := range seen {
		word := "O"
		switch {
		case l.away:
			word = "A"
		case renewed(l):
			word = "N"
		}
		if len(order) == 0 || order[len(order)-1] != word {
			order = append(order, word)
		}
	}
	return strings.Join(order, " ")
}

// phases finds the middles of the changes: gone at a, renewed at n, of those seen after the start; below zero: never.
func (g *gateway) phases(f *fleet, seen []look, a, n int) {
	u := &g.update
	previous := func(i int) time.Time {
		if i > 0 {
			return seen[i-1].at
		}
		return u.start
	}
	if u.byAWS {
		first := n
		if a >= 0 && a < n {
			first = a
		}
		u.start = seen[0].at
		if first > 0 {
			u.start = seen[first-1].at
		}
		u.gone = middle(u.start, seen[first].at)
		u.start = u.gone
	}
	if a >= 0 && (n < 0 || a < n) {
		if u.gone.IsZero() {
			u.gone = middle(previous(a), seen[a].at)
			f.measure("aws.timing.gap", g.conf.ID, u.start, window{previous(a), seen[a].at}, ats(seen[:a])).blur(seen[a])
		}
		b := a + slices.IndexFunc(seen[a:], func(l look) bool { return !l.away })
		if b >= a {
			u.back = middle(seen[b-1].at, seen[b].at)
			if !u.byAWS {
				f.measureSpan("aws.timing.restart", g.conf.ID, window{previous(a), seen[a].at}, window{seen[b-1].at, seen[b].at}).blur(seen[b])
			}
			if n >= b && !u.byAWS {
				f.measure("aws.timing.oldVersion", g.conf.ID, seen[b-1].at, window{seen[max(b, n)-1].at, seen[n].at}, ats(seen[b:n])).
					since(window{seen[b-1].at, seen[b].at}).blur(seen[n])
			}
		}
	} else if n >= 0 && u.gone.IsZero() { // too quick, or the polls too rare
		third := seen[n].at.Sub(previous(n)) / 3
		u.gone, u.back = previous(n).Add(third), previous(n).Add(2*third)
	}
	if n >= 0 {
		u.renewed = seen[n].at
		if n > 0 {
			u.renewed = middle(seen[n-1].at, seen[n].at)
		}
		if u.back.IsZero() || u.back.After(u.renewed) {
			u.back = u.renewed
		}
		for i := n + 1; i < len(seen); i++ {
			if seen[i].away && !seen[i-1].away {
				u.flaps++
			}
		}
	}
}

func middle(a, b time.Time) time.Time { return a.Add(b.Sub(a) / 2) }

func ats(seen []look) (out []time.Time) {
	for _, l := range seen {
		out = append(out, l.at)
	}
	return out
}

// scenario is the gateway as it was at the start, with the times of its update.
func (g *gateway) scenario(f *fleet) aws.Gateway {
	conf := g.conf
	conf.State = cmp.Or(conf.State, "RUNNING")
	conf.LastUpdatedAgo = conf.LastUpdatedAgo.Round(time.Second)
	if conf.NextVersion == "offered" {
		conf.NextVersion = conf.Version + ".1"
	}
	conf.Flaps = g.update.flaps
	u := g.update
	conf.Timing = aws.Timing{GapPolls: new(0), OldVersionPolls: new(0)}
	for _, phase := range []struct {
		to         *time.Duration
		start, end time.Time
	}{
		{&conf.Timing.Gap, u.start, u.gone},
		{&conf.Timing.Restart, u.gone, u.back},
		{&conf.Timing.OldVersion, u.back, u.renewed},
	} {
		if !phase.end.IsZero() && !phase.start.IsZero() {
			*phase.to = max(phase.end.Sub(phase.start), time.Millisecond)
		}
	}
	conf.NeverComesBack = !u.gone.IsZero() && u.back.IsZero()
	conf.AWSUpdates = u.byAWS
	for to, setting := range map[*time.Duration]string{
		&conf.Timing.Snapshot: "aws.timing.snapshot", &conf.Timing.VisibleByID: "aws.timing.visibleById",
		&conf.Timing.VisibleByFilter: "aws.timing.visibleByFilter", &conf.Timing.Bootstrap: "aws.timing.bootstrap",
	} {
		*to = f.fitted(setting, conf.ID)
	}
	if conf.Type == "" || conf.Type == "CACHED" || conf.Type == "STORED" {
		for _, id := range slices.Sorted(maps.Keys(g.volumes)) {
			conf.Volumes = append(conf.Volumes, *g.volumes[id])
		}
	}
	return conf
}
