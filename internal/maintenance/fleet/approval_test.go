package fleet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// needing is a fleet of three waves that needs approvals, which alice has started. Its
// windows open on Sunday at noon.
func needing(t *testing.T, count int, each bool) fleet.Fleet {
	t.Helper()
	f := threeWaves(t)
	f.Approvals = maintenance.Approvals{Count: count, EachWave: each}.WithDefaults()
	f.Submitter = "alice"
	return f
}

// An approval is asked for its lead before the first window that can be used, whatever
// makes that the first, and not earlier.
func TestWhenAnApprovalIsAskedFor(t *testing.T) {
	t.Parallel()
	const lead = 72 * time.Hour
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		window  time.Time // the first that can be used; zero: none can
		wave    int
	}{
		"before the window": {arrange: func(*fleet.Fleet) {}, window: noon.AddDate(0, 0, 7), wave: 1},
		"a nearer window of the same wave": {
			arrange: func(f *fleet.Fleet) { f.Entries[1].Wave, f.Entries[1].Schedule.Day = 0, 5 }, window: noon.AddDate(0, 0, 5), wave: 1,
		},
		"a nearer window of a later wave does not count": {
			arrange: func(f *fleet.Fleet) { f.Entries[1].Schedule.Day = 5 }, window: noon.AddDate(0, 0, 7), wave: 1,
		},
		"a freeze": {
			arrange: func(f *fleet.Fleet) {
				f.Rules.Freezes = []maintenance.Freeze{{From: noon.AddDate(0, 0, 6), To: noon.AddDate(0, 0, 8)}}
			}, window: noon.AddDate(0, 0, 14), wave: 1,
		},
		"an operator has put it off": {
			arrange: func(f *fleet.Fleet) { f.Entries[0].NotBefore = noon.AddDate(0, 0, 8) }, window: noon.AddDate(0, 0, 14), wave: 1,
		},
		"a moved window": {
			arrange: func(f *fleet.Fleet) { f.Entries[0].Schedule.Day = 4 }, window: noon.AddDate(0, 0, 4), wave: 1,
		},
		"after the bake": {
			arrange: func(f *fleet.Fleet) {
				set(f, 0, fleet.Succeeded, noon)
				f.Rollout.Bake = maintenance.Duration(8 * 24 * time.Hour)
			}, window: noon.AddDate(0, 0, 14), wave: 2,
		},
		"the wave before is up to date": {
			arrange: func(f *fleet.Fleet) { f.Entries[0].State = fleet.UpToDate }, window: noon.AddDate(0, 0, 7), wave: 2,
		},
		"unavailable":                  {arrange: func(f *fleet.Fleet) { quarantine(&f.Entries[0]) }},
		"too long for every window":    {arrange: func(f *fleet.Fleet) { f.Entries[0].Work.Proxies = 100 }},
		"the wave before is under way": {arrange: func(f *fleet.Fleet) { consent(f, 1, "bob"); set(f, 0, fleet.Running, noon) }},
		"paused":                       {arrange: func(f *fleet.Fleet) { f.Life = paused("bob: lunch") }},
		"approved early":               {arrange: func(f *fleet.Fleet) { consent(f, 1, "bob") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := needing(t, 1, true)
			tc.arrange(&f)
			now := noon.Add(5 * time.Hour) // this Sunday's window has passed
			turn := fleet.Decide(f, now)
			require.Zero(t, turn.Ask)
			require.NotContains(t, blockers(turn), maintenance.BlockedByApproval)
			if tc.window.IsZero() {
				if a := f.Approval(now); a != nil {
					require.Zero(t, a.Asked)
					require.Zero(t, a.AskFrom)
				}
				return
			}
			from := tc.window.Add(-lead)
			require.Equal(t, from, f.Approval(now).AskFrom)
			require.Equal(t, tc.window, f.Approval(now).Window)
			if turn.Wake.Before(from) { // a bake ends before
				require.Zero(t, fleet.Decide(f, turn.Wake).Ask)
				turn = fleet.Decide(f, turn.Wake)
			}
			require.Equal(t, from, turn.Wake)
			require.Zero(t, fleet.Decide(f, from.Add(-time.Nanosecond)).Ask)
			f.Ask = fleet.Decide(f, from).Ask
			require.Equal(t, fleet.Ask{Wave: tc.wave, At: from}, f.Ask)
			require.Equal(t, from.Add(168*time.Hour), f.ApprovalDeadline())
			aborted := f
			aborted.Life = stopped("aborted")
			require.Zero(t, aborted.ApprovalDeadline(), "nothing comes of it, and nobody may wait for it")
			require.Empty(t, fleet.Decide(f, tc.window).Start, "nothing starts without it")

			missed := fleet.Decide(f, tc.window.Add(4*time.Hour))
			require.Equal(t, f.Ask, missed.Ask, "it stays asked for when the window has passed")
			require.Zero(t, missed.Wake)
			require.Contains(t, blockers(missed), maintenance.BlockedByApproval)
		})
	}
}

