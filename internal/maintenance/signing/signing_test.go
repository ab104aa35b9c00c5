package signing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/test/teststart"
)

func start() time.Time { return teststart.On(time.Monday, 8) }

func statement() signing.Statement {
	return signing.Statement{
		Namespace: "default", Campaign: "march", Run: "0190a1f2-0000-7000-8000-000000000001", Action: "approve", Wave: 2,
		Plan: "sha256:" + strings.Repeat("ab", 32), Why: "CHG-1234: reviewed", Nonce: "n1", At: start(),
	}
}

func TestTheTextIsWhatAPersonReads(t *testing.T) {
	t.Parallel()
	text, err := statement().Text()
	require.NoError(t, err)
	require.Equal(t, `Tidegate statement, version 1
namespace: default
campaign: march
first run: 0190a1f2-0000-7000-8000-000000000001
action: approve
wave: 2
plan: sha256:abababababababababababababababababababababababababababababababab
why: CHG-1234: reviewed
nonce: n1
at: `+start().Format(time.RFC3339)+"\n", string(text))
}

// drawn is any statement that has a text.
func drawn(t *rapid.T, label string) signing.Statement {
	word := rapid.OneOf(
		rapid.StringMatching(`[a-z]([a-z :]{0,6}[a-z])?`), rapid.Just("at: x"), rapid.Just("名前"),
		rapid.SampledFrom([]string{"wave: 1", "a=b", `"quoted"`, "sha256:"}))
	maybe := func(name string) string {
		return rapid.OneOf(rapid.Just(""), word).Draw(t, label+name)
	}
	moment := func(name string) time.Time {
		return time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, label+name), rapid.Int64Range(0, 2).Draw(t, label+name+"ns")*1e5).UTC()
	}
	s := signing.Statement{
		Namespace: word.Draw(t, label+"namespace"), Campaign: word.Draw(t, label+"campaign"), Run: maybe("run"),
		Action: word.Draw(t, label+"action"), Target: maybe("target"), Step: maintenance.Step(maybe("step")), Check: maybe("check"),
		MaxConcurrent: rapid.IntRange(0, 500).Draw(t, label+"max"), Wave: rapid.IntRange(0, 3).Draw(t, label+"wave"),
		Why: maybe("why"), Nonce: maybe("nonce"), At: moment("at"),
	}
	if rapid.Bool().Draw(t, label+"plan") {
		s.Plan = signing.PlanDigest(rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, label+"digest"))
	}
	if rapid.Bool().Draw(t, label+"later") {
		s.NotBefore = moment("notBefore")
	}
	return s
}

func TestEachStatementHasItsOwnText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "a "), drawn(t, "b ")
		textA, err := a.Text()
		require.NoError(t, err)
		textB, err := b.Text()
		require.NoError(t, err)
		require.Equal(t, a == b, string(textA) == string(textB))
		again, err := signing.Parse(textA)
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	text, err := statement().Text()
	require.NoError(t, err)
	good := string(text)
	for name, bad := range map[string]string{
		"empty":            "",
		"another version":  strings.Replace(good, "version 1", "version 2", 1),
		"no last newline":  strings.TrimSuffix(good, "\n"),
		"an empty line":    strings.Replace(good, "wave", "\nwave", 1),
		"a line more":      good + "target: gw\n",
		"an unknown line":  strings.Replace(good, "wave: 2", "wave: 2\nforce: yes", 1),
		"a line twice":     strings.Replace(good, "wave: 2\n", "wave: 2\nwave: 2\n", 1),
		"out of order":     strings.Replace(good, "wave: 2\n", "", 1) + "wave: 2\n",
		"an empty value":   strings.Replace(good, "wave: 2", "target: \nwave: 2", 1),
		"another number":   strings.Replace(good, "wave: 2", "wave: +2", 1),
		"a zero":           strings.Replace(good, "wave: 2", "wave: 0", 1),
		"a letter":         strings.Replace(good, "wave: 2", "wave: two", 1),
		"carriage return":  strings.ReplaceAll(good, "\n", "\r\n"),
		"a space more":     strings.Replace(good, "march", "march ", 1),
		"another zone":     strings.Replace(good, "Z\n", "+00:00\n", 1),
		"capital digest":   strings.Replace(good, "abab", "ABAB", 1),
		"nothing required": "Tidegate statement, version 1\n",
		"too long":         strings.Replace(good, "march", strings.Repeat("m", signing.MaxText), 1),
	} {
		_, err := signing.Parse([]byte(bad))
		var refusal *signing.RefusedError
		require.ErrorAs(t, err, &refusal, name)
		require.Equal(t, signing.Malformed, refusal.Reason, name)
	}
}

