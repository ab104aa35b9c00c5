// Package checks asks health checks, round by round, for the activities that wait for their answers. It judges nothing
// (internal/maintenance/health does) and knows no source (internal/sources does). Start at Round.
package checks
