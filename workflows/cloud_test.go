package workflows_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks/checkstest"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

const never = 1000 * time.Hour

// The effects that mark the gateway, and take the mark away.
const (
	marks   = "tag " + maintenance.AutomaticUpdatesTag
	unmarks = "untag " + maintenance.AutomaticUpdatesTag
)

// cloud is both clouds in one fake that lives in virtual time: what it shows is
// a function of the times at which things were started. It keeps every effect.
type cloud struct {
	now func() time.Time
	mu  sync.Mutex

	gateway  maintenance.Gateway
	schedule maintenance.RawSchedule
	tags     map[string]string // in addition to those that its description shows
	tagging  error             // why the gateway takes no tags
	moves    []move            // of the window, by time
	reads    int               // of the window, so far
	onRead   func(n int)       // called at each
	refused  time.Time         // reading it is refused on that day
	resist   int               // how often weights above 0 are refused
	gap      time.Duration     // RUNNING goes on after the trigger
	restart  time.Duration     // then the gateway is away
	stale    time.Duration     // then it runs the old version
	away     time.Time         // until when it is not connected
	awayWith error             // what it answers then; nil: that it is not connected
	flaps    bool              // it answers only every other poll
	asked    int               // how often it was read
	noEffect bool
	withdraw bool      // a trigger without effect takes the offer back
	awsAt    time.Time // AWS updates by itself

	health    *checkstest.Sources
	triggered time.Time
	// updated, where given, changes what the gateway shows after the update, at the n-th poll.
	updated   func(g *maintenance.Gateway, n int)
	polls     int
	meddle    func() // what someone does once the owner's policy is back
	gone      int    // how many of its volumes are gone after the update
	dropped   int    // or are detached
	volumes   []maintenance.Volume
	snapshots []*maintenance.Snapshot
	unseen    time.Duration // how long EC2 does not show a snapshot
	pending   time.Duration // of a snapshot; never: it stays pending

	proxies map[string]*fakeProxy
	jobs    map[string]*fakeJob
	// instanceTags are those of the one DB instance; marking is why it takes none.
	instanceTags map[string]string
	marking      error
	marked       func() // what someone does once a proxy is marked

	quarantined *maintenance.Quarantine  // by an earlier run
	holder      maintenance.InstanceHold // another run that works on the DB instance
	heldUntil   time.Time
	inProgress  string // workflow id of a run that Temporal knows

	lose    map[string]int // operation -> answers to lose after the effect
	refuse  map[string]int // operation -> calls to lose before the effect
	blind   map[string]int // operation -> searches for its effect to refuse
	words   string         // that the cloud adds to each error
	effects []string
	started map[string]time.Time // when each effect last took place
}

type move struct {
	at  time.Time
	day int
}

type fakeProxy struct {
	instance string
	proxy    maintenance.Proxy
	kernel   maintenance.ProxyKernel
	reject   string
	refusal  error // of its upgrades
	fail     string
	stuck    bool
	lasts    time.Duration // its upgrade; 0: 4 minutes
	abnormal bool
	busy     time.Time // until when it is at work
	after    func()    // what the work does at its end
}

type fakeJob struct {
	ends   time.Time
	failed string
}

// effect notes a change, and loses its answer where the test says so.
func (c *cloud) effect(operation, resource string) error {
	c.effects = append(c.effects, operation+" "+resource)
	c.started[operation+" "+resource] = c.now()
	if c.lose[operation] > 0 {
		c.lose[operation]--
		return fmt.Errorf("%s: %w: connection reset", operation, maintenance.ErrUnknownOutcome)
	}
	return nil
}

// before fails a call that then has no effect, in a way that does not say so.
func (c *cloud) before(operation string) error {
	if c.refuse[operation] > 0 {
		c.refuse[operation]--
		return fmt.Errorf("%s: %w: timeout%s", operation, maintenance.ErrUnknownOutcome, c.words)
	}
	return nil
}

// search refuses a search for an effect that was made.
func (c *cloud) search(operation string, made bool) error {
	if made && c.blind[operation] > 0 {
		c.blind[operation]--
		return fmt.Errorf("search for the %s: %w", operation, maintenance.ErrInvalid)
	}
	return nil
}

func (c *cloud) done() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.effects...)
}

