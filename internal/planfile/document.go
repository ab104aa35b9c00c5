package planfile

import (
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// apiVersion is the one form of plan files there is.
const apiVersion = "tidegate/v1"

// document is the form of a plan file. Its pointers lead into the plan that is
// filled, which holds the defaults. Fields without omitempty are required. The
// first sentences of the comments are the descriptions of docs/plan.schema.json.
type document struct {
	// APIVersion is the version of the file's form.
	APIVersion string `yaml:"apiVersion"`
	// Name is what the campaign is called.
	Name *string `yaml:"name"`
	// Accounts are the cloud accounts that the plan names; their credentials stay on the worker.
	Accounts *plan.Accounts `yaml:"accounts"`
	// Window says what AWS does not know of a maintenance window.
	Window window `yaml:"window,omitempty"`
	// Freezes are times in which nothing disruptive starts, whatever the window says.
	Freezes []freeze `yaml:"freezes,omitempty"`
	// Rollout says how the campaign goes through its fleet.
	Rollout *maintenance.Rollout `yaml:"rollout,omitempty"`
	// Approvals say who has to agree before anything starts; left out: nobody.
	Approvals *maintenance.Approvals `yaml:"approvals,omitempty"`
	// Snapshot says on which side of the update the volumes are snapshotted.
	Snapshot *maintenance.SnapshotWhen `yaml:"snapshot,omitempty"`
	// FailedSnapshots says what becomes of a failed run's finished snapshots.
	FailedSnapshots *maintenance.FailedSnapshots `yaml:"failedSnapshots,omitempty"`
	// Proxies says how the proxies of a target are upgraded.
	Proxies *maintenance.ProxyPolicy `yaml:"proxies,omitempty"`
	// AutomaticUpdates says what becomes of AWS's own automatic update during a run: keep, or hold it.
	AutomaticUpdates *maintenance.AutomaticUpdates `yaml:"automaticUpdates,omitempty"`
	// OnFailure says what becomes of a target whose step has failed: compensate, or hold and ask.
	OnFailure *maintenance.OnFailure `yaml:"onFailure,omitempty"`
	// Limits are how long things may take; their defaults suit most fleets.
	Limits limits `yaml:"limits,omitempty"`
	// Targets are the gateways that are named, in the order in which waves count them.
	Targets *[]maintenance.Target `yaml:"targets,omitempty"`
	// Selectors find further gateways when the campaign starts.
	Selectors *[]plan.Selector `yaml:"selectors,omitempty"`
	// Notify are the channels that are notified, with the events of each.
	Notify *[]plan.Notify `yaml:"notify,omitempty"`
	// Checks are the health checks that decide: before, after, while a wave bakes, and for the whole campaign.
	Checks *[]health.Check `yaml:"checks,omitempty"`
	// Mute are the alarms that are kept quiet while a target is worked on.
	Mute *[]health.Mute `yaml:"mute,omitempty"`
}

// window says what AWS does not know of a maintenance window.
type window struct {
	// Duration is how long a window is, from the start that AWS gives: 1m to 24h.
	Duration *maintenance.Duration `yaml:"duration,omitempty"`
	// Cutoff is how long before the window's end nothing disruptive starts any more.
	Cutoff *maintenance.Duration `yaml:"cutoff,omitempty"`
	// OnWindowEnd says what becomes of steps not started by then: hold them for the next window, or finish.
	OnWindowEnd *maintenance.WindowEnd `yaml:"onWindowEnd,omitempty"`
	// Preference decides where AWS gives a weekly and a monthly day at once; left out: such a gateway is refused.
	Preference *maintenance.Recurrence `yaml:"preference,omitempty"`
}

// freeze is a time in which nothing disruptive starts, or a calendar of them.
type freeze struct {
	// From is the start: a date, a time in the zone, or a time such as 2026-12-24T18:00:00Z.
	From string `yaml:"from,omitempty"`
	// To is the end; a date is frozen to its end; left out with a date: that day.
	To string `yaml:"to,omitempty"`
	// Zone is the IANA zone of dates and times that name none, such as Europe/Berlin.
	Zone string `yaml:"zone,omitempty"`
	// Reason is what waiting targets show.
	Reason string `yaml:"reason,omitempty"`
	// ICS is an iCalendar file, next to the plan file, whose events are freezes.
	ICS string `yaml:"ics,omitempty"`
	// AllowEmpty accepts an iCalendar file without any event, which is refused otherwise.
	AllowEmpty bool `yaml:"allowEmpty,omitempty"`
}

// limits are how long things may take.
type limits struct {
	// WindowRecheck is how often a waiting run reads its window again: 1s to 24h.
	WindowRecheck *maintenance.Duration `yaml:"windowRecheck,omitempty"`
	// UpdateDelay is how long after the window's start AWS is given to start its own automatic update: 0s to 1h.
	UpdateDelay *maintenance.Duration `yaml:"updateDelay,omitempty"`
	// ArmBefore is how long before the window opens everything but the trigger is done: 0s to 15m.
	ArmBefore *maintenance.Duration `yaml:"armBefore,omitempty"`
	// UpdateStart is how long after the trigger a sign of the restart must appear.
	UpdateStart *maintenance.Duration `yaml:"updateStart,omitempty"`
	// UpdateDeadline is how long the gateway may take to run the new software: up to 24h.
	UpdateDeadline *maintenance.Duration `yaml:"updateDeadline,omitempty"`
	// SteadyFor is how long the updated gateway must stay healthy: up to 5m.
	SteadyFor *maintenance.Duration `yaml:"steadyFor,omitempty"`
	// SnapshotDeadline is how long a volume's snapshot may take: up to 168h.
	SnapshotDeadline *maintenance.Duration `yaml:"snapshotDeadline,omitempty"`
	// SnapshotSettle is how long to search for a snapshot whose creation was not answered: up to 1h.
	SnapshotSettle *maintenance.Duration `yaml:"snapshotSettle,omitempty"`
	// CompensationDeadline is how long to retry each reversal: up to 168h.
	CompensationDeadline *maintenance.Duration `yaml:"compensationDeadline,omitempty"`
	// Attempt is how long one attempt of an activity may take: 1s to 10m.
	Attempt *maintenance.Duration `yaml:"attempt,omitempty"`
	// Pace bounds how often a thing that is waited for is read.
	Pace *maintenance.Pace `yaml:"pace,omitempty"`
}

// defaults is the plan of a file that says nothing.
func defaults() *plan.Plan {
	return &plan.Plan{
		Policy:    maintenance.Policy{}.WithDefaults(),
		Rollout:   maintenance.Rollout{}.WithDefaults(),
		Approvals: maintenance.Approvals{Count: 1}.WithDefaults(),
	}
}

// bind is a document that fills a plan.
func bind(p *plan.Plan) *document {
	policy := &p.Policy
	return &document{
		Name: &p.Name, Accounts: &p.Accounts, Rollout: &p.Rollout, Approvals: &p.Approvals,
		Targets: &p.Targets, Selectors: &p.Selectors, Notify: &p.Notify,
		Checks: &p.Checks, Mute: &p.Mutes,
		Window: window{
			Duration: &policy.WindowLength, Cutoff: policy.Cutoff,
			OnWindowEnd: &policy.OnWindowEnd, Preference: &policy.WindowPreference,
		},
		Snapshot: &policy.Snapshot, FailedSnapshots: &policy.FailedSnapshots, Proxies: &policy.Proxies,
		AutomaticUpdates: &policy.AutomaticUpdates, OnFailure: &policy.OnFailure,
		Limits: limits{
			WindowRecheck: &policy.WindowRecheck, UpdateDelay: policy.UpdateDelay, ArmBefore: policy.ArmBefore,
			UpdateStart: &policy.UpdateStart, UpdateDeadline: &policy.UpdateDeadline, SteadyFor: &policy.SteadyFor,
			SnapshotDeadline: &policy.SnapshotDeadline, SnapshotSettle: &policy.SnapshotSettle,
			CompensationDeadline: &policy.CompensationDeadline, Attempt: &policy.Attempt, Pace: &policy.Pace,
		},
	}
}

// places are where the fields of a policy stand in a plan file.
func places(field string) string {
	switch field {
	case "windowLength":
		return "window.duration"
	case "cutoff", "onWindowEnd":
		return "window." + field
	case "windowPreference":
		return "window.preference"
	case "snapshot", "failedSnapshots", "automaticUpdates", "onFailure":
		return field
	}
	if strings.HasPrefix(field, "proxies.") {
		return field
	}
	return "limits." + field
}
