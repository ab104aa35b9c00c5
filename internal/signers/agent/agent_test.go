package agent_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	sshagent "golang.org/x/crypto/ssh/agent"

	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/signers/agent"
	"github.com/tidegate/tidegate/internal/signers/signerstest"
	"github.com/tidegate/tidegate/test/teststart"
)

func now() time.Time { return teststart.On(time.Monday, 8) }

func wanted() signing.Statement {
	return signing.Statement{Namespace: "default", Campaign: "march", Run: "run-1", Action: "approve", Wave: 1}
}

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return private
}

func public(t *testing.T, private any) ssh.PublicKey {
	t.Helper()
	s, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return s.PublicKey()
}

// serve has an agent answer on a socket.
func serve(t *testing.T, a sshagent.Agent) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") //nolint:usetesting // a socket's path has at most 100 bytes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = sshagent.ServeAgent(a, conn) }()
		}
	}()
	return socket
}

// keyring is an agent with keys.
func keyring(t *testing.T, keys ...sshagent.AddedKey) (socket string) {
	t.Helper()
	ring := sshagent.NewKeyring()
	for _, k := range keys {
		require.NoError(t, ring.Add(k))
	}
	return serve(t, ring)
}

// verified is who has signed, by a file with these keys.
func verified(t *testing.T, s signing.Signature, line string) signing.Verified {
	t.Helper()
	g, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte(line)}, nil)
	require.NoError(t, err)
	v, err := g.Check(s, wanted(), now().Add(time.Minute), signing.MaxAge)
	require.NoError(t, err)
	return v
}

func line(k ssh.PublicKey) string { return string(ssh.MarshalAuthorizedKey(k)) }

