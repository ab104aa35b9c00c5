package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// The commands about one target of a campaign, as the matrix calls them.
const (
	skips     = "skip"
	retries   = "retry"
	puts      = "reschedule"
	takesBack = "reschedule back"
)

// acts stands in a matrix for a command that does what it says.
const acts = ""

// TestEveryCommandOnEveryTargetActsOrSaysWhyNot: what a campaign answers to each command
// about a target in each state. A refusal changes nothing and stands in no record.
func TestEveryCommandOnEveryTargetActsOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	const (
		runs     = "has been running since"
		released = "can be retried once its gateway is released: quarantined since"
		notKept  = "was not rescheduled: there is nothing to revert"
	)
	ended := func(state fleet.State) func(*fleet.Entry, *sky) {
		return func(e *fleet.Entry, _ *sky) { e.State, e.Started, e.End, e.Attempts = state, noon, noon, 1 }
	}
	bars := func(text string, id func(string) string) func(*fleet.Entry, *sky) {
		return func(e *fleet.Entry, s *sky) {
			e.Bar, e.Unavailable = maintenance.BlockedByRun, text
			if text == fleet.Reading {
				e.Bar = maintenance.BlockedByReading
			}
			if id != nil {
				s.set(id(e.Gateway), true)
			}
		}
	}
	for state, tc := range map[string]struct {
		arrange func(*fleet.Entry, *sky)
		answers map[string]string
	}{
		"waiting": {
			func(*fleet.Entry, *sky) {},
			map[string]string{skips: acts, retries: "is waiting: only a target that has failed, was skipped, or could not be read", puts: acts, takesBack: notKept},
		},
		"rescheduled": {
			func(e *fleet.Entry, _ *sky) { e.NotBefore = noon.AddDate(0, 0, 20) },
			map[string]string{skips: acts, retries: "is waiting: only a target that has failed", puts: acts, takesBack: acts},
		},
		"waiting, and quarantined": {
			bars("quarantined", api.QuarantineWorkflowID),
			map[string]string{
				skips: acts, puts: acts, takesBack: notKept,
				retries: "is read again by itself once its gateway is released: quarantined since",
			},
		},
		"waiting, and in another run": {
			bars("in the run", api.GatewayWorkflowID),
			map[string]string{
				skips: acts, puts: acts, takesBack: notKept,
				retries: "is read again by itself once that run has ended: in the run gateway-sgw-00000001",
			},
		},
		"waiting, and unreadable": {
			bars("could not be read", nil), map[string]string{skips: acts, retries: acts, puts: acts, takesBack: notKept},
		},
		"waiting, and being read": {
			bars(fleet.Reading, nil), map[string]string{skips: acts, retries: "is being read again already", puts: acts, takesBack: notKept},
		},
		"running": {
			func(e *fleet.Entry, _ *sky) { e.Start(1, noon, time.Time{}) },
			map[string]string{skips: runs, retries: runs, puts: "is running: only one that waits", takesBack: "is running: only one that waits"},
		},
		// TestWhatOnlyARunCanTakeIsPassedOnToIt has those that have a run.
		"held, and its run is gone": {
			func(e *fleet.Entry, _ *sky) {
				e.Start(1, noon, time.Time{})
				e.State, e.Hold = fleet.Held, fleet.Hold{Step: maintenance.StepSnapshot, Since: noon}
			},
			map[string]string{
				skips: "its maintenance does not run any more", retries: "its maintenance does not run any more",
				puts: "is held: only one that waits", takesBack: "is held: only one that waits",
			},
		},
		"succeeded": {
			ended(fleet.Succeeded),
			map[string]string{
				skips: "has ended already: succeeded", retries: "is succeeded: only a target that has failed",
				puts: "is succeeded: only one that waits", takesBack: "is succeeded: only one that waits",
			},
		},
		"current": {
			ended(fleet.UpToDate),
			map[string]string{
				skips: "has ended already: up-to-date", retries: "is up-to-date: only a target that has failed",
				puts: "is up-to-date: only one that waits", takesBack: "is up-to-date: only one that waits",
			},
		},
		"failed": {
			ended(fleet.Failed),
			map[string]string{skips: acts, retries: acts, puts: "is failed: only one that waits", takesBack: "is failed: only one that waits"},
		},
		"failed, and quarantined": {
			func(e *fleet.Entry, s *sky) {
				ended(fleet.Failed)(e, s)
				s.set(api.QuarantineWorkflowID(e.Gateway), true)
			},
			map[string]string{skips: acts, retries: released, puts: "is failed: only one that waits", takesBack: "is failed: only one that waits"},
		},
		"skipped": {
			ended(fleet.Skipped),
			map[string]string{
				skips: "has ended already: skipped", retries: acts, puts: "is skipped: only one that waits", takesBack: "is skipped: only one that waits",
			},
		},
		"skipped, and quarantined": {
			func(e *fleet.Entry, s *sky) {
				ended(fleet.Skipped)(e, s)
				s.set(api.QuarantineWorkflowID(e.Gateway), true)
			},
			map[string]string{
				skips: "has ended already: skipped", retries: released, puts: "is skipped: only one that waits", takesBack: "is skipped: only one that waits",
			},
		},
	} {
		require.Len(t, tc.answers, 4, state)
		for command, want := range tc.answers {
			t.Run(command+" of one that is "+state, func(t *testing.T) {
				t.Parallel()
				giveOne(t, command, want, tc.arrange)
			})
		}
	}
}

