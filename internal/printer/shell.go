package printer

import (
	"regexp"
	"strings"
)

// ShellWord is a text as one word of a shell's command line.
func ShellWord(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`).MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
