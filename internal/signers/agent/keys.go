package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
	sshagent "golang.org/x/crypto/ssh/agent"
	"golang.org/x/term"

	"github.com/tidegate/tidegate/internal/bounded"
)

// maxKey is how many bytes a key's file may have.
const maxKey = 64 << 10

// signer finds the key that signs; nil: ssh-keygen has to. done ends the connection to the agent.
func (o Options) signer(ctx context.Context) (found ssh.Signer, done func(), err error) {
	done = func() {}
	if o.Key == "" && o.Socket == "" {
		return nil, done, errors.New("there is no key to sign with: start ssh-agent and add one (ssh-add), " +
			"or name its file with --key")
	}
	if o.Key == "" {
		held, done, err := o.agent(ctx)
		if err != nil {
			return nil, done, err
		}
		if found, err = only(held); err != nil {
			done()
			return nil, func() {}, err
		}
		return found, done, nil
	}
	text, err := bounded.ReadFile(o.Key, maxKey)
	if err != nil {
		return nil, done, fmt.Errorf("read the key: %w", err)
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil && !bytes.Contains(text, []byte("PRIVATE KEY")) {
		return o.held(ctx, public)
	}
	return o.private(ctx, text)
}

// agent are the keys that ssh-agent has.
func (o Options) agent(ctx context.Context) (held []ssh.Signer, done func(), err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", o.Socket)
	if err != nil {
		return nil, func() {}, fmt.Errorf("ssh-agent cannot be reached: start it, or name a key's file with --key: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // a key may wait for a finger for ever
	done = func() {
		stop()
		_ = conn.Close() // it was only asked
	}
	held, err = sshagent.NewClient(conn).Signers()
	if err != nil {
		done()
		return nil, func() {}, fmt.Errorf("ssh-agent does not list its keys: %w", err)
	}
	return held, done, nil
}

// only is the agent's key, if it has one.
func only(held []ssh.Signer) (ssh.Signer, error) {
	var names []string
	for _, one := range held {
		names = append(names, one.PublicKey().Type()+" "+ssh.FingerprintSHA256(one.PublicKey()))
	}
	switch len(held) {
	case 0:
		return nil, errors.New("ssh-agent has no key: add one with ssh-add, or name its file with --key")
	case 1:
		return held[0], nil
	}
	return nil, fmt.Errorf("ssh-agent has %d keys: say which signs with --key and the file of its public key: %s",
		len(held), strings.Join(names, ", "))
}

// held is the agent's key of a public key or certificate. A security key need not be in the agent.
func (o Options) held(ctx context.Context, public ssh.PublicKey) (found ssh.Signer, done func(), err error) {
	var all []ssh.Signer
	done = func() {}
	if o.Socket != "" {
		if all, done, err = o.agent(ctx); err != nil {
			return nil, done, err
		}
	}
	certificate, isCertificate := public.(*ssh.Certificate)
	for _, one := range all {
		switch {
		case bytes.Equal(one.PublicKey().Marshal(), public.Marshal()):
			return one, done, nil
		case isCertificate && bytes.Equal(one.PublicKey().Marshal(), certificate.Key.Marshal()):
			found, err = ssh.NewCertSigner(certificate, one)
			if err != nil {
				err = fmt.Errorf("use the certificate in %s: %w", o.Key, err)
			}
			return found, done, err
		}
	}
	done()
	if strings.HasPrefix(public.Type(), "sk-") && o.Run != nil {
		return nil, func() {}, nil
	}
	return nil, func() {}, fmt.Errorf("ssh-agent does not have the key in %s (%s): "+
		"add it with ssh-add, or name the file of its private half", o.Key, ssh.FingerprintSHA256(public))
}

// private is the key of a private key's file; nil: it is a security key's, which ssh-keygen uses. No error
// repeats what the file has.
func (o Options) private(ctx context.Context, text []byte) (found ssh.Signer, done func(), err error) {
	done = func() {}
	if o.Run != nil && holdsSecurityKey(text) {
		return nil, done, nil
	}
	found, err = ssh.ParsePrivateKey(text)
	locked, isLocked := errors.AsType[*ssh.PassphraseMissingError](err)
	switch {
	case err == nil:
		return found, done, nil
	case !isLocked:
		return nil, done, fmt.Errorf("%s has no public or private key that can be used: "+
			"use one that ssh-keygen has made, or add it to ssh-agent", o.Key)
	case locked.PublicKey != nil && o.Socket != "":
		if found, done, err := o.held(ctx, locked.PublicKey); err == nil {
			return found, done, nil
		}
	}
	found, err = o.unlocked(text)
	return found, done, err
}

// unlocked asks for the passphrase of a private key's file.
func (o Options) unlocked(text []byte) (ssh.Signer, error) {
	if o.Ask == nil {
		return nil, fmt.Errorf("the key in %[1]s has a passphrase, and there is no terminal to ask for it: "+
			"add it to ssh-agent (ssh-add %[1]s)", o.Key)
	}
	passphrase, err := o.Ask(fmt.Sprintf("Passphrase for %s: ", o.Key))
	if err != nil {
		return nil, fmt.Errorf("ask for the passphrase of %s: %w", o.Key, err)
	}
	defer clear(passphrase)
	found, err := ssh.ParsePrivateKeyWithPassphrase(text, passphrase)
	if err != nil {
		return nil, fmt.Errorf("the passphrase does not open %s", o.Key)
	}
	return found, nil
}

// AskOnTerminal asks on a terminal, without echo; nil where in is none.
func AskOnTerminal(in io.Reader, out io.Writer) func(prompt string) ([]byte, error) {
	file, isFile := in.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(prompt string) ([]byte, error) {
		_, _ = io.WriteString(out, prompt) // without it there is still a cursor
		answer, err := term.ReadPassword(int(file.Fd()))
		_, _ = io.WriteString(out, "\n")
		return answer, err //nolint:wrapcheck // who asks says what for
	}
}

// SSHKeygen runs the machine's ssh-keygen. What it says to the person goes to stderr.
func SSHKeygen(stderr io.Writer) func(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	return func(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
		command := exec.CommandContext(ctx, "ssh-keygen", args...) //nolint:gosec // the key's file is the operator's own
		command.Stdin, command.Stderr = bytes.NewReader(stdin), stderr
		return command.Output()
	}
}
