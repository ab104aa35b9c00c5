package report

import (
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/report"
)

// signedRun is a campaign whose report can be written: people with keys, in groups.
type signedRun struct {
	t    *testing.T
	keys map[string]ssh.Signer
	d    report.Document
}

func at(minute int) time.Time { return time.Date(2026, 11, 22, 12, minute, 0, 0, time.UTC) }

// newSignedRun is a report of a campaign of two targets that alice started, bob and carol approved, and in which carol
// skipped a target by its gateway's id.
func newSignedRun(t *testing.T) *signedRun {
	t.Helper()
	r := &signedRun{t: t, keys: map[string]ssh.Signer{}}
	for _, who := range []string{"alice", "bob", "carol"} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		r.keys[who], err = ssh.NewSignerFromKey(private)
		require.NoError(t, err)
	}
	r.d = report.Document{Name: "q4", Submitter: "alice", Targets: []report.Target{
		{Name: "files-000", Gateway: "sgw-1", Wave: 1, Runs: []report.Run{{RunID: "r1"}}}, {Name: "database-1", Gateway: "sgw-2", Wave: 2},
	}}
	r.d.Plan.Approvals = maintenance.Approvals{Signers: "leads", Count: 2, Commands: maintenance.CommandsSigned}
	r.d.Run.Digest, r.d.Run.FirstRun = signing.PlanDigest(strings.Repeat("ab", 32)), "run-1"
	r.d.Run.Signers = signing.Rule{{Signers: "leads", Count: 2, Commands: maintenance.CommandsSigned}}
	r.d.Run.Started = r.proof("alice", "leads", signing.Statement{Action: "run", Plan: r.d.Run.Digest, At: at(0)})
	r.decide("bob", maintenance.Decision{What: maintenance.WhatApprove, Wave: 1, Why: "CHG-1", At: at(1)}, "")
	r.decide("carol", maintenance.Decision{What: maintenance.WhatApprove, Wave: 1, At: at(2)}, "")
	r.decide("carol", maintenance.Decision{What: "skip", Target: "database-1", Why: "later", At: at(3)}, "SGW-2")
	return r
}

func (r *signedRun) proof(who, group string, s signing.Statement) maintenance.Proof {
	r.t.Helper()
	s.Namespace, s.Campaign, s.Nonce = "default", "q4", who
	text, err := s.Text()
	require.NoError(r.t, err)
	sig, err := sshsig.Sign(strings.NewReader(string(text)), r.keys[who], sshsig.HashSHA512, signing.SSHNamespace)
	require.NoError(r.t, err)
	return maintenance.Proof{
		Principal: who, Key: ssh.FingerprintSHA256(r.keys[who].PublicKey()), KeyType: "ssh-ed25519", Groups: group, At: s.At,
		Statement: string(text), Signature: string(sshsig.Armor(sig)),
	}
}

// decide adds a decision. The target may be signed under another of its names.
func (r *signedRun) decide(who string, d maintenance.Decision, target string) {
	r.t.Helper()
	if d.By = who; target == "" {
		target = d.Target
	}
	d.Proof = r.proof(who, "leads", signing.Statement{
		Run: "run-1", Plan: r.d.Run.Digest, Action: d.What, Target: target, Wave: d.Wave, Why: d.Why, At: d.At,
	})
	r.d.Decisions = append(r.d.Decisions, report.Decision{Decision: d})
}

// file is the path of an allowed_signers file with the keys of people.
func (r *signedRun) file(people ...string) string {
	r.t.Helper()
	var text []byte
	for _, who := range people {
		text = append(append(text, who+" "...), ssh.MarshalAuthorizedKey(r.keys[who].PublicKey())...)
	}
	path := filepath.Join(r.t.TempDir(), strings.Join(people, "-"))
	require.NoError(r.t, os.WriteFile(path, text, 0o600))
	return path
}

func (r *signedRun) check() []render.SignatureVerdict {
	r.t.Helper()
	known, err := loadSigners(reportFlags{verify: "x", signers: []string{r.file("alice", "bob", "carol")}})
	require.NoError(r.t, err)
	return checkSignatures(r.d, known)
}

