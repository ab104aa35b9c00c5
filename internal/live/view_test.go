package live_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

var update = flag.Bool("update", false, "write the golden files again")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got+"\n"), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got+"\n")
}

// stories are campaigns as they may be.
func stories() map[string]*fake {
	paused := fleetOf()
	paused.status.Paused = "carol: incident INC-77"
	asking := fleetOf()
	asking.status.Counts = fleet.Counts{Total: 4000, Waiting: 3990, Succeeded: 10}
	asking.status.Running, asking.status.Failures, asking.status.Upcoming, asking.status.Next = nil, nil, nil, time.Time{}
	asking.status.Approval = &fleet.Approval{
		Wave: 2, EachWave: true, Wanted: 2, Given: []fleet.Consent{{Wave: 2, By: "carol\x1b[2J", At: noon.Add(-time.Hour), Why: "CHG-1"}}, MayNot: "bob",
		Window: noon.Add(70 * time.Hour), Asked: noon.Add(-2 * time.Hour), Deadline: noon.Add(166 * time.Hour), Targets: 400, Names: []string{"files-0011", "files-0012", "files-0013"},
	}
	asking.status.Held = asking.status.Approval.Short() + ": approve it, or abort the campaign"
	early := fleetOf()
	early.status.Approval = &fleet.Approval{Wave: 1, Wanted: 1, MayNot: "bob", Window: noon.Add(100 * time.Hour), AskFrom: noon.Add(28 * time.Hour), Targets: 2, Names: []string{"files-1", "files-2"}}
	discovering := &fake{status: live.Status{Status: fleet.Status{Phase: fleet.Discovering, Doing: "reading the clouds: 12 targets to go", Submitter: "bob"}}}
	over := fleetOf()
	over.status.Phase, over.status.Running, over.status.Upcoming, over.status.Counts.Running, over.status.Counts.Waiting = fleet.Ended, nil, nil, 0, 0
	over.status.Result = &fleet.Result{State: fleet.Partial, Summary: "3997 of 4000 targets are as the plan wants them; 1 failed, 2 were skipped.", Start: noon.Add(-50 * time.Hour), End: noon}
	return map[string]*fake{"moving": fleetOf(), "paused": paused, "asking": asking, "early": early, "discovering": discovering, "over": over}
}

func TestTheViewAtEveryWidth(t *testing.T) {
	t.Parallel()
	for name, f := range stories() {
		for _, size := range [][2]int{{120, 34}, {80, 24}, {40, 20}} {
			s := newStage(t, f, size[0], size[1])
			lines := strings.Split(s.screen(), "\n")
			require.Len(t, lines, size[1])
			for _, line := range lines {
				require.LessOrEqual(t, lipgloss.Width(line), size[0], line)
				require.NotContains(t, line, "\x1b", "what others wrote does not reach the terminal as it is")
			}
			golden(t, fmt.Sprintf("%s-%d", name, size[0]), s.screen())
		}
	}
}

func TestTheViewInColours(t *testing.T) {
	t.Parallel()
	s := newStage(t, fleetOf(), 80, 24)
	golden(t, "moving-dark", live.Frame(s.m))
	dark := s.screen()
	s.send(tea.BackgroundColorMsg{Color: lipgloss.Color("#ffffff")})
	golden(t, "moving-light", live.Frame(s.m))
	require.Equal(t, dark, s.screen(), "a colour says nothing that the words do not")
}

func TestTheOtherPages(t *testing.T) {
	t.Parallel()
	s := newStage(t, fleetOf(), 80, 24)
	s.keys("?")
	golden(t, "help-80", s.screen())
	s.keys("?", "x", "not this quarter")
	golden(t, "form-80", s.screen())
	s.keys("esc", "tab", "enter")
	golden(t, "details-80", s.screen())
	require.Contains(t, s.screen(), "all of files-004\nin 80 columns\n [31mred")
	s.keys("esc", "2")
	golden(t, "waiting-80", s.screen())
}

func TestNoTerminalIsTooSmall(t *testing.T) {
	t.Parallel()
	for name, f := range stories() {
		for _, size := range [][2]int{{1, 1}, {2, 50}, {8, 4}, {20, 6}, {300, 2}} {
			s := newStage(t, f, size[0], size[1])
			for _, key := range []string{"?", "?", "p", "esc", "2", "0", "tab", "enter"} {
				s.keys(key)
				lines := strings.Split(s.screen(), "\n")
				require.LessOrEqual(t, len(lines), size[1], name)
				for _, line := range lines {
					require.LessOrEqual(t, lipgloss.Width(line), size[0], name)
				}
			}
		}
	}
}

func TestSilenceIsShownAndTheLastStatusStays(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	s := newStage(t, f, 80, 24)
	f.err = errors.New("no worker answers; is one running?")
	s.at(noon.Add(2 * time.Second))
	s.at(noon.Add(14 * time.Second))
	require.Contains(t, s.screen(), "No answer for 14s; last known status: no worker answers")
	require.Regexp(t, `files-004 +sgw-10000004 .*HELD update`, s.screen())
	f.err = nil
	s.at(noon.Add(20 * time.Second))
	require.NotContains(t, s.screen(), "No answer")
}

// A question may hang for long before its error comes.
func TestAnAnswerThatIsAwaitedIsMissed(t *testing.T) {
	t.Parallel()
	s := newStage(t, fleetOf(), 80, 24)
	s.m, _ = live.Due(s.m, noon.Add(2*time.Second))
	require.NotContains(t, s.screen(), "No answer")
	s.m, _ = live.Due(s.m, noon.Add(6*time.Second))
	require.Contains(t, s.screen(), "No answer for 6s; last known status")
}

func TestANoteGivesWayToWhatIsUrgent(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	note := "Web UI: http://127.0.0.1:8233/namespaces/default"
	for name, tc := range map[string]struct {
		width, height int
		shown         bool
	}{
		"roomy": {80, 34, true}, "the running need the room": {80, 24, false}, "it would be cut": {40, 60, false},
	} {
		s := newNotedStage(t, f, note, tc.width, tc.height)
		require.Equal(t, tc.shown, strings.Contains(s.screen(), "\n"+note+"\n"), name)
		if tc.shown {
			require.Contains(t, s.screen(), "files-003", "each that runs is shown too")
			s.keys("p")
			require.NotContains(t, s.screen(), note, "a form is more urgent")
		}
	}
}

func TestWarningsAboutThePlanAreShown(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	f.status.Warnings = []string{"freezes[0]: lies wholly in the past, and freezes nothing", "rollout.waves[1]: is smaller than the wave before it"}
	s := newStage(t, f, 120, 30)
	require.Contains(t, strings.Join(strings.Fields(s.screen()), " "), "PLAN WARNING, the first of 2 (tidegate status payments-q4 has all): freezes[0]: lies wholly in the past")
	f.status.Warnings = f.status.Warnings[:1]
	s = newStage(t, f, 120, 30)
	require.Contains(t, s.screen(), "PLAN WARNING: freezes[0]: lies wholly in the past, and freezes nothing")
}
