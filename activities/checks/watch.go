package checks

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Watcher holds the activities that ask health checks again and again, for a target, a campaign and its batches, and
// those that end mutes. Between two rounds an activity fails, which costs no history, and leaves its watches in its
// heartbeat to the next attempt.
type Watcher struct {
	Asker Asker // nil: no check has an answer
	Muter Muter
	Now   func() time.Time
}

// BeatWithin is the heartbeat timeout of these activities, and RoundLimit how long one round may take at most: each
// source is asked at a bounded rate.
const (
	BeatWithin = 30 * time.Second
	RoundLimit = 10 * time.Minute
	// BakeRoundLimit is that of a bake: all batches ask at once, and thousands of questions of a server wait for its rate.
	BakeRoundLimit = 2 * time.Hour
)

// CampaignInput are the checks for a whole campaign.
type CampaignInput struct {
	Checks  []health.Check          `json:"checks"`
	Watches map[string]health.Watch `json:"watches,omitempty"`
	// Blocks are the checks that block as far as the campaign knows: WatchCampaign ends once that is no longer so.
	Blocks []health.Block `json:"blocks,omitempty"`
}

// Queue of the activities for a campaign.
func (CampaignInput) Queue(workflows string) string { return workflows }

// followed are the checks; a round changes the watches.
func (in CampaignInput) followed() Followed {
	f := Followed{Checks: in.Checks, Watches: in.Watches}
	if f.Watches == nil {
		f.Watches = map[string]health.Watch{}
	}
	return f
}

// CampaignOutput is where they stand.
type CampaignOutput struct {
	Watches map[string]health.Watch `json:"watches"`
	Blocks  []health.Block          `json:"blocks,omitempty"`
}

// AskCampaign asks them once.
func (w *Watcher) AskCampaign(ctx context.Context, in CampaignInput) (CampaignOutput, error) {
	f, clock := in.followed(), clockOf(ctx, w.Now)
	w.round(ctx, clock, health.AtCampaign, false, []Followed{f}, f.Watches)
	return CampaignOutput{Watches: slim(f.Watches), Blocks: f.Blocks(health.AtCampaign, clock.Now())}, nil
}

// WatchCampaign asks them until something else blocks than before, or nothing any more.
func (w *Watcher) WatchCampaign(ctx context.Context, in CampaignInput) (CampaignOutput, error) {
	known := len(in.Watches) == len(in.Checks)
	left(ctx, &in.Watches)
	f, clock := in.followed(), clockOf(ctx, w.Now)
	w.round(ctx, clock, health.AtCampaign, true, []Followed{f}, f.Watches)
	blocks := f.Blocks(health.AtCampaign, clock.Now())
	if !known || !slices.Equal(keys(blocks), keys(in.Blocks)) {
		return CampaignOutput{Watches: slim(f.Watches), Blocks: blocks}, nil
	}
	activity.RecordHeartbeat(ctx, slim(f.Watches))
	return CampaignOutput{}, again(wait(clock.Now(), []Followed{f}))
}

// keys are what the blocks are told apart by: an unanswered check that then fails blocks for another reason.
func keys(blocks []health.Block) (all []string) {
	for _, b := range blocks {
		all = append(all, b.Check+"/"+string(b.State))
	}
	return all
}

// BakeInput are the targets of one batch that are watched while their wave bakes.
type BakeInput struct {
	Checks  []health.Check `json:"checks"` // at bake, with their defaults
	Targets []BakeTarget   `json:"targets"`
	// Until is the end of the bake. An activity that starts later goes on until each check passes or has failed.
	Until time.Time `json:"until"`
	// Quiet is before when it does not end for one more check that has failed.
	Quiet time.Time `json:"quiet,omitzero"`
}

// Queue of WatchBake.
func (BakeInput) Queue(workflows string) string { return workflows }

// BakeTarget is one target of a bake.
type BakeTarget struct {
	Subject health.Subject `json:"subject"`
	// Before are the answers just before its trigger, by check: of those that compare.
	Before map[string]health.Answer `json:"before,omitempty"`
	Waived []string                 `json:"waived,omitempty"` // checks that do not count
	State  BakeState                `json:"state,omitzero"`
}

// BakeState is where the checks of one target stand.
type BakeState struct {
	Watches map[string]health.Watch   `json:"watches,omitempty"`
	Records []maintenance.CheckRecord `json:"records,omitempty"`
}

// BakeOutput has the state of each target, in the order of the input.
type BakeOutput struct {
	States []BakeState `json:"states"`
	// Over is true if every check was asked after the end of the bake.
	Over bool `json:"over,omitempty"`
}

// MostBakeBytes is how many bytes the states of a bake have in JSON, as far as leaving out values can do it.
const MostBakeBytes = 200_000

