package shell

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
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

// Sign signs a statement with the key that the flags name, or takes the signature that was made elsewhere.
func (f *SignFlags) Sign(cmd *cobra.Command) func(context.Context, signing.Statement) (signing.Signature, error) {
	return func(ctx context.Context, s signing.Statement) (signing.Signature, error) {
		if f.statement != "" {
			return f.elsewhere(s)
		}
		s.Nonce = rand.Text()[:12]
		text, err := s.Text()
		switch {
		case err != nil:
			return signing.Signature{}, fmt.Errorf("cannot be signed: %w", err)
		case f.print:
			if _, err := cmd.OutOrStdout().Write(text); err != nil {
				return signing.Signature{}, fmt.Errorf("write the statement: %w", err)
			}
			return signing.Signature{}, errPrinted
		}
		key, done, err := f.find(ctx)
		if err != nil {
			return signing.Signature{}, fmt.Errorf("a signature is needed: %w", err)
		}
		defer done()
		armored, err := keygen(ctx, key, text)
		return signing.Signature{Statement: string(text), Armored: armored}, err
	}
}

// Can is true where Sign can sign without asking for more: by a flag, or by the only key of ssh-agent.
func (f *SignFlags) Can(ctx context.Context) bool {
	if f.print || f.statement != "" {
		return true
	}
	_, done, err := f.find(ctx)
	if err == nil {
		done()
	}
	return err == nil
}

// find is the file of the key that signs: that of --key, or the public half of the only key that ssh-agent has.
func (f *SignFlags) find(ctx context.Context) (path string, done func(), err error) {
	if f.key != "" {
		return f.key, func() {}, nil
	}
	const choose = "name your key, such as --key ~/.ssh/id_ed25519.pub if ssh-agent has it (ssh-add -l), or sign elsewhere: --print-statement"
	if os.Getenv("SSH_AUTH_SOCK") == "" {
		return "", nil, errors.New(choose)
	}
	keys, err := exec.CommandContext(ctx, "ssh-add", "-L").Output()
	if err != nil || bytes.Count(keys, []byte("\n")) != 1 {
		return "", nil, fmt.Errorf("ssh-agent has no key, or several: %s", choose)
	}
	file, err := os.CreateTemp("", "tidegate-key-*.pub")
	if err != nil {
		return "", nil, fmt.Errorf("keep the public key for ssh-keygen: %w", err)
	}
	_, err = file.Write(keys)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", nil, fmt.Errorf("keep the public key for ssh-keygen: %w", err)
	}
	return file.Name(), func() { _ = os.Remove(file.Name()) }, nil
}

// elsewhere is a signature that was made by ssh-keygen -Y sign over a printed statement.
func (f *SignFlags) elsewhere(wanted signing.Statement) (s signing.Signature, err error) {
	text, err := bounded.ReadFile(f.statement, signing.MaxText)
	if err != nil {
		return s, fmt.Errorf("--statement: %w", err)
	}
	armored, err := bounded.ReadFile(f.signature, signing.MaxArmored)
	if err != nil {
		return s, fmt.Errorf("--signature: %w", err)
	}
	signed, err := signing.Parse(text)
	if err != nil {
		return s, fmt.Errorf("--statement: %w", err)
	}
	if err := signed.Match(wanted); err != nil {
		return s, fmt.Errorf("--statement: %w", err)
	}
	return signing.Signature{Statement: string(text), Armored: string(armored)}, nil
}

// keygen signs a text by OpenSSH's own program, which asks the agent, the person for a passphrase, and security keys for a
// touch. It reads the text from a file of its own, since it needs the terminal for the passphrase.
func keygen(ctx context.Context, key string, text []byte) (string, error) {
	sign := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-f", key, "-n", signing.SSHNamespace)
	var out, errs bytes.Buffer
	sign.Stdin, sign.Stdout, sign.Stderr = bytes.NewReader(text), &out, &errs
	sign.Env = os.Environ()
	if err := sign.Run(); err != nil {
		said := strings.TrimSpace(errs.String())
		return "", fmt.Errorf("ssh-keygen could not sign with %s: is the key in ssh-agent (ssh-add -l)? %s: %w", key, said, err)
	}
	return out.String(), nil
}
