package signers_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/signers/signerstest"
)

// openssh runs ssh-keygen in a folder of its own.
type openssh struct {
	t   *testing.T
	dir string
}

func newOpenSSH(t *testing.T) openssh {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("ssh-keygen is not installed: apt-get install openssh-client")
	}
	return openssh{t: t, dir: t.TempDir()}
}

func (o openssh) try(stdin string, args ...string) (string, error) {
	o.t.Helper()
	command := exec.CommandContext(o.t.Context(), "ssh-keygen", args...)
	command.Dir, command.Stdin = o.dir, strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	return string(out), err
}

func (o openssh) run(args ...string) string {
	o.t.Helper()
	out, err := o.try("", args...)
	require.NoError(o.t, err, "ssh-keygen %s: %s", strings.Join(args, " "), out)
	return out
}

// key makes a key of a type in a file of that name, and gives its public line.
func (o openssh) key(name string, args ...string) string {
	o.t.Helper()
	o.run(append([]string{"-q", "-N", "", "-C", name, "-f", name}, args...)...)
	return o.read(name + ".pub")
}

func (o openssh) read(name string) string {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, name))
	require.NoError(o.t, err)
	return strings.TrimSpace(string(text))
}

func (o openssh) write(name, text string) {
	o.t.Helper()
	require.NoError(o.t, os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600))
}

func (o openssh) sign(key, text, namespace string) signing.Signature {
	o.t.Helper()
	o.write("statement", text)
	_ = os.Remove(filepath.Join(o.dir, "statement.sig"))
	o.run("-q", "-Y", "sign", "-f", key, "-n", namespace, "statement")
	return signing.Signature{Statement: text, Armored: o.read("statement.sig")}
}

// accepts is true where ssh-keygen -Y verify takes the signature for the principal's at the time.
func (o openssh) accepts(s signing.Signature, allowed, revoked, principal string, at time.Time) (bool, string) {
	o.t.Helper()
	o.write("allowed", allowed)
	o.write("sig", s.Armored+"\n")
	args := []string{
		"-Y", "verify", "-f", "allowed", "-I", principal, "-n", signing.SSHNamespace, "-s", "sig",
		"-O", "verify-time=" + at.UTC().Format("20060102150405") + "Z",
	}
	if revoked != "" {
		o.write("revoked", revoked)
		args = append(args, "-r", "revoked")
	}
	out, err := o.try(s.Statement, args...)
	return err == nil, out
}

