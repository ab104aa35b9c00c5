package webui

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// The typed search attributes of a target's run, by which the Web UI's saved
// views and the command find it.
var (
	attributeGateway  = temporal.NewSearchAttributeKeyKeyword("TidegateGateway")
	attributeAccount  = temporal.NewSearchAttributeKeyKeyword("TidegateAccount")
	attributeStep     = temporal.NewSearchAttributeKeyKeyword("TidegateStep")
	attributeBlocker  = temporal.NewSearchAttributeKeyKeyword("TidegateBlocker")
	attributeNext     = temporal.NewSearchAttributeKeyTime("TidegateNext")
	attributeCampaign = temporal.NewSearchAttributeKeyKeyword("TidegateCampaign")
	attributeState    = temporal.NewSearchAttributeKeyKeyword("TidegateState")
)

// SearchAttributes are the attributes that a namespace must have, with their
// types, for these workflows to run in it.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	keys := []temporal.SearchAttributeKey{
		attributeGateway, attributeAccount, attributeStep, attributeBlocker, attributeNext, attributeState, attributeCampaign,
	}
	types := make(map[string]enumspb.IndexedValueType, len(keys))
	for _, key := range keys {
		types[key.GetName()] = key.GetValueType()
	}
	return types
}

// StartAttributes are those that a run has from its start.
func StartAttributes(target maintenance.Target) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		attributeGateway.ValueSet(target.Gateway.ID()),
		attributeAccount.ValueSet(target.Gateway.Account),
		attributeStep.ValueSet(string(maintenance.StepAssess)),
	)
}

// ChildAttributes are StartAttributes of a run that a campaign starts.
func ChildAttributes(target maintenance.Target, campaign string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(StartAttributes(target).Copy(), attributeCampaign.ValueSet(campaign))
}

// CampaignAttributes are those that a campaign has from its start: its name, by
// which all its runs are found, also those that a schedule starts.
func CampaignAttributes(name string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(attributeCampaign.ValueSet(name))
}

// TagTarget updates the attributes that follow a target's run. It is called where the
// step or the blocker changes, and nowhere else: each call is an event.
func TagTarget(ctx workflow.Context, s maintenance.Status) error {
	var next time.Time
	if s.Blocker != maintenance.NotBlocked && s.Next != nil {
		next = *s.Next
	}
	state := ""
	if s.Result != nil {
		state = string(s.Result.State)
	}
	return tag(ctx, s.Blocker, next, state, attributeStep.ValueSet(string(s.Step)))
}

// TagCampaign updates those that follow a campaign; state is empty until it has ended.
func TagCampaign(ctx workflow.Context, blocker maintenance.Blocker, next time.Time, state string) error {
	if state != "" {
		next = time.Time{}
	}
	return tag(ctx, blocker, next, state)
}

// tag updates what a target's run and a campaign have both, alongside others. A zero next is
// none; an empty state leaves the attribute as it is.
func tag(
	ctx workflow.Context, blocker maintenance.Blocker, next time.Time, state string,
	others ...temporal.SearchAttributeUpdate,
) error {
	updates := append(others, attributeBlocker.ValueUnset(), attributeNext.ValueUnset())
	if blocker != maintenance.NotBlocked {
		updates = append(updates, attributeBlocker.ValueSet(string(blocker)))
	}
	if !next.IsZero() {
		updates = append(updates, attributeNext.ValueSet(next))
	}
	if state != "" {
		updates = append(updates, attributeState.ValueSet(state))
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}
