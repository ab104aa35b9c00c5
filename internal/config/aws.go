package config

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
)

// aws reads one account of the aws section.
func (r *reader) aws(node ast.Node, path string) accounts.AWS {
	e, ok := r.entry(node, path, "name", "region", "endpoint", "profile", "assumeRole", "externalId", "perSecond")
	if !ok {
		return accounts.AWS{}
	}
	account := awsaccounts.Account{
		Name:       e.name(r, "aws"),
		Region:     e.text("region"),
		Endpoint:   e.text("endpoint"),
		Profile:    e.text("profile"),
		AssumeRole: e.text("assumeRole"),
		ExternalID: e.text("externalId"),
	}
	e.judge(r, account.Validate(), "")
	return accounts.AWS{Account: account, PerSecond: e.rate(r)}
}