// giveOne gives a campaign one command about a target, and holds its answer, its record
// and the target to what is wanted.
func giveOne(t *testing.T, command, want string, arrange func(*fleet.Entry, *sky)) {
	t.Helper()
	s := newSky(2)
	p := s.plan()
	p.Rollout.MaxFailures = share(t, "100%")
	var entries []fleet.Entry
	for i, c := range s.gateways {
		entries = append(entries, fleet.Entry{
			Name: nameOf(i), Gateway: c.gateway.ID, Ref: i, State: fleet.Waiting, Work: fleet.Work{Update: true},
			Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Day: 3, Hour: 2},
		})
	}
	arrange(&entries[0], s)
	env := under(t, noon, s)
	env.meter.alone = true
	in := carried(p, entries...)
	in.EventsPerRun, in.Carried.Swept = 0, noon
	o := api.CampaignAction{Action: api.Action{By: "carol", Why: "for the test"}, Target: nameOf(0)}
	update := command
	switch command {
	case puts:
		o.NotBefore = noon.AddDate(0, 0, 30)
	case takesBack:
		update = api.RescheduleUpdate
	}
	entry := func() fleet.Entry {
		answer, err := env.QueryWorkflow(api.EntriesQuery, fleet.Page{Count: 1})
		require.NoError(t, err)
		var f fleet.Fleet
		require.NoError(t, answer.Get(&f))
		return f.Entries[0]
	}
	var before, after fleet.Entry
	env.RegisterDelayedCallback(func() { before = entry() }, time.Minute)
	answer := env.action(2*time.Minute, update, o)
	env.RegisterDelayedCallback(func() {
		after = entry()
		if entries[0].State.InProgress() {
			env.SignalWorkflow(api.BatchEventsSignal, api.BatchEvents{Events: []fleet.Event{
				{Kind: fleet.KindEnded, Attempt: 1, State: fleet.Succeeded, At: noon},
			}})
		}
	}, 4*time.Minute)
	env.action(5*time.Minute, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, in)
	require.Error(t, err)
	if want != acts {
		require.Contains(t, answer.refused, want)
		require.Contains(t, answer.refused, nameOf(0))
		require.Equal(t, before, after)
		require.Len(t, result.Decisions, 1, "the abort alone")
		return
	}
	require.Empty(t, answer.refused)
	require.True(t, answer.accepted)
	require.NotEqual(t, before, after, "it says that it acts")
	require.Len(t, result.Decisions, 2)
	require.Equal(t, maintenance.Decision{
		What: update, Target: nameOf(0), NotBefore: o.NotBefore, By: "carol", Why: "for the test", At: noon.Add(2 * time.Minute),
	}, result.Decisions[0])
}

