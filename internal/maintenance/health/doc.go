// Package health decides about health checks: what a check asks of which source, what the answer means, whether a
// target may be touched, counts as succeeded, or keeps a wave shut, and which alarms are muted meanwhile. It asks
// nothing itself: adapters read the sources and return Readings. Start at Check.
//
// What it knows of the sources is from their own documentation and models: AWS's API models of Storage Gateway and
// CloudWatch, and the HTTP APIs of Prometheus and Alertmanager.
package health
