// Package faultmatrix is the one list of what is promised when something goes
// wrong between Tidegate and a cloud: every outward call of a maintenance times
// every fault that can befall it (Cells), and the clouds' own misbehaviour
// (Scenarios). Its test plays each of them, through the vendors' SDKs, on the real
// workflows; docs/reliability.md shows the same list. It kills no process: chaos does. Start
// at Calls, Cells and Plays.
package faultmatrix
