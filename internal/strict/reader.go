package strict

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// maxNodes bounds what aliases can blow a document up to.
const maxNodes = 1_000_000

// reader fills a struct from a document's nodes.
type reader struct {
	*Document
	anchors map[string]ast.Node
	left    int // nodes that may still be read
}

// read fills a value from a node. What is wrong with it becomes a fault.
func (r *reader) read(node ast.Node, to reflect.Value, path string) {
	node = r.plain(node, path)
	if r.left--; r.left == 0 {
		r.Fault(path, Fault{Problem: "is too large once its aliases are expanded"})
	}
	if node == nil || node.Type() == ast.NullType || r.left <= 0 {
		return
	}
	r.nodes[path] = node
	if text, ok := readsText(to); ok {
		r.text(node, text, path)
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		r.read(node, to.Elem(), path)
	case reflect.Struct:
		r.structure(node, to, path)
	case reflect.Slice:
		r.list(node, to, path)
	case reflect.Map:
		r.table(node, to, path)
	default:
		r.scalar(node, to, path)
	}
}

// saysKind is true for a tag that says of a value only what it is: what others ask
// for, as to include a file or to look up a secret, nobody here does.
func saysKind(tag string) bool {
	switch tag {
	case "!", "!!str", "!!int", "!!float", "!!bool", "!!seq", "!!map":
		return true
	}
	return false
}

// plain is a node without its tag and its anchor, and what an alias stands for;
// nil where that is not known.
func (r *reader) plain(node ast.Node, path string) ast.Node {
	const maxSteps = 16 // an anchor may be its own alias
	for range maxSteps {
		switch n := node.(type) {
		case *ast.TagNode:
			if !saysKind(n.GetToken().Value) {
				r.faulty[path] = true
				r.add(n.GetToken(), Fault{
					Field: path, Problem: "has an unsupported tag", Want: "the value itself, without a tag",
				})
				return nil
			}
			node = n.Value
		case *ast.AnchorNode:
			r.anchors[n.Name.GetToken().Value] = n.Value
			node = n.Value
		case *ast.AliasNode:
			name := n.Value.GetToken().Value
			if node = r.anchors[name]; node == nil {
				r.faulty[path] = true
				r.add(n.Start, Fault{Field: path, Problem: "is an unknown alias", Want: "the name of an earlier anchor"})
				return nil
			}
		default:
			return node
		}
	}
	return nil
}

// text fills a value that reads its own text.
func (r *reader) text(node ast.Node, to encoding.TextUnmarshaler, path string) {
	text, ok := scalar(node)
	if !ok {
		r.Wrong(path, "", wantOf(nil, to))
		return
	}
	if err := to.UnmarshalText([]byte(text)); err != nil {
		r.Wrong(path, "", wantOf(err, to))
	}
}

// wantOf is what would be right of a value that reads its own text.
func wantOf(err error, to any) string {
	if f, ok := errors.AsType[*maintenance.FieldError](err); ok {
		return f.Want
	}
	switch to.(type) {
	case *maintenance.Duration, *duration:
		return "a number with a unit, such as 90s, 30m or 4h"
	}
	return "a valid value"
}

// duration is a time.Duration that reads its own text.
type duration time.Duration

// UnmarshalText is encoding.TextUnmarshaler's.
func (d *duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	*d = duration(read)
	return err //nolint:wrapcheck // the fault says what would be right
}

// readsText is true of a value that reads its own text.
func readsText(v reflect.Value) (encoding.TextUnmarshaler, bool) {
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return text, true
	}
	if d, ok := reflect.TypeAssert[*time.Duration](v.Addr()); ok {
		return (*duration)(d), true
	}
	return nil, false
}

