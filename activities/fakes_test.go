package activities_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// answers are what a cloud answers, in order; the last one is repeated. None is
// the zero value.
type answers[T any] []answer[T]

type answer[T any] struct {
	value T
	err   error
}

func says[T any](values ...T) answers[T] {
	var a answers[T]
	for _, v := range values {
		a = append(a, answer[T]{value: v})
	}
	return a
}

func fails[T any](err error) answers[T] { return answers[T]{{err: err}} }

func (a *answers[T]) next() (T, error) {
	var first answer[T]
	if len(*a) > 0 {
		first = (*a)[0]
	}
	if len(*a) > 1 {
		*a = (*a)[1:]
	}
	return first.value, first.err
}

// book is what both fake clouds keep: the changes they were asked for, the
// calls that came without a deadline of their own, and whether they hang.
type book struct {
	sent      []string
	unbounded []string
	hangs     string // the call that never answers
}

func (b *book) enter(ctx context.Context, call string) error {
	deadline, bounded := ctx.Deadline()
	if !bounded || time.Until(deadline) > activities.CallTimeout { //nolint:forbidigo // a context counts by the machine's clock
		b.unbounded = append(b.unbounded, call)
	}
	if call != b.hangs {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (b *book) change(ctx context.Context, call, what string) error {
	b.sent = append(b.sent, what)
	if err := b.enter(ctx, call); err != nil {
		return fmt.Errorf("%w: %w", maintenance.ErrUnknownOutcome, err)
	}
	return nil
}

// look asks a script for its next answer.
func look[T any](ctx context.Context, b *book, call string, a *answers[T]) (T, error) {
	if err := b.enter(ctx, call); err != nil {
		var none T
		return none, fmt.Errorf("%w: %w", maintenance.ErrUnavailable, err)
	}
	return a.next()
}

type fakeAWS struct {
	book
	gateway   answers[maintenance.Gateway]
	pages     map[string]gatewayPage // by marker
	list      error
	schedule  answers[maintenance.RawSchedule]
	update    error
	policy    error
	tags      answers[map[string]string]
	tag       error
	untag     error
	volumes   answers[[]maintenance.Volume]
	create    answers[string]
	snapshots answers[[]maintenance.Snapshot]
	snapshot  answers[maintenance.Snapshot]
	remove    answers[struct{}]
}

func (f *fakeAWS) Gateway(ctx context.Context, _ string) (maintenance.Gateway, error) {
	return look(ctx, &f.book, "Gateway", &f.gateway)
}

type gatewayPage struct {
	gateways []maintenance.Gateway
	next     string
}

func (f *fakeAWS) Gateways(ctx context.Context, marker string) ([]maintenance.Gateway, string, error) {
	if err := f.enter(ctx, "Gateways"); err != nil {
		return nil, "", fmt.Errorf("%w: %w", maintenance.ErrUnavailable, err)
	}
	return f.pages[marker].gateways, f.pages[marker].next, f.list
}

func (f *fakeAWS) Schedule(ctx context.Context, _ string) (maintenance.RawSchedule, error) {
	return look(ctx, &f.book, "Schedule", &f.schedule)
}

func (f *fakeAWS) UpdateSoftware(ctx context.Context, arn string) error {
	if err := f.change(ctx, "UpdateSoftware", "update "+arn); err != nil {
		return err
	}
	return f.update
}

func (f *fakeAWS) SetAutomaticUpdates(ctx context.Context, arn string, policy maintenance.AutomaticUpdatePolicy) error {
	if err := f.change(ctx, "SetAutomaticUpdates", "set "+arn+" to "+string(policy)); err != nil {
		return err
	}
	return f.policy
}

func (f *fakeAWS) Tags(ctx context.Context, _ string) (map[string]string, error) {
	return look(ctx, &f.book, "Tags", &f.tags)
}

func (f *fakeAWS) Tag(ctx context.Context, arn, key, value string) error {
	if err := f.change(ctx, "Tag", "tag "+arn+" with "+key+": "+value); err != nil {
		return err
	}
	return f.tag
}

func (f *fakeAWS) Untag(ctx context.Context, arn, key string) error {
	if err := f.change(ctx, "Untag", "untag "+arn+" of "+key); err != nil {
		return err
	}
	return f.untag
}

func (f *fakeAWS) Volumes(ctx context.Context, _ maintenance.Gateway) ([]maintenance.Volume, error) {
	return look(ctx, &f.book, "Volumes", &f.volumes)
}

func (f *fakeAWS) CreateSnapshot(ctx context.Context, volumeARN, key string) (string, error) {
	if err := f.change(ctx, "CreateSnapshot", "snapshot "+volumeARN+" as "+key); err != nil {
		return "", err
	}
	return f.create.next()
}

func (f *fakeAWS) Snapshots(ctx context.Context, _, _ string) ([]maintenance.Snapshot, error) {
	return look(ctx, &f.book, "Snapshots", &f.snapshots)
}

func (f *fakeAWS) Snapshot(ctx context.Context, _ string) (maintenance.Snapshot, error) {
	return look(ctx, &f.book, "Snapshot", &f.snapshot)
}

func (f *fakeAWS) DeleteSnapshot(ctx context.Context, id string) error {
	if err := f.change(ctx, "DeleteSnapshot", "delete "+id); err != nil {
		return err
	}
	_, err := f.remove.next()
	return err
}

type fakeHuawei struct {
	book
	proxies answers[[]maintenance.Proxy]
	kernel  answers[maintenance.ProxyKernel]
	job     answers[maintenance.Job]
	jobs    answers[[]maintenance.Job]
	since   time.Time // as Jobs was last asked
	pending answers[bool]
	upgrade answers[string]
	weights answers[string]
	restart answers[string]
	tags    answers[map[string]string]
	tag     answers[struct{}]
	untag   answers[struct{}]
}

func (f *fakeHuawei) Tags(ctx context.Context, _ string) (map[string]string, error) {
	return look(ctx, &f.book, "Tags", &f.tags)
}

func (f *fakeHuawei) Tag(ctx context.Context, instanceID string, tags map[string]string) error {
	if err := f.change(ctx, "Tag", fmt.Sprintf("tag %s %v", instanceID, tags)); err != nil {
		return err
	}
	_, err := f.tag.next()
	return err
}

func (f *fakeHuawei) Untag(ctx context.Context, instanceID string, keys []string) error {
	if err := f.change(ctx, "Untag", fmt.Sprintf("untag %s %v", instanceID, keys)); err != nil {
		return err
	}
	_, err := f.untag.next()
	return err
}

func (f *fakeHuawei) Proxies(ctx context.Context, _ string) ([]maintenance.Proxy, error) {
	return look(ctx, &f.book, "Proxies", &f.proxies)
}

func (f *fakeHuawei) Kernel(ctx context.Context, _, _ string) (maintenance.ProxyKernel, error) {
	return look(ctx, &f.book, "Kernel", &f.kernel)
}

func (f *fakeHuawei) Job(ctx context.Context, _ string) (maintenance.Job, error) {
	return look(ctx, &f.book, "Job", &f.job)
}

func (f *fakeHuawei) Jobs(ctx context.Context, _ string, since time.Time) ([]maintenance.Job, error) {
	f.since = since
	return look(ctx, &f.book, "Jobs", &f.jobs)
}

func (f *fakeHuawei) UpgradePending(ctx context.Context, _, _ string) (bool, error) {
	return look(ctx, &f.book, "UpgradePending", &f.pending)
}

func (f *fakeHuawei) Upgrade(ctx context.Context, instanceID, proxyID, from, to string) (string, error) {
	if err := f.change(ctx, "Upgrade", fmt.Sprintf("upgrade %s of %s from %s to %s", proxyID, instanceID, from, to)); err != nil {
		return "", err
	}
	return f.upgrade.next()
}

func (f *fakeHuawei) SetReadWeights(ctx context.Context, _, proxyID string, routing maintenance.ProxyRouting) (string, error) {
	if err := f.change(ctx, "SetReadWeights", fmt.Sprintf("weigh %s %d %v", proxyID, routing.MasterWeight, routing.ReadWeights)); err != nil {
		return "", err
	}
	return f.weights.next()
}

func (f *fakeHuawei) Restart(ctx context.Context, instanceID, proxyID string) (string, error) {
	if err := f.change(ctx, "Restart", "restart "+proxyID+" of "+instanceID); err != nil {
		return "", err
	}
	return f.restart.next()
}

// awsAccounts and huaweiAccounts know one account, prod.
type awsAccounts struct{ cloud *fakeAWS }

func (a awsAccounts) Gateways(account string) (activities.GatewayCloud, error) {
	return a.cloud, known(account)
}

func (a awsAccounts) Volumes(account string) (activities.VolumeCloud, error) {
	return a.cloud, known(account)
}

type huaweiAccounts struct{ cloud *fakeHuawei }

func (a huaweiAccounts) Proxies(account string) (activities.ProxyCloud, error) {
	return a.cloud, known(account)
}

// fakeKnown is the worker's configuration.
type fakeKnown struct {
	asked plan.Accounts
	err   error
}

func (f *fakeKnown) Check(accounts plan.Accounts) error {
	f.asked = accounts
	return f.err
}

func known(account string) error {
	if account == "prod" {
		return nil
	}
	return fmt.Errorf("account %q: %w", account, maintenance.ErrNotFound)
}
