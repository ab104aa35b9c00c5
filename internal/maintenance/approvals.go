package maintenance

import (
	"cmp"
	"errors"
	"strconv"
	"time"
)

// Approvals say who has to agree before anything begins. The zero value asks for
// nobody.
type Approvals struct {
	// Count is how many different people have to approve: 1 to 10, default 1.
	Count int `json:"count,omitempty"`
	// SubmitterMayApprove counts the approval of whoever started the campaign.
	SubmitterMayApprove bool `json:"submitterMayApprove,omitempty"`
	// Lead is how long before the first window that can be used an approval is asked for:
	// 1m to 744h, default 72h, or the time limit where that is shorter.
	Lead Duration `json:"lead,omitempty"`
	// TimeLimit is how long an approval is waited for once it was asked for: 1m to 744h, default 168h.
	// After it nothing more begins.
	TimeLimit Duration `json:"timeLimit,omitempty"`
	// EachWave asks again before every later wave, not only before the campaign.
	EachWave bool `json:"eachWave,omitempty"`
}

// usualLead is how long before its first window a campaign asks for its approval: a
// weekend and a day.
const usualLead = Duration(72 * time.Hour)

// WithDefaults fills every field that was left out. Approvals that ask for nobody stay
// so.
func (a Approvals) WithDefaults() Approvals {
	if a == (Approvals{}) {
		return a
	}
	a.Count = cmp.Or(a.Count, 1)
	a.TimeLimit = cmp.Or(a.TimeLimit, Duration(7*24*time.Hour))
	a.Lead = cmp.Or(a.Lead, a.UsualLead())
	return a
}

// UsualLead is the lead where none is given: one that is longer than the time limit
// would end the campaign before its first window.
func (a Approvals) UsualLead() Duration {
	return max(Duration(time.Minute), min(usualLead, a.TimeLimit))
}

// Validate reports every wrong field. It judges approvals that have their defaults, or
// are zero.
func (a Approvals) Validate() error {
	if a == (Approvals{}) {
		return nil
	}
	var errs []error
	if a.Count < 1 || a.Count > 10 {
		errs = append(errs, &FieldError{Field: "approvals.count", Value: strconv.Itoa(a.Count), Want: "1 to 10"})
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"approvals.lead", a.Lead}, {"approvals.timeLimit", a.TimeLimit}} {
		if d.value.Std() < time.Minute || d.value.Std() > 31*24*time.Hour {
			errs = append(errs, &FieldError{Field: d.field, Value: d.value.String(), Want: "1m to 744h"})
		}
	}
	return errors.Join(errs...)
}
