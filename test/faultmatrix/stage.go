package faultmatrix

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// The things of every stage.
const (
	volumeID       = "vol-0FA00001"
	secondVolumeID = "vol-0FA00002"
	proxyID        = "0fa00000000000000000000000000001po01"
	secondProxyID  = "0fa00000000000000000000000000002po01"
)

// Stage is where one maintenance is played: the clouds, the target and the
// policy, whose waits are as short as the simulated clouds are.
type Stage struct {
	Scenario simcloud.Scenario
	Target   maintenance.Target
	Policy   maintenance.Policy
	Checks   []health.Check
	Mutes    []health.Mute
	// Password is so where the worker logs in to Huawei Cloud as an IAM user, in
	// place of signing its calls.
	Password bool
}

// The names of the worker's accounts.
const (
	OnAWS    = "prod"
	OnHuawei = "db"
)

// NewStage is a gateway with one volume, whose window is open and for which an
// update is on offer.
func NewStage(gatewayID string) *Stage {
	return &Stage{
		Scenario: simcloud.Scenario{
			AWS:    aws.Scenario{Gateways: []aws.Gateway{gateway(gatewayID)}},
			Huawei: huawei.Scenario{Instances: []huawei.Instance{instance(gatewayID)}, Durations: durations()},
		},
		Target: maintenance.Target{
			Name: "matrix",
			Gateway: maintenance.GatewayRef{
				Account: OnAWS,
				ARN:     "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + gatewayID,
			},
		},
		Policy: policy(),
	}
}

func gateway(id string) aws.Gateway {
	ms := time.Millisecond
	return aws.Gateway{
		ID: id, NextVersion: "1.3.0", Window: aws.Window{OpenedAgo: 5 * time.Minute},
		Timing: aws.Timing{
			Gap: 20 * ms, GapPolls: new(0), Restart: 40 * ms, OldVersion: 20 * ms, OldVersionPolls: new(0),
			Flap: 50 * ms, Bootstrap: 10 * ms, Snapshot: ms, VisibleByID: ms, VisibleByFilter: ms,
		},
		Volumes: []aws.Volume{{ID: volumeID}},
	}
}

// instance is a DB instance of the gateway's own: stages share a Temporal namespace, in
// which one run at a time works on an instance.
func instance(gatewayID string) huawei.Instance {
	in := huawei.Instance{ID: fmt.Sprintf("%032sin07", strings.ToLower(strings.TrimPrefix(gatewayID, "sgw-")))}
	for _, id := range []string{proxyID, secondProxyID} {
		in.Proxies = append(in.Proxies, huawei.Proxy{ID: id, CurrentVersion: "2.24.03.000", LatestVersion: "2.26.06.000"})
	}
	return in
}

func durations() huawei.Durations {
	ms := time.Millisecond
	return huawei.Durations{Upgrade: 60 * ms, Weights: 30 * ms, Restart: 30 * ms, JobVisible: 20 * ms}
}

// policy has two kinds of waits. Those that a scenario waits out are short: what was done
// shows itself long before, however late anybody looks. Those that end what goes right
// are long, since a busy machine may take that long for it: a call has a fifth of an
// attempt.
func policy() maintenance.Policy {
	const settled, patience = time.Second, 2 * time.Minute
	d := func(d time.Duration) maintenance.Duration { return maintenance.Duration(d) }
	return maintenance.Policy{
		Attempt: d(time.Minute), Pace: maintenance.Pace{Min: d(50 * time.Millisecond), Max: d(100 * time.Millisecond)},
		WindowRecheck: d(time.Second), UpdateStart: d(settled), UpdateDeadline: d(patience), SteadyFor: d(30 * time.Millisecond),
		SnapshotSettle: d(settled), SnapshotDeadline: d(patience), CompensationDeadline: d(patience),
		Proxies: maintenance.ProxyPolicy{Settle: d(settled), Deadline: d(patience)},
	}
}

// Hangs gives calls that are not answered less time, so that a scenario does not wait for one
// as long as for a busy machine.
func (s *Stage) Hangs() { s.Policy.Attempt = maintenance.Duration(15 * time.Second) }

// withProxies gives the target so many of the instance's two proxies.
func (s *Stage) withProxies(n int) {
	db := s.Scenario.Huawei.Instances[0]
	for _, p := range db.Proxies[:n] {
		s.Target.Proxies = append(s.Target.Proxies, maintenance.ProxyRef{Account: OnHuawei, InstanceID: db.ID, ProxyID: p.ID})
	}
}

// proxiesOnly leaves nothing to do at the gateway.
func (s *Stage) proxiesOnly(n int) {
	s.gateway().NextVersion, s.gateway().Volumes, s.gateway().Type = "", nil, "FILE_S3"
	s.withProxies(n)
}

func (s *Stage) gateway() *aws.Gateway      { return &s.Scenario.AWS.Gateways[0] }
func (s *Stage) volume() *aws.Volume        { return &s.gateway().Volumes[0] }
func (s *Stage) proxy() *huawei.Proxy       { return &s.Scenario.Huawei.Instances[0].Proxies[0] }
func (s *Stage) faults(rules ...fault.Rule) { s.Scenario.Faults = append(s.Scenario.Faults, rules...) }

func (s *Stage) holdAutomaticUpdates() { s.Policy.AutomaticUpdates = maintenance.AutomaticUpdatesHold }
func (s *Stage) shiftReads()           { s.Policy.Proxies.ShiftReads = true }

// late is how much later than usual a thing shows itself: later than anything is
// tried again.
const late = 2 * time.Second

// giveUpSoon shortens every deadline that a thing which never comes runs into. What ran
// into it is read once more, for two attempts.
func (s *Stage) giveUpSoon() {
	limit := maintenance.Duration(10 * time.Second)
	s.Policy.Attempt = limit
	s.Policy.UpdateDeadline, s.Policy.SnapshotDeadline, s.Policy.CompensationDeadline, s.Policy.Proxies.Deadline = limit, limit, limit, limit
}

// Play is a run under way, to those who change the world around it.
type Play interface {
	// Clouds are the simulated ones.
	Clouds() *simcloud.Simulation
	// GatewayID of the target.
	GatewayID() string
	// Until waits until the run says so of itself, or has ended.
	Until(ctx context.Context, so func(maintenance.Status) bool) error
	// Approve lets the run start.
	Approve(ctx context.Context) error
	// ExpireTokens ends the tokens that the simulated IAM has given out.
	ExpireTokens(ctx context.Context) error
}
