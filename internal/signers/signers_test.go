package signers_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/signers/signerstest"
	"github.com/tidegate/tidegate/test/teststart"
)

func start() time.Time { return teststart.On(time.Monday, 8) }

func statement() signing.Statement {
	return signing.Statement{
		Namespace: "default", Campaign: "march", Run: "run-1", Action: "approve", Wave: 1,
		Plan: signing.PlanDigest(strings.Repeat("ab", 32)), At: start(),
	}
}

func signer(tb testing.TB) ssh.Signer {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(tb, err)
	s, err := ssh.NewSignerFromKey(private)
	require.NoError(tb, err)
	return s
}

// line is a key as a file has it: its type and base64.
func line(key ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) }

func text(tb testing.TB, s signing.Statement) string {
	tb.Helper()
	made, err := s.Text()
	require.NoError(tb, err)
	return string(made)
}

func sign(tb testing.TB, s signing.Statement, by ssh.Signer) signing.Signature {
	tb.Helper()
	return signAs(tb, text(tb, s), by, signing.SSHNamespace)
}

func signAs(tb testing.TB, text string, by ssh.Signer, namespace string) signing.Signature {
	tb.Helper()
	sig, err := sshsig.Sign(strings.NewReader(text), by, sshsig.HashSHA512, namespace)
	require.NoError(tb, err)
	return signing.Signature{Statement: text, Armored: string(sshsig.Armor(sig))}
}

func group(tb testing.TB, lines ...string) *signers.Group {
	tb.Helper()
	g, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte(strings.Join(lines, "\n"))}, nil)
	require.NoError(tb, err)
	return g
}

func refused(tb testing.TB, err error) signing.Reason {
	tb.Helper()
	var refusal *signing.RefusedError
	require.ErrorAs(tb, err, &refusal)
	return refusal.Reason
}

func TestASignatureNamesItsPersonByTheFile(t *testing.T) {
	t.Parallel()
	alice := signer(t)
	g := group(t, "# the leads", "", "alice@example.com,al@example.com "+line(alice.PublicKey())+" laptop",
		"alice@example.org "+line(alice.PublicKey()))
	got, err := g.Check(sign(t, statement(), alice), statement(), start().Add(time.Minute), signing.MaxAge)
	require.NoError(t, err)
	require.Equal(t, signing.Verified{
		Principal: "alice@example.com", Names: []string{"al@example.com", "alice@example.com", "alice@example.org"},
		Key: ssh.FingerprintSHA256(alice.PublicKey()), KeyType: ssh.KeyAlgoED25519, Group: "leads", Files: g.Digest(),
		At: start().Add(time.Minute),
	}, got)
}

func TestWhatIsSignedIsWhatIsWanted(t *testing.T) {
	t.Parallel()
	alice, mallory := signer(t), signer(t)
	g := group(t, "alice@example.com "+line(alice.PublicKey()))
	check := func(s signing.Signature, wanted signing.Statement, after time.Duration) error {
		_, err := g.Check(s, wanted, start().Add(after), signing.MaxAge)
		return err
	}
	good := sign(t, statement(), alice)
	require.NoError(t, check(good, statement(), 0))

	other := statement()
	other.Campaign = "april"
	require.Equal(t, signing.Another, refused(t, check(good, other, 0)), "another campaign's")
	forged := signing.Signature{Statement: text(t, other), Armored: good.Armored}
	require.Equal(t, signing.Altered, refused(t, check(forged, other, 0)))
	require.Equal(t, signing.NotASigner, refused(t, check(sign(t, statement(), mallory), statement(), 0)))
	require.Equal(t, signing.WrongNamespace, refused(t, check(signAs(t, text(t, statement()), alice, "git"), statement(), 0)))
	require.Equal(t, signing.Stale, refused(t, check(good, statement(), signing.MaxAge+time.Second)))
	require.Equal(t, signing.Future, refused(t, check(good, statement(), -2*signing.MaxSkew)))
	for name, armored := range map[string]string{
		"empty": "", "no armor": "U1NIU0lH", "text before": "x\n" + good.Armored, "text after": good.Armored + "x",
		"two": good.Armored + good.Armored, "cut": good.Armored[:len(good.Armored)/2], "long": strings.Repeat("A", signing.MaxArmored+1),
		"another kind": strings.ReplaceAll(good.Armored, "SSH SIGNATURE", "SSH MESSAGE"),
	} {
		require.Equal(t, signing.Malformed, refused(t, check(signing.Signature{Statement: good.Statement, Armored: armored}, statement(), 0)), name)
	}
	require.Equal(t, signing.Malformed, refused(t, check(signing.Signature{Statement: "approve", Armored: good.Armored}, statement(), 0)))
}

