package doctest_test

import (
	"github.com/stretchr/testify/require"
)

// signatures is the page of signed approvals: alice starts the campaign, bob signs with his key, carol elsewhere.
func signatures() page {
	const key = "~/.ssh/id_ed25519"
	is := func(who string) func(*shell) {
		return func(s *shell) { s.run("cp id_"+who+" .ssh/id_ed25519; cp id_"+who+".pub .ssh/id_ed25519.pub", 0) }
	}
	return page{
		start: func(s *shell) {
			s.unstaffed()
			s.env = append(s.env, "HOME="+s.folder, "SSH_AUTH_SOCK=")
			s.replace = append(s.replace, "~/.ssh/", s.folder+"/.ssh/")
			s.run("mkdir .ssh; touch storage-leads.revoked", 0)
			for _, who := range []string{"alice", "bob", "carol"} {
				s.run("ssh-keygen -q -t ed25519 -N '' -C "+who+" -f id_"+who+"; echo "+who+"@example.com $(cat id_"+who+".pub) >> storage-leads.signers", 0)
			}
			s.run(`printf 'signers:\n  - {name: storage-leads, allowedSigners: storage-leads.signers}\n' >> accounts.yaml`, 0)
			s.run("sed -i '/^aws:/,/^huawei:/s|}$|, approvals: {signers: storage-leads, count: 2}}|' accounts.yaml", 0)
			s.staff()
		},
		lines: map[string]step{
			"tidegate run payments-q4.yaml --key " + key + " --detach": {before: is("alice")},
			"tidegate status payments-q4": {
				before: func(s *shell) { s.until("tidegate status payments-q4", "needs approval") },
				after: func(s *shell, got answer) {
					require.Contains(s.t, got.out, "verified: alice@example.com (SHA256:")
					require.Contains(s.t, got.out, "signers   2 of storage-leads; demanded for prod")
				},
			},
			"tidegate approve payments-q4 --plan payments-q4.yaml --key " + key + ` --why "CHG-1234"`:       {before: is("bob")},
			`tidegate approve payments-q4 --why "CHG-1234" --print-statement > statement`:                   {before: is("carol")},
			`tidegate approve payments-q4 --why "CHG-1234" --statement statement --signature statement.sig`: {after: func(s *shell, got answer) { require.Contains(s.t, got.out, "approved by carol@example.com") }},
			"tidegate report payments-q4 --file payments-q4.json":                                           {before: func(s *shell) { s.until("tidegate status payments-q4", "3 of 3 targets succeeded") }},
			"tidegate report --verify payments-q4.json --signers storage-leads.signers --revoked storage-leads.revoked": {
				after: func(s *shell, got answer) {
					for _, who := range []string{"run: verified", "approve: verified"} {
						require.Contains(s.t, got.out, "signature of "+who)
					}
					s.run("cp id_bob.pub storage-leads.revoked", 0)
					s.run("tidegate report --verify payments-q4.json --signers storage-leads.signers --revoked storage-leads.revoked", 1)
				},
			},
		},
	}
}