// upgraded is true once the upgrade of a proxy was sent.
func (c *cloud) upgraded(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.started["upgrade "+id].IsZero()
}

func (c *cloud) Gateways(account string) (activities.GatewayCloud, error) {
	return gatewayCloud{c}, known(account)
}

func (c *cloud) Volumes(account string) (activities.VolumeCloud, error) {
	return volumeCloud{c}, known(account)
}

func (c *cloud) Proxies(account string) (activities.ProxyCloud, error) {
	return proxyCloud{c}, known(account)
}

// DescribeWorkflowExecution answers as Temporal does for a quarantine's workflow, and
// for one that holds the DB instance.
func (c *cloud) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	switch {
	case c.instanceTaken(id):
		return running(id, names.InstanceHoldMemo, c.holder)
	case c.quarantined != nil:
		return running(id, names.QuarantineMemo, c.quarantined)
	case id == c.inProgress:
		return running(id, "", nil)
	}
	return nil, serviceerror.NewNotFound("no workflow " + id)
}

// GetWorkflow is not asked of this fake.
func (c *cloud) GetWorkflow(context.Context, string, string) client.WorkflowRun { return nil }

// UpdateWorkflow is not asked of this fake.
func (c *cloud) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, serviceerror.NewNotFound("no workflow")
}

// instanceTaken is true while the workflow of that id holds the DB instance for another
// run.
func (c *cloud) instanceTaken(id string) bool {
	return id == api.InstanceHoldWorkflowID(c.holder.InstanceID) && c.now().Before(c.heldUntil)
}

func running(id, memo string, value any) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	payload, err := converter.GetDefaultDataConverter().ToPayload(value)
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "another"},
		Status:    enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		Memo:      &commonpb.Memo{Fields: map[string]*commonpb.Payload{memo: payload}},
	}}, err
}

// Check compares nothing but names.
func (c *cloud) Check(accounts plan.Accounts) error {
	for _, a := range accounts.AWS {
		if err := known(a.Name); err != nil {
			return err
		}
	}
	for _, a := range accounts.Huawei {
		if err := known(a.Name); err != nil {
			return err
		}
	}
	return nil
}

// gatewayCloud lists the gateway, under a name that the accounts use otherwise.
type gatewayCloud struct{ *cloud }

func (g gatewayCloud) Gateways(_ context.Context, _ string) ([]maintenance.Gateway, string, error) {
	return []maintenance.Gateway{g.gateway}, "", nil
}

func known(account string) error {
	if account == "prod" {
		return nil
	}
	return fmt.Errorf("account %s: %w", account, maintenance.ErrNotFound)
}

func (c *cloud) Gateway(_ context.Context, arn string) (maintenance.Gateway, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.gateway
	if arn != g.ARN {
		return g, fmt.Errorf("gateway %s: %w", arn, maintenance.ErrNotFound)
	}
	if c.asked++; c.flaps && c.asked%2 == 1 {
		return g, fmt.Errorf("gateway %s: %w", arn, maintenance.ErrUnavailable)
	}
	if c.now().Before(c.away) {
		return g, fmt.Errorf("gateway %s: %w%s", arn, cmp.Or(c.awayWith, maintenance.ErrNotConnected), c.words)
	}
	started := c.triggered
	if !c.awsAt.IsZero() && !c.now().Before(c.awsAt) {
		started = c.awsAt
	}
	if started.IsZero() {
		return g, nil
	}
	switch since := c.now().Sub(started); {
	case since < c.gap:
	case since < c.gap+c.restart:
		return g, fmt.Errorf("gateway %s: %w%s", arn, maintenance.ErrNotConnected, c.words)
	case since < c.gap+c.restart+c.stale:
	default:
		g.SoftwareVersion, g.LastSoftwareUpdate, g.NextUpdateAvailable = "2.0.0", started.UTC().Format("2006-01-02T15:04:05"), ""
		if c.polls++; c.updated != nil {
			c.updated(&g, c.polls)
		}
	}
	return g, nil
}

func (c *cloud) Schedule(context.Context, string) (maintenance.RawSchedule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.schedule
	if now := c.now(); !c.refused.IsZero() && !now.Before(c.refused) && now.Before(c.refused.Add(24*time.Hour)) {
		return s, fmt.Errorf("read the window: %w", maintenance.ErrDenied)
	}
	c.reads++
	if c.onRead != nil {
		c.onRead(c.reads)
	}
	for _, m := range c.moves {
		if !c.now().Before(m.at) {
			s.DayOfMonth = &m.day
		}
	}
	return s, nil
}