func TestAKeyIsValidForATime(t *testing.T) {
	t.Parallel()
	alice := signer(t)
	at := func(d time.Duration) string { return start().Add(d).UTC().Format("20060102150405Z") }
	reason := func(options string, after time.Duration) signing.Reason {
		_, err := group(t, "alice@example.com "+options+line(alice.PublicKey())).Verify(sign(t, statement(), alice), start().Add(after))
		if err == nil {
			return ""
		}
		return refused(t, err)
	}
	until, from := fmt.Sprintf(`valid-before="%s" `, at(time.Hour)), fmt.Sprintf(`VALID-AFTER="%s" `, at(time.Hour))
	require.Empty(t, reason(until, time.Hour))
	require.Empty(t, reason(until, time.Hour+time.Second-1), "to the second")
	require.Equal(t, signing.Expired, reason(until, time.Hour+time.Second))
	require.Equal(t, signing.NotYetValid, reason(from, time.Hour-1))
	require.Empty(t, reason(from, time.Hour))
	require.Empty(t, reason(`namespaces="git,action@*" `, 0))
	require.Equal(t, signing.NotASigner, reason(`namespaces="git" `, 0))
	require.Equal(t, signing.NotASigner, reason(`namespaces="*,!action@*" `, 0))

	two := group(t, "old@example.com "+until+line(alice.PublicKey()), "new@example.com "+from+line(alice.PublicKey()))
	got, err := two.Verify(sign(t, statement(), alice), start().Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, "new@example.com", got.Principal)
	require.True(t, got.Is("OLD@example.com"))
}

func TestAPatternNamesNobody(t *testing.T) {
	t.Parallel()
	alice := signer(t)
	_, err := group(t, "*@example.com "+line(alice.PublicKey())).Verify(sign(t, statement(), alice), start())
	require.Equal(t, signing.NotASigner, refused(t, err))
	require.ErrorContains(t, err, "allowed:1 names nobody")
	got, err := group(t, "*@example.com,!bob@example.com,bob@example.com,alice@example.com "+line(alice.PublicKey())).
		Verify(sign(t, statement(), alice), start())
	require.NoError(t, err)
	require.Equal(t, "alice@example.com", got.Principal)
	require.Empty(t, got.Names)
}

// One name in two spellings that look the same would be two people.
func TestANameHasOneSpelling(t *testing.T) {
	t.Parallel()
	key := line(signer(t).PublicKey())
	group(t, "jos\u00e9@example.com "+key)
	_, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte("jose\u0301@example.com " + key)}, nil)
	require.ErrorContains(t, err, "write it in Unicode's form NFC")
	authority, carol := signer(t), signer(t)
	certified := certificate(t, authority, carol, func(c *ssh.Certificate) { c.ValidPrincipals = []string{"jose\u0301@example.com"} })
	_, err = group(t, "*@example.com cert-authority "+line(authority.PublicKey())).Verify(sign(t, statement(), certified), start())
	require.Equal(t, signing.NotASigner, refused(t, err))
}

