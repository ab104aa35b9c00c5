package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// docField is a field as docs/reference/commands.md has it.
type docField struct {
	kind   string // string, number, boolean, time, duration, object, [NAME](#name), list of KIND, map to KIND
	always bool
	seen   bool
}

// docTypes are the page's objects, by their headings as links name them.
type docTypes map[string]map[string]*docField

var docRow = regexp.MustCompile("^\\| `(\\w+)` \\| ([^|]+) \\| ([^|]+) \\|[^|]*\\|$")

func readDocTypes(t *testing.T) docTypes {
	t.Helper()
	text, err := os.ReadFile("../../docs/reference/commands.md")
	require.NoError(t, err)
	types, name := docTypes{}, ""
	for line := range strings.Lines(string(text)) {
		if heading, isHeading := strings.CutPrefix(line, "#### "); isHeading {
			name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(heading)), " ", "-")
		}
		if m := docRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			if types[name] == nil {
				types[name] = map[string]*docField{}
			}
			require.NotContains(t, types[name], m[1], "%s is described twice", name)
			types[name][m[1]] = &docField{kind: m[2], always: m[3] == "never"}
		}
	}
	return types
}

// check holds a value against a kind, and marks the fields that it has.
func (d docTypes) check(t *testing.T, path, kind string, value any) {
	t.Helper()
	of := func(prefix string) (string, bool) { return strings.CutPrefix(kind, prefix) }
	if each, isList := of("list of "); isList {
		list, ok := value.([]any)
		require.True(t, ok, "%s is a %s", path, kind)
		for i, one := range list {
			d.check(t, fmt.Sprintf("%s[%d]", path, i), each, one)
		}
		return
	}
	if each, isMap := of("map to "); isMap {
		entries, ok := value.(map[string]any)
		require.True(t, ok, "%s is a %s", path, kind)
		for key, one := range entries {
			d.check(t, path+"."+key, each, one)
		}
		return
	}
	if link := regexp.MustCompile(`^\[[^]]+\]\(#(.+)\)$`).FindStringSubmatch(kind); link != nil {
		d.object(t, path, link[1], value)
		return
	}
	text, isText := value.(string)
	right := map[string]func() bool{
		"string":   func() bool { return isText },
		"number":   func() bool { _, is := value.(float64); return is },
		"boolean":  func() bool { _, is := value.(bool); return is },
		"object":   func() bool { _, is := value.(map[string]any); return is },
		"duration": func() bool { return new(maintenance.Duration).UnmarshalText([]byte(text)) == nil || text == "DURATION" },
		"time":     func() bool { _, err := time.Parse(time.RFC3339, text); return err == nil || text == "TIME" },
	}
	require.Contains(t, right, kind, path)
	require.True(t, right[kind](), "%s is a %s: %v", path, kind, value)
}

func (d docTypes) object(t *testing.T, path, name string, value any) {
	t.Helper()
	fields, ok := value.(map[string]any)
	require.True(t, ok, "%s is an object", path)
	require.Contains(t, d, name, "the object of %s", path)
	for key, one := range fields {
		require.Contains(t, d[name], key, "docs/reference/commands.md, %s: the field of %s is not described", name, path)
		d[name][key].seen = true
		d.check(t, path+"."+key, d[name][key].kind, one)
	}
	for key, f := range d[name] {
		require.True(t, !f.always || slices.Contains(slices.Collect(maps.Keys(fields)), key), "%s has no %s, which is never absent", path, key)
	}
}

// printedJSON are the commands of the session that print JSON, in the order in
// which they are tried, with what they print.
var printedJSON = []struct{ form, kind string }{
	{`validate`, "list of [x](#plan-file)"},
	{`window`, "list of [x](#window)"},
	{`doctor`, "[x](#checks)"},
	{`plan`, "[x](#timetable)"},
	{`check`, "[x](#health)"},
	{`list`, "list of [x](#listed-campaign)"},
	{`schedule list`, "list of [x](#listed-schedule)"},
	{`schedule describe`, "[x](#schedule)"},
	{`(pause|resume) --all`, "list of [x](#answer)"},
	{`(schedule )?(approve|pause|resume|reschedule|concurrency|retry|skip|abort|waive|release|trigger|delete)`, "[x](#decision)"},
	{`report --all`, "list of [x](#kept-record)"},
	{`report --verify`, "[x](#verdict)"},
	{`(status|watch|run) (--name \w+ .*)?sgw-`, "[x](#gateway-record)"},
	{`run --name`, "[x](#gateway-record)"},
	{`(status|watch|run)`, "[x](#campaign-record)"},
}

// The page is held against all JSON that the tests know to be printed: each field of
// that is described, with its type, and no other.
func TestTheDocsDescribeTheJSONThatIsPrinted(t *testing.T) {
	t.Parallel()
	docs := readDocTypes(t)
	check := func(path, kind, text string) {
		var value any
		require.NoError(t, json.Unmarshal([]byte(text), &value), path)
		docs.check(t, path, kind, value)
	}
	archive, err := txtar.ParseFile(sessionFile)
	require.NoError(t, err)
	for _, block := range strings.Split(string(archive.Comment), "\n$ ")[1:] {
		line, printed, _ := strings.Cut(block, "\n")
		if !strings.Contains(line, "--output json") || printed == "" || !strings.ContainsAny(printed[:1], "[{") {
			continue
		}
		value := json.NewDecoder(strings.NewReader(printed))
		var text json.RawMessage
		require.NoError(t, value.Decode(&text), line)
		i := slices.IndexFunc(printedJSON, func(p struct{ form, kind string }) bool {
			return regexp.MustCompile(`^tidegate ` + p.form).MatchString(line)
		})
		require.GreaterOrEqual(t, i, 0, line)
		check("$ "+line+": ", printedJSON[i].kind, string(text))
	}
	for file, kinds := range map[string]map[string]string{
		"render/testdata/timetable.json":   {"": "[x](#timetable)"},
		"render/testdata/health.json":      {"": "[x](#timetable)"},
		"../report/testdata/campaign.json": {"": "[x](#report)"},
		"render/testdata/rare.json": {
			"campaigns": "list of [x](#campaign-record)", "gateways": "list of [x](#gateway-record)",
			"answers": "list of [x](#answer)", "kept": "list of [x](#kept-record)", "reports": "list of [x](#report)", "files": "list of [x](#plan-file)",
		},
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		parts := map[string]json.RawMessage{"": text}
		if kinds[""] == "" {
			require.NoError(t, json.Unmarshal(text, &parts))
		}
		for part, kind := range kinds {
			check(file+": "+part, kind, string(parts[part]))
		}
	}
	var unseen []string
	for name, fields := range docs {
		for key, f := range fields {
			if !f.seen {
				unseen = append(unseen, name+"."+key)
			}
		}
	}
	require.Empty(t, unseen, "docs/reference/commands.md describes what no JSON has that is printed")
}
