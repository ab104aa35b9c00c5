package health

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Reading is what a source said when it was asked a Question. It does not travel in histories: an Answer does.
type Reading struct {
	// At is when the question was sent, so that a slow response is not taken for a fresh one.
	At time.Time
	// Err is why there is no response that can be read; nil: there is one.
	Err error

	Gateway GatewayNumbers // of a GatewayQuestion
	Alarms  []Alarm        // of an AlarmQuestion
	Query   QueryResult    // of a PrometheusQuestion
	Alerts  []Alert        // of an AlertmanagerQuestion
	Status  int            // of an HTTPQuestion: the response's status
}

// GatewayNumbers is what Storage Gateway says of one gateway. What was not asked for is nil.
type GatewayNumbers struct {
	Cache        *Cache
	UploadBuffer *UploadBuffer
	Volumes      []maintenance.Volume
	// Initiators are the names of the iSCSI initiators that are connected, by the volume's id (ListVolumeInitiators).
	Initiators map[string][]string
}

// Cache is a gateway's cache (DescribeCache). The percentages are 0 to 100.
type Cache struct {
	AllocatedBytes int64
	UsedPercent    float64
	DirtyPercent   float64 // of the cache: not yet persisted to AWS, sampled at the end of a reporting period
}

// UploadBuffer is a gateway's upload buffer (DescribeUploadBuffer).
type UploadBuffer struct {
	AllocatedBytes int64
	UsedBytes      int64
}

// AlarmState is the state of a CloudWatch alarm, as AWS spells it.
type AlarmState string

// The states of an alarm (AWS API, StateValue).
const (
	AlarmOK               AlarmState = "OK"
	AlarmInAlarm          AlarmState = "ALARM"
	AlarmInsufficientData AlarmState = "INSUFFICIENT_DATA"
)

// Alarm is a metric alarm or a composite alarm of CloudWatch.
type Alarm struct {
	Name   string
	State  AlarmState
	Reason string    // StateReason
	Since  time.Time // StateTransitionedTimestamp; zero: AWS does not say
}

// Sample is one series of a query's result, with its value at the time of the query. The value may be NaN or infinite.
type Sample struct {
	Series string // its labels in Prometheus's own form, such as {app="till"}; empty for a scalar
	Value  float64
}

// QueryResult is the result of an instant query that is a vector, which may be empty, or a scalar. Every other type
// of result is an error: it has no value that can be compared.
type QueryResult struct {
	Samples  []Sample
	Warnings []string // that Prometheus gave with a successful response, such as that a part of the data is missing
}

// Alert is an alert that Alertmanager has (GET /api/v2/alerts).
type Alert struct {
	Name        string // its label alertname
	Labels      string // all its labels in Prometheus's own form, for people
	StartsAt    time.Time
	SilencedBy  []Silence // those that are active and match it
	InhibitedBy int       // how many other alerts suppress it
}

// Silence is a silence of Alertmanager.
type Silence struct {
	ID        string
	Matchers  []Matcher
	StartsAt  time.Time
	EndsAt    time.Time
	CreatedBy string
	Comment   string // MuteMark.Comment, where it is ours
	Expired   bool   // it has ended, or was expired
}
