package huawei

import (
	"slices"
	"time"
)

// The credentials and ids of DefaultScenario.
const (
	// DefaultAccessKey is the access key that a scenario without credentials accepts.
	DefaultAccessKey = "SIMHUAWEIAK"
	// DefaultSecretKey is the secret key of DefaultAccessKey.
	DefaultSecretKey = "SIMHUAWEISK"
	// DefaultProjectID is the project of a scenario that names none.
	DefaultProjectID = "0123456789abcdef0123456789abcdef"
	// DefaultRegion is the region of DefaultProjectID.
	DefaultRegion = "ap-southeast-3"
	// DefaultInstanceID is the DB instance of DefaultScenario.
	DefaultInstanceID = "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
)

// Scenario is the "huawei" section of a scenario file: what exists in the
// simulated cloud when it starts, who may call it, and how it misbehaves.
// Whatever is left out gets the value that DefaultScenario shows.
type Scenario struct {
	Projects    []Project    `yaml:"projects,omitempty"`
	Instances   []Instance   `yaml:"instances,omitempty"`
	Credentials []Credential `yaml:"credentials,omitempty"`
	Users       []User       `yaml:"users,omitempty"`
	// Versions are the proxy kernel versions that the vendor has published, in
	// any order. A proxy may be upgraded to each of them up to its latestVersion.
	Versions  []string  `yaml:"versions,omitempty"`
	Durations Durations `yaml:"durations,omitempty"`
}

// Project is a tenant's project, which lives in one region.
type Project struct {
	// ID has 32 letters and digits.
	ID string `yaml:"id"`
	// Region is also the project's name, as in the real cloud.
	Region string `yaml:"region"`
}

// Instance is a TaurusDB instance with its proxies.
type Instance struct {
	// ID has 36 letters and digits and ends in "in07".
	ID   string `yaml:"id"`
	Name string `yaml:"name,omitempty"`
	// ProjectID is by default the first project of the scenario.
	ProjectID string `yaml:"projectId,omitempty"`
	// Status is the instance's status, by default ACTIVE. In any other the
	// proxies refuse changes.
	Status string `yaml:"status,omitempty"`
	// ReadReplicas is how many read replicas stand behind the proxies, 1 to 15,
	// by default 2.
	ReadReplicas int `yaml:"readReplicas,omitempty"`
	// OneAtATime refuses (409 DBS.200019) a change of one proxy while another
	// proxy of the instance is being changed. Whether the real cloud does so is
	// not known.
	OneAtATime bool `yaml:"oneAtATime,omitempty"`
	// Tags are the owner's, up to 20.
	Tags    map[string]string `yaml:"tags,omitempty"`
	Proxies []Proxy           `yaml:"proxies"`
}

// Proxy is a database proxy.
type Proxy struct {
	// ID has 36 letters and digits and ends in "po01".
	ID   string `yaml:"id"`
	Name string `yaml:"name,omitempty"`
	// Status is ACTIVE (the default), ABNORMAL or FAILED.
	Status string `yaml:"status,omitempty"`
	// NodeCount is the number of the proxy's own nodes, 2 to 32, by default 2.
	NodeCount int `yaml:"nodeCount,omitempty"`
	// RouteMode is 0 (by weight), 1 (balanced, no reads by the primary) or 2
	// (balanced, reads by the primary too).
	RouteMode int `yaml:"routeMode,omitempty"`
	// MasterWeight is the primary's read weight: 0-1000 in route mode 0, 0 in
	// mode 1, 1 in mode 2.
	MasterWeight int `yaml:"masterWeight,omitempty"`
	// ReadWeights has one read weight for each read replica of the instance:
	// 0-1000 in route mode 0 (by default 100), else 0 or 1 (by default 1).
	ReadWeights []int `yaml:"readWeights,omitempty"`
	// CurrentVersion is the kernel version that runs, such as "2.24.03.000".
	CurrentVersion string `yaml:"currentVersion"`
	// LatestVersion is the newest version offered, by default CurrentVersion:
	// nothing to upgrade.
	LatestVersion string `yaml:"latestVersion,omitempty"`
	// ScheduledUpgrade is an upgrade that someone planned in the console.
	ScheduledUpgrade *ScheduledUpgrade `yaml:"scheduledUpgrade,omitempty"`
	// Upgrade is how long an upgrade of this proxy takes, by default Durations.Upgrade.
	Upgrade time.Duration `yaml:"upgrade,omitempty"`
	Outcome Outcome       `yaml:"outcome,omitempty"`
}

