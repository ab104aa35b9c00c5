package plan_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func sample() plan.Plan {
	return plan.Plan{
		Name: "payments-q4", Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: "prod", Region: "eu-central-1"}}},
		Approvals: maintenance.Approvals{Count: 2, Signers: "storage-leads"},
		Targets: []maintenance.Target{
			{Name: "files-1", Labels: map[string]string{"app": "files", "zone": "a"}}, {Name: "files-2"}, {Name: "files-3"},
		},
		AsOf: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC),
	}.WithDefaults()
}

func TestDigestDoesNotDependOnPagesDefaultsOrWarnings(t *testing.T) {
	t.Parallel()
	whole, err := sample().Digest()
	require.NoError(t, err)
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, whole)
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(sample())
		require.NoError(t, err)
		var p plan.Plan // as it travels
		require.NoError(t, json.Unmarshal(text, &p))
		p = p.WithDefaults()
		p.Warnings = rapid.SliceOf(rapid.String()).Draw(t, "warnings")
		d, err := plan.NewDigester(p)
		require.NoError(t, err)
		for left := p.Targets; len(left) > 0; {
			n := rapid.IntRange(1, len(left)).Draw(t, "page")
			require.NoError(t, d.Add(left[:n]))
			left = left[n:]
		}
		require.Equal(t, whole, d.Digest())
	})
}

func TestDigestDiffersWithWhateverTheCampaignDoes(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, alter := range map[string]func(*plan.Plan){
		"nothing":  func(*plan.Plan) {},
		"a target": func(p *plan.Plan) { p.Targets = p.Targets[:2] },
		"order":    func(p *plan.Plan) { p.Targets[0], p.Targets[1] = p.Targets[1], p.Targets[0] },
		"snapshot": func(p *plan.Plan) { p.Policy.Snapshot = maintenance.SnapshotNever },
		"count":    func(p *plan.Plan) { p.Approvals.Count = 1 },
		"freeze": func(p *plan.Plan) {
			p.Policy.Freezes = []maintenance.Freeze{{From: p.AsOf, To: p.AsOf.Add(time.Hour)}}
		},
		"rollout": func(p *plan.Plan) { p.Rollout.MaxConcurrent = 100 },
	} {
		p := sample()
		alter(&p)
		digest, err := p.Digest()
		require.NoError(t, err)
		require.Empty(t, seen[digest], "%s and %s have one digest", name, seen[digest])
		seen[digest] = name
	}
}
