package doctest_test

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// Around the runbook's lines: what they do at night, and the gateway of its
// maintenances.
const (
	waits   = "tidegate watch payments-q4"
	approve = "tidegate approve sgw-12A3456B --by alice --why test"
	gateway = "sgw-12A3456B"
)

// runbook is the page for the person who is called at night: a campaign that waits, and a
// gateway whose maintenances wait, fail, are held and leave it quarantined.
func runbook() page {
	lines := map[string]step{
		waits:                       {before: (*shell).campaign, status: 4},
		waits + " --plain":          {before: (*shell).campaign, status: 4},
		waits + " --once":           {after: func(s *shell, got answer) { require.Contains(s.t, got.out, "payments-q4") }},
		"tidegate watch " + gateway: {during: func(s *shell) { s.run(approve, 0) }},
		`tidegate pause --all --why "incident INC-77"`: {
			before: func(s *shell) { s.until("tidegate list", " running ") },
			after: func(s *shell, _ answer) {
				require.Regexp(s.t, `(?m)^paused .*incident INC-77`, s.run("tidegate status payments-q4", 0).out)
			},
		},
		`tidegate resume --all --paused-for "incident INC-77" --why "INC-77 is closed"`: {
			after: func(s *shell, _ answer) {
				require.NotRegexp(s.t, `(?m)^paused `, s.run("tidegate status payments-q4", 0).out)
			},
		},
		`tidegate approve sgw-12A3456B --why "change CHG-1234"`: {
			before: func(s *shell) { s.maintenance("--approval") },
			after:  func(s *shell, _ answer) { s.run("tidegate watch "+gateway, 0) },
		},
		`tidegate abort sgw-12A3456B --why "incident INC-77"`: {before: func(s *shell) { s.maintenance("--approval") }},
		`tidegate retry sgw-12A3456B --why "freed two addresses in the subnet"`: {
			before: (*shell).held,
			after:  func(s *shell, _ answer) { s.run("tidegate watch "+gateway, 4) },
		},
		`tidegate skip sgw-12A3456B --why "this proxy goes away next month"`: {
			after: func(s *shell, _ answer) { s.run("tidegate watch "+gateway, 3) },
		},
		`tidegate waive payments-q4 'error rate' files-1 --why "INC-77: the rate is another team's"`:     {elsewhere: waived},
		`tidegate waive payments-q4 'no page is firing' --why "INC-78 is about another site"`:            {elsewhere: waived},
		`tidegate abort sgw-12A3456B --why "not tonight"`:                                                {before: (*shell).held},
		`tidegate release sgw-12A3456B --why "restarted the host; it runs 1.3.0, volumes are available"`: {before: (*shell).quarantine},
		`tidegate approve payments-q4 --why "change CHG-1234"`:                                           {before: (*shell).campaign},
		`tidegate retry payments-q4 files-1 --why "freed two addresses in the subnet"`: {before: func(s *shell) {
			s.run("tidegate skip payments-q4 files-1 --why test", 0)
		}},
		`tidegate abort payments-q4 --why "not this quarter"`: {after: func(s *shell, _ answer) { s.run(waits, 1) }},
	}
	return page{
		start: func(s *shell) {
			s.world()
			s.copy("payments-q4.yaml")
			s.run("sed -i 's/sgw-0A/sgw-0B/; $ a approvals: {lead: 168h}' payments-q4.yaml", 0) // windows are closed, and it waits for an approval
			s.campaign()
			s.maintenance("--approval")
			s.run("tidegate schedule create weekly payments-q4.yaml --cron '0 2 * * 1'", 0)
		},
		lines: lines,
	}
}

// upgrade is the page of a release: what it asks of workers and of Temporal.
func upgrade() page {
	return page{lines: map[string]step{
		"tidegate-worker --accounts accounts.yaml --deployment tidegate --build-id 1.4.0 --promote": {
			elsewhere: "internal/workers/worker_test.go TestAWorkerIsReadyWhileItPollsAndStopsWhenAsked",
		},
		// The Temporal CLI is not ours: what the lines ask of Temporal is asked through its SDK.
		"temporal worker deployment set-current-version --deployment-name tidegate --build-id 1.4.0":                                                                                                    {elsewhere: "test/e2e/release_back_test.go TestAReleaseIsTheFirstOneOrIsTakenBack"},
		"temporal worker deployment describe-version --deployment-name tidegate --build-id 1.3.0":                                                                                                       {elsewhere: "test/e2e/release_test.go TestAReleaseStrandsNobodyAndDisturbsNobody"},
		"temporal workflow update-options --workflow-id gateway-sgw-12A3456B --versioning-override-behavior pinned --versioning-override-deployment-name tidegate --versioning-override-build-id 1.4.0": {instead: forced},
	}}
}

// campaign lets a campaign wait for its approval, where none runs.
func (s *shell) campaign() {
	s.t.Helper()
	if strings.Contains(s.try("tidegate status payments-q4", "").out, ": running") {
		return
	}
	s.run("tidegate run payments-q4.yaml --detach --by mallory", 0)
	s.until("tidegate status payments-q4", `(?m)^held `)
}

// maintenance starts one of the gateway, once there is none and an update is on
// offer, and waits until it waits.
func (s *shell) maintenance(flags string) {
	s.t.Helper()
	s.start(flags)
	s.until("tidegate status "+gateway, `(?m)^waits +\(`)
}

func (s *shell) start(flags string) {
	s.t.Helper()
	require.NotContains(s.t, s.try("tidegate watch "+gateway, "").out, ": running")
	s.run("curl -s "+simulated+"/_sim/aws/gateways/"+gateway+"/versions -d '{\"version\": \"1.'$(date +%s%N)'.0\"}'", 0)
	s.run("tidegate run --name payments-1 --account prod --gateway arn:aws:storagegateway:eu-central-1:123456789012:gateway/"+gateway+
		" --detach --pace-min 20ms --pace-max 100ms --steady-for 20ms --update-delay 0s "+flags, 0)
}

// held starts one that is held, since its proxy's upgrade was refused.
func (s *shell) held() {
	s.t.Helper()
	s.start("--on-failure hold --proxy prod/3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07/151c14381ac14ecfb9703a745b992678po01")
	s.run("tidegate watch "+gateway, 4)
}

// quarantine starts one whose gateway never comes back, and waits for its end.
func (s *shell) quarantine() {
	s.t.Helper()
	s.run("curl -s "+simulated+"/_sim/aws/gateways/"+gateway+"/outcome -d '{\"neverComesBack\": true}'", 0)
	s.start("--attempt 2s --update-start 2s --update-deadline 3s")
	s.run("tidegate watch "+gateway, 3)
}