// ScheduledUpgrade is a pending PROXY_VERSION_UPGRADE task of the vendor's.
type ScheduledUpgrade struct {
	// StartsIn is the time from the simulator's start to the upgrade's.
	StartsIn time.Duration `yaml:"startsIn"`
	// TargetVersion is by default the proxy's latest version.
	TargetVersion string `yaml:"targetVersion,omitempty"`
}

// Outcome is what befalls the upgrades of a proxy. The zero value is success.
type Outcome struct {
	// Times is how many upgrade calls the outcome befalls, 0 for every one.
	// Calls refused for Conflict or for their input do not count.
	Times int `yaml:"times,omitempty"`
	// Conflict refuses so many upgrade calls with 409 DBS.200019, then no more.
	Conflict int `yaml:"conflict,omitempty"`
	// Reject answers 200 with state REJECT and this text, and changes nothing.
	Reject string `yaml:"reject,omitempty"`
	// Fail lets the job end as Failed with this reason, the version unchanged.
	Fail string `yaml:"fail,omitempty"`
	// Cancel lets the job end as Canceled, the version unchanged.
	Cancel bool `yaml:"cancel,omitempty"`
	// Stuck leaves the job Running, and the proxy busy, permanently.
	Stuck bool `yaml:"stuck,omitempty"`
	// Abnormal leaves the proxy ABNORMAL when the job has ended, until it is
	// restarted. With Fail or Cancel the version is unchanged too.
	Abnormal bool `yaml:"abnormal,omitempty"`
	// RestartFails lets restarts of the proxy end as Failed, its status unchanged.
	RestartFails bool `yaml:"restartFails,omitempty"`
	// WeightsFail lets changes of read weights and of the route mode end as
	// Failed, and changes nothing.
	WeightsFail bool `yaml:"weightsFail,omitempty"`
	// JobLate is the time until the upgrade's job is known, by default
	// Durations.JobVisible.
	JobLate time.Duration `yaml:"jobLate,omitempty"`
	// JobLost hides the job permanently; the upgrade takes place.
	JobLost bool `yaml:"jobLost,omitempty"`
	// TwoElements puts another proxy's element first into update_result.
	TwoElements bool `yaml:"twoElements,omitempty"`
	// OmitInstanceID leaves the proxy's id out of its element of update_result,
	// as the vendor's documented example does.
	OmitInstanceID bool `yaml:"omitInstanceId,omitempty"`
	// MixedReply answers with the two elements of the vendor's example, neither of
	// which has an instance_id: ACCEPT, then REJECT, each with a workflow_id. The first
	// is the proxy's and the upgrade takes place, but with Reject the second is, and
	// nothing changes: nobody can tell from the answer.
	MixedReply bool `yaml:"mixedReply,omitempty"`
}

// Credential is an access key pair.
type Credential struct {
	AccessKey string `yaml:"accessKey"`
	SecretKey string `yaml:"secretKey"`
	// SecurityToken makes the pair temporary: X-Security-Token must carry it.
	SecurityToken string `yaml:"securityToken,omitempty"`
	// Projects are the ids of the projects that it may use, by default all.
	Projects []string `yaml:"projects,omitempty"`
}

// User is an IAM user, who may obtain tokens by password.
type User struct {
	Domain   string `yaml:"domain"`
	Name     string `yaml:"name"`
	Password string `yaml:"password"`
	// Projects are the ids of the projects that it may use, by default all.
	Projects []string `yaml:"projects,omitempty"`
}

// Durations say how long things take. Zero means the default, so "at once" is
// written as a nanosecond.
type Durations struct {
	// Upgrade of a proxy's kernel, by default 10 s.
	Upgrade time.Duration `yaml:"upgrade,omitempty"`
	// Weights is a change of read weights or of the route mode, by default 2 s.
	Weights time.Duration `yaml:"weights,omitempty"`
	// Restart of a proxy, by default 3 s.
	Restart time.Duration `yaml:"restart,omitempty"`
	// JobVisible is the time until a new job's id is known to the jobs API, by
	// default 1 s. ("Several seconds" in the vendor's ShowGaussMySqlJobInfo.)
	JobVisible time.Duration `yaml:"jobVisible,omitempty"`
	// Token is a token's lifetime, by default 24 h.
	Token time.Duration `yaml:"token,omitempty"`
	// AccessKeyLock is how long an access key is locked after more than five
	// wrong signatures in a row, by default 5 min.
	AccessKeyLock time.Duration `yaml:"accessKeyLock,omitempty"`
}

