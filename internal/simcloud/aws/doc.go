// Package aws simulates the part of AWS that Tidegate uses: Storage Gateway, EC2's snapshot
// actions and STS, with state machines that behave as the services are documented to. What
// AWS does not document is a setting of the scenario. The wire protocols and credentials
// are in wire; the faults that a script can play are in ../fault.
//
// Start at Scenario, what can be described, and operations, what is served. State is computed
// lazily from the times of what happened and the clock; no goroutine runs, so a test's
// clock may jump.
package aws
