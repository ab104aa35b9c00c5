package doctest_test

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// encryption is that of the keys, whose worker is started by the page itself.
func encryption() page {
	return page{
		start: (*shell).unstaffed,
		lines: map[string]step{
			"tidegate-worker --accounts accounts.yaml": {instead: (*shell).staff},
			"tidegate doctor": {after: func(s *shell, got answer) {
				require.Regexp(s.t, `(?m)^OK +encryption +default +payloads are encrypted with the key 2026-11`, got.out)
			}},
			"tidegate run payments-q4.yaml": {after: func(s *shell, got answer) {
				require.Contains(s.t, got.out, "3 of 3 targets succeeded")
			}},
			"mv keys.new keys": {after: func(s *shell, _ answer) {
				require.Regexp(s.t, `encrypted with the key 2027-11; also readable: those of 2026-11`, s.run("tidegate doctor", 0).out)
				s.run("tidegate report payments-q4", 0)
			}},
			"tidegate codec --origin http://localhost:8233": {up: func(log string, _ *shell) bool {
				return strings.Contains(log, "The codec server of namespace default listens at http://127.0.0.1:8234, with the keys 2027-11, 2026-11.")
			}},
			`curl -s http://127.0.0.1:8234/decode -H "Authorization: Bearer $(cat token)" -H "X-Namespace: default" -d '{"payloads": []}'`: {after: func(s *shell, got answer) {
				require.Equal(s.t, "{}", strings.TrimSpace(got.out))
			}},
		},
	}
}
