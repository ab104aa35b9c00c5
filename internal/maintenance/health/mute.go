package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Mute selects alarms that are kept quiet while a target is worked on. Exactly one of the kinds is set.
type Mute struct {
	Alertmanager *AlertSelector `json:"alertmanager,omitempty"` // by a silence
	Alarms       *AlarmSelector `json:"alarms,omitempty"`       // by a mute rule of CloudWatch
}

// Kind is the field of the mute's kind: alertmanager or alarms.
func (m Mute) Kind() string {
	if m.Alarms != nil {
		return "alarms"
	}
	return "alertmanager"
}

// Ask is what the mute selects for the target: the matchers of its silence, or the alarms of its rule, of which a
// prefix has to be read, since a rule takes names only.
func (m Mute) Ask(s Subject) (Question, error) {
	if m.Alarms != nil {
		return m.Alarms.question(s)
	}
	return m.Alertmanager.question(s)
}

func (m Mute) validate(f *faults, at string) {
	f.unless((m.Alertmanager != nil) != (m.Alarms != nil), at, "", "a mute of one kind: alertmanager or alarms")
	if m.Alarms != nil {
		m.Alarms.validate(f, at+".alarms")
		f.unless(m.Alarms.Prefix == "" || m.Alarms.Prefix.hasValues(), at+".alarms.prefix", string(m.Alarms.Prefix),
			"with a value of the target, such as sgw-{{gateway}}-, or the alarms of others would be muted too")
	}
	if m.Alertmanager == nil {
		return
	}
	m.Alertmanager.validate(f, at+".alertmanager")
	bounds := func(t Template) bool {
		matcher, err := t.matcher(anyValues)
		return err != nil || t.hasValues() && !matcher.Negative && matcher.selects()
	}
	f.unless(slices.ContainsFunc(m.Alertmanager.Matchers, bounds), at+".alertmanager.matchers", "",
		`with at least one matcher for a value of the target, such as gateway="{{gateway}}", or alerts of others would be silenced too`)
}

// MuteGrace is how long after the time that the work may take a mute ends by itself: a dead worker leaves nobody blind.
const MuteGrace = 10 * time.Minute

// MuteUntil is when the mute of a change ends by itself, in whole minutes, since CloudWatch counts in these. The change
// may be sent until latest and then takes so long at most, and the checks after it have their time as well.
func MuteUntil(latest time.Time, takes time.Duration, checks []Check) time.Time {
	var after time.Duration
	for _, c := range At(checks, AtAfter) {
		after = max(after, c.Within.Std()+time.Duration(c.Failures)*c.Every.Std())
	}
	return latest.Add(takes + after + MuteGrace + time.Minute - 1).UTC().Truncate(time.Minute)
}

// SilenceChange is what has to be done so that exactly one silence of a mute is in force.
type SilenceChange struct {
	// Set is the silence to create, or to change if it has an ID; nil: the one in force is right.
	Set *Silence
	// Keep is the ID of the silence that is in force already; empty: there is none.
	Keep string
	// Expire are the IDs of others of the same mute: of a request whose response was lost, or of a run that has ended.
	Expire []string
}

// Silencing decides how the mute of a target comes into force, by the silences that Alertmanager has. There may be
// others of the same mute: a second request after a lost response makes a second silence.
func Silencing(mark MuteMark, selected []Matcher, from, until time.Time, found []Silence) SilenceChange {
	want := Silence{Matchers: selected, StartsAt: from, EndsAt: until, CreatedBy: "tidegate", Comment: mark.Comment()}
	own := ownSilences(mark, found)
	if len(own) == 0 {
		return SilenceChange{Set: &want}
	}
	kept := own[0]
	change := SilenceChange{Keep: kept.ID}
	for _, other := range own[1:] {
		change.Expire = append(change.Expire, other.ID)
	}
	current, _ := ParseMuteMark(kept.Comment)
	sameRun := current.WorkflowID == mark.WorkflowID && current.RunID == mark.RunID
	if sameRun && kept.EndsAt.After(until) {
		until = kept.EndsAt // of a change of the run that may take longer
	}
	want.EndsAt = until
	if !sameRun || !kept.EndsAt.Equal(until) || kept.StartsAt.After(from) || !sameMatchers(kept.Matchers, selected) {
		want.ID = kept.ID
		if kept.StartsAt.Before(from) {
			want.StartsAt = kept.StartsAt // with another start, Alertmanager would expire it and create a second one
		}
		change.Set = &want
	}
	return change
}

