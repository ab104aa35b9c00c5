package doctest_test

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// captures is the page of the flight recorder: what its worker reads of the simulated clouds differs from them in
// nothing.
func captures() page {
	return page{
		start: (*shell).unstaffed,
		lines: map[string]step{
			"tidegate-worker --accounts accounts.yaml --capture capture": {instead: func(s *shell) {
				s.background("tidegate-worker --accounts accounts.yaml --capture capture --health-listen 127.0.0.1:0", func(string) bool { return true })
				s.until("tidegate doctor payments-q4.yaml", `(?m)^OK +account +aws/`)
			}},
			"simcloud compare capture --scenario scenario.yaml": {after: func(s *shell, got answer) {
				require.Contains(s.t, got.out, "No difference.")
			}},
			"simcloud --listen 127.0.0.1:0 --scenario-from capture": {up: func(log string, _ *shell) bool {
				return strings.Contains(log, "AWS_ACCESS_KEY_ID=AKIACAPTURE")
			}},
		},
	}
}
