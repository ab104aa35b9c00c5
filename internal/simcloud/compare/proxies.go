package compare

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// instance is a DB instance of the capture.
type instance struct {
	conf    huawei.Instance
	proxies map[string]*huawei.Proxy
}

// job is one that a call of the capture started.
type job struct {
	proxy   string
	setting string // of its length
	started time.Time
	took    time.Duration
	visible track
	ended   track
	failed  bool
}

// path are the parts of a URL of TaurusDB: /v3/PROJECT/instances/INSTANCE/proxy/PROXY/...
func path(raw string) (project, instanceID, proxyID string, query url.Values) {
	at, err := url.Parse(raw)
	if err != nil {
		return "", "", "", nil
	}
	segments := strings.Split(at.Path, "/")
	part := func(i int, after string) string {
		if len(segments) > i && (after == "" || segments[i-1] == after) {
			return segments[i]
		}
		return ""
	}
	return part(2, "v3"), part(4, "instances"), part(6, "proxy"), at.Query()
}

func (f *fleet) instance(id string) *instance {
	if !strings.HasSuffix(id, "in07") {
		return nil
	}
	if f.instances[id] == nil {
		f.instances[id] = &instance{
			conf: huawei.Instance{ID: id}, proxies: map[string]*huawei.Proxy{},
		}
	}
	return f.instances[id]
}

func (i *instance) proxy(id string) *huawei.Proxy {
	if i == nil || !strings.HasSuffix(id, "po01") {
		return nil
	}
	if i.proxies[id] == nil {
		i.proxies[id] = &huawei.Proxy{ID: id, CurrentVersion: "2.0.0.000"}
	}
	return i.proxies[id]
}

func (f *fleet) observeHuawei(e exchange) {
	project, instanceID, proxyID, query := path(e.Request.URL)
	if project != "" {
		f.projects[project] = huawei.Project{ID: project, Region: cmp.Or(e.Region, huawei.DefaultRegion)}
	}
	if e.result.has("DBS.200002") || e.result.has("DBS.270024") {
		return // it does not exist
	}
	i := f.instance(instanceID)
	if i != nil {
		i.conf.ProjectID = project
	}
	p := i.proxy(proxyID)
	if e.Operation == "ShowGaussMySqlJobInfo" {
		f.observeJob(f.jobs[query.Get("id")], e)
	}
	if !e.result.ok() {
		return
	}
	switch e.Operation {
	case "ShowGaussMySqlProxyList":
		f.busy(e)
	case "ShowProxyVersion":
		f.version(p, e)
	case "ListImmediateJobs":
		for _, one := range list(e.answer, "jobs") {
			if j := f.jobs[text(one, "job_id")]; j != nil {
				j.visible.see(true, e)
				j.status(text(one, "status"), e)
			}
		}
	default:
		f.started(p, e)
	}
	if i != nil {
		i.observe(e)
	}
}

// observe takes what an answer says of the instance.
func (i *instance) observe(e exchange) {
	switch e.Operation {
	case "ShowGaussMySqlProxyList":
		i.list(e)
	case "ShowGaussMySqlInstanceInfo":
		i.conf.Name, i.conf.Status = text(e.answer, "instance.name"), text(e.answer, "instance.status")
	case "ListInstanceTags":
		if i.conf.Tags != nil {
			return
		}
		i.conf.Tags = map[string]string{}
		for _, tag := range list(e.answer, "tags") {
			i.conf.Tags[text(tag, "key")] = text(tag, "value")
		}
	}
}

func (f *fleet) version(p *huawei.Proxy, e exchange) {
	current, latest := text(e.answer, "current_version"), text(e.answer, "latest_version")
	f.versions[current], f.versions[latest] = true, true
	if p != nil && p.LatestVersion == "" {
		p.CurrentVersion, p.LatestVersion = current, latest
	}
}

// list takes the proxies of an instance, the first time.
func (i *instance) list(e exchange) {
	for _, one := range list(e.answer, "proxy_list") {
		id := text(one, "proxy.pool_id")
		p := i.proxy(id)
		if p == nil || p.NodeCount > 0 {
			continue
		}
		p.Name, p.Status = text(one, "proxy.name"), text(one, "proxy.pool_status")
		p.NodeCount = value(number(one, "proxy.node_num"), 2)
		p.RouteMode = value(number(one, "proxy.route_mode"), 0)
		p.MasterWeight = value(number(one, "master_node.weight"), 0)
		for _, node := range list(one, "readonly_nodes") {
			p.ReadWeights = append(p.ReadWeights, value(number(node, "weight"), 0))
		}
		i.conf.ReadReplicas = max(i.conf.ReadReplicas, len(p.ReadWeights))
	}
}

