package monitoring

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// silence is one silence. Its times are UTC.
type silence struct {
	id                 string
	matchers           labels.Matchers
	startsAt, endsAt   time.Time
	updatedAt          time.Time
	createdBy, comment string
}

// The states of a silence.
const (
	silencePending = "pending"
	silenceActive  = "active"
	silenceExpired = "expired"
)

func (s *silence) state(at time.Time) string {
	switch {
	case at.Before(s.startsAt):
		return silencePending
	case at.Before(s.endsAt):
		return silenceActive
	}
	return silenceExpired
}

// postableSilence is a silence as clients send it.
type postableSilence struct {
	ID        string           `json:"id"`
	Matchers  []silenceMatcher `json:"matchers"`
	StartsAt  *time.Time       `json:"startsAt"`
	EndsAt    *time.Time       `json:"endsAt"`
	CreatedBy *string          `json:"createdBy"`
	Comment   *string          `json:"comment"`
}

type silenceMatcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"` // default true
}

// gettableSilence is a silence as Alertmanager shows it.
type gettableSilence struct {
	ID        string            `json:"id"`
	Matchers  []silenceMatcher  `json:"matchers"`
	StartsAt  time.Time         `json:"startsAt"`
	EndsAt    time.Time         `json:"endsAt"`
	UpdatedAt time.Time         `json:"updatedAt"`
	CreatedBy string            `json:"createdBy"`
	Comment   string            `json:"comment"`
	Status    map[string]string `json:"status"`
}

func (s *silence) show(now time.Time) gettableSilence {
	out := gettableSilence{
		ID: s.id, StartsAt: s.startsAt, EndsAt: s.endsAt, UpdatedAt: s.updatedAt, CreatedBy: s.createdBy,
		Comment: s.comment, Status: map[string]string{"state": s.state(now)},
	}
	for _, m := range s.matchers {
		out.Matchers = append(out.Matchers, silenceMatcher{
			Name: m.Name, Value: m.Value, IsRegex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
			IsEqual: new(m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp),
		})
	}
	return out
}

func (s *Servers) listSilences(c *call) answer {
	filter, wrong := parseFilter(c.URL.Query()["filter"])
	if wrong != nil {
		return *wrong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []gettableSilence{}
	for _, one := range s.silences {
		if one.concerns(filter) {
			out = append(out, one.show(c.now))
		}
	}
	return answer{http.StatusOK, out}
}

// concerns is so for a silence of which a matcher has each name and value of the filter.
func (s *silence) concerns(filter labels.Matchers) bool {
	return !slices.ContainsFunc(filter, func(wanted *labels.Matcher) bool {
		return !slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool {
			return m.Name == wanted.Name && wanted.Matches(m.Value)
		})
	})
}

func (s *Servers) getSilence(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.silence(c.id); one != nil {
		return answer{http.StatusOK, one.show(c.now)}
	}
	return answer{http.StatusNotFound, jsonText("silence not found")}
}

func (s *Servers) silence(id string) *silence {
	at := slices.IndexFunc(s.silences, func(one *silence) bool { return one.id == id })
	if at < 0 {
		return nil
	}
	return s.silences[at]
}

// postSilence creates a silence or changes one, by the rules of Alertmanager: one that has started keeps its start and
// its matchers, and every other change expires it and creates another one.
func (s *Servers) postSilence(c *call) answer {
	var in postableSilence
	if err := json.Unmarshal(c.body, &in); err != nil {
		says := "parsing silence body failed: " + err.Error()
		return answer{http.StatusBadRequest, map[string]any{"code": 400, "message": says}}
	}
	want, refused := in.silence(c.now)
	if refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.ID != "" {
		former := s.silence(in.ID)
		switch {
		case former == nil:
			return answer{http.StatusNotFound, jsonText("silence not found")}
		case former.becomes(want, c.now):
			former.startsAt, former.endsAt, former.updatedAt = want.startsAt, want.endsAt, c.now.UTC()
			former.createdBy, former.comment = want.createdBy, want.comment
			s.note(c, former, "changed")
			return answer{http.StatusOK, map[string]string{"silenceID": former.id}}
		case former.state(c.now) != silenceExpired:
			former.expire(c.now)
		}
	}
	sum := sha256.Sum256([]byte("silence " + strconv.Itoa(len(s.silences))))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // a UUID of version 4
	want.id = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	if want.startsAt.Before(c.now) {
		want.startsAt = c.now.UTC()
	}
	s.silences = append(s.silences, want)
	s.note(c, want, "created")
	return answer{http.StatusOK, map[string]string{"silenceID": want.id}}
}