func TestNoValueHidesAnother(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"a line break": "march\nwave: 3", "a carriage return": "march\rwave: 3", "an escape": "\x1b[2K", "a tab": "a\tb",
		"right to left": "a\u202eb", "no width": "a\u200bb", "a line separator": "a\u2028b", "a next line": "a\u0085b",
		"no UTF-8": "a\xffb", "spaces at the end": "march ", "a wide space at the end": "march\u3000",
		"a Hangul filler": "web\u3164", "a variation selector": "web\ufe0f", "a Braille blank": "web\u2800",
		"a no-break space": "db-01\u00a0(not db-02)", "a wide space": "db-01\u3000db-02", "letters that run to the left": "\u05d0 1 2 \u05d1",
		"an unassigned code point": "web\u0378", "a grapheme joiner": "we\u034fb", "a mark on nothing": "web \u0301",
		"a mark on a number": "1\u0338", "a filler of half the width": "web\uffa0", "a tag": "web\U000e0061", "Adlam": "\U0001e900",
		"a replacement character": "web\ufffd", "a private character": "web\ue000",
	} {
		s := statement()
		s.Campaign = value
		_, err := s.Text()
		require.ErrorContains(t, err, "campaign", name)
	}
	for name, change := range map[string]func(*signing.Statement){
		"namespace": func(s *signing.Statement) { s.Namespace = "" }, "action": func(s *signing.Statement) { s.Action = "" },
		"campaign": func(s *signing.Statement) { s.Campaign = "" }, "at": func(s *signing.Statement) { s.At = time.Time{} },
		"plan": func(s *signing.Statement) { s.Plan = "abc" }, "wave": func(s *signing.Statement) { s.Wave = -1 },
		"max concurrent": func(s *signing.Statement) { s.MaxConcurrent = -1 },
		"not before":     func(s *signing.Statement) { s.NotBefore = s.At.AddDate(9000, 0, 0) },
	} {
		s := statement()
		change(&s)
		_, err := s.Text()
		require.ErrorContains(t, err, name)
	}
}

func TestWhatIsDrawnMayBeSigned(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "CHG-1234: reviewed, 50% of \u20ac3 (\u00a7 4)", "jos\u00e9", "jose\u0301", "名前が", "\u041c\u043e\u0441\u043a\u0432\u0430", "नमस्ते", "done \u2713",
	} {
		require.True(t, signing.OneLine(text), text)
	}
}

func TestASignatureIsForOneThing(t *testing.T) {
	t.Parallel()
	wanted := statement()
	wanted.Why, wanted.Nonce, wanted.At = "", "", time.Time{}
	require.NoError(t, statement().Match(wanted))
	for name, change := range map[string]func(*signing.Statement){
		"namespace": func(s *signing.Statement) { s.Namespace = "prod" }, "campaign": func(s *signing.Statement) { s.Campaign = "april" },
		"first run": func(s *signing.Statement) { s.Run = "another" }, "action": func(s *signing.Statement) { s.Action = "resume" },
		"target": func(s *signing.Statement) { s.Target = "gw" }, "step": func(s *signing.Statement) { s.Step = "update" },
		"check": func(s *signing.Statement) { s.Check = "p99" }, "not before": func(s *signing.Statement) { s.NotBefore = s.At },
		"max concurrent": func(s *signing.Statement) { s.MaxConcurrent = 3 }, "wave": func(s *signing.Statement) { s.Wave = 3 },
		"plan": func(s *signing.Statement) { s.Plan = signing.PlanDigest(strings.Repeat("0", 64)) },
	} {
		s := statement()
		change(&s)
		var refusal *signing.RefusedError
		require.ErrorAs(t, s.Match(wanted), &refusal, name)
		require.Equal(t, signing.Another, refusal.Reason)
		require.True(t, strings.HasPrefix(refusal.Detail, name+": signed for "), refusal.Detail)
	}
}

