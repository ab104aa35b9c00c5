package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/huaweicloud"
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

// huawei reads one account of the huawei section and finds its credentials.
func (r *reader) huawei(node ast.Node, path string, getenv func(string) string) accounts.Huawei {
	e, ok := r.entry(node, path, "name", "project", "region", "endpoint", "iamEndpoint", "auth", "envPrefix", "user", "domain", "perSecond")
	if !ok {
		return accounts.Huawei{}
	}
	account := huaweicloud.Account{
		Name:        e.name(r, "huawei"),
		Project:     e.text("project"),
		Region:      e.text("region"),
		Endpoint:    e.text("endpoint"),
		IAMEndpoint: e.text("iamEndpoint"),
	}
	l := login{auth: e.text("auth"), prefix: e.text("envPrefix"), user: e.text("user"), domain: e.text("domain"), getenv: getenv}
	found := standIn(l.auth)
	if l.check(r, e) {
		var err error
		if found, err = l.credentials(); err != nil {
			r.fault(e.node, "%s: %w", path, err)
			found = standIn(l.auth)
		}
	}
	_, err := huaweicloud.Open(account, found, huaweicloud.Options{})
	e.judge(r, err, "account.")
	return accounts.Huawei{Account: account, Credentials: found, PerSecond: e.rate(r)}
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

// check is false where the file's own part of a login is wrong.
func (l login) check(r *reader, e entry) bool {
	before := len(r.faults)
	if l.auth != "" && !slices.Contains([]string{byKeys, byToken, byPassword}, l.auth) {
		e.wrong(r, "auth", "aksk, token or password; or nothing, for what the environment holds")
	}
	if l.prefix != "" && !envPrefixForm.MatchString(l.prefix) {
		e.wrong(r, "envPrefix", "capital letters, digits and underscores that end in an underscore, such as PROD_")
	}
	for _, field := range []string{"user", "domain"} {
		if l.auth != byPassword && e.text(field) != "" {
			e.wrong(r, field, "to be left out unless auth is password")
		}
	}
	return len(r.faults) == before
}

func (l login) credentials() (huaweicloud.Credentials, error) {
	found, err := huaweicloud.CredentialsFromEnv(l.lookup)
	switch {
	case err == nil:
		return found, nil
	case len(fault.Fields(err)) > 0 && l.prefix != "":
		return found, fmt.Errorf("with %s before each name: %w", l.prefix, err)
	case len(fault.Fields(err)) > 0:
		return found, err
	}
	return found, fmt.Errorf("no credentials in the environment: set %s", l.variables())
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
func (l login) lookup(name string) string {
	if l.auth != "" && wayOf(name) != l.auth {
		return ""
	}
	switch {
	case name == "HW_USER_NAME" && l.user != "":
		return l.user
	case name == "HW_DOMAIN_NAME" && l.domain != "":
		return l.domain
	}
	return l.getenv(l.prefix + name)
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
