package live_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

func TestOnASmallTerminalTheKeysThatAnswerAreStillThere(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	f.status.Running[0].Note = "update failed: " + strings.Repeat("a reason without an end ", 40)
	s := newStage(t, f, 40, 12)
	golden(t, "held-40x12", s.screen())
	require.Contains(t, strings.Join(strings.Fields(s.screen()), " "), "[tab select it, then t retry, s skip, X abort it]")
	s.keys("tab", "t", "INC-77")
	require.Contains(t, s.screen(), "why  INC-77", "the form is on the screen")
	require.Contains(t, s.screen(), "enter: send")
}

func TestANameThatIsTypedNextIsWhole(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	const long = "prod-eu-central-1-warehouse-files-0001-primary"
	f.status.Running[0].Name, f.status.Failures[0].Name, f.status.Upcoming[0].Name = long, long+"-b", long+"-c"
	for _, size := range [][2]int{{80, 40}, {120, 40}, {200, 50}} {
		text := newStage(t, f, size[0], size[1]).screen()
		for _, name := range []string{long + " ", long + "-b ", long + "-c "} {
			require.Contains(t, text, "\n  "+name, "%d columns", size[0])
		}
	}
	require.Contains(t, newStage(t, f, 40, 40).screen(), "prod-eu-ce…001-primary", "else both its ends are shown")
}

func TestAnUndeliveredMessageIsShownInOneLine(t *testing.T) {
	t.Parallel()
	notice := func(state fleet.NoticeState) fleet.Notice {
		return fleet.Notice{Event: maintenance.EventHeld, Channel: "oncall", At: noon.Add(-time.Minute), State: state, Why: "not sent: 403\x1b[2J " + strings.Repeat("Forbidden ", 20)}
	}
	for name, tc := range map[string]struct {
		notices []fleet.Notice
		want    string
	}{
		"failed":       {[]fleet.Notice{notice(fleet.NoticeFailed), notice(fleet.NoticeSent)}, "\nNOT DELIVERED: held to oncall at 11:59Z (not sent: 403 [2J Forbidden"},
		"unknown":      {[]fleet.Notice{notice(fleet.NoticeUnknown)}, "\nDELIVERY UNKNOWN: held to oncall at 11:59Z (not"},
		"several":      {[]fleet.Notice{notice(fleet.NoticeFailed), notice(fleet.NoticeFailed)}, "\nNOT DELIVERED: held to oncall at 11:59Z and 1 more (not"},
		"all arrived":  {[]fleet.Notice{notice(fleet.NoticeSent), notice(fleet.NoticeSending)}, ""},
		"none was due": {nil, ""},
	} {
		running, over := fleetOf(), stories()["over"]
		running.status.Notices, over.status.Result.Undelivered = tc.notices, tc.notices
		for _, f := range []*fake{running, over} {
			text := newStage(t, f, 80, 24).screen()
			if tc.want == "" {
				require.NotContains(t, text, "NOT DELIVERED", name)
				continue
			}
			require.Contains(t, text, tc.want, name)
			require.Equal(t, 1, strings.Count(text, "403"), name)
		}
	}
}

func TestAnotherLocalDayIsShown(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	f.status.Upcoming[0].Next = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	require.Contains(t, newStage(t, f, 120, 34).screen(), "Mon 23 Nov 02:00Z  Sun 22:00 GMT-4:00")
}

func TestTheOverviewFillsUpWithWhatWaits(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	f.status.Upcoming = f.status.Upcoming[:2]
	s := newStage(t, f, 120, 40)
	require.Contains(t, s.screen(), "stores-002")
	require.Contains(t, s.screen(), "files-0001    sgw-00000001", "what waits for its wave")
	require.Contains(t, s.screen(), "more; key 2 lists them")
}

// BenchmarkFrame is the time of one frame of a campaign of five thousand targets,
// as fleet itself sums it up.
func BenchmarkFrame(b *testing.B) {
	entries := make([]fleet.Entry, 5000)
	for i := range entries {
		entries[i] = fleet.Entry{Name: fmt.Sprintf("files-%04d", i), Gateway: fmt.Sprintf("sgw-%08X", i), Wave: i / 1000, Ref: i, State: fleet.Waiting, Work: fleet.Work{Update: true, Snapshots: 1}}
		if i < 50 {
			entries[i].Start(1, noon.Add(-time.Minute), time.Time{})
		}
	}
	all := fleet.Fleet{Progress: fleet.Progress{Entries: entries}, Rollout: maintenance.Rollout{MaxConcurrent: 50}.WithDefaults()}
	f := &fake{status: live.Status{Status: all.Status(fleet.Decide(all, noon), noon)}}
	require.Len(b, f.status.Running, 50)
	s := newNotedStage(b, f, "", 120, 40)
	for b.Loop() {
		_ = live.Frame(s.m)
	}
}
