package campaign

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/test/teststart"
	"github.com/tidegate/tidegate/workflows/api"
)

// A fleet that may be carried still can be after as many signed decisions as the record has, by keys as people have
// them: a signature by an RSA key of 3,072 bits has about 1,200 bytes.
func TestAFleetThatMayBeCarriedStillCanWithSignedDecisions(t *testing.T) {
	t.Parallel()
	const temporal = 2 << 20
	fleetOf := func(n int) *campaign {
		c := &campaign{in: api.CampaignInput{}}
		for i := range n {
			c.Entries = append(c.Entries, fleet.Entry{Name: fmt.Sprintf("files-%05d", i), Gateway: fmt.Sprintf("sgw-%08d", i), Ref: i})
		}
		return c
	}
	low, high := 0, 40_000
	for low+1 < high {
		if n := (low + high) / 2; fleetOf(n).mayCarry() == nil {
			low = n
		} else {
			high = n
		}
	}
	at := teststart.On(time.Monday, 12)
	decide := func(why string) int {
		c := fleetOf(low)
		for i := range c.Entries { // as entryGrowth reckons
			c.Entries[i].Attempts, c.Entries[i].Started = 1, at
		}
		for i := range maxDecisions {
			text, err := signing.Statement{
				Namespace: "default", Campaign: "q4", Run: "0199f1a2-0000-7000-8000-000000000000", Action: "skip", Target: fmt.Sprintf("files-%05d", i),
				Plan: signing.PlanDigest(strings.Repeat("ab", 32)), Why: why, Nonce: "ABCDEFGHIJKL", At: at,
			}.Text()
			require.NoError(t, err)
			c.recordDecision(maintenance.Decision{
				What: "skip", Target: fmt.Sprintf("files-%05d", i), By: "alice@example.com", Why: why, At: at,
				Proof: maintenance.Proof{
					Principal: "alice@example.com", Key: "SHA256:" + strings.Repeat("k", 43), KeyType: "ssh-rsa", Groups: "storage-leads",
					Files: signing.PlanDigest(strings.Repeat("cd", 32)), At: at, Statement: string(text), Signature: strings.Repeat("s", 1_200),
				},
			})
		}
		c.fit()
		require.NotEmpty(t, c.Decisions)
		require.Equal(t, "files-00199", c.Decisions[len(c.Decisions)-1].Target, "the latest stay")
		return c.carries()
	}
	require.Less(t, decide("CHG-1"), temporal, "%d targets", low)
	require.Less(t, decide(strings.Repeat("w", 1_000)), temporal, "%d targets, with the longest reasons", low)
}
