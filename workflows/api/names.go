package api

import (
	"fmt"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// The names under which other programs, the Web UI and recorded histories know
// this package. They never change.
const (
	// TaskQueue is the default task queue of workflows and activities.
	TaskQueue = "tidegate"
	// GatewayMaintenanceName is the type of the workflow of one target.
	GatewayMaintenanceName = "GatewayMaintenance"
	// StatusQuery answers with a maintenance.Status.
	StatusQuery = "status"
	// ApproveUpdate is for a run whose policy asks for an approval. Like all
	// updates it takes an action.
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
	CampaignName = "Campaign"
	// BatchName is the type of the workflow that keeps a page of a campaign's
	// targets.
	BatchName = "Batch"
	// TargetsQuery asks a campaign for a page of its targets: it takes a
	// fleet.Page and answers with []fleet.Row.
	TargetsQuery = "targets"
	// EntriesQuery asks a campaign for the whole of what its scheduler decides
	// from, a page at a time: it takes a fleet.Page and answers with a fleet.Fleet
	// that has only those entries.
	EntriesQuery = "entries"
	// BatchQuery asks a batch for its targets as they were read: it answers with
	// []Surveyed.
	BatchQuery = "batch"
	// AddTargetsUpdate gives a campaign a further page of its plan: AddTargets.
	AddTargetsUpdate = "add-targets"
	// PauseUpdate keeps a campaign from starting anything new.
	PauseUpdate = "pause"
	// ResumeUpdate takes a pause back.
	ResumeUpdate = "resume"
	// RescheduleUpdate keeps a target back until a time. Like all of a
	// campaign's but add-targets it takes a CampaignAction.
	RescheduleUpdate = maintenance.WhatReschedule
	// ConcurrencyUpdate sets how many targets run at a time.
	ConcurrencyUpdate = "concurrency"
	// QuarantineName is the type of the workflow that stands for a quarantine.
	QuarantineName = "Quarantine"
	// InstanceHoldName is the type of the workflow that holds a DB instance for a run.
	InstanceHoldName = "InstanceHold"
	// ExamineName is the type of the workflow that looks, for `tidegate doctor`,
	// whether a plan's accounts can be worked on. It changes nothing.
	ExamineName = "Examine"
	// QuarantineMemo is the memo under which that workflow says why it is, as a
	// maintenance.Quarantine: it can be read without a worker.
	QuarantineMemo = names.QuarantineMemo
)

// QuarantineWorkflowID is the id of a gateway's quarantine. While that workflow
// runs, no maintenance of the gateway starts.
func QuarantineWorkflowID(gatewayID string) string { return "quarantine-" + gatewayID }

// InstanceHoldWorkflowID is the id of the workflow that holds a DB instance. There is one
// an instance, so that Temporal itself keeps two runs from working on it at once.
func InstanceHoldWorkflowID(instanceID string) string { return "db-instance-" + instanceID }

// GatewayWorkflowID is the id of a gateway's run. There is one a gateway, so
// that Temporal itself keeps a gateway from being in two runs at once. It has no
// slash: it stands in the Web UI's addresses.
func GatewayWorkflowID(gatewayID string) string { return "gateway-" + gatewayID }

// CampaignWorkflowID is the id of the campaign of that name. Temporal itself
// keeps two of one name from running at once. One that a schedule starts has the
// time of its start after it.
func CampaignWorkflowID(name string) string { return "campaign-" + name }

// BatchWorkflowID is the id of a campaign's batch. It has the whole id of the
// campaign's first run: the first digits of a run id are a clock, which two campaigns
// of one name can share.
func BatchWorkflowID(campaign, firstRun string, number int) string {
	return fmt.Sprintf("%s.%s.batch-%03d", campaign, firstRun, number)
}
