package api

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// CampaignInput asks for a campaign.
type CampaignInput struct {
	// Plan is what is to be done, with a Page of its targets.
	Plan plan.Plan `json:"plan"`
	// More is how many targets follow in updates.
	More int `json:"more,omitempty"`
	// Submitter is who started the campaign, or made the schedule that did.
	Submitter string `json:"submitter"`
	// Signature is over the start, as the action run, of who started it; nil: nobody has signed that. Where signatures are
	// needed, who has signed is the submitter, and without it one approval more is needed.
	Signature *signing.Signature `json:"signature,omitempty"`
	// Schedule is the schedule that started it; empty: a person did.
	Schedule string `json:"schedule,omitempty"`
	// Digest is the SHA-256 of the plan file, in hexadecimal digits.
	Digest string `json:"digest,omitempty"`
	// PlanOnly reads everything, answers queries for ten minutes, and starts nothing.
	PlanOnly bool `json:"planOnly,omitempty"`
	// Patience is how long it waits for one more target to be read before it goes on without
	// those that do not answer; default 20s. A campaign that only plans also lists an account's
	// gateways for no longer.
	Patience maintenance.Duration `json:"patience,omitempty"`
	// EventsPerRun is at how many events a run of the workflow continues as new; default 4,000.
	// Tests set it low.
	EventsPerRun int `json:"eventsPerRun,omitempty"`
	// Carried is the state of the run before; nil in the first.
	Carried *Carried `json:"carried,omitempty"`
}

// AddTargets is a further page of a campaign's plan.
type AddTargets struct {
	From    int                  `json:"from"` // index of the first in the plan
	Targets []maintenance.Target `json:"targets"`
}

// CampaignAction is an operator's action on a campaign, or on one of its targets.
type CampaignAction struct {
	Action
	// Target is a target's name or its gateway's id: required for skip, retry and reschedule.
	Target string `json:"target,omitempty"`
	// NotBefore is for reschedule: the earliest time; zero reverts an earlier one.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// MaxConcurrent is for concurrency: 1 to 500.
	MaxConcurrent int `json:"maxConcurrent,omitempty"`
	// Check is for waive: the name of one of the plan's health checks.
	Check string `json:"check,omitempty"`
	// Verified is the signature once it was found to count. Only the campaign itself sets it: it does not travel.
	Verified *signing.Signed `json:"-"`
}

// Surveyed is a target as its batch has read it.
type Surveyed struct {
	Target   maintenance.Target   `json:"target"` // with its proxies found
	Gateway  maintenance.Gateway  `json:"gateway"`
	Schedule maintenance.Schedule `json:"schedule"`
	Proxies  []SurveyedProxy      `json:"proxies,omitempty"`
	Entry    fleet.Entry          `json:"entry"`
	// Marks are the settings that ended runs have left changed.
	Marks []maintenance.Marked `json:"marks,omitempty"`
	// Anomalies are what a person should know before the campaign starts.
	Anomalies []string `json:"anomalies,omitempty"`
}

// SurveyedProxy is a proxy of a target with its versions.
type SurveyedProxy struct {
	ProxyID string `json:"proxyId"`
	From    string `json:"from"`
	To      string `json:"to"` // the same as From if it is up to date
}

// Carried is the state that one run of a campaign passes on to the next.
type Carried struct {
	fleet.Progress
	Start   time.Time `json:"start"`
	Max     int       `json:"max,omitempty"`     // maxConcurrent as an operator has set it
	Batches []string  `json:"batches,omitempty"` // workflow ids, by number
	Lost    []int     `json:"lost,omitempty"`    // batches that are gone: a person has ended them
	Unsent  Unsent    `json:"unsent,omitzero"`
	// Swept is when the batches were last asked for the outcome of running targets.
	Swept     time.Time              `json:"swept,omitzero"`
	Decisions []maintenance.Decision `json:"decisions,omitempty"`
	Notified  Notified               `json:"notified,omitzero"`
}

// Unsent are instructions that the batches get with the next decision.
type Unsent struct {
	Read  []int   `json:"read,omitempty"`  // refs of targets to read again
	Abort *Action `json:"abort,omitempty"` // abort every running target
	// Waived is true once there is one more waiver.
	Waived bool `json:"waived,omitempty"`
}

// Notified is what the plan's channels were notified of.
type Notified struct {
	Milestones fleet.Milestones `json:"moment,omitzero"`   // the last one whose events were sent
	Notices    []fleet.Notice   `json:"notices,omitempty"` // the last messages
}
