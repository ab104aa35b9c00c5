package aws

import (
	"cmp"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

type gatewayInformation struct {
	GatewayARN                 string
	GatewayId                  string
	GatewayName                string
	GatewayTimezone            string
	GatewayState               string `json:",omitempty"`
	GatewayType                string
	GatewayNetworkInterfaces   []networkInterface
	NextUpdateAvailabilityDate string `json:",omitempty"`
	LastSoftwareUpdate         string `json:",omitempty"`
	SoftwareVersion            string `json:",omitempty"`
	HostEnvironment            string
	EndpointType               string
	CloudWatchLogGroupARN      string   `json:",omitempty"`
	GatewayCapacity            string   `json:",omitempty"`
	SupportedGatewayCapacities []string `json:",omitempty"`
	SoftwareUpdatesEndDate     string   `json:",omitempty"`
	VPCEndpoint                string   `json:",omitempty"`
	Tags                       []tag

	hostMembers
}

// hostMembers are those of a gateway's host and age that a list shows too.
type hostMembers struct {
	DeprecationDate   string `json:",omitempty"`
	Ec2InstanceId     string `json:",omitempty"`
	Ec2InstanceRegion string `json:",omitempty"`
	HostEnvironmentId string `json:",omitempty"`
}

func (g *gateway) hostMembers() hostMembers {
	s := g.conf.Shown
	return hostMembers{
		DeprecationDate: g.date(s.DeprecatedIn), Ec2InstanceId: s.EC2InstanceID, Ec2InstanceRegion: s.EC2InstanceRegion,
		HostEnvironmentId: s.HostEnvironmentID,
	}
}

type networkInterface struct {
	Ipv4Address string
	Ipv6Address string `json:",omitempty"`
}

// describeGateway answers while the gateway is connected, in whatever state.
func (c *Cloud) describeGateway(call *wire.Call, g *gateway) (any, *wire.Error) {
	g.poll(call.Now)
	if !g.connected() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	info := gatewayInformation{
		GatewayARN: g.arn, GatewayId: g.conf.ID, GatewayName: g.conf.Name, GatewayTimezone: g.zone.String(),
		GatewayState: g.state, GatewayType: g.conf.Type, HostEnvironment: g.conf.HostEnvironment,
		EndpointType: cmp.Or(g.conf.Shown.EndpointType, "STANDARD"), SoftwareVersion: g.version, Tags: shownTags(g.tags),
		GatewayNetworkInterfaces: []networkInterface{{Ipv4Address: "10.0.0.10", Ipv6Address: g.conf.Shown.IPv6}},
		CloudWatchLogGroupARN:    g.conf.Shown.LogGroup, GatewayCapacity: g.conf.Shown.Capacity,
		SupportedGatewayCapacities: g.conf.Shown.SupportedCapacities, VPCEndpoint: g.conf.Shown.VPCEndpoint,
		SoftwareUpdatesEndDate: g.date(g.conf.Shown.UpdatesEndIn), hostMembers: g.hostMembers(),
	}
	if !g.lastUpdate.IsZero() {
		info.LastSoftwareUpdate = g.local(g.lastUpdate)
	}
	if g.next != "" {
		info.NextUpdateAvailabilityDate = g.local(g.nextDate)
	}
	members := map[string]*string{
		"SoftwareVersion": &info.SoftwareVersion, "LastSoftwareUpdate": &info.LastSoftwareUpdate,
		"NextUpdateAvailabilityDate": &info.NextUpdateAvailabilityDate, "GatewayState": &info.GatewayState,
	}
	for _, name := range g.conf.Omit {
		*members[name] = ""
	}
	return info, nil
}

type updatePreferences struct {
	AutomaticUpdatePolicy *string `json:",omitempty"`
}

type maintenanceStart struct {
	GatewayARN                string
	HourOfDay                 *int `json:",omitempty"`
	MinuteOfHour              *int `json:",omitempty"`
	DayOfWeek                 *int `json:",omitempty"`
	DayOfMonth                *int `json:",omitempty"`
	Timezone                  string
	SoftwareUpdatePreferences updatePreferences
}

func (c *Cloud) describeMaintenance(_ *wire.Call, g *gateway) (any, *wire.Error) {
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	if g.window.NotSupported {
		return nil, wire.Refuse("NotSupported")
	}
	w := g.window
	return maintenanceStart{
		GatewayARN: g.arn, HourOfDay: w.HourOfDay, MinuteOfHour: w.MinuteOfHour, DayOfWeek: w.DayOfWeek,
		DayOfMonth: w.DayOfMonth,
		Timezone:   g.zone.String(), SoftwareUpdatePreferences: updatePreferences{AutomaticUpdatePolicy: &g.policy},
	}, nil
}

type updateMaintenanceInput struct {
	GatewayARN                                     *string
	HourOfDay, MinuteOfHour, DayOfWeek, DayOfMonth *int
	SoftwareUpdatePreferences                      *updatePreferences
}

// schedule is what the input has of one.
func (in updateMaintenanceInput) schedule() Window {
	return Window{
		HourOfDay: in.HourOfDay, MinuteOfHour: in.MinuteOfHour, DayOfWeek: in.DayOfWeek, DayOfMonth: in.DayOfMonth,
	}
}

// policy is empty where the input has none.
func (in updateMaintenanceInput) policy() string {
	if in.SoftwareUpdatePreferences == nil || in.SoftwareUpdatePreferences.AutomaticUpdatePolicy == nil {
		return ""
	}
	return *in.SoftwareUpdatePreferences.AutomaticUpdatePolicy
}

func (in updateMaintenanceInput) check() *wire.Error {
	var v violations
	v.Between("hourOfDay", in.HourOfDay, 0, 23)
	v.Between("minuteOfHour", in.MinuteOfHour, 0, 59)
	v.Between("dayOfWeek", in.DayOfWeek, 0, 6)
	v.Between("dayOfMonth", in.DayOfMonth, 1, 28)
	if p := in.policy(); p != "" {
		v.OneOf("softwareUpdatePreferences.automaticUpdatePolicy", p, policyAll, policyEmergency)
	}
	return v.err()
}

// updateMaintenance takes a schedule, a policy or both; what is not sent
// persists, and an incomplete schedule changes nothing.
func (c *Cloud) updateMaintenance(call *wire.Call, in updateMaintenanceInput) (any, *wire.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	g, err := c.findGateway(call, in.GatewayARN)
	if err != nil {
		return nil, err
	}
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	window, policy := in.schedule(), in.policy()
	if window.absolute() && !window.whole() || !window.absolute() && policy == "" {
		return nil, wire.RefuseParameter("schedule", "want hourOfDay and minuteOfHour and either dayOfWeek or dayOfMonth")
	}
	detail := map[string]string{}
	if window.absolute() {
		g.window = window
		detail["window"] = window.String()
	}
	if policy != "" {
		g.policy = policy
		detail["automaticUpdatePolicy"] = policy
	}
	c.effect(call, g.arn, detail)
	return gatewayOutput{GatewayARN: g.arn}, nil
}

// updateSoftware answers 200 before anything has happened. What AWS answers
// when there is no update, or when one is under way, is documented nowhere:
// the first is a setting, the second 200 without another update. An accepted
// second trigger is an effect all the same, so that nobody's double sending
// goes unseen.
func (c *Cloud) updateSoftware(call *wire.Call, g *gateway) (any, *wire.Error) {
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	detail := map[string]string{"from": g.version, "to": g.next}
	switch {
	case g.update != nil:
		detail["to"], detail["outcome"] = g.update.version, "an update was under way already"
	case g.next == "" && g.conf.NoUpdate == noUpdateNotSupported:
		return nil, wire.Refuse("NotSupported")
	case g.next == "" || g.conf.NoEffect:
		return gatewayOutput{GatewayARN: g.arn}, nil
	default:
		c.startUpdate(g, call.Now)
	}
	c.effect(call, g.arn, detail)
	return gatewayOutput{GatewayARN: g.arn}, nil
}

type listInput struct {
	GatewayARN *string
	Marker     *string
	Limit      *int
}

type gatewayInfo struct {
	GatewayId               string
	GatewayARN              string
	GatewayType             string
	GatewayOperationalState string
	GatewayName             string
	HostEnvironment         string
	SoftwareVersion         string `json:",omitempty"`

	hostMembers
}

type listGatewaysOutput struct {
	Gateways []gatewayInfo
	Marker   *string `json:",omitempty"`
}

// listGateways reads registrations, which needs no connected gateway.
func (c *Cloud) listGateways(call *wire.Call, in listInput) (any, *wire.Error) {
	var v violations
	v.page(in.Marker, in.Limit)
	if err := v.err(); err != nil {
		return nil, err
	}
	mine := []*gateway{}
	for _, g := range c.gateways {
		if g.belongs(call) {
			mine = append(mine, g)
		}
	}
	some, next, err := page(mine, func(g *gateway) string { return g.arn }, in.Marker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := listGatewaysOutput{Gateways: []gatewayInfo{}, Marker: next}
	for _, g := range some {
		c.advance(g, call.Now)
		info := gatewayInfo{
			GatewayId: g.conf.ID, GatewayARN: g.arn, GatewayType: g.conf.Type, GatewayOperationalState: "ACTIVE",
			GatewayName: g.conf.Name, HostEnvironment: g.conf.HostEnvironment, SoftwareVersion: g.version,
			hostMembers: g.hostMembers(),
		}
		if slices.Contains(g.conf.Omit, "SoftwareVersion") {
			info.SoftwareVersion = ""
		}
		out.Gateways = append(out.Gateways, info)
	}
	return out, nil
}

// shutdownGateway stops the gateway's software, of volume and tape gateways alone. AWS answers 200 at once and
// takes some time; here it is down at once. Pending snapshots never complete.
func (c *Cloud) shutdownGateway(call *wire.Call, g *gateway) (any, *wire.Error) {
	switch {
	case !canShutDown(g.conf.Type):
		return nil, wire.Refuse("NotSupported")
	case !g.running():
		return nil, wire.Refuse("GatewayNotConnected")
	}
	g.state = stateShutdown
	c.stall(g, call.Now)
	c.effect(call, g.arn, map[string]string{})
	return gatewayOutput{GatewayARN: g.arn}, nil
}

// startGateway starts one that was shut down; its volumes bootstrap. What AWS answers for one that runs is
// documented nowhere: here 200, without an effect.
func (c *Cloud) startGateway(call *wire.Call, g *gateway) (any, *wire.Error) {
	switch {
	case !canShutDown(g.conf.Type):
		return nil, wire.Refuse("NotSupported")
	case !g.connected():
		return nil, wire.Refuse("GatewayNotConnected")
	case g.state == stateShutdown:
		g.state, g.backSince = stateRunning, call.Now
		c.effect(call, g.arn, map[string]string{})
	}
	return gatewayOutput{GatewayARN: g.arn}, nil
}

func canShutDown(gatewayType string) bool { return hasVolumes(gatewayType) || gatewayType == typeTape }

type updateInformationInput struct {
	GatewayARN                                                           *string
	CloudWatchLogGroupARN, GatewayCapacity, GatewayName, GatewayTimezone *string
}

type updateInformationOutput struct {
	GatewayARN  string
	GatewayName string
}

// updateInformation changes what is sent of a gateway, connected or not. Its window stays at its hour, so that
// another zone moves it.
func (c *Cloud) updateInformation(call *wire.Call, in updateInformationInput) (any, *wire.Error) {
	var v violations
	v.Longest("gatewayName", in.GatewayName, 2, 255)
	v.Longest("gatewayTimezone", in.GatewayTimezone, 3, 10)
	v.Longest("cloudWatchLogGroupARN", in.CloudWatchLogGroupARN, 0, 562)
	if in.GatewayCapacity != nil {
		v.OneOf("gatewayCapacity", *in.GatewayCapacity, capacities()...)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	g, err := c.findGateway(call, in.GatewayARN)
	if err != nil {
		return nil, err
	}
	if in.GatewayTimezone != nil {
		zone, err := maintenance.ParseZone(*in.GatewayTimezone)
		if err != nil {
			return nil, wire.RefuseParameter("gatewayTimezone", "want GMT, GMT-4:00 or GMT+5:30")
		}
		g.zone = zone
	}
	detail, shown := map[string]string{}, &g.conf.Shown
	for name, member := range map[string]struct{ sent, kept *string }{
		"name": {in.GatewayName, &g.conf.Name}, "timezone": {in.GatewayTimezone, &g.conf.Timezone},
		"capacity": {in.GatewayCapacity, &shown.Capacity}, "logGroup": {in.CloudWatchLogGroupARN, &shown.LogGroup},
	} {
		if member.sent != nil {
			*member.kept, detail[name] = *member.sent, *member.sent
		}
	}
	c.effect(call, g.arn, detail)
	return updateInformationOutput{GatewayARN: g.arn, GatewayName: g.conf.Name}, nil
}
