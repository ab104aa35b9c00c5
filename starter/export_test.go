package main

// NewRoot is newRoot, for the tests of what every command has.
var NewRoot = newRoot
