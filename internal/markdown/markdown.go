// Package markdown escapes the text of clouds, people and errors for Markdown, so that none of it
// acts as markup. Workflows use it too, so it imports the standard library only. It does not render
// Markdown. Start at Plain.
package markdown

import "strings"

// Plain is a text that says in Markdown what it says, on one line. It is not for the
// start of a line, where more is special.
func Plain(text string) string {
	var b strings.Builder
	for _, c := range []byte(oneLine(text)) {
		if strings.IndexByte("\\`*_[]<&|~$", c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Code is a text as code, on one line. In a table a | ends it even so: Plain is for
// those.
func Code(text string) string {
	text = oneLine(text)
	fence := around(text, "`")
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || text == "" {
		text = " " + text + " "
	}
	return fence + text + fence
}

// Block is a text as a block of code in a language, to stand on lines of its own.
func Block(language, text string) string {
	fence := around(text, "```")
	return fence + language + "\n" + strings.TrimRight(text, "\n") + "\n" + fence + "\n"
}

// around is a fence that the text does not hold.
func around(text, fence string) string {
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
