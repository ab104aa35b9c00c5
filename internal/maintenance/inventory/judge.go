package inventory

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Criteria are by what a fleet is judged.
type Criteria struct {
	// Rules are what a plan adds to the gateways' windows, Prefer its windowPreference.
	Rules  maintenance.Rules
	Prefer maintenance.Recurrence
	// Forecast is how long the work is expected to take, Snapshot when volumes are snapshotted.
	Forecast maintenance.Forecast
	Snapshot maintenance.SnapshotWhen
	// SupportSoon is how long before its end support is a finding.
	SupportSoon time.Duration
	// SnapshotAge is how old the newest complete snapshot of a volume may be, and how long a
	// snapshot may be pending; 0 judges neither.
	SnapshotAge, SnapshotPending time.Duration
	// Civil is the zone of which the fixed offsets of gateways may drift, and CivilName its name;
	// nil judges none.
	Civil     *time.Location
	CivilName string
}

// The defaults of criteria. No cloud documents any of them: they are judgements.
const (
	DefaultSupportSoon     = 90 * day
	DefaultSnapshotAge     = 8 * day // a weekly snapshot, and a day
	DefaultSnapshotPending = 1 * day
)

// DefaultCriteria are those of a plan that says nothing.
func DefaultCriteria() Criteria {
	policy := maintenance.Policy{}.WithDefaults()
	c := Criteria{
		Forecast: maintenance.Rollout{}.WithDefaults().Forecast, SupportSoon: DefaultSupportSoon,
		SnapshotAge: DefaultSnapshotAge, SnapshotPending: DefaultSnapshotPending,
	}
	return c.WithPolicy(policy)
}

// WithPolicy takes what a plan's policy says of windows and snapshots.
func (c Criteria) WithPolicy(p maintenance.Policy) Criteria {
	c.Rules, c.Prefer, c.Snapshot = p.Rules(), p.WindowPreference, p.Snapshot
	return c
}

// JudgedGateway is a gateway with what was found out about it.
type JudgedGateway struct {
	Gateway

	Urgency  Urgency   `json:"urgency"`
	Findings []Finding `json:"findings"`
	// Undecided are the kinds of findings that could not be judged.
	Undecided []Open `json:"undecided,omitempty"`
	// NextWindow is the first opening that has room for the work, or the next window where none
	// has; nil where no window is known. UTC.
	NextWindow *maintenance.Window `json:"nextWindow,omitempty"`
	// Window is the schedule in words, in the gateway's zone.
	Window string `json:"window,omitempty"`
	// UpdateDays is since how many days an update is on offer; SoftwareDays how old the last update
	// is; SupportDays and FixesDays are how many days are left until SoftwareUpdatesEnd and
	// Deprecation. Nil: not known, or none.
	UpdateDays   *int `json:"updateDays,omitempty"`
	SoftwareDays *int `json:"softwareDays,omitempty"`
	SupportDays  *int `json:"supportDays,omitempty"`
	FixesDays    *int `json:"fixesDays,omitempty"`
}

// JudgedProxy is a proxy with what was found out about it.
type JudgedProxy struct {
	Proxy

	Urgency   Urgency   `json:"urgency"`
	Findings  []Finding `json:"findings"`
	Undecided []Open    `json:"undecided,omitempty"`
}

// JudgeGateway judges one gateway at a time.
func JudgeGateway(g Gateway, now time.Time, c Criteria) JudgedGateway {
	j := judging{JudgedGateway: JudgedGateway{Gateway: g}, now: now, criteria: c}
	j.connection()
	j.support()
	j.update()
	j.window()
	j.tags()
	j.volumes()
	if g.Quarantine != "" {
		j.add(KindQuarantined, Urgent, nil, "quarantined: %s", g.Quarantine)
	}
	for _, u := range g.Unread {
		j.add(KindUnknown, Unknown, nil, "%s could not be read: %s", u.What, u.Why)
	}
	j.Findings, j.Undecided = orEmpty(j.sorted()), j.open
	j.Urgency = urgencyOf(j.Findings)
	return j.JudgedGateway
}

func orEmpty(all []Finding) []Finding {
	if all == nil {
		return []Finding{} // also in JSON
	}
	return all
}

// judging is the judgement of one gateway under way.
type judging struct {
	JudgedGateway
	findings

	now      time.Time
	criteria Criteria
}

// ofDescription are the kinds that only a description answers.
func ofDescription() []Kind { return []Kind{KindNotRunning, KindSupportEnds, KindUpdateWaiting} }

