// Package doctest runs the command lines of the README and of the docs, and checks links, line
// widths and the places that the hacking page names. A page with command lines that no test runs
// fails. It does not judge the prose. Start at pages_test.go.
package doctest
