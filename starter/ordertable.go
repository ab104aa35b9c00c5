package main

import (
	"fmt"

	"github.com/tidegate/tidegate/workflows"
)

// order is what operators may tell a campaign, a maintenance or a quarantine to
// do. Its update's name is also the command's.
type order struct {
	update  string
	past    string // what the answer says
	short   string
	long    string
	example string // of a whole command, after the update's name
	// to is the workflow of a gateway that takes it; nil: it is for campaigns only.
	to     func(gatewayID string) string
	nobody string // said of the gateway where there is no such workflow
	// campaign are the arguments in which it is given to a campaign, such as
	// CAMPAIGN TARGET; empty: it is for gateways only.
	campaign string
}

const (
	toCampaign = "CAMPAIGN"
	toTarget   = "CAMPAIGN TARGET"
	withNumber = "CAMPAIGN N"
)

// orders are all of them. Where an order makes no sense, the workflow refuses it
// and says why.
func orders() []order {
	const noRun = "there is no running maintenance of it"
	run := workflows.GatewayWorkflowID
	return append([]order{
		{
			update: workflows.ApproveUpdate, past: "approved", to: run, nobody: noRun, campaign: toCampaign,
			example: `payments-q4 --why "change CHG-1234"`,
			short:   "Let a campaign, or a maintenance, that waits for an approval begin",
			long: "approve lets a campaign, or its next wave, begin; or a single maintenance whose policy asks for an approval.\n" +
				"Where the plan asks for several, each is given by another person, and none by whoever started the campaign.",
		},
		{
			update: workflows.RetryUpdate, past: "retried", to: run, nobody: noRun, campaign: toTarget,
			example: `sgw-12A3456B --why "freed two addresses in the subnet"`,
			short:   "Try a failed target again, or the step at which a maintenance is held",
			long: "retry CAMPAIGN TARGET has a target that failed wait for its next window again. retry GATEWAY_ID tries a failed\n" +
				"step again, in a maintenance whose policy holds it then (onFailure: hold).",
		},
		{
			update: workflows.SkipUpdate, past: "skipped", to: run, nobody: noRun, campaign: toTarget,
			example: `sgw-12A3456B --why "goes away next month"`,
			short:   "Leave a target out, or go on without the step at which a maintenance is held",
			long: "skip CAMPAIGN TARGET leaves a target out that has not begun: the campaign cannot end COMPLETED any more.\n" +
				"skip GATEWAY_ID goes on without a failed step, in a maintenance whose policy holds it then (onFailure: hold): the\n" +
				"maintenance cannot end COMPLETED any more. What all later steps build on cannot be skipped.",
		},
		{
			update: workflows.AbortUpdate, past: "aborted", to: run, nobody: noRun, campaign: toCampaign,
			example: `sgw-12A3456B --why "not in this week"`,
			short:   "End a campaign or a maintenance: begin nothing more, take back what can be taken back",
			long: "abort ends a campaign, with all of its targets, or a single maintenance. What has begun is watched to its end, and\n" +
				"what can be taken back is taken back. For a gateway it is refused from the update's trigger until the gateway runs\n" +
				"again, or that step is held: nobody can stop a restart. A campaign lets such a one finish.",
		},
	}, append(campaignOrders(), order{
		update: workflows.ReleaseUpdate, past: "released", to: workflows.QuarantineWorkflowID, nobody: "it is not quarantined",
		example: `sgw-12A3456B --why "restarted by hand, runs 1.3.0"`,
		short:   "End a gateway's quarantine: let maintenances touch it again",
		long:    "release ends the quarantine of a gateway that an earlier maintenance left in doubt. Look at it first.",
	})...)
}

// campaignOrders are those that are for campaigns only.
func campaignOrders() []order {
	return []order{
		{
			update: workflows.PauseUpdate, past: "paused", campaign: toCampaign,
			example: `payments-q4 --why "incident INC-77"`,
			short:   "Keep a campaign from beginning anything new",
			long:    "pause keeps a campaign from beginning anything new until resume. Targets that run go on.",
		},
		{
			update: workflows.ResumeUpdate, past: "resumed", campaign: toCampaign,
			example: `payments-q4 --why "INC-77 is closed"`,
			short:   "Take a campaign's pause back",
			long:    "resume takes a campaign's pause back.",
		},
		{
			update: workflows.RescheduleUpdate, past: "rescheduled", campaign: toTarget,
			example: `payments-q4 files-1 --not-before 2026-12-01T00:00:00Z --why "not this window"`,
			short:   "Keep a campaign's target back until an instant",
			long: "reschedule keeps a target that has not begun back until an instant: it then waits for its next window.\n" +
				"--not-before now takes that back.",
		},
		{
			update: workflows.ConcurrencyUpdate, past: "set", campaign: withNumber,
			example: `payments-q4 20 --why "the pilot went well"`,
			short:   "Set how many of a campaign's targets run at a time",
			long:    "concurrency sets how many of a campaign's targets run at a time, 1 to 500. Targets that run go on.",
		},
	}
}

// form are the arguments of the order's command.
func (o order) form() string {
	switch {
	case o.to == nil:
		return o.campaign
	case o.campaign == "":
		return "GATEWAY_ID"
	}
	return o.campaign + " | GATEWAY_ID"
}

// flags are the order's own flags, as they are typed.
func (o order) flags() string {
	if o.update == workflows.RescheduleUpdate {
		return "--not-before TIME "
	}
	return ""
}

// line is the order as it is typed for a gateway, with a place for the reason.
func (o order) line(gatewayID string) string {
	return fmt.Sprintf("tidegate %s %s --why TEXT", o.update, gatewayID)
}

// campaignLine is the order as it is typed for a campaign, with places for what
// only the operator knows.
func (o order) campaignLine(campaign string) string {
	return fmt.Sprintf("tidegate %s %s%s %s--why TEXT", o.update, campaign, o.campaign[len(toCampaign):], o.flags())
}
