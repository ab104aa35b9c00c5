package cloudwatch

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// AlarmState is one alarm as it is now.
type AlarmState struct {
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Region  string `json:"region"`
	Account string `json:"account"`
	// Rule is a composite alarm's.
	Rule   string    `json:"rule,omitempty"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	// Muted is so while a mute rule keeps its actions from running.
	Muted bool `json:"muted"`
}

// MuteState is one alarm mute rule as it is now.
type MuteState struct {
	Name        string   `json:"name"`
	ARN         string   `json:"arn"`
	Description string   `json:"description,omitempty"`
	Alarms      []string `json:"alarms"`
	// From and Until are when it mutes.
	From   time.Time         `json:"from"`
	Until  time.Time         `json:"until"`
	Status string            `json:"status"`
	Tags   map[string]string `json:"tags,omitempty"`
}

// State is everything as it is at the time that the service was brought to.
func (s *Service) State(now time.Time) ([]AlarmState, []MuteState) {
	alarms, mutes := []AlarmState{}, []MuteState{}
	for _, a := range s.alarms {
		alarms = append(alarms, AlarmState{
			Name: a.conf.Name, ARN: a.arn, Region: a.conf.Region, Account: a.conf.Account, Rule: a.conf.Rule,
			State: a.state(now), Since: a.transitioned(now).UTC(), Reason: a.reason(now), Muted: a.muted(now),
		})
	}
	for _, in := range s.places {
		for _, m := range in.mutes {
			mutes = append(mutes, MuteState{
				Name: m.name, ARN: m.arn, Description: m.description, Alarms: append([]string{}, m.alarms...),
				From: m.from.UTC(), Until: m.until.UTC(), Status: m.status(now), Tags: maps.Clone(m.tags),
			})
		}
	}
	slices.SortFunc(mutes, func(a, b MuteState) int { return strings.Compare(a.ARN, b.ARN) })
	return alarms, mutes
}
