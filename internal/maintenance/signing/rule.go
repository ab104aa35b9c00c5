package signing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MaxCount is how many signatures a demand may ask for.
const MaxCount = 10

// Demand is what a plan asks for itself, or what the worker's configuration demands for an account,
// whatever a plan says.
type Demand struct {
	// Signers is a group of the worker's configuration; empty: no signature is demanded.
	Signers string `json:"signers,omitempty"`
	// Count is how many different people of the group have to approve: 1 to 10.
	Count int `json:"count,omitempty"`
	// Commands says whether the other actions need a signature of one person of the group.
	Commands maintenance.Commands `json:"commands,omitempty"`
}

// GroupForm says what a group of signers may be called, for errors.
const GroupForm = "1 to 63 lower-case letters, digits, dots, underscores or dashes"

// Validate reports the first wrong field.
func (d Demand) Validate() error {
	switch {
	case d == Demand{}:
		return nil
	case !maintenance.ValidGroup(d.Signers):
		return maintenance.Invalid("signers", d.Signers, "the name of a group of signers: "+GroupForm)
	case d.Count < 1 || d.Count > MaxCount:
		return maintenance.Invalid("count", fmt.Sprint(d.Count), fmt.Sprintf("1 to %d", MaxCount))
	case d.Commands != "" && d.Commands != maintenance.CommandsSigned:
		return maintenance.Invalid("commands", string(d.Commands), string(maintenance.CommandsSigned))
	}
	return nil
}

// Rule is what several demands come to: one for each group, sorted by its name, and all of them must be
// met. No demand: nothing needs a signature.
type Rule []Demand

// Strictest is the rule of demands that all hold: of those on one group, the highest count, and signed
// commands if one of them says so. Neither can lower what another demands.
func Strictest(demands ...Demand) (rule Rule) {
	for _, d := range demands {
		if d.Signers == "" {
			continue
		}
		i, found := slices.BinarySearchFunc(rule, d.Signers, func(r Demand, name string) int {
			return strings.Compare(r.Signers, name)
		})
		if !found {
			rule = slices.Insert(rule, i, d)
			continue
		}
		rule[i].Count = max(rule[i].Count, d.Count)
		if d.Commands == maintenance.CommandsSigned {
			rule[i].Commands = maintenance.CommandsSigned
		}
	}
	return rule
}

// Groups are those whose signatures count for an approval.
func (r Rule) Groups() (names []string) {
	for _, d := range r {
		names = append(names, d.Signers)
	}
	return names
}

// CommandGroups are those of which one person has to sign an action that is no approval; none: such
// actions need no signature. Where several demand it, it is one person of all of them: otherwise a plan could name a
// group of its own, and so get around the one that an account demands.
func (r Rule) CommandGroups() (names []string) {
	for _, d := range r {
		if d.Commands == maintenance.CommandsSigned {
			names = append(names, d.Signers)
		}
	}
	return names
}

// Needed is the demand as approvals have to meet it. Where nobody of the group has signed the start, it is one
// approval more: whoever started the campaign may be one of those who approve it, and the others are enough without.
// The campaign and the worker, which verifies the approvals again, both count so.
func (d Demand) Needed(start *Signed, submitterMayApprove bool) Demand {
	known := start != nil && slices.ContainsFunc(start.Verified, func(v Verified) bool { return v.Group == d.Signers })
	if !known && !submitterMayApprove {
		d.Count++
	}
	return d
}

// Missing are the demands that are not met by what was given, each with how many different people are
// still needed. A person of two groups counts in both: given has a Verified for each.
func (r Rule) Missing(given []Verified) (missing Rule) {
	for _, d := range r {
		if n := d.Count - people(d.Signers, given); n > 0 {
			missing = append(missing, Demand{Signers: d.Signers, Count: n, Commands: d.Commands})
		}
	}
	return missing
}

// people is how many different people of a group there are at least: two signatures that may be one
// person's are counted once, and so is a third that may be either's.
func people(group string, given []Verified) int {
	var counted [][]Verified
	for _, v := range given {
		if v.Group != group {
			continue
		}
		person := []Verified{v}
		counted = slices.DeleteFunc(counted, func(other []Verified) bool {
			same := slices.ContainsFunc(other, v.SamePerson)
			if same {
				person = append(person, other...)
			}
			return same
		})
		counted = append(counted, person)
	}
	return len(counted)
}

// Text is the rule for people: 2 of storage-leads and 1 of security.
func (r Rule) Text() string {
	var parts []string
	for _, d := range r {
		parts = append(parts, fmt.Sprintf("%d of %s", d.Count, d.Signers))
	}
	return strings.Join(parts, " and ")
}
