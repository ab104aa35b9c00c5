package strict_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/strict"
)

type fleet struct {
	Name   string                `yaml:"name"`
	Size   *maintenance.Share    `json:"size,omitempty"`
	Wait   *maintenance.Duration `json:"wait"`
	Crew   int                   `json:"crew"`
	Afloat bool                  `json:"afloat"`
	Ships  []ship                `json:"ships"`
	Tags   map[string]string     `json:"tags"`
	Seed   uint64
	Chance float64       `json:"chance"`
	Limit  time.Duration `json:"limit"`
}

type ship struct {
	Name  string   `json:"name"`
	Decks []string `json:"decks"`
}

func read(text string) (fleet, *strict.Document) {
	wait := maintenance.Duration(0)
	f := fleet{Wait: &wait, Crew: 7}
	d := strict.Read("f.yaml", []byte(text), &f)
	return f, d
}

func TestEveryKindOfFieldArrives(t *testing.T) {
	t.Parallel()
	f, d := read(`
name: 0042
size: 10%
wait: 5m
crew: 3
afloat: true
ships:
  - name: >-
      two
      words
    decks: &decks [a, 'b: c']
  - {name: !!str 2, decks: *decks}
tags: {x: 1, "y.z": ~, w: ""}
seed: 18446744073709551615
chance: 0.25
limit: 250ms
`)
	require.NoError(t, d.Err())
	share, err := maintenance.ParseShare("10%")
	require.NoError(t, err)
	require.Equal(t, "0042", f.Name)
	require.Equal(t, share, *f.Size)
	require.Equal(t, "5m", f.Wait.String())
	require.Equal(t, 3, f.Crew)
	require.True(t, f.Afloat)
	require.Equal(t, []ship{{"two words", []string{"a", "b: c"}}, {"2", []string{"a", "b: c"}}}, f.Ships)
	require.Equal(t, map[string]string{"x": "1", "y.z": "", "w": ""}, f.Tags)
	require.Equal(t, uint64(math.MaxUint64), f.Seed)
	require.InDelta(t, 0.25, f.Chance, 0)
	require.Equal(t, 250*time.Millisecond, f.Limit)
}

func TestWhatIsLeftOutOrNullKeepsItsDefault(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"name: a\n", "{name: a, crew: , wait: null, ships: ~}", `{"name": "a"}`, "---\nname: a\n"} {
		f, d := read(text)
		require.NoError(t, d.Err())
		require.Equal(t, 7, f.Crew)
		require.Zero(t, *f.Wait)
		require.Nil(t, f.Size)
		require.True(t, d.Has("name"))
		require.False(t, d.Has("crew"))
	}
}

// What is left without a value may have lost it.
func TestAFieldWithoutAValueIsWarnedAbout(t *testing.T) {
	t.Parallel()
	_, d := read("name: a\nships:\ncrew: ~\nwait: null\ntags: {a: }\nsize: 1\n")
	require.NoError(t, d.Err())
	var texts []string
	for _, w := range d.Warnings() {
		texts = append(texts, w.String())
	}
	require.Equal(t, []string{
		"f.yaml:2:1: ships: has no value and is ignored: must be given a value, or left out",
		"f.yaml:3:1: crew: has no value and is ignored: must be given a value, or left out",
		"f.yaml:4:1: wait: has no value and is ignored: must be given a value, or left out",
	}, texts)
}