func value(n *int, usual int) int {
	if n == nil {
		return usual
	}
	return *n
}

// started notes the job of a call that changes a proxy, and what an upgrade's answer says.
func (f *fleet) started(p *huawei.Proxy, e exchange) {
	if p == nil {
		return
	}
	j := &job{proxy: p.ID, started: e.At, took: took(e)}
	id := text(e.answer, "job_id")
	switch e.Operation {
	case "UpgradeProxyVersion":
		j.setting = "huawei.durations.upgrade"
		f.versions[text(e.asked, "target_version")] = true
		for _, result := range list(e.answer, "update_result") {
			if own := text(result, "instance_id"); own != "" && own != p.ID {
				continue
			}
			if text(result, "state") == "REJECT" {
				p.Outcome.Reject = "rejected, as in the capture"
				return
			}
			id = text(result, "workflow_id")
		}
	case "SetGaussMySqlProxyWeight", "ModifyGaussMySqlProxyRouteMode":
		j.setting = "huawei.durations.weights"
	case "RestartProxyInstance":
		j.setting = "huawei.durations.restart"
	}
	if id != "" && j.setting != "" {
		f.jobs[id] = j
	}
}

func (f *fleet) observeJob(j *job, e exchange) {
	switch {
	case j == nil:
	case e.result.has("DBS.200543"):
		j.visible.see(false, e)
	case e.result.ok():
		j.visible.see(true, e)
		j.status(text(e.answer, "job.status"), e)
	}
}

func (j *job) status(word string, e exchange) {
	ended := word != "Running" && word != "Pending"
	j.ended.see(ended, e)
	j.failed = j.failed || word == "Failed"
}

// busy sees in a list of proxies which jobs still run.
func (f *fleet) busy(e exchange) {
	for _, one := range list(e.answer, "proxy_list") {
		id, status := text(one, "proxy.pool_id"), text(one, "proxy.status")
		for _, j := range f.jobs {
			if j.proxy == id && e.At.After(j.started) {
				j.ended.see(status == text(one, "proxy.pool_status"), e)
			}
		}
	}
}

func (f *fleet) settleJobs() {
	for _, id := range slices.Sorted(maps.Keys(f.jobs)) {
		j := f.jobs[id]
		if w, seen := j.visible.window(j.started); seen {
			f.measure("huawei.durations.jobVisible", j.proxy, j.started, w, nil).slack = j.took + j.visible.took
		}
		if w, seen := j.ended.window(j.started); seen {
			f.measure(j.setting, j.proxy, j.started, w, nil).slack = j.took + j.ended.took
		}
		for _, i := range f.instances {
			if p := i.proxies[j.proxy]; p != nil && j.failed && j.setting == "huawei.durations.upgrade" {
				p.Outcome.Fail = "failed, as in the capture"
			}
		}
	}
}

// huawei is that side of the scenario.
func (f *fleet) huawei() huawei.Scenario {
	var s huawei.Scenario
	for _, id := range slices.Sorted(maps.Keys(f.projects)) {
		s.Projects = append(s.Projects, f.projects[id])
	}
	for _, version := range slices.Sorted(maps.Keys(f.versions)) {
		if version != "" {
			s.Versions = append(s.Versions, version)
		}
	}
	s.Durations = huawei.Durations{
		Upgrade: f.fitted("huawei.durations.upgrade", ""), Weights: f.fitted("huawei.durations.weights", ""),
		Restart: f.fitted("huawei.durations.restart", ""), JobVisible: f.fitted("huawei.durations.jobVisible", ""),
	}
	for _, id := range slices.Sorted(maps.Keys(f.instances)) {
		i := f.instances[id]
		conf := i.conf
		for _, name := range slices.Sorted(maps.Keys(i.proxies)) {
			p := *i.proxies[name]
			p.Status = known(p.Status)
			p.Upgrade = f.fitted("huawei.durations.upgrade", p.ID)
			p.Outcome.JobLate = f.fitted("huawei.durations.jobVisible", p.ID)
			conf.Proxies = append(conf.Proxies, p)
		}
		s.Instances = append(s.Instances, conf)
	}
	return s
}

// known is a status that a scenario takes: a busy proxy is active before.
func known(status string) string {
	if status == "ABNORMAL" || status == "FAILED" {
		return status
	}
	return "ACTIVE"
}
