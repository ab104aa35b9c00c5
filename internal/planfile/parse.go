// Package planfile reads plan files: the YAML document that lists a fleet's gateways, their
// order and the policy. It is strict, and reports all faults at once, each with its line,
// column, field and what would be right. docs/reference/plan.md describes the file for its writers,
// docs/plan.schema.json for their editors.
//
// It reads no cloud and starts nothing: package plan is its result. Start at Parse.
package planfile

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/strict"
)

// Options are what a plan file does not say itself.
type Options struct {
	// Now is the time from which on freezes count. Those that are over are left
	// out, and recurring ones are written out for 400 days from here.
	Now time.Time
	// Dir is the folder in which the plan's calendar files are looked for; empty:
	// the working one.
	Dir string
}

// Parse reads the text of a plan file, and the calendars that it names; name
// stands for the file in errors and warnings. An error is a strict.FaultsError.
func Parse(name string, text []byte, o Options) (plan.Plan, error) {
	p := defaults()
	d := bind(p)
	c := checker{Document: strict.Read(name, text, d), plan: p, options: o}
	if c.Has("") { // else there is no document, which is the one fault
		c.check(d)
	}
	if err := c.Err(); err != nil {
		return plan.Plan{}, err
	}
	p.Warnings = warningTexts(c.Warnings())
	return *p, nil
}

// maxWarnings bounds what a campaign carries of them.
const maxWarnings = 30

// warningTexts are the first warnings as a campaign carries them.
func warningTexts(all []strict.Fault) []string {
	var texts []string
	for _, w := range all[:min(len(all), maxWarnings)] {
		texts = append(texts, w.String())
	}
	if more := len(all) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("warnings left out: %d", more))
	}
	return texts
}

// checker finds what is wrong with a document beyond its form.
type checker struct {
	*strict.Document
	plan    *plan.Plan
	options Options
}

func (c *checker) check(d *document) {
	if d.APIVersion != apiVersion {
		c.Wrong("apiVersion", "", apiVersion)
	}
	c.name("name", c.plan.Name)
	c.accounts()
	for _, f := range fault.Fields(c.plan.Policy.Validate()) {
		c.Wrong(places(f.Field[len("policy."):]), f.Value, f.Want)
	}
	for _, f := range fault.Fields(c.plan.Rollout.Validate()) {
		c.Wrong(f.Field, f.Value, f.Want)
	}
	c.forecast()
	c.approvals()
	c.notify()
	c.plan.Policy.Freezes = c.freezes(d.Freezes)
	c.targets()
	c.selectors()
	c.proxiesOnce()
	c.constraint()
	c.health()
	c.advise()
}

// forecast demands that an update is expected to fit into a window: none would
// ever start, and so none ever be measured. Of the two fields that disagree the
// one that the file has is at fault.
func (c *checker) forecast() {
	rules, update := c.plan.Policy.Rules(), c.plan.Rollout.Forecast.Update
	room := maintenance.Duration(rules.Length - rules.Cutoff)
	switch {
	case update <= room || room <= 0:
	case c.Has("rollout.forecast.update"):
		c.Wrong("rollout.forecast.update", "", fmt.Sprintf("at most %s, the part of the window before its cutoff; otherwise no update would ever start", room))
	default:
		c.Wrong("window.duration", maintenance.Duration(rules.Length).String(), fmt.Sprintf(
			"at least %s: with a cutoff of %s no update fits, which is expected to take %s (rollout.forecast.update)",
			maintenance.Duration(rules.Cutoff)+update, maintenance.Duration(rules.Cutoff), update))
	}
}

// approvals takes what is asked for, which is nothing where the plan does not
// mention them.
func (c *checker) approvals() {
	if !c.Has("approvals") {
		c.plan.Approvals = maintenance.Approvals{}
		return
	}
	if !c.Has("approvals.lead") { // its default depends on the time limit
		c.plan.Approvals.Lead = c.plan.Approvals.UsualLead()
	}
	for _, f := range fault.Fields(c.plan.Approvals.Validate()) {
		c.Wrong(f.Field, f.Value, f.Want)
	}
}

// notify takes the defaults, and judges what was given.
func (c *checker) notify() {
	told := plan.Plan{Notify: c.plan.Notify}.WithDefaults()
	c.plan.Notify = told.Notify
	for _, f := range fault.Fields(told.ValidateNotify()) {
		if f.Value == "" && c.Has(f.Field) {
			c.Fault(f.Field, strict.Fault{Problem: strict.Invalid, Want: f.Want})
			continue
		}
		c.Wrong(f.Field, "", f.Want)
	}
}