func blockers(turn fleet.Turn) (all []maintenance.Blocker) {
	for _, w := range turn.Waits {
		all = append(all, w.Blocker)
	}
	return all
}

// One whose window is nearer than the lead is asked for at once.
func TestAWindowThatIsMovedNearerHasTheApprovalAskedForAtOnce(t *testing.T) {
	t.Parallel()
	f := needing(t, 1, false)
	now := noon.Add(5 * time.Hour)
	require.Zero(t, fleet.Decide(f, now).Ask)
	f.Entries[0].Schedule.Day = 2
	require.Equal(t, fleet.Ask{Wave: 1, At: now}, fleet.Decide(f, now).Ask)
}

func TestAStatusSaysHowFarAnApprovalIs(t *testing.T) {
	t.Parallel()
	f := needing(t, 2, true)
	consent(&f, 1, "bob")
	early := noon.Add(5 * time.Hour)
	require.Equal(t, &fleet.Approval{
		Wave: 1, EachWave: true, Wanted: 2, Given: f.Consents, MayNot: "alice",
		Window: noon.AddDate(0, 0, 7), AskFrom: noon.AddDate(0, 0, 4), Targets: 1, Names: []string{"t0"},
	}, f.Status(fleet.Decide(f, early), early).Approval)
	day := func(days int) string { return noon.AddDate(0, 0, days).Format("2006-01-02 15:04 MST") }
	require.Equal(t, "wave 1 needs approval: 1 of 2 given (bob); alice started the campaign and may not approve; not asked for before "+day(4)+" (first window "+day(7)+")",
		f.Approval(early).Line())

	asked := noon.AddDate(0, 0, 4)
	f.Ask = fleet.Decide(f, asked).Ask
	s := f.Status(fleet.Decide(f, asked), asked)
	require.True(t, s.Asks())
	require.Equal(t, &fleet.Approval{
		Wave: 1, EachWave: true, Wanted: 2, Given: f.Consents, MayNot: "alice",
		Window: noon.AddDate(0, 0, 7), Asked: asked, Deadline: asked.AddDate(0, 0, 7), Targets: 1, Names: []string{"t0"},
	}, s.Approval)
	require.Equal(t, "wave 1 needs approval (1 of 2 given): approve it, or abort the campaign", s.Held)
	require.Equal(t, "wave 1 needs approval: 1 of 2 given (bob); alice started the campaign and may not approve; asked for at "+day(4)+", deadline "+day(11), s.Approval.Line())

	require.Equal(t, "wave 1, 2 of 2 given", s.Approval.OneMore())
	consent(&f, 1, "carol")
	require.Nil(t, f.Approval(asked))
	f.Life = stopped("aborted by bob")
	require.Nil(t, f.Status(fleet.Decide(f, asked), asked).Approval)
}

// What is for the campaign names all its targets, of many the first ten.
func TestAnApprovalOfTheCampaignNamesItsTargets(t *testing.T) {
	t.Parallel()
	f := some(12, maintenance.Rollout{Waves: []maintenance.Share{share(t, "1")}})
	f.Approvals = maintenance.Approvals{Count: 1, SubmitterMayApprove: true}.WithDefaults()
	f.Submitter = "alice"
	a := f.Approval(noon.Add(5 * time.Hour))
	require.Equal(t, 12, a.Targets)
	require.Equal(t, "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 and 2 more", a.TargetsText())
	require.Contains(t, a.Line(), "the campaign needs approval: 0 of 1 given; not asked for")
	f.Entries[0].State = fleet.Skipped
	require.Equal(t, "t1, t2, t3, t4, t5, t6, t7, t8, t9, t10 and 1 more", f.Approval(noon).TargetsText())
}

