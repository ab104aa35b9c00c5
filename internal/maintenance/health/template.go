package health

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Subject is the target that a question is about.
type Subject struct {
	maintenance.Target
	// GatewayType is AWS's, such as CACHED; empty: not known. It decides which numbers the gateway has.
	GatewayType string `json:"gatewayType,omitempty"`
}

// Template is a text in which values of the target stand: {{name}}, {{gateway}} (the gateway's id), {{account}},
// {{region}} and {{label "KEY"}}. Nothing else is possible in it. Each value is escaped for its place.
type Template string

// TemplateError is a wrong place in a template.
type TemplateError struct {
	At  int // of the first wrong character, from 1 on
	Why string
}

// Error names the place and what is wrong with it.
func (e *TemplateError) Error() string { return fmt.Sprintf("at character %d: %s", e.At, e.Why) }

// part is a literal text, or a place for a value.
type part struct {
	literal string
	name    string // of the value; empty: a literal
	label   string // the label's key, where name is label
	at      int    // of its first character, from 1 on
}

// valueForm is what stands between the braces.
var valueForm = regexp.MustCompile(`^\s*(?:(name|gateway|account|region)|(label)\s+"([^"\\]+)")\s*$`)

// parts takes the template apart, or fails with a TemplateError.
func (t Template) parts() (parts []part, err error) {
	rest, at := string(t), 1
	for rest != "" {
		literal, after, found := strings.Cut(rest, "{{")
		if literal != "" {
			parts = append(parts, part{literal: literal, at: at})
			at += utf8.RuneCountInString(literal)
		}
		if !found {
			return parts, nil
		}
		inside, next, closed := strings.Cut(after, "}}")
		m := valueForm.FindStringSubmatch(inside)
		switch {
		case !closed:
			return nil, &TemplateError{At: at, Why: "{{ without }}"}
		case m == nil:
			return nil, &TemplateError{At: at, Why: fmt.Sprintf(
				`unknown value "{{%s}}": must be {{name}}, {{gateway}}, {{account}}, {{region}} or {{label "KEY"}}`, inside)}
		}
		parts = append(parts, part{name: m[1] + m[2], label: m[3], at: at})
		at += utf8.RuneCountInString(inside) + len("{{}}")
		rest = next
	}
	return parts, nil
}

// hasValues is true if a value of the target stands in the template.
func (t Template) hasValues() bool { return strings.Contains(string(t), "{{") }

// values gives the value for a place.
type values func(part) (string, error)

// values are those of the target. A label that the target does not have, or that is empty, is an error: a prefix, a
// matcher or a query would cover more than was meant.
func (s Subject) values(p part) (string, error) {
	value := map[string]string{
		"name": s.Name, "gateway": s.Gateway.ID(), "account": s.Gateway.Account,
		"region": regionOf(s.Gateway.ARN), "label": s.Labels[p.label],
	}[p.name]
	switch {
	case value != "":
		return value, nil
	case p.name == "label":
		return "", &TemplateError{At: p.at, Why: fmt.Sprintf("target %q has no label %q", s.Name, p.label)}
	}
	return "", &TemplateError{At: p.at, Why: fmt.Sprintf("target %q has no %s", s.Name, p.name)}
}

func regionOf(arn string) string {
	parsed, err := maintenance.ParseGatewayARN(arn)
	if err != nil {
		return ""
	}
	return parsed.Region
}

// anyValues stand for the values of a target that is not known yet, to check a template.
func anyValues(part) (string, error) { return "x", nil }

// expand puts the values in, each as escape writes it. before is the text so far.
func (t Template) expand(of values, escape func(before, value string) (string, error)) (string, error) {
	parts, err := t.parts()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range parts {
		if p.name == "" {
			b.WriteString(p.literal)
			continue
		}
		value, err := of(p)
		if err != nil {
			return "", err
		}
		escaped, err := escape(b.String(), value)
		if err != nil {
			return "", &TemplateError{At: p.at, Why: err.Error()}
		}
		b.WriteString(escaped)
	}
	return b.String(), nil
}

// plain is for where a text is sent in a field of its own, such as the name of an alarm: nothing needs an escape.
func plain(_, value string) (string, error) { return value, nil }
