// Package doctest holds the tests that run what the README and the docs show:
// the person who types those lines finds that they work as they stand. A page with
// command lines that no test runs fails. It does not judge the prose. Start at readme_test.go.
package doctest
