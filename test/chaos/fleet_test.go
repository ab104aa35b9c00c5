package chaos_test

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	awsAccount    = "prod"
	huaweiAccount = "db"
	monitor       = "monitor" // the Prometheus and the Alertmanager

	oldSoftware, newSoftware = "1.2.3", "1.3.0"
	oldKernel, newKernel     = "2.24.03.000", "2.26.06.000"

	noSubnet = "Upgrade failed due to insufficient subnet ip"
	frozen   = 6 * time.Second // how long the freeze of one target lasts
)

// credentials are what no history, log or database may hold.
var credentials = map[string]string{
	"AWS_ACCESS_KEY_ID": "AKIACHAOSCHAOSCHAOS1", "AWS_SECRET_ACCESS_KEY": "chaos+secret/of+aws/0123456789abcdefghij", "AWS_SESSION_TOKEN": "chaos-session-token-of-aws-0123456789",
	"HUAWEICLOUD_SDK_AK": "CHAOSHUAWEIAK0001", "HUAWEICLOUD_SDK_SK": "chaosSecretOfHuawei0123456789", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "chaos-security-token-of-huawei",
}

// member is one target of the fleet and what must come of it.
type member struct {
	name    string
	gateway aws.Gateway
	proxies []huawei.Proxy
	policy  func(*maintenance.Policy) // what differs from the fleet's
	act     func(*aws.Cloud) error    // what befalls the gateway once its run waits for the window
	checks  []health.Check
	mutes   []health.Mute

	state     maintenance.EndState
	cause     maintenance.Cause // empty: not updated
	snapshots []maintenance.RecoveryPoint
	becomes   []maintenance.ProxyState
	ledger    []maintenance.ChangeState
	says      string // part of the summary
	effects   []effect
}

const (
	kept      = maintenance.ChangeKept
	takenBack = maintenance.ChangeTakenBack
	notMade   = maintenance.ChangeNotMade
)

// fleet is the eight targets.
func fleet(start time.Time) []member {
	return []member{
		everything(), rejected(), opensLater(), updatedByAWS(), current(), thawing(start), badSnapshot(), checked(),
	}
}

// everything has recovery points on both sides, AWS's own updates held, and two
// proxies whose reads are shifted.
func everything() member {
	g := gateway(1, 2)
	first, second := proxy(1, 1), proxy(1, 2)
	return member{
		name: "everything", gateway: g, proxies: []huawei.Proxy{first, second},
		policy: func(p *maintenance.Policy) {
			p.Snapshot, p.AutomaticUpdates = maintenance.SnapshotBoth, maintenance.AutomaticUpdatesHold
		},
		state: maintenance.StateCompleted, cause: maintenance.CauseTidegate,
		snapshots: []maintenance.RecoveryPoint{maintenance.PointBefore, maintenance.PointBefore, maintenance.PointAfter, maintenance.PointAfter},
		becomes:   []maintenance.ProxyState{maintenance.ProxyUpgraded, maintenance.ProxyUpgraded},
		ledger:    []maintenance.ChangeState{takenBack, kept, kept, kept, kept, kept, takenBack, kept, takenBack, kept},
		effects: concat(
			automaticUpdates(g), snapshots(g, maintenance.PointBefore), updates(g), snapshots(g, maintenance.PointAfter),
			shifts(first), upgrades(first), shifts(second), upgrades(second),
		),
	}
}

// rejected is refused its second proxy's upgrade with 200 and REJECT.
func rejected() member {
	g := gateway(2, 1)
	first, second, third := proxy(2, 1), proxy(2, 2), proxy(2, 3)
	second.Outcome.Reject = noSubnet
	return member{
		name: "rejected", gateway: g, proxies: []huawei.Proxy{first, second, third},
		state: maintenance.StatePartial, cause: maintenance.CauseTidegate, says: noSubnet,
		snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter},
		becomes:   []maintenance.ProxyState{maintenance.ProxyUpgraded, maintenance.ProxyRejected, maintenance.ProxyNotStarted},
		ledger:    []maintenance.ChangeState{kept, kept, takenBack, kept, takenBack, notMade},
		effects:   concat(updates(g), snapshots(g, maintenance.PointAfter), shifts(first), upgrades(first), shifts(second)),
	}
}

