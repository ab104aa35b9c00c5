package huawei

import (
	"slices"
	"time"
)

// updateDetail is one element of an upgrade's update_result. A null and an
// absent member are both as documented.
type updateDetail struct {
	InstanceID   string  `json:"instance_id,omitempty"`
	WorkflowID   *string `json:"workflow_id"`
	State        string  `json:"state"`
	ErrorMessage *string `json:"error_message"`
}

// upgrade is POST .../upgrade-version. HTTP 200 does not mean accepted.
func (c *Cloud) upgrade(call *call) (*reply, error) {
	p, err := c.proxyOf(call)
	if err != nil {
		return nil, err
	}
	body, err := decodeBody[struct {
		SourceVersion string `json:"source_version"`
		TargetVersion string `json:"target_version"`
	}](call.body)
	if err != nil {
		return nil, err
	}
	if p.conflicts > 0 {
		p.conflicts--
		return nil, inProgress()
	}
	if err := p.mayChange(true); err != nil {
		return nil, err
	}
	if err := c.checkVersions(p, body.SourceVersion, body.TargetVersion); err != nil {
		return nil, err
	}
	outcome := p.outcome()
	p.befallen++
	own := updateDetail{InstanceID: p.ID, State: "ACCEPT"}
	if outcome.Reject != "" {
		own.State, own.ErrorMessage = "REJECT", &outcome.Reject
	} else {
		started := c.newJob(p, nameUpgrade, call.now)
		own.WorkflowID = &started.id
		c.effect(call, p, map[string]string{"from": p.CurrentVersion, "to": body.TargetVersion, "workflowId": started.id})
		c.startUpgrade(p, started, body.TargetVersion, outcome)
	}
	return ok(object{"update_result": updateResult(p, own, outcome)}), nil
}

// updateResult is the proxy's own element, as its outcome would have it shown.
func updateResult(p *proxy, own updateDetail, outcome Outcome) []updateDetail {
	if outcome.MixedReply {
		return mixed(own)
	}
	if outcome.OmitInstanceID {
		own.InstanceID = ""
	}
	if !outcome.TwoElements {
		return []updateDetail{own}
	}
	// The other element says REJECT, so that it cannot promise an upgrade that
	// nobody asked for.
	reason := "Upgrade failed because the proxy is not selected"
	other := updateDetail{InstanceID: otherProxyID(p), State: "REJECT", ErrorMessage: &reason}
	return []updateDetail{other, own}
}

// mixed is the vendor's example of an answer ("Upgrading the Kernel Version of a Proxy
// Instance"): the proxy's own element and one of another, accepted first, without ids.
func mixed(own updateDetail) []updateDetail {
	reason := "Upgrade failed due to insufficient subnet ip"
	accepted := updateDetail{WorkflowID: new(newID()), State: "ACCEPT"}
	rejected := updateDetail{WorkflowID: new(newID()), State: "REJECT", ErrorMessage: &reason}
	if own.State == accepted.State {
		accepted.WorkflowID = own.WorkflowID
	} else {
		rejected.ErrorMessage = own.ErrorMessage
	}
	return []updateDetail{accepted, rejected}
}

// otherProxyID is the id of another proxy of the instance, made up if need be.
func otherProxyID(p *proxy) string {
	for _, sibling := range p.instance.proxies {
		if sibling != p {
			return sibling.ID
		}
	}
	return namedID(p.ID) + "po01"
}

// mayChange reports whether a change of the proxy may start now. Only a restart
// needs no healthy proxy.
func (p *proxy) mayChange(healthy bool) error {
	if p.change != nil {
		return inProgress()
	}
	for _, sibling := range p.instance.proxies {
		if p.instance.OneAtATime && sibling.change != nil {
			return inProgress()
		}
	}
	if p.instance.Status != statusActive || healthy && p.Status != statusActive {
		return wrongStatus()
	}
	return nil
}

// checkVersions refuses what the vendor refuses: a source that does not run, a
// target that is the source, older, or not published for this proxy.
func (c *Cloud) checkVersions(p *proxy, source, target string) error {
	if !isVersion(source) || !isVersion(target) || source != p.CurrentVersion {
		return badParameter()
	}
	if target == source {
		return nothingToUpgrade()
	}
	published := target == p.LatestVersion || slices.Contains(c.versions, target)
	if !published || compareVersions(target, source) < 0 || compareVersions(target, p.LatestVersion) > 0 {
		return badParameter()
	}
	return nil
}

// startUpgrade starts the change that the job is about, from the job's start.
func (c *Cloud) startUpgrade(p *proxy, j *job, target string, outcome Outcome) {
	j.lost = outcome.JobLost
	if outcome.JobLate > 0 && !j.scheduled() {
		j.visible = j.created.Add(outcome.JobLate)
	}
	if !outcome.Stuck {
		j.end = j.start.Add(orElse(p.Upgrade, c.durations.Upgrade))
	}
	switch {
	case outcome.Fail != "":
		j.outcome, j.reason = jobFailed, outcome.Fail
	case outcome.Cancel:
		j.outcome = jobCanceled
	}
	p.change = &change{job: j, busy: busyUpgrade, apply: func(now *Proxy) {
		if j.outcome == jobCompleted {
			now.CurrentVersion = target
		}
		if outcome.Abnormal {
			now.Status = statusAbnormal
		}
	}}
}

// start starts a change that a call asked for, and gives its job.
func (c *Cloud) start(call *call, p *proxy, name, busy string, takes time.Duration, apply func(*Proxy)) *job {
	started := c.newJob(p, name, call.now)
	started.end = call.now.Add(takes)
	p.change = &change{job: started, busy: busy, apply: apply}
	return started
}

// effect notes in the Book what the call has changed.
func (c *Cloud) effect(call *call, p *proxy, detail map[string]string) {
	c.book.Effect(call.op.Name, p.ID, call.requestID, detail)
}
