package huawei

import (
	"fmt"
	"slices"
	"strconv"
)

// weightsBody is the body of the calls that set read weights. A weight left
// out stays as it is.
type weightsBody struct {
	MasterWeight  *int `json:"master_weight"`
	ReadonlyNodes []struct {
		ID     string `json:"id"`
		Weight *int   `json:"weight"`
	} `json:"readonly_nodes"`
}

// setWeights is PUT .../weight.
func (c *Cloud) setWeights(call *call) (*reply, error) {
	p, err := c.proxyOf(call)
	if err != nil {
		return nil, err
	}
	body, err := decodeBody[weightsBody](call.body)
	if err != nil {
		return nil, err
	}
	if body.MasterWeight == nil && len(body.ReadonlyNodes) == 0 {
		return nil, badParameter()
	}
	return c.changeWeights(call, p, nameWeights, p.RouteMode, body, p.newNodes)
}

// setRouteMode is PUT .../route-mode. Weights left out become what the new mode
// allows.
func (c *Cloud) setRouteMode(call *call) (*reply, error) {
	p, err := c.proxyOf(call)
	if err != nil {
		return nil, err
	}
	body, err := decodeBody[struct {
		weightsBody
		RouteMode            *int    `json:"route_mode"`
		NewNodeAutoAddStatus *string `json:"new_node_auto_add_status"`
		NewNodeWeight        *int    `json:"new_node_weight"`
	}](call.body)
	if err != nil {
		return nil, err
	}
	if body.RouteMode == nil || *body.RouteMode < routeByWeight || *body.RouteMode > routeBalancedAll {
		return nil, badRouteMode()
	}
	added, err := p.newNodes.changed(body.NewNodeAutoAddStatus, body.NewNodeWeight, maxReadWeight(*body.RouteMode))
	if err != nil {
		return nil, err
	}
	return c.changeWeights(call, p, nameRouteMode, *body.RouteMode, body.weightsBody, added)
}

// changeWeights starts the change to a route mode and its weights.
func (c *Cloud) changeWeights(
	call *call, p *proxy, name string, mode int, body weightsBody, added newNodes,
) (*reply, error) {
	if err := p.mayChange(true); err != nil {
		return nil, err
	}
	master, reads, err := p.newWeights(mode, body)
	if err != nil {
		return nil, err
	}
	before, fails := p.Proxy, p.Outcome.WeightsFail
	started := c.start(call, p, name, busyWeights, c.durations.Weights, func(now *Proxy) {
		if !fails {
			now.RouteMode, now.MasterWeight, now.ReadWeights = mode, master, reads
			p.newNodes = added
		}
	})
	if fails {
		started.outcome, started.reason = jobFailed, "Failed to change the weights of the database proxy."
	}
	c.effect(call, p, map[string]string{
		"jobId":     started.id,
		"routeMode": fmt.Sprintf("%d -> %d", before.RouteMode, mode),
		"master":    fmt.Sprintf("%d -> %d", before.MasterWeight, master),
		"readonly":  fmt.Sprintf("%v -> %v", before.ReadWeights, reads),
	})
	return jobReply(started), nil
}

// newWeights is what the weights become, or why they may not.
func (p *proxy) newWeights(mode int, body weightsBody) (int, []int, error) {
	low, high := masterRange(mode)
	master := min(max(p.MasterWeight, low), high)
	if body.MasterWeight != nil {
		master = *body.MasterWeight
	}
	if master < low || master > high {
		return 0, nil, badWeight()
	}
	reads := slices.Clone(p.ReadWeights)
	for i := range reads {
		reads[i] = min(reads[i], maxReadWeight(mode))
	}
	for _, wanted := range body.ReadonlyNodes {
		i, found := p.instance.replica(wanted.ID)
		if !found || wanted.Weight == nil || *wanted.Weight < 0 || *wanted.Weight > maxReadWeight(mode) {
			return 0, nil, badWeight()
		}
		reads[i] = *wanted.Weight
	}
	return master, reads, nil
}

// restart is POST .../restart. It heals an abnormal proxy, unless its outcome is
// that restarts fail.
func (c *Cloud) restart(call *call) (*reply, error) {
	p, err := c.proxyOf(call)
	if err != nil {
		return nil, err
	}
	if err := p.mayChange(false); err != nil {
		return nil, err
	}
	fails := p.Outcome.RestartFails
	started := c.start(call, p, nameRestart, busyRestart, c.durations.Restart, func(now *Proxy) {
		if !fails {
			now.Status = statusActive
		}
	})
	if fails {
		started.outcome, started.reason = jobFailed, "Failed to restart the database proxy."
	}
	c.effect(call, p, map[string]string{"jobId": started.id, "status": p.Status, "fails": strconv.FormatBool(fails)})
	return jobReply(started), nil
}

func jobReply(j *job) *reply { return ok(object{"job_id": j.id}) }
