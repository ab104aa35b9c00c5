package printer_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/printer"
)

func TestOthersTextStaysOnItsLine(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"as it is: é漢…":             "as it is: é漢…",
		"\x1b]0;title\a":            " ]0;title ",
		"\x1b[2J\x1b[H":             " [2J [H",
		"a\r\x1b[Kyou may":          "a  [Kyou may",
		"one\ntwo\n":                "one; two",
		"a\tb":                      "a b",
		"c1 \u009b2J":               "c1  2J",
		"no UTF-8 \x9b2J":           "no UTF-8 \ufffd2J",
		"turned \u202erotarepo":     "turned  rotarepo",
		"hidden\u200b, next\u2028.": "hidden , next .",
	} {
		require.Equal(t, want, printer.Line(said))
		var out bytes.Buffer
		p := printer.Printer{Out: &out}
		p.Linef("%s", said)
		require.Equal(t, want+"\n", out.String())
		out.Reset()
		p.Table([]string{"HEAD"}, [][]string{{said}})
		require.Equal(t, "HEAD\n"+strings.TrimRight(want, " ")+"\n", out.String())
	}
	require.Equal(t, "one [2J\ntwo", printer.Lines("one\x1b[2J\ntwo"))
}

func TestNothingThatIsShownIsApplied(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		said := string(rapid.SliceOf(rapid.Byte()).Draw(t, "said"))
		var out bytes.Buffer
		screen := printer.NewScreen(&out)
		screen.Line(said)
		printer.Printer{Out: &out}.Linef("%s", said)
		for _, r := range out.String() {
			require.False(t, unicode.IsControl(r) && r != '\n', "%q", r)
		}
	})
}

// What is drawn again must fit its line, also in wide letters.
func TestTheLastLineFitsTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	screen := printer.NewScreen(&out)
	screen.Width = 8
	screen.Draw("漢漢漢漢漢")
	screen.Draw("a\x1b[2J")
	require.Equal(t, "\r\x1b[K漢漢漢\r\x1b[Ka [2J", out.String())
}