func file(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestTheAgentsKeySigns(t *testing.T) {
	t.Parallel()
	alice, bob := key(t), key(t)
	one := agent.Options{Socket: keyring(t, sshagent.AddedKey{PrivateKey: alice})}
	s, err := agent.Sign(t.Context(), one, wanted(), now())
	require.NoError(t, err)
	require.Equal(t, "alice@example.com", verified(t, s, "alice@example.com "+line(public(t, alice))).Principal)
	again, err := agent.Sign(t.Context(), one, wanted(), now())
	require.NoError(t, err)
	require.NotEqual(t, s.Statement, again.Statement, "each has a nonce of its own")

	two := agent.Options{Socket: keyring(t, sshagent.AddedKey{PrivateKey: alice}, sshagent.AddedKey{PrivateKey: bob})}
	_, err = agent.Sign(t.Context(), two, wanted(), now())
	require.ErrorContains(t, err, "has 2 keys: say which")
	require.ErrorContains(t, err, ssh.FingerprintSHA256(public(t, bob)))
	two.Key = file(t, "bob.pub", line(public(t, bob)))
	s, err = agent.Sign(t.Context(), two, wanted(), now())
	require.NoError(t, err)
	require.Equal(t, "bob@example.com", verified(t, s, "bob@example.com "+line(public(t, bob))).Principal)

	one.Key = two.Key
	_, err = agent.Sign(t.Context(), one, wanted(), now())
	require.ErrorContains(t, err, "ssh-agent does not have the key in "+one.Key)
	_, err = agent.Sign(t.Context(), agent.Options{Socket: keyring(t)}, wanted(), now())
	require.ErrorContains(t, err, "ssh-agent has no key")
	_, err = agent.Sign(t.Context(), agent.Options{Socket: "/nowhere"}, wanted(), now())
	require.ErrorContains(t, err, "ssh-agent cannot be reached")
	_, err = agent.Sign(t.Context(), agent.Options{}, wanted(), now())
	require.ErrorContains(t, err, "there is no key to sign with")
}

func TestACertificateOfTheAgentSignsWithSHA2(t *testing.T) {
	t.Parallel()
	carol, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	authority, err := ssh.NewSignerFromKey(key(t))
	require.NoError(t, err)
	certificate := &ssh.Certificate{
		Key: public(t, carol), CertType: ssh.UserCert, ValidPrincipals: []string{"carol@example.com"}, ValidBefore: ssh.CertTimeInfinity,
	}
	require.NoError(t, certificate.SignCert(rand.Reader, authority))
	allowed := "*@example.com cert-authority " + line(authority.PublicKey())
	for name, o := range map[string]agent.Options{
		"held":    {Socket: keyring(t, sshagent.AddedKey{PrivateKey: carol, Certificate: certificate})},
		"by file": {Socket: keyring(t, sshagent.AddedKey{PrivateKey: carol}), Key: file(t, "id-cert.pub", line(certificate))},
	} {
		s, err := agent.Sign(t.Context(), o, wanted(), now())
		require.NoError(t, err, name)
		require.Equal(t, "carol@example.com", verified(t, s, allowed).Principal, name)
	}
}

func TestAPrivateKeysFileSigns(t *testing.T) {
	t.Parallel()
	alice := key(t)
	allowed := "alice@example.com " + line(public(t, alice))
	block, err := ssh.MarshalPrivateKey(alice, "")
	require.NoError(t, err)
	open := file(t, "open", string(pem.EncodeToMemory(block)))
	s, err := agent.Sign(t.Context(), agent.Options{Key: open}, wanted(), now())
	require.NoError(t, err)
	verified(t, s, allowed)

	block, err = ssh.MarshalPrivateKeyWithPassphrase(alice, "", []byte("PLANTED-PASSPHRASE"))
	require.NoError(t, err)
	locked := agent.Options{Key: file(t, "locked", string(pem.EncodeToMemory(block)))}
	_, err = agent.Sign(t.Context(), locked, wanted(), now())
	require.ErrorContains(t, err, "there is no terminal to ask for it: add it to ssh-agent (ssh-add "+locked.Key+")")
	answer := func(text string, err error) func(string) ([]byte, error) {
		return func(prompt string) ([]byte, error) {
			require.Equal(t, "Passphrase for "+locked.Key+": ", prompt)
			return []byte(text), err
		}
	}
	locked.Ask = answer("PLANTED-PASSPHRASE", nil)
	s, err = agent.Sign(t.Context(), locked, wanted(), now())
	require.NoError(t, err)
	verified(t, s, allowed)
	locked.Ask = answer("PLANTED-WRONG", nil)
	_, err = agent.Sign(t.Context(), locked, wanted(), now())
	require.EqualError(t, err, "the passphrase does not open "+locked.Key)
	locked.Ask = answer("", errors.New("interrupted"))
	_, err = agent.Sign(t.Context(), locked, wanted(), now())
	require.ErrorContains(t, err, "interrupted")
	locked.Socket = keyring(t, sshagent.AddedKey{PrivateKey: alice})
	s, err = agent.Sign(t.Context(), locked, wanted(), now())
	require.NoError(t, err, "the agent has it open")
	verified(t, s, allowed)

	for name, text := range map[string]string{
		"none": "PLANTED-SECRET", "cut": "-----BEGIN OPENSSH PRIVATE KEY-----\nUExBTlRFRC1TRUNSRVQ=\n-----END OPENSSH PRIVATE KEY-----\n",
	} {
		_, err = agent.Sign(t.Context(), agent.Options{Key: file(t, name, text)}, wanted(), now())
		require.ErrorContains(t, err, "has no public or private key that can be used", name)
		require.NotContains(t, err.Error(), "PLANTED", name)
		require.NotContains(t, err.Error(), "UExB", name)
	}
	_, err = agent.Sign(t.Context(), agent.Options{Key: "/nowhere"}, wanted(), now())
	require.ErrorContains(t, err, "/nowhere")
}

// Nothing that is sent or said has the key or its passphrase, in any usual encoding.
func TestNoKeyAndNoPassphraseIsSaid(t *testing.T) {
	t.Parallel()
	alice := key(t)
	const passphrase = "planted-passphrase-0123456789abcdef"
	block, err := ssh.MarshalPrivateKeyWithPassphrase(alice, "", []byte(passphrase))
	require.NoError(t, err)
	locked := string(pem.EncodeToMemory(block))
	block, err = ssh.MarshalPrivateKey(alice, "")
	require.NoError(t, err)
	open := string(pem.EncodeToMemory(block))
	secrets := []secretscan.Secret{
		{Name: "passphrase", Value: passphrase}, {Name: "seed", Value: string(alice.Seed())}, {Name: "file", Value: strings.Split(open, "\n")[3]},
	}
	require.NotEmpty(t, secretscan.Find([]byte(open), secrets...), "what is not found here would be found nowhere")
	ask := func(answer string) func(string) ([]byte, error) {
		return func(string) ([]byte, error) { return []byte(answer), nil }
	}
	var said strings.Builder
	for _, o := range []agent.Options{
		{Key: file(t, "open", open)},
		{Key: file(t, "locked", locked), Ask: ask(passphrase)},
		{Key: file(t, "locked", locked), Ask: ask(passphrase + "x")},
		{Key: file(t, "locked", locked)},
		{Key: file(t, "cut", open[:len(open)/2])},
		{Key: file(t, "no armor", strings.ReplaceAll(open, "-----", ""))},
		{Statement: file(t, "open", open), Signature: file(t, "open", open)},
		{Statement: file(t, "locked", passphrase), Signature: file(t, "open", open)},
		{Socket: keyring(t, sshagent.AddedKey{PrivateKey: alice, Comment: "alice"}, sshagent.AddedKey{PrivateKey: key(t)})},
	} {
		s, err := agent.Sign(t.Context(), o, wanted(), now())
		said.WriteString(s.Statement + s.Armored)
		if err != nil {
			said.WriteString(err.Error() + "\n")
		}
	}
	printed, err := agent.Print(wanted(), now())
	require.NoError(t, err)
	_, err = agent.Sign(t.Context(), agent.Options{Statement: file(t, "statement", string(printed)), Signature: file(t, "open", open)}, wanted(), now())
	require.ErrorContains(t, err, "has no SSH signature")
	said.WriteString(err.Error())
	for _, f := range []signers.File{{Path: "open", Text: []byte(open)}, {Path: "cut", Text: []byte(open[:len(open)/2])}} {
		_, err := signers.Parse("leads", f, nil)
		require.Error(t, err)
		said.WriteString(err.Error())
		_, err = signers.Parse("leads", signers.File{Path: "allowed", Text: []byte("a@b " + line(public(t, alice)))}, &f)
		require.Error(t, err)
		said.WriteString(err.Error())
	}
	require.Empty(t, secretscan.Find([]byte(said.String()), secrets...), said.String())
}

// tokenAgent has a security key, which the library's keyring does not take.
type tokenAgent struct {
	sshagent.Agent
	token *signerstest.SecurityKey
}

func (a tokenAgent) List() ([]*sshagent.Key, error) {
	return []*sshagent.Key{{Format: a.token.PublicKey().Type(), Blob: a.token.PublicKey().Marshal()}}, nil
}

func (a tokenAgent) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return a.token.Sign(nil, data)
}