// becomes is so where a silence can be changed into another without a new one.
func (s *silence) becomes(want *silence, now time.Time) bool {
	if s.matchers.String() != want.matchers.String() {
		return false
	}
	switch s.state(now) {
	case silenceActive:
		return s.startsAt.Unix() == want.startsAt.Unix() && !want.endsAt.Before(now)
	case silencePending:
		return !want.startsAt.Before(now)
	}
	return false
}

func (s *silence) expire(now time.Time) {
	if s.state(now) == silencePending {
		s.startsAt = now.UTC()
	}
	s.endsAt, s.updatedAt = now.UTC(), now.UTC()
}

// silence is what a client wants, or the refusal.
func (in postableSilence) silence(now time.Time) (*silence, *answer) {
	for name, missing := range map[string]bool{
		"comment": in.Comment == nil, "createdBy": in.CreatedBy == nil,
		"startsAt": in.StartsAt == nil, "endsAt": in.EndsAt == nil,
	} {
		if missing {
			says := map[string]any{"code": 602, "message": name + " in body is required"}
			return nil, &answer{http.StatusUnprocessableEntity, says}
		}
	}
	invalid := func(text string) (*silence, *answer) { return nil, &answer{http.StatusBadRequest, jsonText(text)} }
	selects := false
	want := &silence{
		startsAt: in.StartsAt.UTC(), endsAt: in.EndsAt.UTC(), updatedAt: now.UTC(),
		createdBy: *in.CreatedBy, comment: *in.Comment,
	}
	for _, m := range in.Matchers {
		parsed, err := labels.NewMatcher(m.kind(), m.Name, m.Value)
		if err != nil {
			return invalid("invalid label matcher: " + err.Error())
		}
		want.matchers = append(want.matchers, parsed)
		selects = selects || !parsed.Matches("")
	}
	slices.SortFunc(want.matchers, func(a, b *labels.Matcher) int { return strings.Compare(a.String(), b.String()) })
	switch {
	case !want.startsAt.Before(want.endsAt):
		return invalid("Failed to create silence: start time must be before end time")
	case want.endsAt.Before(now):
		return invalid("Failed to create silence: end time can't be in the past")
	case len(want.matchers) == 0:
		return invalid("silence invalid: at least one matcher required")
	case !selects:
		return invalid("silence invalid: at least one matcher must not match the empty string")
	}
	return want, nil
}

func (m silenceMatcher) kind() labels.MatchType {
	negative := m.IsEqual != nil && !*m.IsEqual
	switch {
	case m.IsRegex && negative:
		return labels.MatchNotRegexp
	case m.IsRegex:
		return labels.MatchRegexp
	case negative:
		return labels.MatchNotEqual
	}
	return labels.MatchEqual
}

func (s *Servers) expireSilence(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.silence(c.id)
	switch {
	case one == nil:
		return answer{http.StatusNotFound, nil}
	case one.state(c.now) == silenceExpired:
		return answer{http.StatusInternalServerError, jsonText("silence " + c.id + " already expired")}
	}
	one.expire(c.now)
	s.note(c, one, "expired")
	return answer{http.StatusOK, nil}
}

// note puts a change of a silence into the ledger. inForce is how many silences with its matchers are pending or active
// after it: of a mute that is kept as it must be, never more than one.
func (s *Servers) note(c *call, one *silence, change string) {
	inForce := 0
	for _, other := range s.silences {
		if other.matchers.String() == one.matchers.String() && other.state(c.now) != silenceExpired {
			inForce++
		}
	}
	op, _, _ := find(c.Request)
	s.Book.Effect(op.Name, one.id, c.Header.Get("X-Request-Id"), map[string]string{
		"change": change, "matchers": one.matchers.String(), "comment": one.comment, "createdBy": one.createdBy,
		"startsAt": one.startsAt.Format(time.RFC3339), "endsAt": one.endsAt.Format(time.RFC3339),
		"inForce": strconv.Itoa(inForce),
	})
}