// TestEveryCommandOnEveryRunActsOrSaysWhyNot: the same of a gateway's own run.
func TestEveryCommandOnEveryRunActsOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	const (
		approve, abort, retry, skip = api.ApproveUpdate, api.AbortUpdate, api.RetryUpdate, api.SkipUpdate
		noApproval                  = "this run needs no approval"
	)
	stuck := func(c *cloud, in *api.MaintenanceInput) {
		c.noEffect = true
		in.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	}
	for state, tc := range map[string]struct {
		start   time.Time
		cloud   func() *cloud
		policy  maintenance.Policy
		arrange func(*cloud, *api.MaintenanceInput)
		after   time.Duration // of its start, it is in that state
		is      func(maintenance.Status) bool
		answers map[string]string
	}{
		"waits for an approval": {
			start: noon.Add(-2 * time.Hour), policy: maintenance.Policy{Approval: true}, after: time.Hour,
			is:      func(s maintenance.Status) bool { return s.Blocker == maintenance.BlockedByApproval },
			answers: map[string]string{approve: acts, abort: acts, retry: "nothing is held: the run is at wait", skip: "nothing is held: the run is at wait"},
		},
		"waits for its window": {
			start: noon.Add(-2 * time.Hour), after: time.Hour,
			is:      func(s maintenance.Status) bool { return s.Blocker == maintenance.BlockedByWindow },
			answers: map[string]string{approve: noApproval, abort: acts, retry: "nothing is held: the run is at wait", skip: "nothing is held: the run is at wait"},
		},
		"is past the point of no return": {
			start: noon, after: 2 * time.Minute,
			is: func(s maintenance.Status) bool { return s.PastNoReturn && !s.Held },
			answers: map[string]string{
				approve: noApproval, abort: "past the point of no return", retry: "nothing is held: the run is at await-running", skip: "nothing is held",
			},
		},
		"is held at a step that can be skipped": {
			start: noon, after: time.Hour, cloud: rejecting, policy: holding,
			is:      func(s maintenance.Status) bool { return s.Held && s.Step == maintenance.StepProxies },
			answers: map[string]string{approve: noApproval, abort: acts, retry: acts, skip: acts},
		},
		"is held at one that cannot": {
			start: noon, after: 2 * time.Hour, policy: holding, arrange: stuck,
			is:      func(s maintenance.Status) bool { return s.Held && s.Step == maintenance.StepRunning },
			answers: map[string]string{approve: noApproval, abort: acts, retry: acts, skip: "await-running cannot be skipped, since everything after it builds on it: retry or abort"},
		},
	} {
		require.Len(t, tc.answers, 4, state)
		for command, want := range tc.answers {
			t.Run(fmt.Sprintf("%s while it %s", command, state), func(t *testing.T) {
				t.Parallel()
				c := newCloud()
				if tc.cloud != nil {
					c = tc.cloud()
				}
				in := c.input(tc.policy)
				if tc.arrange != nil {
					tc.arrange(c, &in)
				}
				env := at(t, tc.start, c)
				answer := &answer{}
				env.RegisterDelayedCallback(func() {
					require.True(t, tc.is(status(t, env)), "%+v", status(t, env))
					c.noEffect, c.triggered = false, time.Time{}
					if c.proxies[proxyIDs[1]] != nil {
						c.proxies[proxyIDs[1]].reject = ""
					}
					env.UpdateWorkflow(command, command, answer, alice)
					if command != abort || want != acts {
						env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
					}
				}, tc.after)
				result, _ := maintain(t, env, in) // how it ends is not the matter
				require.Equal(t, want == acts, answer.accepted, answer.refused)
				require.Contains(t, answer.refused, want)
				if want != acts {
					require.Empty(t, result.Decisions)
					return
				}
				require.Equal(t, command, result.Decisions[0].What)
			})
		}
	}
}

