package printer_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/printer"
)

var update = flag.Bool("update", false, "write the golden files again")

const everyForm = `{"words": ["plain", "two words", "yes", "No", "null", "~", "", " lead", "trail ", "a: b", "a #c", "# c", "- x", "a\nb\n", "\n\nx",
	"1.10", "012", "1e3", ".inf", "NaN", "2026-11-22", "2026-11-22T12:00:00Z", "12:30", "arn:aws:iam::1:role/x", "{a}", "*all", "é", "\u001b[0m",
	"\u007f", "\u0085", "\u2028", "\ufeff", "<b>", "a\\b", "=", "<<", "---", "y", "it's", "\"q\"", "sgw-12A3456B"],
	"numbers": [0, -3, 1.5, 1e+21, 12345678901234567], "truth": [true, false, null], "empty": {"object": {}, "array": []},
	"y": 1, "2": {"a b": {"c": null}}, "rows": [{"a": 1, "b": [1, [2, 3], {"c": []}]}, {"a": 2}]}`

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	t.Parallel()
	text, err := printer.YAML([]byte(everyForm))
	require.NoError(t, err)
	const golden = "testdata/forms.yaml"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
	requireSame(t, everyForm, text)
}

func TestYAMLOfAnyTextIsReadAsThatText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.MapOf(rapid.String(), rapid.String()))).Draw(t, "data")
		encoded, err := json.Marshal(data)
		require.NoError(t, err)
		text, err := printer.YAML(encoded)
		require.NoError(t, err)
		requireSame(t, string(encoded), text)
	})
}

func requireSame(t require.TestingT, fromJSON, fromYAML string) {
	var want, got any
	require.NoError(t, json.Unmarshal([]byte(fromJSON), &want))
	require.NoError(t, yaml.Unmarshal([]byte(fromYAML), &got), fromYAML)
	encoded, err := json.Marshal(got)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &got))
	require.Equal(t, want, got, fromYAML)
}