func TestARevokedKeyDoesNotCount(t *testing.T) {
	t.Parallel()
	alice, bob := signer(t), signer(t)
	allowed := signers.File{Path: "allowed", Text: []byte("alice@example.com " + line(alice.PublicKey()) + "\nbob@example.com " + line(bob.PublicKey()))}
	g, err := signers.Parse("leads", allowed, &signers.File{Path: "revoked", Text: []byte("# lost\n" + line(alice.PublicKey()) + " laptop\n")})
	require.NoError(t, err)
	_, err = g.Verify(sign(t, statement(), alice), start())
	require.Equal(t, signing.Revoked, refused(t, err))
	_, err = g.Verify(sign(t, statement(), bob), start())
	require.NoError(t, err)

	_, err = signers.Parse("leads", allowed, &signers.File{Path: "revoked", Text: []byte("SSHKRL\n\x00\x00\x00")})
	require.ErrorContains(t, err, "binary key revocation list")
	_, err = signers.Parse("leads", allowed, &signers.File{Path: "revoked", Text: []byte("\n\nserial: 1\n")})
	require.ErrorContains(t, err, "revoked:3: ")
	plain, err := signers.Parse("leads", allowed, nil)
	require.NoError(t, err)
	require.NotEqual(t, plain.Digest(), g.Digest())
	sum := fmt.Sprintf("%x  allowed_signers\n", sha256.Sum256(allowed.Text))
	require.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(sum))), plain.Digest())
}

// certificate has an authority certify a key; change may change it first.
func certificate(tb testing.TB, authority, key ssh.Signer, change func(*ssh.Certificate)) ssh.Signer {
	tb.Helper()
	cert := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.UserCert, KeyId: "id", ValidPrincipals: []string{"root", "carol@example.com"},
		ValidBefore: uint64(start().Add(time.Hour).Unix()),
	}
	if change != nil {
		change(cert)
	}
	require.NoError(tb, cert.SignCert(rand.Reader, authority))
	made, err := ssh.NewCertSigner(cert, key)
	require.NoError(tb, err)
	return made
}

func TestAnAuthorityNamesPeople(t *testing.T) {
	t.Parallel()
	authority, carol := signer(t), signer(t)
	allowed := `*@example.com cert-authority,namespaces="action@*" ` + line(authority.PublicKey())
	g := group(t, allowed)
	got, err := g.Verify(sign(t, statement(), certificate(t, authority, carol, nil)), start())
	require.NoError(t, err)
	require.Equal(t, "carol@example.com", got.Principal)
	require.Equal(t, ssh.FingerprintSHA256(carol.PublicKey()), got.Key, "her key, whichever certificate it has")
	require.Equal(t, ssh.FingerprintSHA256(authority.PublicKey()), got.Authority)

	for name, wrong := range map[string]struct {
		change func(*ssh.Certificate)
		want   signing.Reason
		after  time.Duration
	}{
		"expired":         {want: signing.Expired, after: time.Hour},
		"not yet":         {func(c *ssh.Certificate) { c.ValidAfter = uint64(start().Unix()) + 1 }, signing.NotYetValid, 0},
		"for hosts":       {func(c *ssh.Certificate) { c.CertType = ssh.HostCert }, signing.NotASigner, 0},
		"nobody":          {func(c *ssh.Certificate) { c.ValidPrincipals = nil }, signing.NotASigner, 0},
		"somebody else":   {func(c *ssh.Certificate) { c.ValidPrincipals = []string{"root"} }, signing.NotASigner, 0},
		"hidden letters":  {func(c *ssh.Certificate) { c.ValidPrincipals = []string{"a\u202e@example.com"} }, signing.NotASigner, 0},
		"a limit we lack": {func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"source-address": "10.0.0.0/8"} }, signing.NotASigner, 0},
	} {
		_, err := g.Verify(sign(t, statement(), certificate(t, authority, carol, wrong.change)), start().Add(wrong.after))
		require.Equal(t, wrong.want, refused(t, err), name)
	}
	_, err = g.Verify(sign(t, statement(), certificate(t, signer(t), carol, nil)), start())
	require.Equal(t, signing.NotASigner, refused(t, err), "another authority")
	_, err = g.Verify(sign(t, statement(), authority), start())
	require.Equal(t, signing.NotASigner, refused(t, err), "the authority certifies, and signs nothing itself")
	_, err = group(t, "carol@example.com "+line(carol.PublicKey())).Verify(sign(t, statement(), certificate(t, authority, carol, nil)), start())
	require.Equal(t, signing.NotASigner, refused(t, err), "as ssh-keygen has it")

	for name, key := range map[string]ssh.PublicKey{"the key": carol.PublicKey(), "the authority": authority.PublicKey()} {
		g, err := signers.Parse("leads", signers.File{Text: []byte(allowed)}, &signers.File{Text: []byte(line(key))})
		require.NoError(t, err)
		_, err = g.Verify(sign(t, statement(), certificate(t, authority, carol, nil)), start())
		require.Equal(t, signing.Revoked, refused(t, err), name)
	}
	forged, is := certificate(t, authority, carol, nil).PublicKey().(*ssh.Certificate)
	require.True(t, is)
	forged.ValidPrincipals = []string{"dave@example.com"}
	asDave, err := ssh.NewCertSigner(forged, carol)
	require.NoError(t, err)
	_, err = g.Verify(sign(t, statement(), asDave), start())
	require.Equal(t, signing.NotASigner, refused(t, err), "a certificate that was changed")
}