func TestFaultsHaveTheirPlaces(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"unknown, and near":      {"nane: a\n", "1:1: nane: is an unknown field (did you mean name?): must be one of name, size, wait, crew, afloat, ships, tags, seed, chance, limit"},
		"unknown, not near":      {"ships:\n  - captain: secret\n", "2:5: ships[0].captain: is an unknown field: must be one of name, decks"},
		"twice":                  {"name: a\nname: b\n", "2:1: name: is given twice"},
		"twice in a table":       {"tags: {a: 1, a: 2}\n", "1:14: tags.a: is given twice"},
		"not a number":           {"crew: many\n", `1:7: crew: invalid value "many": must be a whole number`},
		"below zero":             {"seed: -1\n", `1:7: seed: invalid value "-1": must be a whole number, 0 or more`},
		"no number at all":       {"chance: {}\n", `1:9: chance: is a mapping, expected a number`},
		"no unit":                {"limit: 5\n", `1:8: limit: invalid value "5": must be a number with a unit, such as 90s, 30m or 4h`},
		"not a truth":            {"afloat: yes\n", `1:9: afloat: invalid value "yes": must be true or false`},
		"not a duration":         {"wait: [1]\n", "1:7: wait: is a list, expected a number with a unit, such as 90s, 30m or 4h"},
		"not a share":            {"size: 101%\n", `1:7: size: invalid value "101%": must be a number such as "5", or per cent such as "10%"`},
		"several lines":          {"crew: |\n  secret\n  key\n", `1:7: crew: has several lines: must be a whole number`},
		"not a text":             {"name: {a: b}\n", "1:8: name: is a mapping, expected a string"},
		"not a list":             {"ships: one\n", `1:8: ships: is a string, expected a list`},
		"not a mapping":          {"ships:\n  - one\n", `2:5: ships[0]: is a string, expected a mapping with fields among name, decks`},
		"not a table":            {"tags: []\n", "1:7: tags: is a list, expected a mapping of names to strings"},
		"nothing behind a dash":  {"ships:\n  - name: a\n  -\n", "3:5: ships[1]: is empty: must be a value; or remove the dash"},
		"merge key":              {"ships: [&a {name: a}]\ntags:\n  <<: *a\n", "3:3: tags.<<: is a merge key, which is not supported"},
		"alias of nothing":       {"name: *a\n", `1:7: name: is an unknown alias: must be the name of an earlier anchor`},
		"another's tag":          {"name: !vault secret/path\n", `1:7: name: has an unsupported tag: must be the value itself, without a tag`},
		"a tag before a list":    {"ships: !reset\n  - name: a\n", `1:8: ships: has an unsupported tag`},
		"a long name":            {strings.Repeat("b", 10_000) + ": 1\n", "1:1: " + strings.Repeat("b", 200) + "...: is an unknown field"},
		"an URL with a password": {"crew: https://u:p@h\n", `1:7: crew: invalid value "(hidden)": must be a whole number`},
		"second document":        {"name: a\n---\nname: b\n", "3:1: is a second document, or a directive: must be one document, without directives"},
		"no YAML":                {"name: [a\n", "1:7: is not YAML: "},
		"a wrong block":          {"name: |secret\n  a\n", "1:7: is not YAML: invalid header option"},
		"a wrong version":        {"%YAML secret\n---\nname: a\n", "1:7: is not YAML: unknown YAML version (hidden)"},
		"nothing":                {"", "1:1: is empty: must be a YAML document"},
		"only a comment":         {"# a\n", "1:1: is empty"},
		"a text":                 {"fleet\n", `1:1: is a string, expected a mapping with fields among name, size`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, d := read(tc.text)
			require.ErrorContains(t, d.Err(), "f.yaml:"+tc.want)
			require.NotContains(t, d.Err().Error(), "secret")
			require.NotContains(t, d.Err().Error(), "u:p")
			require.NotContains(t, d.Err().Error(), "\n", "one fault")
		})
	}
}

func TestAListIsReadToo(t *testing.T) {
	t.Parallel()
	var ships []ship
	require.NoError(t, strict.Read("body", []byte(`[{"name": "a"}, {"name": "b"}]`), &ships).Err())
	require.Equal(t, []ship{{Name: "a"}, {Name: "b"}}, ships)
	err := strict.Read("body", []byte(`[{"nam": "a"}]`), &ships).Err()
	require.EqualError(t, err, "body:1:3: [0].nam: is an unknown field (did you mean name?): must be one of name, decks")
}

func TestFaultsComeInTheOrderOfTheDocument(t *testing.T) {
	t.Parallel()
	_, d := read("crew: x\nships:\n  - nam: a\nwait: y\n")
	d.Wrong("ships[0].name", "", "a name")
	d.Wrong("size", "5", "less")
	d.Wrong("crew", "", "a field has one fault")
	require.EqualError(t, d.Err(), strings.Join([]string{
		`f.yaml:1:1: size: invalid default "5": must be less`,
		`f.yaml:1:7: crew: invalid value "x": must be a whole number`,
		`f.yaml:3:5: ships[0].nam: is an unknown field (did you mean name?): must be one of name, decks`,
		`f.yaml:3:5: ships[0].name: is required: must be a name`,
		`f.yaml:4:7: wait: invalid value "y": must be a number with a unit, such as 90s, 30m or 4h`,
	}, "\n"))
	require.Equal(t, 3, d.Line("ships[0].name"))
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	_, d := read("name: " + strings.Repeat("a", 17<<20))
	require.EqualError(t, d.Err(), "f.yaml:1:1: is too large: must be at most 16 megabytes")

	// Aliases would have it read two million texts.
	var text strings.Builder
	fmt.Fprintf(&text, "ships:\n  - {name: a, decks: &d [%s]}\n", strings.Repeat("x,", 2000))
	text.WriteString(strings.Repeat("  - {name: a, decks: *d}\n", 1000))
	_, d = read(text.String())
	require.ErrorContains(t, d.Err(), "is too large once its aliases are expanded")
	require.NotContains(t, d.Err().Error(), "\n")
}

