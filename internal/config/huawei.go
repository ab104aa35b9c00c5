package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/config/secret"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/strict"
)

// The ways in which Huawei Cloud lets an account in, as the field auth names
// them.
const (
	byKeys     = "aksk"
	byToken    = "token"
	byPassword = "password"
)

// envPrefixForm keeps a prefix an environment variable's.
var envPrefixForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*_$`)

// huaweiEntry is one account of the huawei section.
type huaweiEntry struct {
	Name        string   `yaml:"name"`
	Project     string   `yaml:"project"`
	Region      string   `yaml:"region"`
	Endpoint    string   `yaml:"endpoint"`
	IAMEndpoint string   `yaml:"iamEndpoint"`
	Auth        string   `yaml:"auth"`
	EnvPrefix   string   `yaml:"envPrefix"`
	User        string   `yaml:"user"`
	Domain      string   `yaml:"domain"`
	PerSecond   *float64 `yaml:"perSecond"`
}

// huawei judges one account of the huawei section and finds its credentials.
func (c *checker) huawei(at string, e huaweiEntry) accounts.Huawei {
	c.lines(at, e)
	c.name(at, "huawei", e.Name)
	account := huaweicloud.Account{
		Name: e.Name, Project: e.Project, Region: e.Region, Endpoint: e.Endpoint, IAMEndpoint: e.IAMEndpoint,
	}
	l := login{auth: e.Auth, prefix: e.EnvPrefix, user: e.User, domain: e.Domain, getenv: c.getenv}
	found, missing := standIn(l.auth), error(nil)
	if c.login(at, l) {
		if held, err := l.credentials(); err == nil {
			found = held
		} else {
			missing = err
		}
	}
	_, err := huaweicloud.Open(account, found, huaweicloud.Options{})
	c.judge(at, err, "account.")
	rate := c.rate(at, e.PerSecond)
	if missing != nil { // last: a fault of the whole entry hides those of its fields
		c.Fault(at, strict.Fault{Problem: missing.Error()})
	}
	return accounts.Huawei{Account: account, Credentials: found, PerSecond: rate}
}

// standIn lets the account's own fields be judged where credentials were not
// found.
func standIn(auth string) huaweicloud.Credentials {
	if auth == byPassword {
		return huaweicloud.Credentials{User: "none", Password: "none", Domain: "none"}
	}
	return huaweicloud.Credentials{Token: "none"}
}

// login says where an account's credentials are.
type login struct {
	auth, prefix, user, domain string
	getenv                     func(string) string
}

// login is false where the file's own part of a login is wrong.
func (c *checker) login(at string, l login) bool {
	known := l.auth == "" || slices.Contains([]string{byKeys, byToken, byPassword}, l.auth)
	c.require(known, at+".auth", "aksk, token or password; or left out, to use what the environment has")
	prefix := l.prefix == "" || envPrefixForm.MatchString(l.prefix)
	c.require(prefix, at+".envPrefix", "capital letters, digits and underscores that end in an underscore, such as PROD_")
	const unless = "left out unless auth is password"
	user, domain := l.user == "" || l.auth == byPassword, l.domain == "" || l.auth == byPassword
	c.require(user, at+".user", unless)
	c.require(domain, at+".domain", unless)
	return known && prefix && user && domain
}

func (l login) credentials() (huaweicloud.Credentials, error) {
	found, err := huaweicloud.CredentialsFromEnv(l.lookup)
	switch {
	case errors.Is(err, huaweicloud.ErrNoCredentials):
		return found, fmt.Errorf("no credentials in the environment: set %s; or name files by the same with %s at the end",
			l.variables(), secret.Suffix)
	case len(fault.Fields(err)) > 0 && l.prefix != "":
		return found, fmt.Errorf("with the prefix %s: %w", l.prefix, err)
	}
	return found, err
}

// variables are the names to set, for people.
func (l login) variables() string {
	p := l.prefix
	ways := []string{
		fmt.Sprintf("%[1]sHUAWEICLOUD_SDK_AK and %[1]sHUAWEICLOUD_SDK_SK", p),
		p + "HW_AUTH_TOKEN",
		fmt.Sprintf("%[1]sHW_USER_NAME, %[1]sHW_USER_PASSWORD and %[1]sHW_DOMAIN_NAME", p),
	}
	if i := slices.Index([]string{byKeys, byToken, byPassword}, l.auth); i >= 0 {
		return ways[i]
	}
	return strings.Join(ways, "; or ")
}

// lookup is the environment as this account sees it: under its prefix, its
// wanted way only, with what the file says of the user.
func (l login) lookup(name string) (string, error) {
	switch {
	case l.auth != "" && wayOf(name) != l.auth:
		return "", nil
	case name == "HW_USER_NAME" && l.user != "":
		return l.user, nil
	case name == "HW_DOMAIN_NAME" && l.domain != "":
		return l.domain, nil
	}
	return secret.Lookup(l.getenv, l.prefix+name)
}

// wayOf is the way that a variable of huaweicloud.CredentialsFromEnv belongs to.
func wayOf(name string) string {
	switch {
	case strings.HasSuffix(name, "AUTH_TOKEN"):
		return byToken
	case strings.Contains(name, "USER"), strings.Contains(name, "PASSWORD"), strings.Contains(name, "DOMAIN"):
		return byPassword
	}
	return byKeys
}
