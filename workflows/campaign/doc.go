// Package campaign takes a fleet through its maintenance: the workflow Campaign decides, as
// internal/maintenance/fleet says, which target starts when, and Batches read them
// and run their maintenance as children. Start with campaign.go, where campaign.run is the loop, then
// batch.go. What a single target goes through is in workflows/target.
package campaign
