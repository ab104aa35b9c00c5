package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// The first plan is not written by hand: what an inventory writes runs as a campaign, a canary first, and the
// next inventory finds nothing that waits.
func TestThePlanOfAnInventoryRunsAsACampaign(t *testing.T) {
	w := newWorld(t)
	s := scenario()
	s.AWS.Gateways = nil
	for i, app := range []string{"files", "billing", "files"} {
		s.AWS.Gateways = append(s.AWS.Gateways, aws.Gateway{
			ID: fmt.Sprintf("sgw-1111111%d", i), Name: fmt.Sprintf("%s %d", app, i), NextVersion: "1.3.0", Type: "FILE_S3",
			Window: aws.Window{OpenedAgo: 5 * time.Minute}, Tags: map[string]string{"app": app},
		})
	}
	var err error
	w.sim, err = simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	url := w.work()
	t.Setenv("AWS_ACCESS_KEY_ID", aws.DefaultAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", aws.DefaultSecretAccessKey)
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	accounts, file := filepath.Join(t.TempDir(), "accounts.yaml"), filepath.Join(t.TempDir(), "first.yaml")
	require.NoError(t, os.WriteFile(accounts, fmt.Appendf(nil, "aws:\n  - {name: sim, region: us-east-1, endpoint: %q, perSecond: 1000}\n", url), 0o600))

	require.Equal(t, 0, w.tidegate("inventory", "--accounts", accounts, "--temporal", "--plan", file, "--group-by", "app").status)
	require.Empty(t, w.sim.Effects(), "the inventory changed nothing")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	// A bake of a day and polls every ten seconds are what the plan says and its defaults; a test has no day.
	quick := strings.Replace(string(text), "bake: 24h ", "bake: 1s ", 1) + "\nlimits: {updateDelay: 0s, steadyFor: 20ms, pace: {min: 20ms, max: 100ms}}\n"
	require.NotEqual(t, string(text), quick)
	require.NoError(t, os.WriteFile(file, []byte(quick), 0o600))

	got := w.tidegate("run", file)
	require.Equal(t, 0, got.status, got.out+got.errors)
	updated := map[string]int{}
	for _, e := range w.sim.Effects() {
		if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" {
			updated[e.Resource]++
		}
	}
	require.Equal(t, map[string]int{arnPrefix + "sgw-11111110": 1, arnPrefix + "sgw-11111111": 1, arnPrefix + "sgw-11111112": 1}, updated)
	again := w.tidegate("inventory", "--accounts", accounts, "--temporal", "--fail-on", "update-waiting,quarantined,mark")
	require.Equal(t, 0, again.status, again.out+again.errors)
	require.Contains(t, again.out, "3 up to date")
}
