package doctest_test

import (
	"os"
	"regexp"

	"github.com/stretchr/testify/require"
)

// simulated is the address of the simulated clouds in the docs.
const simulated = "http://127.0.0.1:4599"

// clouds starts simulated clouds on a free port.
func (s *shell) clouds(line string) (greeting string) {
	s.t.Helper()
	address := regexp.MustCompile(`(?s)Simulated clouds at (http://\S+) .*# Huawei Cloud`)
	greeting = s.background(line, address.MatchString)
	s.replace = append(s.replace, simulated, address.FindStringSubmatch(greeting)[1])
	return greeting
}

// world starts a Temporal and the simulated clouds, on free ports, and a worker
// whose accounts are called prod; and puts the plan payments-q4.yaml into the folder.
func (s *shell) world() {
	s.t.Helper()
	s.unstaffed()
	s.staff()
}

// unstaffed is the world without its worker.
func (s *shell) unstaffed() {
	s.t.Helper()
	s.copy("scenario.yaml")
	address := regexp.MustCompile(`Temporal +(\S+) (?s:.*)Ctrl-C`)
	log := s.background("devserver --headless --port 0", address.MatchString)
	s.temporal = address.FindStringSubmatch(log)[1]
	s.env = append(s.env, "TEMPORAL_ADDRESS="+s.temporal,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		"HUAWEICLOUD_SDK_AK=SIMHUAWEIAK", "HUAWEICLOUD_SDK_SK=SIMHUAWEISK")
	s.clouds("simcloud --listen 127.0.0.1:0 --scenario scenario.yaml")
	s.copy("accounts.yaml")
	s.copy("payments-q4.yaml")
	s.run("tidegate setup", 0)
}

// staff starts the worker.
func (s *shell) staff() {
	s.t.Helper()
	s.background("tidegate-worker --accounts accounts.yaml --health-listen 127.0.0.1:0", func(string) bool { return true })
	s.until("tidegate doctor", `(?m)^OK +worker `)
}

// copy puts a file of testdata into the folder.
func (s *shell) copy(name string) {
	s.t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(s.t, err)
	s.write(name, s.here(string(text)))
}
