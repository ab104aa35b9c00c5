package maintenance

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Mark says which run has changed a setting for a while. It stands on the thing itself,
// with what was there before: Temporal may forget a run, and what the run changed must
// not be taken for its owner's setting then.
type Mark struct {
	WorkflowID string    `json:"workflowId"` // of the run
	RunID      string    `json:"runId"`
	Namespace  string    `json:"namespace"` // Temporal's
	Since      time.Time `json:"since"`     // UTC, in whole seconds
}

// String names the run, for people.
func (m Mark) String() string {
	return fmt.Sprintf("run %s (%s) of namespace %s", m.WorkflowID, m.RunID, m.Namespace)
}

// MarkStanding is what has become of the run of a mark.
type MarkStanding string

// The standings of a mark.
const (
	MarkOwn     MarkStanding = "own"               // of the run that asks
	MarkHeld    MarkStanding = "held"              // of a run that is in progress
	MarkForeign MarkStanding = "another namespace" // of a run that cannot be asked for
	MarkLeft    MarkStanding = "leftover"          // of a run that has ended, or that Temporal does not know
)

// Standing judges the mark as the run asker sees it. open is true where Temporal knows
// the mark's run and it is in progress; it is not asked for in another namespace.
func (m Mark) Standing(asker Mark, open bool) MarkStanding {
	switch {
	case m.Namespace != asker.Namespace:
		return MarkForeign
	case m.WorkflowID == asker.WorkflowID && m.RunID == asker.RunID:
		return MarkOwn
	case open:
		return MarkHeld
	}
	return MarkLeft
}

// Marked is a setting that was found with a mark.
type Marked struct {
	Setting  string       `json:"setting"`  // what it is, such as "automatic updates of sgw-12A3456B"
	Tag      string       `json:"tag"`      // key of the tag that is the mark, or its main part
	Owner    string       `json:"owner"`    // what was there before, in words
	Set      string       `json:"set"`      // what the run set, in words
	Now      string       `json:"now"`      // what is there now, in words
	Mark     Mark         `json:"mark"`     //
	Standing MarkStanding `json:"standing"` // empty: nobody asked Temporal yet
}

// Restorable is true while the setting is as the run set it. A value that was changed
// since is someone's decision: the mark alone goes then.
func (m Marked) Restorable() bool { return m.Now == m.Set }

// Leftover is true for the mark of a run that does not work on the thing any more.
func (m Marked) Leftover() bool { return m.Standing == MarkLeft || m.Standing == MarkOwn }

// Bars says, for people, why nothing may touch the thing now; empty: something may.
func (m Marked) Bars() string {
	if m.Leftover() {
		return ""
	}
	return m.String()
}

// String says what it means, and what to do, for people.
func (m Marked) String() string {
	since := m.Mark.Since.UTC().Format(time.RFC3339)
	switch {
	case m.Standing == MarkForeign:
		return fmt.Sprintf("%s: changed by a run of another Temporal namespace, %s, since %s. If Tidegate still works there, wait until the run has ended. "+
			"Otherwise set %s again and remove the tag %s (docs/runbook.md, Marks)", m.Setting, m.Mark, since, m.Owner, m.Tag)
	case !m.Leftover():
		return fmt.Sprintf("%s: held at %s by %s, since %s", m.Setting, m.Set, m.Mark, since)
	case m.Restorable():
		return fmt.Sprintf("%s: left at %s since %s by %s, which has ended. The next run restores %s", m.Setting, m.Set, since, m.Mark, m.Owner)
	}
	return fmt.Sprintf("%s: marked since %s by %s, which has ended. They are %s now, which is not what that run set, so they stay so; the next run removes the mark",
		m.Setting, since, m.Mark, m.Now)
}

// AutomaticUpdatesTag is the key of the tag on a gateway that marks its policy for
// automatic updates.
const AutomaticUpdatesTag = "tidegate:automatic-updates"

// The limits of a gateway's tags (AWS API reference, AddTagsToResource and Tag).
const (
	MaxTags     = 50  // on one resource
	MaxTagValue = 256 // characters
)

// PolicyMark marks a gateway whose policy for automatic updates was changed for a while.
type PolicyMark struct {
	Mark
	Owner AutomaticUpdatePolicy `json:"owner"` // that was there before
	Set   AutomaticUpdatePolicy `json:"set"`   // that the run set
}