// DefaultScenario is one instance with three proxies, all of which can be
// upgraded: one simply, one that is balanced (route mode 1), one rejected for
// want of subnet addresses.
func DefaultScenario() Scenario {
	const subnetFull = "Upgrade failed due to insufficient subnet ip"
	proxy := func(number, name string) Proxy {
		return Proxy{
			ID:             "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e" + number + "po01",
			Name:           name,
			CurrentVersion: "2.24.03.000",
			LatestVersion:  "2.26.06.000",
		}
	}
	orders, reports, archive := proxy("01", "proxy-orders"), proxy("02", "proxy-reports"), proxy("03", "proxy-archive")
	reports.RouteMode = 1
	archive.Outcome.Reject = subnetFull
	return Scenario{
		Instances: []Instance{{
			ID: DefaultInstanceID, Name: "taurusdb-orders", Proxies: []Proxy{orders, reports, archive},
		}},
	}.withDefaults()
}

// withDefaults is the scenario with whatever was left out filled in. It shares
// nothing that it changes with s.
func (s Scenario) withDefaults() Scenario {
	if len(s.Projects) == 0 {
		s.Projects = []Project{{ID: DefaultProjectID, Region: DefaultRegion}}
	}
	if len(s.Credentials) == 0 {
		s.Credentials = []Credential{{AccessKey: DefaultAccessKey, SecretKey: DefaultSecretKey}}
	}
	if len(s.Users) == 0 {
		s.Users = []User{{Domain: "simdomain", Name: "simuser", Password: "simpassword"}}
	}
	if len(s.Versions) == 0 {
		// The releases of the vendor's "TaurusDB proxy version" page.
		s.Versions = []string{
			"2.23.12.000", "2.24.03.000", "2.24.06.000", "2.24.09.020", "2.24.12.000",
			"2.25.03.000", "2.25.06.000", "2.25.09.000", "2.26.06.000",
		}
	}
	s.Durations = s.Durations.WithDefaults()
	s.Instances = slices.Clone(s.Instances)
	for i := range s.Instances {
		s.Instances[i] = s.Instances[i].withDefaults(s.Projects[0].ID)
	}
	return s
}

// WithDefaults has the defaults in place of zeros.
func (d Durations) WithDefaults() Durations {
	for _, setting := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&d.Upgrade, 10 * time.Second},
		{&d.Weights, 2 * time.Second},
		{&d.Restart, 3 * time.Second},
		{&d.JobVisible, time.Second},
		{&d.Token, 24 * time.Hour},
		{&d.AccessKeyLock, 5 * time.Minute},
	} {
		if *setting.value == 0 {
			*setting.value = setting.usual
		}
	}
	return d
}

func (i Instance) withDefaults(project string) Instance {
	i.Name = orElse(i.Name, "taurusdb")
	i.ProjectID = orElse(i.ProjectID, project)
	i.Status = orElse(i.Status, statusActive)
	i.ReadReplicas = orElse(i.ReadReplicas, 2)
	i.Proxies = slices.Clone(i.Proxies)
	for n := range i.Proxies {
		i.Proxies[n] = i.Proxies[n].withDefaults(i.ReadReplicas)
	}
	return i
}

func (p Proxy) withDefaults(replicas int) Proxy {
	p.Name = orElse(p.Name, "proxy")
	p.Status = orElse(p.Status, statusActive)
	p.NodeCount = orElse(p.NodeCount, 2)
	p.LatestVersion = orElse(p.LatestVersion, p.CurrentVersion)
	if p.RouteMode == routeBalancedAll {
		p.MasterWeight = orElse(p.MasterWeight, 1)
	}
	p.ReadWeights = slices.Clone(p.ReadWeights)
	if len(p.ReadWeights) == 0 {
		weight := 100
		if p.RouteMode != routeByWeight {
			weight = 1
		}
		p.ReadWeights = slices.Repeat([]int{weight}, max(replicas, 0))
	}
	return p
}

func orElse[T comparable](value, usual T) T {
	var zero T
	if value == zero {
		return usual
	}
	return value
}
