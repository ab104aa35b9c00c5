package health

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MuteMark says which run has muted alarms for a while. It stands in the comment of a silence and in the description
// of a mute rule.
type MuteMark struct {
	maintenance.Mark
	GatewayID string `json:"gatewayId"`
	// Number is which of the plan's mutes it is, from 1 on: a gateway has one silence or rule for each.
	Number int `json:"number,omitempty"`
}

// muteMarkStart is how the comment of each mute of ours starts.
const muteMarkStart = "tidegate mute"

// Comment is the mark's text:
//
//	tidegate mute of=sgw-12A3456B/1 run=gateway-sgw-12A3456B/4f0e... ns=default since=2026-11-29T12:00:00Z
//
// Alertmanager has no idempotency token, so a silence is found again by it.
func (m MuteMark) Comment() string {
	return fmt.Sprintf("%s of=%s/%d run=%s/%s ns=%s since=%s", muteMarkStart, url.QueryEscape(m.GatewayID), m.Number,
		url.QueryEscape(m.WorkflowID), url.QueryEscape(m.RunID), url.QueryEscape(m.Namespace),
		m.Since.UTC().Format(time.RFC3339))
}

// ParseMuteMark reads what Comment writes, and nothing else. Every other comment is another person's: ok is false.
func ParseMuteMark(comment string) (m MuteMark, ok bool) {
	fields := strings.Split(strings.TrimPrefix(comment, muteMarkStart+" "), " ")
	if len(fields) != 4 {
		return MuteMark{}, false
	}
	text := func(field, name string) (string, string) {
		first, second, _ := strings.Cut(strings.TrimPrefix(field, name+"="), "/")
		first, _ = url.QueryUnescape(first) // what cannot be read is not written again below
		second, _ = url.QueryUnescape(second)
		return first, second
	}
	var number, since string
	m.GatewayID, number = text(fields[0], "of")
	m.WorkflowID, m.RunID = text(fields[1], "run")
	m.Namespace, _ = text(fields[2], "ns")
	since, _ = text(fields[3], "since")
	_, _ = fmt.Sscan(number, &m.Number) // likewise
	m.Since, _ = time.Parse(time.RFC3339, since)
	complete := m.GatewayID != "" && m.Number > 0 && m.WorkflowID != "" && m.RunID != "" && m.Namespace != ""
	if !complete || m.Comment() != comment {
		return MuteMark{}, false
	}
	return m, true
}

// SameMute is true if two marks are of the same mute of a target, whichever run made it: its silence is changed, and
// no second one is created.
func (m MuteMark) SameMute(other MuteMark) bool {
	return m.Namespace == other.Namespace && m.GatewayID == other.GatewayID && m.Number == other.Number
}

// RuleName is the name of the CloudWatch mute rule, which is unique in an account and region, such as
// tidegate-default-sgw-12A3456B-1. The same name again updates the rule, and deleting a rule that is gone succeeds, so
// the name alone makes both idempotent. Runs of two namespaces have rules of their own. A namespace that has no place
// in a name (it has other characters, or is long) stands there by a hash.
func (m MuteMark) RuleName() string {
	namespace := m.Namespace
	if !plainNamespace.MatchString(namespace) {
		namespace = fmt.Sprintf("%x", sha256.Sum256([]byte(namespace)))[:16]
	}
	return fmt.Sprintf("tidegate-%s-%s-%d", namespace, m.GatewayID, m.Number)
}

var plainNamespace = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// MostMuted is how many alarms one mute rule can name (AWS API, MuteTargets).
const MostMuted = 100
