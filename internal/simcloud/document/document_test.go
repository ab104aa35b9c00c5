package document_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/document"
)

type fleet struct {
	Name  string `yaml:"name"`
	Ships []ship `yaml:"ships,omitempty"`
}

type ship struct {
	Name  string        `yaml:"name"`
	Delay time.Duration `yaml:"delay,omitempty"`
	Crew  *int          `yaml:"crew,omitempty"`
}

func TestDecodeSaysWhereAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"right":         {"name: a\nships: [{name: b, delay: 5ms, crew: 0}]\n", ""},
		"json":          {`{"name": "a", "ships": [{"name": "b", "delay": "5ms"}]}`, ""},
		"unknown field": {"name: a\nships:\n  - nam: b\n", `f.yaml:3:5: unknown field "ships[0].nam", want one of name, delay, crew`},
		"unknown above": {"nam: a\n", `f.yaml:1:1: unknown field "nam", want one of name, ships`},
		"no unit":       {"name: a\nships:\n  - name: b\n    delay: soon\n", `f.yaml:4:12: ships[0].delay is "soon", want a duration: a number with a unit, such as 250ms, 45s or 10m`},
		"bare number":   {"ships: [{delay: 5}]\n", `f.yaml:1:17: ships[0].delay is "5", want a duration`},
		"wrong type":    {"name: a\nships:\n  - crew: many\n", `f.yaml:3:11: cannot unmarshal string into`},
		"twice":         {"name: a\nname: b\n", `f.yaml:2:1: mapping key "name" already defined`},
		"no yaml":       {"name: [a\n", `f.yaml:1:7: `},
		"nothing":       {"  \n", `f.yaml: empty, want fields among name, ships`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f fleet
			err := document.Decode("f.yaml", []byte(tc.text), &f)
			if tc.want == "" {
				require.NoError(t, err)
				require.Equal(t, 5*time.Millisecond, f.Ships[0].Delay)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAtFindsTheFieldOrTheNearestThingAboveIt(t *testing.T) {
	t.Parallel()
	text := []byte("name: a\nships:\n  - name: b\n    delay: 5s\n  - name: c\n")
	for path, want := range map[string]string{
		"ships[0].delay": "f.yaml:4:5: no",
		"ships[1].name":  "f.yaml:5:5: no",
		"ships[1].crew":  "f.yaml:5:9: no",
		"ships":          "f.yaml:2:1: no",
		"other":          "f.yaml: no",
	} {
		require.EqualError(t, document.At("f.yaml", text, path, "no"), want)
	}
}
