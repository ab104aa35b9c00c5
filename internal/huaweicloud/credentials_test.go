package huaweicloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func account() huaweicloud.Account {
	return huaweicloud.Account{Name: "prod", Project: project, Region: "cn-north-4"}
}

func TestOpenNeedsNoEndpointWhereTheSDKKnowsTheRegion(t *testing.T) {
	t.Parallel()
	for _, c := range everyWay() {
		_, err := huaweicloud.Open(account(), c, huaweicloud.Options{})
		require.NoError(t, err)
	}
}

func TestOpenTakesAHostNameAsEndpoint(t *testing.T) {
	t.Parallel()
	a := account()
	a.Region, a.Endpoint, a.IAMEndpoint = "", "gaussdb.example.com:8443", "https://iam.example.com/"

	_, err := huaweicloud.Open(a, login(), huaweicloud.Options{})

	require.NoError(t, err)
}

func TestOpenNamesEveryWrongFieldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := huaweicloud.Open(
		huaweicloud.Account{Name: "prod", Project: "short", Endpoint: "ftp://x", IAMEndpoint: "https://iam/v3"},
		huaweicloud.Credentials{AccessKey: keyID + "\n", Password: password},
		huaweicloud.Options{},
	)

	for _, field := range []string{
		"account.project", "account.endpoint", "account.iamEndpoint",
		"credentials.accessKey", "credentials.secretKey", "credentials.user", "credentials.domain",
		`credentials: invalid value "2 ways"`, `open Huawei Cloud account "prod"`,
	} {
		require.ErrorContains(t, err, field)
	}
	hidden(t, err.Error(), keyID, password)
	require.NotContains(t, err.Error(), "planted")
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change      func(*huaweicloud.Account)
		credentials huaweicloud.Credentials
		field       string
	}{
		"no credentials":      {credentials: huaweicloud.Credentials{}, field: "credentials"},
		"a domain alone":      {credentials: huaweicloud.Credentials{Domain: "acme"}, field: "credentials"},
		"keys and a token":    {credentials: huaweicloud.Credentials{AccessKey: "a", SecretKey: "b", Token: "c"}, field: "credentials"},
		"security token only": {credentials: huaweicloud.Credentials{SecurityToken: "c"}, field: "credentials.accessKey"},
		"token with line end": {credentials: huaweicloud.Credentials{Token: "abc\n"}, field: "credentials.token"},
		"no project":          {change: func(a *huaweicloud.Account) { a.Project = "" }, field: "account.project"},
		"unknown region":      {change: func(a *huaweicloud.Account) { a.Region = "mars-1" }, field: "account.endpoint"},
		"no region":           {change: func(a *huaweicloud.Account) { a.Region = "" }, field: "account.endpoint"},
		"a path":              {change: func(a *huaweicloud.Account) { a.Endpoint = "https://h/v3" }, field: "account.endpoint"},
		"not a URL":           {change: func(a *huaweicloud.Account) { a.Endpoint = "https://h:planted" }, field: "account.endpoint"},
		"a password":          {change: func(a *huaweicloud.Account) { a.Endpoint = "https://u:planted@h" }, field: "account.endpoint"},
		"a token":             {change: func(a *huaweicloud.Account) { a.Endpoint = "https://planted@h" }, field: "account.endpoint"},
		"no scheme":           {change: func(a *huaweicloud.Account) { a.Endpoint = "//u:planted@h" }, field: "account.endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, c := account(), tc.credentials
			if tc.change != nil {
				tc.change(&a)
				c = keys()
			}

			_, err := huaweicloud.Open(a, c, huaweicloud.Options{})

			var field *maintenance.FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, tc.field, field.Field)
			hidden(t, err.Error(), keyID, password)
			require.NotContains(t, err.Error(), "planted")
		})
	}
}

func TestCredentialsAreFoundInTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want huaweicloud.Credentials
	}{
		"SDK": {
			map[string]string{"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "t", "HW_ACCESS_KEY": "x"},
			huaweicloud.Credentials{AccessKey: "a", SecretKey: "s", SecurityToken: "t"},
		},
		"Terraform, token before keys": {
			map[string]string{"HW_AUTH_TOKEN": "t", "HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s"},
			huaweicloud.Credentials{Token: "t"},
		},
		"Terraform, keys before a password": {
			map[string]string{
				"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s", "HW_SECURITY_TOKEN": "t",
				"HW_USER_NAME": "u", "HW_USER_PASSWORD": "p", "HW_DOMAIN_NAME": "d",
			},
			huaweicloud.Credentials{AccessKey: "a", SecretKey: "s", SecurityToken: "t"},
		},
		"Terraform, password, in spite of another family's keys": {
			map[string]string{"HW_USER_NAME": "u", "HW_USER_PASSWORD": "p", "HW_DOMAIN_NAME": "d", "OS_ACCESS_KEY": "a"},
			huaweicloud.Credentials{User: "u", Password: "p", Domain: "d"},
		},
		"OpenStack": {
			map[string]string{"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_NAME": "d"},
			huaweicloud.Credentials{User: "u", Password: "p", Domain: "d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := huaweicloud.CredentialsFromEnv(func(name string) (string, error) { return tc.env[name], nil })

			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestHalfOrNoCredentialsInTheEnvironmentAreAnError(t *testing.T) {
	t.Parallel()
	for says, env := range map[string]map[string]string{
		"environment variables HUAWEICLOUD_SDK_*: credentials.secretKey": {"HUAWEICLOUD_SDK_AK": keyID, "HW_SECRET_KEY": "s"},
		"environment variables HW_*: credentials.domain":                 {"HW_USER_NAME": "u", "HW_USER_PASSWORD": password},
		"set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK":                  {"HW_DOMAIN_NAME": "d"},
	} {
		_, err := huaweicloud.CredentialsFromEnv(func(name string) (string, error) { return env[name], nil })

		require.ErrorContains(t, err, says)
		hidden(t, err.Error(), keyID, password)
		require.NotContains(t, err.Error(), "planted")
	}
}
