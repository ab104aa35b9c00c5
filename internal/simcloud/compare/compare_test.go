package compare_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/compare"
)

func report(t *testing.T, c capture.Capture) (compare.Report, string) {
	t.Helper()
	r, err := compare.Compare(c, parsed(t, fleet))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.Print(&text))
	return r, text.String()
}

func TestACampaignOverTheSimulatorShowsNoDifference(t *testing.T) {
	t.Parallel()
	r, text := report(t, campaign(t, fleet, nil))
	require.Empty(t, r.Differences, text)
	require.Greater(t, r.Played, 200)
	require.Len(t, r.Measured, 9, text)
	require.Equal(t, []compare.Passed{{Reason: "credentials are not played", Times: 1}}, r.NotPlayed)
}

// replaced changes the answers to an operation by a regular expression.
func replaced(operation, old, by string) change {
	form := regexp.MustCompile(old)
	return func(op, _ string, status int, body string) (int, string) {
		if strings.Contains(op, operation) {
			body = form.ReplaceAllString(body, by)
		}
		return status, body
	}
}

// Each change of the simulated clouds is found, and named as what it is.
func TestEachPlantedChangeIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	type found struct {
		kind             compare.Kind
		path, assumption string
		captured         string
	}
	const gateway = "DescribeGatewayInformation"
	for name, tc := range map[string]struct {
		fleet  func(string) string // nil: as it is
		change change
		edit   func(*capture.Exchange) // of what was recorded, where the SDK would refuse it
		want   []found
	}{
		"a renamed member": {
			change: replaced(gateway, `"GatewayTimezone"`, `"GatewayTimeZone"`),
			want: []found{
				{compare.KindMissing, "GatewayTimezone", "answers", "absent"},
				{compare.KindNewMember, "GatewayTimeZone", "answers", "string"},
			},
		},
		"a new member": {
			change: replaced(gateway, `"GatewayType"`, `"GatewayHealth":{"Score":7},"GatewayType"`),
			want: []found{
				{compare.KindNewMember, "GatewayHealth", "answers", "object"},
			},
		},
		"a missing member": {
			change: replaced("ListGateways", `,"SoftwareVersion":"[^"]*"`, ""),
			want:   []found{{compare.KindMissing, "Gateways[].SoftwareVersion", "answers", "absent"}},
		},
		"a type": {
			edit: func(e *capture.Exchange) {
				if e.Operation == "DescribeMaintenanceStartTime" && e.Response.Status == 200 {
					tree, is := e.Response.Body.Value.(map[string]any)
					if is {
						tree["HourOfDay"] = "3"
					}
				}
			},
			want: []found{{compare.KindType, "HourOfDay", "answers", "string"}},
		},
		"a new state in place of an error": {
			change: updating(gateway),
			want:   []found{{compare.KindWord, "GatewayState", "gateway-states", "UPDATING"}},
		},
		"another error code": {
			change: replaced(gateway, `GatewayNotConnected`, `GatewayIsRestarting`),
			want:   []found{{compare.KindErrorCode, "", "error-codes", "400 InvalidGatewayRequestException/GatewayIsRestarting"}},
		},
		"another status": {
			change: func(op, _ string, status int, body string) (int, string) {
				if strings.Contains(op+body, "DBS.200543") {
					return 404, body
				}
				return status, body
			},
			want: []found{{compare.KindStatus, "", "error-codes", "404 DBS.200543"}},
		},
		"another form of throttling": {
			fleet: func(s string) string {
				return s + "faults: [{operation: storagegateway:DescribeCachediSCSIVolumes, kind: throttled, nth: 2}]\n"
			},
			change: replaced("DescribeCachediSCSIVolumes", `"message":"Rate exceeded"`, `"Reason":"TooFast","RetryAfterSeconds":3`),
			want: []found{
				{compare.KindMissing, "message", "request-rates", "absent"},
				{compare.KindNewMember, "Reason", "request-rates", "string"},
			},
		},
		"later tags": {
			change: laterTags(),
			want:   []found{{compare.KindTiming, "tagSet", "snapshot-tags", ""}},
		},
		"longer away": {
			fleet: func(s string) string { return strings.Replace(s, "restart: 30s", "restart: 4m", 1) },
			want:  []found{{compare.KindTiming, "aws.timing.restart", "durations", ""}},
		},
		"RUNNING for longer after the trigger": {
			fleet: func(s string) string { return strings.Replace(s, "timing: {", "timing: {gap: 25s, ", 1) },
			want:  []found{{compare.KindTiming, "aws.timing.gap", "durations", ""}},
		},
		"a job invisible for longer": {
			fleet: func(s string) string {
				return strings.Replace(s, "huawei:\n", "huawei:\n  durations: {jobVisible: 7s}\n", 1)
			},
			want: []found{{compare.KindTiming, "huawei.durations.jobVisible", "visibility", ""}},
		},
		"a snapshot found later": {
			fleet: func(s string) string { return strings.Replace(s, "timing: {", "timing: {visibleByFilter: 9s, ", 1) },
			want:  []found{{compare.KindTiming, "aws.timing.visibleByFilter", "visibility", ""}},
		},
		"the date of an update before the restart": {
			change: earlyDate(gateway),
			want:   []found{{compare.KindOrder, "update", "last-software-update", ""}},
		},
		"another word for a busy proxy": {
			change: replaced("/proxies", `"UPGRADING PROXY"`, `"KERNEL UPGRADING"`),
			want:   []found{{compare.KindWord, "proxy_list[].proxy.status", "proxy-statuses", "KERNEL UPGRADING"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := fleet
			if tc.fleet != nil {
				text = tc.fleet(fleet)
				require.NotEqual(t, fleet, text)
			}
			c := campaign(t, text, tc.change)
			if tc.edit != nil {
				for i := range c.Exchanges {
					tc.edit(&c.Exchanges[i])
				}
			}
			r, printed := report(t, c)
			var paths []string
			for _, d := range r.Differences {
				paths = append(paths, d.Path)
				require.NotEmpty(t, d.Proposal, printed)
				require.Contains(t, compare.Assumptions(), d.Assumption, printed)
			}
			for _, want := range tc.want {
				ok := false
				for _, d := range r.Differences {
					ok = ok || d.Kind == want.kind && d.Path == want.path && d.Assumption == want.assumption && (want.captured == "" || d.Captured == want.captured)
				}
				require.True(t, ok, "%v\n%s", want, printed)
			}
			require.LessOrEqual(t, len(paths), len(tc.want)+1, "and nothing much beside it\n%s", printed)
		})
	}
}

