package config

import (
	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
)

// awsEntry is one account of the aws section.
type awsEntry struct {
	Name       string   `yaml:"name"`
	Region     string   `yaml:"region"`
	Endpoint   string   `yaml:"endpoint"`
	Profile    string   `yaml:"profile"`
	AssumeRole string   `yaml:"assumeRole"`
	ExternalID string   `yaml:"externalId"`
	PerSecond  *float64 `yaml:"perSecond"`

	Approvals *approvalsEntry `yaml:"approvals"`
}

// aws judges one account of the aws section.
func (c *checker) aws(at string, e awsEntry) accounts.AWS {
	c.lines(at, e)
	c.name(at, "aws", e.Name)
	account := awsaccounts.Account{
		Name: e.Name, Region: e.Region, Endpoint: e.Endpoint, Profile: e.Profile, AssumeRole: e.AssumeRole,
		ExternalID: e.ExternalID,
	}
	c.judge(at, account.Validate(), "")
	return accounts.AWS{Account: account, PerSecond: c.rate(at, e.PerSecond), Approvals: c.approvals(at, e.Approvals)}
}
