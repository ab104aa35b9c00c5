package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// SurveyInput asks for what a campaign must know of a gateway before it can be
// placed.
type SurveyInput struct {
	Gateway maintenance.GatewayRef `json:"gateway"`
	Prefer  maintenance.Recurrence `json:"prefer,omitempty"`
	// Selector, where given, says whether the gateway becomes a target, and which.
	Selector *plan.Selector `json:"selector,omitempty"`
	// Obstacle, where given, asks whether a target can be maintained now.
	Obstacle *ObstacleLookup  `json:"obstacle,omitempty"`
	Pace     maintenance.Pace `json:"pace,omitzero"`
}

// SurveyOutput is the gateway with its tags, its window, and what AWS does in
// that window on its own.
type SurveyOutput struct {
	Gateway          maintenance.Gateway               `json:"gateway"`
	Schedule         maintenance.Schedule              `json:"schedule"`
	AutomaticUpdates maintenance.AutomaticUpdatePolicy `json:"automaticUpdates,omitempty"`
	// Marks are the settings that a run has changed for a while.
	Marks []maintenance.Marked `json:"marks,omitempty"`
	// Full says why the gateway has no room for a mark; empty: it has.
	Full string `json:"full,omitempty"`
	// Target is what the selector makes of the gateway; nil where it does not match.
	Target *maintenance.Target `json:"target,omitempty"`
	// Obstacle is what keeps the gateway from being maintained now.
	Obstacle Obstacle `json:"obstacle,omitzero"`
}

// SurveyGateway reads a gateway and its window, and changes nothing. A gateway
// that is not connected is asked again, unless its tags, which AWS tells of it all the
// same, say that the selector does not match: nobody waits for what is no target.
func (a *StorageGateway) SurveyGateway(ctx context.Context, in SurveyInput) (out SurveyOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	tags, err := a.tags(ctx, in.Gateway)
	if err != nil || (in.Selector != nil && !in.Selector.MatchesTags(tags)) {
		return out, err
	}
	if out.Gateway, err = a.gateway(ctx, in.Gateway); err != nil {
		return out, err
	}
	if s := in.Selector; s != nil {
		all := out.Gateway // with more tags than are worth keeping
		all.Tags = tags
		if !s.Matches(all) {
			return out, nil
		}
		out.Target = new(s.Target(all, in.Gateway))
	}
	mark, err := maintenance.PolicyMarkOf(in.Gateway.ID(), tags)
	if err != nil {
		return out, err
	}
	out.Full = maintenance.TagRoom(tags)
	raw, err := a.rawSchedule(ctx, in.Gateway)
	if err != nil {
		return out, err
	}
	out.AutomaticUpdates = raw.AutomaticUpdates
	if mark != nil {
		out.Marks = []maintenance.Marked{mark.Found(in.Gateway.ID(), raw.AutomaticUpdates)}
	}
	if out.Schedule, err = maintenance.ParseSchedule(raw, in.Prefer); err == nil && in.Obstacle != nil {
		out.Obstacle, err = a.Engine.findObstacle(ctx, *in.Obstacle)
	}
	return out, err
}

// ListGatewaysInput asks for a page of the gateways of the selector's account.
type ListGatewaysInput struct {
	Selector plan.Selector    `json:"selector"`
	Marker   string           `json:"marker,omitempty"` // Next of the page before; empty for the first
	Pace     maintenance.Pace `json:"pace,omitzero"`
}

// ListGatewaysOutput is a page. One without gateways need not be the last.
type ListGatewaysOutput struct {
	Gateways []maintenance.GatewayRef `json:"gateways,omitempty"` // in the order of their ARNs
	Next     string                   `json:"next,omitempty"`     // empty after the last page
}

// ListGateways lists those that the selector's types and name let through, also
// while they are not connected. AWS's list has neither tags nor updates: those
// parts of the selector are for what SurveyGateway finds.
func (a *StorageGateway) ListGateways(ctx context.Context, in ListGatewaysInput) (out ListGatewaysOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Gateways(in.Selector.Account)
	if err != nil {
		return out, err
	}
	listed := func(ctx context.Context, marker string) (page []maintenance.Gateway, err error) {
		page, out.Next, err = cloud.Gateways(ctx, marker)
		return page, err
	}
	page, err := call(ctx, listed, in.Marker)
	if err != nil {
		return out, err
	}
	visible := in.Selector
	visible.Tags, visible.UpdateAvailable = nil, false
	for _, g := range page {
		if visible.Matches(g) {
			out.Gateways = append(out.Gateways, maintenance.GatewayRef{Account: in.Selector.Account, ARN: g.ARN})
		}
	}
	return out, nil
}

// noVolume is the id of a volume that nobody has, for a poll at whether snapshots
// may be seen at all.
const noVolume = "vol-00000000000000000"

// TryVolumesOutput is what there was to see.
type TryVolumesOutput struct {
	Volumes int `json:"volumes,omitempty"` // of the gateway
}

