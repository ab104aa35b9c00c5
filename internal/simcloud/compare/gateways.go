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
	order               string // such as O A O N: see orderOf
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
	named, _, _, has := e.gatewayOf()
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
			f.gateway(text(info, "GatewayARN")).describe(info)
		}
	case "ListVolumes", "DescribeCachediSCSIVolumes", "DescribeStorediSCSIVolumes":
		for _, info := range slices.Concat(list(e.answer, "VolumeInfos"), described(e)) {
			f.gateway(text(info, "VolumeARN")).volume(info)
		}
	}
	if g != nil {
		g.observe(e)
	}
}

// described are the volumes of an answer.
func described(e exchange) []any {
	return slices.Concat(list(e.answer, "CachediSCSIVolumes"), list(e.answer, "StorediSCSIVolumes"))
}

// observe takes what an answer says of the gateway that was named.
func (g *gateway) observe(e exchange) {
	switch e.Operation {
	case "DescribeGatewayInformation":
		g.look(e)
	case "DescribeMaintenanceStartTime":
		g.schedule(e)
	case "UpdateGatewaySoftwareNow":
		if e.result.ok() || e.result.status == 0 {
			g.triggers = append(g.triggers, e.At)
		}
	case "ListVolumeInitiators":
		g.initiators(e)
	}
}

// describe takes the members that do not change.
func (g *gateway) describe(info any) {
	if g == nil {
		return
	}
	g.conf.Name = cmp.Or(text(info, "GatewayName"), g.conf.Name)
	g.conf.Type = cmp.Or(text(info, "GatewayType"), g.conf.Type)
	g.conf.HostEnvironment = cmp.Or(text(info, "HostEnvironment"), g.conf.HostEnvironment)
	if len(g.seen) == 0 {
		g.conf.Version = cmp.Or(text(info, "SoftwareVersion"), g.conf.Version)
	}
}

func (g *gateway) look(e exchange) {
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
	if g.window {
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
	another := func(l look) bool { return !l.away && l.version != base.version }
	dated := func(l look) bool { return !l.away && l.last != base.last }
	renewed := dated
	if slices.ContainsFunc(after, another) { // else an update of the same version
		renewed = another
	}
	n := slices.IndexFunc(after, renewed)
	g.update.order = orderOf(after, renewed, dated)
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

// orderOf is what was seen one after the other: O old software, D the same with another date, A away, N new software.
func orderOf(seen []look, renewed, dated func(look) bool) string {
	var order []string
	for _, l := range seen {
		word := "O"
		switch {
		case l.away:
			word = "A"
		case renewed(l):
			word = "N"
		case dated(l):
			word = "D"
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
	gone := a >= 0 && (n < 0 || a < n)
	if u.byAWS { // it started at the first sign of it
		first := n
		if gone {
			first = a
		}
		u.start = middle(seen[max(first-1, 0)].at, seen[first].at)
	}
	previous := func(i int) time.Time {
		if i > 0 {
			return seen[i-1].at
		}
		return u.start
	}
	switch {
	case gone:
		g.away(f, seen, window{previous(a), seen[a].at}, a, n)
	case n >= 0: // too quick, or the polls too rare
		third := seen[n].at.Sub(previous(n)) / 3
		u.gone, u.back = previous(n).Add(third), previous(n).Add(2*third)
	}
	if n < 0 {
		return
	}
	if u.renewed = middle(previous(n), seen[n].at); u.back.IsZero() || u.back.After(u.renewed) {
		u.back = u.renewed
	}
	for i := n + 1; i < len(seen); i++ {
		if seen[i].away && !seen[i-1].away {
			u.flaps++
		}
	}
}

// away measures the phases of an update whose restart was seen, at a, within the window.
func (g *gateway) away(f *fleet, seen []look, gone window, a, n int) {
	u := &g.update
	u.gone = middle(gone.from, gone.to)
	if u.byAWS {
		u.gone = u.start
	}
	b := a
	for b < len(seen) && seen[b].away {
		b++
	}
	if b < len(seen) {
		u.back = middle(seen[b-1].at, seen[b].at)
	}
	if u.byAWS {
		return // nobody knows when it started
	}
	f.measure("aws.timing.gap", g.conf.ID, u.start, gone, ats(seen[:a])).blur(seen[a])
	if b == len(seen) {
		return
	}
	back := window{seen[b-1].at, seen[b].at}
	f.measureSpan("aws.timing.restart", g.conf.ID, gone, back).blur(seen[b])
	if n >= b {
		f.measure("aws.timing.oldVersion", g.conf.ID, back.from, window{seen[n-1].at, seen[n].at}, ats(seen[b:n])).
			since(back).blur(seen[n])
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
	conf.Type = oneOf(conf.Type, "GatewayType", "FILE_S3")
	conf.HostEnvironment = oneOf(conf.HostEnvironment, "HostEnvironment", "OTHER")
	conf.AutomaticUpdatePolicy = oneOf(conf.AutomaticUpdatePolicy, "AutomaticUpdatePolicy", "ALL_VERSIONS")
	if _, err := maintenance.ParseZone(conf.Timezone); err != nil {
		conf.Timezone = "GMT"
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
			v := *g.volumes[id]
			v.AttachmentStatus = oneOf(v.AttachmentStatus, "VolumeAttachmentStatus", "ATTACHED")
			conf.Volumes = append(conf.Volumes, v)
		}
	}
	return conf
}

// oneOf is a word of an enumeration that a scenario takes, in place of another word; nothing stays nothing.
func oneOf(word, member, instead string) string {
	if word == "" || slices.Contains(documented(member), word) {
		return word
	}
	return instead
}
