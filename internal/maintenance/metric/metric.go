// Package metric names the metrics of Tidegate itself: what each means, its labels, and how it is counted. Workflows
// and activities count by these names, through the metrics handler of Temporal's SDK, which counts nothing twice when a
// workflow is replayed; internal/metrics gives them to Prometheus. No label names a gateway, a proxy or a person: the
// number of series is bounded by the accounts, the running campaigns and the words below. Start at Definitions.
package metric

// Kind is how a metric is counted.
type Kind string

// The kinds, by Prometheus's words.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// What a worker did, since it started.
const (
	CloudRequests       = "tidegate_cloud_requests_total"
	CloudRequestSeconds = "tidegate_cloud_request_duration_seconds"
	UnknownOutcomes     = "tidegate_unknown_outcomes_total"
	RepeatedSends       = "tidegate_repeated_sends_total"
	Reverts             = "tidegate_reverts_total"
	Quarantines         = "tidegate_quarantines_total"
	Messages            = "tidegate_messages_total"
	Checks              = "tidegate_checks_total"
	StepSeconds         = "tidegate_step_duration_seconds"
	Maintenances        = "tidegate_maintenances_total"
	ForecastRatio       = "tidegate_forecast_ratio"
	Campaigns           = "tidegate_campaigns_total"
)

// The state of campaigns and maintenances, as one worker reads it from Temporal.
const (
	CampaignTargets       = "tidegate_campaign_targets"
	CampaignWaves         = "tidegate_campaign_waves"
	CampaignFailuresLeft  = "tidegate_campaign_failures_left"
	CampaignBlocked       = "tidegate_campaign_blocked_timestamp_seconds"
	CampaignApprovals     = "tidegate_campaign_approvals_missing"
	CampaignNext          = "tidegate_campaign_next_start_timestamp_seconds"
	CampaignWindowCloses  = "tidegate_campaign_window_closes_timestamp_seconds"
	CampaignWindowWaiting = "tidegate_campaign_window_waiting_targets"
	CampaignAnswered      = "tidegate_campaign_answered_timestamp_seconds"
	CampaignTaskAttempts  = "tidegate_campaign_task_attempts"
	MaintenancesRunning   = "tidegate_maintenances_running"
	MaintenancesHeld      = "tidegate_maintenances_held"
	MaintenancesFailed    = "tidegate_maintenances_failed_last_day"
	QuarantinedGateways   = "tidegate_quarantined_gateways"
	StateReadTimestamp    = "tidegate_state_read_timestamp_seconds"
	WorkerInfo            = "tidegate_worker_info"
)

const (
	minute = 60.0 // seconds
	hour   = 60 * minute
	day    = 24 * hour
)

// Definition is one metric.
type Definition struct {
	Name   string
	Kind   Kind
	Labels []string
	// Help says what it counts, in one line.
	Help string
	// Buckets are the upper bounds of a histogram.
	Buckets []float64
}

// Definitions are all metrics of Tidegate, those of Temporal's SDK excepted: first what a worker did, then the state.
func Definitions() []Definition { return append(Did(), State()...) }

