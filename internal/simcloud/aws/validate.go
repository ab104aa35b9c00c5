package aws

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
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

	typeCached = "CACHED"
	typeStored = "STORED"

	maxCachedGiB = 32 * 1024
	maxStoredGiB = 16 * 1024
	maxVolumes   = 32
)

// Validate reports every fault of the scenario as joined FieldErrors, nil if it has none.
func (s Scenario) Validate() error {
	c := &checker{}
	for i, region := range s.Regions {
		c.form(fmt.Sprintf("regions[%d]", i), region, wire.RegionForm, "an AWS region such as us-east-1")
	}
	s.checkCredentials(c)
	c.oneOf("noUpdate", s.NoUpdate, "", noUpdateAccepted, noUpdateNotSupported)
	s.Timing.check(c, "timing")
	gateways, volumes := map[string]bool{}, map[string]bool{}
	for i, g := range s.Gateways {
		path := fmt.Sprintf("gateways[%d]", i)
		g.check(c, path)
		c.unique(path+".id", g.ID, gateways)
		for j, v := range g.Volumes {
			c.unique(fmt.Sprintf("%s.volumes[%d].id", path, j), v.ID, volumes)
		}
		if len(s.Regions) > 0 && g.Region != "" && !slices.Contains(s.Regions, g.Region) {
			c.wrong(path+".region", g.Region, "one of the scenario's regions: "+strings.Join(s.Regions, ", "))
		}
	}
	return errors.Join(c.faults...)
}

func (s Scenario) checkCredentials(c *checker) {
	keys := map[string]bool{}
	for i, cred := range s.Credentials {
		path := fmt.Sprintf("credentials[%d]", i)
		c.require(path+".accessKeyId", cred.AccessKeyID)
		c.unique(path+".accessKeyId", cred.AccessKeyID, keys)
		if cred.SecretAccessKey == "" {
			c.wrong(path+".secretAccessKey", "", "the secret that belongs to the key")
		}
		if cred.Account != "" {
			c.form(path+".account", cred.Account, accountForm, "twelve digits")
		}
		if cred.ExpiresIn < 0 {
			c.wrong(path+".expiresIn", cred.ExpiresIn.String(), "a duration such as 15m, or nothing")
		}
	}
}

func (g Gateway) check(c *checker, path string) {
	c.form(path+".id", g.ID, gatewayIDForm, "sgw- and 8 or 17 upper-case hexadecimal digits, such as sgw-12A3456B")
	if g.Region != "" {
		c.form(path+".region", g.Region, wire.RegionForm, "an AWS region such as us-east-1")
	}
	if g.Account != "" {
		c.form(path+".account", g.Account, accountForm, "twelve digits")
	}
	c.oneOf(path+".type", g.Type, "", typeCached, typeStored, "VTL", "VTL_SNOW", "FILE_S3", "FILE_FSX_SMB")
	if n := len(g.State); n == 1 || n > 25 {
		c.wrong(path+".state", g.State, "2 to 25 characters, such as RUNNING, STATE_RUNNING, SHUTDOWN or DISCONNECTED")
	}
	if g.Timezone != "" {
		if _, err := maintenance.ParseZone(g.Timezone); err != nil {
			c.wrong(path+".timezone", g.Timezone, "GMT, GMT-h:mm or GMT+h:mm")
		}
	}
	c.oneOf(path+".hostEnvironment", g.HostEnvironment, "", "VMWARE", "HYPER-V", "EC2", "KVM", "OTHER", "SNOWBALL")
	c.oneOf(path+".automaticUpdatePolicy", g.AutomaticUpdatePolicy, "", policyAll, policyEmergency)
	c.oneOf(path+".noUpdate", g.NoUpdate, "", noUpdateAccepted, noUpdateNotSupported)
	for i, name := range g.Omit {
		c.oneOf(fmt.Sprintf("%s.omit[%d]", path, i), name, "SoftwareVersion", "LastSoftwareUpdate",
			"NextUpdateAvailabilityDate", "GatewayState")
	}
	if err := checkTags(path+".tags", g.Tags); err != nil {
		c.faults = append(c.faults, err)
	}
	if g.Flaps < 0 {
		c.wrong(path+".flaps", fmt.Sprint(g.Flaps), "0 or more")
	}
	c.notNegative(path+".lastUpdatedAgo", g.LastUpdatedAgo)
	c.notNegative(path+".awsUpdatesAfter", g.AWSUpdatesAfter)
	g.Window.check(c, path+".window")
	g.Timing.check(c, path+".timing")
	g.checkVolumes(c, path)
}

