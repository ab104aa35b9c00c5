package maintenance

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Latest is the target version that means "what the cloud offers as newest".
const Latest = "latest"

// KernelVersion is a proxy's kernel version: four fields, compared as numbers.
type KernelVersion [4]int

// ParseKernelVersion reads a version such as 2.24.03.000.
func ParseKernelVersion(s string) (KernelVersion, error) {
	fields := strings.Split(s, ".")
	if len(fields) != len(KernelVersion{}) {
		return KernelVersion{}, Invalid("version", s, "four numbers such as 2.24.03.000")
	}
	var v KernelVersion
	for i, field := range fields {
		n, err := strconv.ParseUint(field, 10, 16)
		if err != nil {
			return KernelVersion{}, Invalid("version", s, "four numbers such as 2.24.03.000")
		}
		v[i] = int(n)
	}
	return v, nil
}

// Compare is negative, zero or positive as v is older than, equal to or newer
// than w.
func (v KernelVersion) Compare(w KernelVersion) int {
	return slices.Compare(v[:], w[:])
}

// ProxyKernel is what the cloud says of a proxy's kernel version.
type ProxyKernel struct {
	Current    string `json:"current"`
	Latest     string `json:"latest,omitempty"`
	CanUpgrade bool   `json:"canUpgrade"`
}

// Goal resolves a wanted version (exact or Latest) against what the cloud
// offers. done is true when the proxy already runs it, or something newer.
func (k ProxyKernel) Goal(want string) (goal string, done bool, err error) {
	goal = want
	if want == Latest || want == "" {
		goal = cmp.Or(k.Latest, k.Current)
	}
	to, err := ParseKernelVersion(goal)
	if err != nil {
		return "", false, err
	}
	from, err := ParseKernelVersion(k.Current)
	if err != nil {
		return "", false, fmt.Errorf("the version that the proxy runs: %w", err)
	}
	return goal, from.Compare(to) >= 0, nil
}

// Proxy is one TaurusDB proxy as the list of proxies shows it.
type Proxy struct {
	ID         string       `json:"id"`
	Name       string       `json:"name,omitempty"`
	Status     string       `json:"status"`     // ACTIVE, ABNORMAL, FAILED, ...; any other means busy
	PoolStatus string       `json:"poolStatus"` // ACTIVE, ABNORMAL, FAILED, DELETED
	Nodes      []ProxyNode  `json:"nodes,omitempty"`
	Routing    ProxyRouting `json:"routing"`
}

// ProxyNode is one node of a proxy.
type ProxyNode struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// ProxyRouting is how a proxy spreads reads.
type ProxyRouting struct {
	// Mode 0 is by weight; 1 and 2 balance by load and have no tunable weights.
	Mode         int          `json:"mode"`
	MasterWeight int          `json:"masterWeight"` // 0 to 1000
	ReadWeights  []NodeWeight `json:"readWeights,omitempty"`
}

// NodeWeight is a read replica's share of a proxy's reads, 0 to 1000.
type NodeWeight struct {
	ID     string `json:"id"`
	Weight int    `json:"weight"`
}

// routeByWeight is the route mode in which weights can be set (Huawei API).
const routeByWeight = 0

// CanShift is true when reads can be moved to the primary by weight.
func (r ProxyRouting) CanShift() bool {
	return r.Mode == routeByWeight && slices.ContainsFunc(r.ReadWeights, func(n NodeWeight) bool { return n.Weight > 0 })
}

// Shifted is the same routing with every replica at 0, so that the primary
// serves all reads of the proxy.
func (r ProxyRouting) Shifted() ProxyRouting {
	to := ProxyRouting{Mode: r.Mode, MasterWeight: r.MasterWeight}
	for _, n := range r.ReadWeights {
		to.ReadWeights = append(to.ReadWeights, NodeWeight{ID: n.ID})
	}
	return to
}

