package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/simcloud/check"
)

var (
	gatewayIDForm = regexp.MustCompile(`^sgw-[0-9A-F]{8}([0-9A-F]{9})?$`)
	volumeIDForm  = regexp.MustCompile(`^vol-[0-9A-F]{8}([0-9A-F]{9})?$`)
	accountForm   = regexp.MustCompile(`^\d{12}$`)
)

const (
	policyAll       = "ALL_VERSIONS"
	policyEmergency = "EMERGENCY_VERSIONS_ONLY"

	noUpdateAccepted     = "accepted"
	noUpdateNotSupported = "notSupported"

	outcomeCompleted = "completed"
	outcomeStuck     = "stuck"
	outcomeError     = "error"

	stateRunning      = "RUNNING"
	stateDisconnected = "DISCONNECTED"
	stateShutdown     = "SHUTDOWN"

	typeCached = "CACHED"
	typeStored = "STORED"
	typeTape   = "VTL"

	maxCachedGiB = 32 * 1024
	maxStoredGiB = 16 * 1024
	maxVolumes   = 32
)

// Validate reports every fault of the scenario as joined FieldErrors, nil if it has none.
func (s Scenario) Validate() error {
	c := &check.Checker{}
	for i, region := range s.Regions {
		c.Form(fmt.Sprintf("regions[%d]", i), region, wire.RegionForm, "an AWS region such as us-east-1")
	}
	s.checkCredentials(c)
	c.OneOf("noUpdate", s.NoUpdate, "", noUpdateAccepted, noUpdateNotSupported)
	c.OneOf("lateMutes", s.LateMutes, "", cloudwatch.LateMutesActive, cloudwatch.LateMutesNever)
	s.Timing.check(c, "timing")
	gateways, volumes := map[string]bool{}, map[string]bool{}
	for i, g := range s.Gateways {
		path := fmt.Sprintf("gateways[%d]", i)
		g.check(c, path)
		c.Unique(path+".id", g.ID, gateways)
		for j, v := range g.Volumes {
			c.Unique(fmt.Sprintf("%s.volumes[%d].id", path, j), v.ID, volumes)
		}
		if len(s.Regions) > 0 && g.Region != "" && !slices.Contains(s.Regions, g.Region) {
			c.Wrong(path+".region", g.Region, "one of the scenario's regions: "+strings.Join(s.Regions, ", "))
		}
	}
	cloudwatch.Check(c, "alarms", s.alarms(), gateways)
	return c.Err()
}

func (s Scenario) checkCredentials(c *check.Checker) {
	keys := map[string]bool{}
	for i, cred := range s.Credentials {
		path := fmt.Sprintf("credentials[%d]", i)
		c.Require(path+".accessKeyId", cred.AccessKeyID)
		c.Unique(path+".accessKeyId", cred.AccessKeyID, keys)
		if cred.SecretAccessKey == "" {
			c.Wrong(path+".secretAccessKey", "", "the secret that belongs to the key")
		}
		if cred.Account != "" {
			c.Form(path+".account", cred.Account, accountForm, "twelve digits")
		}
		if cred.ExpiresIn < 0 {
			c.Wrong(path+".expiresIn", cred.ExpiresIn.String(), "a duration such as 15m, or nothing")
		}
	}
}

func (g Gateway) check(c *check.Checker, path string) {
	c.Form(path+".id", g.ID, gatewayIDForm, "sgw- and 8 or 17 upper-case hexadecimal digits, such as sgw-12A3456B")
	if g.Region != "" {
		c.Form(path+".region", g.Region, wire.RegionForm, "an AWS region such as us-east-1")
	}
	if g.Account != "" {
		c.Form(path+".account", g.Account, accountForm, "twelve digits")
	}
	c.OneOf(path+".type", g.Type, "", typeCached, typeStored, typeTape, "VTL_SNOW", "FILE_S3", "FILE_FSX_SMB")
	if n := len(g.State); n == 1 || n > 25 {
		c.Wrong(path+".state", g.State, "2 to 25 characters, such as RUNNING, STATE_RUNNING, SHUTDOWN or DISCONNECTED")
	}
	if g.Timezone != "" {
		if _, err := maintenance.ParseZone(g.Timezone); err != nil {
			c.Wrong(path+".timezone", g.Timezone, "GMT, GMT-h:mm or GMT+h:mm")
		}
	}
	c.OneOf(path+".hostEnvironment", g.HostEnvironment, "", "VMWARE", "HYPER-V", "EC2", "KVM", "OTHER", "SNOWBALL")
	c.OneOf(path+".automaticUpdatePolicy", g.AutomaticUpdatePolicy, "", policyAll, policyEmergency)
	c.OneOf(path+".noUpdate", g.NoUpdate, "", noUpdateAccepted, noUpdateNotSupported)
	for i, name := range g.Omit {
		c.OneOf(fmt.Sprintf("%s.omit[%d]", path, i), name, "SoftwareVersion", "LastSoftwareUpdate",
			"NextUpdateAvailabilityDate", "GatewayState")
	}
	c.NotNegative(path+".updateOfferedAgo", g.UpdateOfferedAgo)
	c.Add(checkTags(path+".tags", g.Tags))
	if g.Flaps < 0 {
		c.Wrong(path+".flaps", fmt.Sprint(g.Flaps), "0 or more")
	}
	c.NotNegative(path+".lastUpdatedAgo", g.LastUpdatedAgo)
	c.NotNegative(path+".awsUpdatesAfter", g.AWSUpdatesAfter)
	g.Shown.check(c, path+".shown")
	g.Window.check(c, path+".window")
	g.Timing.check(c, path+".timing")
	g.Cache.check(c, path+".cache")
	g.UploadBuffer.check(c, path+".uploadBuffer")
	g.checkVolumes(c, path)
}

