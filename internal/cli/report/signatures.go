package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
)

// mostLater is how long after the verification of its signature an action may have been decided: it is passed on, or
// armed runs end first, which takes a minute, and a worker may be away meanwhile.
const mostLater = time.Hour

// checkSignatures verifies every signature of a report again, as of the time at which it was accepted: what was signed
// has to be what the report says was decided. What has to be signed and is not is a problem, and so is what the report
// leaves out: nothing that is missing stands for anything.
func checkSignatures(d report.Document, known groups) []render.SignatureVerdict {
	c := checker{d: d, known: known, used: map[[2]string]bool{}, given: map[int][]signing.Signed{}}
	c.book = signing.Book{Plan: d.Run.Digest, Rule: d.Run.Signers, Demanded: d.Run.Demanded}
	c.checkRecord()
	c.checkStart()
	c.asked = fleet.Asked(d.Plan.Approvals, c.book)
	for _, decision := range d.Decisions {
		c.checkDecision(decision)
	}
	c.checkCount()
	return c.all
}

// checker is the verification of one report.
type checker struct {
	d     report.Document
	known groups
	book  signing.Book          // with the start's signature, where that counts
	asked maintenance.Approvals // by the plan and the demands
	// namespace is Temporal's, of the first signature: a report does not say its own, but all have the same.
	namespace string
	used      map[[2]string]bool       // by key and statement
	given     map[int][]signing.Signed // approvals that count, by wave; 0: the campaign
	all       []render.SignatureVerdict
}

func (c *checker) say(what, target string, p maintenance.Proof, err error) {
	v := render.SignatureVerdict{What: what, Target: target, Principal: p.Principal, Key: p.Key, At: p.At, OK: err == nil}
	if err != nil {
		v.Problem = maintenance.Plain(err)
	}
	c.all = append(c.all, v)
}

// checkRecord reports a record that does not say what had to be signed.
func (c *checker) checkRecord() {
	run := c.d.Run
	var err error
	switch group := c.d.Plan.Approvals.Signers; {
	case run.Digest == "" || run.FirstRun == "":
		err = errors.New("the report does not say which plan ran, or the campaign's first run: a campaign records that " +
			"when it ends: make the report again then")
	case len(run.Signers) == 0:
		err = errors.New("it names no group of signers: nothing in it is verified")
	case group != "" && !slices.Contains(run.Signers.Groups(), group):
		err = fmt.Errorf("its plan names the group %s, and its run does not ask for it", group)
	}
	if err != nil {
		c.say("the record", "", maintenance.Proof{}, err)
	}
}

// checkStart verifies the signature of who has started the campaign. An unsigned start is no fault, and costs one
// approval more.
func (c *checker) checkStart() {
	p := c.d.Run.Started
	if p == (maintenance.Proof{}) {
		return
	}
	wanted := signing.Statement{Campaign: c.d.Name, Plan: c.d.Run.Digest, Action: "run"}
	signed, err := c.again(c.book.Rule.Groups(), p, wanted)
	if err == nil && c.d.Submitter != p.Principal {
		err = fmt.Errorf("the report says that %s started it, and %s has signed", c.d.Submitter, p.Principal)
	}
	if err == nil {
		c.book.Start = &signed
	}
	c.say("run", "", p, err)
}

// checkDecision verifies the signature of a decision, where there is one or has to be one.
func (c *checker) checkDecision(d report.Decision) {
	groups := c.groups(d.What)
	if d.Proof != (maintenance.Proof{}) {
		c.say(d.What, d.Target, d.Proof, c.decided(groups, d))
	} else if len(groups) > 0 {
		c.say(d.What, d.Target, d.Proof, signing.Refuse(signing.Unsigned, d.What+" by "+d.By))
	}
}

// groups are those that have to sign an action, as in the campaign.
func (c *checker) groups(what string) []string {
	switch what {
	case "pause", "abort":
		return nil
	case maintenance.WhatApprove:
		return c.book.Rule.Groups()
	}
	return c.book.Rule.CommandGroups()
}

// decided is nil where a decision's signature counts, and is for what the report says.
func (c *checker) decided(groups []string, d report.Decision) error {
	text, err := signing.Parse([]byte(d.Proof.Statement))
	if err != nil {
		return err
	}
	wanted := signing.Statement{
		Campaign: c.d.Name, Run: c.d.Run.FirstRun, Plan: c.d.Run.Digest, Action: d.What, Target: d.Target,
		Step: d.Step, Check: d.Check, NotBefore: d.NotBefore, MaxConcurrent: d.MaxConcurrent, Wave: d.Wave,
	}
	if c.sameTarget(text.Target, d.Target) {
		wanted.Target = text.Target
	}
	if up := d.NotBefore.Sub(text.NotBefore); up >= 0 && up < time.Second {
		wanted.NotBefore = text.NotBefore // the campaign rounds it up to a second
	}
	signed, err := c.again(groups, d.Proof, wanted)
	switch late := d.At.Sub(d.Proof.At); {
	case err != nil:
		return err
	case d.By != d.Proof.Principal:
		return fmt.Errorf("the report says that %s decided, and %s has signed", d.By, d.Proof.Principal)
	case d.Why != text.Why:
		return fmt.Errorf("the report says why: %q, and signed was: %q", d.Why, text.Why)
	case late < 0 || late > mostLater:
		return fmt.Errorf("the report says that it was decided at %s, and the signature was verified at %s",
			d.At.UTC().Format(time.RFC3339), d.Proof.At.UTC().Format(time.RFC3339))
	}
	if d.What != maintenance.WhatApprove && len(signed.Verified) < len(groups) {
		return fmt.Errorf("%s counts in %d of the groups %s: has to count in each",
			d.By, len(signed.Verified), strings.Join(groups, ", "))
	}
	key := [2]string{d.Proof.Key, d.Proof.Statement}
	if c.used[key] {
		return signing.Refuse(signing.Replayed, "the report has it twice")
	}
	c.used[key] = true
	if d.What == maintenance.WhatApprove {
		return c.approved(d, signed)
	}
	return nil
}

