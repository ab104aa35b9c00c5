package planfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/strict"
)

var update = flag.Bool("update", false, "write docs/plan.schema.json again")

var (
	schemaFile  = filepath.Join("..", "..", "docs", "plan.schema.json")
	docsFile    = filepath.Join("..", "..", "docs", "reference", "plan.md")
	howToFile   = filepath.Join("..", "..", "docs", "how-to", "write-a-plan.md")
	examplesDir = filepath.Join("..", "..", "examples")
)

// now is the present of every test that reads a plan.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// example is the YAML under a heading of the two pages.
func example(tb testing.TB, heading string) []byte {
	tb.Helper()
	reference, err := os.ReadFile(docsFile)
	require.NoError(tb, err)
	howTo, err := os.ReadFile(howToFile)
	require.NoError(tb, err)
	_, rest, found := strings.Cut(string(howTo)+string(reference), "\n## "+heading+"\n")
	require.True(tb, found)
	_, rest, found = strings.Cut(rest, "```yaml\n")
	require.True(tb, found)
	yaml, _, found := strings.Cut(rest, "```")
	require.True(tb, found)
	return []byte(yaml)
}

// examples are the docs' complete plan and the files of examples/, by their names.
func examples(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{"complete": example(tb, "A complete plan")}
	files, err := filepath.Glob(filepath.Join(examplesDir, "*.yaml"))
	require.NoError(tb, err)
	for _, file := range files {
		all[filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(tb, err)
	}
	require.Len(tb, all, 4)
	return all
}

func TestTheDocsShowTheExampleAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, string(examples(t)["one-gateway.yaml"]), string(example(t, "One gateway")))
}

func TestTheSchemaInTheDocsIsThatOfTheTypes(t *testing.T) {
	t.Parallel()
	want := encoded(t, schema(t, planfile.NewDocument()))
	if *update {
		require.NoError(t, os.WriteFile(schemaFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "write it again: go test ./internal/planfile -run Schema -update")
}

// Every field has a description in the schema, and stands in the docs' tables.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	_, tables, found := strings.Cut(string(text), "\n## Every field\n")
	require.True(t, found)
	var walk func(path string, s object)
	walk = func(path string, s object) {
		if items, ok := s["items"].(object); ok && items["properties"] != nil {
			walk(path+"[]", items)
			return
		}
		properties, ok := s["properties"].(object)
		if !ok {
			require.True(t, strings.Contains(tables, "`"+path+"`"), "docs/reference/plan.md does not describe %s", path) //nolint:testifylint // Contains would print the page
			return
		}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			field, ok := properties[name].(object)
			require.True(t, ok)
			require.NotEmpty(t, field["description"], "%s.%s", path, name)
			walk(strings.TrimPrefix(path+"."+name, "."), field)
		}
	}
	walk("", schema(t, planfile.NewDocument()))
}

