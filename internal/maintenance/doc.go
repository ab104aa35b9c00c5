// Package maintenance holds the words and the decisions of a maintenance, and
// nothing that acts: windows and freezes, what proves an update, how versions
// compare, what a plan may say, what a run reports. Every decision is a pure
// function of (state, now), so that a rule about a month is tested in a
// microsecond and gives the same answer when a workflow is replayed.
//
// The package imports the standard library only. Its types travel in workflow
// histories: fields are added, never renamed, reordered or retyped.
//
// It calls no cloud and knows no workflow; what a whole fleet does is in package fleet. Start
// at Decide (may a disruptive step start now?), Judge (is the gateway updated?), Policy and
// Result.
package maintenance