// sameTarget is true for two names of one target of the campaign: its name, or its gateway's id.
func (c *checker) sameTarget(a, b string) bool {
	find := func(name string) (found []string) {
		for _, t := range c.d.Targets {
			if t.Name == name || strings.EqualFold(t.Gateway, name) {
				found = append(found, strings.ToLower(t.Gateway))
			}
		}
		return found
	}
	one, other := find(a), find(b)
	return len(one) == 1 && slices.Equal(one, other)
}

// wave is that for which an approval counts; 0: for the whole campaign.
func (c *checker) wave(n int) int {
	if c.asked.EachWave {
		return n
	}
	return 0
}

// approved counts an approval, of a person who may give one and has not.
func (c *checker) approved(d report.Decision, signed signing.Signed) error {
	if c.book.Start != nil && !c.asked.SubmitterMayApprove && signed.SamePerson(*c.book.Start) {
		return signing.Refuse(signing.BySubmitter, d.By)
	}
	wave := c.wave(d.Wave)
	if slices.ContainsFunc(c.given[wave], signed.SamePerson) {
		return signing.Refuse(signing.Repeated, d.By)
	}
	c.given[wave] = append(c.given[wave], signed)
	return nil
}

// checkCount reports each wave of which targets were run without enough approvals.
func (c *checker) checkCount() {
	ran := map[int]bool{}
	for _, t := range c.d.Targets {
		if len(t.Runs) > 0 {
			ran[c.wave(t.Wave)] = true
		}
	}
	for _, wave := range slices.Sorted(maps.Keys(ran)) {
		var counted []signing.Verified
		for _, signed := range c.given[wave] {
			counted = append(counted, signed.Verified...)
		}
		missing := c.book.Approvals(c.asked.SubmitterMayApprove).Missing(counted)
		if len(missing) == 0 {
			continue
		}
		of := "the campaign"
		if wave > 0 {
			of = fmt.Sprintf("wave %d", wave)
		}
		c.say(maintenance.WhatApprove, "", maintenance.Proof{},
			fmt.Errorf("targets of %s were run, and of its approvals %s are missing", of, missing.Text()))
	}
}

// again verifies one signature, in each of the groups.
func (c *checker) again(names []string, p maintenance.Proof, wanted signing.Statement) (signing.Signed, error) {
	signed := signing.Signed{Signature: signing.Signature{Statement: p.Statement, Armored: p.Signature}}
	text, err := signing.Parse([]byte(p.Statement))
	if err != nil {
		return signed, err
	}
	c.namespace = cmp.Or(c.namespace, text.Namespace)
	wanted.Namespace = c.namespace
	refusal := errors.New("the report names no group that has to sign this: the signature cannot be judged")
	for i, name := range names {
		group, err := c.known.of(name, c.book.Rule.Groups())
		if err != nil {
			return signed, err
		}
		found, err := group.Check(signed.Signature, wanted, p.At, signing.MaxAge)
		if err == nil {
			found.Group = name
			signed.Verified = append(signed.Verified, found)
		} else if i == 0 {
			refusal = err
		}
	}
	if len(signed.Verified) == 0 {
		return signed, refusal
	}
	for name := range strings.SplitSeq(p.Groups, ", ") {
		if !slices.ContainsFunc(signed.Verified, func(v signing.Verified) bool { return v.Group == name }) {
			return signed, fmt.Errorf("the report says that it counts in group %q, and by the files it does not", name)
		}
	}
	if found := signed.Person(); found.Principal != p.Principal || found.Key != p.Key || found.KeyType != p.KeyType {
		return signed, fmt.Errorf("the report names %s (%s), and the files say %s (%s)",
			p.Principal, p.Key, found.Principal, found.Key)
	}
	return signed, nil
}

// verifyOffline verifies the signatures of a report alone: neither Temporal nor a worker is asked.
func verifyOffline(p printer.Printer, text []byte, known groups) (ok bool, err error) {
	d, _, err := report.Parse(text)
	if err != nil {
		return false, fmt.Errorf("read the report: %w", err)
	}
	said := render.SignaturesVerdict{Name: d.Name, AsOf: d.AsOf, Signatures: checkSignatures(d, known)}
	said.OK = render.AllGood(said.Signatures)
	return said.OK, p.Print(said, func(p printer.Printer) { said.Print(p) })
}