func (c *cloud) UpdateSoftware(_ context.Context, arn string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("update"); err != nil {
		return err
	}
	if c.noEffect {
		if c.withdraw {
			c.gateway.NextUpdateAvailable = ""
		}
		return c.effect("trigger-without-effect", maintenance.GatewayID(arn))
	}
	c.triggered = c.now()
	return c.effect("update", maintenance.GatewayID(arn))
}

func (c *cloud) SetAutomaticUpdates(_ context.Context, _ string, policy maintenance.AutomaticUpdatePolicy) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("automatic-updates"); err != nil {
		return err
	}
	c.schedule.AutomaticUpdates = policy
	if c.meddle != nil && policy == maintenance.AllVersions {
		c.meddle()
	}
	return c.effect("automatic-updates", string(policy))
}

func (c *cloud) Tags(context.Context, string) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := maps.Clone(c.gateway.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, c.tags)
	return all, nil
}

func (c *cloud) Tag(_ context.Context, _, key, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := cmp.Or(c.tagging, c.before("tag")); err != nil {
		return err
	}
	if c.tags == nil {
		c.tags = map[string]string{}
	}
	c.tags[key] = value
	return c.effect("tag", key)
}

func (c *cloud) Untag(_ context.Context, _, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("untag"); err != nil {
		return err
	}
	delete(c.tags, key)
	return c.effect("untag", key)
}

type volumeCloud struct{ *cloud }

func (c volumeCloud) Volumes(context.Context, maintenance.Gateway) ([]maintenance.Volume, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append([]maintenance.Volume{}, c.volumes...)
	if c.triggered.IsZero() {
		return all, nil
	}
	for i := range all[:c.dropped] {
		all[i].Status = "DETACHED"
	}
	return all[c.gone:], nil
}

func (c volumeCloud) CreateSnapshot(_ context.Context, arn, key string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("snapshot"); err != nil {
		return "", err
	}
	s := &maintenance.Snapshot{
		ID: fmt.Sprintf("snap-%08d", len(c.snapshots)+1), VolumeID: strings.ToLower(arn[strings.LastIndexByte(arn, '/')+1:]),
		Description: key, StartedAt: c.now(), State: "pending",
	}
	c.snapshots = append(c.snapshots, s)
	return s.ID, c.effect("snapshot", s.VolumeID)
}

// shown is a snapshot as EC2 shows it: late.
func (c volumeCloud) shown(s *maintenance.Snapshot) (maintenance.Snapshot, bool) {
	seen := *s
	age := c.now().Sub(s.StartedAt)
	if age >= c.pending {
		seen.State = "completed"
	}
	return seen, age >= c.unseen
}

func (c volumeCloud) Snapshots(_ context.Context, volumeID, key string) ([]maintenance.Snapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []maintenance.Snapshot
	if err := c.search("snapshot", len(c.snapshots) > 0); err != nil {
		return nil, err
	}
	for _, s := range c.snapshots {
		if seen, ok := c.shown(s); ok && s.VolumeID == volumeID && s.Description == key {
			found = append(found, seen)
		}
	}
	return found, nil
}

func (c volumeCloud) Snapshot(_ context.Context, id string) (maintenance.Snapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.snapshots {
		if seen, ok := c.shown(s); ok && s.ID == id {
			return seen, nil
		}
	}
	return maintenance.Snapshot{}, fmt.Errorf("snapshot %s: %w", id, maintenance.ErrNotFound)
}

func (c volumeCloud) DeleteSnapshot(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.effect("delete-snapshot", id)
}

type proxyCloud struct{ *cloud }

func (c proxyCloud) at(id string) *fakeProxy {
	p := c.proxies[id]
	if p.after != nil && !c.now().Before(p.busy) {
		p.after()
		p.after = nil
	}
	return p
}

func (c proxyCloud) Proxies(_ context.Context, instance string) ([]maintenance.Proxy, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []maintenance.Proxy
	for _, id := range proxyIDs {
		if c.proxies[id] == nil || c.proxies[id].instance != instance {
			continue
		}
		p := c.at(id)
		seen := p.proxy
		if c.now().Before(p.busy) {
			seen.Status = "CHANGING"
		}
		all = append(all, seen)
	}
	return all, nil
}