// Unsilencing are the IDs of all silences of the mute that are in force.
func Unsilencing(mark MuteMark, found []Silence) (expire []string) {
	for _, s := range ownSilences(mark, found) {
		expire = append(expire, s.ID)
	}
	return expire
}

// ownSilences are those of the same mute that have not ended; the one that ends last comes first.
func ownSilences(mark MuteMark, found []Silence) (own []Silence) {
	for _, s := range found {
		if other, ours := ParseMuteMark(s.Comment); ours && !s.Expired && other.SameMute(mark) {
			own = append(own, s)
		}
	}
	slices.SortFunc(own, func(a, b Silence) int {
		if c := b.EndsAt.Compare(a.EndsAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return own
}

func sameMatchers(a, b []Matcher) bool {
	text := func(all []Matcher) []string {
		var texts []string
		for _, m := range all {
			texts = append(texts, m.String())
		}
		slices.Sort(texts)
		return slices.Compact(texts)
	}
	return slices.Equal(text(a), text(b))
}

// MuteRule is a mute rule of CloudWatch: while it is active the alarms go on changing their state, and their actions do
// not run. It mutes in one interval, and expires with it.
type MuteRule struct {
	Name    string // MuteMark.RuleName
	Comment string // MuteMark.Comment, which is its description
	// Alarms are the names of alarms that there are, metric or composite: 1 to MostMuted, sorted.
	Alarms []string
	// From and Until bound the interval: 1 minute to MaxMuted, in whole minutes, UTC.
	From, Until time.Time
}

// MaxMuted is the longest that a rule mutes (AWS API, Schedule: P15D).
const MaxMuted = 15 * 24 * time.Hour

// muteAhead is how long before its start a rule is put, at least. AWS does not document whether one whose at(...) has
// passed mutes at all, and no alarm acts on what happened in the last minute.
const muteAhead = 10 * time.Second

// Muting is the rule that mutes the alarms that were read for the mute, from the first full minute on that is far
// enough ahead. An error says that there are none, more than one rule takes, or that it would mute for too long.
func Muting(mark MuteMark, read []Alarm, from, until time.Time) (MuteRule, error) {
	var alarms []string
	for _, a := range read {
		alarms = append(alarms, a.Name)
	}
	slices.Sort(alarms)
	alarms = slices.Compact(alarms)
	switch {
	case len(alarms) == 0:
		return MuteRule{}, fmt.Errorf("%w: no alarm has one of these names or this prefix, so none is muted", maintenance.ErrNotFound)
	case len(alarms) > MostMuted:
		return MuteRule{}, fmt.Errorf("%w: %d alarms have these names or this prefix, and a mute rule takes at most %d: make the prefix longer, or several mutes",
			maintenance.ErrInvalid, len(alarms), MostMuted)
	}
	rule := MuteRule{
		Name: mark.RuleName(), Comment: mark.Comment(), Alarms: alarms,
		From:  from.UTC().Add(muteAhead).Truncate(time.Minute).Add(time.Minute),
		Until: until.UTC().Add(time.Minute - 1).Truncate(time.Minute),
	}
	if lasts := rule.Until.Sub(rule.From); lasts < time.Minute || lasts > MaxMuted {
		return MuteRule{}, fmt.Errorf("%w: a mute until %s does not last 1 minute to 15 days: shorten the window or the run's time limits",
			maintenance.ErrInvalid, stamp(rule.Until))
	}
	return rule, nil
}

// Holds is true if a rule that is there already does what is wanted: to put it again would start it anew, and unmute
// its alarms until then.
func (r MuteRule) Holds(want MuteRule) bool {
	is, ours := ParseMuteMark(r.Comment)
	wanted, _ := ParseMuteMark(want.Comment)
	sameRun := ours && is.SameMute(wanted) && is.WorkflowID == wanted.WorkflowID && is.RunID == wanted.RunID
	return sameRun && slices.Equal(r.Alarms, want.Alarms) && !r.From.After(want.From) && !r.Until.Before(want.Until)
}
