package api

import (
	"time"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// ExamineInput is what to check.
type ExamineInput struct {
	// Plan is without its targets and selectors; nil: only the clock is read.
	Plan   *plan.Plan `json:"plan,omitempty"`
	Probes []Probe    `json:"probes,omitempty"` // at most one for each account
}

// Probe is a check of one account, by calls that only read.
type Probe struct {
	// Account is the name by which the worker knows it.
	Account string `json:"account"`
	// Huawei is true for a Huawei Cloud account, false for an AWS account.
	Huawei bool `json:"huawei,omitempty"`
	// Instance is the DB instance of the Huawei Cloud account whose proxies are
	// listed.
	Instance string `json:"instance,omitempty"`
	// Gateway is the ARN of one of the AWS account, which is read with its tags and
	// its window; empty: the first that is listed.
	Gateway string `json:"gateway,omitempty"`
	// Volumes asks for a check of the volumes and the snapshots of one gateway that has volumes:
	// of Named or, if that is empty, of any.
	Volumes bool     `json:"volumes,omitempty"`
	Named   []string `json:"named,omitempty"` // ARNs
	// Alarms asks whether the alarms of the AWS account can be read, and nothing else.
	Alarms bool `json:"alarms,omitempty"`
}

// Queue is the task queue of the probe's account, given that of the workflows.
func (p Probe) Queue(workflows string) string {
	if p.Huawei {
		return names.HuaweiQueue(workflows, p.Account)
	}
	return names.AWSQueue(workflows, p.Account)
}

// ExamineOutput is what was found.
type ExamineOutput struct {
	Server time.Time `json:"server"` // the server's clock
	Worker time.Time `json:"worker"` // the worker's, at most a workflow task later
	Plan   Finding   `json:"plan,omitzero"`
	// Probes are in the input's order.
	Probes []Finding `json:"probes,omitempty"`
	// Servers are the monitoring servers of the worker's configuration, by kind and name.
	Servers []ServerFinding `json:"servers,omitempty"`
	// NoServers is why nothing is known of them; empty: it is.
	NoServers string `json:"noServers,omitempty"`
}

// ServerFinding is the outcome of the check of one monitoring server.
type ServerFinding struct {
	Server string `json:"server"` // its kind and name, such as prometheus/prod
	Fault  string `json:"fault,omitempty"`
	Says   string `json:"says,omitempty"` // the error in words, without secrets
}

// Finding is the outcome of one check.
type Finding struct {
	// Fault is the type of the activity's error, such as FaultDenied, or FaultSilent;
	// empty where there was none.
	Fault string `json:"fault,omitempty"`
	// Says is the error in words, without secrets.
	Says string `json:"says,omitempty"`
	// Seen is how many gateways or proxies the first page of the list has.
	Seen int `json:"seen,omitempty"`
	// Gateway is the one that was read; empty where there is none.
	Gateway string `json:"gateway,omitempty"`
	// Further is the outcome of the calls that a run makes later and that also only read: of an
	// AWS account those on the volumes and the snapshots of its Gateway, where Seen is how many
	// volumes that has; of a Huawei Cloud account those on jobs and planned upgrades. nil: there
	// was nothing to check.
	Further *Finding `json:"further,omitempty"`
	// Marks are the settings that runs have changed for a while, on the gateways that the probe
	// names, else on the first page, or on the proxies of its instance. Unmarked are the reasons
	// why some of them are not known.
	Marks    []maintenance.Marked `json:"marks,omitempty"`
	Unmarked []string             `json:"unmarked,omitempty"`
}

// The faults for which there is advice.
const (
	FaultDenied      = names.TypeDenied
	FaultNotFound    = names.TypeNotFound
	FaultNotReady    = names.TypeNotReady
	FaultThrottled   = names.TypeThrottled
	FaultUnavailable = names.TypeUnavailable
	FaultNoWindow    = names.TypeNoWindow
	FaultUnsupported = names.TypeUnsupported
	// FaultSilent is the fault of a check that timed out.
	FaultSilent = "Silent"
)

// TryChecksInput is which health checks to ask now, of which targets.
type TryChecksInput struct {
	Checks  []health.Check   `json:"checks"` // with their defaults
	Targets []health.Subject `json:"targets,omitempty"`
	// Campaign asks those of the whole campaign as well.
	Campaign bool `json:"campaign,omitempty"`
}

// TryChecksLimit is how long the workflow waits for the sources. What has not answered by then is an error.
const TryChecksLimit = 10 * time.Minute