// TestEveryCommandOnEveryCampaignActsOrSaysWhyNot: the same of those about the whole.
func TestEveryCommandOnEveryCampaignActsOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	const (
		approve, pause, resume = api.ApproveUpdate, api.PauseUpdate, api.ResumeUpdate
		abort, concurrency     = api.AbortUpdate, api.ConcurrencyUpdate
		noApproval             = "the plan asks for no approval"
		stopped                = "it is stopped already: aborted by dave (enough)"
		plans                  = "it only plans, and starts nothing"
	)
	for state, tc := range map[string]struct {
		arrange func(*api.CampaignInput)
		answers map[string]string
	}{
		"is in progress": {
			func(*api.CampaignInput) {},
			map[string]string{approve: noApproval, pause: acts, resume: "it is not paused", concurrency: acts, abort: acts},
		},
		"is paused": {
			func(in *api.CampaignInput) { in.Carried.Life = pausedBy("dave: INC-77") },
			map[string]string{approve: noApproval, pause: "it is already paused, by dave: INC-77", resume: acts, concurrency: acts, abort: acts},
		},
		"needs an approval": {
			func(in *api.CampaignInput) { in.Plan.Approvals.Count = 1 },
			map[string]string{approve: acts, pause: acts, resume: "it is not paused", concurrency: acts, abort: acts},
		},
		"is stopped": {
			func(in *api.CampaignInput) {
				in.Carried.Life.Halt, in.Carried.Life.Why = fleet.HaltedByAbort, "aborted by dave (enough)"
				in.Carried.Entries[0].Start(1, noon, time.Time{})
			},
			map[string]string{approve: stopped, pause: stopped, resume: stopped, concurrency: stopped, abort: acts},
		},
		"only plans": {
			func(in *api.CampaignInput) { in.PlanOnly = true },
			map[string]string{approve: plans, pause: plans, resume: plans, concurrency: plans, abort: acts},
		},
	} {
		require.Len(t, tc.answers, 5, state)
		for command, want := range tc.answers {
			t.Run(command+" of one that "+state, func(t *testing.T) {
				t.Parallel()
				s := newSky(1)
				env := under(t, noon, s)
				env.meter.alone = true
				in := carried(s.plan(), fleet.Entry{
					Name: nameOf(0), Gateway: s.gateways[0].gateway.ID, State: fleet.Waiting, Work: fleet.Work{Update: true},
					Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Day: 1, Hour: 2},
				})
				in.EventsPerRun, in.Carried.Swept = 0, noon
				tc.arrange(&in)
				o := api.CampaignAction{Action: api.Action{By: "carol", Why: "for the test"}}
				if command == concurrency {
					o.MaxConcurrent = 7
				}
				answer := env.action(time.Minute, command, o)
				var after fleet.Status
				env.RegisterDelayedCallback(func() {
					after = campaignStatus(t, env)
					env.SignalWorkflow(api.BatchEventsSignal, api.BatchEvents{Events: []fleet.Event{
						{Kind: fleet.KindEnded, Attempt: 1, State: fleet.Succeeded, At: noon},
					}})
				}, 2*time.Minute)
				env.action(3*time.Minute, abort, api.CampaignAction{})
				result, _ := campaign(t, env, in) // how it ends is not the matter
				require.Equal(t, want == acts, answer.accepted, answer.refused)
				require.Contains(t, answer.refused, want)
				if want != acts {
					require.Empty(t, after.Decisions)
					return
				}
				require.Equal(t, command, result.Decisions[0].What)
				if command == abort { // it has ended at once, but for what runs
					require.Equal(t, in.PlanOnly, result.State != fleet.Aborted)
					return
				}
				require.Equal(t, command == pause || (state == "is paused" && command != resume), after.Paused != "")
				require.Equal(t, command == concurrency, after.MaxConcurrent == 7)
			})
		}
	}
}
