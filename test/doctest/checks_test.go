package doctest_test

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// waived is the test of a check that keeps a campaign.
const waived = "internal/cli/check_test.go TestACheckThatKeepsACampaignIsWaived"

// checks is the page of the health checks, with its own plan: first its gateway is well, then its window is closed, and
// its campaign waits.
func checks() page {
	return page{
		start: func(s *shell) {
			s.world()
			_, plan, _ := strings.Cut(read(s.t, "docs/checks.md"), "```yaml\n")
			plan, _, _ = strings.Cut(plan, "```")
			s.write("orders.yaml", plan)
		},
		lines: map[string]step{
			"tidegate check orders.yaml orders-1": {after: func(s *shell, got answer) {
				require.Regexp(s.t, `orders-1 +.*error rate +.*0\.02`, got.out)
			}},
			`tidegate waive orders 'cache is clean' orders-1 --why "INC-77: the backup that writes is stopped"`: {
				before: func(s *shell) {
					s.run("sed -i 's/sgw-0A/sgw-0B/' orders.yaml", 0)
					s.run("tidegate run orders.yaml --detach --by mallory", 0)
					s.until("tidegate status orders", `2 waiting`)
				},
			},
			`tidegate waive orders 'no page is firing' --why "INC-78 is about another site"`: {after: func(s *shell, _ answer) {
				require.Contains(s.t, s.run("tidegate status orders", 0).out, "INC-78")
				s.run("tidegate abort orders --why test", 0)
			}},
		},
	}
}
