package document

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// entry is one key with its value, or one element of a list (without a key).
type entry struct {
	path       string
	key, value *token.Token
}

// places finds tokens of one text.
type places struct {
	name    string
	entries []entry
}

// entries are all keys and elements of a text, in its order; none of a text
// that is no YAML.
func entries(text []byte) []entry {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil
	}
	c := &collector{}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(c, doc.Body)
		}
	}
	return c.entries
}

type collector struct{ entries []entry }

// Visit is ast.Visitor's.
func (c *collector) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.MappingValueNode:
		c.entries = append(c.entries, entry{path: clean(n.Value.GetPath()), key: n.Key.GetToken(), value: n.Value.GetToken()})
	case *ast.SequenceNode:
		for _, value := range n.Values {
			c.entries = append(c.entries, entry{path: clean(value.GetPath()), value: value.GetToken()})
		}
	}
	return c
}

// clean makes a field's path of YAML's.
func clean(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".") }

func (p places) withKey(key *token.Token) entry {
	for _, e := range p.entries {
		if e.key != nil && e.key.Position.Line == key.Position.Line && e.key.Position.Column == key.Position.Column {
			return e
		}
	}
	return entry{path: key.Value}
}

func (p places) withValue(value string) entry {
	for _, e := range p.entries {
		if e.value != nil && e.value.Value == value {
			return e
		}
	}
	return entry{path: "a duration"}
}

func (p places) withPath(path string) (*token.Token, bool) {
	for _, e := range p.entries {
		if e.path != path {
			continue
		}
		if e.key != nil {
			return e.key, true
		}
		return e.value, true
	}
	return nil, false
}
