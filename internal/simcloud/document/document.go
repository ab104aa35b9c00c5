// Package document reads YAML (and so JSON) strictly for the simulator: every
// error is one line that says where, what stands there and what would be right.
package document

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Decode reads text into a pointer to a struct. Unknown fields and durations
// without a unit are errors, and so is an empty text. The name stands before
// every error, with line and column.
func Decode(name string, text []byte, into any) error {
	err := yaml.UnmarshalWithOptions(text, into, yaml.Strict(), yaml.CustomUnmarshaler(readDuration))
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = io.EOF
	}
	if err == nil {
		return nil
	}
	place := places{name: name, entries: entries(text)}
	if duration, ok := errors.AsType[*durationError](err); ok {
		at := place.withValue(duration.value)
		return place.say(at.value, at.path+" is "+duration.Error())
	}
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		at := place.withKey(unknown.GetToken())
		names := knownFields(reflect.TypeOf(into), parent(at.path))
		return place.say(unknown.GetToken(), fmt.Sprintf("unknown field %q, want one of %s", at.path, strings.Join(names, ", ")))
	}
	if placed, ok := errors.AsType[yaml.Error](err); ok {
		return place.say(placed.GetToken(), placed.GetMessage())
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: empty, want fields among %s", name, strings.Join(knownFields(reflect.TypeOf(into), ""), ", "))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// At puts the place of a field, such as gateways[2].window, before a message;
// of a field that is missing, that of the nearest thing above it.
func At(name string, text []byte, path, message string) error {
	place := places{name: name, entries: entries(text)}
	for ; path != ""; path = parent(path) {
		if at, found := place.withPath(path); found {
			return place.say(at, message)
		}
	}
	return place.say(nil, message)
}

// durationError is a duration that cannot be read; the decoder does not say where it stands.
type durationError struct{ value string }

// Error says what would be right.
func (e *durationError) Error() string {
	return fmt.Sprintf("%q, want a duration: a number with a unit, such as 250ms, 45s or 10m", e.value)
}

// readDuration reads time.Duration's own form.
func readDuration(d *time.Duration, raw []byte) error {
	text := strings.Trim(strings.TrimSpace(string(raw)), `"'`)
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return &durationError{value: text}
	}
	*d = parsed
	return nil
}

// parent is the path of what holds a field or an element.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// knownFields are the names that a mapping at a path may hold.
func knownFields(t reflect.Type, path string) []string {
	t = plain(t)
	for segment := range strings.SplitSeq(indexes.ReplaceAllString(path, ""), ".") {
		if segment == "" || t.Kind() != reflect.Struct {
			continue
		}
		for field := range t.Fields() {
			if fieldName(field) == segment {
				t = plain(field.Type)
				break
			}
		}
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for field := range t.Fields() {
		names = append(names, fieldName(field))
	}
	return names
}

// plain takes pointers and slices off a type.
func plain(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// fieldName is the name that the decoder gives a field.
func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "" {
		return strings.ToLower(f.Name)
	}
	return name
}

// say puts a token's place before a message.
func (p places) say(t *token.Token, message string) error {
	if t == nil || t.Position == nil {
		return fmt.Errorf("%s: %s", p.name, message)
	}
	return fmt.Errorf("%s:%d:%d: %s", p.name, t.Position.Line, t.Position.Column, message)
}
