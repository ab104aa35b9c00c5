package health

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// The limits of a plan.
const (
	MostChecks = 50
	MostMutes  = 10
)

// nameForm is what servers and accounts are called (maintenance.Target has the same).
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

const wantName = "1 to 63 lower-case letters, digits, dots, underscores or dashes"

// faults collects what is wrong. Each is a maintenance.FieldError with the path of its field.
type faults struct{ errs []error }

// unless reports a field that does not hold what it must.
func (f *faults) unless(ok bool, field, value, want string) {
	if !ok {
		f.errs = append(f.errs, maintenance.Invalid(field, value, want))
	}
}

// text reports a text that err is about; nil: it is right.
func (f *faults) text(field, value, want string, err error) {
	if err != nil {
		f.unless(false, field, value, fmt.Sprintf("%s (%v)", want, err))
	}
}

func (f *faults) server(at, name string) {
	f.unless(nameForm.MatchString(name), at+".server", name,
		"the name of a server of the worker's configuration: "+wantName)
}

// campaignWide refuses values of a target in a check for the whole campaign.
func (f *faults) campaignWide(field string, t Template) {
	f.unless(!t.hasValues(), field, string(t), "without {{...}} in a check at campaign, which is about no single target")
}

// Validate reports every wrong field of a plan's checks, which have their defaults, and of its mutes. Whether servers
// and accounts exist is for the worker to say.
func Validate(checks []Check, mutes []Mute) error {
	f := &faults{}
	f.unless(len(checks) <= MostChecks, "checks", strconv.Itoa(len(checks)), fmt.Sprintf("at most %d checks", MostChecks))
	for i, c := range checks {
		at := fmt.Sprintf("checks[%d]", i)
		c.validate(f, at)
		same := func(other Check) bool { return other.Name == c.Name }
		f.unless(c.Name == "" || slices.IndexFunc(checks, same) == i, at+".name", c.Name, "unique")
	}
	f.unless(len(mutes) <= MostMutes, "mute", strconv.Itoa(len(mutes)), fmt.Sprintf("at most %d mutes", MostMutes))
	for i, m := range mutes {
		m.validate(f, fmt.Sprintf("mute[%d]", i))
	}
	return errors.Join(f.errs...)
}

func (c Check) validate(f *faults, at string) {
	printable := !strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) })
	f.unless(c.Name != "" && len([]rune(c.Name)) <= 63 && printable && strings.TrimSpace(c.Name) == c.Name, at+".name", c.Name,
		"1 to 63 characters on one line, without spaces around them")
	c.validateMoments(f, at)
	within := c.Within.Std()
	f.unless(within == 0 || within >= time.Second && within <= 24*time.Hour, at+".within", c.Within.String(), "1s to 24h")
	f.unless(c.Within == 0 || c.Has(AtBefore) || c.Has(AtAfter), at+".within", c.Within.String(),
		"left out of a check that is not at before or after")
	f.unless(c.Every.Std() >= time.Second && c.Every.Std() <= time.Hour, at+".every", c.Every.String(), "1s to 1h")
	if c.countsFailures() {
		f.unless(c.Failures >= 1 && c.Failures <= 20, at+".failures", strconv.Itoa(c.Failures), "1 to 20")
	} else {
		f.unless(c.Failures == 0, at+".failures", strconv.Itoa(c.Failures), "left out of a check at before alone, where the last answer decides")
	}
	f.unless(slices.Contains([]NoData{NoDataFail, NoDataPass, NoDataWait}, c.NoData), at+".noData", string(c.NoData),
		"fail, pass or wait")
	known := []maintenance.OnFailure{"", maintenance.OnFailureCompensate, maintenance.OnFailureHold}
	f.unless(slices.Contains(known, c.OnFailure), at+".onFailure", string(c.OnFailure), "compensate or hold")
	f.unless(c.OnFailure == "" || c.Has(AtAfter), at+".onFailure", string(c.OnFailure),
		"left out of a check that is not at after")
	kinds := c.kinds()
	f.unless(len(kinds) == 1, at, "", "a check of one kind: gateway, alarms, prometheus, alertmanager or http")
	for _, k := range kinds {
		k.validate(f, at, c)
	}
}

func (c Check) validateMoments(f *faults, at string) {
	const want = "before, after, bake or campaign"
	f.unless(len(c.At) > 0, at+".at", "", "at least one of "+want)
	for i, m := range c.At {
		field := fmt.Sprintf("%s.at[%d]", at, i)
		f.unless(slices.Contains([]Moment{AtBefore, AtAfter, AtBake, AtCampaign}, m), field, string(m), want)
		f.unless(slices.Index(c.At, m) == i, field, string(m), "unique")
	}
}
