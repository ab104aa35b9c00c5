package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Consent is one person's approval of a wave or, where the plan asks only once, of the
// campaign.
type Consent struct {
	Wave int       `json:"wave"` // the one that was next when it was given, from 1 on
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"`
	// Signed is the signature by which it counts; nil: it is not verified, and By is what somebody typed.
	Signed *signing.Signed `json:"signed,omitempty"`
}

// Verdict says for people whether it is verified, and by which key.
func (c Consent) Verdict() string {
	if c.Signed == nil {
		return maintenance.Proof{}.Text()
	}
	return c.Signed.Proof().Text()
}

// Asked are the approvals that a campaign asks for: those of its plan, with what the worker's configuration demands for
// its accounts. A plan can only ask for more than that.
func Asked(plan maintenance.Approvals, book signing.Book) maintenance.Approvals {
	if len(book.Rule) == 0 {
		return plan.WithDefaults()
	}
	plan.SubmitterMayApprove = plan.SubmitterMayApprove && len(book.Demanded) == 0
	plan.Signers = cmp.Or(plan.Signers, book.Rule[0].Signers)
	for _, d := range book.Approvals(plan.SubmitterMayApprove) {
		plan.Count = max(plan.Count, d.Count)
	}
	return plan.WithDefaults()
}

// Ask is an approval that people are asked for.
type Ask struct {
	Wave int       `json:"wave"` // from 1 on; 0: none
	At   time.Time `json:"at"`   // since when
}

// Approval is an approval that a campaign still needs: how many of how many were given,
// and by which person, and until when the others may be.
type Approval struct {
	Wave     int  `json:"wave"`               // the next to start, from 1 on
	EachWave bool `json:"eachWave,omitempty"` // it is for this wave alone; else for the whole campaign
	Wanted   int  `json:"wanted"`             // how many different people have to approve
	// Given are those that were given so far: fewer than wanted.
	Given []Consent `json:"given,omitempty"`
	// MayNot is the one person who may not approve, the submitter; empty: everybody may.
	MayNot string `json:"mayNot,omitempty"`
	// Signers are the groups whose signatures count, each with how many different people are needed; none: an approval
	// needs no signature. Missing is what they still have to give.
	Signers signing.Rule `json:"signers,omitempty"`
	Missing signing.Rule `json:"missing,omitempty"`
	// Unsigned is true where nobody has signed the start: then one more approval is needed than was asked for.
	Unsigned bool `json:"unsigned,omitempty"`
	// Window is when a target of the wave can start at the earliest, as far as is known;
	// zero: none can.
	Window time.Time `json:"window,omitzero"`
	// AskFrom is from when on it will be asked for; zero once it is, and where that is not
	// known, as during a pause.
	AskFrom time.Time `json:"askFrom,omitzero"`
	// Asked is since when it is asked for; zero: it is not yet.
	Asked time.Time `json:"asked,omitzero"`
	// Deadline is when the campaign ends EXPIRED without it; zero until it is asked for.
	Deadline time.Time `json:"deadline,omitzero"`
	// Targets are how many wait for it, and Names the first ten of them.
	Targets int      `json:"targets"`
	Names   []string `json:"names,omitempty"`
}

// consents are those that count for a wave, from 1 on.
func (f Fleet) consents(wave int) (given []Consent) {
	for _, c := range f.Consents {
		if c.Wave == wave || !f.Approvals.EachWave {
			given = append(given, c)
		}
	}
	return given
}

func (f Fleet) approved(wave int) bool {
	given := f.consents(wave)
	return f.Approvals.Count == 0 || len(given) >= f.Approvals.Count && len(f.signers().Missing(verified(given))) == 0
}

// signers is what signatures have to come to before anything starts.
func (f Fleet) signers() signing.Rule { return f.Signing.Approvals(f.Approvals.SubmitterMayApprove) }

