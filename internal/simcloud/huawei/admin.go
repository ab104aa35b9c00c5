package huawei

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/admin"
)

// errUnknown is an id in an admin path that nothing has.
var errUnknown = errors.New("does not exist")

// AdminHandler is the operator's side of the simulation, for mounting under
// "/_sim/huawei" with that prefix stripped: it shows the state and makes the
// changes that in the real cloud only the vendor or a misfortune makes.
func (c *Cloud) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", c.admin(func(*http.Request) (any, error) { return c.state(), nil }))
	mux.HandleFunc("POST /proxies/{id}/latest-version", c.adminProxy(c.publish))
	mux.HandleFunc("POST /proxies/{id}/outcome", c.adminProxy(c.setOutcome))
	mux.HandleFunc("POST /proxies/{id}/status", c.adminProxy(c.setStatus))
	mux.HandleFunc("POST /proxies/{id}/scheduled-upgrade", c.adminProxy(c.plan))
	mux.HandleFunc("POST /instances/{id}/status", c.adminInstance(c.setInstanceStatus))
	mux.HandleFunc("POST /instances/{id}/tags", c.adminInstance(c.setInstanceTags))
	mux.HandleFunc("DELETE /tokens", c.admin(func(*http.Request) (any, error) {
		c.expireTokens(c.now())
		return object{"expired": len(c.tokens)}, nil
	}))
	mux.HandleFunc("/", c.admin(func(r *http.Request) (any, error) {
		return nil, fmt.Errorf("%s %s: %w; see docs/reference/simcloud-huawei.md for the paths", r.Method, r.URL.Path, errUnknown)
	}))
	return mux
}

// admin makes a handler of a function that is run alone, on settled state.
func (c *Cloud) admin(act func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.settle(c.now())
		body, err := act(r)
		switch {
		case errors.Is(err, errUnknown):
			admin.Fail(w, http.StatusNotFound, err)
		case err != nil:
			admin.Fail(w, http.StatusBadRequest, err)
		default:
			admin.Reply(w, http.StatusOK, body)
		}
	}
}

// adminProxy is admin for a change of one proxy; the answer is its state.
func (c *Cloud) adminProxy(act func(*proxy, *http.Request) error) http.HandlerFunc {
	return c.admin(func(r *http.Request) (any, error) {
		id := r.PathValue("id")
		for _, i := range c.instances {
			for _, p := range i.proxies {
				if p.ID == id {
					if err := act(p, r); err != nil {
						return nil, err
					}
					return c.proxyState(p), nil
				}
			}
		}
		return nil, fmt.Errorf("proxy %q %w; GET /_sim/huawei/state lists the proxies", id, errUnknown)
	})
}

// publish makes a newer kernel version available to the proxy.
func (c *Cloud) publish(p *proxy, r *http.Request) error {
	body, err := admin.Read[struct {
		Version string `yaml:"version"`
	}](r)
	if err != nil {
		return err
	}
	var check checker
	check.version("version", body.Version)
	check.require(compareVersions(body.Version, p.CurrentVersion) >= 0, "version", body.Version,
		"at least the current version, "+p.CurrentVersion)
	if err := errors.Join(check.faults...); err != nil {
		return err
	}
	c.book.Effect("vendor:PublishProxyVersion", p.ID, requestID(r), map[string]string{
		"from": p.LatestVersion, "to": body.Version,
	})
	p.LatestVersion = body.Version
	return nil
}

// setOutcome replaces what befalls the proxy's next upgrades.
func (c *Cloud) setOutcome(p *proxy, r *http.Request) error {
	outcome, err := admin.Read[Outcome](r)
	if err != nil {
		return err
	}
	var check checker
	check.outcome("outcome", outcome)
	if err := errors.Join(check.faults...); err != nil {
		return err
	}
	p.Outcome, p.befallen, p.conflicts = outcome, 0, outcome.Conflict
	return nil
}

// setStatus gives the proxy a status. A change under way ends as Canceled,
// which frees a proxy that is stuck.
func (c *Cloud) setStatus(p *proxy, r *http.Request) error {
	status, err := readStatus(r, proxyStatuses())
	if err != nil {
		return err
	}
	if p.change != nil {
		ended := p.change.job
		ended.end, ended.outcome, ended.reason = c.now(), jobCanceled, ""
		p.change, p.freeSince = nil, c.now()
	}
	c.book.Effect("vendor:SetProxyStatus", p.ID, requestID(r), map[string]string{"from": p.Status, "to": status})
	p.Status = status
	return nil
}

// plan adds a scheduled upgrade, as the vendor's console does.
func (c *Cloud) plan(p *proxy, r *http.Request) error {
	body, err := admin.Read[struct {
		StartsIn      string `yaml:"startsIn"`
		TargetVersion string `yaml:"targetVersion"`
	}](r)
	if err != nil {
		return err
	}
	task := ScheduledUpgrade{TargetVersion: body.TargetVersion}
	task.StartsIn, err = time.ParseDuration(body.StartsIn)
	if err != nil {
		return maintenance.Invalid("startsIn", body.StartsIn, wantDuration)
	}
	var check checker
	check.scheduled("scheduledUpgrade", p.Proxy, task)
	if err := errors.Join(check.faults...); err != nil {
		return err
	}
	added := c.schedule(p, task, c.now())
	c.book.Effect("vendor:ScheduleProxyUpgrade", p.ID, requestID(r), map[string]string{
		"jobId": added.id, "target": added.target, "due": added.due.UTC().Format(time.RFC3339Nano),
	})
	return nil
}

// adminInstance is admin for a change of one DB instance; the answer is its state.
func (c *Cloud) adminInstance(act func(*instance, *http.Request) error) http.HandlerFunc {
	return c.admin(func(r *http.Request) (any, error) {
		id := r.PathValue("id")
		found := slices.IndexFunc(c.instances, func(i *instance) bool { return i.ID == id })
		if found < 0 {
			return nil, fmt.Errorf("instance %q %w; GET /_sim/huawei/state lists the instances", id, errUnknown)
		}
		if err := act(c.instances[found], r); err != nil {
			return nil, err
		}
		return c.instanceState(c.instances[found]), nil
	})
}

func (c *Cloud) setInstanceStatus(i *instance, r *http.Request) error {
	status, err := readStatus(r, instanceStatuses())
	if err != nil {
		return err
	}
	c.book.Effect("vendor:SetInstanceStatus", i.ID, requestID(r), map[string]string{"from": i.Status, "to": status})
	i.Status = status
	return nil
}

// setInstanceTags sets tags, as the owner might in the console; null takes one off.
func (c *Cloud) setInstanceTags(i *instance, r *http.Request) error {
	changes, err := admin.Read[map[string]*string](r)
	if err != nil {
		return err
	}
	after := maps.Clone(i.tags)
	for key, value := range changes {
		if delete(after, key); value != nil {
			after[key] = *value
		}
	}
	var check checker
	check.tags("tags", after)
	if err := errors.Join(check.faults...); err != nil {
		return err
	}
	c.book.Effect("vendor:SetInstanceTags", i.ID, requestID(r), tagDetail(i.tags, after))
	i.tags = after
	return nil
}

func readStatus(r *http.Request, allowed []string) (string, error) {
	body, err := admin.Read[struct {
		Status string `yaml:"status"`
	}](r)
	if err != nil {
		return "", err
	}
	var check checker
	check.require(slices.Contains(allowed, body.Status), "status", body.Status, oneOf(allowed))
	return body.Status, errors.Join(check.faults...)
}

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
		// Visible reports whether the jobs API knows the job by now.
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
