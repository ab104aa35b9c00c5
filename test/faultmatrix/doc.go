// Package faultmatrix is the only list of what Tidegate guarantees when something goes wrong
// between it and a cloud: every call of a maintenance with every fault that it can meet (Cells),
// and the clouds' own misbehaviour (Scenarios). Its test runs each of them, through the vendors'
// SDKs, on the real workflows; docs/reliability.md shows the same list. It kills no process: chaos
// does. Start at Calls, Cells and Plays.
package faultmatrix
