package health

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// AlertmanagerCheck passes while no alert that its matchers select is firing. One that is silenced or inhibited does
// not count, but one that our own mutes alone silence does: after the update and while it bakes any of them, and before
// it those of this very gateway. What the work on another one raises keeps neither a target back nor the campaign.
type AlertmanagerCheck struct{ AlertSelector }

// AlertSelector selects alerts of one Alertmanager: those that all the matchers match.
type AlertSelector struct {
	Server   string     `json:"server"` // of the worker's configuration
	Matchers []Template `json:"matchers"`
}

func (c *AlertSelector) question(s Subject) (Question, error) {
	all, err := matchers(c.Matchers, s.values)
	return Question{Alertmanager: &AlertmanagerQuestion{Server: c.Server, Matchers: all}}, err
}

func (c *AlertmanagerCheck) judge(e evidence) Answer {
	var firing []string
	for _, alert := range e.reading.Alerts {
		if alert.firing(e) {
			firing = append(firing, fmt.Sprintf("%s since %s", alert.Name, stamp(alert.StartsAt)))
		}
	}
	slices.Sort(firing)
	v := Value{
		Number: finite(float64(len(firing))), Limit: "none firing", Outcome: judged(len(firing) == 0),
		Text: maintenance.Counted(len(firing), "alert", "alerts") + " firing",
	}
	if len(firing) > 0 {
		v.Text = shorten(v.Text + ": " + list(firing))
	}
	return answered(e.reading.At, "", v)
}

// firing is true if people are notified of the alert, or would be but for our own mutes, as far as these do not count.
func (a Alert) firing(e evidence) bool {
	quieted := func(s Silence) bool {
		mark, ours := ParseMuteMark(s.Comment)
		switch e.moment {
		case AtAfter, AtBake:
			return !ours
		case AtBefore:
			return !ours || mark.GatewayID != e.gateway
		case AtCampaign:
		}
		return true
	}
	return a.InhibitedBy == 0 && !slices.ContainsFunc(a.SilencedBy, quieted)
}

func (c *AlertmanagerCheck) validate(f *faults, at string, check Check) {
	at += ".alertmanager"
	c.AlertSelector.validate(f, at)
	if check.Has(AtCampaign) {
		for i, m := range c.Matchers {
			f.campaignWide(fmt.Sprintf("%s.matchers[%d]", at, i), m)
		}
	}
}

func (c *AlertSelector) validate(f *faults, at string) {
	f.server(at, c.Server)
	f.unless(len(c.Matchers) > 0 && len(c.Matchers) <= MostMatchers, at+".matchers", "",
		fmt.Sprintf("1 to %d matchers", MostMatchers))
	for i, t := range c.Matchers {
		_, err := t.matcher(anyValues)
		f.text(fmt.Sprintf("%s.matchers[%d]", at, i), string(t), "a matcher", err)
	}
}
