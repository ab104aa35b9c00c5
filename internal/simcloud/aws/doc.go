// Package aws simulates the part of AWS that Tidegate uses: Storage Gateway
// (AWS JSON 1.1) and EC2's snapshot actions (query and XML), with SigV4
// signatures checked for real and state machines that behave as the service
// is documented to. What AWS documents nowhere is a setting of the scenario.
//
// State is computed lazily from the instants of what happened and the clock;
// no goroutine runs, so a test's clock may jump.
package aws
