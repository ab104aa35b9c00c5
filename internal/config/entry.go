package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// entry is one account's mapping. All its fields are text, or read as such.
type entry struct {
	node   ast.Node
	path   string
	fields map[string]ast.Node
	texts  map[string]string
	bad    map[string]bool // fields that have their fault already
}

// entry reads a mapping whose values are all text; false where it is none.
func (r *reader) entry(node ast.Node, path string, known ...string) (entry, bool) {
	fields, ok := r.mapping(node, path, known...)
	e := entry{node: node, path: path, fields: fields, texts: map[string]string{}, bad: map[string]bool{}}
	for _, field := range known {
		value, ok := fields[field]
		if !ok || value.Type() == ast.NullType {
			continue
		}
		scalar, ok := value.(ast.ScalarNode)
		if !ok {
			e.bad[field] = true
			r.fault(value, "%s.%s: want text on one line", path, field)
			continue
		}
		// The token and not the value: an id of digits only stays what was written.
		e.texts[field] = scalar.GetToken().Value
	}
	return e, ok
}

// text is a field's value; empty where it is left out.
func (e entry) text(field string) string { return e.texts[field] }

// at is a field's node, or the account's own where the field is left out.
func (e entry) at(field string) ast.Node {
	if node, ok := e.fields[field]; ok {
		return node
	}
	return e.node
}

// wrong is a fault of one field. A field has one at most.
func (e entry) wrong(r *reader, field, want string) {
	if e.bad[field] {
		return
	}
	e.bad[field] = true
	r.fault(e.at(field), "%w", &maintenance.FieldError{Field: e.path + "." + field, Value: shown(e.text(field)), Want: want})
}

// shown is a value as an error may repeat it: an URL's user and password it
// may not.
func shown(value string) string {
	if strings.Contains(value, "://") && strings.Contains(value, "@") {
		return "(hidden)"
	}
	return value
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// name is the account's name, by which plans name it: of the form that a
// target allows, once in its section.
func (e entry) name(r *reader, section string) string {
	name := e.text("name")
	switch {
	case !nameForm.MatchString(name):
		e.wrong(r, "name", "1 to 63 lower-case letters, digits, dots, underscores or dashes")
	case slices.Contains(r.names, section+"/"+name):
		e.wrong(r, "name", "each name once in "+section)
	}
	r.names = append(r.names, section+"/"+name)
	return name
}

// defaultRate is of an account whose entry gives none: activities per second.
const defaultRate = 20

// rate is how many activities Temporal gives out for the account in a second.
func (e entry) rate(r *reader) float64 {
	text, given := e.texts["perSecond"]
	if !given {
		return defaultRate
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate > 0 && rate <= 100_000) { // so written, it refuses NaN too
		e.wrong(r, "perSecond", "a number above 0, to 100000")
	}
	return rate
}

// judge puts the faults that an adapter found at the places of their fields,
// whose paths begin with prefix there.
func (e entry) judge(r *reader, err error, prefix string) {
	for _, f := range fault.Fields(err) {
		e.wrong(r, strings.TrimPrefix(f.Field, prefix), f.Want)
	}
}
