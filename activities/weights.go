package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// ReadWeightsInput names the weights that a proxy is to have.
type ReadWeightsInput struct {
	ProxyLookup
	Routing maintenance.ProxyRouting `json:"routing,omitzero"`
	// From is how the proxy routed when it was read. Where that is not so any more, someone
	// has set what the run is to put back: TypeChanged.
	From *maintenance.ProxyRouting `json:"from,omitempty"`
	// Sent is set where the weights were sent before, and may be so of that.
	Sent bool `json:"sent,omitempty"`
	// Restore, where given, is the mark of weights that are to be put back, in the place of
	// Routing: see patient. Weights that someone has set since stay as they are.
	Restore *maintenance.ProxyMark `json:"restore,omitempty"`
	// Own are the proxies of the run, which may be at work on the instance together.
	// While another one is, weights are only put back.
	Own []string `json:"own,omitempty"`
}

// wanted is how the proxy is to route that shows the routing now.
func (in ReadWeightsInput) wanted(now maintenance.ProxyRouting) maintenance.ProxyRouting {
	if in.Restore == nil {
		return in.Routing
	}
	to, _ := in.Restore.Restored(now)
	return to
}

// ReadWeightsOutput names the change's job. It has none where the weights were
// so already, or stay as someone has set them.
type ReadWeightsOutput struct {
	JobID string `json:"jobId,omitempty"`
	Same  bool   `json:"same"`
	// Done is set where the proxy runs its version already, so that its reads need not be moved.
	Done bool `json:"done,omitempty"`
	// Routing is how the proxy routes, or is about to.
	Routing maintenance.ProxyRouting `json:"routing,omitzero"`
}

// SetReadWeights sends the weights, once, unless the proxy has them already, or runs the version for whose upgrade they
// would be moved: someone else may have upgraded it, or this run itself, before Temporal was restored from a backup.
func (a *TaurusDB) SetReadWeights(ctx context.Context, in ReadWeightsInput) (out ReadWeightsOutput, err error) {
	defer edgeOf(in.Restore != nil)(ctx, in.Pace, &err)
	cloud, err := a.Accounts.Proxies(in.Proxy.Account)
	if err != nil {
		return out, err
	}
	proxy, others, err := findProxy(ctx, cloud, in.Proxy)
	if err != nil {
		return out, err
	}
	if in.Restore == nil {
		if err := alone(others, in.Own); err != nil {
			return out, err
		}
	}
	// One that is at work may be about to change the very weights it shows.
	if !proxy.Healthy() && !proxy.Broken() {
		return out, notYet("proxy %s is %s", proxy.ID, proxy.Status)
	}
	if in.Restore == nil {
		state := ProxyState{Proxy: proxy}
		if err := state.readKernel(ctx, cloud, in.Proxy); err != nil || state.Done {
			out.Done, out.Routing = state.Done, proxy.Routing
			return out, err
		}
	}
	out.Routing = in.wanted(proxy.Routing)
	out.Same = proxy.Routing.SameWeights(out.Routing)
	switch {
	case in.From != nil && !proxy.Routing.SameWeights(*in.From) && (!out.Same || !in.Sent):
		return out, fmt.Errorf("%w: proxy %s has the read weights %s, and had %s when it was read",
			errChanged, proxy.ID, proxy.Routing, in.From)
	case out.Same:
		return out, nil
	}
	send := func(ctx context.Context, routing maintenance.ProxyRouting) (string, error) {
		return cloud.SetReadWeights(ctx, in.Proxy.InstanceID, in.Proxy.ProxyID, routing)
	}
	out.JobID, err = call(ctx, send, out.Routing)
	return out, err
}

// AwaitReadWeightsInput asks to wait for a change of weights.
type AwaitReadWeightsInput struct {
	ReadWeightsInput
	JobID string `json:"jobId,omitempty"`
	// Until, where the change was not answered, is when one of which there is
	// no sign counts as never started; zero for one that was.
	Until time.Time `json:"until,omitzero"`
}

// AwaitReadWeights ends when the proxy has the weights and is not at work, or,
// with Same false, when an unanswered change counts as never started.
func (a *TaurusDB) AwaitReadWeights(ctx context.Context, in AwaitReadWeightsInput) (out ReadWeightsOutput, err error) {
	defer patient(ctx, in.Pace, &err)
	out.JobID = in.JobID
	job, proxy, err := a.jobAndProxy(ctx, in.ProxyLookup, in.JobID)
	if err != nil {
		return out, err
	}
	atRest := proxy.Healthy() || proxy.Broken()
	out.Routing = in.wanted(proxy.Routing)
	out.Same = atRest && proxy.Routing.SameWeights(out.Routing)
	switch {
	case out.Same:
		return out, nil
	case job.Failed():
		return out, fmt.Errorf("%w: job %s, a change of the weights of proxy %s, ended as %s: %s",
			errJobFailed, job.ID, in.Proxy.ProxyID, job.Status, job.FailReason)
	case atRest && !in.Until.IsZero() && !a.Now().Before(in.Until):
		return out, nil
	}
	return out, notYet("proxy %s is %s, its job %s %s", in.Proxy.ProxyID, proxy.Status, job.Status, job.Progress)
}