func TestWeakKeysDoNotCount(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	signs, err := ssh.NewSignerFromKey(small)
	require.NoError(t, err)
	_, err = group(t, "alice@example.com "+line(signs.PublicKey())).Verify(sign(t, statement(), signs), start())
	require.Equal(t, signing.Weak, refused(t, err))

	large, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	signs, err = ssh.NewSignerFromKey(large)
	require.NoError(t, err)
	g := group(t, "alice@example.com "+line(signs.PublicKey()))
	_, err = g.Verify(sign(t, statement(), signs), start())
	require.NoError(t, err)
	_, err = g.Verify(sha1Signed(t, signs, signs.PublicKey()), start())
	require.ErrorContains(t, err, `"ssh-rsa"`)

	authority := signer(t)
	certified := certificate(t, authority, signs, nil)
	_, err = group(t, "*@example.com cert-authority "+line(authority.PublicKey())).Verify(sha1Signed(t, signs, certified.PublicKey()), start())
	require.Equal(t, signing.Weak, refused(t, err), "the library does not see this one")
}

// sha1Signed is a signature by RSA with SHA-1, which nobody makes any more.
func sha1Signed(tb testing.TB, by ssh.Signer, key ssh.PublicKey) signing.Signature {
	tb.Helper()
	text := text(tb, statement())
	sig, err := sshsig.Sign(strings.NewReader(text), by, sshsig.HashSHA256, signing.SSHNamespace)
	require.NoError(tb, err)
	sum := sha256.Sum256([]byte(text))
	as, is := by.(ssh.AlgorithmSigner)
	require.True(tb, is)
	sig.PublicKey = key
	sig.Signature, err = as.SignWithAlgorithm(rand.Reader, signedData(string(sum[:])), ssh.KeyAlgoRSA)
	require.NoError(tb, err)
	return signing.Signature{Statement: text, Armored: string(sshsig.Armor(sig))}
}

// signedData is what a signature is over (OpenSSH, PROTOCOL.sshsig).
func signedData(hash string) []byte {
	return append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Hash, Sum string }{signing.SSHNamespace, "", "sha256", hash})...)
}

func TestASecurityKeyWasTouched(t *testing.T) {
	t.Parallel()
	for flags, want := range map[byte]signing.Reason{0x01: "", 0x05: "", 0x00: signing.Weak, 0x04: signing.Weak} {
		k, err := signerstest.NewSecurityKey(flags)
		require.NoError(t, err)
		_, err = group(t, "alice@example.com "+line(k.PublicKey())).Verify(sign(t, statement(), k), start())
		if want == "" {
			require.NoError(t, err, flags)
			continue
		}
		require.Equal(t, want, refused(t, err), flags)
		require.ErrorContains(t, err, "not touched")
	}
}

