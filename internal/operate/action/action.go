// Package action lists the operator actions of a campaign, a maintenance and a quarantine: the
// update of each, the command that sends it, and its help. It reaches no part of Temporal:
// internal/operate sends them. Start at All.
package action

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/workflows/api"
)

// Action is what operators may tell a campaign, a maintenance or a quarantine to
// do. Its update's name is also the command's.
type Action struct {
	Update  string
	Past    string // what the answer says
	Short   string // what it does, in a line
	Long    string // and in several
	Example string // of a whole command, after the update's name
	// To is the workflow of a gateway that takes it; nil: it is for campaigns only.
	To     func(gatewayID string) string
	Nobody string // said of the gateway where there is no such workflow
	// Campaign are the arguments in which it is given to a campaign: OfCampaign,
	// OfTarget, OfEither or WithNumber; empty: it is for gateways only.
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
)

// All are all of them. Where an action makes no sense, the workflow refuses it
// and says why.
func All() []Action {
	const noRun = "there is no running maintenance of it"
	run := api.GatewayWorkflowID
	return append([]Action{
		{
			Update: api.ApproveUpdate, Past: "approved", To: run, Nobody: noRun, Campaign: OfCampaign,
			Example: "payments-q4 --why \"change CHG-1234\"\n  tidegate approve sgw-12A3456B --why \"change CHG-1234\"",
			Short:   "Let a campaign, or a maintenance, that waits for an approval start",
			Long: "approve lets a campaign, or its next wave, start; or a single maintenance whose policy asks for an approval.\n" +
				"Where the plan asks for several, each is given by another person, and none by the person who started the campaign.",
		},
		{
			Update: api.RetryUpdate, Past: "retried", To: run, Nobody: noRun, Campaign: OfTarget,
			Example: "payments-q4 files-1 --why \"the host has its disk\"\n  tidegate retry sgw-12A3456B --why \"freed two addresses in the subnet\"",
			Short:   "Try a failed target again, or the step at which a maintenance is held",
			Long: "retry CAMPAIGN TARGET has a target that failed wait for its next window again. Of a target that is held it tries\n" +
				"the failed step again (onFailure: hold), as retry GATEWAY_ID does: the answer is that of the target's own run.",
		},
		{
			Update: api.SkipUpdate, Past: "skipped", To: run, Nobody: noRun, Campaign: OfTarget,
			Example: "payments-q4 files-1 --why \"goes away next month\"\n  tidegate skip sgw-12A3456B --why \"this proxy goes away next month\"",
			Short:   "Leave a target out, or go on without the step at which a maintenance is held",
			Long: "skip CAMPAIGN TARGET leaves a target out that has not started: the campaign cannot end COMPLETED any more. Of a\n" +
				"target that is held it goes on without the failed step (onFailure: hold), as skip GATEWAY_ID does: the maintenance\n" +
				"cannot end COMPLETED any more. What all later steps build on cannot be skipped.",
		},
		{
			Update: api.AbortUpdate, Past: "aborted", To: run, Nobody: noRun, Campaign: OfEither,
			Example: "payments-q4 --why \"not this quarter\"\n  tidegate abort sgw-12A3456B --why \"not in this week\"",
			Short:   "End a campaign or a maintenance: start nothing more, revert what can be reverted",
			Long: "abort ends a campaign, with all of its targets, or the maintenance of one target alone. What has started is watched to its end, and\n" +
				"what can be reverted is reverted. For a gateway it is refused from the update's trigger until the gateway runs\n" +
				"again, or that step is held: nobody can stop a restart. A campaign lets such a one finish.",
		},
	}, append(campaignActions(), Action{
		Update: api.ReleaseUpdate, Past: "released", To: api.QuarantineWorkflowID, Nobody: "it is not quarantined",
		Example: `sgw-12A3456B --why "restarted by hand, runs 1.3.0"`,
		Short:   "End a gateway's quarantine: let maintenances touch it again",
		Long:    "release ends the quarantine of a gateway that an earlier maintenance left in doubt. Look at it first.",
	})...)
}

// Of is the order of an update; ok: there is such an action.
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
			Short:   "Keep a campaign from starting anything new",
			Long: "pause keeps a campaign from starting anything new until resume. Targets that run go on. With --all it pauses every\n" +
				"campaign that runs, and says of each what it answered; schedules start others: see tidegate schedule pause.",
		},
		{
			Update: api.ResumeUpdate, Past: "resumed", Campaign: OfCampaign, All: true,
			Example: "payments-q4 --why \"INC-77 is closed\"\n  tidegate resume --all --paused-for \"incident INC-77\" --why \"INC-77 is closed\"",
			Short:   "Take a campaign's pause back",
			Long: "resume takes a campaign's pause back. With --all it reverts the pauses of all campaigns; --paused-for keeps to\n" +
				"those that were paused with that reason.",
		},
		{
			Update: api.RescheduleUpdate, Past: "rescheduled", Campaign: OfTarget,
			Example: `payments-q4 files-1 --not-before 48h --why "not this window"`,
			Short:   "Keep a campaign's target back until a time",
			Long: "reschedule keeps a target that has not started back until a time, or for a time: it then waits for its next window.\n" +
				"--not-before now takes that back.",
		},
		{
			Update: api.ConcurrencyUpdate, Past: "set", Campaign: WithNumber,
			Example: `payments-q4 20 --why "the pilot went well"`,
			Short:   "Set how many of a campaign's targets run at a time",
			Long:    "concurrency sets how many of a campaign's targets run at a time, 1 to 500. Targets that run go on.",
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
	return o.Campaign + " | GATEWAY_ID"
}

// Flags are the action's own flags, as they are typed.
func (o Action) Flags() string {
	if o.Update == api.RescheduleUpdate {
		return "--not-before TIME "
	}
	return ""
}

// line is the order as it is typed for a gateway, with a place for the reason.
func (o Action) line(gatewayID string) string {
	return fmt.Sprintf("tidegate %s %s --why TEXT", o.Update, gatewayID)
}

// campaignLine is the order as it is typed for a campaign, with places for what
// only the operator knows.
func (o Action) campaignLine(campaign string) string {
	target := strings.TrimSuffix(o.Campaign[len(OfCampaign):], OfEither[len(OfCampaign):])
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