// opensLater waits for a window that is a day away, until it is moved.
func opensLater() member {
	g := gateway(3, 1)
	g.Window = aws.Window{OpensIn: 24 * time.Hour}
	return member{
		name: "opens-later", gateway: g,
		act:   func(c *aws.Cloud) error { return c.MoveWindow(g.ID, aws.Window{OpenedAgo: 5 * time.Minute}) },
		state: maintenance.StateCompleted, cause: maintenance.CauseTidegate,
		snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter}, ledger: []maintenance.ChangeState{kept, kept},
		effects: concat(updates(g), snapshots(g, maintenance.PointAfter)),
	}
}

// updatedByAWS waits for its window, and AWS updates it meanwhile.
func updatedByAWS() member {
	g := gateway(4, 1)
	g.Window = aws.Window{OpensIn: 24 * time.Hour}
	return member{
		name: "updated-by-aws", gateway: g,
		act:   func(c *aws.Cloud) error { return c.UpdateByAWS(g.ID) },
		state: maintenance.StateCompleted, cause: maintenance.CauseAWS,
		snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter}, ledger: []maintenance.ChangeState{kept},
		effects: concat(
			[]effect{{"vendor:AutomaticUpdate", arn(g), oldSoftware + " -> " + newSoftware}}, snapshots(g, maintenance.PointAfter),
		),
	}
}

// current has nothing to do.
func current() member {
	g := gateway(5, 1)
	g.Version, g.NextVersion = newSoftware, ""
	return member{name: "current", gateway: g, state: maintenance.StateCompleted}
}

// thawing waits by a timer until a freeze ends; its proxy is not well after its
// upgrade, and is restarted.
func thawing(start time.Time) member {
	g := gateway(6, 0)
	g.Type = "FILE_S3"
	ill := proxy(6, 1)
	ill.Outcome.Abnormal = true
	return member{
		name: "thawing", gateway: g, proxies: []huawei.Proxy{ill},
		policy: func(p *maintenance.Policy) {
			p.Freezes = []maintenance.Freeze{{From: start.Add(-time.Hour), To: start.Add(frozen), Reason: "chaos"}}
		},
		state: maintenance.StateCompleted, cause: maintenance.CauseTidegate,
		becomes: []maintenance.ProxyState{maintenance.ProxyUpgraded},
		ledger:  []maintenance.ChangeState{kept, takenBack, kept, kept},
		effects: concat(updates(g), shifts(ill), upgrades(ill), []effect{{"taurusdb:RestartProxyInstance", ill.ID, "ABNORMAL"}}),
	}
}

// badSnapshot has one snapshot that ends in error, and is deleted.
func badSnapshot() member {
	g := gateway(7, 2)
	g.Volumes[1].SnapshotOutcome = "error"
	return member{
		name: "bad-snapshot", gateway: g,
		state: maintenance.StatePartial, cause: maintenance.CauseTidegate, says: "is in state error",
		snapshots: []maintenance.RecoveryPoint{maintenance.PointAfter, unfinished},
		ledger:    []maintenance.ChangeState{kept, kept, takenBack},
		effects: concat(updates(g), snapshots(g, maintenance.PointAfter),
			[]effect{{"ec2:DeleteSnapshot", volume(g, 1), string(maintenance.PointAfter)}}),
	}
}

// checked has a health check that passes, before its update and after it, and its alarms are muted meanwhile.
func checked() member {
	g := gateway(8, 0)
	g.Type = "FILE_S3"
	return member{
		name: "checked", gateway: g,
		checks: []health.Check{errorsBelow("errors", health.AtBefore, health.AtAfter)}, mutes: muteGateway(),
		state: maintenance.StateCompleted, cause: maintenance.CauseTidegate,
		ledger: []maintenance.ChangeState{kept, takenBack}, effects: concat(updates(g), silences(g)),
	}
}

// errorsBelow is a check of the series of that name, each second.
func errorsBelow(series string, at ...health.Moment) health.Check {
	limit := 0.1
	return health.Check{
		Name: series, At: at, Every: maintenance.Duration(time.Second),
		Prometheus: &health.PrometheusCheck{Server: monitor, Query: health.Template("sum(" + series + ")"), Below: &limit},
	}.WithDefaults()
}

func muteGateway() []health.Mute {
	return []health.Mute{{Alertmanager: &health.AlertSelector{Server: monitor, Matchers: []health.Template{`gateway="{{gateway}}"`}}}}
}