func TestWhatCannotBeUnderstoodFailsTheFile(t *testing.T) {
	t.Parallel()
	key := line(signer(t).PublicKey())
	cert := line(certificate(t, signer(t), signer(t), nil).PublicKey())
	for bad, says := range map[string]string{
		"":                   "names no signer",
		"# nobody":           "names no signer",
		"alice@example.com":  "has no key",
		"alice@example.com ": "has no key",
		"alice@example.com " + strings.Fields(key)[0]:                                   "has no key",
		"alice@example.com ssh-ed25519 !!!":                                             "not base64",
		"alice@example.com ssh-ed25519 AAAA":                                            "cannot be read",
		"alice@example.com ssh-rsa " + strings.Fields(key)[1]:                           "is called ssh-rsa",
		"alice@example.com ssh-later@example.com AAAA":                                  "unknown option",
		"alice@example.com no-touch-required " + key:                                    `unknown option "no-touch-required"`,
		"alice@example.com cert-authority":                                              "has no key after",
		"alice@example.com cert-authority=\"x\" " + key:                                 "takes no value",
		"alice@example.com cert-authority, " + key:                                      "options that end in",
		"alice@example.com cert-authority,cert-authority " + key:                        "twice",
		"alice@example.com namespaces=git " + key:                                       "double quotes",
		"alice@example.com namespaces=\"\" " + key:                                      "names none",
		"alice@example.com namespaces=\"git " + key:                                     "not closed",
		"alice@example.com namespaces=\"git\"x " + key:                                  "options that end in",
		"alice@example.com valid-after=\"20260101\" " + key:                             "write 20260101Z",
		"alice@example.com valid-after=\"2026\" " + key:                                 "invalid time",
		"alice@example.com valid-after=\"20261301Z\" " + key:                            "invalid time",
		"alice@example.com valid-after=\"19700101Z\" " + key:                            "invalid time",
		"alice@example.com valid-before=\"20260101Z\",valid-after=\"20260102Z\" " + key: "not after",
		"alice@example.com,,bob@example.com " + key:                                     "the principal \"\"",
		"!,bob@example.com " + key:                                                      "the principal \"!\"",
		"al\u202eice@example.com " + key:                                                "the principal",
		"\"alice smith " + key:                                                          "not closed",
		"\"alice smith\"" + key:                                                         "no space",
		"alice\"smith\" " + key:                                                         "within its principals",
		"alice@example.com " + cert:                                                     "has a certificate",
	} {
		_, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte(bad)}, nil)
		require.ErrorContains(t, err, says, bad)
	}
	_, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte("a@b " + key + "\nx\n\ny\n")}, nil)
	require.ErrorContains(t, err, "allowed:2: ")
	require.ErrorContains(t, err, "allowed:4: ")
}

func TestGroupsAnswerOnlyForThoseThatThereAre(t *testing.T) {
	t.Parallel()
	alice := signer(t)
	path := t.TempDir() + "/allowed"
	require.NoError(t, os.WriteFile(path, []byte("alice@example.com "+line(alice.PublicKey())), 0o600))
	g, err := signers.Load("leads", path, "")
	require.NoError(t, err)
	groups := signers.NewGroups(nil)
	check := func() error {
		_, err := groups.Check("leads", sign(t, statement(), alice), statement(), start(), signing.MaxAge)
		return err
	}
	require.ErrorIs(t, check(), maintenance.ErrNotReady)
	require.ErrorContains(t, check(), `no group of signers "leads"`)
	groups.Replace(signers.NewGroups([]*signers.Group{g}))
	require.NoError(t, check())

	_, err = signers.Load("leads", path, path+"-none")
	require.ErrorContains(t, err, path+"-none")
	require.NoError(t, os.WriteFile(path, make([]byte, signers.MaxFile+1), 0o600))
	_, err = signers.Load("leads", path, "")
	require.ErrorContains(t, err, "too large")
}