func (g Gateway) checkVolumes(c *checker, path string) {
	if len(g.Volumes) > 0 && !hasVolumes(g.Type) {
		c.wrong(path+".volumes", fmt.Sprintf("%d volumes", len(g.Volumes)),
			"none: only CACHED and STORED gateways have volumes")
	}
	if len(g.Volumes) > maxVolumes {
		c.wrong(path+".volumes", fmt.Sprintf("%d volumes", len(g.Volumes)), "at most 32")
	}
	limit := maxCachedGiB
	if g.Type == typeStored {
		limit = maxStoredGiB
	}
	for i, v := range g.Volumes {
		v.check(c, fmt.Sprintf("%s.volumes[%d]", path, i), limit)
	}
}

func (v Volume) check(c *checker, path string, limitGiB int) {
	c.form(path+".id", v.ID, volumeIDForm, "vol- and 8 or 17 upper-case hexadecimal digits, such as vol-1122AABB")
	if v.SizeGiB < 0 || v.SizeGiB > limitGiB {
		c.wrong(path+".sizeGiB", fmt.Sprint(v.SizeGiB), fmt.Sprintf("1 to %d", limitGiB))
	}
	c.volumeStatus(path+".status", v.Status)
	c.volumeStatus(path+".afterUpdate", v.AfterUpdate)
	c.oneOf(path+".attachmentStatus", v.AttachmentStatus, "", "ATTACHED", "DETACHED", "DETACHING")
	c.oneOf(path+".snapshotOutcome", v.SnapshotOutcome, "", outcomeCompleted, outcomeStuck, outcomeError)
	if v.SnapshotOutcomeTimes < 0 {
		c.wrong(path+".snapshotOutcomeTimes", fmt.Sprint(v.SnapshotOutcomeTimes), "0 (all) or more")
	}
	c.notNegative(path+".scheduledEvery", v.ScheduledEvery)
	for i, ago := range v.ScheduledAgo {
		c.notNegative(fmt.Sprintf("%s.scheduledAgo[%d]", path, i), ago)
	}
}

// hasVolumes is so for the two volume types; empty is CACHED, the default.
func hasVolumes(gatewayType string) bool {
	return gatewayType == "" || gatewayType == typeCached || gatewayType == typeStored
}

// checker collects faults.
type checker struct {
	faults []error
}

func (c *checker) wrong(path, value, want string) {
	c.faults = append(c.faults, maintenance.Invalid(path, value, want))
}

func (c *checker) require(path, value string) {
	if value == "" {
		c.wrong(path, "", "a value")
	}
}

func (c *checker) form(path, value string, form *regexp.Regexp, want string) {
	if !form.MatchString(value) {
		c.wrong(path, value, want)
	}
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	c.wrong(path, value, "one of "+strings.Join(named, ", "))
}

func (c *checker) unique(path, value string, seen map[string]bool) {
	if value != "" && seen[value] {
		c.wrong(path, value, "a value that no other entry has")
	}
	seen[value] = true
}

func (c *checker) notNegative(path string, d time.Duration) {
	if d < 0 {
		c.wrong(path, d.String(), "a duration such as 45s, not below zero")
	}
}

func (c *checker) inRange(path string, value *int, low, high int) {
	if value != nil && (*value < low || *value > high) {
		c.wrong(path, fmt.Sprint(*value), fmt.Sprintf("%d to %d", low, high))
	}
}

func (c *checker) volumeStatus(path, value string) {
	if n := len(value); n > 0 && (n < 3 || n > 50) {
		c.wrong(path, value, "3 to 50 characters, such as AVAILABLE or PASS THROUGH, or empty")
	}
}

func (t Timing) check(c *checker, path string) {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"gap", t.Gap},
		{"restart", t.Restart},
		{"oldVersion", t.OldVersion},
		{"flap", t.Flap},
		{"bootstrap", t.Bootstrap},
		{"snapshot", t.Snapshot},
		{"visibleById", t.VisibleByID},
		{"visibleByFilter", t.VisibleByFilter},
	} {
		c.notNegative(path+"."+d.name, d.value)
	}
	c.inRange(path+".gapPolls", t.GapPolls, 0, 1000)
	c.inRange(path+".oldVersionPolls", t.OldVersionPolls, 0, 1000)
}

func (w Window) check(c *checker, path string) {
	c.inRange(path+".hourOfDay", w.HourOfDay, 0, 23)
	c.inRange(path+".minuteOfHour", w.MinuteOfHour, 0, 59)
	c.inRange(path+".dayOfWeek", w.DayOfWeek, 0, 6)
	c.inRange(path+".dayOfMonth", w.DayOfMonth, 1, 28)
	c.notNegative(path+".opensIn", w.OpensIn)
	c.notNegative(path+".openedAgo", w.OpenedAgo)
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
		c.wrong(path, "several ways at once", "one of: hourOfDay with minuteOfHour and a day; opensIn; openedAgo")
	case w.absolute() && !w.whole():
		c.wrong(path, "an incomplete schedule", "hourOfDay and minuteOfHour and either dayOfWeek or dayOfMonth (or malformed: true)")
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