func (j *judging) connection() {
	switch {
	case j.Connection == Disconnected:
		j.add(KindDisconnected, Urgent, nil,
			"it is not connected to AWS; since when, AWS does not say. Check its host, network and time")
		j.leave("the gateway is disconnected", KindSupportEnds, KindUpdateWaiting, KindNoWindow,
			KindWindowUnusable, KindWindowFrozen, KindZoneDrift)
	case !j.Described:
		j.leave("it could not be described", append(ofDescription(), KindDisconnected)...)
		if len(j.Unread) == 0 {
			j.add(KindUnknown, Unknown, nil, "it was not described")
		}
	case j.Running():
	case strings.TrimPrefix(strings.ToUpper(j.State), "STATE_") == "SHUTDOWN":
		j.add(KindNotRunning, Urgent, nil, "it is shut down")
	case j.State == "":
		j.add(KindUnknown, Unknown, nil, "AWS does not say in what state it is")
		j.leave("AWS does not say in what state it is", KindNotRunning)
	default:
		j.add(KindNotRunning, Unknown, nil, "its state is %q, which is not documented", j.State)
	}
}

// support judges both dates after which AWS ends updates. What is absent is not announced, as long as
// the gateway was described; of what AWS lists alone there is the later one only.
func (j *judging) support() {
	j.SupportDays = j.ends("SoftwareUpdatesEndDate", j.SoftwareUpdatesEnd, "no new features", Soon)
	j.FixesDays = j.ends("DeprecationDate", j.Deprecation, "no updates at all, fixes neither", Urgent)
}

// ends judges one of the dates. once is the urgency when it is past.
func (j *judging) ends(member, text, means string, once Urgency) *int {
	if text == "" {
		return nil
	}
	at, ok := ReadDate(text, j.location())
	if !ok {
		j.add(KindUnknown, Unknown, nil, "%s is %q, which is not understood", member, text)
		j.leave(member+" is not understood", KindSupportEnds)
		return nil
	}
	days := daysBetween(j.now, at)
	switch date := at.In(j.location()).Format(time.DateOnly); {
	case !at.After(j.now):
		j.add(KindSupportEnds, once, &days, "support ended %s (%s): %s since", date, member, means)
	case at.Sub(j.now) <= j.criteria.SupportSoon:
		j.add(KindSupportEnds, Soon, &days, "support ends %s (%s), in %s: %s after it", date, member,
			maintenance.Counted(days, "day", "days"), means)
	}
	return &days
}

func (j *judging) update() {
	if last, ok := ReadDate(j.LastSoftwareUpdate, j.location()); ok {
		j.SoftwareDays = new(daysBetween(last, j.now))
	} else if j.LastSoftwareUpdate != "" {
		j.add(KindUnknown, Unknown, nil, "LastSoftwareUpdate is %q, which is not understood", j.LastSoftwareUpdate)
	}
	if !j.UpdateOffered() {
		return
	}
	since, ok := ReadDate(j.NextUpdateAvailable, j.location())
	if !ok {
		j.add(KindUpdateWaiting, Soon, nil, "an update waits; since when is unknown: AWS says %q", j.NextUpdateAvailable)
		return
	}
	date := since.In(j.location()).Format(time.DateOnly)
	if since.After(j.now) {
		j.add(KindUpdateWaiting, Notice, new(daysBetween(since, j.now)), "an update is available from %s", date)
		return
	}
	days := daysBetween(since, j.now)
	j.UpdateDays = &days
	j.add(KindUpdateWaiting, Soon, &days, "an update waits since %s, for %s", date,
		maintenance.Counted(days, "day", "days"))
}

// tags judges the marks of runs.
func (j *judging) tags() {
	mark, err := maintenance.PolicyMarkOf(j.ID, j.Tags)
	switch {
	case err != nil:
		j.add(KindMark, Urgent, nil, "%v", err)
	case mark != nil:
		days := daysBetween(mark.Since, j.now)
		j.add(KindMark, Soon, &days, "%s. If that run has ended, the next one restores %s (docs/runbook.md, Marks)",
			heldBy("its automatic updates are", string(mark.Set), mark.Mark), mark.Owner)
	case !j.AllTags:
		j.leave("its tags could not all be read", KindMark)
	}
}

func heldBy(what, set string, m maintenance.Mark) string {
	return fmt.Sprintf("%s held at %s by %s since %s", what, set, m, m.Since.UTC().Format(time.RFC3339))
}

func (j *judging) volumes() {
	if j.HasVolumes() && j.Volumes == nil {
		j.leave("its volumes were not read", KindVolume, KindSnapshotPending, KindSnapshotMissing)
		return
	}
	for _, v := range j.Volumes {
		switch {
		case v.Available():
		case v.Irrecoverable():
			j.add(KindVolume, Urgent, nil, "volume %s is irrecoverable", v.ID)
		case v.Detached():
			j.add(KindVolume, Notice, nil, "volume %s is %s", v.ID, strings.ToLower(v.Status))
		case v.Status == "":
			j.add(KindUnknown, Unknown, nil, "AWS gives no status of volume %s", v.ID)
			j.leave("AWS gives no status of a volume", KindVolume)
		default:
			j.add(KindVolume, Soon, nil, "volume %s is %s: no snapshot of it may be possible", v.ID, v.Status)
		}
		j.snapshots(v)
	}
}

