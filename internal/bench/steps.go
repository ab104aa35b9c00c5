package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// The names of the two accounts.
const (
	awsAccount    = "aws"
	huaweiAccount = "db"
)

// job is what a peer's process is told, as JSON on its standard input.
type job struct {
	Endpoint string        `json:"endpoint"`
	Temporal string        `json:"temporal,omitempty"` // where its server is; empty: it has none
	Opening  time.Time     `json:"opening"`
	Delay    time.Duration `json:"delay"` // before the first poll for a thing
	Poll     time.Duration `json:"poll"`  // between two polls
	Rate     float64       `json:"rate"`  // calls a second
	Targets  []target      `json:"targets"`
}

// progress is how far a target has come.
type progress struct {
	Stage     stage             `json:"stage"`
	Snapshots map[string]string `json:"snapshots,omitempty"` // by volume; those that are complete go
	Job       string            `json:"job,omitempty"`
}

// stage is what is done next for a target.
type stage int

const (
	trigger stage = iota
	awaitGateway
	awaitVolumes
	awaitSnapshots
	upgradeProxy
	awaitProxy
	finished
)

// waits is true for a stage that polls.
func (s stage) waits() bool { return s != trigger && s != upgradeProxy && s != finished }

// hands are the clouds as the peers use them, at the pace of their accounts.
type hands struct {
	gateways activities.GatewayCloud
	volumes  activities.VolumeCloud
	proxies  activities.ProxyCloud
	pace     *rate.Limiter
}

// open makes ready to speak to the job's clouds, by the adapters that Tidegate has too.
func open(ctx context.Context, j job) (*hands, error) {
	known := accounts.New(ctx, []accounts.AWS{{
		Account: awsaccounts.Account{Name: awsAccount, Region: aws.DefaultRegion, Endpoint: j.Endpoint},
		Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
	}}, []accounts.Huawei{{
		Account: huaweicloud.Account{
			Name: huaweiAccount, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: j.Endpoint,
		},
		Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
	}})
	h := &hands{pace: evenly(j.Rate)}
	var errs [3]error
	h.gateways, errs[0] = known.Gateways(awsAccount)
	h.volumes, errs[1] = known.Volumes(awsAccount)
	h.proxies, errs[2] = known.Proxies(huaweiAccount)
	return h, errors.Join(errs[:]...)
}

// evenly lets so many steps a second go, one at a time.
func evenly(perSecond float64) *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), 1) }

// step does what is next for a target, or polls once.
func (h *hands) step(ctx context.Context, t target, p progress) (progress, error) {
	if err := h.pace.Wait(ctx); err != nil {
		return p, fmt.Errorf("wait for the account's rate: %w", err)
	}
	switch p.Stage {
	case trigger:
		return p.to(awaitGateway), h.gateways.UpdateSoftware(ctx, t.ARN)
	case awaitGateway:
		return h.readGateway(ctx, t, p)
	case awaitVolumes:
		return h.takeSnapshots(ctx, t, p)
	case awaitSnapshots:
		return h.readSnapshots(ctx, p)
	case upgradeProxy:
		if t.Proxy == "" {
			return p.to(finished), nil
		}
		id, err := h.proxies.Upgrade(ctx, t.Instance, t.Proxy, oldKernel, newKernel)
		p.Job = id
		return p.to(awaitProxy), err
	case awaitProxy:
		now, err := h.proxies.Job(ctx, p.Job)
		if err != nil || !now.Completed() {
			return p, unless(err, maintenance.ErrNotFound) // a job appears late
		}
		return p.to(finished), nil
	case finished:
	}
	return p, nil
}

// readGateway polls a gateway until it runs the new software.
func (h *hands) readGateway(ctx context.Context, t target, p progress) (progress, error) {
	now, err := h.gateways.Gateway(ctx, t.ARN)
	if err != nil || now.SoftwareVersion != newSoftware || !now.Running() {
		return p, unless(err, maintenance.ErrNotConnected)
	}
	if len(t.Volumes) == 0 {
		return p.to(upgradeProxy), nil
	}
	return p.to(awaitVolumes), nil
}

func (p progress) to(next stage) progress {
	p.Stage = next
	return p
}

// takeSnapshots takes a snapshot of each volume that has become available.
func (h *hands) takeSnapshots(ctx context.Context, t target, p progress) (progress, error) {
	now, err := h.volumes.Volumes(ctx, maintenance.Gateway{ARN: t.ARN, Type: t.Type})
	if err != nil {
		return p, err
	}
	taken := maps.Clone(p.Snapshots)
	if taken == nil {
		taken = map[string]string{}
	}
	for _, v := range now {
		if _, done := taken[v.ARN]; done || !v.Available() {
			continue
		}
		if taken[v.ARN], err = h.volumes.CreateSnapshot(ctx, v.ARN, "bench"); err != nil {
			return p, err
		}
	}
	p.Snapshots = taken
	if len(taken) == len(t.Volumes) {
		return p.to(awaitSnapshots), nil
	}
	return p, nil
}

// readSnapshots polls the snapshots that are not complete.
func (h *hands) readSnapshots(ctx context.Context, p progress) (progress, error) {
	pending := maps.Clone(p.Snapshots)
	for volume, id := range p.Snapshots {
		now, err := h.volumes.Snapshot(ctx, id)
		if err != nil && !errors.Is(err, maintenance.ErrNotFound) { // EC2 shows a new one late
			return p, err
		}
		if err == nil && now.Completed() {
			delete(pending, volume)
		}
	}
	p.Snapshots = pending
	if len(pending) == 0 {
		return p.to(upgradeProxy), nil
	}
	return p, nil
}

// unless is no error where it is one that passes by itself.
func unless(err, passes error) error {
	if errors.Is(err, passes) {
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// loop is the plain script, and Terraform's way where there is a delay: a goroutine for each target,
// polls at fixed intervals, and nothing that survives the process.
func loop(ctx context.Context, j job) error {
	h, err := open(ctx, j)
	if err != nil {
		return err
	}
	if err := sleep(ctx, time.Until(j.Opening)); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, t := range j.Targets {
		group.Go(func() error {
			if err := h.maintain(ctx, t, j); err != nil {
				return fmt.Errorf("%s: %w", t.Name, err)
			}
			return nil
		})
	}
	return group.Wait() //nolint:wrapcheck // the target is named already
}

func (h *hands) maintain(ctx context.Context, t target, j job) error {
	for p := (progress{}); p.Stage != finished; {
		next, err := h.step(ctx, t, p)
		if err != nil {
			return err
		}
		if err := sleep(ctx, j.pause(p, next)); err != nil {
			return err
		}
		p = next
	}
	return nil
}

// pause is how long to wait after a step.
func (j job) pause(before, after progress) time.Duration {
	switch {
	case !after.Stage.waits():
		return 0
	case after.Stage == before.Stage:
		return j.Poll
	}
	return j.Delay
}