// WatchBake asks the checks until the end of the bake, or until one more has failed for good. A check that fails, or is
// not answered, is a result and no error.
func (w *Watcher) WatchBake(ctx context.Context, in BakeInput) (BakeOutput, error) {
	out := BakeOutput{States: make([]BakeState, len(in.Targets))}
	known, failed := 0, 0 // checks that have failed for good: those that the batch knows of, and all
	for i, t := range in.Targets {
		out.States[i] = t.State
		known += t.State.failed()
	}
	left(ctx, &out.States)
	all := make([]Followed, len(in.Targets))
	for i, t := range in.Targets {
		state := &out.States[i]
		if state.Watches == nil {
			state.Watches = map[string]health.Watch{}
		}
		all[i] = Followed{Subject: t.Subject, Before: t.Before, Watches: state.Watches, Checks: slices.DeleteFunc(
			slices.Clone(in.Checks), func(c health.Check) bool { return slices.Contains(t.Waived, c.Name) })}
	}
	clock := clockOf(ctx, w.Now)
	over := !clock.Now().Before(in.Until) // before the round: the last one is asked after the end
	w.round(ctx, clock, health.AtBake, !over, all, out.States)
	for i := range all {
		state := &out.States[i]
		for _, c := range all[i].Checks {
			state.Records = health.Record(state.Records, c.Name, health.AtBake, state.Watches[c.Name])
		}
		state.Watches = slim(state.Watches)
		failed += state.failed()
	}
	fit(out.States)
	now := clock.Now()
	late := !activity.GetInfo(ctx).ScheduledTime.Before(in.Until) //nolint:forbidigo // Until is a time of the server
	switch {
	case over && (!late || decided(all)), !now.Before(in.Quiet) && failed > known:
		out.Over = over
		return out, nil
	}
	activity.RecordHeartbeat(ctx, out.States)
	next := wait(now, all)
	if left := in.Until.Sub(now); left > 0 {
		next = min(next, left)
	}
	return BakeOutput{}, again(next)
}

// decided is true once each check passes or has failed.
func decided(all []Followed) bool {
	return !slices.ContainsFunc(all, func(f Followed) bool {
		return slices.ContainsFunc(f.Checks, func(c health.Check) bool {
			state := f.Watches[c.Name].State
			return state != health.Passing && state != health.Failed
		})
	})
}

// failed is how many checks of a target have failed for good.
func (s BakeState) failed() (n int) {
	for _, w := range s.Watches {
		if w.State == health.Failed {
			n++
		}
	}
	return n
}

// fit leaves out values until the states have at most MostBakeBytes: first of the records, then these as a whole, then
// the last values of checks that pass. Where each check stands is never left out.
func fit(states []BakeState) {
	fits := func() bool {
		text, err := json.Marshal(states)
		return err != nil || len(text) <= MostBakeBytes
	}
	for most := health.MostValues; most >= 2 && !fits(); most /= 2 {
		for _, s := range states {
			for i := range s.Records {
				s.Records[i].Values = health.Thinned(s.Records[i].Values, most)
			}
		}
	}
	if fits() {
		return
	}
	for i := range states {
		states[i].Records = nil
	}
	if fits() {
		return
	}
	for _, s := range states {
		for name, w := range s.Watches {
			if w.State == health.Passing && w.Last != nil {
				w.Last = &health.Answer{Outcome: w.Last.Outcome, At: w.Last.At}
				s.Watches[name] = w
			}
		}
	}
}

// slim are the watches without what only a baseline needs.
func slim(watches map[string]health.Watch) map[string]health.Watch {
	for name, w := range watches {
		if w.Last == nil {
			continue
		}
		last := w.Last.WithoutNames()
		w.Last = &last
		watches[name] = w
	}
	return watches
}

// round asks once: every check or, if only some are wanted, those that are due. It sends heartbeats with the state
// meanwhile, since a slow source may take longer than their timeout.
func (w *Watcher) round(
	ctx context.Context, clock Clock, m health.Moment, due bool, all []Followed, state any,
) {
	asked := make([]Followed, len(all))
	for i, f := range all {
		asked[i] = f
		if due {
			later := func(c health.Check) bool {
				last := f.Watches[c.Name].Last
				return last != nil && clock.Now().Before(last.At.Add(c.Every.Std()))
			}
			asked[i].Checks = slices.DeleteFunc(slices.Clone(f.Checks), later)
			asked[i].Baselines = slices.DeleteFunc(slices.Clone(f.Baselines), later)
		}
	}
	text, err := json.Marshal(state) // the round changes it
	if err == nil {
		defer beating(ctx, json.RawMessage(text))()
	}
	Round(ctx, orNobody(w.Asker, w.Now), m, clock, asked)
}

// beating sends heartbeats until it is stopped.
func beating(ctx context.Context, state any) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(BeatWithin / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx, state)
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// wait is how long it is until the next check is due, at least a second.
func wait(now time.Time, all []Followed) time.Duration {
	wait := time.Hour
	for _, f := range all {
		for _, c := range f.asked() {
			if last := f.Watches[c.Name].Last; last != nil {
				wait = min(wait, last.At.Add(c.Every.Std()).Sub(now))
			}
		}
	}
	return max(wait, time.Second)
}

// left is what the attempt before has left.
func left[T any](ctx context.Context, state *T) {
	if !activity.HasHeartbeatDetails(ctx) {
		return
	}
	var before T
	if err := activity.GetHeartbeatDetails(ctx, &before); err == nil {
		*state = before
	}
}

// again ends an attempt that is followed by another.
func again(after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("asked, and to be asked again", names.TypeNotReady,
		temporal.ApplicationErrorOptions{NextRetryDelay: after, Category: temporal.ApplicationErrorCategoryBenign})
}

// orNobody is the asker, or one that answers nothing where there is none.
func orNobody(a Asker, now func() time.Time) Asker {
	if a == nil {
		return nobody{now}
	}
	return a
}

// nobody answers nothing.
type nobody struct{ now func() time.Time }

var errNoSources = errors.New("this worker has no sources of health checks")

// Ask answers each question with an error.
func (n nobody) Ask(_ context.Context, _ time.Time, questions []health.Question) []health.Reading {
	readings := make([]health.Reading, len(questions))
	for i := range readings {
		readings[i] = health.Reading{At: n.now(), Err: errNoSources}
	}
	return readings
}