// TryVolumes makes the calls that a run must be allowed once its gateway is updated
// and nothing can be reverted: it reads the gateway's volumes, and the snapshots
// of one of them. Both are tried, so that one error says all that is refused.
func (a *StorageGateway) TryVolumes(ctx context.Context, in Lookup) (out TryVolumesOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	gateway, err := a.gateway(ctx, in.Gateway)
	if err != nil {
		return out, err
	}
	cloud, err := a.Accounts.Volumes(in.Gateway.Account)
	if err != nil {
		return out, err
	}
	volumes, err := call(ctx, cloud.Volumes, gateway)
	out.Volumes = len(volumes)
	volume := noVolume
	if len(volumes) > 0 {
		volume = volumes[0].ID
	}
	_, seen := call2(ctx, cloud.Snapshots, volume, "") // whichever there are
	return out, also(err, seen)
}

// also is two errors in one line, or the one that there is.
func also(one, other error) error {
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	}
	return fmt.Errorf("%w; %w", one, other)
}

// ListProxiesInput asks for the proxies of a DB instance.
type ListProxiesInput struct {
	Account    string           `json:"account"`
	InstanceID string           `json:"instanceId"`
	Pace       maintenance.Pace `json:"pace,omitzero"`
}

// ListProxies lists the ids of a DB instance's proxies, sorted.
func (a *TaurusDB) ListProxies(ctx context.Context, in ListProxiesInput) (ids []string, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Account)
	if err != nil {
		return nil, err
	}
	proxies, err := call(ctx, cloud.Proxies, in.InstanceID)
	if err != nil {
		return nil, err
	}
	for _, p := range proxies {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

// SurveyProxiesInput asks for proxies of one DB instance.
type SurveyProxiesInput struct {
	// Proxies are all of one account and one instance. One may be plan.AllProxies.
	Proxies []maintenance.ProxyRef `json:"proxies"`
	Pace    maintenance.Pace       `json:"pace,omitzero"`
}

// SurveyedProxy is a proxy as the survey found it.
type SurveyedProxy struct {
	Ref maintenance.ProxyRef `json:"ref"` // never plan.AllProxies
	ReadProxyOutput
}

// SurveyProxies reads what ReadProxy reads, of several proxies of a DB instance: one list and one
// reading of tags serve all of them. They come in the order of the input; those that
// plan.AllProxies stands for, sorted by their ids. An instance without proxies has none.
//
// The account's rate counts it once, though it makes two calls and one for each proxy: an instance
// has at most four (Open Telekom Cloud's documentation of TaurusDB).
func (a *TaurusDB) SurveyProxies(ctx context.Context, in SurveyProxiesInput) (out []SurveyedProxy, err error) {
	defer edge(ctx, in.Pace, &err)
	first := in.Proxies[0]
	cloud, err := a.Accounts.Proxies(first.Account)
	if err != nil {
		return nil, err
	}
	listed, err := call(ctx, cloud.Proxies, first.InstanceID)
	if err != nil {
		return nil, err
	}
	tags, err := call(ctx, cloud.Tags, first.InstanceID)
	if err != nil {
		return nil, err
	}
	for _, ref := range withoutAll(in.Proxies, listed) {
		one := SurveyedProxy{Ref: ref}
		if one.Proxy, _, err = pick(listed, ref); err != nil {
			return nil, err
		}
		if err := one.readKernel(ctx, cloud, ref); err != nil {
			return nil, err
		}
		if one.Mark, err = maintenance.ProxyMarkOf(ref.ProxyID, tags); err != nil {
			return nil, err
		}
		one.Full = full(ctx, a.Now, one.Proxy, tags)
		out = append(out, one)
	}
	return out, nil
}

// withoutAll puts the proxies of the list in the place of plan.AllProxies.
func withoutAll(refs []maintenance.ProxyRef, listed []maintenance.Proxy) (all []maintenance.ProxyRef) {
	listed = slices.SortedFunc(slices.Values(listed), func(a, b maintenance.Proxy) int {
		return strings.Compare(a.ID, b.ID)
	})
	for _, ref := range refs {
		if ref.ProxyID != plan.AllProxies {
			all = append(all, ref)
			continue
		}
		for _, p := range listed {
			ref.ProxyID = p.ID
			all = append(all, ref)
		}
	}
	return all
}

// lately is how far back TryProxy looks for jobs.
const lately = time.Hour

// TryProxy makes those calls that only read, and that a run needs permission for, in addition
// to ListProxies: it reads the instance's tags and jobs, and whether the vendor has an upgrade
// of the proxy in mind. Without a proxy's id it leaves that out. It gives the marks of the
// instance's proxies, whose reads a run has moved for a while.
func (a *TaurusDB) TryProxy(ctx context.Context, in ProxyLookup) (out ListMarksOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	out, err = instanceMarks(ctx, cloud, in.Proxy.InstanceID)
	_, seen := call2(ctx, cloud.Jobs, in.Proxy.InstanceID, a.Now().Add(-lately))
	err = also(err, seen)
	if in.Proxy.ProxyID == "" {
		return out, err
	}
	_, planned := call2(ctx, cloud.UpgradePending, in.Proxy.InstanceID, in.Proxy.ProxyID)
	return out, also(err, planned)
}
