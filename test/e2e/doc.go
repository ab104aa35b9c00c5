// Package e2e holds the tests of the whole: the real workflows and activities
// on a real Temporal server, which meet the simulated clouds through the
// vendors' SDKs only. The simulated clouds' ledger of effects is the witness. Every fault is
// in faultmatrix, a whole fleet in campaign. Start at maintenance_test.go; lab_test.go sets the
// stage.
//
// With TIDEGATE_RECORD=unreleased the tests also write the histories of their runs to
// workflows/testdata/histories/unreleased, from where the replay test takes them; with
// TIDEGATE_PICTURES=1 the browser test writes the pictures of the docs.
package e2e