// verified are those who were found to have signed approvals.
func verified(given []Consent) (all []signing.Verified) {
	for _, c := range given {
		if c.Signed != nil {
			all = append(all, c.Signed.Verified...)
		}
	}
	return all
}

// Authorization is what lets the worker change one of the targets: the approvals that count for it. None: the wave is
// not
// approved, or the target is not in progress.
func (f Fleet) Authorization(gateway string) (a signing.Authorization, found bool) {
	for i := range f.Entries {
		e := &f.Entries[i]
		if !strings.EqualFold(e.Gateway, gateway) || !e.State.InProgress() || f.Life.Stopped() != "" {
			continue
		}
		a = signing.Authorization{
			Plan: f.Signing.Plan, Wave: e.Wave + 1, EachWave: f.Approvals.EachWave, Start: f.Signing.Start,
		}
		for _, c := range f.consents(a.Wave) {
			if c.Signed != nil {
				a.Approvals = append(a.Approvals, *c.Signed)
			}
		}
		return a, f.approved(a.Wave)
	}
	return a, false
}

// findApproval finds the wave that is next and needs an approval, and when its first
// target can start.
func (b *board) findApproval() {
	b.unapproved, b.first = 0, time.Time{}
	next, from := b.open, b.now
	if b.mayBakeWell() {
		next, from = b.open+1, later(b.now, b.between.Next)
		for next < len(b.waves) && b.waves[next].left == 0 {
			next++
		}
	} else if b.between.Blocker != maintenance.BlockedByWave {
		return
	}
	if next >= len(b.waves) || b.fleet.approved(next+1) {
		return
	}
	b.unapproved, b.first = next+1, b.firstStart(next, from)
}

// mayBakeWell is true while the open wave bakes, and none of its checks has failed.
func (b *board) mayBakeWell() bool {
	failed := func(f Finding) bool { return f.State == health.Failed }
	return b.afterWave() && !slices.ContainsFunc(b.fleet.shut(b.open), failed)
}

// firstStart is when the first target of a wave can start, not before a time; zero:
// none can. It reads each group by itself: what a turn has found holds for the wave
// that is open, and from now on.
func (b *board) firstStart(wave int, from time.Time) (first time.Time) {
	seen := make([]bool, len(b.groups))
	for _, i := range b.waves[wave].waiting {
		if seen[b.group[i]] {
			continue
		}
		seen[b.group[i]] = true
		g := &b.groups[b.group[i]]
		if opening, fits := fit(later(from, g.notBefore), g.schedule, b.rules, g.need); fits {
			first = sooner(first, opening.From)
		}
	}
	return first
}

// ask is the approval that people are asked for now. Once asked for it stays so: that its
// window passes is no reason to ask nobody.
func (b *board) ask() Ask {
	before := b.fleet.Ask
	switch {
	case b.all.Blocker == maintenance.BlockedByStop: // the record says what was asked for
		return before
	case b.all.Blocker != maintenance.NotBlocked, b.unapproved == 0:
		return Ask{}
	case before.Wave == b.unapproved, before.Wave > 0 && !b.fleet.Approvals.EachWave:
		return before
	case b.first.IsZero(), b.now.Before(b.askFrom()):
		return Ask{}
	}
	return Ask{Wave: b.unapproved, At: b.now}
}

// askFrom is when an approval is asked for; zero: nobody knows.
func (b *board) askFrom() time.Time {
	if b.first.IsZero() {
		return time.Time{}
	}
	return b.first.Add(-b.fleet.Approvals.Lead.Std())
}

// wakeToAsk is when an approval is to be asked for that is not asked for now; zero: none
// is, or nobody knows when.
func (b *board) wakeToAsk() time.Time {
	if b.unapproved == 0 || b.ask().Wave > 0 {
		return time.Time{}
	}
	return b.askFrom()
}

// survey is a fleet laid out at a time, with what keeps the whole and its waves.
func (f Fleet) survey(now time.Time) *board {
	b := newBoard(f, now)
	b.now = now
	b.all = b.everybody()
	b.findWave()
	return b
}

