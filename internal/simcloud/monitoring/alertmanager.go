package monitoring

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// gettableAlert is an alert in the form of Alertmanager's API v2.
type gettableAlert struct {
	Annotations map[string]string `json:"annotations"`
	EndsAt      time.Time         `json:"endsAt"`
	Fingerprint string            `json:"fingerprint"`
	Receivers   []receiver        `json:"receivers"`
	StartsAt    time.Time         `json:"startsAt"`
	Status      alertStatus       `json:"status"`
	UpdatedAt   time.Time         `json:"updatedAt"`
	Labels      map[string]string `json:"labels"`
}

type receiver struct {
	Name string `json:"name"`
}

type alertStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"`
}

// listAlerts lists those that fire and that the request asks for.
func (s *Servers) listAlerts(c *call) answer {
	query := c.URL.Query()
	filter, wrong := parseFilter(query["filter"])
	if wrong != nil {
		return *wrong
	}
	wants := func(kind string) bool {
		yes, err := strconv.ParseBool(query.Get(kind))
		return yes || err != nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []gettableAlert{}
	for _, one := range s.alerts {
		shown, fires := s.alert(one, c.now)
		silenced, inhibited := len(shown.Status.SilencedBy) > 0, len(shown.Status.InhibitedBy) > 0
		switch {
		case !fires, !matches(filter, one.Labels), silenced && !wants("silenced"), inhibited && !wants("inhibited"),
			!silenced && !inhibited && !wants("active"):
			continue
		}
		out = append(out, shown)
	}
	return answer{http.StatusOK, out}
}

func parseFilter(texts []string) (filter labels.Matchers, wrong *answer) {
	for _, text := range texts {
		m, err := labels.ParseMatcher(text)
		if err != nil {
			return nil, &answer{http.StatusBadRequest, jsonText(err.Error())}
		}
		filter = append(filter, m)
	}
	return filter, nil
}

// alert is the alert as it is now; false if it does not fire.
func (s *Servers) alert(a Alert, now time.Time) (gettableAlert, bool) {
	spells, holds := s.alertScript(a)
	start, fires := since(spells, now, holds)
	sum := sha256.Sum256([]byte(keyOf(a.Labels)))
	status := alertStatus{InhibitedBy: []string{}, MutedBy: []string{}, SilencedBy: []string{}, State: "active"}
	for _, one := range s.silences {
		if one.state(now) == silenceActive && matches(one.matchers, a.Labels) {
			status.SilencedBy = append(status.SilencedBy, one.id)
		}
	}
	if a.Inhibited {
		status.InhibitedBy = append(status.InhibitedBy, "0123456789abcdef")
	}
	if a.Inhibited || len(status.SilencedBy) > 0 {
		status.State = "suppressed"
	}
	return gettableAlert{
		Annotations: map[string]string{}, EndsAt: now.Add(5 * time.Minute).UTC(), Fingerprint: hex.EncodeToString(sum[:8]),
		Receivers: []receiver{{"nobody"}}, StartsAt: start.UTC(), Status: status, UpdatedAt: now.UTC(), Labels: a.Labels,
	}, fires
}

// alertScript is what an alert follows, and when it fires by that.
func (s *Servers) alertScript(a Alert) (spells []spell, holds func(value string) bool) {
	at := slices.IndexFunc(s.series, func(one Series) bool { return one.Name == a.While.Series })
	if at < 0 {
		own := script{s.start, a.Value, a.Changes}
		return own.spells(s.Happened), func(value string) bool { return value == firing }
	}
	return s.script(s.series[at]).spells(s.Happened), func(value string) bool {
		n, there := number(value)
		return there && n > a.While.Above
	}
}
