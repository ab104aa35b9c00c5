package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// TaurusDB holds the activities on Huawei Cloud's TaurusDB proxies. Workflows
// name its methods on a nil pointer.
type TaurusDB struct {
	Accounts  HuaweiAccounts
	Durations *durations.Memory // nil: polls learn nothing
	Now       Clock
	Checks    checks.Sources
}

// ProxyLookup names one proxy.
type ProxyLookup struct {
	Proxy maintenance.ProxyRef `json:"proxy"`
	Pace  maintenance.Pace     `json:"pace,omitzero"`
}

// ProxyState is a proxy as the cloud shows it.
type ProxyState struct {
	Proxy  maintenance.Proxy       `json:"proxy"`
	Kernel maintenance.ProxyKernel `json:"kernel"`
	Goal   string                  `json:"goal"` // the wanted version, resolved
	Done   bool                    `json:"done"` // it runs the goal or something newer
}

// ReadProxyOutput is a proxy with its mark.
type ReadProxyOutput struct {
	ProxyState
	// Mark is that of a run that has moved the proxy's reads for a while; nil: none has.
	Mark *maintenance.ProxyMark `json:"mark,omitempty"`
	// Full says why the DB instance has no room for a mark of the proxy; empty: it has.
	Full string `json:"full,omitempty"`
}

// ReadProxy reads a proxy, its routing, its kernel's versions, and the mark on its DB
// instance.
func (a *TaurusDB) ReadProxy(ctx context.Context, in ProxyLookup) (out ReadProxyOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	if out.ProxyState, err = read(ctx, cloud, in.Proxy); err != nil {
		return out, err
	}
	mark, tags, err := readMark(ctx, cloud, in.Proxy)
	if out.Mark = mark; err == nil {
		out.Full = full(ctx, a.Now, out.Proxy, tags)
	}
	return out, err
}

func read(ctx context.Context, cloud ProxyReader, ref maintenance.ProxyRef) (ProxyState, error) {
	out, _, err := readWithOthers(ctx, cloud, ref)
	return out, err
}

// readWithOthers is read with the other proxies of the instance.
func readWithOthers(
	ctx context.Context, cloud ProxyReader, ref maintenance.ProxyRef,
) (out ProxyState, others []maintenance.Proxy, err error) {
	if out.Proxy, others, err = findProxy(ctx, cloud, ref); err != nil {
		return out, nil, err
	}
	err = out.readKernel(ctx, cloud, ref)
	return out, others, err
}

// readKernel reads a proxy's versions.
func (s *ProxyState) readKernel(ctx context.Context, cloud ProxyReader, ref maintenance.ProxyRef) (err error) {
	if s.Kernel, err = call2(ctx, cloud.Kernel, ref.InstanceID, ref.ProxyID); err != nil {
		return err
	}
	if s.Goal, s.Done, err = s.Kernel.Goal(ref.Version); err != nil {
		return fmt.Errorf("proxy %s: %w: %w", ref.ProxyID, maintenance.ErrInvalid, err)
	}
	return nil
}

func readProxy(ctx context.Context, cloud ProxyReader, ref maintenance.ProxyRef) (maintenance.Proxy, error) {
	p, _, err := findProxy(ctx, cloud, ref)
	return p, err
}

// findProxy is a proxy of an instance, and the others of it.
func findProxy(
	ctx context.Context, cloud ProxyReader, ref maintenance.ProxyRef,
) (p maintenance.Proxy, others []maintenance.Proxy, err error) {
	proxies, err := call(ctx, cloud.Proxies, ref.InstanceID)
	if err != nil {
		return p, nil, err
	}
	return pick(proxies, ref)
}

// pick is a proxy among those of its instance, and the others.
func pick(
	proxies []maintenance.Proxy, ref maintenance.ProxyRef,
) (p maintenance.Proxy, others []maintenance.Proxy, err error) {
	i := slices.IndexFunc(proxies, func(p maintenance.Proxy) bool { return p.ID == ref.ProxyID })
	if i < 0 {
		return p, nil, fmt.Errorf("proxy %s of instance %s: %w", ref.ProxyID, ref.InstanceID, maintenance.ErrNotFound)
	}
	return proxies[i], slices.Delete(slices.Clone(proxies), i, i+1), nil
}

// alone is nil where no other proxy of the instance is at work but those of this run. A
// run that is gone may have left one: its job goes on without it.
func alone(others []maintenance.Proxy, own []string) error {
	for _, p := range others {
		if p.AtWork() && !slices.Contains(own, p.ID) {
			return notYet("proxy %s of the same DB instance is %s", p.ID, p.Status)
		}
	}
	return nil
}

// settled is nil when the proxy may be worked on.
func settled(p maintenance.Proxy) error {
	switch {
	case p.Broken():
		return fmt.Errorf("%w: proxy %s is %s (pool %s)", errBroken, p.ID, p.Status, p.PoolStatus)
	case !p.Healthy():
		return notYet("proxy %s is %s", p.ID, p.Status)
	}
	return nil
}

// UpgradeProxyInput asks for a proxy's kernel upgrade to start.
type UpgradeProxyInput struct {
	ProxyLookup // its version is exact
	// NotAfter is the time from which it is too late in this window; zero
	// does not limit.
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Own are the proxies of the run, which may be at work on the instance together.
	// While another one is, nothing is sent.
	Own []string `json:"own,omitempty"`
	// Guard is what it has to pass before it is sent; nil: nothing.
	Guard *checks.Guard `json:"guard,omitempty"`
}

