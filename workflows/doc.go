// Package workflows holds the deterministic orchestration of a maintenance: in
// what order things happen, what is waited for, what is taken back. It decides
// through internal/maintenance and acts through activities, and does neither
// itself. Its histories live for months: changes are additive, and a change of
// order stands behind a named version predicate.
package workflows