// updating answers with a state of its own where a gateway is not connected.
func updating(operation string) change {
	var mu sync.Mutex
	last := map[string]string{}
	state := regexp.MustCompile(`"GatewayState":"[^"]*"`)
	return func(op, asked string, status int, body string) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !strings.Contains(op, operation):
		case status == 200:
			last[asked] = body
		case strings.Contains(body, "GatewayNotConnected"):
			return 200, state.ReplaceAllString(last[asked], `"GatewayState":"UPDATING"`)
		}
		return status, body
	}
}

// laterTags hides a new snapshot's tags for five seconds.
func laterTags() change {
	tags := regexp.MustCompile(`(?s)<tagSet>.*?</tagSet>`)
	started := regexp.MustCompile(`<startTime>([^<]*)</startTime>`)
	return func(_, _ string, status int, body string) (int, string) {
		items := strings.SplitAfter(body, "</item></snapshotSet>")
		for i, item := range items {
			if m := started.FindStringSubmatch(item); m != nil {
				if at, err := time.Parse(time.RFC3339, m[1]); err == nil && time.Since(at) < 5*time.Second {
					items[i] = tags.ReplaceAllString(item, "<tagSet/>")
				}
			}
		}
		return status, strings.Join(items, "")
	}
}

// earlyDate shows another date as soon as an update was triggered.
func earlyDate(operation string) change {
	var triggered atomic.Bool
	date := regexp.MustCompile(`("LastSoftwareUpdate":)"[^"]*"`)
	return func(op, _ string, status int, body string) (int, string) {
		if strings.Contains(op, "UpdateGatewaySoftwareNow") {
			triggered.Store(true)
		}
		if triggered.Load() && strings.Contains(op, operation) {
			body = date.ReplaceAllString(body, `$1"2026-11-30T00:00:00"`)
		}
		return status, body
	}
}

func TestAScenarioOfACaptureIsTheFleet(t *testing.T) {
	t.Parallel()
	s, err := compare.Scenario(campaign(t, fleet, nil))
	require.NoError(t, err)
	_, err = simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	require.Len(t, s.AWS.Gateways, 6)
	offered, volumes := 0, 0
	for _, g := range s.AWS.Gateways {
		volumes += len(g.Volumes)
		if g.NextVersion != "" {
			offered++
			require.InDelta(t, 30*time.Second, g.Timing.Restart, float64(time.Second))
		}
	}
	require.Equal(t, 4, offered)
	require.Equal(t, 4, volumes)
	require.Len(t, s.Huawei.Instances, 1)
	require.Len(t, s.Huawei.Instances[0].Proxies, 2)
}

// The names stand where people read what they mean.
func TestAssumptionsStandInTheArchitecture(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/architecture.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(page), "## What is not proven")
	var named []string
	for _, m := range regexp.MustCompile("(?m)^- \\*\\*`([a-z-]+)`\\*\\*").FindAllStringSubmatch(section, -1) {
		named = append(named, m[1])
	}
	require.ElementsMatch(t, compare.Assumptions(), named)
}

func TestAReportAsJSON(t *testing.T) {
	t.Parallel()
	r, _ := report(t, campaign(t, fleet, replaced("ListGateways", `,"SoftwareVersion":"[^"]*"`, "")))
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back compare.Report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r, back)
}