// Approval is the one that the campaign needs next; nil: it needs none now.
func (f Fleet) Approval(now time.Time) *Approval { return f.survey(now).approval() }

func (b *board) approval() *Approval {
	if b.unapproved == 0 {
		return nil
	}
	f := &b.fleet
	a := Approval{
		Wave: b.unapproved, EachWave: f.Approvals.EachWave, Wanted: f.Approvals.Count, Given: f.consents(b.unapproved),
		Window: b.first, Signers: f.signers(),
	}
	a.Missing = a.Signers.Missing(verified(a.Given))
	switch start := f.Signing.Start; {
	case f.Approvals.SubmitterMayApprove:
	case len(a.Signers) == 0:
		a.MayNot = f.Submitter
	case start != nil:
		a.MayNot = start.Person().Principal
	default:
		a.Unsigned = true
	}
	if ask, from := b.ask(), b.askFrom(); ask.Wave > 0 {
		a.Asked, a.Deadline = ask.At, f.deadline(ask)
	} else if b.all.Blocker == maintenance.NotBlocked && from.After(b.now) {
		a.AskFrom = from
	}
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State == Waiting && (e.Wave+1 == a.Wave || !a.EachWave) {
			if a.Targets++; a.Targets <= namedInOne {
				a.Names = append(a.Names, e.Name)
			}
		}
	}
	return &a
}

func (f Fleet) deadline(a Ask) time.Time { return a.At.Add(f.Approvals.TimeLimit.Std()) }

// ApprovalDeadline is when the approval that people are asked for is missed; zero: they
// are asked for none, or the campaign was stopped, and nothing comes of it any more.
func (f Fleet) ApprovalDeadline() time.Time {
	if f.Ask.Wave == 0 || f.Life.Stopped() != "" {
		return time.Time{}
	}
	return f.deadline(f.Ask)
}

// Consent is what someone's approval gives now, or an error that says why it gives nothing. Where signatures count it
// comes with one that was verified, and who gives it is who has signed; its errors are then signing.Refusals.
func (f Fleet) Consent(by, why string, signed *signing.Signed, now time.Time) (Consent, error) {
	b := f.survey(now)
	a := b.approval()
	switch {
	case f.Approvals.Count == 0:
		return Consent{}, errors.New("the plan asks for no approval")
	case a == nil:
		return Consent{}, errors.New(b.needsNone())
	case len(a.Signers) > 0 && signed == nil:
		return Consent{}, signing.Refuse(signing.Unsigned, a.Subject()+" needs "+a.Signers.Text())
	case len(a.Signers) > 0:
		return f.signedConsent(a, why, *signed, now)
	}
	by = strings.TrimSpace(by)
	if SamePerson(by, a.MayNot) {
		return Consent{}, fmt.Errorf("%s started the campaign and may not approve it: %s still needs %s (approvals.submitterMayApprove)",
			by, a.Subject(), a.missing())
	}
	for _, c := range a.Given {
		if SamePerson(by, c.By) {
			return Consent{}, fmt.Errorf("%s has approved %s already, at %s: it still needs %s", by, a.Subject(), stamp(c.At),
				a.missing())
		}
	}
	return Consent{Wave: a.Wave, By: by, At: now, Why: why}, nil
}

// signedConsent is what a signed approval gives. The person counts, by key and by name, and not what was typed.
func (f Fleet) signedConsent(a *Approval, why string, signed signing.Signed, now time.Time) (Consent, error) {
	by, start := signed.Person().Principal, f.Signing.Start
	if start != nil && !f.Approvals.SubmitterMayApprove && signed.SamePerson(*start) {
		return Consent{}, signing.Refuse(signing.BySubmitter,
			fmt.Sprintf("%s; %s still needs %s", by, a.Subject(), a.missing()))
	}
	for _, c := range a.Given {
		if c.Signed != nil && signed.SamePerson(*c.Signed) {
			return Consent{}, signing.Refuse(signing.Repeated,
				fmt.Sprintf("%s, at %s as %s; %s still needs %s", by, stamp(c.At), c.By, a.Subject(), a.missing()))
		}
	}
	return Consent{Wave: a.Wave, By: by, At: now, Why: why, Signed: &signed}, nil
}

