package maintenance

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Share is a number of targets, or a part of the fleet in per cent. People write
// it "5" or "10%".
type Share struct {
	count   int
	percent bool
}

// ParseShare reads a number from 0 on, or a percentage from 0% to 100%.
func ParseShare(s string) (Share, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || (percent && n > 100) {
		return Share{}, Invalid("share", s, `a number such as "5", or per cent such as "10%"`)
	}
	return Share{count: n, percent: percent}, nil
}

// Of is the number of targets that the share is of a fleet, rounded up: a
// percentage above 0% is at least one.
func (s Share) Of(fleet int) int {
	if !s.percent {
		return min(s.count, fleet)
	}
	return (fleet*s.count + 99) / 100
}

// Within is the number of failures that the share allows in a fleet, rounded
// down: 10% of five allow none.
func (s Share) Within(fleet int) int {
	if !s.percent {
		return s.count
	}
	return fleet * s.count / 100
}

// IsZero is true for the zero share, which a plan has left out.
func (s Share) IsZero() bool { return s == Share{} }

// String writes the share as people do.
func (s Share) String() string {
	if s.percent {
		return strconv.Itoa(s.count) + "%"
	}
	return strconv.Itoa(s.count)
}

// MarshalText writes the form that UnmarshalText reads.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseShare does.
func (s *Share) UnmarshalText(text []byte) error {
	parsed, err := ParseShare(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Order says which of two targets that may both start goes first.
type Order string

// OrderByWindow starts first what has the least time left; OrderAsListed keeps
// the plan's order.
const (
	OrderByWindow Order = "window"
	OrderAsListed Order = "listed"
)

// Rollout says how a campaign goes through its fleet.
type Rollout struct {
	// Waves are the sizes of the waves; what is left after them is one more.
	// None: the whole fleet is one wave.
	Waves []Share `json:"waves,omitempty"`
	// Bake is how long a wave that has ended is watched before the next opens.
	Bake Duration `json:"bake,omitempty"`
	// MaxConcurrent is how many targets are maintained at a time: 1 to 500,
	// default 5.
	MaxConcurrent int `json:"maxConcurrent,omitempty"`
	// MaxFailures is the error budget: with more failures than this nothing more
	// starts. Default 0: the first failure stops the campaign.
	MaxFailures Share `json:"maxFailures,omitzero"`
	// ConstraintKey is a label; no two targets that have the same value of it are
	// maintained at once. Targets without it are not bound.
	ConstraintKey string `json:"constraintKey,omitempty"`
	Order         Order  `json:"order,omitempty"` // default window
	// Forecast is how long the pieces of a target's work are expected to take
	// until the campaign has measured them itself.
	Forecast Forecast `json:"forecast,omitzero"`
}

// Forecast is how long pieces of work are expected to take. No cloud documents
// any of them: the defaults are judgements.
type Forecast struct {
	Update   Duration `json:"update,omitempty"`   // from the trigger until the gateway runs again; default 20m
	Snapshot Duration `json:"snapshot,omitempty"` // of all volumes of a gateway; default 30m
	Proxy    Duration `json:"proxy,omitempty"`    // one proxy; default 10m
}

// MostConcurrent is how many children one campaign has open at most (Temporal: at
// most about 500 children in flight).
const MostConcurrent = 500

// WithDefaults fills every field that was left out.
func (r Rollout) WithDefaults() Rollout {
	if r.MaxConcurrent == 0 {
		r.MaxConcurrent = 5
	}
	if r.Order == "" {
		r.Order = OrderByWindow
	}
	r.Forecast.Update = cmp.Or(r.Forecast.Update, Duration(20*time.Minute))
	r.Forecast.Snapshot = cmp.Or(r.Forecast.Snapshot, Duration(30*time.Minute))
	r.Forecast.Proxy = cmp.Or(r.Forecast.Proxy, Duration(10*time.Minute))
	return r
}

// Validate reports every wrong field at once. It judges a rollout that has its
// defaults.
func (r Rollout) Validate() error {
	errs := []error{
		between("rollout.bake", r.Bake, 0, 31*24*time.Hour),
		between("rollout.forecast.update", r.Forecast.Update, time.Second, 24*time.Hour),
		between("rollout.forecast.snapshot", r.Forecast.Snapshot, time.Second, 24*time.Hour),
		between("rollout.forecast.proxy", r.Forecast.Proxy, time.Second, 24*time.Hour),
		oneOf("rollout.order", r.Order, OrderByWindow, OrderAsListed),
	}
	if r.MaxConcurrent < 1 || r.MaxConcurrent > MostConcurrent {
		errs = append(errs, Invalid("rollout.maxConcurrent", strconv.Itoa(r.MaxConcurrent),
			fmt.Sprintf("1 to %d", MostConcurrent)))
	}
	for i, w := range r.Waves {
		if w.Of(100) == 0 {
			errs = append(errs, Invalid(fmt.Sprintf("rollout.waves[%d]", i), w.String(), "at least 1, or 1%"))
		}
	}
	return errors.Join(errs...)
}

// WaveSizes are how many of n targets are in each wave, in order: those of Waves,
// of which the last may have none left, and then the rest where there is one.
func (r Rollout) WaveSizes(n int) []int {
	sizes := make([]int, 0, len(r.Waves)+1)
	left := n
	for _, share := range r.Waves {
		size := min(share.Of(n), left)
		sizes = append(sizes, size)
		left -= size
	}
	if left > 0 {
		sizes = append(sizes, left)
	}
	return sizes
}

// WaveOf says, for each of n targets in the plan's order, in which wave it is,
// from 0 on.
func (r Rollout) WaveOf(n int) []int {
	waves := make([]int, 0, n)
	for wave, size := range r.WaveSizes(n) {
		for range size {
			waves = append(waves, wave)
		}
	}
	return waves
}

// Smaller is true of a share that is less than another of the same kind: numbers and
// percentages cannot be compared while the fleet is not known.
func (s Share) Smaller(than Share) bool { return s.percent == than.percent && s.count < than.count }

// Exceed is true where shares add up to more than a whole fleet of n targets. Where
// n is not known it is 0, and only percentages count.
func Exceed(shares []Share, n int) bool {
	percent, count := 0, 0
	for _, s := range shares {
		if s.percent {
			percent += s.count
		} else if n > 0 {
			count += s.count
		}
	}
	return percent > 100 || count*100+n*percent > n*100
}

// Approvals say who has to agree before anything starts. The zero value asks for
// nobody.
type Approvals struct {
	// Count is how many different people have to approve: 1 to 10, default 1.
	Count int `json:"count,omitempty"`
	// SubmitterMayApprove counts the approval of the person who started the campaign.
	SubmitterMayApprove bool `json:"submitterMayApprove,omitempty"`
	// Lead is how long before the first window that can be used an approval is asked for:
	// 1m to 744h, default 72h, or the time limit where that is shorter.
	Lead Duration `json:"lead,omitempty"`
	// TimeLimit is how long an approval is waited for once it was asked for: 1m to 744h, default 168h.
	// After it nothing more starts.
	TimeLimit Duration `json:"timeLimit,omitempty"`
	// EachWave asks again before every later wave, not only before the campaign.
	EachWave bool `json:"eachWave,omitempty"`
	// Signers is the group of the worker's configuration whose members sign approvals with their SSH keys;
	// left out: whoever may send updates approves, under any name.
	Signers string `json:"signers,omitempty"`
	// Commands asks for the same signatures on every operator's action but pause and abort: signed.
	Commands Commands `json:"commands,omitempty"`
}

// Commands says which of the operators' actions have to be signed. Empty: approvals alone, where signers are named.
type Commands string

// CommandsSigned asks for all of them but pause and abort, which always stay possible.
const CommandsSigned Commands = "signed"

// Signed is true where an approval counts only with a signature.
func (a Approvals) Signed() bool { return a.Signers != "" }

// ValidGroup is true for what a group of signers may be called, in a plan and in the worker's configuration.
func ValidGroup(name string) bool { return nameForm.MatchString(name) }

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
		errs = append(errs, Invalid("approvals.count", strconv.Itoa(a.Count), "1 to 10"))
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"approvals.lead", a.Lead}, {"approvals.timeLimit", a.TimeLimit}} {
		if d.value.Std() < time.Minute || d.value.Std() > 31*24*time.Hour {
			errs = append(errs, Invalid(d.field, d.value.String(), "1m to 744h"))
		}
	}
	if a.Signers != "" && !ValidGroup(a.Signers) {
		errs = append(errs, Invalid("approvals.signers", a.Signers,
			"the name of a group of signers in the worker's configuration, such as storage-leads"))
	}
	switch {
	case a.Commands != "" && a.Commands != CommandsSigned:
		errs = append(errs, Invalid("approvals.commands", string(a.Commands), string(CommandsSigned)))
	case a.Commands == CommandsSigned && a.Signers == "":
		errs = append(errs, Invalid("approvals.commands", string(a.Commands), "left out without approvals.signers"))
	}
	return errors.Join(errs...)
}