func TestASecurityKeySignsByTheAgentOrBySSHKeygen(t *testing.T) {
	t.Parallel()
	token, err := signerstest.NewSecurityKey(1)
	require.NoError(t, err)
	allowed := "alice@example.com " + line(token.PublicKey())
	s, err := agent.Sign(t.Context(), agent.Options{Socket: serve(t, tokenAgent{sshagent.NewKeyring(), token})}, wanted(), now())
	require.NoError(t, err)
	require.Equal(t, ssh.KeyAlgoSKECDSA256, verified(t, s, allowed).KeyType)

	o := agent.Options{Key: file(t, "token.pub", line(token.PublicKey()))}
	o.Run = func(_ context.Context, stdin []byte, args ...string) ([]byte, error) {
		require.Equal(t, []string{"-q", "-Y", "sign", "-n", signing.SSHNamespace, "-f", o.Key}, args)
		sig, err := sshsig.Sign(strings.NewReader(string(stdin)), token, sshsig.HashSHA512, signing.SSHNamespace)
		require.NoError(t, err)
		return sshsig.Armor(sig), nil
	}
	s, err = agent.Sign(t.Context(), o, wanted(), now())
	require.NoError(t, err)
	verified(t, s, allowed)
	o.Run = func(context.Context, []byte, ...string) ([]byte, error) { return nil, errors.New("device not found") }
	_, err = agent.Sign(t.Context(), o, wanted(), now())
	require.ErrorContains(t, err, "device not found")
	o.Run = nil
	_, err = agent.Sign(t.Context(), o, wanted(), now())
	require.ErrorContains(t, err, "ssh-agent does not have the key")

	o.Key = file(t, "token", string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: append([]byte("openssh-key-v1\x00"),
		ssh.Marshal(struct {
			Cipher, KDF, KDFOptions string
			Keys                    uint32
			PublicKey, Private      []byte
		}{"none", "none", "", 1, token.PublicKey().Marshal(), []byte("handle")})...)})))
	o.Run = func(context.Context, []byte, ...string) ([]byte, error) { return []byte(s.Armored), nil }
	_, err = agent.Sign(t.Context(), o, wanted(), now())
	require.NoError(t, err, "its private half is in the token, and ssh-keygen knows how to ask it")
}

