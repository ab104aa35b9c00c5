package health

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// mostQuery is how long a query may be, in bytes.
const mostQuery = 4096

// query is the PromQL with its values. Each stands in a string literal, since anywhere else it would be code. In a
// string after =~ or !~ it is also escaped as a regular expression, so that it matches itself alone.
func (t Template) query(of values) (string, error) {
	expanded, err := t.expand(of, func(before, value string) (string, error) {
		return placeIn(before).escape(value)
	})
	if err != nil {
		return "", err
	}
	if quote := placeIn(expanded).quote; quote != 0 {
		return "", fmt.Errorf("the string that %c starts has no end", quote)
	}
	if strings.TrimSpace(expanded) == "" || len(expanded) > mostQuery {
		return "", fmt.Errorf("must be PromQL of at most %d bytes", mostQuery)
	}
	return expanded, nil
}

// place is where the end of a piece of PromQL stands.
type place struct {
	quote   byte // that opened the string literal; 0: in none
	escaped bool // just after a backslash
	comment bool
	regex   bool // the string is a regular expression
}

// placeIn reads PromQL up to its end (Prometheus, promql/parser/lex.go: strings in ", ' and `, comments from # to the
// end of the line).
func placeIn(promQL string) (p place) {
	operator := "" // the last two characters that are no space
	for i := range len(promQL) {
		c := promQL[i]
		switch {
		case p.comment:
			p.comment = c != '\n'
		case p.quote != 0:
			p, operator = p.inString(c), ""
		case c == '#':
			p.comment = true
		case strings.IndexByte("\"'`", c) >= 0:
			p.quote, p.regex = c, operator == "=~" || operator == "!~"
		case strings.IndexByte(" \t\r\n", c) < 0:
			operator = operator[max(0, len(operator)-1):] + string(c)
		}
	}
	return p
}

// inString is the place after one more character of a string.
func (p place) inString(c byte) place {
	switch {
	case p.escaped:
		p.escaped = false
	case c == '\\' && p.quote != '`':
		p.escaped = true
	case c == p.quote:
		return place{}
	}
	return p
}

func (p place) escape(value string) (string, error) {
	if p.regex {
		value = regexp.QuoteMeta(value)
	}
	switch {
	case p.comment:
		return "", errors.New("a value has no place in a comment")
	case p.quote == 0:
		return "", errors.New(`a value must stand in a string, such as "{{gateway}}"`)
	case p.escaped:
		return "", errors.New("a value must not follow a backslash")
	case p.quote == '`' && strings.ContainsAny(value, "`\r"):
		return "", fmt.Errorf("the value %q has a character that a string in backquotes cannot have: use double quotes", value)
	case p.quote == '`':
		return value, nil
	}
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\\' || c == p.quote:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}