func (j *judging) snapshots(v Volume) {
	s := v.Snapshots
	if s == nil {
		j.leave("its snapshots were not read", KindSnapshotPending, KindSnapshotMissing)
		return
	}
	if limit := j.criteria.SnapshotPending; s.Unfinished != nil && limit > 0 && j.now.Sub(*s.Unfinished) > limit {
		days := daysBetween(*s.Unfinished, j.now)
		j.add(KindSnapshotPending, Soon, &days, "a snapshot of volume %s is unfinished since %s", v.ID,
			s.Unfinished.Format(time.DateOnly))
	}
	if s.Failed > 0 {
		j.add(KindSnapshotPending, Notice, nil, "%s of volume %s failed",
			maintenance.Counted(s.Failed, "snapshot", "snapshots"), v.ID)
	}
	switch limit := j.criteria.SnapshotAge; {
	case limit <= 0:
	case s.Completed == nil:
		j.add(KindSnapshotMissing, Notice, nil, "volume %s has no complete snapshot", v.ID)
	case j.now.Sub(*s.Completed) > limit:
		days := daysBetween(*s.Completed, j.now)
		j.add(KindSnapshotMissing, Notice, &days, "the newest complete snapshot of volume %s is of %s", v.ID,
			s.Completed.Format(time.DateOnly))
	}
}

// JudgeProxy judges one proxy at a time.
func JudgeProxy(p Proxy, now time.Time) JudgedProxy {
	j := JudgedProxy{Proxy: p}
	var f findings
	health(&f, p)
	version(&f, p)
	switch mark, err := maintenance.ProxyMarkOf(p.ID, p.InstanceTags); {
	case err != nil:
		f.add(KindMark, Urgent, nil, "%v", err)
	case mark != nil:
		days := daysBetween(mark.Since, now)
		f.add(KindMark, Soon, &days, "%s. If that run has ended, the next one restores them (docs/runbook.md, Marks)",
			heldBy("its read weights are", mark.Found(p.ID, p.Routing).Set, mark.Mark))
	case p.InstanceTags == nil:
		f.leave("the tags of its DB instance were not read", KindMark)
	}
	for _, u := range p.Unread {
		f.add(KindUnknown, Unknown, nil, "%s could not be read: %s", u.What, u.Why)
	}
	j.Findings, j.Undecided = orEmpty(f.sorted()), f.open
	j.Urgency = urgencyOf(j.Findings)
	return j
}

func health(f *findings, p Proxy) {
	switch {
	case p.Healthy():
	case p.Broken():
		f.add(KindProxyNotHealthy, Urgent, nil, "the proxy is %s, its pool %s", p.Status,
			cmp.Or(p.PoolStatus, "unknown"))
	case p.Status == "":
		f.add(KindUnknown, Unknown, nil, "Huawei Cloud gives no status of it")
		f.leave("Huawei Cloud gives no status of it", KindProxyNotHealthy)
	case p.AtWork():
		f.add(KindProxyNotHealthy, Unknown, nil, "its status is %q: something is done to it, or it is not documented",
			p.Status)
	default:
		f.add(KindProxyNotHealthy, Soon, nil, "%s not ACTIVE", unwell(p.Proxy))
	}
	if p.Instance.Status != "" && p.Instance.Status != "ACTIVE" {
		f.add(KindProxyNotHealthy, Notice, nil, "its DB instance is %s", p.Instance.Status)
	}
}

func unwell(p maintenance.Proxy) string {
	n := 0
	for _, node := range p.Nodes {
		if node.Status != "ACTIVE" {
			n++
		}
	}
	if n == 0 {
		return "its pool is " + p.PoolStatus + ","
	}
	return fmt.Sprintf("%d of %s", n, maintenance.Counted(len(p.Nodes), "node is", "nodes are"))
}

func version(f *findings, p Proxy) {
	if k := p.Kernel; k == nil {
		f.leave("its version was not read", KindUpdateWaiting)
	} else if goal, done, err := k.Goal(maintenance.Latest); err != nil {
		f.add(KindUnknown, Unknown, nil, "its versions (%q, newest %q) are not understood", k.Current, k.Latest)
		f.leave("its versions are not understood", KindUpdateWaiting)
	} else if !done {
		f.add(KindUpdateWaiting, Soon, nil, "version %s is on offer; since when, Huawei Cloud does not say", goal)
	}
	switch {
	case p.Scheduled == nil:
		f.leave("whether an upgrade is scheduled was not read", KindUpgradeScheduled)
	case *p.Scheduled:
		f.add(KindUpgradeScheduled, Notice, nil, "an upgrade of it is scheduled in the console")
	}
}

// kindsOfWindow are the kinds that only a window answers.
func kindsOfWindow() []Kind { return []Kind{KindWindowUnusable, KindWindowFrozen, KindZoneDrift} }
