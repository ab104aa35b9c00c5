package redact

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// class is how a member is written. known.txt lists them.
type class string

const (
	asWord     class = "word"
	asCode     class = "code"
	asVersion  class = "version"
	asTime     class = "time"
	asZone     class = "zone"
	asRegion   class = "region"
	asNumber   class = "number"
	asPercent  class = "percent"
	asBool     class = "bool"
	asID       class = "id"
	asKey      class = "key"
	asFilter   class = "filter"
	asSchedule class = "schedule"
	asText     class = "text"
	hidden     class = "" // not listed
)

//go:embed known.txt
var knownText string

// Side is a part of an exchange.
type Side string

// The sides. An error is a response with a status of 400 or above.
const (
	Asked    Side = "request"
	Answered Side = "response"
	Failed   Side = "error"
)

// place is where members are.
type place struct {
	service, operation string
	side               Side
}

// table is known.txt.
type table map[place]map[string]class

// parse reads the table's text.
func parse(text string) (table, error) {
	t := table{}
	var block map[string]class
	for number, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case len(fields) == 3 && line[0] != ' ':
			at := place{fields[0], fields[1], Side(fields[2])}
			if t[at] == nil {
				t[at] = map[string]class{}
			}
			block = t[at]
		case len(fields) == 2 && line[0] == ' ' && block != nil:
			block[fields[0]] = class(fields[1])
		default:
			return nil, fmt.Errorf("known.txt: line %d: must be SERVICE OPERATION SIDE, or below it PATH CLASS", number+1)
		}
	}
	return t, nil
}

// classOf is how a member is written; hidden where it is not listed.
func (t table) classOf(at place, path string) class {
	if c := t[at][path]; c != hidden {
		return c
	}
	return t[place{at.service, "*", at.side}][path]
}

// numbered are the counting parts of a query parameter's name.
var numbered = regexp.MustCompile(`\.\d+(\.|$)`)

// parameter is a query parameter's name as the table writes it: Filter.N.Value.N.
func parameter(name string) string {
	for numbered.MatchString(name) {
		name = numbered.ReplaceAllString(name, ".N$1")
	}
	return name
}

// IsWord says whether the member's values are words of the API's own: an enumeration.
func (r *Redactor) IsWord(service, operation string, side Side, path string) bool {
	return r.table.classOf(place{service, operation, side}, path) == asWord
}
