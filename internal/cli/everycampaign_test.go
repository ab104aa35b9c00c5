package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was paused for another reason stays so, and what nobody answers for is said.
func TestAnActionOnAllShowsEachOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	require.Equal(t, "no running campaigns in namespace default\n", w.tidegate("pause", "--all", "--why", "INC-77").out)
	w.work()
	for name, gateway := range map[string]string{"audited": "sgw-55555555", "stores": "sgw-22222222"} {
		require.Equal(t, 0, w.tidegate("run", w.plan(name, gateway), "--detach").status)
	}
	require.Eventually(t, func() bool { return strings.Count(w.tidegate("list").out, " running ") == 2 }, time.Minute, 100*time.Millisecond)
	require.Equal(t, 0, w.tidegate("pause", "audited", "--by", "alice", "--why", "audit").status)

	paused := w.tidegate("pause", "--all", "--by", "bob", "--why", "INC-77")
	require.Equal(t, 0, paused.status)
	require.Contains(t, paused.out, "audited: skipped: it is already paused, by alice: audit\n")
	require.Regexp(t, `(?m)^stores: paused by bob at \d`, paused.out)
	require.Contains(t, paused.out, `to undo: tidegate resume --all --paused-for INC-77 --why TEXT`)

	resumed := w.tidegate("resume", "--all", "--paused-for", "INC-77", "--why", "closed", "--output", "json")
	require.Equal(t, 0, resumed.status)
	var answers []struct {
		Campaign, Left string
		Decision       struct{ What string }
	}
	require.NoError(t, json.Unmarshal([]byte(resumed.out), &answers), resumed.out)
	require.Len(t, answers, 2)
	for _, answer := range answers {
		switch answer.Campaign {
		case "audited":
			require.Equal(t, "it is paused for another reason, by alice: audit", answer.Left)
		default:
			require.Equal(t, "resume", answer.Decision.What)
		}
	}
	require.Contains(t, w.tidegate("resume", "--all", "--why", "all of it").out, "audited: resumed by ")
	require.Contains(t, w.tidegate("resume", "--all", "--why", "again").out, "stores: skipped: it is not paused")
}

func TestAnActionOnAllNamesNoCampaign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for want, args := range map[string][]string{
		`unexpected argument "stores"`: {"pause", "stores", "--all", "--why", "x"},
		"--paused-for: requires --all": {"resume", "stores", "--paused-for", "x", "--why", "x"},
		"unknown flag: --all":          {"abort", "--all", "--why", "x"},
	} {
		got := w.tidegate(args...)
		require.Equal(t, 2, got.status)
		require.Contains(t, got.errors, want)
	}
}