func problems(all []render.SignatureVerdict) (text string) {
	for _, v := range all {
		if !v.OK {
			text += v.What + " " + v.Target + ": " + v.Problem + "\n"
		}
	}
	return text
}

func TestASignedReportVerifiesWithoutTemporal(t *testing.T) {
	t.Parallel()
	all := newSignedRun(t).check()
	require.Empty(t, problems(all))
	require.Len(t, all, 4)
}

// What was changed in an export is noticed by the signatures alone, without its histories.
func TestATamperedReportDoesNotVerifyOffline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		alter func(*signedRun)
		want  string
	}{
		"another target":           {func(r *signedRun) { r.d.Decisions[2].Target = "files-000" }, "target: signed for"},
		"a target that is none":    {func(r *signedRun) { r.d.Decisions[2].Target = "sgw-9" }, "target: signed for"},
		"another reason":           {func(r *signedRun) { r.d.Decisions[2].Why = "the owner asked for it" }, "the report says why"},
		"an earlier time":          {func(r *signedRun) { r.d.Decisions[2].At = at(3).AddDate(0, -1, 0) }, "the report says that it was decided at"},
		"a later time":             {func(r *signedRun) { r.d.Decisions[2].At = at(3).AddDate(0, 1, 0) }, "the report says that it was decided at"},
		"another time of its key":  {func(r *signedRun) { r.d.Decisions[2].Proof.At = at(30) }, "too old"},
		"another person":           {func(r *signedRun) { r.d.Decisions[2].By = "bob" }, "carol has signed"},
		"another key's type":       {func(r *signedRun) { r.d.Decisions[2].Proof.KeyType = "sk" }, "the report names"},
		"another group":            {func(r *signedRun) { r.d.Decisions[2].Proof.Groups = "security" }, "counts in group"},
		"no group":                 {func(r *signedRun) { r.d.Decisions[2].Proof.Groups = "" }, "counts in group"},
		"no digest":                {func(r *signedRun) { r.d.Run.Digest = "" }, "does not say which plan"},
		"no first run":             {func(r *signedRun) { r.d.Run.FirstRun = "" }, "does not say which plan"},
		"no digest, another run":   {func(r *signedRun) { r.d.Run.Digest, r.d.Run.FirstRun = "", "another" }, "does not say which plan"},
		"another run":              {func(r *signedRun) { r.d.Run.FirstRun = "another" }, "first run: signed for"},
		"no groups":                {func(r *signedRun) { r.d.Run.Signers = nil }, "names no group"},
		"another group in the run": {func(r *signedRun) { r.d.Run.Signers[0].Signers = "others" }, "its run does not ask for it"},
		"no proof of a command":    {func(r *signedRun) { r.d.Decisions[2].Proof = maintenance.Proof{} }, "a signature is required"},
		"no proof of an approval":  {func(r *signedRun) { r.d.Decisions[0].Proof = maintenance.Proof{} }, "a signature is required"},
		"a decision twice":         {func(r *signedRun) { r.d.Decisions = append(r.d.Decisions, r.d.Decisions[2]) }, "used already"},
		"an approval twice":        {func(r *signedRun) { r.d.Decisions[1] = r.d.Decisions[0] }, "used already"},
		"an approval less":         {func(r *signedRun) { r.d.Decisions = r.d.Decisions[1:] }, "1 of leads are missing"},
		"no signed start":          {func(r *signedRun) { r.d.Run.Started = maintenance.Proof{} }, "1 of leads are missing"},
		"another submitter":        {func(r *signedRun) { r.d.Submitter = "carol" }, "alice has signed"},
		"the submitter approves":   {func(r *signedRun) { r.approve("alice") }, "may not approve"},
		"a person approves twice":  {func(r *signedRun) { r.approve("bob") }, "has approved already"},
		"an unsigned abort's signature": {func(r *signedRun) {
			r.decide("bob", maintenance.Decision{What: "abort", At: at(5)}, "")
		}, "no group that has to sign this"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSignedRun(t)
			tc.alter(r)
			require.Contains(t, problems(r.check()), tc.want)
		})
	}
}

func (r *signedRun) approve(who string) {
	r.decide(who, maintenance.Decision{What: maintenance.WhatApprove, Wave: 1, At: at(4)}, "")
}