func TestWeAndOpenSSHAgree(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	keys := map[string]string{
		"ED": o.key("ed", "-t", "ed25519"), "EC": o.key("ec", "-t", "ecdsa", "-b", "384"), "RSA": o.key("rsa", "-t", "rsa", "-b", "2048"),
		"OTHER": o.key("other", "-t", "ed25519"), "CA": o.key("ca", "-t", "ed25519"), "CARSA": o.key("carsa", "-t", "rsa", "-b", "2048"),
	}
	o.key("carol", "-t", "ed25519")
	o.run("-q", "-s", "ca", "-I", "id", "-n", "carol@example.com,root", "-V", "always:forever", "carol.pub")
	o.key("dave", "-t", "rsa", "-b", "2048")
	o.run("-q", "-s", "carsa", "-I", "id", "-n", "dave@example.com", "-V", "20200101Z:20200102Z", "dave.pub")
	by := map[string]signing.Signature{}
	for _, name := range []string{"ed", "ec", "rsa", "carol-cert.pub", "dave-cert.pub"} {
		by[name] = o.sign(name, text(t, statement()), signing.SSHNamespace)
	}
	by["namespace"] = o.sign("ed", text(t, statement()), "file")
	by["altered"] = signing.Signature{Statement: strings.Replace(text(t, statement()), "march", "april", 1), Armored: by["ed"].Armored}
	hour := func(d time.Duration) string { return start().Add(d * time.Hour).Format("200601021504Z") }

	for name, row := range map[string]struct {
		by       string
		allowed  string
		revoked  string
		want     signing.Reason // empty: accepted; by ssh-keygen too
		stricter bool           // ssh-keygen accepts it
		broken   bool           // our file does not load
	}{
		"Ed25519":                  {by: "ed", allowed: "alice@example.com ED"},
		"ECDSA":                    {by: "ec", allowed: "alice@example.com EC"},
		"RSA":                      {by: "rsa", allowed: "alice@example.com RSA"},
		"a comment, an empty line": {by: "ed", allowed: "# leads\n\n   # more\nalice@example.com ED"},
		"the second line":          {by: "ed", allowed: "bob@example.com OTHER\nalice@example.com ED"},
		"tabs":                     {by: "ed", allowed: "\talice@example.com \t namespaces=\"action@*\"\t ED"},
		"no last line end":         {by: "ed", allowed: "alice@example.com ED\n\n"},
		"quoted principals":        {by: "ed", allowed: `"alice smith@example.com" ED`},
		"a list":                   {by: "ed", allowed: "alice@example.com,al@example.com ED"},
		"negated, then itself":     {by: "ed", allowed: "!alice@example.com,alice@example.com ED", want: signing.NotASigner},
		"negated by a pattern":     {by: "ed", allowed: "!al*@example.com,alice@example.com,zoe@example.com ED"},
		"a pattern only":           {by: "ed", allowed: "*@example.com ED", want: signing.NotASigner, stricter: true},
		"another key":              {by: "ed", allowed: "alice@example.com OTHER", want: signing.NotASigner},
		"another namespace signed": {by: "namespace", allowed: "alice@example.com ED", want: signing.WrongNamespace},
		"altered":                  {by: "altered", allowed: "alice@example.com ED", want: signing.Altered},
		"namespace permitted":      {by: "ed", allowed: `alice@example.com namespaces="file,action@tidegate.github.io" ED`},
		"namespace by pattern":     {by: "ed", allowed: `alice@example.com NameSpaces="action@?idegate.*" ED`},
		"namespace not permitted":  {by: "ed", allowed: `alice@example.com namespaces="file" ED`, want: signing.NotASigner},
		"namespace negated":        {by: "ed", allowed: `alice@example.com namespaces="*,!action@*" ED`, want: signing.NotASigner},
		"still valid":              {by: "ed", allowed: `alice@example.com valid-after="` + hour(-1) + `",valid-before="` + hour(1) + `" ED`},
		"valid until this second":  {by: "ed", allowed: `alice@example.com valid-before="` + hour(0) + `" ED`},
		"valid from this second":   {by: "ed", allowed: `alice@example.com valid-after="` + hour(0) + `" ED`},
		"expired":                  {by: "ed", allowed: `alice@example.com valid-before="` + hour(-1) + `" ED`, want: signing.Expired},
		"not yet valid":            {by: "ed", allowed: `alice@example.com valid-after="` + hour(1) + `" ED`, want: signing.NotYetValid},
		"a day, small z":           {by: "ed", allowed: `alice@example.com valid-after="20200101z" ED`},
		"UTC in letters":           {by: "ed", allowed: `alice@example.com valid-after="20200101UTC" ED`},
		"seconds":                  {by: "ed", allowed: `alice@example.com valid-before="20200101000000Z" ED`, want: signing.Expired},
		"expired, and renewed":     {by: "ed", allowed: "bob@example.com valid-before=\"20200101Z\" ED\nalice@example.com ED"},
		"a zone of the machine":    {by: "ed", allowed: `alice@example.com valid-after="20200101" ED`, stricter: true, broken: true},
		"an unknown option":        {by: "ed", allowed: `alice@example.com no-touch-required ED`, broken: true},
		"an option twice":          {by: "ed", allowed: `alice@example.com valid-after="20200101Z",valid-after="20200102Z" ED`, broken: true},
		"no quotes":                {by: "ed", allowed: `alice@example.com valid-after=20200101Z ED`, broken: true},
		"before after after":       {by: "ed", allowed: `alice@example.com valid-after="20200102Z",valid-before="20200101Z" ED`, broken: true},
		"a broken line elsewhere":  {by: "ed", allowed: "bob@example.com force ED\nalice@example.com ED", stricter: true, broken: true},
		"revoked":                  {by: "ed", allowed: "alice@example.com ED", revoked: "# lost\nOTHER\nED", want: signing.Revoked},
		"another is revoked":       {by: "ed", allowed: "alice@example.com ED", revoked: "OTHER"},
		"a broken list of revoked": {by: "ed", allowed: "alice@example.com ED", revoked: "serial: 1\n", broken: true},
		"certified":                {by: "carol-cert.pub", allowed: "*@example.com cert-authority CA"},
		"certified, RSA by RSA":    {by: "dave-cert.pub", allowed: "*@example.com cert-authority CARSA", want: signing.Expired},
		"another authority":        {by: "carol-cert.pub", allowed: "*@example.com cert-authority OTHER", want: signing.NotASigner},
		"another's domain":         {by: "carol-cert.pub", allowed: "*@example.org cert-authority CA", want: signing.NotASigner},
		"no authority":             {by: "carol-cert.pub", allowed: "carol@example.com CA", want: signing.NotASigner},
		"a revoked authority":      {by: "carol-cert.pub", allowed: "*@example.com cert-authority CA", revoked: "CA", want: signing.Revoked},
		"an authority by itself":   {by: "ed", allowed: "alice@example.com cert-authority ED", want: signing.NotASigner},
	} {
		t.Run(name, func(t *testing.T) {
			for short, key := range keys {
				bare := strings.Join(strings.Fields(key)[:2], " ")
				row.allowed, row.revoked = replaced(row.allowed, short, bare), replaced(row.revoked, short, bare)
			}
			var revoked *signers.File
			if row.revoked != "" {
				revoked = &signers.File{Path: "revoked", Text: []byte(row.revoked)}
			}
			principal := "alice@example.com"
			g, err := signers.Parse("leads", signers.File{Path: "allowed", Text: []byte(row.allowed)}, revoked)
			require.Equal(t, row.broken, err != nil, "%v", err)
			if err == nil {
				var v signing.Verified
				if v, err = g.Verify(by[row.by], start()); row.want == "" {
					require.NoError(t, err)
					principal = v.Principal
				} else {
					require.Equal(t, row.want, refused(t, err), "%v", err)
				}
			}
			theirs, says := o.accepts(by[row.by], row.allowed, row.revoked, principal, start())
			require.Equal(t, err == nil || row.stricter, theirs, "we say %v, ssh-keygen says %s", err, says)
		})
	}
}

