package planfile

import (
	"fmt"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/strict"
)

// health takes the defaults of health checks, and judges these and the mutes. Which servers there are the worker knows.
func (c *checker) health() {
	c.zeros()
	for i, check := range c.plan.Checks {
		c.plan.Checks[i] = check.WithDefaults()
	}
	for _, f := range fault.Fields(health.Validate(c.plan.Checks, c.plan.Mutes)) {
		if f.Value == "" && c.Has(f.Field) { // what stands there is a mapping or a list, of which a part is wrong
			c.Fault(f.Field, strict.Fault{Problem: strict.Invalid, Want: f.Want})
			continue
		}
		c.Wrong(f.Field, "", f.Want)
	}
	c.alarmAccounts()
	if c.Err() == nil {
		c.labelsOfChecks()
	}
}

// zeros refuses what would be taken for left out.
func (c *checker) zeros() {
	for i, check := range c.plan.Checks {
		at := fmt.Sprintf("checks[%d].", i)
		c.unlessZero(at+"every", check.Every == 0, "1s to 1h")
		c.unlessZero(at+"within", check.Within == 0, "1s to 24h")
		c.unlessZero(at+"failures", check.Failures == 0, "1 to 20")
		if g := check.Gateway; g != nil {
			c.unlessZero(at+"gateway.cacheDirtyBelow", g.CacheDirtyBelow == 0, "above 0%, at most 100%")
			c.unlessZero(at+"gateway.uploadBufferBelow", g.UploadBufferBelow == 0, "above 0%, at most 100%")
		}
		if p := check.Prometheus; p != nil {
			c.unlessZero(at+"prometheus.orWorseBy", p.OrWorseBy == 0, "above 0%, at most 1000%")
		}
		if h := check.HTTP; h != nil {
			c.unlessZero(at+"http.status", h.Status == 0, "200 to 599")
		}
	}
}

func (c *checker) unlessZero(path string, zero bool, want string) {
	if zero && c.Has(path) {
		c.Wrong(path, "", want)
	}
}

// alarmAccounts demands that the accounts of alarms are among the plan's.
func (c *checker) alarmAccounts() {
	for i, check := range c.plan.Checks {
		if a := check.Alarms; a != nil && a.Account != "" {
			c.awsAccount(fmt.Sprintf("checks[%d].alarms.account", i), a.Account)
		}
	}
	for i, mute := range c.plan.Mutes {
		if a := mute.Alarms; a != nil && a.Account != "" {
			c.awsAccount(fmt.Sprintf("mute[%d].alarms.account", i), a.Account)
		}
	}
}

// labelsOfChecks demands that each target that is named has the labels that are asked for: without one a check would
// have no answer, and block it for ever. Whether those that selectors find have them shows then.
func (c *checker) labelsOfChecks() {
	ask := func(path string, ask func(health.Subject) (health.Question, error)) {
		for _, t := range c.plan.Targets {
			if _, err := ask(health.Subject{Target: t}); err != nil {
				c.Fault(path, strict.Fault{
					Problem: "asks for what a target does not have: " + err.Error(), Want: "given to every target, or left out",
				})
				return
			}
		}
	}
	for i, check := range c.plan.Checks {
		if len(check.At) > 1 || !check.Has(health.AtCampaign) {
			ask(fmt.Sprintf("checks[%d].%s", i, check.Kind()), check.Ask)
		}
	}
	for i, mute := range c.plan.Mutes {
		ask(fmt.Sprintf("mute[%d].%s", i, mute.Kind()), mute.Ask)
	}
}
