package config

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/config/secret"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/strict"
)

// serversEntry is the servers section.
type serversEntry struct {
	Prometheus   []serverEntry `yaml:"prometheus"`
	Alertmanager []serverEntry `yaml:"alertmanager"`
	HTTP         []serverEntry `yaml:"http"`
}

// serverEntry is one server of a kind.
type serverEntry struct {
	Name         string                `yaml:"name"`
	URL          string                `yaml:"url"`
	TokenFrom    string                `yaml:"tokenFrom"`
	TokenFile    string                `yaml:"tokenFile"`
	User         string                `yaml:"user"`
	PasswordFrom string                `yaml:"passwordFrom"`
	PasswordFile string                `yaml:"passwordFile"`
	AWSAccount   string                `yaml:"awsAccount"`
	CAFile       string                `yaml:"caFile"`
	CertFile     string                `yaml:"certFile"`
	KeyFile      string                `yaml:"keyFile"`
	PerSecond    *float64              `yaml:"perSecond"`
	Timeout      *maintenance.Duration `yaml:"timeout"`
}

// servers judges the servers section and finds the credentials.
func (c *checker) servers(e serversEntry) servers.Configured {
	kind := func(section string, entries []serverEntry) []wire.Server {
		var found []wire.Server
		for i, one := range entries {
			found = append(found, c.server("servers."+section, fmt.Sprintf("servers.%s[%d]", section, i), one))
		}
		return found
	}
	return servers.Configured{
		Prometheus:   kind("prometheus", e.Prometheus),
		Alertmanager: kind("alertmanager", e.Alertmanager),
		HTTP:         kind("http", e.HTTP),
	}
}

func (c *checker) server(section, at string, e serverEntry) wire.Server {
	c.lines(at, e)
	c.name(at, section, e.Name)
	found := wire.Server{
		Name: e.Name, URL: e.URL, User: e.User, AWSAccount: e.AWSAccount,
		TLS: wire.TLS{CAFile: e.CAFile, CertFile: e.CertFile, KeyFile: e.KeyFile},
	}
	c.serverLogin(at, e, &found)
	if e.PerSecond != nil {
		found.PerSecond = c.rate(at, e.PerSecond)
	}
	if e.Timeout != nil {
		found.Timeout = time.Duration(*e.Timeout)
		c.require(found.Timeout >= time.Second && found.Timeout <= wire.MaxTimeout, at+".timeout", "1s to 1m")
	}
	_, err := found.Open("server")
	c.judge(at, err, "")
	return found
}

// serverLogin judges how the worker signs in to a server, of which there is one way at most.
func (c *checker) serverLogin(at string, e serverEntry, found *wire.Server) {
	ways := 0
	for _, given := range []string{e.TokenFrom, e.TokenFile, e.User, e.AWSAccount} {
		if given != "" {
			ways++
		}
	}
	if ways > 1 {
		c.Fault(at, strict.Fault{
			Problem: "has several ways to sign in", Want: "at most one of tokenFrom, tokenFile, user and awsAccount",
		})
		return
	}
	c.require(e.AWSAccount == "" || c.names["aws/"+e.AWSAccount], at+".awsAccount", "an account of the aws section")
	passwords := e.PasswordFrom != "" || e.PasswordFile != ""
	switch {
	case e.User == "" && passwords:
		c.Fault(at+".user", strict.Fault{Problem: "is required", Want: "who the password belongs to"})
	case e.User != "" && (e.PasswordFrom == "") == (e.PasswordFile == ""):
		c.Fault(at+".user", strict.Fault{
			Problem: "is without its password", Want: "given with either passwordFrom or passwordFile",
		})
	}
	c.secretFrom(at+".tokenFrom", e.TokenFrom, "the token", &found.Secret)
	c.secretFrom(at+".passwordFrom", e.PasswordFrom, "the password", &found.Secret)
	c.secretFile(at+".tokenFile", e.TokenFile, "the token", &found.SecretFile)
	c.secretFile(at+".passwordFile", e.PasswordFile, "the password", &found.SecretFile)
}

// secretFrom finds a secret in the environment. A value that is not the name of a variable is not repeated: it may be
// the secret itself.
func (c *checker) secretFrom(at, variable, what string, into *wire.Secret) {
	switch {
	case variable == "":
	case !variableForm.MatchString(variable):
		c.Fault(at, strict.Fault{Problem: strict.Invalid, Want: "the name of the environment variable that holds " + what})
	default:
		*into = wire.Secret(c.secret(at, variable, what))
	}
}

// secretFile notes a file that holds a secret. It is read for every request.
func (c *checker) secretFile(at, path, what string, into *string) {
	if path == "" {
		return
	}
	if _, err := secret.Read(path); err != nil {
		// Not repeated: someone may have put the secret in the path's place.
		c.Fault(at, strict.Fault{
			Problem: strict.Invalid, Want: "a file that holds " + what + " and that the worker can read",
		})
		return
	}
	*into = path
}
