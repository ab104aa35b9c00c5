package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// readMark is the mark of a proxy, or nil, and all tags of its DB instance.
func readMark(
	ctx context.Context, cloud ProxyCloud, ref maintenance.ProxyRef,
) (*maintenance.ProxyMark, map[string]string, error) {
	tags, err := call(ctx, cloud.Tags, ref.InstanceID)
	if err != nil {
		return nil, nil, err
	}
	mark, err := maintenance.ProxyMarkOf(ref.ProxyID, tags)
	return mark, tags, err
}

// instanceMarks are the marks of all proxies of a DB instance. One that cannot be read is
// part of the answer.
func instanceMarks(ctx context.Context, cloud ProxyCloud, instanceID string) (out ListMarksOutput, err error) {
	tags, err := call(ctx, cloud.Tags, instanceID)
	if err != nil {
		return out, err
	}
	proxies, err := call(ctx, cloud.Proxies, instanceID)
	if err != nil {
		return out, err
	}
	for _, p := range proxies {
		switch mark, err := maintenance.ProxyMarkOf(p.ID, tags); {
		case err != nil:
			out.Unread = append(out.Unread, err.Error())
		case mark != nil:
			out.Marks = append(out.Marks, mark.Found(p.ID, p.Routing))
		}
	}
	return out, nil
}

// full says why the run could not mark the proxy as it is; empty: it could.
func full(ctx context.Context, now Clock, proxy maintenance.Proxy, tags map[string]string) string {
	run := caller(ctx)
	run.Since = now()
	mark, err := maintenance.NewProxyMark(run, proxy.Routing).Tags(proxy.ID)
	if err != nil {
		return err.Error()
	}
	return maintenance.InstanceTagRoom(mark, tags)
}

// MarkProxyInput names a mark of a proxy's read weights.
type MarkProxyInput struct {
	ProxyLookup
	Mark maintenance.ProxyMark `json:"mark"`
	// Over is what a run has left that has ended, and that this mark replaces; nil: nothing.
	Over *maintenance.ProxyMark `json:"over,omitempty"`
}

// MarkProxyOutput says what became of it.
type MarkProxyOutput struct {
	// NotMarked says why the proxy has no mark, and so must stay as it is. Empty: it has.
	NotMarked string `json:"notMarked,omitempty"`
}

// MarkProxy writes the mark into the tags of the proxy's DB instance, unless there is no
// room for it, or TaurusDB refuses it. It may be repeated. A proxy that another run has
// marked meanwhile is names.TypeMarked.
func (a *TaurusDB) MarkProxy(ctx context.Context, in MarkProxyInput) (out MarkProxyOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	found, tags, err := readMark(ctx, cloud, in.Proxy)
	switch {
	case err != nil || found.Same(&in.Mark):
		return out, err
	case found != nil && !found.Same(in.Over):
		return out, proxyMarkedByAnother(in.Proxy, *found)
	}
	mark, err := in.Mark.Tags(in.Proxy.ProxyID)
	if err != nil {
		return MarkProxyOutput{NotMarked: err.Error()}, nil
	}
	if out.NotMarked = maintenance.InstanceTagRoom(mark, tags); out.NotMarked != "" {
		return out, nil
	}
	set := func(ctx context.Context, mark map[string]string) (struct{}, error) {
		return struct{}{}, cloud.Tag(ctx, in.Proxy.InstanceID, mark)
	}
	if _, err = call(ctx, set, mark); refusesTag(err) {
		return MarkProxyOutput{NotMarked: err.Error()}, nil
	}
	return out, repeatable(err)
}

// refusesTag is true where a cloud refuses a tag also on a retry, or the tag has no room for its
// value.
func refusesTag(err error) bool {
	for _, refusal := range []error{
		maintenance.ErrDenied, maintenance.ErrInvalid, maintenance.ErrRejected, maintenance.ErrUnsupported,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// UnmarkProxy removes the mark from the tags of the proxy's DB instance. It may be
// repeated, and is for a proxy whose weights are as they are to be. One that another run
// has marked meanwhile is left alone: names.TypeMarked.
func (a *TaurusDB) UnmarkProxy(ctx context.Context, in MarkProxyInput) (out struct{}, err error) {
	defer patient(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	found, tags, err := readMark(ctx, cloud, in.Proxy)
	switch {
	case err != nil || found == nil:
		return out, err
	case !found.Same(&in.Mark) && !found.Same(in.Over):
		return out, proxyMarkedByAnother(in.Proxy, *found)
	}
	remove := func(ctx context.Context, keys []string) (struct{}, error) {
		return struct{}{}, cloud.Untag(ctx, in.Proxy.InstanceID, keys)
	}
	_, err = call(ctx, remove, maintenance.ProxyMarkKeys(in.Proxy.ProxyID, tags))
	return out, repeatable(err)
}

func proxyMarkedByAnother(ref maintenance.ProxyRef, found maintenance.ProxyMark) error {
	return fmt.Errorf("%w: %s has marked the read weights of proxy %s in the meantime; this run does not change them", errMarked, found.Mark, ref.ProxyID)
}
