// Package shell is what the commands of tidegate share: the connection to Temporal, arguments and
// flags, and exit statuses. It contains no command. Start at App.
package shell

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
)

// ConnectTimeout is how long a command that a person waits for tries to reach
// Temporal.
const ConnectTimeout = 10 * time.Second

// App is what the commands share.
type App struct {
	Connection connection.Flags
	Output     string
	Waits      bool           // also for a Temporal that is just starting
	advised    *regexp.Regexp // a command of tidegate's in a text
}

// Dial connects to Temporal. Before that it reports all faults at once:
// the faults that the command found, and those of the connection's flags.
func (a *App) Dial(ctx context.Context, faults ...error) (operate.Session, error) {
	options, err := a.Connection.Options()
	if err := errors.Join(append(faults, err)...); err != nil {
		return operate.Session{}, Usage(err)
	}
	dial := connection.DialNow
	if a.Waits || a.Connection.TimeoutGiven() {
		dial = connection.Dial
	}
	c, err := dial(ctx, options, slog.New(slog.DiscardHandler))
	if err != nil {
		return operate.Session{}, err
	}
	return operate.Session{Client: c, Namespace: options.Namespace}, nil
}

// OutputFlag adds --output to a command that prints data.
func (a *App) OutputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&a.Output, "output", "o", printer.FormTable, printer.Forms)
}

// Printer writes a command's answer in the form that was asked for.
func (a *App) Printer(cmd *cobra.Command) printer.Printer {
	return printer.Printer{Out: cmd.OutOrStdout(), Form: a.Output}
}

// CheckOutput refuses a form of output that does not exist.
func (a *App) CheckOutput() error {
	switch a.Output {
	case printer.FormTable, printer.FormJSON, printer.FormYAML:
		return nil
	}
	return maintenance.Invalid("--output", a.Output, printer.Forms)
}

// Show asks Temporal and prints the answer, in the form that --output says.
func Show[T any](
	a *App, cmd *cobra.Command, ask func(context.Context, operate.Session) (T, error),
	people func(printer.Printer, operate.Session, T), faults ...error,
) error {
	c, err := a.Dial(cmd.Context(), append(faults, a.CheckOutput())...)
	if err != nil {
		return err
	}
	defer c.Close()
	answer, err := ask(cmd.Context(), c)
	if err != nil {
		return err
	}
	return a.Printer(cmd).Print(answer, func(p printer.Printer) { people(p, c, answer) })
}

// RandomDigits are eight hexadecimal digits that make an id unique.
func RandomDigits() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// Repeat has every command that tidegate advises repeat the connection's flags as they
// were given: so it can be pasted, and reaches the same Temporal. Data in JSON and YAML
// stays as it is.
func (a *App) Repeat(root *cobra.Command) {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, regexp.QuoteMeta(c.Name()))
	}
	a.advised = regexp.MustCompile(`\btidegate (?:` + strings.Join(names, "|") + `)\b( --namespace\b)?`)
	root.SetErr(printer.Rewriting{To: root.ErrOrStderr(), Text: a.Typed})
	root.SetOut(printer.Rewriting{To: root.OutOrStdout(), Text: func(text string) string {
		if a.Output == printer.FormJSON || a.Output == printer.FormYAML {
			return text
		}
		return a.Typed(text)
	}})
}

// Typed is a text in which the commands of tidegate's are as they must be typed.
func (a *App) Typed(text string) string {
	return a.advised.ReplaceAllStringFunc(text, func(command string) string {
		var said []string // by the command itself
		if strings.HasSuffix(command, " --namespace") {
			said = append(said, "namespace")
		}
		return strings.TrimSpace("tidegate "+a.Connection.Given(said...)) + strings.TrimPrefix(command, "tidegate")
	})
}

// SetupTimeout bounds what a set-up waits for: the server's own caches.
const SetupTimeout = time.Minute
