package inventory

import (
	"context"
	"sync"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// huaweiReader reads one project.
type huaweiReader struct {
	account Huawei
	cloud   Proxies
	pace    *pace

	mu    sync.Mutex
	found inventory.Found
}

func readHuawei(ctx context.Context, account Huawei, p *pace) inventory.Found {
	r := &huaweiReader{account: account, pace: p}
	state := inventory.Account{Cloud: inventory.Huawei, Name: account.Name, Region: account.Region}
	var err error
	if r.cloud, err = account.Open(); err != nil {
		r.unread("the account", err)
	} else {
		instances, err := call(ctx, p, r.cloud.Instances)
		if state.Complete = err == nil; err != nil {
			r.unread("the list of DB instances", err)
		}
		eachOf(ctx, len(instances), func(i int) { r.instance(ctx, instances[i]) })
	}
	state.Found, state.Calls = len(r.found.Proxies), int(p.made.Load())
	r.found.Accounts = []inventory.Account{state}
	return r.found
}

func (r *huaweiReader) unread(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := inventory.Unread{Account: r.account.Name, What: what, Why: maintenance.Plain(err)}
	r.found.Unread = append(r.found.Unread, u)
}

// instance reads the proxies of one DB instance. One without proxies costs one call.
func (r *huaweiReader) instance(ctx context.Context, i inventory.Instance) {
	proxies, err := call(ctx, r.pace, func(ctx context.Context) ([]maintenance.Proxy, error) {
		return r.cloud.Proxies(ctx, i.ID)
	})
	if err != nil {
		r.unread("the proxies of DB instance "+i.ID, err)
		return
	}
	if len(proxies) == 0 {
		return
	}
	r.pace.tally.add(len(proxies), 0, 0)
	tags, err := call(ctx, r.pace, func(ctx context.Context) (map[string]string, error) { return r.cloud.Tags(ctx, i.ID) })
	if err != nil {
		r.unread("the tags of DB instance "+i.ID, err)
	}
	for _, p := range proxies {
		found := inventory.Proxy{Account: r.account.Name, Region: r.account.Region, Instance: i, Proxy: p, InstanceTags: tags}
		r.details(ctx, &found)
		r.mu.Lock()
		r.found.Proxies = append(r.found.Proxies, found)
		r.mu.Unlock()
		r.pace.tally.add(0, 1, 0)
	}
}

func (r *huaweiReader) details(ctx context.Context, p *inventory.Proxy) {
	kernel, err := call(ctx, r.pace, func(ctx context.Context) (maintenance.ProxyKernel, error) {
		return r.cloud.Kernel(ctx, p.Instance.ID, p.ID)
	})
	if err == nil {
		p.Kernel = &kernel
	} else {
		p.Unread = append(p.Unread, inventory.Unread{What: "the version", Why: maintenance.Plain(err)})
	}
	scheduled, err := call(ctx, r.pace, func(ctx context.Context) (bool, error) {
		return r.cloud.UpgradePending(ctx, p.Instance.ID, p.ID)
	})
	if err == nil {
		p.Scheduled = &scheduled
	} else {
		p.Unread = append(p.Unread, inventory.Unread{What: "the scheduled upgrades", Why: maintenance.Plain(err)})
	}
}
