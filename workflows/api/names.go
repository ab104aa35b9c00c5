package api

import (
	"fmt"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// The names under which other programs, the Web UI and recorded histories know this package. From
// the first release on they never change.
const (
	// TaskQueue is the default task queue of workflows and activities.
	TaskQueue = "tidegate"
	// GatewayMaintenanceName is the type of the workflow of one target.
	GatewayMaintenanceName = "GatewayMaintenance"
	// StatusQuery answers with a maintenance.Status.
	StatusQuery = "status"
	// ApproveUpdate is for a run whose policy requires an approval. Like all updates it takes an
	// Action.
	ApproveUpdate = "approve"
	// AbortUpdate ends a run that is not past the point of no return.
	AbortUpdate = maintenance.HoldAbort
	// RetryUpdate tries the held step again.
	RetryUpdate = maintenance.HoldRetry
	// SkipUpdate goes on without the held step.
	SkipUpdate = maintenance.HoldSkip
	// ReleaseUpdate ends a quarantine.
	ReleaseUpdate = "release"
	// CampaignName is the type of the workflow of a fleet.
	CampaignName = names.CampaignName
	// BatchName is the type of the workflow that takes care of some of a campaign's targets.
	BatchName = "Batch"
	// TargetsQuery asks a campaign for a page of its targets: it takes a
	// fleet.Page and answers with []fleet.Row.
	TargetsQuery = "targets"
	// EntriesQuery asks a campaign for all that its scheduler decides from, a page at a time: it
	// takes a fleet.Page and answers with a fleet.Fleet that has only those entries.
	EntriesQuery = "entries"
	// BatchQuery asks a batch for its targets as they were read: it answers with
	// []Surveyed.
	BatchQuery = "batch"
	// AddTargetsUpdate gives a campaign a further page of its plan: AddTargets.
	AddTargetsUpdate = "add-targets"
	// PauseUpdate lets a campaign start nothing new.
	PauseUpdate = "pause"
	// ResumeUpdate ends a pause.
	ResumeUpdate = "resume"
	// RescheduleUpdate lets a target start only from a time on. Like all of a campaign's updates
	// but add-targets it takes a CampaignAction.
	RescheduleUpdate = maintenance.WhatReschedule
	// WaiveUpdate lets a health check not count any more: a campaign's, for one target or for all, by a
	// CampaignAction; a run's own, by a Waive.
	WaiveUpdate = maintenance.WhatWaive
	// ConcurrencyUpdate sets how many targets run at a time.
	ConcurrencyUpdate = "concurrency"
	// QuarantineName is the type of the workflow that stands for a quarantine.
	QuarantineName = "Quarantine"
	// InstanceHoldName is the type of the workflow that holds a DB instance for a run.
	InstanceHoldName = "InstanceHold"
	// ExamineName is the type of the workflow that checks, for `tidegate doctor`, whether a plan's
	// accounts can be worked on. It changes nothing.
	ExamineName = "Examine"
	// TryChecksName is the type of the workflow that asks health checks now, for `tidegate check` and
	// `tidegate plan`.
	TryChecksName = "TryChecks"
	// ExportStateName is the type of the workflow that has one worker show the state of campaigns in its metrics.
	ExportStateName = "ExportState"
	// QuarantineMemo is the memo in which the Quarantine workflow has its reason, as a
	// maintenance.Quarantine: it can be read without a worker.
	QuarantineMemo = names.QuarantineMemo
)

// QuarantineWorkflowID is the id of a gateway's quarantine. While that workflow
// runs, no maintenance of the gateway starts.
func QuarantineWorkflowID(gatewayID string) string { return "quarantine-" + gatewayID }

// InstanceHoldWorkflowID is the id of the workflow that holds a DB instance. Each instance has one,
// so Temporal itself prevents two runs from working on it at once.
func InstanceHoldWorkflowID(instanceID string) string { return "db-instance-" + instanceID }

// GatewayWorkflowID is the id of a gateway's run. Each gateway has one, so Temporal itself prevents
// two runs of it at once. It has no slash, since the Web UI's addresses contain it.
func GatewayWorkflowID(gatewayID string) string { return "gateway-" + gatewayID }

// CampaignWorkflowID is the id of the campaign of that name, so Temporal itself prevents two of one
// name at once. A campaign that a schedule starts has the time of its start after it.
func CampaignWorkflowID(name string) string { return "campaign-" + name }

// ExportStateWorkflowID is the id of that workflow: the workers of one task queue share one.
func ExportStateWorkflowID(queue string) string { return "export-state-" + queue }

// BatchWorkflowID is the id of a campaign's batch. It has the whole id of the campaign's first run:
// the first digits of a run id are a clock, which two campaigns of one name can share.
func BatchWorkflowID(campaign, firstRun string, number int) string {
	return fmt.Sprintf("%s.%s.batch-%03d", campaign, firstRun, number)
}