// replaced puts a key in the place of its short name, where that stands alone.
func replaced(text, short, key string) string {
	var lines []string
	for line := range strings.Lines(text) {
		end := line[len(strings.TrimRight(line, "\n")):]
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		for i, word := range words {
			if word == short {
				words[i] = key
			}
		}
		lines = append(lines, strings.Join(words, " ")+end)
	}
	return strings.Join(lines, "")
}

// What we sign, ssh-keygen verifies.
func TestOpenSSHTakesOurSignatures(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	alice := signer(t)
	s := sign(t, statement(), alice)
	ok, says := o.accepts(s, "alice@example.com "+line(alice.PublicKey())+"\n", "", "alice@example.com", start())
	require.True(t, ok, says)
	require.Contains(t, o.run("-Y", "find-principals", "-f", "allowed", "-s", "sig"), "alice@example.com")
}

// A binary revocation list is not read, and not ignored.
func TestABinaryRevocationListIsRefused(t *testing.T) {
	t.Parallel()
	o := newOpenSSH(t)
	key := o.key("ed", "-t", "ed25519")
	o.run("-q", "-k", "-f", "krl", "ed.pub")
	krl, err := os.ReadFile(filepath.Join(o.dir, "krl"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(krl, []byte("SSHKRL")))
	_, err = signers.Parse("leads", signers.File{Text: []byte("alice@example.com " + key)}, &signers.File{Path: "krl", Text: krl})
	require.ErrorContains(t, err, "krl is a binary key revocation list")
}

func FuzzAllowedSigners(f *testing.F) {
	alice := signer(f)
	key := line(alice.PublicKey())
	for _, seed := range []string{
		"alice@example.com " + key, `"a b",c namespaces="x\"y",valid-after="20260101Z" ` + key, "*,!bob cert-authority " + key, "#\n\n\t", "a \"",
	} {
		f.Add(seed, "#")
		f.Add("a@b "+key, seed)
	}
	s := sign(f, statement(), alice)
	f.Fuzz(func(t *testing.T, allowed, revoked string) {
		g, err := signers.Parse("leads", signers.File{Text: []byte(allowed)}, &signers.File{Text: []byte(revoked)})
		if err != nil {
			return
		}
		v, err := g.Verify(s, start())
		if err != nil {
			require.NotEmpty(t, refused(t, err))
			return
		}
		require.NotEmpty(t, v.Principal)
		require.True(t, signing.OneLine(v.Principal), v.Principal)
		require.Contains(t, allowed, v.Principal)
	})
}

func FuzzSignature(f *testing.F) {
	alice := signer(f)
	g := group(f, "alice@example.com "+line(alice.PublicKey()))
	good := sign(f, statement(), alice)
	f.Add(good.Armored, good.Statement)
	f.Add(sign(f, statement(), certificate(f, alice, signer(f), nil)).Armored, "")
	token, err := signerstest.NewSecurityKey(1)
	require.NoError(f, err)
	f.Add(sign(f, statement(), token).Armored, good.Statement)
	f.Fuzz(func(t *testing.T, armored, text string) {
		v, err := g.Verify(signing.Signature{Statement: text, Armored: armored}, start())
		if err != nil {
			require.NotEmpty(t, refused(t, err))
			return
		}
		require.Equal(t, good.Statement, text, "nothing else was ever signed")
		require.Equal(t, "alice@example.com", v.Principal)
	})
}
