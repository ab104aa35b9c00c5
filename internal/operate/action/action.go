// Package action lists the operator actions of a campaign, a maintenance and a quarantine: the
// update of each, the command that sends it, and its help. It reaches no part of Temporal:
// internal/operate sends them. Start at All.
package action

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/workflows/api"
)

// Action is an operator action on a campaign, a maintenance or a quarantine. Its
// update's name is also the command's.
type Action struct {
	Update  string
	Past    string // what the answer says
	Short   string // what it does, in a line
	Long    string // and in several
	Example string // of a whole command, after the update's name
	// To is the workflow of a gateway that takes it; nil: it is for campaigns only.
	To     func(gatewayID string) string
	Nobody string // the error where the gateway has no such workflow
	// Campaign are the arguments in which it is given to a campaign: OfCampaign,
	// OfTarget, OfEither, WithNumber or OfCheck; empty: it is for gateways only.
	Campaign string
	// All is true where it may be given to every campaign that runs.
	All bool
}

// The arguments in which an action is given to a campaign.
const (
	OfCampaign = "CAMPAIGN"
	OfTarget   = "CAMPAIGN TARGET"
	OfEither   = "CAMPAIGN [TARGET]"
	WithNumber = "CAMPAIGN N"
	// OfCheck is the only one that names something also where it is given to a gateway: GATEWAY_ID CHECK.
	OfCheck = "CAMPAIGN CHECK [TARGET]"
)

// All are all actions. The workflow refuses an action that makes no sense, with the reason.
func All() []Action {
	const noRun = "it has no running maintenance"
	run := api.GatewayWorkflowID
	return append([]Action{
		{
			Update: api.ApproveUpdate, Past: "approved", To: run, Nobody: noRun, Campaign: OfCampaign,
			Example: "payments-q4 --why \"change CHG-1234\"\n  tidegate approve sgw-12A3456B --why \"change CHG-1234\"",
			Short:   "Approve the start of a campaign, a wave or a maintenance",
			Long: "approve lets a campaign or its next wave start, or a single maintenance whose policy requires approval. If\n" +
				"the plan requires several approvals, each must come from a different person, and none from the person who\n" +
				"started the campaign.",
		},
		{
			Update: api.RetryUpdate, Past: "retried", To: run, Nobody: noRun, Campaign: OfTarget,
			Example: "payments-q4 files-1 --why \"the host has its disk\"\n  tidegate retry sgw-12A3456B --why \"freed two addresses in the subnet\"",
			Short:   "Retry a failed target, or the failed step of a held maintenance",
			Long: "retry CAMPAIGN TARGET puts a failed target back to waiting for its next window. If the target is held\n" +
				"(onFailure: hold), retry tries the failed step again, as retry GATEWAY_ID does, and the target's own run\n" +
				"answers.",
		},
		{
			Update: api.SkipUpdate, Past: "skipped", To: run, Nobody: noRun, Campaign: OfTarget,
			Example: "payments-q4 files-1 --why \"goes away next month\"\n  tidegate skip sgw-12A3456B --why \"this proxy goes away next month\"",
			Short:   "Skip a target, or the failed step of a held maintenance",
			Long: "skip CAMPAIGN TARGET leaves out a target that has not started: the campaign can then no longer end\n" +
				"COMPLETED. If the target is held (onFailure: hold), its maintenance continues without the failed step, as\n" +
				"with skip GATEWAY_ID, and can no longer end COMPLETED. A step that later steps depend on cannot be\n" +
				"skipped.",
		},
		{
			Update: api.AbortUpdate, Past: "aborted", To: run, Nobody: noRun, Campaign: OfEither,
			Example: "payments-q4 --why \"not this quarter\"\n  tidegate abort sgw-12A3456B --why \"not in this week\"",
			Short:   "End a campaign or a maintenance, and revert what can be reverted",
			Long: "abort ends a campaign with all of its targets, or the maintenance of one target. Steps in progress are\n" +
				"watched to their end, and reversible changes are reverted. From the trigger of the update until the\n" +
				"gateway runs again, abort is refused for that gateway, unless the step is held: nobody can stop a restart.\n" +
				"An aborted campaign lets such a gateway finish.",
		},
		{
			Update: api.WaiveUpdate, Past: "waived", To: run, Nobody: noRun, Campaign: OfCheck,
			Example: "payments-q4 \"error rate\" payments-1 --why \"known since INC-77\"\n  tidegate waive sgw-12A3456B \"cache is clean\" --why \"nobody writes tonight\"",
			Short:   "Let a health check not count, for one target or a whole campaign",
			Long: "waive lets one of the plan's health checks not count any more: for TARGET, for a whole campaign with all its\n" +
				"targets, or for the maintenance of one gateway. What the check blocks goes on at once; a wave that is kept\n" +
				"shut by it can open. A waiver cannot be taken back. It is recorded with its reason, like every decision.",
		},
	}, append(campaignActions(), Action{
		Update: api.ReleaseUpdate, Past: "released", To: api.QuarantineWorkflowID, Nobody: "it is not quarantined",
		Example: `sgw-12A3456B --why "restarted by hand, runs 1.3.0"`,
		Short:   "End a gateway's quarantine, so that maintenances can change it again",
		Long: "release ends the quarantine of a gateway that an earlier maintenance left in an uncertain state. Check the\n" +
			"gateway first.",
	})...)
}

