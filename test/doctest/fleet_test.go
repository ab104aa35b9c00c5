package doctest_test

import (
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
)

// campaigns is the page of the commands: its campaign runs twice, and has nothing to
// do the second time.
func campaigns() page {
	return page{
		start: (*shell).world,
		lines: map[string]step{
			"tidegate run payments-q4.yaml": {after: func(s *shell, got answer) {
				require.Contains(s.t, got.out, "3 of 3 targets succeeded")
			}},
			"tidegate status payments-q4 --state waiting,failed --output json": {after: func(s *shell, got answer) {
				require.Contains(s.t, got.out, `"targets": []`)
			}},
		},
	}
}

// reports is that of a campaign that has ended.
func reports() page {
	return page{
		start: func(s *shell) {
			s.world()
			s.run("tidegate run payments-q4.yaml", 0)
		},
		lines: map[string]step{
			"tidegate report --verify report.html":    {after: func(s *shell, got answer) { require.Regexp(s.t, "^OK: payments-q4, COMPLETED", got.out) }},
			"tidegate report payments-q4 --format md": {after: func(s *shell, got answer) { require.Contains(s.t, got.out, "\n## ") }},
		},
	}
}

// configuration is that of the worker, of doctor, of completion and of one gateway.
func configuration() page {
	completes := func(s *shell, _ answer) {
		require.Contains(s.t, s.run("complete -p tidegate", 0).out, "__start_tidegate")
	}
	quiet := func(s *shell, got answer) { require.Empty(s.t, got.errors) }
	lines := map[string]step{
		"source <(tidegate completion bash)": {after: completes},
		"source <(tidegate completion zsh)":  {by: "zsh", after: quiet},
		"tidegate completion fish | source":  {by: "fish", after: quiet},
		"tidegate doctor --output yaml":      {after: func(s *shell, got answer) { require.Contains(s.t, got.out, "ok: true\n") }},
		"tidegate run --name payments-1 --account prod": {
			status: 4, // a person has to approve it
			after: func(s *shell, got answer) {
				require.Contains(s.t, got.out+got.errors, "1 of 1 proxy to upgrade")
				s.run("tidegate abort sgw-12A3456B --by alice --why test", 0) // what follows an approval is the tutorial's
			},
		},
		"tidegate doctor payments-q4.yaml": {after: func(s *shell, got answer) {
			require.Regexp(s.t, `(?m)^OK +account +huawei/prod +lists `, got.out)
		}},
	}
	return page{start: (*shell).world, lines: lines}
}

// schedules is that of a schedule whose campaign was aborted, so that it paused.
func schedules() page {
	const id = "campaign-files-2026-11-23T02:00:00Z"
	return page{
		start: func(s *shell) {
			s.world()
			_, plan, _ := strings.Cut(read(s.t, "docs/how-to/schedule-campaigns.md"), "```yaml\n")
			plan, _, _ = strings.Cut(plan, "```")
			s.write("files.yaml", plan)
		},
		lines: map[string]step{
			"tidegate status " + id: {
				before: func(s *shell) {
					triggered := s.run("tidegate schedule trigger files-weekly --why test", 0)
					s.replace = append(s.replace, id, regexp.MustCompile(`campaign-files-\S+`).FindString(triggered.out+triggered.errors))
				},
				after: func(s *shell, got answer) {
					require.Contains(s.t, got.out, s.here(id))
					s.run("tidegate abort "+id+" --why test", 0)
				},
			},
			`tidegate schedule resume files-weekly --why "CHG-1301: host replaced"`: {before: func(s *shell) {
				s.until("tidegate schedule describe files-weekly", `(?m)^paused `)
			}},
			"tidegate schedule describe files-weekly --output json | jq -r .plan.digest": {after: func(s *shell, got answer) {
				require.Equal(s.t, strings.Fields(s.run("sha256sum files.yaml", 0).out)[0], strings.TrimSpace(got.out))
			}},
			"tidegate schedule list": {after: func(s *shell, got answer) { require.Contains(s.t, got.out, "files-weekly") }},
			`tidegate schedule delete  files-weekly --why "replaced by files-monthly"`: {after: func(s *shell, _ answer) {
				require.NotContains(s.t, s.run("tidegate schedule list", 0).out, "files-weekly")
			}},
		},
	}
}
