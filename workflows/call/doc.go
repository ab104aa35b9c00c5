// Package call is how a workflow calls an activity: typed, with options that fit the kind of call (one that
// reads, one that polls, one that changes something), and with the sends that no cloud can de-duplicate made
// once. Start with Do and Once. What the activities do is in activities.
package call
