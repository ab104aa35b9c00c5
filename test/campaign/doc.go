// Package campaign holds the proof of campaigns: the real workflows and
// activities on the embedded Temporal server, which meet the simulated clouds
// over HTTP through the vendors' SDKs only. The simulated clouds' ledger of
// effects and Temporal's own histories are the witnesses. What goes wrong with a single
// target is in faultmatrix. Start at campaign_test.go; lab_test.go sets the stage.
//
//	go test ./test/campaign                          two hundred targets
//	go test ./test/campaign -run '^$' -bench TenThousand -benchtime 1x -timeout 2h
//	go test ./test/campaign -run '^$' -bench TenThousand -benchtime 1x -targets 200
//
// The benchmark's clouds are the same ones, whose durations are a millisecond: what it
// measures is Temporal and this program.
package campaign