// What nests without end took the parser hours and all the memory there was.
func TestWhatIsNestedTooDeepIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	const n = 200_000
	var deeper strings.Builder
	for i := range 200 {
		fmt.Fprintf(&deeper, "%sa:\n", strings.Repeat(" ", i))
	}
	for name, text := range map[string]string{
		"lists in brackets":    strings.Repeat("[", n),
		"with their ends":      "name: " + strings.Repeat("[", n) + strings.Repeat("]", n),
		"mappings in brackets": strings.Repeat("{a: ", n),
		"quoted ends":          strings.Repeat(`["]", `, n/4),
		"dashes":               strings.Repeat("- ", n),
		"question marks":       strings.Repeat("? ", n),
		"lines":                deeper.String(),
		"tags":                 "name: " + strings.Repeat("!a ", n),
		"anchors":              "name: " + strings.Repeat("&a ", n),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			_, d := read(text)
			require.ErrorContains(t, d.Err(), "is nested too deeply: must be at most 64 levels")
			require.Less(t, time.Since(started), 20*time.Second)
		})
	}
	_, d := read(strings.Repeat("x\n", 2_000_000))
	require.ErrorContains(t, d.Err(), "is too large: must be at most 1000000 lines and elements")
}

// Laughs of a billion: each alias stands for ten of the one before.
func TestAliasesOfAliasesAreRefused(t *testing.T) {
	t.Parallel()
	text := "tags: &a0 {x: y}\nships:\n  - &a1 {name: a, decks: [x, x, x, x, x, x, x, x, x, x]}\n"
	for i := 2; i < 12; i++ {
		text += fmt.Sprintf("  - &a%d {name: a, decks: [*a%d, *a%d, *a%d, *a%d, *a%d]}\n", i, i-1, i-1, i-1, i-1, i-1)
	}
	started := time.Now()
	_, d := read(text)
	require.Error(t, d.Err())
	require.Less(t, time.Since(started), 10*time.Second)
}

func TestAFlatDocumentMayBeLong(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("ships:\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "  - name: s%d\n    decks:\n    - a\n    - {b: c}\n", i)
	}
	text.WriteString("tags:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  %d: x\n", i)
	}
	_, d := read(strings.ReplaceAll(text.String(), "{b: c}", "b"))
	require.NoError(t, d.Err())
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	wide := func(order ...int) string {
		var b strings.Builder
		for _, c := range []byte("name: a\n") {
			for _, at := range order {
				if at == 0 {
					b.WriteByte(c)
				} else {
					b.WriteByte(0)
				}
			}
		}
		return b.String()
	}
	f, d := read("\xEF\xBB\xBFname: a\n")
	require.NoError(t, d.Err())
	require.Equal(t, "a", f.Name)
	for text, says := range map[string]string{
		"\xFF\xFE" + wide(0, 1):               "is UTF-16",
		"\xFE\xFF" + wide(1, 0):               "is UTF-16",
		wide(0, 1):                            "is UTF-16",
		wide(1, 0):                            "is UTF-16",
		"\xFF\xFE\x00\x00" + wide(0, 1, 1, 1): "is UTF-32",
		wide(1, 1, 1, 0):                      "is UTF-32",
		"name: \xe4\n":                        "is not in UTF-8",
		"name: a\x00b\n":                      "is not a text file: it contains a zero byte",
	} {
		_, d := read(text)
		require.EqualError(t, d.Err(), "f.yaml:1:1: "+says+": must be a UTF-8 text file")
	}
}

func TestATabIsCalledATab(t *testing.T) {
	t.Parallel()
	for text, place := range map[string]string{
		"name: a\n\tcrew: 2\n":                 "2:1",
		"ships:\n\t- name: a\n":                "2:1",
		"ships:\n  - name: a\n  \tdecks: []\n": "3:3",
		"name: |\n\ta\n":                       "2:1",
	} {
		_, d := read(text)
		require.EqualError(t, d.Err(), "f.yaml:"+place+": is indented with a tab: must be indented with spaces", text)
	}
}

// The fields of an embedded struct are the outer one's own.
func TestEmbeddedFieldsAreFields(t *testing.T) {
	t.Parallel()
	type hull struct {
		Length int `yaml:"length"`
	}
	type ship struct {
		hull
		Name string `yaml:"name"`
	}
	var s ship
	d := strict.Read("f.yaml", []byte("length: 12\nname: a\n"), &s)
	require.NoError(t, d.Err())
	require.Equal(t, 12, s.Length)
	require.Equal(t, "a", s.Name)
	d = strict.Read("f.yaml", []byte("lengt: 12\n"), &s)
	require.ErrorContains(t, d.Err(), "1:1: lengt: is an unknown field (did you mean length?): must be one of length, name")
}