func TestWhoseApprovalCounts(t *testing.T) {
	t.Parallel()
	inProgress := func(f *fleet.Fleet) { consent(f, 1, "bob"); consent(f, 1, "carol"); set(f, 0, fleet.Running, noon) }
	for name, tc := range map[string]struct {
		once    bool
		arrange func(*fleet.Fleet)
		by      string
		refused string // empty: it counts, for the wave
		wave    int
	}{
		"the first":                   {by: "bob", wave: 1},
		"the second":                  {arrange: func(f *fleet.Fleet) { consent(f, 1, "bob") }, by: "carol", wave: 1},
		"during a pause":              {arrange: func(f *fleet.Fleet) { f.Life = paused("bob: lunch") }, by: "bob", wave: 1},
		"the submitter":               {by: " Alice", refused: "Alice started the campaign and may not approve it: wave 1 still needs 2 approvals by other people (approvals.submitterMayApprove)"},
		"the submitter, where it may": {arrange: func(f *fleet.Fleet) { f.Approvals.SubmitterMayApprove = true }, by: "alice", wave: 1},
		"one person twice": {
			arrange: func(f *fleet.Fleet) { consent(f, 1, "bob") }, by: "BOB ",
			refused: "BOB has approved wave 1 already, at " + noon.Format("2006-01-02 15:04 MST") + ": it still needs 1 approval by someone else",
		},
		"a third": {arrange: inProgress, by: "dora", refused: "wave 1 is approved already, by bob and carol; the wave after it can be approved once it has ended"},
		"a third, of the last wave": {
			arrange: func(f *fleet.Fleet) {
				for i := range f.Entries {
					set(f, i, fleet.Succeeded, noon.Add(-3*time.Hour))
				}
				consent(f, 3, "bob")
				consent(f, 3, "carol")
				set(f, 4, fleet.Running, noon)
			}, by: "dora", refused: "wave 3, the last one, is approved already, by bob and carol",
		},
		"the next wave, baking":   {arrange: func(f *fleet.Fleet) { inProgress(f); set(f, 0, fleet.Succeeded, noon) }, by: "bob", wave: 2},
		"after the canary failed": {arrange: func(f *fleet.Fleet) { inProgress(f); set(f, 0, fleet.Failed, noon) }, by: "bob", refused: "no approval is needed now: 1 of wave 1 failed, max failures 0"},
		"the campaign, again":     {once: true, arrange: inProgress, by: "dora", refused: "the campaign is approved already, by bob and carol"},
		"the campaign, whose first wave was skipped since": {
			once: true, arrange: func(f *fleet.Fleet) { consent(f, 1, "bob"); f.Entries[0].State = fleet.Skipped }, by: "bob ", refused: "BOB",
		},
		"nobody": {arrange: func(f *fleet.Fleet) { f.Approvals = maintenance.Approvals{} }, by: "bob", refused: "the plan asks for no approval"},
		"the end": {arrange: func(f *fleet.Fleet) {
			for i := range f.Entries {
				f.Entries[i].State = fleet.Skipped
			}
		}, by: "bob", refused: "no approval is needed any more: every target has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := needing(t, 2, !tc.once)
			if tc.arrange != nil {
				tc.arrange(&f)
			}
			now := noon.Add(time.Hour)
			got, err := f.Consent(tc.by, "CHG-2", nil, now)
			switch tc.refused {
			case "":
				require.NoError(t, err)
				require.Equal(t, fleet.Consent{Wave: tc.wave, By: strings.TrimSpace(tc.by), At: now, Why: "CHG-2"}, got)
			case "BOB":
				require.ErrorContains(t, err, "bob has approved the campaign already")
			default:
				require.EqualError(t, err, tc.refused)
			}
		})
	}
}

// The messages name the targets, how many of how many, who may not, the deadline, and
// what to type.
func TestTheMessagesAboutAnApproval(t *testing.T) {
	t.Parallel()
	f := called(needing(t, 3, true))
	asked := noon.AddDate(0, 0, 4)
	f.Ask = fleet.Decide(f, asked).Ask
	day := func(days int) string { return noon.AddDate(0, 0, days).Format("2006-01-02 15:04 MST") }
	commands := "\ntidegate status q4\ntidegate approve q4 --why TEXT\ntidegate abort q4 --why TEXT"
	before := f.Milestones("q4", fleet.Milestones{}, asked)
	all := fleet.Occurred(fleet.Milestones{}, before)
	require.Len(t, all, 1)
	require.Equal(t, "q4: wave 1 needs approval (0 of 3 given)", all[0].Title)
	require.Equal(t, fmt.Sprintf("Nothing of wave 1 starts until 3 different people approve. 0 of 3 given. alice started the campaign and may not approve.\n"+
		"1 target: t0.\nFirst window: %s.\nDeadline: %s; not approved by then, the campaign ends EXPIRED.", day(7), day(11))+commands, all[0].Text)

	consent(&f, 1, "bob")
	all = fleet.Occurred(before, f.Milestones("q4", before, asked))
	require.Len(t, all, 1)
	require.Equal(t, "q4: wave 1 needs approval (1 of 3 given)", all[0].Title)
	require.Equal(t, fmt.Sprintf("bob has approved (CHG-1). Still needed: 2 approvals by other people. 1 of 3 given (bob). alice started the campaign and may not approve.\n"+
		"1 target: t0.\nFirst window: %s.\nDeadline: %s; not approved by then, the campaign ends EXPIRED.", day(7), day(11))+commands, all[0].Text)
}

func TestOneApprovalIsAskedOfOnePerson(t *testing.T) {
	t.Parallel()
	f := called(needing(t, 1, false))
	asked := noon.AddDate(0, 0, 4)
	f.Ask = fleet.Decide(f, asked).Ask
	all := fleet.Occurred(fleet.Milestones{}, f.Milestones("q4", fleet.Milestones{}, asked))
	require.Len(t, all, 1)
	require.Contains(t, all[0].Text, "Nothing starts until someone approves. 0 of 1 given.")
	require.Contains(t, all[0].Text, "\n5 targets: t0, t1, t2, t3, t4.\n")
}
