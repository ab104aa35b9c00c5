package doctest_test

import (
	"os"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
)

// simcloud is the page of the simulated clouds: the fleet that they have by
// default, and the one that the page shows.
func simcloud() page {
	const snapshot = "snap-0123456789abcdef0"
	return page{
		start: func(s *shell) {
			_, fleet, _ := strings.Cut(read(s.t, "docs/reference/simcloud.md"), "```yaml\n")
			fleet, _, _ = strings.Cut(fleet, "```")
			s.write("fleet.yaml", fleet)
			s.oldAWS()
			greeting := s.clouds("simcloud --listen 127.0.0.1:0")
			_, shown, _ := strings.Cut(read(s.t, "docs/reference/simcloud.md"), "environment to paste:\n\n```sh\n")
			shown, _, _ = strings.Cut(shown, "```")
			require.Contains(s.t, greeting, s.here(shown), "the page shows what is printed")
		},
		lines: map[string]step{
			"go run ./simcloud": {elsewhere: "test/doctest/pages_test.go TestTheDocsLinesWorkAsTheyStand"}, // README's, on the default port
			"go run ./simcloud --listen 127.0.0.1:0 --scenario fleet.yaml": {up: func(log string, _ *shell) bool {
				return strings.Contains(log, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE2")
			}},
			"aws storagegateway create-snapshot --volume-arn $G/volume/vol-0A00AAA1 --snapshot-description mine": {after: func(s *shell, got answer) {
				s.replace = append(s.replace, snapshot, regexp.MustCompile(`snap-\w+`).FindString(got.out))
			}},
			"curl -s $AWS_ENDPOINT_URL/_sim/effects": {after: func(s *shell, got answer) {
				require.Contains(s.t, got.out, "storagegateway:UpdateGatewaySoftwareNow")
			}},
		},
	}
}

// oldAWS gives an AWS CLI that ignores AWS_ENDPOINT_URL the flag that the page says
// it wants.
func (s *shell) oldAWS() {
	s.t.Helper()
	version := regexp.MustCompile(`aws-cli/(1\.[12]?\d|2\.1?\d)\.`) // below 1.29 and 2.13, but for a few that would not need it
	if !version.MatchString(s.try("aws --version", "").out) {
		return
	}
	s.run(`mkdir bin; printf '#!/bin/sh\nexec %s --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n' "$(command -v aws)" > bin/aws; chmod +x bin/aws`, 0)
	s.env = append(s.env, "PATH="+s.folder+"/bin:"+s.bin+":"+os.Getenv("PATH"))
}

// simcloudHuawei is that of their other half.
func simcloudHuawei() page {
	return page{start: func(s *shell) { s.clouds("simcloud --listen 127.0.0.1:0") }}
}

// firstContact is the page of the first day: the default fleet, in which nothing is disconnected, and
// the environment of someone who has AWS credentials.
func firstContact() page {
	return page{start: func(s *shell) {
		greeting := s.clouds("simcloud --listen 127.0.0.1:0")
		for _, set := range regexp.MustCompile(`(?m)^export (AWS_(?:ENDPOINT_URL|ACCESS_KEY_ID|SECRET_ACCESS_KEY)=\S+)$`).FindAllStringSubmatch(greeting, -1) {
			s.env = append(s.env, set[1])
		}
	}, lines: map[string]step{
		"go run ./demo --rehearse first.yaml --inventory fleet.json --within 1m --exit": {
			elsewhere: "internal/demo/rehearse_internal_test.go TestAPlanIsRehearsedWithTheFaultsThatOneChooses",
		},
	}}
}
