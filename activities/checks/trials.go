package checks

import (
	"context"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// TryChecksInput is what to ask.
type TryChecksInput struct {
	Checks  []health.Check   `json:"checks"`
	Targets []health.Subject `json:"targets,omitempty"`
	// Campaign asks those of the whole campaign as well.
	Campaign bool `json:"campaign,omitempty"`
}

// Queue is the workflows' task queue.
func (TryChecksInput) Queue(workflows string) string { return workflows }

// TryChecks asks each check once of each target, as before a trigger: a check that compares shows the value that it
// would compare with. That a source does not answer is its answer, and no failure.
func (w *Watcher) TryChecks(ctx context.Context, in TryChecksInput) ([]health.Asked, error) {
	defer beating(ctx, struct{}{})()
	asked := []health.Asked{}
	if campaign := health.At(in.Checks, health.AtCampaign); in.Campaign && len(campaign) > 0 {
		whole := []Followed{{Checks: campaign}}
		asked = w.ask(ctx, health.AtCampaign, whole, asked)
	}
	var targets []health.Check
	for _, c := range in.Checks {
		if len(c.At) > 1 || !c.Has(health.AtCampaign) {
			targets = append(targets, c)
		}
	}
	var all []Followed
	for _, target := range in.Targets {
		all = append(all, Followed{Subject: target, Checks: targets})
	}
	return w.ask(ctx, health.AtBefore, all, asked), nil
}

// ask adds the answers to those asked so far.
func (w *Watcher) ask(ctx context.Context, m health.Moment, all []Followed, asked []health.Asked) []health.Asked {
	Round(ctx, orNobody(w.Asker, w.Now), m, Clock{Local: w.Now}, all)
	for _, target := range all {
		for _, check := range target.Checks {
			one := health.Asked{Target: target.Subject.Name, Check: check.Name, At: check.At}
			if last := target.Watches[check.Name].Last; last != nil {
				one.Answer = last.WithoutNames()
			}
			asked = append(asked, one)
		}
	}
	return asked
}

// TryAlarms is why the alarms of an AWS account cannot be read; nil: they can.
func (a Sources) TryAlarms(ctx context.Context, account string) error {
	q := health.AlarmQuestion{Account: account, Names: []string{"tidegate-doctor"}}
	return orNobody(a.Asker, a.Now).Ask(ctx, time.Time{}, []health.Question{{Alarms: &q}})[0].Err
}
