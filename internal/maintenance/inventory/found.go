// Package inventory is a fleet as the clouds describe it, and the judgement of it at a given time:
// which gateway needs a person, how soon, and why. It reads nothing and changes nothing
// (internal/inventory reads). What is not known is never taken for healthy. Start at Make.
package inventory

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Cloud is a cloud whose accounts are read.
type Cloud string

// The clouds.
const (
	AWS    Cloud = "aws"
	Huawei Cloud = "huawei"
)

// Details are what AWS says of one gateway beyond what a maintenance needs (Storage Gateway API
// reference, DescribeGatewayInformation and ListGateways). All of it may be absent.
type Details struct {
	maintenance.Gateway

	// Timezone is the zone of its clock: GMT, GMT-4:00, GMT+5:30. A fixed offset.
	Timezone string `json:"timezone,omitempty"`
	// Host is VMWARE, HYPER-V, EC2, KVM, OTHER, SNOWBALL, or what AWS adds; HostID depends on it.
	Host   string `json:"host,omitempty"`
	HostID string `json:"hostId,omitempty"`
	// EC2Instance and EC2Region are those of a gateway that runs on EC2.
	EC2Instance string `json:"ec2Instance,omitempty"`
	EC2Region   string `json:"ec2Region,omitempty"`
	Endpoint    string `json:"endpoint,omitempty"` // STANDARD or FIPS
	VPCEndpoint string `json:"vpcEndpoint,omitempty"`
	// Capacity is that of the metadata cache: Small, Medium, Large.
	Capacity string `json:"capacity,omitempty"`
	// SoftwareUpdatesEnd is SoftwareUpdatesEndDate, after which there are no new features, and
	// Deprecation is DeprecationDate, after which there are no fixes either. AWS documents no form.
	SoftwareUpdatesEnd string `json:"softwareUpdatesEnd,omitempty"`
	Deprecation        string `json:"deprecation,omitempty"`
	LogGroup           string `json:"logGroup,omitempty"` // ARN of the CloudWatch log group
}

// Gateway is one gateway as it was found. What could not be read is empty, and in Unread.
type Gateway struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Details

	// Described is true where AWS described it. Else only the list of gateways tells of it.
	Described bool `json:"described"`
	// Connection is what the attempt to describe it says.
	Connection Connection `json:"connection"`
	// Schedule is its window, unjudged; nil where it was not read. NoWindow is why AWS gives none.
	Schedule *maintenance.RawSchedule `json:"schedule,omitempty"`
	NoWindow string                   `json:"noWindow,omitempty"`
	// AllTags is true where the tags are all that there are.
	AllTags bool `json:"allTags"`
	// Volumes are nil where they were not read, or the type has none.
	Volumes []Volume `json:"volumes,omitempty"`
	// Quarantine is what keeps runs from it, where Temporal was asked.
	Quarantine string   `json:"quarantine,omitempty"`
	Unread     []Unread `json:"unread,omitempty"`
}

// Connection is whether a gateway answers AWS.
type Connection string

// The connections of a gateway.
const (
	Connected    Connection = "connected"
	Disconnected Connection = "disconnected"
	NotKnown     Connection = "unknown" // it could not be described, for another reason
)

// Volume is one volume of a gateway with its snapshots and initiators.
type Volume struct {
	maintenance.Volume

	// Initiators are the names of those connected; nil where they were not read.
	Initiators []string `json:"initiators,omitempty"`
	// Snapshots are nil where they were not read.
	Snapshots *Snapshots `json:"snapshots,omitempty"`
}

// Snapshots are those of one volume, summed up. Times are UTC.
type Snapshots struct {
	Count      int        `json:"count"`
	Completed  *time.Time `json:"completed,omitempty"`  // start of the newest that is complete
	Unfinished *time.Time `json:"unfinished,omitempty"` // start of the oldest that is pending
	Failed     int        `json:"failed,omitempty"`     // in the state error
	Other      int        `json:"other,omitempty"`      // in any other state
}

// Add counts one snapshot.
func (s *Snapshots) Add(one maintenance.Snapshot) {
	s.Count++
	at := one.StartedAt.UTC()
	switch {
	case one.Completed():
		if s.Completed == nil || at.After(*s.Completed) {
			s.Completed = &at
		}
	case one.Failed():
		s.Failed++
	case one.State == "pending":
		if s.Unfinished == nil || at.Before(*s.Unfinished) {
			s.Unfinished = &at
		}
	default:
		s.Other++
	}
}

// Instance is a TaurusDB DB instance as the list of them shows it.
type Instance struct {
	ID     string `json:"id"` // 36 characters, ending in in07
	Name   string `json:"name,omitempty"`
	Status string `json:"status,omitempty"` // ACTIVE, and others
}

// Proxy is one TaurusDB proxy as it was found.
type Proxy struct {
	Account  string   `json:"account"`
	Region   string   `json:"region,omitempty"`
	Instance Instance `json:"instance"`
	maintenance.Proxy

	// Kernel is its version; nil where it was not read.
	Kernel *maintenance.ProxyKernel `json:"kernel,omitempty"`
	// Scheduled is whether an upgrade waits in the console; nil where it was not read.
	Scheduled *bool `json:"scheduled,omitempty"`
	// InstanceTags are those of the DB instance, on which marks are left; nil where they were not read.
	InstanceTags map[string]string `json:"instanceTags,omitempty"`
	Unread       []Unread          `json:"unread,omitempty"`
}

// Unread is something that could not be read.
type Unread struct {
	Account string `json:"account,omitempty"`
	What    string `json:"what"` // such as "the maintenance window", "account prod"
	Why     string `json:"why"`
}

// Account is one account, and how its reading went.
type Account struct {
	Cloud  Cloud  `json:"cloud"`
	Name   string `json:"name"`
	Region string `json:"region,omitempty"`
	Found  int    `json:"found"` // gateways, or proxies
	Calls  int    `json:"calls"` // to the cloud, repeated ones included
	// Complete is true where the list of gateways or instances was read to its end.
	Complete bool `json:"complete"`
}

// Found is what the clouds answered.
type Found struct {
	Accounts []Account
	Gateways []Gateway
	Proxies  []Proxy
	Unread   []Unread // what belongs to no single gateway or proxy
	Fast     bool     // volumes, initiators and snapshots were left out
	// Interrupted is true where a person ended the reading.
	Interrupted bool
}
