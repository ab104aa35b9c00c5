package live_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func TestAKeySendsItsActionOnceThereIsAReason(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(*fake)
		keys    []string // before the reason
		action  string
		target  string
		run     bool
	}{
		"pause":                   {nil, []string{"p"}, "pause", "", false},
		"resume":                  {func(f *fake) { f.status.Paused = "carol" }, []string{"r"}, "resume", "", false},
		"approve":                 {func(f *fake) { f.status.Approval = &fleet.Approval{Wave: 2, Wanted: 1, Asked: noon} }, []string{"a"}, "approve", "", false},
		"waive":                   {shut, []string{"w"}, "waive", "", false},
		"waive for a target":      {blocked, []string{"tab", "w"}, "waive", "files-004", false},
		"abort":                   {nil, []string{"x"}, "abort", "", false},
		"abort what runs":         {nil, []string{"tab", "X"}, "abort", "files-004", true},
		"retry a held step":       {nil, []string{"tab", "t"}, "retry", "files-004", true},
		"skip a held step":        {nil, []string{"down", "j", "up", "s"}, "skip", "files-004", true},
		"retry what failed":       {nil, []string{"tab", "tab", "tab", "tab", "tab", "t"}, "retry", "ledger-7", false},
		"skip what waits":         {nil, []string{"tab", "tab", "tab", "tab", "tab", "tab", "s"}, "skip", "stores-001", false},
		"skip of a filtered list": {nil, []string{"2", "tab", "s"}, "skip", "files-0001", false},
		"from the details":        {nil, []string{"tab", "tab", "tab", "tab", "tab", "enter", "t"}, "retry", "ledger-7", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleetOf()
			if tc.prepare != nil {
				tc.prepare(f)
			}
			s := newStage(t, f, 100, 40)
			s.keys(tc.keys...)
			s.keys("enter")
			require.Empty(t, f.given, "without a reason nothing is ordered")
			require.Contains(t, s.screen(), "enter a reason, for the record")
			s.keys("INC-77q", "backspace", "enter")
			require.Len(t, f.given, 1)
			got := f.given[0]
			require.Equal(t, []any{tc.action, "alice", "INC-77", tc.run}, []any{got.Update, got.By, got.Why, got.Run})
			if tc.target == "" {
				require.Nil(t, got.Target)
			} else {
				require.Equal(t, tc.target, got.Target.Name)
			}
			require.Equal(t, tc.action == "waive", got.Check == "error rate")
			require.Contains(t, s.screen(), "done: "+tc.action)
			require.NotContains(t, s.screen(), "for the record", "the form is closed")
		})
	}
}

// shut has a check keep the next wave, and blocked one the first target that runs.
func shut(f *fake) {
	f.status.Checks = []fleet.CheckLine{{Check: "error rate", Wave: 1, State: health.Failed, Of: 2}}
}

func blocked(f *fake) {
	f.status.Checks = []fleet.CheckLine{{Check: "no page", State: health.Failing}}
	f.status.Running[0].Check = "error rate"
}

func TestTheFormOfAWaiverNamesTheCheck(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	shut(f)
	s := newStage(t, f, 100, 40)
	s.keys("w")
	require.Contains(t, s.screen(), `Waive check "error rate" of the campaign payments-q4?`)
	require.Contains(t, s.screen(), "A waiver cannot be taken back.")
}

func TestARefusalIsShownWhereItWasAsked(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	f.refusal = errors.New("pause payments-q4 is refused: it is already paused")
	s := newStage(t, f, 80, 24)
	s.keys("p", "why not", "enter")
	require.Contains(t, s.screen(), "is refused: it is already paused")
	require.Contains(t, s.screen(), "why  why not", "what was typed is still there")
	s.keys("esc")
	require.NotContains(t, s.screen(), "refused: it is paused")
}

func TestAReasonInWideLettersStaysOnTheScreen(t *testing.T) {
	t.Parallel()
	s := newStage(t, fleetOf(), 40, 24)
	s.keys("p", strings.Repeat("漢字", 20)+"x")
	require.Contains(t, s.screen(), "why  "+strings.Repeat("漢字", 8)+"漢\n")
	require.Contains(t, s.screen(), "字漢字x▏")
}

func TestAnActionThatMakesNoSenseSaysWhy(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"r": "it is not paused", "a": "nothing needs approval", "s": "select a target", "t": "select a target", "X": "select a target that runs",
		"w": "select a target that one blocks",
	} {
		f := fleetOf()
		s := newStage(t, f, 80, 24)
		s.keys(key)
		require.Contains(t, s.screen(), want, key)
		require.Empty(t, f.given)
		require.NotContains(t, strings.Split(s.screen(), "\n")[23], "  "+key+" ", "nor is the key offered")
	}
}