func (c proxyCloud) Kernel(_ context.Context, _, id string) (maintenance.ProxyKernel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(id).kernel, nil
}

func (c proxyCloud) Job(_ context.Context, id string) (maintenance.Job, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.jobs[id]
	switch {
	case j == nil:
		return maintenance.Job{}, fmt.Errorf("job %s: %w", id, maintenance.ErrNotFound)
	case c.now().Before(j.ends):
		return maintenance.Job{ID: id, Status: "Running", Progress: "50%"}, nil
	case j.failed != "":
		return maintenance.Job{ID: id, Status: "Failed", FailReason: j.failed}, nil
	}
	return maintenance.Job{ID: id, Status: "Completed"}, nil
}

func (c proxyCloud) Jobs(context.Context, string, time.Time) ([]maintenance.Job, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return nil, c.search("upgrade", true)
}

func (c proxyCloud) UpgradePending(context.Context, string, string) (bool, error) { return false, nil }

// start puts a proxy to work for a while.
func (c proxyCloud) start(p *fakeProxy, lasts time.Duration, failed string, after func()) string {
	p.busy, p.after = c.now().Add(lasts), after
	id := fmt.Sprintf("job-%d", len(c.jobs)+1)
	c.jobs[id] = &fakeJob{ends: p.busy, failed: failed}
	return id
}

func (c proxyCloud) Upgrade(_ context.Context, _, id, from, to string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("upgrade"); err != nil {
		return "", err
	}
	p := c.at(id)
	switch {
	case p.refusal != nil:
		return "", fmt.Errorf("upgrade proxy %s: %w", id, p.refusal)
	case p.reject != "":
		return "", fmt.Errorf("upgrade proxy %s: %w: %s%s", id, maintenance.ErrRejected, p.reject, c.words)
	case p.kernel.Current != from || c.now().Before(p.busy):
		return "", fmt.Errorf("upgrade proxy %s: %w", id, maintenance.ErrBusy)
	}
	lasts := cmp.Or(p.lasts, 4*time.Minute)
	if p.stuck {
		lasts = never
	}
	job := c.start(p, lasts, p.fail, func() {
		if p.fail == "" {
			p.kernel.Current = to
		}
		if p.abnormal {
			p.proxy.Status = "ABNORMAL"
		}
	})
	return job, c.effect("upgrade", id)
}

func (c proxyCloud) SetReadWeights(_ context.Context, _, id string, routing maintenance.ProxyRouting) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.at(id)
	if c.resist > 0 && routing.ReadWeights[0].Weight > 0 {
		c.resist--
		return "", fmt.Errorf("set the weights of %s: %w%s", id, maintenance.ErrInvalid, c.words)
	}
	job := c.start(p, 20*time.Second, "", func() { p.proxy.Routing = routing })
	return job, c.effect("weights", fmt.Sprintf("%s %d", id, routing.ReadWeights[0].Weight))
}

func (c proxyCloud) Restart(_ context.Context, _, id string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("restart"); err != nil {
		return "", err
	}
	p := c.at(id)
	job := c.start(p, time.Minute, "", func() { p.proxy.Status = "ACTIVE" })
	return job, c.effect("restart", id)
}

func (c proxyCloud) Tags(context.Context, string) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.instanceTags), nil
}

// Tag takes marks of one proxy alone.
func (c proxyCloud) Tag(_ context.Context, _ string, tags map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := cmp.Or(c.marking, c.before("mark")); err != nil {
		return err
	}
	if c.instanceTags == nil {
		c.instanceTags = map[string]string{}
	}
	maps.Copy(c.instanceTags, tags)
	if c.marked != nil {
		c.marked()
	}
	return c.effect("mark", markedProxy(slices.Sorted(maps.Keys(tags))))
}

func (c proxyCloud) Untag(_ context.Context, _ string, keys []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.before("unmark"); err != nil {
		return err
	}
	for _, key := range keys {
		delete(c.instanceTags, key)
	}
	return c.effect("unmark", markedProxy(keys))
}

func markedProxy(keys []string) string { return strings.TrimPrefix(keys[0], "tg0-") + "po01" }