func TestASignatureIsFresh(t *testing.T) {
	t.Parallel()
	s := statement()
	reason := func(after time.Duration) signing.Reason {
		err := s.Fresh(s.At.Add(after), signing.MaxAge)
		if err == nil {
			return ""
		}
		var refusal *signing.RefusedError
		require.ErrorAs(t, err, &refusal)
		return refusal.Reason
	}
	require.Empty(t, reason(0))
	require.Empty(t, reason(signing.MaxAge))
	require.Equal(t, signing.Stale, reason(signing.MaxAge+1))
	require.Empty(t, reason(-signing.MaxSkew))
	require.Equal(t, signing.Future, reason(-signing.MaxSkew-1))
}

func TestNoDemandLowersAnother(t *testing.T) {
	t.Parallel()
	require.Empty(t, signing.Strictest())
	require.Empty(t, signing.Strictest(signing.Demand{}))
	leads, more := signing.Demand{Signers: "leads", Count: 2}, signing.Demand{Signers: "leads", Count: 1, Commands: maintenance.CommandsSigned}
	security := signing.Demand{Signers: "a-security", Count: 1}
	rule := signing.Strictest(leads, security, more)
	require.Equal(t, signing.Rule{security, {Signers: "leads", Count: 2, Commands: maintenance.CommandsSigned}}, rule)
	require.Equal(t, rule, signing.Strictest(more, leads, security))
	require.Equal(t, []string{"a-security", "leads"}, rule.Groups())
	require.Equal(t, []string{"leads"}, rule.CommandGroups())
	require.Equal(t, "1 of a-security and 2 of leads", rule.Text())
}

func TestTwoKeysOfOnePersonAreOnePerson(t *testing.T) {
	t.Parallel()
	alice := signing.Verified{Principal: "alice@example.com", Key: "SHA256:a", Group: "leads"}
	hers := signing.Verified{Principal: "Alice@Example.com", Key: "SHA256:a2", Group: "leads"}
	shared := signing.Verified{Principal: "ops@example.com", Names: []string{"alice@example.com", "bob@example.com"}, Key: "SHA256:s", Group: "leads"}
	bob := signing.Verified{Principal: "bob@example.com", Key: "SHA256:b", Group: "leads"}
	require.True(t, alice.SamePerson(hers))
	require.True(t, shared.SamePerson(alice))
	require.True(t, bob.SamePerson(shared))
	require.False(t, alice.SamePerson(bob))

	rule := signing.Strictest(signing.Demand{Signers: "leads", Count: 2})
	require.Equal(t, 2, rule.Missing(nil)[0].Count)
	require.Equal(t, 1, rule.Missing([]signing.Verified{alice, hers})[0].Count)
	require.Empty(t, rule.Missing([]signing.Verified{alice, hers, bob}))
	require.Equal(t, 1, rule.Missing([]signing.Verified{alice, bob, shared})[0].Count, "whoever shares a key with both may be either")
	require.Equal(t, 1, rule.Missing([]signing.Verified{shared, alice, bob})[0].Count)
	bob.Group = "others"
	require.Equal(t, 1, rule.Missing([]signing.Verified{alice, bob})[0].Count)
}

func TestEachRefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range []signing.Reason{
		signing.Malformed, signing.WrongNamespace, signing.Altered, signing.Weak, signing.NotASigner, signing.NotYetValid,
		signing.Expired, signing.Revoked, signing.Stale, signing.Future, signing.Another, signing.Replayed, signing.BySubmitter,
		signing.Repeated, signing.Unsigned,
	} {
		text := signing.Refuse(r, "detail").Error()
		require.Contains(t, text, " (detail): ")
		require.NotContains(t, text, "does not count", r)
		require.False(t, seen[text])
		seen[text] = true
	}
}

func FuzzParse(f *testing.F) {
	text, err := statement().Text()
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := signing.Parse(text)
		if err != nil {
			return
		}
		again, err := s.Text()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

// A start that was signed by a person of one group is unsigned for the other one: Authority demands one approval more of
// that group, so the campaign has to ask for it, or it never triggers and takes no further approval.
func TestAStartCountsOnlyInTheGroupsThatKnowItsSigner(t *testing.T) {
	t.Parallel()
	book := signing.Book{
		Rule:  signing.Rule{{Signers: "leads", Count: 1}, {Signers: "security", Count: 1}},
		Start: &signing.Signed{Verified: []signing.Verified{{Principal: "alice", Key: "SHA256:alice", Group: "leads"}}},
	}
	require.Equal(t, "1 of leads and 2 of security", book.Approvals(false).Text())
}