// needsNone says why no approval is needed now.
func (b *board) needsNone() string {
	f := &b.fleet
	switch {
	case b.between.Blocker == maintenance.BlockedByBudget:
		return "no approval is needed now: " + b.between.Reason
	case b.unended == 0:
		return "no approval is needed any more: every target has ended"
	case !f.Approvals.EachWave:
		return fmt.Sprintf("the campaign is approved already, by %s", people(f.Consents))
	case b.leftAfter(b.open):
		return fmt.Sprintf("wave %d is approved already, by %s; the wave after it can be approved once it has ended", b.open+1, people(f.consents(b.open+1)))
	}
	return fmt.Sprintf("wave %d, the last one, is approved already, by %s", b.open+1, people(f.consents(b.open+1)))
}

// SamePerson is true for two names of one person.
func SamePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// people are those who have approved: bob, carol and dave.
func people(given []Consent) string {
	var names []string
	for _, c := range given {
		names = append(names, c.By)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Subject is what it is for: wave 2, or the campaign.
func (a *Approval) Subject() string {
	if a.EachWave {
		return fmt.Sprintf("wave %d", a.Wave)
	}
	return "the campaign"
}

// missing is how many approvals are still needed.
func (a *Approval) missing() string {
	if len(a.Missing) > 0 {
		return "signatures: " + a.Missing.Text()
	}
	if n := a.Wanted - len(a.Given); n > 1 {
		return fmt.Sprintf("%d approvals by other people", n)
	}
	return "1 approval by someone else"
}

// Short is the approval in a few words: wave 2 needs approval (1 of 2 given).
func (a *Approval) Short() string {
	return fmt.Sprintf("%s needs approval (%d of %d given)", a.Subject(), len(a.Given), a.Wanted)
}

// OneMore is how it is with the next approval: wave 2, 2 of 2 given.
func (a *Approval) OneMore() string {
	return fmt.Sprintf("%s, %d of %d given", a.Subject(), len(a.Given)+1, a.Wanted)
}

// Line is all that people ask of it: which wave, how many of how many, by whom, who
// may not, and from or until when.
func (a *Approval) Line() string { return a.Subject() + " needs approval: " + a.Details() }

// Tally is how many of how many were given, and by whom: 1 of 2 given (bob).
func (a *Approval) Tally() string {
	text := fmt.Sprintf("%d of %d given", len(a.Given), a.Wanted)
	if len(a.Given) > 0 {
		text += " (" + people(a.Given) + ")"
	}
	return text
}

// Details are the line without its subject.
func (a *Approval) Details() string {
	text := a.Tally()
	if len(a.Signers) > 0 {
		text += "; to be signed by " + a.Signers.Text()
	}
	if a.Unsigned {
		text += ", one more than asked for, since nobody has signed the start"
	}
	if a.MayNot != "" {
		text += fmt.Sprintf("; %s started the campaign and may not approve", a.MayNot)
	}
	switch {
	case !a.Asked.IsZero():
		text += fmt.Sprintf("; asked for at %s, deadline %s", stamp(a.Asked), stamp(a.Deadline))
	case !a.AskFrom.IsZero():
		text += fmt.Sprintf("; not asked for before %s (first window %s)", stamp(a.AskFrom), stamp(a.Window))
	case a.Window.IsZero():
		text += "; not asked for: none of its targets has a window that can be used"
	default:
		text += "; not asked for yet"
	}
	return text
}

// TargetsText names the targets that wait for it: a, b, c and 12 more.
func (a *Approval) TargetsText() string {
	text := strings.Join(a.Names, ", ")
	if more := a.Targets - len(a.Names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
