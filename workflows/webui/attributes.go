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
	attributeSince    = temporal.NewSearchAttributeKeyTime("TidegateSince") // when the blocker became what it is
	attributeNext     = temporal.NewSearchAttributeKeyTime("TidegateNext")
	attributeCampaign = temporal.NewSearchAttributeKeyKeyword("TidegateCampaign")
	attributeState    = temporal.NewSearchAttributeKeyKeyword("TidegateState")
)

// SearchAttributes are the attributes that a namespace must have, with their
// types, for these workflows to run in it.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	keys := []temporal.SearchAttributeKey{
		attributeGateway, attributeAccount, attributeStep, attributeBlocker, attributeSince, attributeNext,
		attributeState, attributeCampaign,
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

// TagTarget updates the attributes that follow a target's run. A step that takes no time has no tag of its own: the run
// calls this when it starts to wait for something, and when it ends.
func TagTarget(ctx workflow.Context, s maintenance.Status) error {
	var next time.Time
	if s.Blocker != maintenance.NotBlocked && s.Next != nil {
		next = *s.Next
	}
	state := ""
	if s.Result != nil {
		state = string(s.Result.State)
	}
	return tag(ctx, next, map[temporal.SearchAttributeKeyKeyword]string{
		attributeStep: string(s.Step), attributeBlocker: string(s.Blocker), attributeState: state,
	})
}

// TagCampaign updates those that follow a campaign; state is empty until it has ended.
func TagCampaign(ctx workflow.Context, blocker maintenance.Blocker, next time.Time, state string) error {
	if state != "" {
		next = time.Time{}
	}
	return tag(ctx, next, map[temporal.SearchAttributeKeyKeyword]string{
		attributeBlocker: string(blocker), attributeState: state,
	})
}

// tag sets the attributes that differ, and unsets those that are empty: each update is an event.
func tag(ctx workflow.Context, next time.Time, keywords map[temporal.SearchAttributeKeyKeyword]string) error {
	has := workflow.GetTypedSearchAttributes(ctx)
	var updates []temporal.SearchAttributeUpdate
	for _, key := range []temporal.SearchAttributeKeyKeyword{attributeStep, attributeBlocker, attributeState} {
		value, given := keywords[key]
		switch old, _ := has.GetKeyword(key); {
		case !given || value == old:
		case value == "":
			updates = append(updates, key.ValueUnset())
		default:
			updates = append(updates, key.ValueSet(value))
		}
	}
	blocker := keywords[attributeBlocker]
	old, _ := has.GetKeyword(attributeBlocker)
	switch blocker {
	case old:
	case "":
		updates = append(updates, attributeSince.ValueUnset())
	default:
		updates = append(updates, attributeSince.ValueSet(workflow.Now(ctx)))
	}
	switch old, _ := has.GetTime(attributeNext); {
	case next.Equal(old):
	case next.IsZero():
		updates = append(updates, attributeNext.ValueUnset())
	default:
		updates = append(updates, attributeNext.ValueSet(next))
	}
	if len(updates) == 0 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}
