package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/config/secret"
	"github.com/tidegate/tidegate/internal/strict"
)

// checker finds what is wrong with an accounts file beyond its form.
type checker struct {
	*strict.Document
	names  map[string]bool // of the accounts so far, as section/name
	getenv func(string) string
}

// require adds the fault of a field where ok is false.
func (c *checker) require(ok bool, path, want string) {
	if !ok {
		c.Wrong(path, "", want)
	}
}

// lines demands that the texts of an entry stand on one line each: what does not
// may be a key that someone has pasted, and is not repeated.
func (c *checker) lines(at string, entry any) {
	for field, value := range reflect.ValueOf(entry).Fields() {
		if value.Kind() == reflect.String {
			c.require(!strings.Contains(value.String(), "\n"), at+"."+strict.FieldName(field), "text on one line")
		}
	}
}

// secret is what an environment variable, or the file that its variable with _FILE names, holds. It
// adds the fault where there is nothing.
func (c *checker) secret(at, variable, what string) string {
	found, err := secret.Lookup(c.getenv, variable)
	switch {
	case err != nil:
		c.Fault(at, strict.Fault{Problem: err.Error()})
	case found == "":
		c.Fault(at, strict.Fault{
			Problem: fmt.Sprintf("the environment variable %s is not set", variable),
			Want:    fmt.Sprintf("set to %s, or %s%s to a file that holds it", what, variable, secret.Suffix),
		})
	}
	return found
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

const wantName = "1 to 63 lower-case letters, digits, dots, underscores or dashes"

// name judges an account's name, by which plans name it: of the form that a
// target allows, once in its section.
func (c *checker) name(at, section, name string) {
	c.require(nameForm.MatchString(name), at+".name", wantName)
	c.require(!c.names[section+"/"+name], at+".name", "unique in "+section)
	c.names[section+"/"+name] = true
}

// DefaultRate is of an account whose entry gives none: activities per second.
const DefaultRate = 20

// rate is how many activities Temporal gives out for the account in a second.
func (c *checker) rate(at string, given *float64) float64 {
	if given == nil {
		return DefaultRate
	}
	ok := *given > 0 && *given <= 100_000 // so written, it refuses NaN too
	c.require(ok, at+".perSecond", "a number above 0, to 100000")
	return *given
}

// judge puts the faults that an adapter found at the places of their fields,
// whose paths start with prefix there.
func (c *checker) judge(at string, err error, prefix string) {
	for _, f := range fault.Fields(err) {
		c.Wrong(at+"."+strings.TrimPrefix(f.Field, prefix), "", f.Want)
	}
}
