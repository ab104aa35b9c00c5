package doctest_test

// captures is the page of the flight recorder, whose worker is started by the page itself.
func captures() page {
	return page{
		start: (*shell).unstaffed,
		lines: map[string]step{
			"tidegate-worker --accounts accounts.yaml --capture capture": {instead: func(s *shell) {
				s.background("tidegate-worker --accounts accounts.yaml --capture capture --health-listen 127.0.0.1:0", func(string) bool { return true })
				s.until("tidegate doctor payments-q4.yaml", `(?m)^OK +account +aws/`)
			}},
		},
	}
}
