package config

import (
	"path/filepath"
	"strings"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/strict"
)

// signersEntry is one group of the signers section.
type signersEntry struct {
	Name           string `yaml:"name"`
	AllowedSigners string `yaml:"allowedSigners"`
	Revoked        string `yaml:"revoked"`
}

// approvalsEntry is what an account demands of whoever changes something in it.
type approvalsEntry struct {
	Signers  string               `yaml:"signers"`
	Count    *int                 `yaml:"count"`
	Commands maintenance.Commands `yaml:"commands"`
}

// signers judges one group and reads its files. Paths are relative to the accounts file's folder.
func (c *checker) signers(at, file string, e signersEntry) *signers.Group {
	c.lines(at, e)
	c.name(at, "signers", e.Name)
	if e.AllowedSigners == "" {
		c.require(false, at+".allowedSigners", "an allowed_signers file of OpenSSH")
		return nil
	}
	group, err := signers.Load(e.Name, beside(file, e.AllowedSigners), beside(file, e.Revoked))
	if err != nil {
		c.Fault(at, strict.Fault{Problem: strings.ReplaceAll(err.Error(), "\n", "; ")})
	}
	return group
}

// beside is a path, from the folder of a file on if it is relative; empty stays so.
func beside(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// approvals judges what an account demands: of a group that there is.
func (c *checker) approvals(at string, e *approvalsEntry) signing.Demand {
	if e == nil {
		return signing.Demand{}
	}
	at += ".approvals"
	d := signing.Demand{Signers: e.Signers, Count: 1, Commands: e.Commands}
	if e.Count != nil {
		d.Count = *e.Count
	}
	for _, f := range fault.Fields(d.Validate()) {
		c.Wrong(at+"."+f.Field, "", f.Want)
	}
	c.require(c.names["signers/"+e.Signers], at+".signers", "the name of a group of the signers section")
	return d
}
