package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What values of each class look like. Another value under the same name is hidden: a class says what a member is
// for, its form that it is nothing else.
var (
	numberForm   = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$`)
	percentForm  = regexp.MustCompile(`^\d{1,3}%?$`)
	versionForm  = regexp.MustCompile(`^\d{1,4}(\.\d{1,8}){0,5}$`)
	boolForm     = regexp.MustCompile(`^(true|false)$`)
	timeForm     = regexp.MustCompile(`^-?\d{1,20}(\.\d{1,10})?$|^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$`)
	zoneForm     = regexp.MustCompile(`^(GMT|UTC)([+-]\d{1,2}(:\d{2})?)?$`)
	regionForm   = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]{2,10}){1,3}-\d{1,3}[a-z]?$`)
	scheduleForm = regexp.MustCompile(`^(at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\)|P[\dDT]{1,6}[\dHMS]{0,9})$`)
	codeForm     = regexp.MustCompile(`^([A-Za-z0-9._]{1,60}#)?[A-Za-z][A-Za-z.]{2,60}$|^[A-Z]{2,8}\.\d{2,10}$`)
	wordForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_. -]{0,59}$`)
	nameForm     = regexp.MustCompile(`^_{0,2}[A-Za-z][A-Za-z0-9_-]{0,49}$`)
)

// text writes a string as its class has it.
func (r *Redactor) text(c class, s string) string {
	switch {
	case s == "" || shows(c, s):
		return s
	case c == asID || c == asVersion:
		return r.names.ID(s)
	case c == asKey:
		return r.key(s)
	case c == asFilter && strings.HasPrefix(s, tagFilter):
		return tagFilter + r.key(strings.TrimPrefix(s, tagFilter))
	}
	return fmt.Sprintf("<string %d>", len(s))
}

// tagFilter starts the name of an EC2 filter by a tag.
const tagFilter = "tag:"

// shows says whether a value has the form that the members of its class have.
func shows(c class, s string) bool {
	switch form := formOf(c); {
	case c == asText:
		return isSentence(s)
	case form == nil || !form.MatchString(s):
		return false
	case c == asWord || c == asCode || c == asFilter:
		return wordy(s)
	}
	return true
}

// formOf is the form that values of a class are shown in; nil: none is.
func formOf(c class) *regexp.Regexp {
	return map[class]*regexp.Regexp{
		asWord: wordForm, asCode: codeForm, asTime: timeForm, asZone: zoneForm, asRegion: regionForm, asNumber: numberForm,
		asPercent: percentForm, asBool: boolForm, asSchedule: scheduleForm, asVersion: versionForm, asFilter: nameForm,
		asID: nil, asKey: nil, asText: nil, hidden: nil,
	}[c]
}

// ownKey is so for the tags that Tidegate itself sets: awscloud.KeyTag and the marks of changed settings.
func ownKey(key string) bool {
	rest, own := strings.CutPrefix(key, "tidegate:")
	if !own {
		rest, own = strings.CutPrefix(key, "tidegate-")
	}
	return own && nameForm.MatchString(rest) && wordy(rest)
}

func (r *Redactor) key(s string) string {
	if ownKey(s) {
		return s
	}
	return r.names.ID(s)
}

// wordy tells what people have named from what a machine has drawn: it is made of words that have two and a half
// letters and more on average, none of them long, and has few digits, which end a word.
func wordy(s string) bool {
	const longestWord = 20 // letters
	var words, letters, digits int
	for token := range strings.FieldsFuncSeq(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		bare := strings.TrimRightFunc(token, unicode.IsDigit)
		if strings.ContainsFunc(bare, unicode.IsDigit) {
			return false // AKIAIOSFODNN7EXAMPLE
		}
		digits += len(token) - len(bare)
		for _, word := range camel(bare) {
			if len(word) > longestWord {
				return false
			}
			words, letters = words+1, letters+len(word)
		}
	}
	most := 3
	if strings.Contains(s, ".") {
		most = 10 // DBS.200019
	}
	short := letters > 0 && letters <= 4 && digits <= 1 // OK, ON
	return short || words > 0 && digits <= most && 2*(letters+digits) >= 5*words
}

// camel are the words of a text in camel case.
func camel(text string) (words []string) {
	start := 0
	for i := 1; i < len(text); i++ {
		if unicode.IsUpper(rune(text[i])) && unicode.IsLower(rune(text[i-1])) {
			words, start = append(words, text[start:i]), i
		}
	}
	if text != "" {
		words = append(words, text[start:])
	}
	return words
}

// member is a member's name. Those of the table are names of the API; another one is shown where it looks like one.
func member(name string, listed bool) string {
	if listed || nameForm.MatchString(name) && wordy(name) {
		return name
	}
	return fmt.Sprintf("<member %d>", len(name))
}

// tree writes a value and everything in it.
func (r *Redactor) tree(at place, path string, value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			below := strings.TrimPrefix(path+"."+name, ".")
			out[member(name, r.listed[at.service][below])] = r.tree(at, below, inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = r.tree(at, path+"[]", inner)
		}
		return out
	}
	return r.leaf(r.table.classOf(at, path), value)
}

func (r *Redactor) leaf(c class, value any) any {
	switch v := value.(type) {
	case string:
		return r.text(c, v)
	case bool:
		if c == asBool {
			return v
		}
		return "<boolean>"
	case json.Number:
		if (c == asNumber || c == asTime || c == asPercent) && len(v) <= 30 {
			return v
		}
		return "<number>"
	}
	return "<other>"
}

// query writes the parameters of a query.
func (r *Redactor) query(at place, parameters map[string]any) map[string]any {
	out := make(map[string]any, len(parameters))
	for name, value := range parameters {
		c := r.table.classOf(at, parameter(name))
		shown := name
		if c == hidden {
			shown = parameterName(name)
		}
		out[shown] = r.leaf(c, value)
	}
	return out
}

// parameterName shows an unlisted parameter's name where each part of it looks like a name.
func parameterName(name string) string {
	for part := range strings.SplitSeq(parameter(name), ".") {
		if part != "N" && member(part, false) != part {
			return fmt.Sprintf("<member %d>", len(name))
		}
	}
	return name
}
