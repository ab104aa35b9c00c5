// Package target is the maintenance of one target, the workflow GatewayMaintenance: a gateway with its proxies. It does
// not decide when a campaign starts a target: that is workflows/campaign. Start with maintenance.go: run.steps is the
// order of the steps, and each step has a file of its name. The states that a run goes through are tables in
// internal/maintenance/lifecycle; what it changes, and how to undo it, is in ledger.go; what operators may send is in
// operators.go. The workflows that a run leaves behind or holds, Quarantine and InstanceHold, are here too.
package target
