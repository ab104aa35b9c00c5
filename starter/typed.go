package main

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/show"
)

// repeat has every command that tidegate advises repeat the connection's flags as they
// were given: so it can be pasted, and reaches the same Temporal. Data in JSON and YAML
// stays as it is.
func (a *app) repeat(root *cobra.Command) {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, regexp.QuoteMeta(c.Name()))
	}
	a.advised = regexp.MustCompile(`\btidegate (?:` + strings.Join(names, "|") + `)\b( --namespace\b)?`)
	root.SetErr(show.Rewriting{To: root.ErrOrStderr(), Text: a.typed})
	root.SetOut(show.Rewriting{To: root.OutOrStdout(), Text: func(text string) string {
		if a.output == show.FormJSON || a.output == show.FormYAML {
			return text
		}
		return a.typed(text)
	}})
}

// typed is a text in which the commands of tidegate's are as they must be typed.
func (a *app) typed(text string) string {
	return a.advised.ReplaceAllStringFunc(text, func(command string) string {
		var said []string // by the command itself
		if strings.HasSuffix(command, " --namespace") {
			said = append(said, "namespace")
		}
		return strings.TrimSpace("tidegate "+a.connection.Given(said...)) + strings.TrimPrefix(command, "tidegate")
	})
}
