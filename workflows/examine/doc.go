// Package examine is the workflow Examine, with which `tidegate doctor` finds out whether the accounts of a
// plan can be worked on. It reads only. Start with Examine.
package examine
