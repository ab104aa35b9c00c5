package huawei

import (
	"maps"
	"time"
)

// The state that the admin side shows, in the scenario file's words.
type (
	cloudState struct {
		Time      time.Time       `json:"time"`
		Instances []instanceState `json:"instances"`
		Jobs      []jobState      `json:"jobs"`
		Tokens    int             `json:"tokens"`
	}
	instanceState struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Project string `json:"projectId"`
		Status  string `json:"status"`
		// Tags are the instance's, {} for none.
		Tags    map[string]string `json:"tags"`
		Proxies []proxyState      `json:"proxies"`
	}
	proxyState struct {
		ID             string `json:"id"`
		Name           string `json:"name"`
		Status         string `json:"status"`
		CurrentVersion string `json:"currentVersion"`
		LatestVersion  string `json:"latestVersion"`
		RouteMode      int    `json:"routeMode"`
		MasterWeight   int    `json:"masterWeight"`
		ReadWeights    []int  `json:"readWeights"`
		// Job is the id of the job under way.
		Job string `json:"job,omitempty"`
	}
	jobState struct {
		ID      string     `json:"id"`
		Name    string     `json:"name"`
		Proxy   string     `json:"proxy"`
		Status  string     `json:"status"`
		Process string     `json:"process,omitempty"`
		Reason  string     `json:"failReason,omitempty"`
		Created time.Time  `json:"created"`
		Due     *time.Time `json:"due,omitempty"`
		Ends    *time.Time `json:"ends,omitempty"`
		// Visible tells whether the jobs API knows the job by now.
		Visible bool `json:"visible"`
	}
)

func (c *Cloud) state() cloudState {
	now := c.now()
	shown := cloudState{
		Time: now.UTC(), Tokens: len(c.tokens),
		Instances: make([]instanceState, 0, len(c.instances)), Jobs: make([]jobState, 0, len(c.jobs)),
	}
	for _, i := range c.instances {
		shown.Instances = append(shown.Instances, c.instanceState(i))
	}
	for _, j := range c.jobs {
		shown.Jobs = append(shown.Jobs, jobState{
			ID: j.id, Name: j.name, Proxy: j.proxy.ID, Status: j.status(now),
			Process: j.process(now, c.durations.Upgrade), Reason: j.failReason(now),
			Created: j.created.UTC(), Due: instant(j.due), Ends: instant(j.end), Visible: j.known(now),
		})
	}
	return shown
}

func (c *Cloud) instanceState(i *instance) instanceState {
	shown := instanceState{
		ID: i.ID, Name: i.Name, Project: i.ProjectID, Status: i.Status,
		Tags: maps.Clone(i.tags), Proxies: make([]proxyState, 0, len(i.proxies)),
	}
	for _, p := range i.proxies {
		shown.Proxies = append(shown.Proxies, c.proxyState(p))
	}
	return shown
}

func (c *Cloud) proxyState(p *proxy) proxyState {
	shown := proxyState{
		ID: p.ID, Name: p.Name, Status: p.shownStatus(),
		CurrentVersion: p.CurrentVersion, LatestVersion: p.LatestVersion,
		RouteMode: p.RouteMode, MasterWeight: p.MasterWeight, ReadWeights: p.ReadWeights,
	}
	if p.change != nil {
		shown.Job = p.change.job.id
	}
	return shown
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
