// Package chaos holds the proof that processes may be killed at any moment:
// TestChaos runs a fleet whose outcomes differ on the embedded Temporal server and
// the worker, both as processes of their own, kills them by SIGKILL at seeded
// moments, above all between an effect and its being recorded, starts them again,
// and counts what the simulated clouds did. What the clouds do wrong is in faultmatrix. Start
// at chaos_test.go.
//
//	go test ./test/chaos                                  a few seeds
//	CHAOS_RUNS=200 go test -timeout 4h -v ./test/chaos    many
//	CHAOS_SEED=17 go test -v ./test/chaos                 one, to repeat it
//
// CHAOS_SEED and CHAOS_RUNS together run so many seeds from that one on. A seed
// decides what is killed and when; what the processes are doing at that moment is
// the machine's, so that a failure may need some repetitions.
package chaos
