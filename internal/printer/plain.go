package printer

import (
	"strings"
	"unicode"
)

// Line is in one line what a cloud, an error or a person said. What a terminal would
// apply, or not show, becomes spaces: it could erase what stands there, or forge it.
func Line(text string) string {
	return plain(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\n", "; "))
}

// Lines is Line of a text whose line feeds are meant, such as that of joined errors.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

func plain(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, line)
}

// Prefixed is a text behind a prefix; empty where there is no text.
func Prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
