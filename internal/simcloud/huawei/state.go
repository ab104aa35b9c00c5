package huawei

import (
	"crypto/rand"
	"fmt"
	"maps"
	"time"
)

// instance is a DB instance and its proxies as they are now.
type instance struct {
	Instance
	proxies []*proxy
	tags    map[string]string
}

// proxy is a proxy as it is now: the embedded description changes with it.
type proxy struct {
	Proxy
	instance *instance
	// change is under way, nil where none is.
	change *change
	// freeSince is when the last change ended.
	freeSince time.Time
	// befallen counts the upgrade calls that the outcome has befallen, conflicts
	// those still to be refused with 409.
	befallen, conflicts int
	newNodes            newNodes
}

// newNodes is what becomes of read replicas that are added to the instance: they join the
// proxy by themselves, with a weight, or do not.
type newNodes struct {
	auto   bool
	weight int
}

// changed is what a call makes of it; nil leaves a member as it is.
func (n newNodes) changed(status *string, weight *int, most int) (newNodes, error) {
	if status != nil {
		if *status != "ON" && *status != "OFF" {
			return n, badParameter()
		}
		n = newNodes{auto: *status == "ON"}
	}
	if weight != nil {
		n.weight = *weight
	}
	if n.weight < 0 || n.weight > most || n.weight > 0 && !n.auto {
		return n, badWeight()
	}
	return n, nil
}

// status is the vendor's word for it.
func (n newNodes) status() string {
	if n.auto {
		return "ON"
	}
	return "OFF"
}

// change is an operation in progress. It takes effect when its job ends.
type change struct {
	job   *job
	busy  string
	apply func(*Proxy)
}

func (c *Cloud) addInstance(described Instance) {
	added := &instance{Instance: described, tags: map[string]string{}}
	maps.Copy(added.tags, described.Tags)
	for _, d := range described.Proxies {
		p := &proxy{Proxy: d, instance: added, conflicts: d.Outcome.Conflict}
		added.proxies = append(added.proxies, p)
		if task := d.ScheduledUpgrade; task != nil {
			c.schedule(p, *task, c.now())
		}
	}
	c.instances = append(c.instances, added)
}

// settle puts into effect whatever has fallen due by now.
func (c *Cloud) settle(now time.Time) {
	for _, i := range c.instances {
		for _, p := range i.proxies {
			p.finish(now)
			for task := c.due(p, now); task != nil; task = c.due(p, now) {
				c.runScheduled(p, task)
				p.finish(now)
			}
		}
	}
}

// finish ends the change under way if its time has come.
func (p *proxy) finish(now time.Time) {
	if p.change == nil || !p.change.job.ended(now) {
		return
	}
	p.freeSince = p.change.job.end
	if p.change.apply != nil {
		p.change.apply(&p.Proxy)
	}
	p.change = nil
}

// shownStatus is what the API says of the proxy: its status, or what is being
// done to it.
func (p *proxy) shownStatus() string {
	if p.change != nil {
		return p.change.busy
	}
	return p.Status
}

// outcome is what befalls the proxy's next upgrade.
func (p *proxy) outcome() Outcome {
	if p.Outcome.Times > 0 && p.befallen >= p.Outcome.Times {
		return Outcome{}
	}
	return p.Outcome
}

// node is a DB node behind the proxies: number 0 is the primary.
type node struct{ id, name string }

func (i *instance) node(number int) node {
	// The vendor's ids of DB nodes end in "no07".
	return node{
		id:   nodeID(i.ID, number) + "no07",
		name: fmt.Sprintf("%s_node%d", i.Name, number),
	}
}

// nodeID is 32 hexadecimal digits, always the same for an owner's node.
func nodeID(owner string, number int) string { return namedID(fmt.Sprintf("%s/%d", owner, number)) }

// replica is the number, from 0, of the read replica with this id.
func (i *instance) replica(id string) (int, bool) {
	for n := range i.ReadReplicas {
		if i.node(n+1).id == id {
			return n, true
		}
	}
	return 0, false
}

// instanceOf finds the instance that the call's path names.
func (c *Cloud) instanceOf(call *call) (*instance, error) {
	if !instanceIDForm.MatchString(call.instance) {
		return nil, malformedID()
	}
	for _, i := range c.instances {
		if i.ID == call.instance && i.ProjectID == call.project {
			return i, nil
		}
	}
	return nil, noInstance()
}

// proxyOf finds the proxy that the call's path names.
func (c *Cloud) proxyOf(call *call) (*proxy, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	if !proxyIDForm.MatchString(call.proxy) {
		return nil, malformedID()
	}
	for _, p := range i.proxies {
		if p.ID == call.proxy {
			return p, nil
		}
	}
	return nil, noProxy()
}

// newID is a random id in the form of a UUID.
func newID() string {
	hex := namedID(rand.Text())
	return fmt.Sprintf("%s-%s-%s-%s-%s", hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:])
}
