// Package workflows registers every workflow of Tidegate. They are deterministic and orchestrate: they decide
// through internal/maintenance and act through activities, and do neither themselves. Start with target, the
// maintenance of one target, and campaign, that of a fleet; api has what travels between them and the rest of
// the program. The tests of this folder play all of them together in virtual time.
package workflows