// Did are the metrics of what a worker did.
func Did() []Definition {
	return []Definition{
		{CloudRequests, Counter, []string{"cloud", "account", "operation", "outcome"}, "Requests to a cloud's API, by " +
			"the API's name of the operation. The outcome is ok, throttled, denied, not found, busy, not ready, rejected, " +
			"invalid, unsupported, unavailable (no proper response), or unknown (none, and it may have taken effect).", nil},
		{
			CloudRequestSeconds, Histogram,
			[]string{"cloud", "account"},
			"How long the requests to a cloud's API took.",
			[]float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		},
		{UnknownOutcomes, Counter, []string{"change"}, "Changes that were sent, and perhaps made: no response came. " +
			"The run then finds out. The change is update, snapshot, upgrade, restart or weights.", nil},
		{RepeatedSends, Counter, []string{"change"}, "Changes that were sent again, since nothing showed that they had " +
			"taken effect.", nil},
		{Reverts, Counter, []string{"outcome"}, "Changes of the ledger that a run had to undo: after a failure, and, " +
			"after every run, what was changed for a while. The outcome is reverted or failed.", nil},
		{Quarantines, Counter, nil, "Gateways that a run put in quarantine.", nil},
		{Messages, Counter, []string{"channel", "outcome"}, "Messages to people. The outcome is sent, failed, or " +
			"unknown: it may have arrived, and is not sent again.", nil},
		{Checks, Counter, []string{"source", "moment", "outcome"}, "Answers to health checks, by what was asked " +
			"(gateway, alarms, prometheus, alertmanager, http) and when (before, after, bake, campaign). " +
			"The outcome is pass, fail, no data or error.", nil},
		{
			StepSeconds, Histogram,
			[]string{"step", "state"},
			"How long a step of a maintenance took, with its waits, and " +
				"how it ended (done, skipped, failed, pending where it is left to the campaign).",
			[]float64{
				1, 5, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 30 * minute, hour,
				2 * hour, 4 * hour, day, 7 * day,
			},
		},
		{Maintenances, Counter, []string{"state"}, "Maintenances that have ended, by their end state.", nil},
		{ForecastRatio, Histogram, nil, "How long a target of a campaign took, as a multiple of what was forecast when " +
			"it ended; of those that succeeded.", []float64{.25, .5, .75, .9, 1, 1.1, 1.25, 1.5, 2, 3, 5}},
		{Campaigns, Counter, []string{"state"}, "Campaigns that have ended, by their end state.", nil},
		{WorkerInfo, Gauge, []string{"task_queue", "deployment", "build_id"}, "1 while this worker polls; deployment and " +
			"build id are empty without worker versioning.", nil},
	}
}

// State are the metrics of what one worker reads from Temporal.
func State() []Definition {
	campaign := []string{"campaign"}
	return []Definition{
		{CampaignTargets, Gauge, []string{"campaign", "state", "blocker"}, "Targets of a running campaign by state; " +
			"those that wait also by what blocks them.", nil},
		{CampaignWaves, Gauge, []string{"campaign", "state"}, "Waves of a running campaign by state.", nil},
		{CampaignFailuresLeft, Gauge, campaign, "How many targets may still fail before the campaign's error budget is " +
			"spent; below zero it is.", nil},
		{CampaignBlocked, Gauge, []string{"campaign", "blocker"}, "Since when the campaign is blocked: by approval, " +
			"pause or held (a person must act), or by window. From the list of workflows: it needs no answer of the " +
			"campaign.", nil},
		{CampaignApprovals, Gauge, campaign, "How many approvals are still needed; 0 where none is requested.", nil},
		{CampaignNext, Gauge, campaign, "When the next target may start, as far as is known.", nil},
		{CampaignWindowCloses, Gauge, campaign, "When the first of the open windows closes in which a target still waits " +
			"that could run in it.", nil},
		{
			CampaignWindowWaiting, Gauge, campaign, "How many targets wait in open windows although they could run in them.",
			nil,
		},
		{
			CampaignAnswered, Gauge, campaign, "When the campaign last answered how it stands: its gauges are as of then.",
			nil,
		},
		{CampaignTaskAttempts, Gauge, campaign, "How often the campaign's current workflow task was tried; 0: it has " +
			"none. Above 1 it fails, or no worker takes it.", nil},
		{MaintenancesRunning, Gauge, nil, "Maintenances that run or wait, in campaigns and without.", nil},
		{MaintenancesHeld, Gauge, nil, "Those of them that are held: a step failed, and a person must decide.", nil},
		{MaintenancesFailed, Gauge, []string{"state"}, "Maintenances that ended in the last 24 hours and need a person, by " +
			"their end state.", nil},
		{QuarantinedGateways, Gauge, nil, "Gateways in quarantine, which no run touches until a person releases them.", nil},
		{StateReadTimestamp, Gauge, nil, "When the state was last read from Temporal. Of all workers one has it, with the " +
			"gauges above.", nil},
	}
}