// The docs' tables name no field that there is not.
func TestTheDocsNameNoOtherField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	_, tables, found := strings.Cut(string(text), "\n## Every field\n")
	require.True(t, found)
	all := schema(t, planfile.NewDocument())
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z.A-Z\\[\\]]+)`").FindAllStringSubmatch(tables, -1) {
		require.True(t, has(all, strings.ReplaceAll(row[1], "[]", "")), row[1])
	}
}

// has is true where a schema knows a field.
func has(s object, path string) bool {
	for step := range strings.SplitSeq(path, ".") {
		if items, ok := s["items"].(object); ok {
			s = items
		}
		properties, ok := s["properties"].(object)
		if !ok {
			return false
		}
		if s, ok = properties[step].(object); !ok {
			return false
		}
	}
	return true
}

func TestTheRunbookExplainsEveryBlocker(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n## What it waits for\n")
	require.True(t, found)
	section, _, _ := strings.Cut(rest, "\n## ")
	for _, blocker := range []maintenance.Blocker{
		maintenance.BlockedByStop, maintenance.BlockedByPause, maintenance.BlockedByBudget, maintenance.BlockedByWave, maintenance.BlockedByBake, maintenance.BlockedByReading, maintenance.BlockedByUnread, maintenance.BlockedByQuarantine, maintenance.BlockedByRun, maintenance.BlockedByRequestedStart, maintenance.BlockedByForecast, maintenance.BlockedByConstraint,
		maintenance.BlockedByConcurrency, maintenance.BlockedByCanary, maintenance.BlockedByApproval, maintenance.BlockedByWindow, maintenance.BlockedByCutoff, maintenance.BlockedByFreeze,
		maintenance.BlockedByHold, maintenance.BlockedByInstance, maintenance.BlockedByCheck,
	} {
		require.Contains(t, section, "`"+string(blocker)+"`")
	}
}

// A plan can say whatever a policy can, but what it says in a way of its own.
func TestAPlanSaysAllThatAPolicyDoes(t *testing.T) {
	t.Parallel()
	all := schema(t, planfile.NewDocument())
	var walk func(prefix string, of reflect.Type)
	walk = func(prefix string, of reflect.Type) {
		for field := range of.Fields() {
			name := prefix + strict.FieldName(field)
			switch {
			case name == "freezes" || name == "approval":
			case field.Type.Kind() == reflect.Struct:
				walk(name+".", field.Type)
			default:
				require.True(t, has(all, planfile.Place(name)), name)
			}
		}
	}
	walk("", reflect.TypeFor[maintenance.Policy]())
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	require.NoError(t, err)
	return schema
}

func TestTheDocumentedExamplesAreValidForParserAndSchema(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for name, text := range examples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := planfile.Parse(name, text, planfile.Options{Now: now, Dir: examplesDir})
			require.NoError(t, err)
			require.NotEmpty(t, p.Policy.WindowLength)
			require.NoError(t, s.Validate(decoded(t, text)))
		})
	}
}

// decoded is YAML as a schema's validator takes it.
func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var raw any
	require.NoError(t, yaml.Unmarshal(text, &raw))
	encoded, err := json.Marshal(raw)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(encoded)))
	require.NoError(t, err)
	return value
}

// The schema never calls wrong what the parser takes, and both refuse what is out
// of form: for every place of the complete example, with what stands there taken
// away, joined by an unknown field, or replaced.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	original, ok := decoded(t, example(t, "A complete plan")).(object)
	require.True(t, ok)
	refused := 0
	judge := func(what string) {
		text, err := json.Marshal(original) // JSON is YAML
		require.NoError(t, err)
		_, parsed := planfile.Parse("plan.yaml", text, planfile.Options{Now: now, Dir: examplesDir})
		bySchema := s.Validate(decoded(t, text))
		if bySchema != nil {
			refused++
			require.Error(t, parsed, "%s: the schema says %v", what, bySchema)
		}
		if strings.HasSuffix(what, "unknown field") {
			require.Error(t, bySchema, what)
			require.ErrorContains(t, parsed, "is an unknown field")
		}
		if wrongs := new(strict.FaultsError); parsed != nil {
			require.ErrorAs(t, parsed, &wrongs)
		}
	}
	mutate("", original, judge)
	require.Greater(t, refused, 300)
}

// mutate changes one thing of a value at a time, calls judge, and puts it back.
func mutate(path string, value any, judge func(what string)) {
	switch v := value.(type) {
	case object:
		if !strings.HasSuffix(path, "abels") && !strings.HasSuffix(path, "tags") {
			v["nonsense"] = "x"
			judge(path + ": unknown field")
			delete(v, "nonsense")
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at, was := path+"."+key, v[key]
			mutate(at, was, judge)
			delete(v, key)
			judge(at + ": missing")
			for _, other := range []any{"non sense", -1, 7000, true, []any{}, []any{"x"}, object{}} {
				if _, text := was.(string); text && (other == -1 || other == 7000 || other == true) {
					continue // the parser takes them as the text that was written
				}
				v[key] = other
				judge(fmt.Sprintf("%s: %v", at, other))
			}
			v[key] = was
		}
	case []any:
		for i, element := range v {
			mutate(fmt.Sprintf("%s[%d]", path, i), element, judge)
		}
	}
}
