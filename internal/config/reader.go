package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// FaultError is one thing that is wrong with the file, at its place.
type FaultError struct {
	File         string
	Line, Column int // from 1
	Err          error
}

// Error is file:line:column: and what is wrong there.
func (f *FaultError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", f.File, f.Line, f.Column, f.Err)
}

// Unwrap is what is wrong, without the place.
func (f *FaultError) Unwrap() error { return f.Err }

// reader walks a file and keeps every fault. Decoding into structs would stop
// at the first.
type reader struct {
	file   string
	faults []*FaultError
	names  []string // of the accounts so far, as section/name
}

func (r *reader) fault(at ast.Node, format string, args ...any) {
	pos := place(at)
	r.faults = append(r.faults, &FaultError{File: r.file, Line: pos.Line, Column: pos.Column, Err: fmt.Errorf(format, args...)})
}

// place is where a node begins. A mapping's own token is its first colon.
func place(node ast.Node) *token.Position {
	if m, ok := node.(ast.MapNode); ok {
		if it := m.MapRange(); it.Next() {
			return it.Key().GetToken().Position
		}
	}
	return node.GetToken().Position
}

// err is every fault, in the order of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.faults, func(a, b *FaultError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, 0, len(r.faults))
	for _, f := range r.faults {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

// document is the one document of a file. The error of a file that is no YAML
// does not repeat the source: somebody may have put a secret there.
func (r *reader) document(text []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			pos := syntax.GetToken().Position
			return nil, &FaultError{File: r.file, Line: pos.Line, Column: pos.Column, Err: fmt.Errorf("not YAML: %s", syntax.GetMessage())}
		}
		return nil, fmt.Errorf("%s: not YAML: %s", r.file, yaml.FormatError(err, false, false))
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil || file.Docs[0].Body.Type() == ast.NullType {
		return nil, fmt.Errorf("%s: want one YAML document with accounts under aws or huawei", r.file)
	}
	return file.Docs[0].Body, nil
}

// mapping is what stands under each key of a mapping. Keys that are not known
// are faults; their values are not repeated. It is false where it is none.
func (r *reader) mapping(node ast.Node, path string, known ...string) (fields map[string]ast.Node, ok bool) {
	m, ok := node.(ast.MapNode)
	if !ok {
		r.fault(node, "%swant a mapping with the fields %s", colon(path), strings.Join(known, ", "))
		return nil, false
	}
	fields = map[string]ast.Node{}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken().Value
		if !slices.Contains(known, key) {
			r.fault(it.Key(), "%s: unknown field: want one of %s (credentials come from the environment, never from this file)",
				join(path, key), strings.Join(known, ", "))
			continue
		}
		fields[key] = it.Value()
	}
	return fields, true
}

// list is the accounts of a section.
func (r *reader) list(sections map[string]ast.Node, section string) []ast.Node {
	node, ok := sections[section]
	if !ok || node.Type() == ast.NullType {
		return nil
	}
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.fault(node, "%s: want a list of accounts, each beginning with a dash", section)
		return nil
	}
	return sequence.Values
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func colon(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}