// Value is the tag's value:
//
//	was=ALL_VERSIONS set=EMERGENCY_VERSIONS_ONLY run=gateway-sgw-12A3456B/4f0e... ns=default since=2026-11-29T12:00:00Z
//
// It keeps to AWS's characters; any other byte is + and two hexadecimal digits. One that
// has no room is ErrUnsupported: a mark is never cut.
func (m PolicyMark) Value() (string, error) {
	value := fmt.Sprintf("was=%s set=%s run=%s/%s ns=%s since=%s", tagText(string(m.Owner)), tagText(string(m.Set)),
		tagText(m.WorkflowID), tagText(m.RunID), tagText(m.Namespace), m.Since.UTC().Format(time.RFC3339))
	if len(value) > MaxTagValue {
		return "", fmt.Errorf("%w: the mark has %d characters, and a tag holds at most %d", ErrUnsupported, len(value),
			MaxTagValue)
	}
	return value, nil
}

// ParsePolicyMark reads what Value writes, and nothing else: ErrInvalid.
func ParsePolicyMark(value string) (PolicyMark, error) {
	var fields [5]string
	rest := value
	for i, name := range []string{"was=", "set=", "run=", "ns=", "since="} {
		field, after, _ := strings.Cut(rest, " ")
		fields[i], rest = strings.TrimPrefix(field, name), after
	}
	workflowID, runID, _ := strings.Cut(fields[2], "/")
	since, err := time.Parse(time.RFC3339, fields[4])
	m := PolicyMark{
		Mark: Mark{
			WorkflowID: untagText(workflowID), RunID: untagText(runID), Namespace: untagText(fields[3]),
			Since: since.UTC(),
		},
		Owner: AutomaticUpdatePolicy(untagText(fields[0])), Set: AutomaticUpdatePolicy(untagText(fields[1])),
	}
	complete := m.WorkflowID != "" && m.RunID != "" && m.Namespace != "" && m.Owner != "" && m.Set != ""
	if again, wrong := m.Value(); err != nil || !complete || wrong != nil || again != value {
		return PolicyMark{}, fmt.Errorf("%w: the mark %q cannot be read", ErrInvalid, value)
	}
	return m, nil
}

// PolicyMarkOf reads the mark among a gateway's tags; nil: it has none. Other tags are
// nobody's business here. One that cannot be read is ErrInvalid, never none.
func PolicyMarkOf(gatewayID string, tags map[string]string) (*PolicyMark, error) {
	value, marked := tags[AutomaticUpdatesTag]
	if !marked {
		return nil, nil //nolint:nilnil // there is none
	}
	m, err := ParsePolicyMark(value)
	if err != nil {
		return nil, fmt.Errorf("the tag %s of %s says that a run has changed its automatic updates for a while, and not what they were. "+
			"Set them to the intended value, then remove the tag (docs/runbook.md, Marks): %w", AutomaticUpdatesTag, gatewayID, err)
	}
	return &m, nil
}

// Found is the gateway's setting as it was found with this mark.
func (m PolicyMark) Found(gatewayID string, now AutomaticUpdatePolicy) Marked {
	return Marked{
		Setting: "automatic updates of " + gatewayID, Tag: AutomaticUpdatesTag,
		Owner: string(m.Owner), Set: string(m.Set), Now: orNothing(string(now)), Mark: m.Mark,
	}
}

// TagRoom says why a gateway's tags have no room for the mark; empty: they have.
func TagRoom(tags map[string]string) string {
	if _, marked := tags[AutomaticUpdatesTag]; marked || len(tags) < MaxTags {
		return ""
	}
	return fmt.Sprintf("it has %d tags, and AWS allows %d: remove one", len(tags), MaxTags)
}

// plainInTag are the characters that stand for themselves in a mark: AWS allows besides
// them the space, which parts fields, = after their names, / in run, and +.
const plainInTag = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-@"

func tagText(s string) string { return escape(s, plainInTag, "+") }

func untagText(s string) string { return unescape(s, "+") }

// escape writes a text with plain characters alone: the escape and two hexadecimal digits
// stand for any other byte.
func escape(s, plain, escape string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%s%02X", escape, c)
		}
	}
	return b.String()
}

// unescape reads what escape wrote. What it did not write comes out as something else:
// the caller writes it again, and compares.
func unescape(s, escape string) string {
	text, rest, escaped := strings.Cut(s, escape)
	for escaped {
		digits := rest[:min(2, len(rest))]
		if c, err := hex.DecodeString(digits); err == nil {
			text += string(c)
		}
		var plain string
		plain, rest, escaped = strings.Cut(rest[len(digits):], escape)
		text += plain
	}
	return text
}