// Of each wave that needs its own, approvals of another do not count.
func TestEachWavesApprovalsAreCountedByThemselves(t *testing.T) {
	t.Parallel()
	r := newSignedRun(t)
	r.d.Plan.Approvals.EachWave = true
	require.Empty(t, problems(r.check()))
	r.d.Targets[1].Runs = []report.Run{{RunID: "r2"}}
	require.Contains(t, problems(r.check()), "targets of wave 2 were run, and of its approvals 2 of leads are missing")
}

// Two groups have a file each, and an approval counts in those that know its signer.
func TestSeveralGroupsHaveAFileEach(t *testing.T) {
	t.Parallel()
	r := newSignedRun(t)
	r.d.Run.Signers = signing.Rule{{Signers: "leads", Count: 1, Commands: maintenance.CommandsSigned}, {Signers: "security", Count: 1}}
	r.d.Decisions[1].Proof.Groups = "leads, security"
	leads, security := r.file("alice", "bob", "carol"), r.file("alice", "carol")
	r.d.Run.Started.Groups = "leads, security"
	for _, tc := range []struct {
		signers []string
		want    string
	}{
		{[]string{"leads=" + leads, "security=" + security}, ""},
		{[]string{leads}, "give --signers leads=FILE"},
		{[]string{"leads=" + leads}, "give --signers security=FILE"},
		{[]string{"leads=" + leads, "security=" + leads}, ""},
		{[]string{"leads=" + security, "security=" + security}, "may not sign here"}, // bob is in neither
	} {
		known, err := loadSigners(reportFlags{verify: "x", signers: tc.signers})
		require.NoError(t, err)
		if found := problems(checkSignatures(r.d, known)); tc.want == "" {
			require.Empty(t, found)
		} else {
			require.Contains(t, found, tc.want)
		}
	}
}

// Where several groups demand signed commands, one person of all of them has to sign.
func TestACommandIsSignedForEachGroup(t *testing.T) {
	t.Parallel()
	r := newSignedRun(t)
	r.d.Run.Signers = append(r.d.Run.Signers, signing.Demand{Signers: "security", Count: 1, Commands: maintenance.CommandsSigned})
	for people, refused := range map[string]bool{"alice carol": false, "alice bob": true} {
		known, err := loadSigners(reportFlags{verify: "x", signers: []string{
			"leads=" + r.file("alice", "bob", "carol"), "security=" + r.file(strings.Fields(people)...),
		}})
		require.NoError(t, err)
		said := problems(checkSignatures(r.d, known))
		require.Equal(t, refused, strings.Contains(said, "has to count in each"), "%s: %s", people, said)
	}
}

func TestFilesOfSignersNameTheirGroups(t *testing.T) {
	t.Parallel()
	r := newSignedRun(t)
	a := r.file("alice")
	for name, f := range map[string]reportFlags{
		"two files without a group":       {signers: []string{a, a}},
		"one with and one without":        {signers: []string{a, "leads=" + a}},
		"a group twice":                   {signers: []string{"leads=" + a, "leads=" + a}},
		"no file":                         {signers: []string{"leads="}},
		"revoked keys of another group":   {signers: []string{"leads=" + a}, revoked: []string{"others=" + a}},
		"revoked keys without any group":  {signers: []string{"leads=" + a}, revoked: []string{a}},
		"revoked keys without --signers":  {revoked: []string{a}},
		"--offline without --signers":     {offline: true},
		"a file that cannot be read":      {signers: []string{a + "-none"}},
		"signers without --verify at all": {signers: []string{a}, format: "none"},
	} {
		if f.verify = "x"; f.format == "none" {
			f.verify = ""
		}
		_, err := loadSigners(f)
		require.Error(t, err, name)
	}
	gone := filepath.Join(t.TempDir(), "revoked")
	require.NoError(t, os.WriteFile(gone, ssh.MarshalAuthorizedKey(r.keys["alice"].PublicKey()), 0o600))
	known, err := loadSigners(reportFlags{verify: "x", signers: []string{"leads=" + a}, revoked: []string{"leads=" + gone}})
	require.NoError(t, err)
	require.Contains(t, problems(checkSignatures(r.d, known)), "was revoked")
}
