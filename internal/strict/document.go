// Package strict reads a YAML document into a struct and keeps every fault that it finds, each
// with its line, column, field and what would be right. Decoders stop at the first. What the
// struct's own rules find wrong afterwards is put at its place by Document.Wrong.
//
// Fields have the names of their yaml tags, else of their json tags, else their own in small
// letters. Strings, numbers, booleans, time.Duration, whatever reads its own text, and structs,
// lists and maps of those can be read. Aliases are followed; merge keys, second documents,
// unknown fields and fields given twice are faults.
//
// It knows nothing of plans or accounts. Start at Read.
package strict

import (
	"cmp"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Document is a document that was read, with its faults so far.
type Document struct {
	file     string
	nodes    map[string]ast.Node // what stands at a path, where anything does
	faulty   map[string]bool     // paths that have their fault
	faults   []Fault
	warnings []Fault
}

// Read reads text into a pointer to a struct or a slice, over the defaults that it holds:
// a field that is left out, or null, keeps its own. The file is named in faults.
func Read(file string, text []byte, into any) *Document {
	d := &Document{file: file, nodes: map[string]ast.Node{}, faulty: map[string]bool{}}
	to := reflect.ValueOf(into).Elem()
	r := reader{Document: d, anchors: map[string]ast.Node{}, left: maxNodes}
	if root := d.parse(text); root != nil {
		r.read(root, to, "")
	}
	if !d.Has("") && len(d.faults) == 0 { // nothing, or a tag without a value
		d.add(nil, Fault{Problem: "is empty", Want: wantDocument(to.Type())})
	}
	return d
}

// wantDocument is what would be right in place of nothing.
func wantDocument(t reflect.Type) string {
	if t.Kind() != reflect.Struct {
		return "a YAML document"
	}
	return "a YAML document with fields among " + strings.Join(fieldsOf(t), ", ")
}

// parse is the one document of a text; nil where there is none.
func (d *Document) parse(text []byte) ast.Node {
	all := d.tokens(text)
	if all == nil {
		return nil
	}
	file, err := parser.Parse(all, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		if placed, ok := errors.AsType[yaml.Error](err); ok {
			d.add(placed.GetToken(), notYAML(placed.GetMessage()))
		} else {
			d.add(nil, Fault{Problem: "is not YAML"}) // it may hold the source
		}
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil || doc.Body.Type() == ast.DirectiveType:
			d.add(first(doc.Body), Fault{
				Problem: "is a second document, or a directive", Want: "one document, without directives",
			})
		default:
			root = doc.Body
		}
	}
	return root
}

// notYAML is the fault of what the parser does not take. That a tab is one cannot be
// seen in what it says.
func notYAML(message string) Fault {
	if strings.Contains(message, "'\t'") || strings.Contains(message, "'\\t'") ||
		strings.Contains(message, "tab character") {
		return Fault{Problem: "is indented with a tab", Want: "indented with spaces"}
	}
	return Fault{Problem: "is not YAML: " + discreet(message)}
}

// discreet is a parser's message without the pieces of the source that it may
// repeat: someone may have put a secret there.
func discreet(message string) string {
	message, _, _ = strings.Cut(message, ": ")
	return quoted.ReplaceAllString(message, "(hidden)")
}

var quoted = regexp.MustCompile(`(?s)".*"`)

// Has is true where something stands at a path.
func (d *Document) Has(path string) bool { return d.nodes[path] != nil }

// Wrong adds the fault of a field's value. Where nothing stands at the path its
// place is the nearest thing above it, and def is the invalid default.
func (d *Document) Wrong(path, def, want string) {
	switch node := d.nodes[path]; {
	case node != nil:
		d.Fault(path, Fault{Value: valueOf(node), Problem: problemOf(node), Want: want})
	case def != "":
		d.Fault(path, Fault{Value: def, Problem: invalidDefault, Want: want})
	default:
		d.Fault(path, Fault{Problem: "is required", Want: want})
	}
}

// misplaced adds the fault of a value that is no mapping or no list. A string that
// stands in place of one is not repeated: nobody knows what it is.
func (d *Document) misplaced(path, want string) {
	problem := problemOf(d.nodes[path])
	if _, text := scalar(d.nodes[path]); text {
		problem = isString
	}
	d.Fault(path, Fault{Problem: problem, Want: want})
}

// Fault adds a fault of a field, at its place. A field has one at most, and
// none where what holds it has one.
func (d *Document) Fault(path string, f Fault) {
	for p := path; p != ""; p = parent(p) {
		if d.faulty[p] {
			return
		}
	}
	d.faulty[path] = true
	f.Field = path
	d.add(d.place(path), f)
}

// Warn adds a warning about a field, at its place: what a person should know of a
// document that can be used as it is.
func (d *Document) Warn(path string, f Fault) {
	f.Field = path
	d.warnings = append(d.warnings, d.at(d.place(path), f))
}

// Warnings are the warnings, in the order of the document.
func (d *Document) Warnings() []Fault { return inOrder(d.warnings) }

// Line is where a field stands, or the nearest thing above it, from 1.
func (d *Document) Line(path string) int { return d.place(path).Position.Line }

// Err is every fault, in the order of the document, as a FaultsError; nil where
// there is none.
func (d *Document) Err() error {
	if len(d.faults) == 0 {
		return nil
	}
	return &FaultsError{Faults: inOrder(d.faults)}
}

func inOrder(faults []Fault) []Fault {
	return slices.SortedStableFunc(slices.Values(faults), func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// place is where a path starts, or the nearest thing above it.
func (d *Document) place(path string) *token.Token {
	for p := path; ; p = parent(p) {
		if node := d.nodes[p]; node != nil {
			return first(node)
		}
		if p == "" {
			return &token.Token{Position: &token.Position{Line: 1, Column: 1}}
		}
	}
}

func (d *Document) add(at *token.Token, f Fault) { d.faults = append(d.faults, d.at(at, f)) }

// at is a fault with its place.
func (d *Document) at(at *token.Token, f Fault) Fault {
	f.File, f.Line, f.Column = d.file, 1, 1
	f.Field = short(f.Field)
	if at != nil && at.Position != nil {
		f.Line, f.Column = max(at.Position.Line, 1), max(at.Position.Column, 1)
	}
	return f
}

// parent is the path of what holds a field or an element.
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// first is where a node starts. A mapping's own token is its first colon.
func first(node ast.Node) *token.Token {
	if m, ok := node.(ast.MapNode); ok {
		if it := m.MapRange(); it.Next() {
			return it.Key().GetToken()
		}
	}
	return node.GetToken()
}

// problemOf is what is wrong with a node, seen from outside.
func problemOf(node ast.Node) string {
	switch text, ok := scalar(node); {
	case ok && text == "":
		return "is empty"
	case ok && strings.Contains(text, "\n"):
		return "has several lines"
	case ok:
		return Invalid
	case node.Type() == ast.SequenceType:
		return isList
	}
	return isMapping
}

// valueOf is a scalar's text as a fault may repeat it: what may be an URL with a
// password, or a key that was pasted, it may not.
func valueOf(node ast.Node) string {
	text, ok := scalar(node)
	switch {
	case !ok, strings.Contains(text, "\n"):
		return ""
	case strings.Contains(text, "@"):
		return "(hidden)"
	}
	return short(text)
}

// short is a text as a fault may repeat it.
func short(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "..."
}

// maxShown is how much of a value or a field's path a fault repeats, in bytes.
const maxShown = 200