func gateway(number, volumes int) aws.Gateway {
	g := aws.Gateway{
		ID: fmt.Sprintf("sgw-C4A05%03d", number), Version: oldSoftware, NextVersion: newSoftware, Window: aws.Window{OpenedAgo: 5 * time.Minute},
	}
	for v := range volumes {
		g.Volumes = append(g.Volumes, aws.Volume{ID: fmt.Sprintf("vol-C4A05%02d%d", number, v)})
	}
	return g
}

func proxy(instance, number int) huawei.Proxy {
	return huawei.Proxy{
		ID: fmt.Sprintf("%032xpo01", 0xc4a050+0x10*instance+number), CurrentVersion: oldKernel, LatestVersion: newKernel, ReadWeights: []int{200, 300},
	}
}

// instanceID is that of the target's DB instance; it ends as the gateway's id does.
func instanceID(m member) string { return fmt.Sprintf("%029d%sin07", 0, m.gateway.ID[9:]) }

func arn(g aws.Gateway) string {
	return "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + g.ID
}

// scenario is the clouds in which the fleet lives.
func scenario(members []member) simcloud.Scenario {
	ms := time.Millisecond
	s := simcloud.Scenario{
		AWS: aws.Scenario{
			Credentials: []aws.Credential{{
				AccessKeyID: credentials["AWS_ACCESS_KEY_ID"], SecretAccessKey: credentials["AWS_SECRET_ACCESS_KEY"], SessionToken: credentials["AWS_SESSION_TOKEN"],
			}},
			Timing: aws.Timing{
				Gap: 200 * ms, Restart: 1500 * ms, OldVersion: 2500 * ms, Bootstrap: 100 * ms, Snapshot: 500 * ms,
				VisibleByID: 50 * ms, VisibleByFilter: 300 * ms,
			},
		},
		Huawei: huawei.Scenario{
			Credentials: []huawei.Credential{{
				AccessKey: credentials["HUAWEICLOUD_SDK_AK"], SecretKey: credentials["HUAWEICLOUD_SDK_SK"], SecurityToken: credentials["HUAWEICLOUD_SDK_SECURITY_TOKEN"],
			}},
			Durations: huawei.Durations{Upgrade: 800 * ms, Weights: 200 * ms, Restart: 200 * ms, JobVisible: 200 * ms},
		},
		Monitoring: monitoring.Scenario{Series: []monitoring.Series{{Name: "errors", Metric: "errors", Value: "0.02"}}},
	}
	for _, m := range members {
		s.AWS.Gateways = append(s.AWS.Gateways, m.gateway)
		if len(m.proxies) > 0 {
			s.Huawei.Instances = append(s.Huawei.Instances, huawei.Instance{ID: instanceID(m), Proxies: m.proxies})
		}
	}
	return s
}

// input is what the member's run is asked for.
func (m member) input() api.MaintenanceInput {
	in := api.MaintenanceInput{
		Target: maintenance.Target{Name: m.name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: arn(m.gateway)}},
		Policy: hasty(), Checks: m.checks, Mutes: m.mutes,
	}
	for _, p := range m.proxies {
		in.Target.Proxies = append(in.Target.Proxies, maintenance.ProxyRef{Account: huaweiAccount, InstanceID: instanceID(m), ProxyID: p.ID})
	}
	if m.policy != nil {
		m.policy(&in.Policy)
	}
	return in
}

// hasty is a policy for clouds that do in a second what real ones do in half an
// hour. Its times keep to the relations of docs/reliability.md.
func hasty() maintenance.Policy {
	seconds := func(n float64) maintenance.Duration { return maintenance.Duration(n * float64(time.Second)) }
	return maintenance.Policy{
		Attempt: seconds(2), Pace: maintenance.Pace{Min: seconds(0.1), Max: seconds(0.4)}, WindowRecheck: seconds(1),
		UpdateStart: seconds(5), UpdateDeadline: seconds(90), SteadyFor: seconds(0.3),
		SnapshotDeadline: seconds(60), SnapshotSettle: seconds(3),
		Proxies:              maintenance.ProxyPolicy{ShiftReads: true, Deadline: seconds(60), Settle: seconds(3)},
		CompensationDeadline: seconds(60),
	}
}
