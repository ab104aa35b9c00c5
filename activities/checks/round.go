package checks

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// Asker asks the sources of health checks.
type Asker interface {
	// Ask is the reading of each question, in their order, by a request that was sent at notBefore or later (zero: a
	// moment ago will do). Equal questions are sent once, also where others ask them
	// at the same time, and each source is asked at a bounded rate. A source that does not answer is a Reading with an
	// error, that of the context's end with its cause; Ask itself never fails.
	Ask(ctx context.Context, notBefore time.Time, questions []health.Question) []health.Reading
}

// Muter keeps alarms quiet for a while. Both methods may be repeated without harm.
type Muter interface {
	// Mute brings the mute into force: whatever an earlier attempt left, exactly one silence or rule of it is then in
	// force, from now on and until a time.
	Mute(ctx context.Context, mark health.MuteMark, selected health.Question, until time.Time) error
	// Unmute ends it. One that is not in force, or never was, counts as ended.
	Unmute(ctx context.Context, mark health.MuteMark, selected health.Question) error
}

// Followed are health checks of one target, or of the campaign, at one moment, and where they stand.
type Followed struct {
	Subject health.Subject `json:"subject,omitzero"` // zero: the campaign
	Checks  []health.Check `json:"checks"`           // those that count
	// Baselines are checks that are asked for their values alone, before the update: whatever these are, there has to be
	// an answer.
	Baselines []health.Check `json:"baselines,omitempty"`
	// Before are the answers just before the trigger, by check: of those that compare.
	Before  map[string]health.Answer `json:"before,omitempty"`
	Watches map[string]health.Watch  `json:"watches,omitempty"` // by check; none: not asked yet
	// NotBefore is when the last change of the target ended, by Temporal's clock: an answer that others were given before
	// says nothing of it. Zero: there was none.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// Seen is what was found out by asking: it travels in heartbeats, results and the details of errors.
type Seen struct {
	Watches map[string]health.Watch   `json:"watches,omitempty"`
	Records []maintenance.CheckRecord `json:"records,omitempty"`
	// Muted is true once a mute may be in force.
	Muted bool `json:"muted,omitempty"`
	// Refused says why the alarms could not be muted at the last try; empty: they were, or it was not tried.
	Refused string `json:"refused,omitempty"`
}

// Round asks every check once more: Checks, then Baselines. The watches of all are those after it.
func Round(ctx context.Context, a Asker, m health.Moment, clock Clock, all []Followed) {
	now := clock.Now()
	answers := make([][]health.Answer, len(all))
	type place struct{ target, check int }
	var (
		places    []place
		questions []health.Question
	)
	for t, f := range all {
		answers[t] = make([]health.Answer, len(f.asked()))
		for c, check := range f.asked() {
			question, err := check.Ask(f.Subject)
			if err != nil {
				answers[t][c] = health.Unanswered(now, err)
				continue
			}
			places, questions = append(places, place{t, c}), append(questions, question)
		}
	}
	for i, reading := range a.Ask(ctx, clock.local(notBefore(all)), questions) {
		reading.At = clock.of(reading.At)
		f, at := all[places[i].target], places[i]
		check := f.asked()[at.check]
		var before *health.Answer
		if b, known := f.Before[check.Name]; known {
			before = &b
		}
		answers[at.target][at.check] = check.Judge(m, f.Subject, questions[i], reading, before)
	}
	for t := range all {
		all[t].take(m, now, answers[t])
		for i, check := range all[t].asked() {
			count(ctx, check, m, answers[t][i].Outcome)
		}
	}
}

func count(ctx context.Context, c health.Check, m health.Moment, o health.Outcome) {
	if !activity.IsActivity(ctx) {
		return
	}
	labels := map[string]string{"source": c.Kind(), "moment": string(m), "outcome": string(o)}
	activity.GetMetricsHandler(ctx).WithTags(labels).Counter(metric.Checks).Inc(1)
}

// notBefore is the last of the times before which an answer does not count.
func notBefore(all []Followed) (last time.Time) {
	for _, f := range all {
		if f.NotBefore.After(last) {
			last = f.NotBefore
		}
	}
	return last
}

// asked are the checks and the baselines.
func (f Followed) asked() []health.Check {
	if len(f.Baselines) == 0 {
		return f.Checks
	}
	asked := slices.Clone(f.Checks)
	for _, c := range f.Baselines {
		asked = append(asked, c.ForBaseline())
	}
	return asked
}

// take follows the checks by one answer each.
func (f *Followed) take(m health.Moment, now time.Time, answers []health.Answer) {
	if f.Watches == nil {
		f.Watches = map[string]health.Watch{}
	}
	for c, check := range f.asked() {
		w, asked := f.Watches[check.Name]
		if !asked {
			w = health.Begin(now)
		}
		a := answers[c]
		if c >= len(f.Checks) && a.Outcome == health.OutcomeFail {
			a.Outcome = health.OutcomePass // its value was read, which is all that it is asked for
		}
		f.Watches[check.Name] = w.On(check, m, a)
	}
}

// Blocks are the checks that do not permit what waits for them.
func (f Followed) Blocks(m health.Moment, now time.Time) []health.Block {
	return health.Gate{Checks: f.asked(), Watches: f.Watches}.Blocks(m, now)
}