func (s Shown) check(c *check.Checker, path string) {
	c.OneOf(path+".endpointType", s.EndpointType, "", "STANDARD", "FIPS")
	c.OneOf(path+".capacity", s.Capacity, append(capacities(), "")...)
	for i, one := range s.SupportedCapacities {
		c.OneOf(fmt.Sprintf("%s.supportedCapacities[%d]", path, i), one, capacities()...)
	}
}

func capacities() []string { return []string{"Small", "Medium", "Large"} }

func (g Gateway) checkVolumes(c *check.Checker, path string) {
	if len(g.Volumes) > 0 && !hasVolumes(g.Type) {
		c.Wrong(path+".volumes", fmt.Sprintf("%d volumes", len(g.Volumes)),
			"none: only CACHED and STORED gateways have volumes")
	}
	if len(g.Volumes) > maxVolumes {
		c.Wrong(path+".volumes", fmt.Sprintf("%d volumes", len(g.Volumes)), "at most 32")
	}
	limit := maxCachedGiB
	if g.Type == typeStored {
		limit = maxStoredGiB
	}
	for i, v := range g.Volumes {
		v.check(c, fmt.Sprintf("%s.volumes[%d]", path, i), limit)
	}
}

func (v Volume) check(c *check.Checker, path string, limitGiB int) {
	c.Form(path+".id", v.ID, volumeIDForm, "vol- and 8 or 17 upper-case hexadecimal digits, such as vol-1122AABB")
	if v.SizeGiB < 0 || v.SizeGiB > limitGiB {
		c.Wrong(path+".sizeGiB", fmt.Sprint(v.SizeGiB), fmt.Sprintf("1 to %d", limitGiB))
	}
	checkVolumeStatus(c, path+".status", v.Status)
	checkVolumeStatus(c, path+".afterUpdate", v.AfterUpdate)
	c.OneOf(path+".attachmentStatus", v.AttachmentStatus, "", "ATTACHED", "DETACHED", "DETACHING")
	c.OneOf(path+".snapshotOutcome", v.SnapshotOutcome, "", outcomeCompleted, outcomeStuck, outcomeError)
	if v.SnapshotOutcomeTimes < 0 {
		c.Wrong(path+".snapshotOutcomeTimes", fmt.Sprint(v.SnapshotOutcomeTimes), "0 (all) or more")
	}
	c.NotNegative(path+".scheduledEvery", v.ScheduledEvery)
	checkInitiators(c, path+".initiators", v.Initiators)
	for i, ago := range v.ScheduledAgo {
		c.NotNegative(fmt.Sprintf("%s.scheduledAgo[%d]", path, i), ago)
	}
}

// hasVolumes is so for the two volume types; empty is CACHED, the default.
func hasVolumes(gatewayType string) bool {
	return gatewayType == "" || gatewayType == typeCached || gatewayType == typeStored
}

func checkVolumeStatus(c *check.Checker, path, value string) {
	if n := len(value); n > 0 && (n < 3 || n > 50) {
		c.Wrong(path, value, "3 to 50 characters, such as AVAILABLE or PASS THROUGH, or empty")
	}
}

func (t Timing) check(c *check.Checker, path string) {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"gap", t.Gap},
		{"restart", t.Restart},
		{"oldVersion", t.OldVersion},
		{"flap", t.Flap},
		{"bootstrap", t.Bootstrap},
		{"reconnect", t.Reconnect},
		{"snapshot", t.Snapshot},
		{"visibleById", t.VisibleByID},
		{"visibleByFilter", t.VisibleByFilter},
	} {
		c.NotNegative(path+"."+d.name, d.value)
	}
	c.InRange(path+".gapPolls", t.GapPolls, 0, 1000)
	c.InRange(path+".oldVersionPolls", t.OldVersionPolls, 0, 1000)
}

func (w Window) check(c *check.Checker, path string) {
	c.InRange(path+".hourOfDay", w.HourOfDay, 0, 23)
	c.InRange(path+".minuteOfHour", w.MinuteOfHour, 0, 59)
	c.InRange(path+".dayOfWeek", w.DayOfWeek, 0, 6)
	c.InRange(path+".dayOfMonth", w.DayOfMonth, 1, 28)
	c.NotNegative(path+".opensIn", w.OpensIn)
	c.NotNegative(path+".openedAgo", w.OpenedAgo)
	if w.Malformed || w.NotSupported || w.empty() {
		return
	}
	ways := 0
	for _, way := range []bool{w.absolute(), w.OpensIn != 0, w.OpenedAgo != 0} {
		if way {
			ways++
		}
	}
	switch {
	case ways > 1:
		c.Wrong(path, "several ways at once", "one of: hourOfDay with minuteOfHour and a day; opensIn; openedAgo")
	case w.absolute() && !w.whole():
		c.Wrong(path, "an incomplete schedule", "hourOfDay and minuteOfHour and either dayOfWeek or dayOfMonth (or malformed: true)")
	}
}

// absolute has a part of AWS's own schedule.
func (w Window) absolute() bool {
	return w.HourOfDay != nil || w.MinuteOfHour != nil || w.DayOfWeek != nil || w.DayOfMonth != nil
}

// whole is a schedule that AWS's write call takes.
func (w Window) whole() bool {
	return w.HourOfDay != nil && w.MinuteOfHour != nil && (w.DayOfWeek != nil) != (w.DayOfMonth != nil)
}

// empty is a window that says nothing.
func (w Window) empty() bool {
	return w == Window{}
}
