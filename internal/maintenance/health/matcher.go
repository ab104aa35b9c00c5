package health

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Matcher selects alerts by one label, as Alertmanager's matchers do.
type Matcher struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Regex is true if Value is a regular expression (RE2), which has to match the whole label.
	Regex bool `json:"regex,omitempty"`
	// Negative is true if the label must not match.
	Negative bool `json:"negative,omitempty"`
}

// String is the matcher in Alertmanager's own form, such as severity=~"critical|page".
func (m Matcher) String() string {
	return fmt.Sprintf("%s%s%s", m.Name, m.operator(), strconv.Quote(m.Value))
}

func (m Matcher) operator() string {
	switch {
	case m.Regex && m.Negative:
		return "!~"
	case m.Regex:
		return "=~"
	case m.Negative:
		return "!="
	}
	return "="
}

// MostMatchers is how many matchers a check or a mute may have.
const MostMatchers = 20

// matcherForm is a label's name, an operator, and a string in double quotes.
var matcherForm = regexp.MustCompile(`^(?s)\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"(.*)"\s*$`)

// matcher reads the matcher with its values. In a regular expression each value matches itself alone.
func (t Template) matcher(of values) (Matcher, error) {
	form := matcherForm.FindStringSubmatch(string(t))
	if form == nil {
		return Matcher{}, errors.New(`must be in the form team="storage", with =, !=, =~ or !~, and the value in double quotes`)
	}
	m := Matcher{Name: form[1], Regex: strings.HasSuffix(form[2], "~"), Negative: strings.HasPrefix(form[2], "!")}
	if _, err := t.parts(); err != nil { // with places that count from the matcher's start
		return Matcher{}, err
	}
	parts, err := Template(form[3]).parts()
	if err != nil {
		return Matcher{}, err
	}
	for _, p := range parts {
		text, err := p.matched(m.Regex, of)
		if err != nil {
			return Matcher{}, err
		}
		m.Value += text
	}
	if _, err := regexp.Compile(m.Value); m.Regex && err != nil {
		return Matcher{}, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	return m, nil
}

// matched is what the part stands for in a matcher's value.
func (p part) matched(regex bool, of values) (string, error) {
	if p.name == "" {
		text, err := strconv.Unquote(`"` + p.literal + `"`)
		if err != nil {
			return "", fmt.Errorf("the value %q is no string in double quotes: write \\\" for a quote, and \\\\ for a backslash", p.literal)
		}
		return text, nil
	}
	value, err := of(p)
	if regex {
		value = regexp.QuoteMeta(value)
	}
	return value, err
}

// matchers reads all of them.
func matchers(templates []Template, of values) (all []Matcher, err error) {
	for _, t := range templates {
		m, err := t.matcher(of)
		if err != nil {
			return nil, fmt.Errorf("matcher %s: %w", t, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// selects is true if the matcher leaves out alerts without the label. Alertmanager refuses a silence without one such.
func (m Matcher) selects() bool {
	empty := m.Value == ""
	if m.Regex {
		matched, err := regexp.MatchString("^(?:"+m.Value+")$", "")
		empty = err == nil && matched
	}
	return empty == m.Negative
}
