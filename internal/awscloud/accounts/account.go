// Package accounts opens the AWS accounts of the worker's configuration: credentials, endpoint
// and region of each, and one adapter for it. It calls AWS itself only to assume a role. Start
// at Account and Open.
package accounts

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Account is one AWS account in one region, as the worker's configuration
// names it. It holds no credentials: those come from where the AWS SDK finds
// them (environment, shared files, web identity, container, instance).
type Account struct {
	Name   string // by which plans name it
	Region string // such as eu-central-1; gateways of other regions need an account of their own
	// Endpoint is the URL where Storage Gateway and EC2 are spoken to, such as a
	// simulator's. Empty: AWS_ENDPOINT_URL_STORAGE_GATEWAY, AWS_ENDPOINT_URL_EC2,
	// AWS_ENDPOINT_URL, the profile's, or AWS itself.
	Endpoint string
	// AssumeRole is the ARN of a role to take on with the credentials found;
	// ExternalID is what its trust policy may ask for. Both may be empty.
	AssumeRole string
	ExternalID string
	// Profile is one of the AWS configuration files'. Empty: AWS_PROFILE, else default.
	Profile string
}

var roleForm = regexp.MustCompile(`^arn:aws(-[a-z0-9]+)*:iam::\d{12}:role/[\w+=,.@/-]+$`)

// Validate reports every wrong field at once, as maintenance.FieldErrors.
func (a Account) Validate() error {
	var errs []error
	check := func(ok bool, field, value, want string) {
		if !ok {
			errs = append(errs, maintenance.Invalid(field, value, want))
		}
	}
	check(a.Name != "", "name", a.Name, "the name by which plans name the account")
	check(maintenance.AWSRegionForm.MatchString(a.Region), "region", a.Region, "an AWS region such as us-east-1")
	check(a.Endpoint == "" || isEndpoint(a.Endpoint), "endpoint", shown(a.Endpoint), "a URL such as http://127.0.0.1:4599, without user and password")
	check(a.AssumeRole == "" || roleForm.MatchString(a.AssumeRole), "assumeRole", a.AssumeRole,
		"a role such as arn:aws:iam::123456789012:role/tidegate")
	check(a.ExternalID == "" || a.AssumeRole != "", "externalId", a.ExternalID, "to be left out where no role is assumed")
	return errors.Join(errs...)
}

// shown is an endpoint as an error may repeat it: what may hold a password it
// may not.
func shown(endpoint string) string {
	if strings.Contains(endpoint, "@") {
		return "(hidden)"
	}
	return endpoint
}

func isEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