// UpgradeProxyOutput names the cloud's job. It has none where the proxy already
// runs the version.
type UpgradeProxyOutput struct {
	JobID string `json:"jobId,omitempty"`
	Done  bool   `json:"done"`
	// Seen is what the guard has found out, of this attempt or one before; nil: it was not asked. It is also in the
	// details of an error, and in the heartbeat.
	Seen *checks.Seen `json:"seen,omitempty"`
}

// UpgradeProxy reads the proxy and, only where it does not run the version
// yet and nothing else is going on with it, sends upgrade-version, once.
func (a *TaurusDB) UpgradeProxy(ctx context.Context, in UpgradeProxyInput) (out UpgradeProxyOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	clock := a.Now.serverTime(ctx)
	note := noted(ctx)
	defer func() { out.Seen, err = note.Seen, note.Seen.Carrying(err) }()
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	if clock.tooLate(in.NotAfter) {
		return out, missed(note.Seen)
	}
	state, others, err := readWithOthers(ctx, cloud, in.Proxy)
	if err != nil || state.Done {
		out.Done = state.Done
		return out, err
	}
	if err := settled(state.Proxy); err != nil {
		return out, err
	}
	if err := alone(others, in.Own); err != nil {
		return out, err
	}
	if !state.Kernel.CanUpgrade {
		return out, fmt.Errorf("%w: Huawei Cloud does not offer an upgrade of proxy %s now (can_upgrade is false)", maintenance.ErrRejected, in.Proxy.ProxyID)
	}
	pending, err := call2(ctx, cloud.UpgradePending, in.Proxy.InstanceID, in.Proxy.ProxyID)
	if err != nil {
		return out, err
	}
	if pending {
		return out, fmt.Errorf("%w: Huawei Cloud already holds a scheduled upgrade of proxy %s; cancel it in the console, or let it run", maintenance.ErrRejected, in.Proxy.ProxyID)
	}
	if err := a.guard(ctx, clock.ofChecks(), in.Guard, &note); err != nil {
		return out, err
	}
	switch {
	case clock.tooLate(in.NotAfter):
		return out, errWindowMissed
	case note.Seen.Stale(clock.ofChecks().Now()):
		return out, notYet("the answers of the health checks are too old: nothing was sent")
	}
	send := func(ctx context.Context, from string) (string, error) {
		return cloud.Upgrade(ctx, in.Proxy.InstanceID, in.Proxy.ProxyID, from, state.Goal)
	}
	out.JobID, err = call(ctx, send, state.Kernel.Current)
	return out, err
}

// guard asks the health checks, and mutes. What was answered is noted before anything is sent.
func (a *TaurusDB) guard(ctx context.Context, clock checks.Clock, g *checks.Guard, note *Armed) (err error) {
	if g == nil {
		return nil
	}
	if note.Seen, err = a.Checks.Ask(ctx, clock, *g, note.Seen); err != nil {
		return err
	}
	note.Seen.Muted = note.Seen.Muted || len(g.Mute.Mutes) > 0
	activity.RecordHeartbeat(ctx, *note)
	err = repeatable(a.Checks.Mute(ctx, *g, note.Seen))
	activity.RecordHeartbeat(ctx, *note)
	return err
}

// FindUpgrade looks for signs of an upgrade until it finds one or the time is up: the version,
// the proxy at work or not well, a job of its instance.
func (a *TaurusDB) FindUpgrade(ctx context.Context, in FindJobInput) (out FindJobOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	state, err := read(ctx, cloud, in.Proxy)
	if err != nil {
		return out, err
	}
	// A job that is completed has changed the version, or was another's.
	own := func(j maintenance.Job) bool { return !j.Completed() || state.Done }
	return a.findJob(ctx, cloud, in, state.Done || !state.Proxy.Healthy(), own, "an upgrade")
}

// AwaitUpgradedInput asks to wait for an upgrade that has started.
type AwaitUpgradedInput struct {
	ProxyLookup        // its version is exact
	JobID       string `json:"jobId,omitempty"`
}

// AwaitUpgraded ends when the proxy runs the version and it, its pool and its
// nodes are ACTIVE. The version proves it, not the job: a job may be lost, and
// one that failed may have done its work. While the job runs, a poll reads nothing
// else. TypeJobFailed: it did not do its work.
// TypeBroken: it runs the version, or its job has ended, and it is not well.
func (a *TaurusDB) AwaitUpgraded(ctx context.Context, in AwaitUpgradedInput) (out ProxyState, err error) {
	defer change{"proxy", a.Durations}.polled(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	job, err := watchJob(ctx, cloud, in.ProxyLookup, in.JobID)
	if err != nil {
		return out, err
	}
	if out, err = read(ctx, cloud, in.Proxy); err != nil {
		return out, err
	}
	switch {
	case out.Done && out.Proxy.Healthy():
		return out, nil
	case out.Proxy.Broken() && (out.Done || job.Failed() || job.Completed()):
		return out, settled(out.Proxy)
	case job.Failed():
		return out, fmt.Errorf("%w: proxy %s still runs %s: its job %s ended as %s: %s",
			errJobFailed, in.Proxy.ProxyID, out.Kernel.Current, job.ID, job.Status, job.FailReason)
	}
	return out, notYet("proxy %s is %s at version %s, its job %s %s", in.Proxy.ProxyID, out.Proxy.Status,
		out.Kernel.Current, job.Status, job.Progress)
}
