package main

// ToYAML is toYAML, for the tests of what no command can be brought to print.
var ToYAML = toYAML
