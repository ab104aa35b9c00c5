// Package fuzztest speeds up fuzz tests, so that they find something in the time that they have. It
// holds no fuzz tests. Start at Quicken.
package fuzztest

import "flag"

// Quicken is for the TestMain of a package whose fuzz tests start with whole documents.
// Go makes each input that reaches new code smaller before it goes on, for up to a
// minute, in as many tries as the square of its bytes: of a page that is all it does.
// A given -fuzzminimizetime stays.
func Quicken() {
	flag.Parse()
	const limit, tries = "test.fuzzminimizetime", "100x"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == limit })
	if !given {
		_ = flag.Set(limit, tries) // every test has the flag
	}
}
