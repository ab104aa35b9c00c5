package demo

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// planPath is where people find the plan, from the repository's root.
const planPath = "internal/demo/plan.yaml"

//go:embed plan.yaml
var planText []byte

//go:embed scenario.yaml
var scenario []byte

// submitter is who starts the campaign. Someone else has to approve it.
const submitter = "demo"

// freezeFor is how long nothing may start, from the campaign's start on. The
// file cannot say that: its times are those of a calendar.
const freezeFor = 13 * time.Second

// readPlan is the plan as it stands in the file.
func readPlan(now time.Time) (plan.Plan, error) {
	return planfile.Parse(planPath, planText, planfile.Options{Now: now})
}

// campaignInput is what the campaign is started with.
func campaignInput(now time.Time) (api.CampaignInput, error) {
	p, err := readPlan(now)
	if err != nil {
		return api.CampaignInput{}, err
	}
	p.Policy.Freezes = append(p.Policy.Freezes, maintenance.Freeze{
		From: now, To: now.Add(freezeFor), Reason: "the demo's freeze",
	})
	digest := sha256.Sum256(planText)
	return api.CampaignInput{Plan: p, Submitter: submitter, Digest: hex.EncodeToString(digest[:])}, nil
}