// structure fills a struct from a mapping.
func (r *reader) structure(node ast.Node, to reflect.Value, path string) {
	fields := fieldsOf(to.Type())
	r.each(node, path, "a mapping with fields among "+strings.Join(fields, ", "),
		func(key string, at ast.MapKeyNode, value ast.Node) {
			if field, is := fieldOf(to, key); is {
				r.adviseNull(at, value, join(path, key))
				r.read(value, field, join(path, key))
				return
			}
			r.add(at.GetToken(), Fault{
				Field: join(path, key), Problem: unknown(key, fields), Want: "one of " + strings.Join(fields, ", "),
			})
		})
}

// adviseNull warns about a field without a value: what should stand below it may be
// missing.
func (r *reader) adviseNull(at ast.MapKeyNode, value ast.Node, path string) {
	if value == nil || value.Type() == ast.NullType {
		r.warnings = append(r.warnings, r.at(at.GetToken(), Fault{
			Field: path, Problem: "has no value and is ignored", Want: "given a value, or left out",
		}))
	}
}

// table fills a map of strings.
func (r *reader) table(node ast.Node, to reflect.Value, path string) {
	to.Set(reflect.MakeMap(to.Type()))
	r.each(node, path, "a mapping of names to strings", func(key string, _ ast.MapKeyNode, value ast.Node) {
		element := reflect.New(to.Type().Elem()).Elem()
		r.read(value, element, join(path, key))
		to.SetMapIndex(reflect.ValueOf(key), element)
	})
}

// each calls do for every entry of a mapping.
func (r *reader) each(node ast.Node, path, want string, do func(key string, at ast.MapKeyNode, value ast.Node)) {
	m, ok := node.(ast.MapNode)
	if !ok {
		r.misplaced(path, want)
		return
	}
	seen := map[string]bool{}
	for it := m.MapRange(); it.Next(); {
		key := keyOf(it.Key())
		switch {
		case it.Key().IsMergeKey():
			r.add(it.Key().GetToken(), Fault{
				Field: join(path, key), Problem: "is a merge key, which is not supported",
				Want: "the fields themselves, or an alias for the whole mapping",
			})
		case seen[key]:
			r.add(it.Key().GetToken(), Fault{Field: join(path, key), Problem: "is given twice"})
		default:
			seen[key] = true
			do(key, it.Key(), it.Value())
		}
	}
}

func (r *reader) list(node ast.Node, to reflect.Value, path string) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.misplaced(path, "a list")
		return
	}
	to.Set(reflect.MakeSlice(to.Type(), len(sequence.Values), len(sequence.Values)))
	for i, value := range sequence.Values {
		element := fmt.Sprintf("%s[%d]", path, i)
		r.read(value, to.Index(i), element)
		if r.left <= 0 {
			return
		}
		if !r.Has(element) && !r.faulty[element] {
			r.faulty[element] = true
			r.add(first(value), Fault{Field: element, Problem: "is empty", Want: "a value; or remove the dash"})
		}
	}
}

// scalar fills a string, a number or a boolean. A string is what was written: an id of
// digits only keeps its zeros.
func (r *reader) scalar(node ast.Node, to reflect.Value, path string) {
	text, ok := scalar(node)
	switch to.Kind() {
	case reflect.String:
		if !ok {
			r.Wrong(path, "", "a string")
		}
		to.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			r.Wrong(path, "", "true or false")
		}
		to.SetBool(text == "true")
	default:
		r.number(text, to, path)
	}
}

// number fills a number of the field's own size.
func (r *reader) number(text string, to reflect.Value, path string) {
	var err error
	want := "a whole number"
	bits := to.Type().Bits()
	switch {
	case to.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		to.SetInt(n)
	case to.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		to.SetUint(n)
		want = "a whole number, 0 or more"
	default:
		var n float64
		n, err = strconv.ParseFloat(text, bits)
		to.SetFloat(n)
		want = "a number"
	}
	if err != nil {
		r.Wrong(path, "", want)
	}
}

// scalar is a scalar's text as it was written; false where it is none.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// keyOf is a key's text.
func keyOf(key ast.MapKeyNode) string {
	if k, ok := key.(*ast.MappingKeyNode); ok && k.Value != nil {
		return k.Value.GetToken().Value
	}
	return key.GetToken().Value
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
