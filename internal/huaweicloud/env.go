package huaweicloud

import (
	"cmp"
	"errors"
	"fmt"
)

// variables are the names under which one family of tools looks for
// credentials. An empty name is one that the family does not have.
type variables struct {
	family                              string
	accessKey, secretKey, securityToken string
	token                               string
	user, password                      string
	domains                             []string // any of them
}

// families are, in the order in which they are asked: the vendor's SDKs; its
// Terraform provider (huaweicloud/provider.go); the OpenStack names that the
// same provider accepts.
//
//nolint:gosec // the names of variables, not what they hold
func families() []variables {
	return []variables{
		{
			family:    "HUAWEICLOUD_SDK_*",
			accessKey: "HUAWEICLOUD_SDK_AK", secretKey: "HUAWEICLOUD_SDK_SK", securityToken: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
		},
		{
			family:    "HW_*",
			accessKey: "HW_ACCESS_KEY", secretKey: "HW_SECRET_KEY", securityToken: "HW_SECURITY_TOKEN",
			token: "HW_AUTH_TOKEN",
			user:  "HW_USER_NAME", password: "HW_USER_PASSWORD", domains: []string{"HW_DOMAIN_NAME"},
		},
		{
			family:    "OS_*",
			accessKey: "OS_ACCESS_KEY", secretKey: "OS_SECRET_KEY",
			token: "OS_AUTH_TOKEN",
			user:  "OS_USERNAME", password: "OS_PASSWORD", domains: []string{"OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME"},
		},
	}
}

// CredentialsFromEnv reads credentials from the environment variables that
// users of the vendor's tools have. lookup is the value of one, empty where it is not
// set; its error ends the search:
//
//	HUAWEICLOUD_SDK_AK, _SK, _SECURITY_TOKEN                      the SDKs
//	HW_AUTH_TOKEN                                                 Terraform
//	HW_ACCESS_KEY, HW_SECRET_KEY, HW_SECURITY_TOKEN
//	HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME
//	OS_AUTH_TOKEN                                                 OpenStack
//	OS_ACCESS_KEY, OS_SECRET_KEY
//	OS_USERNAME, OS_PASSWORD, OS_DOMAIN_NAME (or OS_USER_DOMAIN_NAME)
//
// The first family that sets anything is taken, and never mixed with another;
// within it a token goes before keys and keys before a password, as in the
// vendor's Terraform provider. Nothing set is ErrNoCredentials: the metadata service of
// the machine is never asked.
func CredentialsFromEnv(lookup func(name string) (string, error)) (Credentials, error) {
	var failed error
	get := func(name string) string {
		if name == "" || failed != nil {
			return ""
		}
		var value string
		value, failed = lookup(name)
		return value
	}
	for _, names := range families() {
		c := names.read(get)
		if failed != nil {
			return Credentials{}, failed
		}
		if (c == Credentials{}) {
			continue
		}
		if err := c.Validate(); err != nil {
			return Credentials{}, fmt.Errorf("environment variables %s: %w", names.family, err)
		}
		return c, nil
	}
	return Credentials{}, ErrNoCredentials
}

// ErrNoCredentials says that none of the variables is set.
var ErrNoCredentials = errors.New("no Huawei Cloud credentials in the environment: set HUAWEICLOUD_SDK_AK and " +
	"HUAWEICLOUD_SDK_SK; or HW_AUTH_TOKEN; or HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME")

// read takes the first way of the family that has been started.
func (v variables) read(get func(string) string) Credentials {
	if token := get(v.token); token != "" {
		return Credentials{Token: token}
	}
	keys := Credentials{AccessKey: get(v.accessKey), SecretKey: get(v.secretKey)}
	if (keys != Credentials{}) {
		keys.SecurityToken = get(v.securityToken)
		return keys
	}
	login := Credentials{User: get(v.user), Password: get(v.password)}
	if (login != Credentials{}) {
		for _, name := range v.domains {
			login.Domain = cmp.Or(login.Domain, get(name))
		}
	}
	return login
}