// SameWeights is true when both give every node the same weight, in any order.
func (r ProxyRouting) SameWeights(other ProxyRouting) bool {
	return r.MasterWeight == other.MasterWeight && slices.Equal(r.byID(), other.byID())
}

// byID are the replicas in the order of their ids.
func (r ProxyRouting) byID() []NodeWeight {
	return slices.SortedFunc(slices.Values(r.ReadWeights), func(a, b NodeWeight) int {
		return strings.Compare(a.ID, b.ID)
	})
}

// String is the weights, for people: those of the replicas in the order of their ids.
func (r ProxyRouting) String() string {
	if r.Mode != routeByWeight {
		return fmt.Sprintf("route mode %d, which has no weights", r.Mode)
	}
	var replicas []int
	for _, n := range r.byID() {
		replicas = append(replicas, n.Weight)
	}
	return weightsText(r.MasterWeight, replicas)
}

func weightsText(primary int, replicas []int) string {
	words := make([]string, 0, len(replicas))
	for _, w := range replicas {
		words = append(words, strconv.Itoa(w))
	}
	return fmt.Sprintf("primary %d, replicas %s", primary, cmp.Or(strings.Join(words, " and "), "none"))
}

// Healthy is true when the proxy, its pool and all its nodes are ACTIVE.
func (p Proxy) Healthy() bool {
	return p.Status == "ACTIVE" && (p.PoolStatus == "" || p.PoolStatus == "ACTIVE") &&
		!slices.ContainsFunc(p.Nodes, func(n ProxyNode) bool { return n.Status != "ACTIVE" })
}

// AtWork is true while something is being done to the proxy as a whole: an upgrade, a
// restart, a change. A node that is not well does not count.
func (p Proxy) AtWork() bool { return p.Status != "ACTIVE" && !p.Broken() }

// Broken is true when the proxy will not come right by waiting. A status that
// Huawei does not document means busy.
func (p Proxy) Broken() bool {
	return isBroken(p.Status) || isBroken(p.PoolStatus)
}

func isBroken(status string) bool {
	return status == "ABNORMAL" || status == "FAILED" || status == "DELETED"
}

// Job is a task of Huawei Cloud: an upgrade, a change of weights, a restart.
type Job struct {
	ID         string    `json:"id"`
	InstanceID string    `json:"instanceId,omitempty"`
	Name       string    `json:"name,omitempty"`
	Status     string    `json:"status"`             // Pending, Running, Completed, Failed, Canceled, ...
	Progress   string    `json:"progress,omitempty"` // "60%" while it runs
	FailReason string    `json:"failReason,omitempty"`
	CreatedAt  time.Time `json:"createdAt"`
}

// Running is true while the job has not ended. A status that is not known is no proof of that.
func (j Job) Running() bool { return j.Status == "Pending" || j.Status == "Running" }

// Completed is true when the job did what it was for.
func (j Job) Completed() bool { return j.Status == "Completed" }

// Failed is true when the job has ended otherwise, or waits for a person.
func (j Job) Failed() bool {
	return j.Status == "Failed" || j.Status == "Canceled" || j.Status == "Unauthorized"
}

// InstanceHold says which run works on a DB instance. While it stands, no other run of
// the namespace starts anything on a proxy of that instance.
type InstanceHold struct {
	InstanceID string    `json:"instanceId"` // 36 characters, ending in in07
	Target     string    `json:"target"`
	Gateway    string    `json:"gateway"` // sgw-...
	Campaign   string    `json:"campaign,omitempty"`
	WorkflowID string    `json:"workflowId"` // of the run that holds it
	RunID      string    `json:"runId"`
	Since      time.Time `json:"since"`
}

// String says who holds the instance, for people.
func (h InstanceHold) String() string {
	run := "run " + h.WorkflowID
	if h.Campaign != "" {
		run += " of campaign " + h.Campaign
	}
	return fmt.Sprintf("DB instance %s is in use by %s (target %s) since %s", h.InstanceID, run, h.Target,
		h.Since.UTC().Format(time.RFC3339))
}
