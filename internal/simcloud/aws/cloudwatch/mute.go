package cloudwatch

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// mute is an alarm mute rule.
type mute struct {
	name, arn, description         string
	expression, duration, timezone *string
	alarms                         []string
	tags                           map[string]string
	start, expire, updated         time.Time
	// from and until are the one time for which it mutes.
	from, until time.Time
}

// The statuses of a mute rule.
const (
	muteScheduled = "SCHEDULED"
	muteActive    = "ACTIVE"
	muteExpired   = "EXPIRED"
)

func (m *mute) active(at time.Time) bool { return !at.Before(m.from) && at.Before(m.until) }

func (m *mute) status(at time.Time) string {
	switch {
	case !at.Before(m.until):
		return muteExpired
	case m.active(at):
		return muteActive
	}
	return muteScheduled
}

// schedule finds the time for which the rule mutes: from at(...), or the start date if that is later,
// for the duration, or to the expire date if that is sooner. What is over before it starts never mutes.
func (m *mute) schedule(now time.Time, lateMutes string) *wire.Error {
	zone, err := time.LoadLocation(deref(m.timezone)) //nolint:forbidigo // AWS takes any zone, and this is no workflow
	if err != nil || deref(m.timezone) == "Local" {
		return wire.Invalid("Value '" + *m.timezone + "' at 'rule.schedule.timezone' is not a time zone such as Europe/London")
	}
	at, refused := parseAt(*m.expression, zone)
	if refused != nil {
		return refused
	}
	length, refused := parseDuration(*m.duration)
	if refused != nil {
		return refused
	}
	m.from, m.until = at, at.Add(length)
	if m.start.After(m.from) {
		m.from = m.start
	}
	if !m.expire.IsZero() && m.expire.Before(m.until) {
		m.until = m.expire
	}
	if m.until.Before(m.from) || lateMutes == LateMutesNever && m.from.Before(now) {
		m.from, m.until = at, at
	}
	return nil
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// parseAt reads at(yyyy-MM-ddThh:mm). Recurring schedules are AWS's and not the simulator's.
func parseAt(expression string, zone *time.Location) (time.Time, *wire.Error) {
	if strings.HasPrefix(expression, "cron(") {
		return time.Time{}, wire.NotSimulated("alarm mute rules with a schedule of cron(...)")
	}
	at, err := time.ParseInLocation("at(2006-01-02T15:04)", expression, zone)
	if err != nil {
		return time.Time{}, wire.Invalid("Value '" + expression + "' at 'rule.schedule.expression' is neither at(yyyy-MM-ddThh:mm) nor cron(...)")
	}
	return at, nil
}

var durationForm = regexp.MustCompile(`^P(?:(\d{1,2})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,5})M)?)?$`)

const (
	shortestMute = time.Minute
	longestMute  = 15 * 24 * time.Hour
)

// parseDuration reads ISO 8601's, in days, hours and minutes.
func parseDuration(text string) (time.Duration, *wire.Error) {
	parts := durationForm.FindStringSubmatch(text)
	var length time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if len(parts) > 0 && parts[i+1] != "" {
			n, _ := strconv.Atoi(parts[i+1]) // digits
			length += time.Duration(n) * unit
		}
	}
	if length < shortestMute || length > longestMute || strings.HasSuffix(text, "T") {
		return 0, wire.Invalid(fmt.Sprintf("Value '%s' at 'rule.schedule.duration' is not an ISO 8601 duration from PT1M to P15D", text))
	}
	return length, nil
}