// Of is the action of an update; ok: there is one.
func Of(update string) (o Action, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(one Action) bool { return one.Update == update })
	if i < 0 {
		return Action{}, false
	}
	return all[i], true
}

// campaignActions are those that are for campaigns only.
func campaignActions() []Action {
	return []Action{
		{
			Update: api.PauseUpdate, Past: "paused", Campaign: OfCampaign, All: true,
			Example: "payments-q4 --why \"incident INC-77\"\n  tidegate pause --all --why \"incident INC-77\"",
			Short:   "Stop a campaign from starting anything new",
			Long: "pause stops a campaign from starting anything new until it is resumed. Running targets continue. With\n" +
				"--all it pauses every running campaign and prints the answer of each. Schedules can still start campaigns;\n" +
				"to stop them: tidegate schedule pause.",
		},
		{
			Update: api.ResumeUpdate, Past: "resumed", Campaign: OfCampaign, All: true,
			Example: "payments-q4 --why \"INC-77 is closed\"\n  tidegate resume --all --paused-for \"incident INC-77\" --why \"INC-77 is closed\"",
			Short:   "End a campaign's pause",
			Long: "resume ends a campaign's pause. With --all it ends the pauses of all campaigns; with --paused-for, only\n" +
				"the pauses that were given that reason.",
		},
		{
			Update: api.RescheduleUpdate, Past: "rescheduled", Campaign: OfTarget,
			Example: `payments-q4 files-1 --not-before 48h --why "not this window"`,
			Short:   "Delay a target of a campaign until a time",
			Long: "reschedule delays a target that has not started until a time, or for a duration: it then waits for its\n" +
				"next window. --not-before now removes an earlier delay.",
		},
		{
			Update: api.ConcurrencyUpdate, Past: "set", Campaign: WithNumber,
			Example: `payments-q4 20 --why "the pilot went well"`,
			Short:   "Set how many targets of a campaign run at the same time",
			Long:    "concurrency sets how many targets of a campaign run at the same time, 1 to 500. Running targets continue.",
		},
	}
}

// Form are the arguments of the action's command.
func (o Action) Form() string {
	switch {
	case o.All:
		return o.Campaign + " | --all"
	case o.To == nil:
		return o.Campaign
	case o.Campaign == "":
		return "GATEWAY_ID"
	}
	if o.Campaign == OfCheck {
		return o.Campaign + " | GATEWAY_ID CHECK"
	}
	return o.Campaign + " | GATEWAY_ID"
}

// Flags are the action's own flags, as they are typed.
func (o Action) Flags() string {
	if o.Update == api.RescheduleUpdate {
		return "--not-before TIME "
	}
	return ""
}

// line is the action as it is typed for a gateway, with a place for the reason.
func (o Action) line(gatewayID string) string {
	if o.Campaign == OfCheck {
		gatewayID += " CHECK"
	}
	return fmt.Sprintf("tidegate %s %s --why TEXT", o.Update, gatewayID)
}

// campaignLine is the action as it is typed for a campaign, with places for what
// only the operator knows.
func (o Action) campaignLine(campaign string) string {
	target := o.Campaign[len(OfCampaign):]
	if o.Campaign == OfEither {
		target = ""
	}
	return fmt.Sprintf("tidegate %s %s%s %s--why TEXT", o.Update, campaign, target, o.Flags())
}

// CommandLines are what is typed to give actions, by their names, to a gateway.
func CommandLines(gatewayID string, names []string) (texts []string) {
	for _, name := range names {
		if o, ok := Of(name); ok {
			texts = append(texts, o.line(gatewayID))
		}
	}
	return texts
}

// CampaignLines are what is typed to give actions, by their names, to a campaign.
func CampaignLines(name string, names []string) (texts []string) {
	for _, of := range names {
		if o, ok := Of(of); ok {
			texts = append(texts, o.campaignLine(name))
		}
	}
	return texts
}
