// Package doctest holds the test that runs what the README shows: a newcomer
// types those lines, and they must work as they stand.
package doctest
