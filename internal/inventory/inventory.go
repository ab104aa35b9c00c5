// Package inventory reads a fleet from the clouds: every gateway and every proxy of some accounts,
// at the rate of each account, all accounts at once. It changes nothing: its interfaces have no
// method that could. What cannot be read is reported and the rest goes on. What was found is judged
// by internal/maintenance/inventory; the folder page writes it. Start at Read.
package inventory

import (
	"context"
	"sync"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// Gateways is what is read of AWS, for one account and region. Every error wraps one of the
// maintenance package's sentinels.
type Gateways interface {
	// Listed is a page of all gateways; next is the marker of the one after it, empty after the last.
	Listed(ctx context.Context, marker string) (page []inventory.Details, next string, err error)
	// Describe answers ErrNotConnected for a gateway that is not.
	Describe(ctx context.Context, arn string) (inventory.Details, error)
	// Schedule answers ErrNoWindow for a gateway that has none.
	Schedule(ctx context.Context, arn string) (maintenance.RawSchedule, error)
	Tags(ctx context.Context, arn string) (map[string]string, error)
	Volumes(ctx context.Context, gateway maintenance.Gateway) ([]maintenance.Volume, error)
	Initiators(ctx context.Context, volumeARN string) ([]string, error)
	EachOf(ctx context.Context, volumeIDs []string, each func(maintenance.Snapshot)) error
}

// Proxies is what is read of TaurusDB, for one project.
type Proxies interface {
	Instances(ctx context.Context) ([]inventory.Instance, error)
	Proxies(ctx context.Context, instanceID string) ([]maintenance.Proxy, error)
	Kernel(ctx context.Context, instanceID, proxyID string) (maintenance.ProxyKernel, error)
	UpgradePending(ctx context.Context, instanceID, proxyID string) (bool, error)
	Tags(ctx context.Context, instanceID string) (map[string]string, error)
}

// AWS is an AWS account in one region.
type AWS struct {
	Name, Region string
	PerSecond    float64 // calls; 0: no limit
	Open         func() (Gateways, error)
}

// Huawei is a Huawei Cloud project.
type Huawei struct {
	Name, Region string
	PerSecond    float64
	Open         func() (Proxies, error)
}

// Options are how a fleet is read.
type Options struct {
	AWS    []AWS
	Huawei []Huawei
	// Fast leaves out volumes, initiators and snapshots.
	Fast bool
	// Progress is told now and then how far it came, never by two goroutines at once. Nil: nobody.
	Progress func(Progress)
	// Backoff is the first pause after a call that may be repeated, doubled each time; 0: half a second.
	Backoff Backoff
}

// Progress is how far the reading of all accounts came.
type Progress struct {
	Found int // gateways, and proxies
	Read  int // of those
	Calls int // requests
}

// atOnce is how many gateways of one account are read at the same time: enough that the rate, not the
// clouds' answers, sets the pace.
const atOnce = 16

// Read reads all accounts. Where ctx ends, what was read until then is the result, marked as
// interrupted.
func Read(ctx context.Context, o Options) inventory.Found {
	t := &tally{tell: o.Progress}
	parts := make([]inventory.Found, len(o.AWS)+len(o.Huawei))
	var all sync.WaitGroup
	for i, account := range o.AWS {
		all.Go(func() { parts[i] = readAWS(ctx, account, newPace(account.PerSecond, o.Backoff, t), o.Fast) })
	}
	for i, account := range o.Huawei {
		all.Go(func() { parts[len(o.AWS)+i] = readHuawei(ctx, account, newPace(account.PerSecond, o.Backoff, t)) })
	}
	all.Wait()
	found := inventory.Found{Fast: o.Fast, Interrupted: ctx.Err() != nil}
	for _, p := range parts {
		found.Accounts = append(found.Accounts, p.Accounts...)
		found.Gateways = append(found.Gateways, p.Gateways...)
		found.Proxies = append(found.Proxies, p.Proxies...)
		found.Unread = append(found.Unread, p.Unread...)
	}
	return found
}

// tally counts over all accounts.
type tally struct {
	mu   sync.Mutex
	now  Progress
	tell func(Progress)
}

func (t *tally) add(found, read, calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.Found += found
	t.now.Read += read
	t.now.Calls += calls
	if t.tell != nil {
		t.tell(t.now)
	}
}

// eachOf does something for each of n things, so many at once, until ctx ends.
func eachOf(ctx context.Context, n int, do func(i int)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range min(n, atOnce) {
		all.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	all.Wait()
}
