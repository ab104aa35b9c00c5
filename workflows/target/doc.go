// Package target is the maintenance of one target, the workflow GatewayMaintenance: a gateway with its
// proxies. Start with maintenance.go, where run.steps is the order of the steps; each step has a file of its
// name. What is changed, and how that is undone, is in ledger.go; what operators may send in operators.go. The
// workflows that a run leaves behind or holds, Quarantine and InstanceHold, are here too. When a campaign
// starts a target is decided in workflows/campaign.
package target
