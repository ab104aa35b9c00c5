package ics

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// property is one content line (RFC 5545, 3.1): NAME;PARAMETER=VALUE:VALUE.
type property struct {
	line   int    // on which it starts, from 1
	name   string // in capital letters: names are case-insensitive
	params map[string]string
	value  string
	broken error // why it is no property: then value is the whole line
}

// param is the value of a parameter; empty where it has none.
func (p *property) param(name string) string { return p.params[name] }

// maxLines bounds what a file can be blown up to in memory.
const maxLines = 200_000

// properties are the content lines of a text. Lines end with CRLF, as the standard
// has it, or with LF or CR alone; a line that starts with a space or a tab goes on
// from the one before.
func properties(text []byte) ([]property, error) {
	var all []property
	var line []byte
	number, started := 0, 0
	finish := func() {
		if started == 0 {
			return
		}
		p, err := parseProperty(string(line))
		if err != nil {
			p = property{value: string(line), broken: err}
		}
		p.line = started
		all = append(all, p)
	}
	for len(text) > 0 {
		var next []byte
		next, text = cutLine(text)
		if number++; number > maxLines {
			return nil, fmt.Errorf("line %d: it has more than %d lines", number, maxLines)
		}
		switch {
		case len(bytes.TrimSpace(next)) == 0: // also between the pieces of a folded line
		case started > 0 && (next[0] == ' ' || next[0] == '\t'):
			line = append(line, next[1:]...)
		default:
			finish()
			line, started = append([]byte(nil), next...), number
		}
	}
	finish()
	return all, nil
}

// cutLine is the first line of a text, without its end, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	end := bytes.IndexAny(text, "\r\n")
	if end < 0 {
		return text, nil
	}
	line, rest = text[:end], text[end+1:]
	if text[end] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return line, rest
}

var errNoProperty = errors.New("no property name")

// parseProperty reads an unfolded line. A value of a parameter may be quoted, and
// then hold what would end it.
func parseProperty(line string) (property, error) {
	end := strings.IndexAny(line, ";:")
	if end <= 0 || !isName(line[:end]) {
		return property{}, errNoProperty
	}
	p := property{name: strings.ToUpper(line[:end])}
	for line[end] == ';' {
		line = line[end+1:]
		is := strings.IndexByte(line, '=')
		if is <= 0 || !isName(line[:is]) {
			return property{}, fmt.Errorf("a parameter of %s has no value", p.name)
		}
		name := strings.ToUpper(line[:is])
		line = line[is+1:]
		var value string
		if value, end = paramValue(line); end == len(line) {
			return property{}, fmt.Errorf("%s has no value", p.name)
		}
		if p.params == nil {
			p.params = map[string]string{}
		}
		if _, twice := p.params[name]; twice {
			return property{}, fmt.Errorf("%s has the parameter %s twice", p.name, name)
		}
		p.params[name] = value
	}
	p.value = line[end+1:]
	return p, nil
}

// paramValue reads up to the semicolon or colon that ends it, which stands at end.
func paramValue(line string) (value string, end int) {
	var b strings.Builder
	quoted := false
	for end < len(line) {
		switch c := line[end]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == ':'):
			return b.String(), end
		default:
			b.WriteByte(c)
		}
		end++
	}
	return b.String(), end
}

func isName(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}

// unescape is a TEXT value (RFC 5545, 3.3.11) on one line.
func unescape(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, " ", `\N`,
		" ").Replace(text)), " ")
}