func TestAskingCostsTheServerLittle(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	s := newStage(t, f, 120, 60)
	count := func(seconds int) (looks, runs int) {
		f.asked = nil
		for i := range seconds {
			s.at(noon.Add(time.Duration(i+1) * time.Second))
		}
		for _, a := range f.asked {
			if a == "look" {
				looks++
			} else if strings.HasPrefix(a, "run ") {
				runs++
			}
		}
		return looks, runs
	}
	looks, runs := count(60)
	require.LessOrEqual(t, looks, 60, "once a second while something runs")
	require.LessOrEqual(t, runs, 4*13, "each visible run every five seconds")

	f.status.Running, f.status.Counts.Running, f.status.Counts.Held, f.status.Next = nil, 0, 0, noon.Add(24*time.Hour)
	s = newStage(t, f, 120, 60)
	looks, runs = count(60)
	require.LessOrEqual(t, looks, 7, "every ten seconds while it waits")
	require.Zero(t, runs)
	require.LessOrEqual(t, len(f.asked)-looks, 7, "nor is the overview filled up more often")

	for i := range 50 {
		f.status.Running = append(f.status.Running, fleet.Row{Name: "many", Gateway: strings.Repeat("x", i+1), State: fleet.Running})
		f.runs[strings.Repeat("x", i+1)] = f.runs["sgw-10000001"]
	}
	f.status.Counts.Running = 50
	s = newStage(t, f, 120, 90)
	require.Len(t, slices.DeleteFunc(f.asked, func(a string) bool { return a != "run many" }), 20, "of fifty that are on the screen")
}

func TestAListIsTurnedPageByPage(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	s := newStage(t, f, 80, 24)
	s.keys("2")
	require.Contains(t, s.screen(), "WAITING 3890")
	require.Contains(t, s.screen(), "files-0001")
	first := strings.Count(s.screen(), "files-")
	s.keys("pgdown")
	require.NotContains(t, s.screen(), "files-0001")
	require.Contains(t, s.screen(), "from")
	s.keys("pgup", "up")
	require.NotEmpty(t, live.Chosen(s.m))
	s.keys("down")
	require.Contains(t, f.asked[len(f.asked)-1], "from", "past the last row the page turns")
	require.Greater(t, first, 10)
	s.keys("esc")
	require.Contains(t, s.screen(), "ACTIVE 4")
}

func TestTheChosenTargetStaysChosen(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	s := newStage(t, f, 80, 30)
	s.keys("tab", "tab")
	require.Equal(t, "sgw-10000001", live.Chosen(s.m))
	f.status.Running = f.status.Running[1:] // without the held one, which stands above it
	s.at(noon.Add(2 * time.Second))
	require.Contains(t, s.screen(), "▸ files-001")
}

func TestHowItIsLeft(t *testing.T) {
	t.Parallel()
	quits := func(s *stage, msg tea.Msg) (quit, interrupted bool) {
		m, cmd := s.m.Update(msg)
		if cmd == nil {
			return false, false
		}
		model, ok := m.(live.Model)
		require.True(t, ok)
		_, quit = cmd().(tea.QuitMsg)
		return quit, live.Interrupted(model)
	}
	s := newStage(t, fleetOf(), 80, 24)
	quit, interrupted := quits(s, tea.KeyPressMsg{Code: 'q', Text: "q"})
	require.True(t, quit)
	require.False(t, interrupted)
	s.keys("p")
	quit, _ = quits(s, tea.KeyPressMsg{Code: 'q', Text: "q"})
	require.False(t, quit, "in a form it is a letter")
	quit, interrupted = quits(s, tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
	require.True(t, quit)
	require.True(t, interrupted)
	over := newStage(t, stories()["over"], 80, 24)
	over.keys("p")
	require.Contains(t, over.screen(), "the campaign has ended")
	over.fake.asked = nil
	over.at(noon.Add(time.Hour))
	require.NotContains(t, over.fake.asked, "look", "nothing changes any more")
}

func TestARunningTargetSaysWhatWasSeenLast(t *testing.T) {
	t.Parallel()
	f := fleetOf()
	run := f.runs["sgw-10000001"]
	run.Calls = []maintenance.Call{{
		What: "wait until the gateway runs the new software", Attempt: 7, LastResponse: "the gateway is not connected", LastAt: noon.Add(-9 * time.Second), Until: noon.Add(50 * time.Minute),
	}}
	f.runs["sgw-10000001"] = run
	s := newStage(t, f, 200, 40)
	require.Contains(t, s.screen(), "tried until 12:50Z; 11:59:51Z: the gateway is not connected; past the point of no return")
}