// silentAgent lists a key and never signs, as where nobody confirms.
type silentAgent struct {
	sshagent.Agent
	asked chan struct{}
	ended <-chan struct{}
}

func (a silentAgent) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) {
	close(a.asked)
	<-a.ended
	return nil, errors.New("nobody was there")
}

func TestWaitingForAKeyCanBeInterrupted(t *testing.T) {
	t.Parallel()
	ring := sshagent.NewKeyring()
	require.NoError(t, ring.Add(sshagent.AddedKey{PrivateKey: key(t)}))
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	silent := silentAgent{ring, make(chan struct{}), ended}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-silent.asked
		cancel()
	}()
	_, err := agent.Sign(ctx, agent.Options{Socket: serve(t, silent)}, wanted(), now())
	require.ErrorContains(t, err, "did not sign; if it asks to be confirmed or touched, do so")
}

// forSSHKeygen is a key with its file, and a text to sign, where there is an ssh-keygen.
func forSSHKeygen(t *testing.T) (alice ed25519.PrivateKey, path, text string) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("ssh-keygen is not installed: apt-get install openssh-client")
	}
	alice = key(t)
	block, err := ssh.MarshalPrivateKey(alice, "")
	require.NoError(t, err)
	printed, err := agent.Print(wanted(), now())
	require.NoError(t, err)
	return alice, file(t, "key", string(pem.EncodeToMemory(block))), string(printed)
}

func TestASignatureMadeElsewhereIsTaken(t *testing.T) {
	t.Parallel()
	alice, path, text := forSSHKeygen(t)
	o := agent.Options{Statement: file(t, "statement", text), Key: path}
	o.Signature = o.Statement + ".sig"
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-Y", "sign", "-n", signing.SSHNamespace, "-f", o.Key, o.Statement).CombinedOutput()
	require.NoError(t, err, string(out))
	s, err := agent.Sign(t.Context(), o, wanted(), now().AddDate(0, 0, 1))
	require.NoError(t, err)
	verified(t, s, "alice@example.com "+line(public(t, alice)))

	other := wanted()
	other.Wave = 2
	_, err = agent.Sign(t.Context(), o, other, now())
	require.ErrorContains(t, err, "wave: signed for \"1\", wanted \"2\"")
	o.Signature = o.Statement
	_, err = agent.Sign(t.Context(), o, wanted(), now())
	require.ErrorContains(t, err, "has no SSH signature")
	o.Signature = ""
	_, err = agent.Sign(t.Context(), o, wanted(), now())
	require.ErrorContains(t, err, "give both")
	_, err = agent.Sign(t.Context(), agent.Options{Statement: o.Key, Signature: o.Key}, wanted(), now())
	require.ErrorContains(t, err, "the statement in ")
	require.NotContains(t, err.Error(), "BEGIN OPENSSH")
}

// By the real ssh-keygen too, whose key is on this machine's disk.
func TestSSHKeygenSigns(t *testing.T) {
	t.Parallel()
	alice, path, text := forSSHKeygen(t)
	armored, err := agent.SSHKeygen(nil)(t.Context(), []byte(text), "-q", "-Y", "sign", "-n", signing.SSHNamespace, "-f", path)
	require.NoError(t, err)
	verified(t, signing.Signature{Statement: text, Armored: string(armored)}, "alice@example.com "+line(public(t, alice)))
}

func TestNobodyIsAskedWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	require.Nil(t, agent.AskOnTerminal(strings.NewReader("PLANTED"), io.Discard))
	text, err := os.Open(file(t, "input", "PLANTED"))
	require.NoError(t, err)
	require.Nil(t, agent.AskOnTerminal(text, io.Discard))
	require.NoError(t, text.Close())
}
