package shell

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/signers/agent"
)

// SignFlags are the flags of commands that may have to be signed.
type SignFlags struct {
	key, statement, signature string
	print                     bool
}

// Register adds the flags to a command.
func (f *SignFlags) Register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.key, "key", "", "SSH key that signs, where a signature is needed: a private key `FILE`, or a public one whose key ssh-agent has (default: its only key)")
	cmd.Flags().BoolVar(&f.print, "print-statement", false, "print what has to be signed, and send nothing")
	cmd.Flags().StringVar(&f.statement, "statement", "", "the printed statement, as it was signed elsewhere: `FILE`, with --signature")
	cmd.Flags().StringVar(&f.signature, "signature", "", "the signature over it, by ssh-keygen -Y sign: `FILE`")
	cmd.MarkFlagsMutuallyExclusive("key", "print-statement", "statement")
	cmd.MarkFlagsRequiredTogether("statement", "signature")
}

// Given is true where a flag asks for a signature, also where none would be needed.
func (f *SignFlags) Given() bool { return f.key != "" || f.print || f.statement != "" }

// errPrinted ends a command that was only to print the statement.
var errPrinted = EndError{Status: StatusDone}

// Sign signs a statement with the key that the flags name or, without one, with the only key of ssh-agent; or it
// takes the
// signature that was made elsewhere.
func (f *SignFlags) Sign(cmd *cobra.Command) func(context.Context, signing.Statement) (signing.Signature, error) {
	return func(ctx context.Context, s signing.Statement) (signing.Signature, error) {
		if !f.print {
			signature, err := agent.Sign(ctx, f.options(), s, time.Now())
			if err != nil {
				return signature, fmt.Errorf("a signature is needed, and there is none (--key FILE, or sign elsewhere: --print-statement): %w", err)
			}
			return signature, nil
		}
		text, err := agent.Print(s, time.Now())
		if err == nil {
			_, err = cmd.OutOrStdout().Write(text)
		}
		if err != nil {
			return signing.Signature{}, fmt.Errorf("print the statement: %w", err)
		}
		return signing.Signature{}, errPrinted
	}
}

func (f *SignFlags) options() agent.Options {
	return agent.Options{
		Socket: os.Getenv("SSH_AUTH_SOCK"), Key: f.key, Statement: f.statement, Signature: f.signature,
		Ask: agent.AskOnTerminal(os.Stdin, os.Stderr), Run: agent.SSHKeygen(os.Stderr),
	}
}
