package health

import (
	"cmp"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Moment is when a check is asked, and so what its answer decides.
type Moment string

// The moments.
const (
	// AtBefore is the last thing before the update is triggered, and again before each proxy is upgraded: a check that
	// does not pass blocks.
	AtBefore Moment = "before"
	// AtAfter is once the target is updated: it counts as succeeded only if the check passes.
	AtAfter Moment = "after"
	// AtBake is again and again until the bake of the target's wave ends: the next wave stays shut once it has failed.
	AtBake Moment = "bake"
	// AtCampaign is again and again for the whole campaign: nothing new starts while it fails.
	AtCampaign Moment = "campaign"
)

// NoData says what it means that a source has no value.
type NoData string

// NoDataFail counts it as failed, NoDataPass as passed. NoDataWait counts it as neither: the check is asked until
// there is a value, and whatever waits for it waits.
const (
	NoDataFail NoData = "fail"
	NoDataPass NoData = "pass"
	NoDataWait NoData = "wait"
)

// Check is a question about health that decides. Exactly one of the kinds is set.
type Check struct {
	Name string `json:"name"` // unique in its plan; 1 to 63 characters

	Gateway      *GatewayCheck      `json:"gateway,omitempty"`
	Alarms       *AlarmsCheck       `json:"alarms,omitempty"`
	Prometheus   *PrometheusCheck   `json:"prometheus,omitempty"`
	Alertmanager *AlertmanagerCheck `json:"alertmanager,omitempty"`
	HTTP         *HTTPCheck         `json:"http,omitempty"`

	At []Moment `json:"at"` // at least one
	// Within is how long a check before or after may take to pass, from when it was first asked: 1s to 24h. Left out,
	// before has as long as the window allows, and after has no more than its Failures.
	Within maintenance.Duration `json:"within,omitempty"`
	// Every is how often it is asked: 1s to 1h, default 30s.
	Every maintenance.Duration `json:"every,omitempty"`
	// Failures is how many answers in a row have to fail until a check after, at bake or for the campaign has failed: 1
	// to 20, default 3. Before, the last answer alone decides.
	Failures int    `json:"failures,omitempty"`
	NoData   NoData `json:"noData,omitempty"` // default fail
	// OnFailure is what becomes of a run whose check after has failed; empty: as the plan says.
	OnFailure maintenance.OnFailure `json:"onFailure,omitempty"`
}

// WithDefaults fills every field that was left out.
func (c Check) WithDefaults() Check {
	c.Every = cmp.Or(c.Every, maintenance.Duration(30*time.Second))
	c.NoData = cmp.Or(c.NoData, NoDataFail)
	if c.countsFailures() {
		c.Failures = cmp.Or(c.Failures, 3)
	}
	if c.HTTP != nil {
		http := *c.HTTP
		http.Status = cmp.Or(http.Status, 200)
		c.HTTP = &http
	}
	return c
}

// Has is true if the check is asked at that moment.
func (c Check) Has(m Moment) bool { return slices.Contains(c.At, m) }

// At are the checks that are asked at that moment, in their order.
func At(checks []Check, m Moment) (asked []Check) {
	for _, c := range checks {
		if c.Has(m) {
			asked = append(asked, c)
		}
	}
	return asked
}

// NeedsBaseline is true if the answers after the update are compared with one from before it. Such a check is also
// asked just before the trigger, whatever its moments.
func (c Check) NeedsBaseline() bool {
	compares := c.Gateway != nil && c.Gateway.Initiators == AsBefore || c.Prometheus != nil && c.Prometheus.OrWorseBy != 0
	return compares && c.followsUpdate()
}

// ForBaseline is the check as it is asked before the update for its value alone: that there is none is recorded too,
// and only a source that does not answer blocks.
func (c Check) ForBaseline() Check {
	c.At, c.Within, c.NoData = []Moment{AtBefore}, 0, NoDataPass
	return c
}

// followsUpdate is true if the check is asked when the target was updated.
func (c Check) followsUpdate() bool { return c.Has(AtAfter) || c.Has(AtBake) }

func (c Check) countsFailures() bool { return c.followsUpdate() || c.Has(AtCampaign) }

// kind is what a check asks, and how it judges.
type kind interface {
	question(s Subject) (Question, error)
	judge(e evidence) Answer
	// validate reports what is wrong with the kind, or with its combination with the rest of the check, which has
	// its defaults.
	validate(f *faults, at string, c Check)
}

// evidence is all that a check is judged by.
type evidence struct {
	moment   Moment
	question Question
	reading  Reading
	gateway  string  // the id of the target's; empty: the campaign is asked about
	before   *Answer // that was given just before the trigger; nil: none
}

// kinds are those that are set: exactly one in a valid check.
func (c Check) kinds() (set []kind) {
	if c.Gateway != nil {
		set = append(set, c.Gateway)
	}
	if c.Alarms != nil {
		set = append(set, c.Alarms)
	}
	if c.Prometheus != nil {
		set = append(set, c.Prometheus)
	}
	if c.Alertmanager != nil {
		set = append(set, c.Alertmanager)
	}
	if c.HTTP != nil {
		set = append(set, c.HTTP)
	}
	return set
}

// Kind is the field of the check's kind, such as prometheus.
func (c Check) Kind() string {
	switch {
	case c.Gateway != nil:
		return "gateway"
	case c.Alarms != nil:
		return "alarms"
	case c.Prometheus != nil:
		return "prometheus"
	case c.Alertmanager != nil:
		return "alertmanager"
	}
	return "http"
}

// Ask is the question about the target; the zero Subject at AtCampaign. It fails if a value has no place in it, or the
// target does not have it: then the check's answer is Unanswered. The check has to be valid.
func (c Check) Ask(s Subject) (Question, error) { return c.kinds()[0].question(s) }

// Judge is what the reading of the question means at that moment for the target; the zero Subject at AtCampaign. before
// is the answer that was given just before the trigger, for NeedsBaseline; nil: there is none.
func (c Check) Judge(m Moment, s Subject, asked Question, r Reading, before *Answer) Answer {
	if r.Err != nil {
		return Unanswered(r.At, r.Err)
	}
	return c.kinds()[0].judge(evidence{
		moment: m, gateway: s.Gateway.ID(), question: asked, reading: r, before: before,
	})
}
