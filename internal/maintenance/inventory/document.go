package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Document is a judged inventory: what is printed, the most urgent first.
type Document struct {
	AsOf     time.Time       `json:"asOf"` // UTC
	Summary  Summary         `json:"summary"`
	Accounts []Account       `json:"accounts"`
	Gateways []JudgedGateway `json:"gateways"`
	Proxies  []JudgedProxy   `json:"proxies"`
	// Unread is what could not be read at all. What is missing of one gateway or proxy stands with it.
	Unread []Unread `json:"unread"`
	// Fast is true where volumes, initiators and snapshots were left out.
	Fast        bool `json:"fast,omitempty"`
	Interrupted bool `json:"interrupted,omitempty"`
	// Failing is what --fail-on asked for and was found, Undecided where it could not be told.
	Failing   []Hit `json:"failing,omitempty"`
	Undecided []Hit `json:"undecided,omitempty"`
}

// Summary counts gateways and proxies by urgency.
type Summary struct {
	Gateways int `json:"gateways"`
	Proxies  int `json:"proxies"`
	Urgent   int `json:"urgent"`
	Soon     int `json:"soon"`
	Unknown  int `json:"unknown"`
	Notice   int `json:"notice"`
	UpToDate int `json:"upToDate"`
}

func (s *Summary) count(u Urgency) {
	switch u {
	case Urgent:
		s.Urgent++
	case Soon:
		s.Soon++
	case Unknown:
		s.Unknown++
	case Notice:
		s.Notice++
	case Healthy:
		s.UpToDate++
	}
}

// Make judges what was found at a time. A gateway or a proxy that two accounts show is there once.
func Make(found Found, now time.Time, c Criteria) Document {
	d := Document{
		AsOf: now.UTC(), Accounts: orNone(found.Accounts), Unread: orNone(found.Unread), Fast: found.Fast,
		Interrupted: found.Interrupted, Gateways: []JudgedGateway{}, Proxies: []JudgedProxy{},
	}
	seen := map[string]bool{}
	for _, g := range found.Gateways {
		if key := strings.ToUpper(g.ARN); !seen[key] {
			seen[key] = true
			d.Gateways = append(d.Gateways, JudgeGateway(g, now, c))
		}
	}
	for _, p := range found.Proxies {
		if key := p.ID; !seen[key] {
			seen[key] = true
			d.Proxies = append(d.Proxies, JudgeProxy(p, now))
		}
	}
	slices.SortStableFunc(d.Gateways, func(a, b JudgedGateway) int {
		return cmp.Or(compare(a.Urgency, a.Findings, b.Urgency, b.Findings), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.ARN, b.ARN))
	})
	slices.SortStableFunc(d.Proxies, func(a, b JudgedProxy) int {
		return cmp.Or(compare(a.Urgency, a.Findings, b.Urgency, b.Findings), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Instance.Name, b.Instance.Name), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.ID, b.ID))
	})
	d.count()
	return d
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{} // also in JSON
	}
	return list
}

func (d *Document) count() {
	d.Summary = Summary{Gateways: len(d.Gateways), Proxies: len(d.Proxies)}
	for _, g := range d.Gateways {
		d.Summary.count(g.Urgency)
	}
	for _, p := range d.Proxies {
		d.Summary.count(p.Urgency)
	}
}

// compare puts the more urgent first, then what comes first in Kinds, then what waits longer or ends
// sooner.
func compare(a Urgency, ofA []Finding, b Urgency, ofB []Finding) int {
	if a != b || len(ofA) == 0 || len(ofB) == 0 {
		return cmp.Compare(a.rank(), b.rank())
	}
	first, second := ofA[0], ofB[0]
	return cmp.Or(
		cmp.Compare(slices.Index(Kinds(), first.Kind), slices.Index(Kinds(), second.Kind)),
		cmp.Compare(pressing(first), pressing(second)),
	)
}

// pressing is lower for what presses more.
func pressing(f Finding) int {
	switch {
	case f.Days == nil:
		return 0
	case f.Kind == KindSupportEnds:
		return *f.Days
	}
	return -*f.Days
}

// Complete is true where everything was read. What belongs to one gateway counts too; that a gateway
// is not connected is an answer.
func (d Document) Complete() bool {
	if d.Interrupted || len(d.Unread) > 0 {
		return false
	}
	return !slices.ContainsFunc(d.Gateways, func(g JudgedGateway) bool { return len(g.Unread) > 0 }) &&
		!slices.ContainsFunc(d.Proxies, func(p JudgedProxy) bool { return len(p.Unread) > 0 })
}

// AllUnread are all things that could not be read, with the gateway or the proxy to which they belong.
func (d Document) AllUnread() []Unread {
	all := slices.Clone(d.Unread)
	for _, g := range d.Gateways {
		for _, u := range g.Unread {
			all = append(all, Unread{Account: g.Account, What: u.What + " of gateway " + g.ID, Why: u.Why})
		}
	}
	for _, p := range d.Proxies {
		for _, u := range p.Unread {
			all = append(all, Unread{Account: p.Account, What: u.What + " of proxy " + p.ID, Why: u.Why})
		}
	}
	return all
}

// Label is what names a gateway for people.
func (g Gateway) Label() string { return cmp.Or(g.Name, g.ID) }

// Reasons are those of findings, in their order.
func Reasons(all []Finding) string {
	var words []string
	for _, f := range all {
		words = append(words, f.Reason)
	}
	return strings.Join(words, "; ")
}

// Offered is true where an update of the gateway waits.
func (g JudgedGateway) Offered() bool { return g.Described && g.UpdateOffered() }
