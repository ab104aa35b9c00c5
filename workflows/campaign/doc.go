// Package campaign takes a fleet through its maintenance: the workflow Campaign decides, as
// internal/maintenance/fleet says, which target starts when, and one Roster per two hundred targets reads them
// and runs their maintenance as children. Begin with campaign.go, where campaign.run is the loop, then
// roster.go. What a single target goes through is in workflows/target.
package campaign
