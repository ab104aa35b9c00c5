package report

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/signers"
)

// checkSignatures verifies every signature of a report again, as of the time at which it was accepted: what was signed
// has to be what the report says was decided. An approval of a campaign that asks for signatures has to have one.
func checkSignatures(d report.Document, group *signers.Group) (all []render.SignatureVerdict) {
	say := func(what, target string, at maintenance.Proof, err error) {
		v := render.SignatureVerdict{What: what, Target: target, Principal: at.Principal, Key: at.Key, At: at.At, OK: err == nil}
		if err != nil {
			v.Problem = maintenance.Plain(err)
		}
		all = append(all, v)
	}
	wanted := signing.Statement{Campaign: d.Name, Plan: d.Run.Digest}
	if p := d.Run.Started; p != (maintenance.Proof{}) {
		wanted.Action = "run"
		say("run", "", p, again(group, p, wanted))
	}
	wanted.Run = d.Run.FirstRun
	for _, decision := range d.Decisions {
		p := decision.Proof
		if p == (maintenance.Proof{}) {
			if decision.What == maintenance.WhatApprove && len(d.Run.Signers) > 0 {
				say(decision.What, decision.Target, p, signing.Refuse(signing.Unsigned, "approved by "+decision.By))
			}
			continue
		}
		w := wanted
		w.Action, w.Target, w.Step, w.Check = decision.What, decision.Target, decision.Step, decision.Check
		w.NotBefore, w.MaxConcurrent, w.Wave = decision.NotBefore, decision.MaxConcurrent, decision.Wave
		err := again(group, p, w)
		if err == nil && decision.By != p.Principal {
			err = fmt.Errorf("the report says that %s decided, and %s has signed", decision.By, p.Principal)
		}
		say(decision.What, decision.Target, p, err)
	}
	return all
}

// again verifies one signature. The namespace of Temporal is the signer's: a report does not say its own. A target may
// have been named by its gateway, and a time may have been rounded up to a second.
func again(group *signers.Group, p maintenance.Proof, wanted signing.Statement) error {
	signed, err := signing.Parse([]byte(p.Statement))
	if err != nil {
		return err //nolint:wrapcheck // it says what it is about
	}
	wanted.Namespace, wanted.Target = signed.Namespace, cmp.Or(signed.Target, wanted.Target)
	if late := wanted.NotBefore.Sub(signed.NotBefore); late >= 0 && late < 1e9 {
		wanted.NotBefore = signed.NotBefore
	}
	if wanted.Plan == "" { // of a campaign that has not ended
		wanted.Plan, wanted.Run = signed.Plan, signed.Run
	}
	found, err := group.Check(signing.Signature{Statement: p.Statement, Armored: p.Signature}, wanted, p.At, signing.MaxAge)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if found.Principal != p.Principal || found.Key != p.Key {
		return fmt.Errorf("the report names %s (%s), and the files say %s (%s)", p.Principal, p.Key, found.Principal, found.Key)
	}
	return nil
}

// loadSigners reads the files of --signers and --revoked; nil: they were not given.
func loadSigners(f reportFlags) (*signers.Group, error) {
	switch {
	case f.signers == "" && (f.revoked != "" || f.offline):
		return nil, errors.New("--revoked and --offline: require --signers FILE")
	case f.signers != "" && f.verify == "":
		return nil, errors.New("--signers: requires --verify FILE")
	case f.signers == "":
		return nil, nil //nolint:nilnil // signatures are not verified
	}
	group, err := signers.Load("--signers", f.signers, f.revoked)
	if err != nil {
		return nil, fmt.Errorf("--signers: %w", err)
	}
	return group, nil
}

// verifyOffline verifies the signatures of a report alone: neither Temporal nor a worker is asked.
func verifyOffline(p printer.Printer, text []byte, group *signers.Group) (ok bool, err error) {
	d, _, err := report.Parse(text)
	if err != nil {
		return false, fmt.Errorf("read the report: %w", err)
	}
	said := render.SignaturesVerdict{Name: d.Name, AsOf: d.AsOf, Signatures: checkSignatures(d, group)}
	said.OK = render.AllGood(said.Signatures)
	return said.OK, p.Print(said, func(p printer.Printer) { said.Print(p) })
}
